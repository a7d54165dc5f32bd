/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of the hook's files, where the node has SELinux: docs/selinux.md. */
#include "hook/doctor.h"
#include "hook/runtime_dir.h"
#include "hook/selinux.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <string.h>

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
	{RUNTIME_DIR "/pods", {SELINUX_RECORD_TYPE, "container_file_t", "container_share_t"},
		"fuse-sidecar-hook doctor --fix"},
};

static bool has_any_type(const char *label, const struct expected *expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(expected->types) && expected->types[i]; i++) {
		if (selinux_has_type(label, expected->types[i]))
			return true;
	}
	return false;
}

static int mend(int fd, const struct expected *expected, struct error *err)
{
	return selinux_set_type(fd, expected->types[0], expected->path, err);
}

/* 1 where it is labelled as it should be, or is not there. */
static int check_file(struct doctor *doctor, const struct expected *expected)
{
	cleanup_close int fd = open(expected->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool is_record = strncmp(expected->path, "/run/", 5) == 0;
	cleanup_error struct error err = {0};
	char label[SELINUX_LABEL_SIZE];

	if (fd < 0 || selinux_label_of(fd, label) < 0 || has_any_type(label, expected))
		return 1;
	if (doctor->fix && is_record && mend(fd, expected, &err) == 0)
		checkup_ok(&doctor->checkup, CHECK_SELINUX, "mended: %s was labelled %s, now %s",
			expected->path, label, expected->types[0]);
	else if (err.code != FINDING_NONE)
		checkup_error(&doctor->checkup, CHECK_SELINUX, &err, true);
	else
		checkup_warn(&doctor->checkup, CHECK_SELINUX, expected->fix,
			"%s is labelled %s, expected %s", expected->path, label,
			expected->types[0]);
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
		checkup_ok(&doctor->checkup, CHECK_SELINUX,
			"the program and the records are labelled as they should be");
}
