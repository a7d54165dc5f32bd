/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of oci/kube/pod.c. Not for others. */
#ifndef FSH_OCI_KUBE_POD_PARTS_H
#define FSH_OCI_KUBE_POD_PARTS_H

#include "oci/kube/pod.h"

/* Append a container. 0 or -ENOMEM. */
int pod_load_container(struct pod *pod, const struct manifest_node *node, enum pod_stage stage);
/* Fill args and env. 0 or -ENOMEM. */
int pod_load_command(struct pod *pod, struct pod_container *container);
/* Note what is wrong. 0 or -ENOMEM. */
int pod_add_problem(struct pod *pod, const struct manifest_node *node, const char *fix,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* True for a sequence, and for nothing; otherwise a problem is noted: *r is 0 or -ENOMEM. */
bool pod_is_list(struct pod *pod, const struct manifest_node *mapping, const char *key, int *r);

#endif
