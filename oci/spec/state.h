/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container state that a runtime writes to a hook's standard input
 * (runtime-spec, runtime.md, "State").
 */
#ifndef FSH_OCI_SPEC_STATE_H
#define FSH_OCI_SPEC_STATE_H

#include "oci/base/error.h"
#include "oci/spec/keyval.h"
#include <stddef.h>
#include <sys/types.h>

#define STATE_MAX_SIZE (1024UL * 1024) /* bytes */

struct state {
	char *oci_version;
	char *id;  /* the runtime's container id: any non-empty text without '/' or control
		      characters */
	pid_t pid; /* of the container's init; 0 where there is none (poststop: crun writes 0, runc
		      nothing) */
	char *bundle; /* absolute */
	char *status; /* may be NULL */
	struct keyvals annotations;
};

/*
 * Parse `size` bytes of JSON. Errors: -EINVAL, -EFBIG with FINDING_STATE_INVALID; -ENOMEM with
 * FINDING_INTERNAL. `ret` is untouched on failure, and owned by the caller on success
 * (state_clear).
 */
int state_parse(const char *data, size_t size, struct state *ret, struct error *err);

/* Its bytes from a descriptor, to its end, within STATE_MAX_SIZE: owned by the caller, with a NUL
 * behind them. */
int state_fetch(int fd, char **ret_data, size_t *ret_size, struct error *err);

void state_clear(struct state *state);

#define cleanup_state __attribute__((cleanup(state_clear)))

#endif
