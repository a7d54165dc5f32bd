/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods whose containers are all gone, and whose poststop never came: crun runs none after a failed
 * create, a node may have crashed, the hook may have been away.
 */
#include "hook/cmd/commands.h"

#include "hook/mount/kubens.h"
#include "hook/reclaim/abort_hung.h"
#include "hook/reclaim/broken_record.h"
#include "hook/reclaim/pod_end.h"
#include "hook/reclaim/reconcile_stamp.h"
#include "hook/reclaim/runtime_gc.h"
#include "hook/reclaim/sweep_turns.h"
#include "hook/record/policy_file.h"
#include "hook/record/record.h"
#include "hook/record/record_place.h"
#include "hook/record/runtime_dir.h"
#include "hook/run/metrics_file.h"
#include "hook/run/run.h"
#include "hook/run/run_count.h"
#include "hook/sys/deadline.h"
#include "hook/worker/run_isolated.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include <stdio.h>
#include <string.h>

/* A pod that takes longer, the wait for its lock included, comes last next time. */
#define SLOW_USEC (5 * UINT64_C(1000000))

/* What one run has come to. */
struct tally {
	unsigned int ended, kept, failed;
	bool dry_run;
	struct worker_status *progress; /* as seen by the supervisor */
	struct record_index *index;	/* filled once a pod has asked for it */
};

/* The pod's names for the journal, from its record. */
static int name_pod(struct run_input *input, const char *uid)
{
	input->identity.pod_uid = strdup(uid);
	return input->identity.pod_uid ? 0 : -ENOMEM;
}

static int name_from_record(struct run *run)
{
	if (run->session.topology.pod_name)
		run->input.identity.pod_name = strdup(run->session.topology.pod_name);
	if (run->session.topology.pod_namespace)
		run->input.identity.pod_namespace = strdup(run->session.topology.pod_namespace);
	return (run->session.topology.pod_name && !run->input.identity.pod_name) ||
			       (run->session.topology.pod_namespace &&
				       !run->input.identity.pod_namespace)
		       ? -ENOMEM
		       : 0;
}

static void reconcile_report(const struct run_input *input, const char *what)
{
	text_print(stdout, "%s/%s (%s): %s",
		input->identity.pod_namespace ? input->identity.pod_namespace : "?",
		input->identity.pod_name ? input->identity.pod_name : "?", input->identity.pod_uid,
		what);
}

/* It is no reason to leave the rest of the pod as it is. */
static void break_hung(struct run *run, bool dry_run)
{
	cleanup_error struct error err = {0};

	if (abort_hung(run, dry_run, &err) < 0)
		audit_failure(&run->session.audit, &err);
}

/* The record of a hook that showed it to containers, which may have become able to write there. */
static int reconcile_isolate_record(struct run *run, struct error *err)
{
	/* One that cannot be looked at: writing it fails, and says why. */
	return record_place_had_copy(run->session.runtime_fd, run->input.identity.pod_uid) == 0
		       ? 0
		       : run_commit(&run->session, err);
}

/* What the process of one pod is given. The index is a copy of the parent's that is its own, as all
 * of its memory. */
struct pod_work {
	const char *uid;
	bool dry_run;
	struct record_index *index;
};

/* One pod with its lock held. 1: it is over, and was ended; 0: it lives. */
static int reconcile_locked(struct run *run, bool dry_run, struct error *err)
{
	int r;

	r = name_from_record(run);
	if (r < 0)
		return error_set(err, r, FINDING_INTERNAL, NULL, NULL, "out of memory");
	worker_status_subject(run->session.progress, &run->input.identity);
	break_hung(run, dry_run);
	if (pod_has_live_container(&run->session.topology))
		return dry_run ? 0 : reconcile_isolate_record(run, err);
	r = dry_run ? pod_end_report(run, err) : pod_end(run, err);
	if (r < 0)
		return r;
	if (r > 0) {
		reconcile_report(&run->input,
			"kept: none of its containers runs, and a mount of it does not answer");
		return 0;
	}
	reconcile_report(&run->input, dry_run ? "would be removed: none of its containers runs"
					      : "removed: none of its containers runs");
	return 1;
}

/* A directory without a record: a hook was killed between making the one and the other, or after
 * removing it. */
static int remove_empty(struct run *run, bool dry_run, struct error *err)
{
	int r;

	if (dry_run) {
		reconcile_report(&run->input, "would be removed: it does not have a record");
		return 1;
	}
	r = record_remove(run->session.runtime_fd, run->input.identity.pod_uid, err);
	if (r < 0)
		return r;
	lock_remove_file(&run->session.lock);
	return 1;
}

/* `broken` is why the record cannot be read. 1 where it was moved aside; else that. */
static int set_aside(struct run *run, bool dry_run, int r, struct error *broken)
{
	cleanup_error struct error err = {0};
	cleanup_free char *place = NULL, *text = NULL;
	int moved = broken_record_move(run, dry_run, &place, &err);

	if (moved < 0)
		audit_failure(&run->session.audit, &err);
	if (moved <= 0)
		return r;
	text = strformat(
		"its record cannot be read (%s), and the kubelet has removed the pod: %s %s",
		error_message(broken), dry_run ? "would be moved to" : "moved to", place);
	if (!text)
		return error_memory(broken);
	reconcile_report(&run->input, text);
	if (!dry_run)
		audit_send(&run->session.audit,
			&(struct audit_entry){
				.kind = AUDIT_CLEANED, .result = "ok", .host_path = place},
			"%s", text);
	error_clear(broken);
	return 1;
}

static int reconcile_pod(
	const struct pod_work *work, struct worker_status *progress, struct error *err)
{
	const char *uid = work->uid;
	bool dry_run = work->dry_run;
	cleanup_run struct run run = RUN_INIT;
	int r;

	run.session.progress = progress;
	run.session.index = malloc(sizeof(*run.session.index));
	if (!run.session.index)
		return error_memory(err);
	*run.session.index = move_struct(*work->index);
	run_audit_as(&run, "reconcile");
	r = name_pod(&run.input, uid);
	if (r < 0)
		return error_set(err, r, FINDING_INTERNAL, NULL, NULL, "out of memory");
	r = run_read_policy(&run, err);
	if (r == 0)
		r = run_open_record(&run, false, err);
	if (run.session.runtime_fd >= 0 && broken_record_is(r))
		return set_aside(&run, dry_run, r, err);
	if (r < 0)
		return r;
	r = run.session.has_record ? reconcile_locked(&run, dry_run, err)
				   : remove_empty(&run, dry_run, err);
	if (!dry_run)
		run_count_heals(&run);
	return r;
}

/* What the process of one pod exits with; else it has failed, and said so. */
enum pod_exit { POD_KEPT, POD_ENDED, POD_FAILED };

static int reconcile_and_report(void *data, struct worker_status *progress)
{
	const struct pod_work *work = data;
	cleanup_error struct error err = {0};
	int r = reconcile_pod(work, progress, &err);

	if (r < 0)
		audit_failure(&(struct audit){.stage = "reconcile"}, &err);
	return r < 0 ? POD_FAILED : r > 0 ? POD_ENDED : POD_KEPT;
}

static int reconcile_isolated(const char *uid, const struct tally *tally)
{
	char about[64];

	snprintf(about, sizeof(about), "the pod %s", uid);
	return run_isolated(&(struct isolated){
		.stage = "reconcile",
		.about = about,
		.budget_usec = WORKER_STATUS_STAGE_USEC,
		.work = reconcile_and_report,
		.data = &(struct pod_work){uid, tally->dry_run, tally->index},
	});
}

/* The pods that end read all records, which are read here for them together: from the first one on,
 * for mostly there is none. */
static void fill_index(int runtime, const struct tally *tally)
{
	cleanup_error struct error err = {0};

	if (tally->ended == 1 && tally->index->n == 0 &&
		record_index_refresh(tally->index, runtime, &err) < 0)
		audit_failure(&(struct audit){.stage = "reconcile"}, &err);
}

/* Whether it has ended in its time. */
static bool take_turn(const char *uid, struct tally *tally)
{
	uint64_t began = deadline_now();
	int code = reconcile_isolated(uid, tally);

	switch (code) {
	case POD_KEPT:
		tally->kept++;
		break;
	case POD_ENDED:
		tally->ended++;
		break;
	default:
		tally->failed++;
		break;
	}
	return code <= POD_FAILED && deadline_now() - began < SLOW_USEC;
}

/* It is the order of the next run, and no reason for this one to fail. */
static void leave_turns(int runtime, const struct sweep_order *turns, bool dry_run)
{
	int r = dry_run ? 0 : sweep_order_file_write(runtime, turns);

	if (r < 0)
		fprintf(stderr, HOOK_PROGRAM ": reconcile: cannot write the next pod to %s: %s\n",
			RUNTIME_DIR, strerror(-r));
}

static int reconcile_in_order(
	int runtime, const struct strv *uids, struct sweep_order *turns, struct tally *tally)
{
	struct worker_status *progress = tally->progress;

	for (size_t i = 0; i < uids->n; i++) {
		const char *uid = uids->items[i];

		worker_status_at(progress, "at the pod", uid);
		/* The rest of them next time, and what comes after them now. */
		if (worker_status_left(progress, WORKER_STATUS_STAGE_USEC) <
			WORKER_STATUS_STAGE_USEC) {
			fprintf(stderr,
				HOOK_PROGRAM ": reconcile: ran out of time before %zu more pods\n",
				uids->n - i);
			tally->failed += (unsigned int)(uids->n - i);
			break;
		}
		if (sweep_order_begin(turns, uid, i + 1 < uids->n ? uids->items[i + 1] : NULL) < 0)
			return -ENOMEM;
		leave_turns(runtime, turns, tally->dry_run);
		if (take_turn(uid, tally))
			sweep_order_end(turns, uid);
		fill_index(runtime, tally);
	}
	return 0;
}

static int reconcile_pods(
	int runtime, const struct strv *uids, struct tally *tally, struct error *err)
{
	cleanup_sweep_order struct sweep_order turns = {0};
	cleanup_strv struct strv order = {0};

	if (sweep_order_file_read(runtime, &turns) < 0)
		return error_memory(err);
	sweep_order_keep(&turns, uids);
	if (sweep_order_order(&turns, uids, &order) < 0 ||
		reconcile_in_order(runtime, &order, &turns, tally) < 0)
		return error_memory(err);
	if (order.n > 0)
		leave_turns(runtime, &turns, tally->dry_run);
	return 0;
}

/* For doctor. */
static int leave_stamp(int runtime, struct error *err)
{
	struct reconcile_stamp now = reconcile_stamp_now();
	int r = reconcile_stamp_write(runtime, &now);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, RUNTIME_DIR, runtime_dir_fix(r),
			"cannot write the time of this reconcile to %s: %s", RUNTIME_DIR,
			strerror(-r));
	return 0;
}

/* Before a hook cannot write there, which is told every time until somebody mends it. */
static void reconcile_label(int runtime)
{
	cleanup_error struct error err = {0};

	if (runtime_dir_label(runtime, &err) < 0)
		audit_failure(&(struct audit){.stage = "reconcile"}, &err);
}

static int reconcile_records(struct tally *tally, struct error *err)
{
	cleanup_close int runtime = -EBADF;
	cleanup_strv struct strv uids = {0};
	int r = runtime_dir_open(false, &runtime, err);

	if (r == -ENOENT) {
		error_clear(err);
		return 0;
	}
	if (r == 0)
		r = record_list(runtime, &uids, err);
	if (r < 0)
		return r;
	if (!tally->dry_run)
		reconcile_label(runtime);
	r = reconcile_pods(runtime, &uids, tally, err);
	if (r == 0)
		r = runtime_gc(runtime, tally->dry_run, err);
	return r < 0 || tally->dry_run ? r : leave_stamp(runtime, err);
}

/* What is counted is no reason for the unit to fail. */
static void write_metrics(const struct config *config)
{
	cleanup_error struct error err = {0};

	if (metrics_file_write(config, &err) < 0)
		audit_failure(&(struct audit){.stage = "reconcile"}, &err);
}

static int reconcile_all(struct tally *tally, struct error *err)
{
	cleanup_config struct config config = {0};
	int r;

	r = kubens_enter(err);
	/* A broken policy is told at once, also where no pod is recorded that would need it. */
	if (r == 0)
		r = policy_file_load(&config, err);
	if (r < 0)
		return r;
	r = reconcile_records(tally, err);
	if (config.metrics_file && !tally->dry_run)
		write_metrics(&config);
	return r;
}

int cmd_reconcile(const struct options *options)
{
	cleanup_error struct error err = {0};
	cleanup_record_index struct record_index index = {0};
	struct tally tally = {
		.dry_run = options->dry_run, .progress = options->progress, .index = &index};

	if (reconcile_all(&tally, &err) < 0) {
		audit_failure(&(struct audit){.stage = "reconcile"}, &err);
		return (int)error_exit(&err);
	}
	printf("%u pod%s %s, %u alive, %u failed\n", tally.ended, tally.ended == 1 ? "" : "s",
		tally.dry_run ? "would be removed" : "removed", tally.kept, tally.failed);
	return tally.failed > 0 ? (int)EXIT_HOST_IO : (int)EXIT_DONE;
}
