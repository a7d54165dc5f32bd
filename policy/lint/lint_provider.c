/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers make FUSE mounts: those of the annotation, or those that look like it. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/rclone.h"

#include <errno.h>
#include <string.h>

#define cleanup_rclone __attribute__((cleanup(rclone_command_clear)))

static int provider_add_request(struct request *request, const char *provider, const char *path)
{
	struct mount_request *mount;

	if (request->n_mounts == ANNOTATION_MAX_MOUNTS)
		return 0;
	if (array_grow(&request->mounts, request->n_mounts, sizeof(*request->mounts)) < 0)
		return -ENOMEM;
	mount = &request->mounts[request->n_mounts++];
	mount->provider = strdup(provider);
	mount->path = strdup(path);
	return mount->provider && mount->path ? 0 : -ENOMEM;
}

static bool provider_is_mount_command(const char *word)
{
	static const char *const commands[] = {"mount", "mount2", "cmount", "nfsmount"};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(word, commands[i]) == 0)
			return true;
	return false;
}

/* True where the command line has a word that can only be another command: "serve". */
static bool has_other_command(const struct spec *spec)
{
	for (size_t i = 0; i < spec->args.n; i++) {
		const char *word = spec->args.items[i];

		if (strcmp(word, "rclone") == 0)
			continue;
		if (provider_is_mount_command(word))
			return false;
		if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789")] == '\0')
			return true;
	}
	return false;
}

/* 0 or -ENOMEM; by its name, by its image. */
static int looks_like_rclone(const struct lint_container *container, bool *ret)
{
	cleanup_free char *image = pod_image_name(container->pod);

	if (!image)
		return -ENOMEM;
	*ret = (strstr(container->pod->name, "rclone") || strcmp(image, "rclone") == 0) &&
	       !has_other_command(&container->spec);
	return 0;
}

static const struct pod_mount *provider_find_bidirectional(const struct pod_container *container)
{
	for (size_t i = 0; i < container->n_mounts; i++)
		if (container->mounts[i].propagation == PROPAGATION_SHARED)
			return &container->mounts[i];
	return NULL;
}

static bool is_mounted_elsewhere(
	const struct lint_pod *pod, const struct lint_container *container, const char *volume)
{
	for (size_t i = 0; i < pod->n; i++) {
		const struct pod_container *other = pod->containers[i].pod;

		for (size_t j = 0; other != container->pod && j < other->n_mounts; j++)
			if (strcmp(other->mounts[j].volume, volume) == 0)
				return true;
	}
	return false;
}

/* The volume that it most likely mounts below; NULL where none looks like it. */
static const struct pod_mount *guess_mount(
	const struct lint_pod *pod, const struct lint_container *container)
{
	const struct pod_mount *guess = provider_find_bidirectional(container->pod);

	for (size_t i = 0; !guess && i < container->pod->n_mounts; i++) {
		const struct pod_mount *mount = &container->pod->mounts[i];

		if (is_mounted_elsewhere(pod, container, mount->volume))
			guess = mount;
	}
	for (size_t i = 0; !guess && i < container->pod->n_mounts; i++) {
		const struct pod_mount *mount = &container->pod->mounts[i];
		const struct pod_volume *volume = pod_volume(pod->pod, mount->volume);

		if (volume ? volume->kind == POD_VOLUME_CLAIM ||
					volume->kind == POD_VOLUME_HOST_PATH ||
					volume->kind == POD_VOLUME_EMPTY_DIR
			   : !manifest_true(manifest_get(mount->node, "readOnly")))
			guess = mount;
	}
	return guess;
}

static int add_vague(struct lint_pod *pod, struct lint_container *container)
{
	const struct pod_mount *mount = guess_mount(pod, container);
	cleanup_free char *path = path_join(mount ? mount->path : "/", LINT_SOME_PATH);

	if (!path)
		return -ENOMEM;
	container->vague = true;
	return provider_add_request(&pod->request, container->pod->name, path);
}

/* What the command line says. *ret_known: it provides, and no more is to be found out. */
static int add_known(struct lint_pod *pod, struct lint_container *container, bool *ret_known)
{
	cleanup_rclone struct rclone_command rclone = {0};
	int r = rclone_scan(&container->spec, NULL, &rclone);

	*ret_known = false;
	if (r < 0 || !rclone.is_mount)
		return r;
	*ret_known = true;
	/* "$(…)" is what the manifest has no value for. */
	if (!rclone.mount_path || !path_is_normalized(rclone.mount_path) || !rclone.mount_path[1] ||
		strpbrk(rclone.mount_path, ",$"))
		return add_vague(pod, container);
	return provider_add_request(&pod->request, container->pod->name, rclone.mount_path);
}

/* A container without a name can be named by no annotation; an init container ends. */
static bool may_provide(const struct lint_container *container)
{
	return *container->pod->name && container->pod->stage != POD_INIT;
}

static int guess_rclone(struct lint_pod *pod)
{
	for (size_t i = 0; i < pod->n; i++) {
		struct lint_container *container = &pod->containers[i];
		bool known, rclone;
		int r;

		if (!may_provide(container))
			continue;
		r = add_known(pod, container, &known);
		if (r == 0 && !known) {
			r = looks_like_rclone(container, &rclone);
			if (r == 0 && rclone)
				r = add_vague(pod, container);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* Another daemon than rclone: what may mount on the host is there to do so. */
static int guess_others(struct lint_pod *pod)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n; i++) {
		struct lint_container *container = &pod->containers[i];

		if (may_provide(container) && provider_find_bidirectional(container->pod))
			r = add_vague(pod, container);
	}
	return r;
}

static void mark_providers(struct lint_pod *pod)
{
	for (size_t i = 0; i < pod->n; i++)
		for (size_t j = 0; j < pod->request.n_mounts; j++)
			if (strcmp(pod->request.mounts[j].provider, pod->containers[i].pod->name) ==
				0)
				pod->containers[i].provides = true;
}

static int provider_load_container(struct lint_pod *pod, size_t i)
{
	struct lint_container *container = &pod->containers[i];
	cleanup_rclone struct rclone_command rclone = {0};
	int r;

	container->pod = &pod->pod->containers[i];
	r = lint_make_spec(pod, container->pod, &container->spec);
	if (r == 0)
		r = rclone_scan(&container->spec, NULL, &rclone);
	container->mounts = rclone.is_mount;
	return r;
}

int lint_find_providers(struct lint_pod *pod)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n; i++)
		r = provider_load_container(pod, i);
	if (r == 0 && pod->request.n_mounts == 0)
		r = guess_rclone(pod);
	if (r == 0 && pod->request.n_mounts == 0)
		r = guess_others(pod);
	if (r == 0)
		mark_providers(pod);
	return r;
}
