/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only what the checks need is loaded, and each thing with its node in the tree: a finding points
 * into the text. What is not as the API has it is a problem of the manifest to report, not a
 * reason to stop.
 */
#include "oci/kube/pod.h"

#include "oci/base/cleanup.h"
#include "oci/kube/pod_parts.h"

#include <errno.h>
#include <string.h>

static int pod_load_list(
	struct pod *pod, const struct manifest_node *holder, const char *key, enum pod_stage stage)
{
	const struct manifest_node *list = manifest_get(holder, key);
	int r;

	if (!pod_is_list(pod, holder, key, &r))
		return r;
	for (size_t i = 0; r == 0 && i < manifest_count(list); i++) {
		const struct manifest_node *node = manifest_item(list, i);

		if (node && node->kind == MANIFEST_MAPPING)
			r = pod_load_container(pod, node, stage);
	}
	return r;
}

/* The containers of a fragment that is no pod: a list of them, or one. */
static int load_bare(struct pod *pod)
{
	const struct manifest_node *node = pod->workload->containers;
	int r = 0;

	if (node && node->kind == MANIFEST_MAPPING)
		return pod_load_container(pod, node, POD_MAIN);
	for (size_t i = 0; r == 0 && i < manifest_count(node); i++) {
		const struct manifest_node *item = manifest_item(node, i);

		if (item && item->kind == MANIFEST_MAPPING)
			r = pod_load_container(pod, item, POD_MAIN);
	}
	return r;
}

static bool has_secret(const struct manifest_node *projected)
{
	const struct manifest_node *sources = manifest_get(projected, "sources");

	for (size_t i = 0; i < manifest_count(sources); i++)
		if (manifest_get(manifest_item(sources, i), "secret"))
			return true;
	return false;
}

static void read_source(struct pod_volume *volume)
{
	static const struct {
		const char *key, *what;
		enum pod_volume_kind kind;
	} kinds[] = {
		{"persistentVolumeClaim", "claimName", POD_VOLUME_CLAIM},
		{"hostPath", "path", POD_VOLUME_HOST_PATH},
		{"emptyDir", NULL, POD_VOLUME_EMPTY_DIR},
		{"secret", NULL, POD_VOLUME_SECRET},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct manifest_pair *pair = manifest_pair(volume->node, kinds[i].key);

		if (!pair)
			continue;
		volume->kind = kinds[i].kind;
		volume->source = manifest_get(volume->node, kinds[i].key);
		if (kinds[i].what)
			volume->what = manifest_string(volume->source, kinds[i].what);
		return;
	}
	volume->source = manifest_get(volume->node, "projected");
	if (has_secret(volume->source))
		volume->kind = POD_VOLUME_SECRET;
}

static int add_volume(struct pod *pod, const struct pod_volume *volume)
{
	if (!volume->name || pod->n_volumes == POD_MAX_VOLUMES)
		return 0;
	if (array_grow(&pod->volumes, pod->n_volumes, sizeof(*pod->volumes)) < 0)
		return -ENOMEM;
	pod->volumes[pod->n_volumes++] = *volume;
	return 0;
}

static int load_volumes(struct pod *pod)
{
	const struct manifest_node *list = manifest_get(pod->workload->spec, "volumes");
	const struct manifest_node *templates =
		manifest_find(pod->workload->object, "spec.volumeClaimTemplates");
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest_count(list); i++) {
		struct pod_volume volume = {.node = manifest_item(list, i)};

		volume.name = manifest_string(volume.node, "name");
		read_source(&volume);
		r = add_volume(pod, &volume);
	}
	for (size_t i = 0; r == 0 && i < manifest_count(templates); i++) {
		struct pod_volume volume = {.kind = POD_VOLUME_CLAIM};

		volume.name = manifest_string(manifest_item(templates, i), "metadata.name");
		volume.what = volume.name;
		r = add_volume(pod, &volume);
	}
	return r;
}

const struct manifest_node *pod_metadata(const struct pod *pod)
{
	return manifest_get(pod->workload->holder, "metadata");
}

static int load_annotations(struct pod *pod)
{
	const struct manifest_node *node = manifest_get(pod_metadata(pod), "annotations");
	int r = 0;

	for (size_t i = 0; node && node->kind == MANIFEST_MAPPING && r == 0 && i < node->n; i++) {
		const char *value = manifest_text(node->pairs[i].value);

		if (value)
			r = keyvals_add(&pod->annotations, node->pairs[i].key->text, value);
	}
	return r;
}

int pod_load(const struct workload *workload, struct pod *ret)
{
	cleanup_pod struct pod pod = {.workload = workload};
	int r = load_annotations(&pod);

	if (r == 0)
		r = load_volumes(&pod);
	if (r == 0)
		r = pod_load_list(&pod, workload->spec, "initContainers", POD_INIT);
	if (r == 0)
		r = pod_load_list(&pod, workload->spec, "containers", POD_MAIN);
	if (r == 0)
		r = load_bare(&pod);
	if (r < 0)
		return r;
	*ret = move_struct(pod);
	return 0;
}

static void clear_container(struct pod_container *container)
{
	for (size_t i = 0; i < container->n_mounts; i++)
		free(container->mounts[i].path);
	free(container->mounts);
	strv_clear(&container->args);
	strv_clear(&container->env);
}

void pod_clear(struct pod *pod)
{
	if (!pod)
		return;
	for (size_t i = 0; i < pod->n_containers; i++)
		clear_container(&pod->containers[i]);
	for (size_t i = 0; i < pod->n_problems; i++)
		free(pod->problems[i].text);
	free(pod->containers);
	free(pod->volumes);
	free(pod->problems);
	keyvals_clear(&pod->annotations);
	*pod = (struct pod){0};
}

const struct pod_volume *pod_volume(const struct pod *pod, const char *name)
{
	for (size_t i = 0; i < pod->n_volumes; i++)
		if (strcmp(pod->volumes[i].name, name) == 0)
			return &pod->volumes[i];
	return NULL;
}

const struct pod_container *pod_container(const struct pod *pod, const char *name)
{
	for (size_t i = 0; i < pod->n_containers; i++)
		if (strcmp(pod->containers[i].name, name) == 0)
			return &pod->containers[i];
	return NULL;
}
