/* SPDX-License-Identifier: Apache-2.0 */
/* FUSE mounts that their daemons have left, below the roots of the policy. */
#include "hook/doctor.h"
#include "hook/probe.h"
#include "hook/program.h"
#include "hook/terminal.h"
#include "hook/whole_table.h"
#include "oci/base/cleanup.h"
#include <string.h>

#define RECONCILE_SECONDS 300

/* One look at all of them. */
struct found {
	size_t live, dead, hung;
	const char *first_dead, *first_hung; /* borrowed from the mount table */
};

static bool is_wanted(const struct doctor *doctor, const struct mount_entry *mount)
{
	return mount_entry_is_fuse(mount) && config_prefix_of(&doctor->policy.roots, mount->target);
}

static void count(const struct probe_question *questions, size_t n, struct found *found)
{
	for (size_t i = 0; i < n; i++) {
		const char *path = questions[i].host_path;

		if (questions[i].state == PATH_LIVE)
			found->live++;
		if (questions[i].state == PATH_DEAD && found->dead++ == 0)
			found->first_dead = path;
		if (questions[i].state == PATH_HUNG && found->hung++ == 0)
			found->first_hung = path;
	}
}

static int look(struct doctor *doctor, struct found *found, struct error *err)
{
	cleanup_free struct probe_question *questions = NULL;
	size_t n = 0;
	int r;

	mount_table_clear(&doctor->host);
	r = whole_table_read(0, &doctor->host, err);
	if (r < 0)
		return r;
	questions = calloc(doctor->host.n + 1, sizeof(*questions));
	if (!questions)
		return error_memory(err);
	for (size_t i = 0; i < doctor->host.n; i++) {
		if (is_wanted(doctor, &doctor->host.entries[i]))
			questions[n++].host_path = doctor->host.entries[i].target;
	}
	r = probe_paths(&doctor->host, questions, n, doctor->policy.probe_timeout_usec);
	if (r < 0)
		return error_set(
			err, r, FINDING_HOST_IO, NULL, NULL, "cannot probe: %s", strerror(-r));
	*found = (struct found){0};
	count(questions, n, found);
	return 0;
}

/* reconcile itself, as its timer starts it; with its own words on standard error. */
static int run_reconcile(void)
{
	cleanup_program_result struct program_result result = {0};
	char *argv[] = {(char[]){"/proc/self/exe"}, (char[]){"reconcile"}, NULL};
	int r = program_run(argv, NULL, 0, RECONCILE_SECONDS, &result);

	if (r < 0)
		return r;
	terminal_progress_end();
	fputs(result.output, stderr);
	return result.status;
}

static void say_dead(struct doctor *doctor, const struct found *found)
{
	if (found->dead > 0)
		checkup_warn(&doctor->checkup, CHECK_DEAD_MOUNTS,
			doctor->fix ? "they are in no record of a pod that has ended: a pod that "
				      "runs heals its own; else umount -l"
				    : "fuse-sidecar-hook reconcile, or doctor --fix",
			"%zu FUSE mount%s %s dead: %s%s", found->dead, found->dead == 1 ? "" : "s",
			found->dead == 1 ? "is" : "are", found->first_dead,
			found->dead > 1 ? " and others" : "");
	if (found->hung > 0)
		checkup_warn(&doctor->checkup, CHECK_DEAD_MOUNTS,
			"end the daemon that does not answer; see abortHungAfter of the policy",
			"%zu FUSE mount%s not answer: %s%s", found->hung,
			found->hung == 1 ? " does" : "s do", found->first_hung,
			found->hung > 1 ? " and others" : "");
}

void doctor_dead_mounts(struct doctor *doctor)
{
	cleanup_error struct error err = {0};
	struct found found = {0};
	size_t before;
	int r = look(doctor, &found, &err);

	before = found.dead;
	if (r == 0 && found.dead > 0 && doctor->fix) {
		if (run_reconcile() != EXIT_DONE)
			checkup_fail(&doctor->checkup, CHECK_DEAD_MOUNTS, EXIT_HOST_IO,
				"see the journal", "reconcile has failed");
		r = look(doctor, &found, &err);
	}
	if (r < 0) {
		checkup_error(&doctor->checkup, CHECK_DEAD_MOUNTS, &err, false);
		return;
	}
	say_dead(doctor, &found);
	if (found.dead < before)
		checkup_ok(&doctor->checkup, CHECK_DEAD_MOUNTS,
			"mended: reconcile detached %zu dead FUSE mount%s", before - found.dead,
			before - found.dead == 1 ? "" : "s");
	else if (found.dead == 0 && found.hung == 0)
		checkup_ok(&doctor->checkup, CHECK_DEAD_MOUNTS,
			"none; %zu live FUSE mount%s below the roots", found.live,
			found.live == 1 ? "" : "s");
}
