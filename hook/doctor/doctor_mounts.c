/* SPDX-License-Identifier: Apache-2.0 */
/* FUSE mounts that their daemons have left, below the roots of the policy. */
#include "hook/doctor/doctor.h"
#include "hook/doctor/subprocess.h"
#include "hook/mount/probe.h"
#include "hook/output/terminal.h"
#include "hook/record/probe_turn.h"
#include "hook/sys/deadline.h"
#include "hook/sys/mnttab_read.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RECONCILE_SECONDS 300

/* One look at all of them. */
struct found {
	size_t live, dead, hung;
	const char *first_dead; /* these are borrowed from the mount table */
	const struct mount_entry *first_hung;
};

static bool mounts_is_wanted(const struct doctor *doctor, const struct mount_entry *mount)
{
	return mount_entry_is_fuse(mount) && config_prefix_of(&doctor->policy.roots, mount->target);
}

static void mounts_count(const struct probe_question *questions, size_t n, struct found *found)
{
	for (size_t i = 0; i < n; i++) {
		const char *path = questions[i].host_path;

		if (questions[i].state == PATH_LIVE)
			found->live++;
		if (questions[i].state == PATH_DEAD && found->dead++ == 0)
			found->first_dead = path;
		if (questions[i].state == PATH_HUNG && found->hung++ == 0)
			found->first_hung = questions[i].mount;
	}
}

static int mounts_probe(struct doctor *doctor, struct found *found, struct error *err)
{
	cleanup_free struct probe_question *questions = NULL;
	size_t n = 0;
	int r;

	mount_table_clear(&doctor->host);
	r = mnttab_read(0, &doctor->host, err);
	if (r < 0)
		return r;
	questions = calloc(doctor->host.n + 1, sizeof(*questions));
	if (!questions)
		return error_memory(err);
	for (size_t i = 0; i < doctor->host.n; i++) {
		if (mounts_is_wanted(doctor, &doctor->host.entries[i]))
			questions[n++].host_path = doctor->host.entries[i].target;
	}
	r = probe_paths(&doctor->host, questions, n, doctor->policy.probe_timeout_usec);
	if (r < 0)
		return error_set(
			err, r, FINDING_HOST_IO, NULL, NULL, "cannot probe: %s", strerror(-r));
	*found = (struct found){0};
	mounts_count(questions, n, found);
	return 0;
}

/* reconcile itself, as its timer starts it; with its own words on standard error. */
static int run_reconcile(const struct doctor *doctor)
{
	cleanup_subprocess_result struct subprocess_result result = {0};
	char *argv[] = {doctor->hook_program, (char[]){"reconcile"}, NULL};
	int r = doctor->hook_program ? subprocess_run(argv, NULL, 0, RECONCILE_SECONDS, &result)
				     : -ENOENT;

	if (r < 0)
		return r;
	terminal_progress_end();
	fputs(result.output, stderr);
	return result.status;
}

static void mounts_reconcile(struct doctor *doctor)
{
	int r = run_reconcile(doctor);

	if (r == -ENOENT)
		doctor_report_fail(&doctor->report, CHECK_DEAD_MOUNTS, EXIT_HOST_IO,
			doctor->install_fix, "cannot find " HOOK_PROGRAM " for reconcile");
	else if (r != EXIT_DONE)
		doctor_report_fail(&doctor->report, CHECK_DEAD_MOUNTS, EXIT_HOST_IO,
			"see the journal", "reconcile has failed");
}

/*
 * "; process 4711, a probe of ours, has waited there since 2025-01-31 23:59:59": what one of our
 * probes is, that cannot be ended. Empty where none is left.
 */
static void describe_waiter(const struct mount_entry *mount, char *text, size_t size)
{
	const struct fuse_connection connection = probe_connection(mount);
	struct probe_waiter waiter;
	char since[48] = "";
	struct tm tm;
	time_t when;

	text[0] = '\0';
	if (!probe_turn_waiter(&connection, &waiter))
		return;
	when = time(NULL) - (time_t)((deadline_now() - waiter.since_usec) / 1000000);
	if (waiter.since_usec > 0 && localtime_r(&when, &tm))
		strftime(since, sizeof(since), " since %F %T", &tm);
	snprintf(text, size, "; process %d, a probe of the hook, has waited there%s",
		(int)waiter.pid, since);
}

static void mounts_report_hung(struct doctor *doctor, const struct found *found)
{
	char waiter[128];

	describe_waiter(found->first_hung, waiter, sizeof(waiter));
	doctor_report_warn(&doctor->report, CHECK_DEAD_MOUNTS,
		"end the daemon that does not answer; see abortHungAfter of the policy",
		"%zu FUSE mount%s not answer: %s%s%s", found->hung,
		found->hung == 1 ? " does" : "s do", found->first_hung->target,
		found->hung > 1 ? " and others" : "", waiter);
}

static void mounts_report_dead(struct doctor *doctor, const struct found *found)
{
	if (found->dead > 0)
		doctor_report_warn(&doctor->report, CHECK_DEAD_MOUNTS,
			doctor->fix ? "they are in no record of a pod that has ended: a pod that "
				      "runs heals its own; else umount -l"
				    : HOOK_PROGRAM " reconcile, or " TOOL_PROGRAM " doctor --fix",
			"%zu FUSE mount%s %s dead: %s%s", found->dead, found->dead == 1 ? "" : "s",
			found->dead == 1 ? "is" : "are", found->first_dead,
			found->dead > 1 ? " and others" : "");
	if (found->hung > 0)
		mounts_report_hung(doctor, found);
}

void doctor_dead_mounts(struct doctor *doctor)
{
	cleanup_error struct error err = {0};
	struct found found = {0};
	size_t before;
	int r = mounts_probe(doctor, &found, &err);

	before = found.dead;
	if (r == 0 && found.dead > 0 && doctor->fix) {
		mounts_reconcile(doctor);
		r = mounts_probe(doctor, &found, &err);
	}
	if (r < 0) {
		doctor_report_error(&doctor->report, CHECK_DEAD_MOUNTS, &err, false);
		return;
	}
	mounts_report_dead(doctor, &found);
	if (found.dead < before)
		doctor_report_ok(&doctor->report, CHECK_DEAD_MOUNTS,
			"fixed: reconcile detached %zu dead FUSE mount%s", before - found.dead,
			before - found.dead == 1 ? "" : "s");
	else if (found.dead == 0 && found.hung == 0)
		doctor_report_ok(&doctor->report, CHECK_DEAD_MOUNTS,
			"none; %zu live FUSE mount%s below the roots", found.live,
			found.live == 1 ? "" : "s");
}
