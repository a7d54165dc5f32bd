/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: a consumer's creation waits until the FUSE paths are live. On kernel events alone:
 * changes of the mount table, the providers' ends, the answers of probes, and a timer, in one poll
 * set.
 */
#ifndef FSH_HOOK_APPLY_GATE_H
#define FSH_HOOK_APPLY_GATE_H

#include "oci/base/error.h"
#include "policy/record/topology.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One path to wait for. Strings are borrowed. */
struct gate_path {
	const char *path, *host_path, *provider;
	const char *volume; /* host directory at or above host_path, which is no pod's to mount
			       over: pinned when the wait begins; NULL: the root directory */
	bool node;	    /* @node: waited for by its mount alone */
	bool created; /* the provider has been created (and not refused): pid and start are its */
	pid_t pid;
	uint64_t pid_start_ticks;
	enum path_state state;	  /* out: what it was at the end; UNKNOWN where it was being asked
				     when the gate was refused for another */
	char device[24];	  /* out: "0:55" of the FUSE mount that it was; "" without one */
	int mount_id;		  /* out: of that mount, 0 without one */
	uint64_t mount_id_unique; /* out: 0 too where the kernel does not tell */
};

struct gate {
	struct gate_path *paths;
	size_t n;
	uint64_t timeout_usec;	     /* 0: look once */
	uint64_t probe_timeout_usec; /* for looking once, and for telling hung from absent at the
					end */
};

/*
 * Wait. 0 once every path is live. Otherwise a negative errno with `err` filled, naming the first
 * path that is not: FINDING_GATE_TIMEOUT, or at once FINDING_PROVIDER_NOT_STARTED,
 * FINDING_PROVIDER_DEAD (also where it dies meanwhile). *ret_waited_usec is set in each case.
 */
int gate_wait(struct gate *gate, uint64_t *ret_waited_usec, struct error *err);

#endif
