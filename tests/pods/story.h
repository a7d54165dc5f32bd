/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random pod, drawn from a seed: its volumes, who provides which FUSE path in which of them, who
 * mounts what of them where, and what its daemons are like. Text only: stage.h makes it real.
 */
#ifndef FSH_TESTS_PODS_STORY_H
#define FSH_TESTS_PODS_STORY_H

#include "tests/pods/chance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORY_VOLUMES 4
#define STORY_PATHS 8
#define STORY_CONTAINERS 8

#define STORY_UID "6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11"
#define STORY_HOST_ROOT "/run/sandbox/srv"  /* hostPath volumes, a root of the policy */
#define STORY_NODE_ROOT "/run/sandbox/node" /* nodeMounts of the policy */

enum volume_kind {
	VOLUME_EMPTY, /* a directory of the kubelet's */
	VOLUME_CLAIM, /* the same with a file system of its own */
	VOLUME_HOST,  /* hostPath, which a neighbouring pod may have too */
	VOLUME_NODE,  /* hostPath whose mounts are another pod's: @node */
};

struct volume {
	enum volume_kind kind;
	char host[128];
};

/* What the daemon of a path is like. */
enum daemon_kind {
	DAEMON_LIVE,
	DAEMON_ABSENT,	 /* its program runs and never mounts */
	DAEMON_FAILS,	 /* its program ends at once, without a mount */
	DAEMON_DIES,	 /* it mounts and crashes: the mount is dead */
	DAEMON_HANGS,	 /* it mounts, and reads no further request */
	DAEMON_SWALLOWS, /* it mounts, reads each request and answers none */
};

struct story_path {
	size_t volume;
	int provider;	 /* of containers; -1: @node */
	char rest[48];	 /* below what the provider mounts of the volume */
	char fuse[96];	 /* as the annotation has it */
	char host[256];	 /* where it is on the host */
	char alias[256]; /* the same directory through the volume, where that differs */
	enum daemon_kind daemon;
};

/* A volumeMount. */
struct view {
	size_t volume;
	char destination[32];
	char sub[16];	       /* subPath; "": the volume itself */
	char source[192];      /* what the runtime binds */
	unsigned long options; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_RDONLY */
};

/* What is wrong with a container, if anything. */
enum flaw {
	FLAW_NONE,
	FLAW_NO_PROPAGATION, /* declares none: 13 */
	FLAW_NO_VOLUME,	     /* the provider mounts nothing: 10 */
	FLAW_AT_ROOT,	     /* its FUSE path is the volume's root: 10 */
};

struct part {
	char name[24];
	bool provides;
	struct view views[STORY_VOLUMES];
	size_t n_views;
	enum flaw flaw;
	const struct oddity *odd; /* NULL: none */
};

/* Something in its config.json that no runtime writes, or that is of no use: any verdict is right,
 * and nothing else is. */
struct oddity {
	const char *pointer, *json; /* fake_member_set() */
};

struct story {
	uint64_t seed;
	struct chance chance; /* as it is after the pod was drawn: for what happens to it */
	bool shared_node, audit;
	bool neighbour; /* another pod lives on the node, in the first hostPath volume if any */
	bool hung;	/* a daemon may come not to answer */
	bool odd;	/* one of its containers is odd */
	bool killed;	/* hooks may be killed at any moment */
	struct volume volumes[STORY_VOLUMES];
	size_t n_volumes;
	struct story_path paths[STORY_PATHS];
	size_t n_paths;
	struct part parts[STORY_CONTAINERS];
	size_t n_parts;
	size_t order[STORY_CONTAINERS]; /* in which the kubelet creates them */
};

void story_draw(uint64_t seed, struct story *ret);

/* Where that container sees the path, if at all: false, or *ret is the place in the container. */
bool story_sees(const struct story *story, size_t part, size_t path, char *ret, size_t size);

/* Whether any volumeMount of the path's provider has a subPath. */
bool story_is_partial(const struct story *story, size_t path);

/* The value of fuse-sidecar.io/mounts. Owned by the caller. */
char *story_annotation(const struct story *story);

/* The whole as text, for people. Owned by the caller. */
char *story_tell(const struct story *story);

const char *daemon_kind_name(enum daemon_kind kind);

#endif
