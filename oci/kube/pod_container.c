/* SPDX-License-Identifier: Apache-2.0 */
/* A container of a pod and its volumeMounts. */
#include "oci/kube/pod_parts.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/text.h"

#include <errno.h>
#include <string.h>

/* Kubernetes API, VolumeMount.mountPropagation. */
static const struct {
	const char *name;
	enum propagation propagation;
} modes[] = {
	{"None", PROPAGATION_PRIVATE},
	{"HostToContainer", PROPAGATION_SLAVE},
	{"Bidirectional", PROPAGATION_SHARED},
};

static int load_propagation(
	struct pod *pod, const struct manifest_node *node, enum propagation *ret)
{
	const struct manifest_node *value = manifest_get(node, "mountPropagation");
	const char *text = manifest_text(value);

	if (!value)
		return 0;
	for (size_t i = 0; text && i < ARRAY_SIZE(modes); i++) {
		if (strcmp(modes[i].name, text) != 0)
			continue;
		*ret = modes[i].propagation;
		return 0;
	}
	return pod_add_problem(pod, value, "write it like Bidirectional",
		"mountPropagation is %s: expected None, HostToContainer or Bidirectional",
		text ? text_quote(text) : "no text");
}

static bool has_mount(const struct pod_container *container, const char *path)
{
	for (size_t i = 0; i < container->n_mounts; i++)
		if (strcmp(container->mounts[i].path, path) == 0)
			return true;
	return false;
}

static int pod_load_mount(
	struct pod *pod, struct pod_container *container, const struct manifest_node *node)
{
	const struct manifest_node *value = manifest_get(node, "mountPath");
	const char *path = manifest_text(value);
	struct pod_mount *mount;
	bool twice;

	if (!path || path[0] != '/')
		return pod_add_problem(pod, value ? value : node, "give it an absolute mountPath",
			"the mountPath of a volumeMount of container %s is not absolute",
			container->name);
	if (array_grow(&container->mounts, container->n_mounts, sizeof(*container->mounts)) < 0)
		return -ENOMEM;
	mount = &container->mounts[container->n_mounts];
	mount->path = path_simplify(path);
	if (!mount->path)
		return -ENOMEM;
	twice = has_mount(container, mount->path);
	container->n_mounts++;
	if (twice && pod_add_problem(pod, value, "give each volumeMount a path of its own",
			     "container %s has two volumeMounts at %s: Kubernetes refuses that",
			     container->name, text_quote(mount->path)) < 0)
		return -ENOMEM;
	mount->node = node;
	mount->volume = manifest_string(node, "name");
	mount->sub_path = manifest_string(node, "subPath");
	if (!mount->volume)
		mount->volume = "";
	return load_propagation(pod, node, &mount->propagation);
}

static int pod_load_mounts(struct pod *pod, struct pod_container *container)
{
	const struct manifest_node *list = manifest_get(container->node, "volumeMounts");
	int r;

	if (!pod_is_list(pod, container->node, "volumeMounts", &r))
		return r;
	if (manifest_count(list) > POD_MAX_MOUNTS)
		return pod_add_problem(pod, list, "mount fewer volumes",
			"container %s has more than %d volumeMounts", container->name,
			POD_MAX_MOUNTS);
	for (size_t i = 0; r == 0 && i < manifest_count(list); i++) {
		const struct manifest_node *node = manifest_item(list, i);

		if (node && node->kind == MANIFEST_MAPPING)
			r = pod_load_mount(pod, container, node);
	}
	return r;
}

/* kubectl refuses a field that is not there, and without it the API server drops it. */
static int check_group(struct pod *pod, const struct pod_container *container)
{
	const struct manifest_node *context = manifest_get(container->node, "securityContext");
	const struct manifest_pair *pair = manifest_pair(context, "fsGroup");

	if (!pair)
		return 0;
	return pod_add_problem(pod, pair->key, "move fsGroup to the pod's securityContext",
		"fsGroup is not a field of a container's securityContext: container %s has it",
		container->name);
}

static bool restarts_always(const struct manifest_node *node)
{
	const char *policy = manifest_string(node, "restartPolicy");

	return policy && strcmp(policy, "Always") == 0;
}

int pod_load_container(struct pod *pod, const struct manifest_node *node, enum pod_stage stage)
{
	struct pod_container *container;
	int r;

	if (pod->n_containers == POD_MAX_CONTAINERS && pod->crowded)
		return 0;
	pod->crowded = pod->n_containers == POD_MAX_CONTAINERS;
	if (pod->crowded)
		return pod_add_problem(pod, node, "make it several pods",
			"more than %d containers in one pod", POD_MAX_CONTAINERS);
	if (array_grow(&pod->containers, pod->n_containers, sizeof(*pod->containers)) < 0)
		return -ENOMEM;
	container = &pod->containers[pod->n_containers++];
	container->node = node;
	container->name = manifest_string(node, "name");
	container->stage = stage == POD_INIT && restarts_always(node) ? POD_SIDECAR : stage;
	if (!container->name)
		container->name = "";
	r = pod_load_mounts(pod, container);
	if (r == 0)
		r = check_group(pod, container);
	return r < 0 ? r : pod_load_command(pod, container);
}

bool pod_privileged(const struct pod_container *container)
{
	return manifest_true(manifest_find(container->node, "securityContext.privileged"));
}

const struct manifest_node *pod_security(
	const struct pod *pod, const struct pod_container *container, const char *key)
{
	const struct manifest_node *own =
		manifest_get(manifest_get(container->node, "securityContext"), key);

	if (own)
		return own;
	return manifest_get(manifest_get(pod->workload->spec, "securityContext"), key);
}
