/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A story on a node: the sandbox furnished for it, its containers and daemons as they come and go,
 * each with its hooks. After each hook it is asked whether all is as it must be (oracle.h).
 */
#ifndef FSH_TESTS_PODS_STAGE_H
#define FSH_TESTS_PODS_STAGE_H

#include "oci/base/strv.h"
#include "tests/pods/daemon.h"
#include "tests/pods/story.h"
#include "tests/support/fake_pod.h"

#include <stdbool.h>

/* A container of the story as it is now. */
struct actor {
	struct fake_member *member; /* the newest instance; NULL: none yet */
	struct fake_member *late;   /* a former one whose poststop has not come yet */
	bool runs;		    /* its process lives */
	bool allowed;		    /* the hook has let this instance start */
	uint32_t promised;	    /* oracle_promised() */
	bool owes;		    /* its poststop has not been run */
};

/* The daemon of a path. */
struct source {
	struct inner_daemon daemon;
	enum daemon_kind kind;
	bool recorded; /* its provider has been let start once */
	bool reached;  /* the mount has come to the host */
};

struct stage {
	struct story *story;
	struct fake_pod pod;
	struct actor actors[STORY_CONTAINERS];
	struct source sources[STORY_PATHS];
	/* the neighbour, with a live and a dead mount */
	struct fake_pod other;
	struct fake_member *other_member;
	struct inner_daemon other_live, other_dead;
	char *other_paths[2];
	bool reconciled; /* its record has gone with reconcile: dead mounts on hostPaths may be left
			  */
	/* what was there before */
	struct strv directories;
	char *mounts;
	FILE *trace; /* what has been done, for people */
	char *traced;
	size_t traced_size;
};

void stage_begin(struct story *story, struct stage *stage);

/* Note a step in the trace. */
void stage_note(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print the story and its trace, and fail the running test. */
_Noreturn void stage_fail(struct stage *stage, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Create the next instance of a container and run its prestart. */
void stage_create(struct stage *stage, size_t part);

/* The same for two at once. */
void stage_create_two(struct stage *stage, size_t first, size_t second);

/* End its process and its daemons; poststop comes later. */
void stage_stop(struct stage *stage, size_t part);

/* Run the poststop of what has been stopped, if any. */
void stage_remove(struct stage *stage, size_t part);

/* Everything of the pod ends, in any order, and the neighbour after it. */
void stage_end(struct stage *stage);

void stage_clear(struct stage *stage);

#endif
