/* SPDX-License-Identifier: Apache-2.0 */
/* Flags of rclone mount that a sidecar needs, or must not have. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "policy/check/rclone.h"

#include <string.h>

#define cleanup_rclone __attribute__((cleanup(rclone_command_clear)))

/* "--flag" or "--flag=true", or the variable that rclone reads in its place. */
static bool has_flag(const struct spec *spec, const char *flag, const char *variable)
{
	const size_t length = strlen(flag), name = strlen(variable);

	for (size_t i = 0; i < spec->args.n; i++) {
		const char *word = spec->args.items[i];

		if (strncmp(word, flag, length) == 0 &&
			(!word[length] || strcmp(word + length, "=true") == 0))
			return true;
	}
	for (size_t i = 0; i < spec->env.n; i++)
		if (strncmp(spec->env.items[i], variable, name) == 0 &&
			strcmp(spec->env.items[i] + name, "=true") == 0)
			return true;
	return false;
}

static bool get_user(
	const struct lint_pod *pod, const struct pod_container *container, int64_t *ret)
{
	return manifest_integer(pod->manifest, pod_security(pod->pod, container, "runAsUser"), ret);
}

/* A container that reads the provider's mount, maybe as another user; NULL without. */
static const struct pod_container *find_stranger(
	const struct lint_pod *pod, const struct lint_container *provider)
{
	int64_t theirs, own;
	bool known = get_user(pod, provider->pod, &own);

	for (size_t i = 0; i < pod->n; i++) {
		const struct lint_container *other = &pod->containers[i];

		for (size_t j = 0; j < other->targets.n && other != provider; j++) {
			const struct target *target = &other->targets.items[j];

			if (other->pod->stage == POD_INIT || other->provides ||
				target->relation != TARGET_SEES ||
				strcmp(target->request->provider, provider->pod->name) != 0)
				continue;
			if (!known || !get_user(pod, other->pod, &theirs) || theirs != own)
				return other->pod;
		}
	}
	return NULL;
}

/* Behind the mountpoint, where that is an argument of its own. */
static enum edit_outcome add_flag(const struct lint_pod *pod,
	const struct lint_container *container, const char *path, struct edits *edits)
{
	const struct manifest_node *list = manifest_get(container->pod->node, "args");
	size_t i = 0;
	const struct manifest_node *item = path ? lint_argument(container->pod, path, &i) : NULL;

	if (!item || i >= manifest_count(list) || list->items[i] != item)
		return EDIT_AWKWARD;
	return edit_insert_item(&pod->source, edits, list, i, "--allow-other");
}

static int check_allow_other(
	struct lint_pod *pod, const struct lint_container *container, const char *path)
{
	const struct pod_container *stranger = find_stranger(pod, container);
	struct lint_finding *finding;
	int r;

	if (!stranger || has_flag(&container->spec, "--allow-other", "RCLONE_ALLOW_OTHER"))
		return 0;
	r = lint_add(pod,
		&(struct lint_site){lint_name_of(container->pod), FINDING_ALLOW_OTHER_MISSING,
			container->pod->name, "add --allow-other to its arguments"},
		LINT_WARNING, &finding,
		"container %s mounts for its own user only: %s gets \"Permission denied\" as any "
		"other user, root included",
		container->pod->name, stranger->name);
	if (r < 0 || !finding)
		return r;
	return lint_outcome(finding, add_flag(pod, container, path, &finding->edits));
}

static int check_non_empty(struct lint_pod *pod, const struct lint_container *container)
{
	static const char flag[] = "--allow-non-empty";
	size_t i = 0;
	const struct manifest_node *item = lint_argument(container->pod, flag, &i);
	const struct manifest_node *list = item ? item->parent : NULL;
	struct lint_finding *finding;
	int r;

	if (!has_flag(&container->spec, flag, "RCLONE_ALLOW_NON_EMPTY"))
		return 0;
	r = lint_add(pod,
		&(struct lint_site){item ? item : lint_name_of(container->pod),
			FINDING_ALLOW_NON_EMPTY, container->pod->name, "remove --allow-non-empty"},
		LINT_WARNING, &finding,
		"container %s has --allow-non-empty: rclone mounts over a dead mount, which then "
		"stays below",
		container->pod->name);
	if (r < 0 || !finding || !list || list->kind != MANIFEST_SEQUENCE || i >= list->n ||
		list->items[i] != item)
		return r;
	return lint_outcome(finding, edit_remove_item(&pod->source, &finding->edits, list, i));
}

int lint_command(struct lint_pod *pod)
{
	for (size_t i = 0; i < pod->n; i++) {
		const struct lint_container *container = &pod->containers[i];
		cleanup_rclone struct rclone_command rclone = {0};
		int r;

		if (!container->provides)
			continue;
		r = rclone_scan(&container->spec, NULL, &rclone);
		if (r == 0 && rclone.is_mount)
			r = check_allow_other(pod, container, rclone.mount_path);
		if (r == 0 && rclone.is_mount)
			r = check_non_empty(pod, container);
		if (r < 0)
			return r;
	}
	return 0;
}
