/* SPDX-License-Identifier: Apache-2.0 */
/* The label of the program, where the node has SELinux: docs/selinux.md. What containers see of
 * records is labelled whenever it is made, and the journal has it where that fails. */
#include "hook/doctor.h"
#include "hook/selinux.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>

/* A file, and the types with which it does its work; the first is the policy's own choice. */
struct expected {
	const char *path;
	const char *types[4];
	const char *fix;
};

static const struct expected files[] = {
	/* container_runtime_t runs it in its own domain: corecmd_exec_bin(). */
	{"/proc/self/exe", {"bin_t", "container_runtime_exec_t", "usr_t"},
		"restorecon -v on the program, or semanage fcontext -a -t bin_t"},
};

static bool has_any_type(const char *label, const struct expected *expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(expected->types) && expected->types[i]; i++) {
		if (selinux_has_type(label, expected->types[i]))
			return true;
	}
	return false;
}

/* 1 where it is labelled as it should be, or is not there. */
static int check_file(struct doctor *doctor, const struct expected *expected)
{
	cleanup_close int fd = open(expected->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char label[SELINUX_LABEL_SIZE];

	if (fd < 0 || selinux_label_of(fd, label) < 0 || has_any_type(label, expected))
		return 1;
	checkup_warn(&doctor->checkup, CHECK_SELINUX, expected->fix,
		"%s is labelled %s, expected %s", expected->path, label, expected->types[0]);
	return 0;
}

void doctor_selinux(struct doctor *doctor)
{
	int right = 1;

	if (!selinux_enabled()) {
		checkup_ok(&doctor->checkup, CHECK_SELINUX, "this node has no SELinux");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		right &= check_file(doctor, &files[i]);
	if (right)
		checkup_ok(
			&doctor->checkup, CHECK_SELINUX, "the program is labelled as it should be");
}
