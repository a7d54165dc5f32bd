/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods are found by where their templates stand and not by a list of kinds: operators' custom
 * resources have templates, too, and patches and Helm values are fragments of them.
 */
#include "oci/kube/workload.h"

#include "oci/base/cleanup.h"
#include "oci/base/strv.h"

#include <errno.h>
#include <string.h>

static int workload_add(struct workloads *list, const struct workload *workload)
{
	if (array_grow(&list->items, list->n, sizeof(*list->items)) < 0)
		return -ENOMEM;
	list->items[list->n++] = *workload;
	return 0;
}

static bool is_mapping(const struct manifest_node *node)
{
	return node && node->kind == MANIFEST_MAPPING;
}

/* Where the pod's metadata and spec stand in an object; NULL for one that makes no pod. */
static const struct manifest_node *find_holder(const struct manifest_node *object, const char *kind)
{
	static const char *const templates[] = {
		"spec.template", "spec.jobTemplate.spec.template", "template"};

	if (strcmp(kind, "Pod") == 0)
		return is_mapping(manifest_get(object, "spec")) ? object : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		const struct manifest_node *holder = manifest_find(object, templates[i]);

		if (is_mapping(manifest_get(holder, "spec")))
			return holder;
	}
	return NULL;
}

static bool workload_has_any(const struct manifest_node *mapping, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (manifest_get(mapping, keys[i]))
			return true;
	return false;
}

static bool is_pod_spec(const struct manifest_node *node)
{
	static const char *const keys[] = {"containers", "initContainers", "volumes",
		"nodeSelector", "affinity", "hostUsers", "serviceAccountName"};

	return is_mapping(node) && workload_has_any(node, keys, ARRAY_SIZE(keys));
}

static bool workload_is_container(const struct manifest_node *node)
{
	static const char *const keys[] = {
		"image", "args", "command", "volumeMounts", "securityContext", "resources"};

	return is_mapping(node) && workload_has_any(node, keys, ARRAY_SIZE(keys));
}

static bool is_container_list(const struct manifest_node *node)
{
	return manifest_count(node) > 0 && workload_is_container(manifest_item(node, 0)) &&
	       manifest_string(manifest_item(node, 0), "name");
}

static int add_fragment(const struct manifest_node *root, struct workloads *list)
{
	const struct manifest_node *holder = is_mapping(root) ? find_holder(root, "") : NULL;
	struct workload workload = {.kind = "", .fragment = true};

	if (!holder && is_pod_spec(manifest_get(root, "spec")))
		holder = root;
	if (holder) {
		workload.holder = holder;
		workload.spec = manifest_get(holder, "spec");
	} else if (is_pod_spec(root)) {
		workload.spec = root;
	} else if (workload_is_container(root) || is_container_list(root)) {
		workload.containers = root;
	} else {
		return 0;
	}
	return workload_add(list, &workload);
}

static int add_object(const struct manifest_node *object, struct workloads *list);

/* The depth of the tree is limited, and so is what aliases make of it. */
static int add_items(const struct manifest_node *items, struct workloads *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest_count(items); i++)
		r = add_object(manifest_item(items, i), list);
	return r;
}

static int add_object(const struct manifest_node *object, struct workloads *list)
{
	const char *kind = manifest_string(object, "kind");
	const struct manifest_node *items = manifest_get(object, "items");
	struct workload workload = {.kind = kind, .object = object};
	size_t length;

	if (!kind)
		return add_fragment(object, list);
	length = strlen(kind);
	if (items && length >= 4 && strcmp(kind + length - 4, "List") == 0)
		return add_items(items, list);
	workload.holder = find_holder(object, kind);
	if (!workload.holder)
		return 0;
	workload.spec = manifest_get(workload.holder, "spec");
	return workload_add(list, &workload);
}

int workloads_find(const struct manifest *manifest, struct workloads *ret)
{
	cleanup_workloads struct workloads list = {0};

	for (size_t i = 0; i < manifest->n_roots; i++) {
		int r = add_object(manifest_follow(manifest->roots[i]), &list);

		if (r < 0)
			return r;
	}
	*ret = move_struct(list);
	return 0;
}

void workloads_clear(struct workloads *workloads)
{
	if (!workloads)
		return;
	free(workloads->items);
	*workloads = (struct workloads){0};
}

const char *workload_name(const struct workload *workload)
{
	return manifest_string(workload->object, "metadata.name");
}

const char *workload_namespace(const struct workload *workload)
{
	return manifest_string(workload->object, "metadata.namespace");
}
