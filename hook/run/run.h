/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a stage for one container: what it was given, what it knows, what it holds. */
#ifndef FSH_HOOK_RUN_RUN_H
#define FSH_HOOK_RUN_RUN_H

#include "hook/journal/audit.h"
#include "hook/mount/rollback_list.h"
#include "hook/record/lock.h"
#include "hook/record/record.h"
#include "hook/record/record_index.h"
#include "hook/run/node.h"
#include "hook/sandbox/worker_status.h"
#include "oci/spec/parsed.h"
#include "policy/check/judge.h"
#include "policy/check/mounted.h"
#include "policy/check/topology_update.h"
#include "policy/report/metrics.h"
#include <stdbool.h>
#include <stdint.h>

/* What the run was given: read once, from standard input, the bundle and the node's policy. */
struct run_input {
	struct state state;
	struct parsed_pod pod; /* of the state's annotations, or of config.json's */
	struct config config;
	struct identity identity;
	struct request request;
	struct spec spec;
	uint64_t pid_start_ticks; /* of state.pid */
};

/* What the run holds, from its lock to its last word. `audit` borrows from the rest. */
struct run_session {
	int runtime_fd;
	struct lock lock;	  /* the pod's */
	struct topology topology; /* the pod's record, as it will be written */
	bool has_record;
	struct record_stamp committed; /* what run_commit() has written last */
	struct record_index *index;    /* of all pods' records; empty until somebody asks */
	struct audit audit;
	struct journal journal;
	struct worker_status *progress; /* what a supervisor sees; borrowed, NULL: there is none */
	struct rollback_list rollback;
	struct strv hung;	/* paths that do not answer, found when many were asked at once */
	struct strv hung_own;	/* mounts that hang and would be detached for the pod if they were
				   dead: found at its end */
	bool hung_noted;	/* one of them was not known to hang */
	bool awaits_poststop;	/* a mount was left that its provider's own poststop, which is to
				   come, may detach */
	bool refused_by_gate;	/* said and recorded where it happened */
	uint64_t began_usec;	/* CLOCK_MONOTONIC */
	uint64_t gate_usec;	/* held by the gate */
	struct metrics metrics; /* of this run, where the policy asks for them */
};

/* What is known of the node: gathered for the judge, the mounts again where they were changed.
 * `facts` borrows from all parts of the run. */
struct run_known {
	struct node node;
	struct mounted
		mounted; /* on the paths that the container provides, as the judge was told */
	struct facts facts;
	bool tables_changed; /* mounts were changed since they were read */
};

/* By how long each part is good. Zero-initialise with RUN_INIT. Everything is owned. Who needs one
 * part takes that one. */
struct run {
	struct run_input input;
	struct run_session session;
	struct run_known known;
	struct judgement judgement; /* its targets follow the mounts; the rest is made once */
};
#define RUN_INIT                                                                                   \
	(struct run)                                                                               \
	{                                                                                          \
		.session = {.lock = LOCK_NONE, .runtime_fd = -EBADF }                              \
	}

/* Who speaks in the journal: the run's container, at that stage. */
void run_audit_as(struct run *run, const char *stage);

/*
 * Read the state from standard input. 1 where the pod is not annotated: nothing else may be done
 * then. `stage` is for the journal.
 */
int run_read_state(struct run *run, const char *stage, struct error *err);

/* The node's policy. On failure the defaults are in force, of mode enforce. */
int run_read_policy(struct run *run, struct error *err);

/* Who the container is, from the state. */
int run_read_identity(struct run *run, struct error *err);

/* What the pod asks for, from the state. */
int run_read_request(struct run_input *input, struct error *err);

/* config.json of the state's bundle. */
int run_read_spec(struct run *run, struct error *err);

/* Open the runtime directory, take the pod's lock, load its record. `create` false: -ENOENT where
 * the pod has none. On failure the lock is not held: what is not known is not written either. */
int run_open_record(struct run *run, bool create, struct error *err);

/* The pod's record as it is now, without a lock: for who writes nothing. None is found where there
 * is none, or no right to read it. */
int run_peek_record(struct run *run, struct error *err);

/* Remove the file of the lock that is held where the pod has no record: nothing else would. */
void run_leave_no_lock(const struct run *run);

/* Take the lock and load the record once more. What run->session.topology has is kept where nobody
 * has written since run_commit(); on failure it is empty. */
int run_lock_record_again(struct run *run, struct error *err);

/* Write the record, and what containers see of it. */
int run_commit(struct run_session *session, struct error *err);

/* The policy's probeTimeout, or what is left of the stage's time. */
uint64_t run_probe_timeout(const struct run *run);

void run_clear(struct run *run);

#define cleanup_run __attribute__((cleanup(run_clear)))

/* CLOCK_REALTIME in microseconds. */
uint64_t run_realtime_usec(void);

/* CLOCK_BOOTTIME in microseconds: it goes on while the node sleeps, and nobody sets it. */
uint64_t run_boottime_usec(void);

#endif
