/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the manifest a finding belongs: what a person has to change, else what it is about. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/target_source.h"

#include <string.h>

/* Of two at one path the last counts, as in target_spec_mount(). */
const struct pod_mount *lint_mount_at(const struct pod_container *container, const char *path)
{
	for (size_t i = container->n_mounts; i > 0; i--)
		if (strcmp(container->mounts[i - 1].path, path) == 0)
			return &container->mounts[i - 1];
	return NULL;
}

/* True where the argument is `text`, a path written in another way, or a flag with that value. */
static bool is_argument(const char *argument, const char *text)
{
	cleanup_free char *simple = NULL;
	const char *value = strchr(argument, '=');

	if (strcmp(argument, text) == 0 || (value && strcmp(value + 1, text) == 0))
		return true;
	simple = argument[0] == '/' ? path_simplify(argument) : NULL;
	return simple && strcmp(simple, text) == 0;
}

const struct manifest_node *lint_argument(
	const struct pod_container *container, const char *text, size_t *ret_index)
{
	static const char *const keys[] = {"args", "command"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct manifest_node *list = manifest_get(container->node, keys[i]);

		for (size_t j = 0; j < manifest_count(list); j++) {
			const struct manifest_node *item = manifest_item(list, j);
			const char *argument = manifest_text(item);

			if (!argument || !is_argument(argument, text))
				continue;
			if (ret_index)
				*ret_index = j;
			return item;
		}
	}
	return NULL;
}

const struct manifest_node *lint_name_of(const struct pod_container *container)
{
	const struct manifest_node *name = manifest_get(container->node, "name");

	return name ? name : container->node;
}

const struct manifest_node *lint_annotation(const struct lint_pod *pod, const char *key)
{
	return manifest_get(manifest_get(pod_metadata(pod->pod), "annotations"), key);
}

static const struct manifest_node *place_mount(
	const struct lint_container *container, const char *path)
{
	const struct pod_mount *mount = lint_mount_at(container->pod, path);
	const struct manifest_node *value;

	if (!mount)
		return NULL;
	value = manifest_get(mount->node, "mountPropagation");
	return value ? value : manifest_get(mount->node, "mountPath");
}

/* A volume's place, or a FUSE path. */
static const struct manifest_node *place_taken(
	const struct lint_pod *pod, const struct lint_container *container, const char *path)
{
	const struct pod_mount *mount = lint_mount_at(container->pod, path);

	return mount ? manifest_get(mount->node, "mountPath")
		     : lint_annotation(pod, ANNOTATION_MOUNTS);
}

static const struct manifest_node *place_security(
	const struct lint_pod *pod, const struct lint_container *container, const char *key)
{
	const struct manifest_node *value = pod_security(pod->pod, container->pod, key);
	const struct manifest_pair *pair;

	if (value)
		return value;
	pair = manifest_pair(container->pod->node, "securityContext");
	return pair ? pair->key : NULL;
}

static const struct manifest_node *place_path(
	const struct lint_pod *pod, const struct lint_container *container, const char *path)
{
	const struct manifest_node *annotation = lint_annotation(pod, ANNOTATION_MOUNTS);
	const struct manifest_node *argument = lint_argument(container->pod, path, NULL);

	return annotation ? annotation : argument;
}

/* The hostPath volume whose directory the policy does not know. */
static const struct manifest_node *place_host_path(
	const struct lint_pod *pod, const struct lint_container *container, const char *path)
{
	for (size_t i = 0; i < container->pod->n_mounts; i++) {
		const struct pod_volume *volume =
			pod_volume(pod->pod, container->pod->mounts[i].volume);

		if (volume && volume->kind == POD_VOLUME_HOST_PATH && volume->what &&
			path_below(path, volume->what))
			return manifest_get(volume->source, "path");
	}
	return NULL;
}

static const struct manifest_node *lint_place_find(const struct lint_pod *pod,
	const struct lint_container *container, const struct finding *finding)
{
	const struct manifest_node *node = container->pod->node;
	const struct manifest_pair *pair;

	switch (code_place(finding->code)) {
	case AT_ANNOTATION:
		return lint_annotation(pod, finding->subject);
	case AT_NAMESPACE:
		return manifest_find(pod->pod->workload->object, "metadata.namespace");
	case AT_HOST_PATH:
		return place_host_path(pod, container, finding->subject);
	case AT_FUSE_PATH:
		return place_path(pod, container, finding->subject);
	case AT_ARGUMENT:
		return lint_argument(container->pod, finding->subject, NULL);
	case AT_MOUNT_PATH:
		return place_taken(pod, container, finding->subject);
	case AT_PROPAGATION:
		return place_mount(container, finding->subject);
	case AT_PRIVILEGED:
		return place_security(pod, container, "privileged");
	case AT_ESCALATION:
		return place_security(pod, container, "allowPrivilegeEscalation");
	case AT_APPARMOR:
		return place_security(pod, container, "appArmorProfile");
	case AT_SELINUX:
		return place_security(pod, container, "seLinuxOptions");
	case AT_HOST_USERS:
		return manifest_get(pod->pod->workload->spec, "hostUsers");
	case AT_RESOURCES:
		pair = manifest_pair(node, "resources");
		return pair ? pair->key : NULL;
	case AT_NOWHERE:
	case AT_RULE:
	case AT_CONTAINER:
		return NULL;
	}
	return NULL;
}

const struct manifest_node *lint_place(const struct lint_pod *pod,
	const struct lint_container *container, const struct finding *finding)
{
	const struct manifest_node *place = lint_place_find(pod, container, finding);

	return place ? place : lint_name_of(container->pod);
}
