/* SPDX-License-Identifier: Apache-2.0 */
/* The pods that a manifest describes: pods themselves, and the templates of what makes pods. */
#ifndef FSH_OCI_KUBE_WORKLOAD_H
#define FSH_OCI_KUBE_WORKLOAD_H

#include "oci/kube/manifest.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * A pod. A fragment is a part of one, as documentation shows them: a pod's spec, a list of
 * containers, one container, or an object without a kind. What is not in it says nothing.
 */
struct workload {
	const char *kind;		    /* "Deployment"; "" for a fragment */
	const struct manifest_node *object; /* the whole object; NULL for a fragment */
	const struct manifest_node *holder; /* of the pod's metadata and spec; NULL: not known */
	const struct manifest_node *spec;   /* the pod's spec; NULL: only containers are known */
	const struct manifest_node *containers; /* where spec is NULL: a list, or one container */
	bool fragment;
};

struct workloads {
	struct workload *items;
	size_t n;
};

/*
 * Pod, PodTemplate, whatever has a spec.template.spec (Deployment, StatefulSet, DaemonSet, Job,
 * ReplicaSet, and kinds of others), CronJob, and lists of them. 0 or -ENOMEM. Borrows from the
 * manifest.
 */
int workloads_find(const struct manifest *manifest, struct workloads *ret);
void workloads_clear(struct workloads *workloads);

#define cleanup_workloads __attribute__((cleanup(workloads_clear)))

/* The object's metadata.name and metadata.namespace; NULL where not given. */
const char *workload_name(const struct workload *workload);
const char *workload_namespace(const struct workload *workload);

#endif
