/* SPDX-License-Identifier: Apache-2.0 */
/* Objects beside the pods. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/strv.h"

#include <errno.h>
#include <string.h>

static bool lint_objects_is_wanted(const struct manifest_node *object)
{
	static const char *const kinds[] = {
		"Namespace", "RoleBinding", "ClusterRoleBinding", "PersistentVolumeClaim"};
	const char *kind = manifest_string(object, "kind");

	for (size_t i = 0; kind && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static int lint_objects_add(struct lint_objects *objects, const struct manifest_node *object)
{
	if (!lint_objects_is_wanted(object) || objects->n == LINT_MAX_OBJECTS)
		return 0;
	if (array_grow(&objects->items, objects->n, sizeof(struct manifest_node *)) < 0)
		return -ENOMEM;
	objects->items[objects->n++] = object;
	return 0;
}

int lint_find_objects(const struct manifest *manifest, struct lint_objects *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->n_roots; i++) {
		const struct manifest_node *root = manifest_follow(manifest->roots[i]);
		const struct manifest_node *items = manifest_get(root, "items");

		r = lint_objects_add(ret, root);
		for (size_t j = 0; r == 0 && j < manifest_count(items); j++)
			r = lint_objects_add(ret, manifest_item(items, j));
	}
	return r;
}
