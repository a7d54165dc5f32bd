/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the container is, from the annotations that CRI-O sets itself and that a pod cannot forge:
 * io.kubernetes.pod.{name,namespace,uid}, io.kubernetes.container.{name,restartCount},
 * io.kubernetes.cri-o.{ContainerID,SandboxID,ContainerType}.
 */
#ifndef FSH_OCI_SPEC_IDENTITY_H
#define FSH_OCI_SPEC_IDENTITY_H

#include "oci/base/error.h"
#include "oci/spec/keyval.h"
#include <stdbool.h>
#include <stdint.h>

struct identity {
	char *pod_name;	       /* DNS subdomain */
	char *pod_namespace;   /* DNS label */
	char *pod_uid;	       /* ident_is_pod_uid() */
	char *sandbox_id;      /* 64 hex digits, NULL where it is not given */
	char *container_name;  /* DNS label; NULL for a sandbox, which has none */
	char *container_id;    /* 64 hex digits, NULL where neither the state nor the annotation has
				  one */
	int64_t restart_count; /* 0 where it is not given */
	bool is_sandbox; /* ContainerType "sandbox": hooks do not run for those, but nothing to do
			    if so */
};

/*
 * `code` is the code of errors (FINDING_STATE_INVALID or FINDING_CONFIG_INVALID). `state_id` is
 * the state's id, NULL without a state; it must agree with the ContainerID annotation where both
 * are there and must match its grammar. Errors: -EINVAL, naming the annotation that is missing or
 * malformed. `ret` is owned by the caller.
 */
int identity_load(const struct keyvals *annotations, const char *state_id, enum finding_code code,
	struct identity *ret, struct error *err);
void identity_clear(struct identity *identity);

#define cleanup_identity __attribute__((cleanup(identity_clear)))

#endif
