/* SPDX-License-Identifier: Apache-2.0 */
/* `doctor`: check whether this node is ready for annotated pods */
#include "hook/cmd/commands.h"

#include "hook/doctor/doctor.h"
#include "hook/output/terminal.h"
#include "hook/sandbox/drop_privileges.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include <fcntl.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

struct check {
	const char *what;
	void (*run)(struct doctor *doctor);
	bool live;    /* asks the running node: not for an image */
	bool anybody; /* without root, too, its answer is right */
};

/* The policy before what it says where to look; CRI-O before what it is told. */
static const struct check checks[] = {
	{.what = "kernel", .run = doctor_kernel, .live = true},
	{.what = "FUSE", .run = doctor_fuse, .live = true, .anybody = true},
	{.what = "policy", .run = doctor_policy},
	{.what = "CRI-O", .run = doctor_crio},
	{.what = "hooks.d", .run = doctor_hooks},
	{.what = "runtime", .run = doctor_runtime},
	{.what = "kubelet", .run = doctor_kubelet, .live = true},
	{.what = "runtime directory", .run = doctor_run_directory, .live = true},
	{.what = "mounts", .run = doctor_dead_mounts, .live = true},
	{.what = "timer", .run = doctor_timer},
	{.what = "journal", .run = doctor_journal, .anybody = true},
	{.what = "metrics", .run = doctor_metrics},
	{.what = "SELinux", .run = doctor_selinux, .live = true},
};

static int doctor_open_root(struct doctor *doctor, const char *path)
{
	doctor->root = path;
	doctor->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (doctor->root_fd >= 0)
		return 0;
	fprintf(stderr, TOOL_PROGRAM " doctor: cannot open %s: %s\n", path, strerror(errno));
	return -errno;
}

static int doctor_print(const struct doctor *doctor, bool json)
{
	cleanup_free char *text = NULL;

	if (!json) {
		doctor_report_print(stdout, &doctor->report, terminal_wants_colour(STDOUT_FILENO));
		return 0;
	}
	text = doctor_report_format(&doctor->report);
	if (!text)
		return -ENOMEM;
	fputs(text, stdout);
	return 0;
}

/* For programs that install the hook: what CRI-O reads, in its order; or why that is not known. */
static int print_hooks_dirs(struct doctor *doctor)
{
	const struct doctor_report *report = &doctor->report;

	doctor_crio(doctor);
	for (size_t i = 0; doctor->crio_is_known && i < doctor->crio.hooks_dirs.n; i++)
		puts(doctor->crio.hooks_dirs.items[i]);
	for (size_t i = 0; !doctor->crio_is_known && i < report->n; i++) {
		if (report->lines[i].topic == CHECK_CRIO_CONFIG)
			fprintf(stderr, TOOL_PROGRAM " doctor: %s\n", report->lines[i].text);
	}
	return doctor->crio_is_known ? EXIT_DONE : EXIT_NODE_CONFIG;
}

/* What is hidden from others looks like what is not there: their answers would be wrong. */
static bool has_privilege(struct doctor *doctor)
{
	cap_flag_value_t may_mount = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps)
		(void)cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &may_mount);
	(void)cap_free(caps);
	if (geteuid() == 0 && may_mount == CAP_SET)
		return true;
	doctor_report_fail(&doctor->report, CHECK_PRIVILEGE, EXIT_HOST_IO,
		"run it as root: sudo " TOOL_PROGRAM " doctor",
		geteuid() == 0 ? "doctor needs CAP_SYS_ADMIN: it checks FUSE and the journal only"
			       : "doctor needs root: it checks FUSE and the journal only");
	return false;
}

static void doctor_run_checks(struct doctor *doctor)
{
	/* An image's files are what they are for whoever can read them. */
	bool all = doctor->root || has_privilege(doctor);

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		if ((doctor->root && checks[i].live) || (!all && !checks[i].anybody))
			continue;
		terminal_progress(i + 1, ARRAY_SIZE(checks), checks[i].what);
		checks[i].run(doctor);
	}
	terminal_progress_end();
}

int cmd_doctor(const struct options *options)
{
	cleanup_doctor struct doctor doctor = {.root_fd = -EBADF, .fix = options->fix};
	int r;

	if (options->root && options->fix) {
		fprintf(stderr, TOOL_PROGRAM " doctor: --fix is for the running node, --root for "
					     "an image: give one of them\n");
		return EXIT_INPUT;
	}
	if (options->root && doctor_open_root(&doctor, options->root) < 0)
		return EXIT_INPUT;
	r = drop_privileges_with_programs(PRIVILEGES_DOCTOR);
	if (r < 0) {
		fprintf(stderr, TOOL_PROGRAM " doctor: cannot drop privileges: %s\n", strerror(-r));
		return EXIT_INTERNAL;
	}
	if (options->hooks_dirs)
		return print_hooks_dirs(&doctor);
	doctor_run_checks(&doctor);
	if (doctor_print(&doctor, options->json) < 0) {
		fprintf(stderr, TOOL_PROGRAM " doctor: out of memory\n");
		return EXIT_INTERNAL;
	}
	return (int)doctor_report_exit(&doctor.report);
}
