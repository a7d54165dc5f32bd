/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes: who may read the credentials, and what lasts how long. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MODE_DEFAULT 0644 /* Kubernetes API, SecretVolumeSource.defaultMode */
#define MODE_MAX 0777
#define MODE_TOO_WIDE 0027 /* for others, or for the group to write */

/* A provider that mounts the volume; NULL without. */
static const struct lint_container *find_user(const struct lint_pod *pod, const char *volume)
{
	for (size_t i = 0; i < pod->n; i++)
		for (size_t j = 0;
			pod->containers[i].provides && j < pod->containers[i].pod->n_mounts; j++)
			if (strcmp(pod->containers[i].pod->mounts[j].volume, volume) == 0)
				return &pod->containers[i];
	return NULL;
}

/* True where every container that mounts it runs as root, as far as the manifest says: a file of
 * mode 0400 is root's. */
static bool is_for_root(const struct lint_pod *pod, const char *volume)
{
	for (size_t i = 0; i < pod->n; i++)
		for (size_t j = 0; j < pod->containers[i].pod->n_mounts; j++)
			if (strcmp(pod->containers[i].pod->mounts[j].volume, volume) == 0 &&
				pod->containers[i].spec.uid != 0)
				return false;
	return true;
}

static bool is_too_wide(int64_t mode)
{
	return mode < 0 || mode > MODE_MAX || (mode & MODE_TOO_WIDE);
}

/* 0400 is octal to YAML, and no number to JSON. */
static const char *narrow_mode(const struct lint_pod *pod)
{
	return pod->manifest->json ? "256" : "0400";
}

static int add_mode(struct lint_pod *pod, const struct pod_volume *volume,
	const struct manifest_node *node, const char *user, int64_t mode)
{
	static const char *const keys[] = {"defaultMode"};
	const char *written = manifest_text(node), *narrow = narrow_mode(pod);
	cleanup_free char *fix = strformat("set defaultMode: %s", narrow);
	struct lint_finding *finding;
	int r;

	if (!fix)
		return -ENOMEM;
	r = lint_add(pod,
		&(struct lint_site){node ? node : manifest_get(volume->node, "name"),
			FINDING_SECRET_MODE, volume->name, fix},
		LINT_WARNING, &finding,
		"the secret in volume %s, from which container %s takes its credentials, has mode "
		"%04" PRIo64 "%s%s%s: users other than the owner can read it",
		volume->name, user, (uint64_t)mode, written ? " (written as " : "",
		written ? written : ", the default", written ? ")" : "");
	if (r < 0 || !finding || !volume->source || !is_for_root(pod, volume->name))
		return r;
	return lint_outcome(finding, edit_set(&pod->source, &finding->edits, volume->source,
					     &(struct edit_path){keys, 1, "secretName"},
					     &(struct edit_value){narrow, false}));
}

static int check_secret(struct lint_pod *pod, const struct pod_volume *volume)
{
	const struct lint_container *user = find_user(pod, volume->name);
	const struct manifest_node *node = manifest_get(volume->source, "defaultMode");
	int64_t mode = MODE_DEFAULT;

	if (volume->kind != POD_VOLUME_SECRET || !user)
		return 0;
	if (node && !manifest_integer(pod->manifest, node, &mode))
		return lint_add(pod,
			&(struct lint_site){node, FINDING_MANIFEST_INVALID, volume->name,
				"write it like 0400 (in JSON, and in quotes, it is 256)"},
			LINT_ERROR, NULL, "defaultMode of volume %s is not a number", volume->name);
	return is_too_wide(mode) ? add_mode(pod, volume, node, user->pod->name, mode) : 0;
}

/* A container that keeps something of its own on the volume, in a directory of it. */
static const struct pod_mount *find_data(const struct lint_pod *pod, const char *volume)
{
	for (size_t i = 0; i < pod->n; i++)
		for (size_t j = 0; j < pod->containers[i].pod->n_mounts; j++) {
			const struct pod_mount *mount = &pod->containers[i].pod->mounts[j];

			if (strcmp(mount->volume, volume) == 0 && mount->sub_path)
				return mount;
		}
	return NULL;
}

static int check_empty_dir(struct lint_pod *pod, const struct pod_volume *volume)
{
	const struct pod_mount *data = find_data(pod, volume->name);

	if (!data)
		return lint_add(pod,
			&(struct lint_site){manifest_get(volume->node, "name"),
				FINDING_VOLUME_UNFIT, volume->name,
				"keep it for mountpoints, and what is to last on a "
				"persistentVolumeClaim"},
			LINT_NOTE, NULL,
			"volume %s is an emptyDir: the hook makes the FUSE paths in it again, and "
			"anything else in it ends with the pod",
			volume->name);
	return lint_add(pod,
		&(struct lint_site){manifest_get(data->node, "subPath"), FINDING_VOLUME_UNFIT,
			volume->name, "put it on a persistentVolumeClaim"},
		LINT_WARNING, NULL,
		"%s keeps its data in %s of volume %s, which is an emptyDir: it ends with the pod",
		data->path, data->sub_path, volume->name);
}

/* The claim of that name in the manifest, of the pod's namespace or of none. */
static const struct manifest_node *find_claim(const struct lint_pod *pod, const char *name)
{
	const char *space = workload_namespace(pod->pod->workload);

	for (size_t i = 0; i < pod->objects->n; i++) {
		const struct manifest_node *root = pod->objects->items[i];
		const char *kind = manifest_string(root, "kind");
		const char *own = manifest_string(root, "metadata.name");
		const char *theirs = manifest_string(root, "metadata.namespace");

		if (kind && strcmp(kind, "PersistentVolumeClaim") == 0 && own &&
			strcmp(own, name) == 0 && (!space || !theirs || strcmp(space, theirs) == 0))
			return root;
	}
	return NULL;
}

static bool is_for_many(const struct manifest_node *modes)
{
	for (size_t i = 0; i < manifest_count(modes); i++) {
		const char *mode = manifest_text(manifest_item(modes, i));

		if (mode &&
			(strcmp(mode, "ReadWriteMany") == 0 || strcmp(mode, "ReadOnlyMany") == 0))
			return true;
	}
	return false;
}

static int check_sharing(struct lint_pod *pod, const struct pod_volume *volume)
{
	const struct manifest_node *modes =
		manifest_find(find_claim(pod, volume->what), "spec.accessModes");
	const struct manifest_node *replicas =
		manifest_find(pod->pod->workload->object, "spec.replicas");
	int64_t n = 1;

	/* A claim template makes a claim for each pod. */
	if (!volume->node || !modes || is_for_many(modes) ||
		!manifest_integer(pod->manifest, replicas, &n) || n < 2)
		return 0;
	return lint_add(pod,
		&(struct lint_site){modes, FINDING_VOLUME_UNFIT, volume->name,
			"let its accessModes have ReadWriteMany"},
		LINT_WARNING, NULL,
		"%" PRId64 " pods share the claim %s, which only one node at a time can mount", n,
		volume->what);
}

static int check_claim(struct lint_pod *pod, const struct pod_volume *volume)
{
	const struct manifest_node *readonly = manifest_get(volume->source, "readOnly");

	if (manifest_true(readonly))
		return lint_add(pod,
			&(struct lint_site){readonly, FINDING_VOLUME_UNFIT, volume->name,
				"take readOnly away from the claim; a volumeMount may have it"},
			LINT_WARNING, NULL,
			"volume %s is read-only for the whole pod: the directories of the FUSE "
			"paths cannot be made in it",
			volume->name);
	return volume->what ? check_sharing(pod, volume) : 0;
}

/* True where a FUSE path lies on it. */
static bool carries_mounts(const struct lint_pod *pod, const char *volume)
{
	for (size_t i = 0; i < pod->n; i++) {
		const struct lint_container *container = &pod->containers[i];

		for (size_t j = 0; j < container->targets.n; j++) {
			const struct target *target = &container->targets.items[j];
			const struct pod_mount *mount =
				target->relation == TARGET_PROVIDES && target->mount
					? lint_mount_at(container->pod, target->mount->destination)
					: NULL;

			if (mount && strcmp(mount->volume, volume) == 0)
				return true;
		}
	}
	return false;
}

int lint_volumes(struct lint_pod *pod)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->pod->n_volumes && pod->request.n_mounts > 0; i++) {
		const struct pod_volume *volume = &pod->pod->volumes[i];

		r = check_secret(pod, volume);
		if (r < 0 || !carries_mounts(pod, volume->name))
			continue;
		if (volume->kind == POD_VOLUME_EMPTY_DIR)
			r = check_empty_dir(pod, volume);
		else if (volume->kind == POD_VOLUME_CLAIM)
			r = check_claim(pod, volume);
	}
	return r;
}
