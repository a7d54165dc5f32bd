/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done, in order, before the container may go on. A list of steps, made without side
 * effects. */
#ifndef FSH_POLICY_CHECK_PLAN_H
#define FSH_POLICY_CHECK_PLAN_H

#include "policy/check/facts.h"
#include "policy/check/target.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum plan_action {
	PLAN_CREATE_DIRECTORY, /* "create-directory": each missing component of host_path below
				  volume */
	PLAN_MAKE_SHARED,  /* "make-shared": host_path is a mountpoint; make it shared as it is */
	PLAN_BIND_SHARED,  /* "bind-shared": bind host_path on itself and make that shared */
	PLAN_REPLACE_BIND, /* "replace-bind": the container's mount at container_path becomes a
			      clone of the shared mount of host_path */
	PLAN_VERIFY_PROPAGATION, /* "verify-propagation": prove it from the mount tables, for path
				  */
	PLAN_DETACH_STALE, /* "detach-stale": where a dead mount is on host_path, detach it; it
			      cannot be taken back, so whatever may refuse the container is before
			      it */
	PLAN_RECORD,	   /* "record" */
	PLAN_EXPOSE,	   /* "expose": show the record at container_path */
	PLAN_WAIT, /* "wait": until host_path is live, at most timeout_usec; last, so that others
		      see the container wait */
};

#define PLAN_EXPOSE_PATH "/run/fuse-sidecar"

struct plan_step {
	enum plan_action action;
	char *path;	/* the FUSE path it is for; NULL where it is for none */
	char *provider; /* of `path`; NULL without */
	char *volume; /* host path of the volume root: the directory descriptor walks start from it.
			 For the sharing steps the host directory that the container mounts */
	char *host_path;      /* on the host; NULL without */
	char *container_path; /* in the container, from its root; NULL without */
	mode_t mode;	      /* create-directory */
	uid_t uid;
	gid_t gid;
	enum propagation propagation; /* replace-bind: what the container declares */
	bool recursive;		      /* replace-bind: of an rbind */
	bool readonly;		      /* replace-bind: what the container declares */
	uint64_t timeout_usec; /* wait: from the start of the first, for all paths together */
};

struct plan {
	struct plan_step *steps;
	size_t n;
};

const char *plan_action_name(enum plan_action action);

/*
 * The steps for a container whose verdict is no denial. Inactive: none. Bystander: record only. 0
 * or -ENOMEM. Each anchor is made shared once, each container mount replaced once. The plan is the
 * same whatever a later step would find out. Steps come in the order of plan_action, and those of
 * one action in the order of the annotation's paths.
 */
int plan_build(
	const struct facts *facts, const struct targets *targets, enum role role, struct plan *ret);
void plan_clear(struct plan *plan);

#define cleanup_plan __attribute__((cleanup(plan_clear)))

#endif
