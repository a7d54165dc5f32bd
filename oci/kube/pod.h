/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod as its manifest declares it (Kubernetes API, core/v1 PodSpec): the part that has to do with
 * volumes, command lines and privilege.
 */
#ifndef FSH_OCI_KUBE_POD_H
#define FSH_OCI_KUBE_POD_H

#include "oci/base/strv.h"
#include "oci/kube/manifest.h"
#include "oci/kube/workload.h"
#include "oci/spec/keyval.h"
#include "oci/spec/spec.h"
#include <stdbool.h>
#include <stddef.h>

/* A volumeMount. */
struct pod_mount {
	const struct manifest_node *node;
	const char *volume;	      /* its name */
	char *path;		      /* mountPath, simplified */
	const char *sub_path;	      /* NULL without, and for subPathExpr */
	enum propagation propagation; /* UNSET where not given, which is None */
};

enum pod_stage {
	POD_INIT,    /* runs to its end before the next container is created */
	POD_SIDECAR, /* an init container with restartPolicy: Always */
	POD_MAIN,
};

struct pod_container {
	const struct manifest_node *node;
	const char *name; /* "" where it has none */
	enum pod_stage stage;
	struct pod_mount *mounts;
	size_t n_mounts;
	struct strv args; /* command and args, "$(NAME)" replaced where the value is known; "rclone"
			     before them where the image is rclone's and has its own entrypoint */
	struct strv env;  /* "NAME=value" of those that have one */
};

enum pod_volume_kind {
	POD_VOLUME_OTHER,
	POD_VOLUME_CLAIM,
	POD_VOLUME_HOST_PATH,
	POD_VOLUME_EMPTY_DIR,
	POD_VOLUME_SECRET, /* also a projected one that has a secret in it */
};

struct pod_volume {
	const struct manifest_node *node; /* NULL for a claim template of a StatefulSet */
	const char *name;
	enum pod_volume_kind kind;
	const struct manifest_node *source; /* the value of secret, hostPath, …; may be NULL */
	const char *what;		    /* the claim's name, the host's path; NULL else */
};

/* What Kubernetes would not take, or take as something else. */
struct pod_problem {
	const struct manifest_node *node;
	char *text;
	const char *fix; /* static */
};

struct pod {
	const struct workload *workload;
	struct keyvals annotations;	  /* of the pod, those that are text */
	struct pod_container *containers; /* in the order in which they are created */
	size_t n_containers;
	struct pod_volume *volumes;
	size_t n_volumes;
	struct pod_problem *problems;
	size_t n_problems;
	bool crowded;	 /* it has more than POD_MAX_CONTAINERS */
	size_t expanded; /* bytes of words in which something was replaced */
};

/* More than that of a pod is not looked at, and is a problem of it. */
#define POD_MAX_CONTAINERS 256
#define POD_MAX_MOUNTS 128 /* of one container */
#define POD_MAX_VOLUMES 1000

/* Read the pod of a workload. 0 or -ENOMEM. Borrows from the manifest; owned by the caller. */
int pod_load(const struct workload *workload, struct pod *ret);
void pod_clear(struct pod *pod);

#define cleanup_pod __attribute__((cleanup(pod_clear)))

/* The value of `key` in the container's securityContext, else in the pod's; NULL without. */
const struct manifest_node *pod_security(
	const struct pod *pod, const struct pod_container *container, const char *key);
/* True for securityContext.privileged: true. */
bool pod_privileged(const struct pod_container *container);
/* NULL where the pod has no volume of that name. */
const struct pod_volume *pod_volume(const struct pod *pod, const char *name);
/* NULL where the pod has no container of that name. */
const struct pod_container *pod_container(const struct pod *pod, const char *name);
/* The pod's spec, its metadata or NULL in fragments. */
const struct manifest_node *pod_metadata(const struct pod *pod);
/* The name of the image without registry, directories, tag and digest; "" without. Owned by the
 * caller, NULL without memory. */
char *pod_image_name(const struct pod_container *container);

#endif
