/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of the program and of its directories, where the node has SELinux: docs/selinux.md.
 * What containers see of records is labelled whenever it is made, and the journal has it where that
 * fails. */
#include "hook/doctor/doctor.h"
#include "hook/record/runtime_dir.h"
#include "hook/record/selinux.h"
#include "hook/record/selinux_context.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/programs.h"
#include <fcntl.h>
#include <string.h>

/* The types with which the hook's program does its work; the first is the policy's own choice.
 * container_runtime_t runs it in its own domain: corecmd_exec_bin(). */
static const char *const program_types[] = {"bin_t", "container_runtime_exec_t", "usr_t"};

static bool has_program_type(const char *label)
{
	for (size_t i = 0; i < ARRAY_SIZE(program_types); i++) {
		if (selinux_has_type(label, program_types[i]))
			return true;
	}
	return false;
}

/* 1 where it is labelled as it should be, or is not there. */
static int selinux_check_program(struct doctor *doctor, const char *path)
{
	cleanup_close int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -EBADF;
	char label[SELINUX_LABEL_SIZE];

	if (fd < 0 || selinux_label_of(fd, label) < 0 || has_program_type(label))
		return 1;
	doctor_report_warn(&doctor->report, CHECK_SELINUX,
		"restorecon -v on the program, or semanage fcontext -a -t bin_t",
		"%s is labelled %s, expected %s", path, label, program_types[0]);
	return 0;
}

static int selinux_relabel(struct doctor *doctor, int fd, const char *path, const char *label)
{
	cleanup_error struct error err = {0};

	if (selinux_context_label(fd, path, &err) < 0) {
		doctor_report_error(&doctor->report, CHECK_SELINUX, &err, true);
		return 0;
	}
	doctor_report_ok(&doctor->report, CHECK_SELINUX, "fixed: %s was labelled %s", path, label);
	return 1;
}

/* One of the directories in /run, by the policy's own word. 1 as above. */
static int check_directory(struct doctor *doctor, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char label[SELINUX_LABEL_SIZE], type[SELINUX_TYPE_SIZE];
	int r;

	if (fd < 0 || selinux_label_of(fd, label) < 0)
		return 1;
	r = selinux_context_own(path, type);
	if (r < 0) {
		doctor_report_warn(&doctor->report, CHECK_SELINUX,
			"install container-selinux, or run selinux-context add",
			"%s is labelled %s; the policy's file contexts do not tell what it should "
			"be: %s",
			path, label, strerror(-r));
		return 0;
	}
	if (selinux_has_type(label, type))
		return 1;
	if (doctor->fix)
		return selinux_relabel(doctor, fd, path, label);
	doctor_report_warn(&doctor->report, CHECK_SELINUX, TOOL_PROGRAM " doctor --fix",
		"%s is labelled %s, expected %s: containers may be refused for it (exit 19)", path,
		label, type);
	return 0;
}

static int selinux_check_directories(struct doctor *doctor)
{
	int right = check_directory(doctor, RUNTIME_DIR);
	const char *name;

	for (size_t i = 0; (name = runtime_dir_name(i)); i++) {
		cleanup_free char *path = path_join(RUNTIME_DIR, name);

		if (path)
			right &= check_directory(doctor, path);
		else
			doctor->report.out_of_memory = true;
	}
	return right;
}

void doctor_selinux(struct doctor *doctor)
{
	int right;

	if (!selinux_enabled()) {
		doctor_report_ok(
			&doctor->report, CHECK_SELINUX, "SELinux is not enabled on this node");
		return;
	}
	right = selinux_check_program(doctor, doctor->hook_program);
	right &= selinux_check_directories(doctor);
	if (right)
		doctor_report_ok(&doctor->report, CHECK_SELINUX,
			"the program and its directories are labelled as they should be");
}
