/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that make FUSE mounts without the hook, or more of them than they tell it. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include "policy/check/rclone.h"

#include <stdio.h>
#include <string.h>

#define cleanup_rclone __attribute__((cleanup(rclone_command_clear)))

/* True where another container than its provider sees this path, or is inside it. */
static bool is_read(const struct lint_pod *pod, size_t request)
{
	for (size_t i = 0; i < pod->n; i++) {
		const struct targets *targets = &pod->containers[i].targets;

		if (request < targets->n && pod->containers[i].pod->stage != POD_INIT &&
			(targets->items[request].relation == TARGET_SEES ||
				targets->items[request].relation == TARGET_INSIDE))
			return true;
	}
	return false;
}

static const struct lint_container *find_provider(
	const struct lint_pod *pod, const struct mount_request *request)
{
	for (size_t i = 0; i < pod->n; i++)
		if (strcmp(pod->containers[i].pod->name, request->provider) == 0)
			return &pod->containers[i];
	return NULL;
}

static bool unannotated_has_volume(
	const struct lint_container *provider, const struct mount_request *request)
{
	for (size_t i = 0; i < provider->targets.n; i++)
		if (provider->targets.items[i].request == request)
			return provider->targets.items[i].mount;
	return false;
}

static int add_unread(struct lint_pod *pod, const struct mount_request *request)
{
	const struct lint_container *provider = find_provider(pod, request);

	/* Where it has no volume for the path, that has been said. */
	if (!provider || (!provider->vague && !unannotated_has_volume(provider, request)))
		return 0;
	return lint_add(pod,
		&(struct lint_site){lint_name_of(provider->pod), FINDING_CONSUMER_MISSING,
			request->path,
			"run it as a sidecar in the pod that reads the mount, or share it over a "
			"hostPath volume and @node"},
		LINT_WARNING, NULL,
		"no other container of this pod mounts the volume above %s of %s: other pods do "
		"not see a FUSE mount through their claim",
		provider->vague ? "the FUSE mount" : request->path, request->provider);
}

/* A hostPath volume is how pods share a mount on purpose. */
static bool is_shared_on_host(const struct lint_pod *pod, const struct mount_request *request)
{
	const struct pod_container *container = pod_container(pod->pod, request->provider);
	size_t longest = 0;
	bool host = false;

	for (size_t i = 0; container && i < container->n_mounts; i++) {
		const struct pod_mount *mount = &container->mounts[i];
		const struct pod_volume *volume = pod_volume(pod->pod, mount->volume);
		size_t length = strlen(mount->path);

		if (length < longest || strncmp(request->path, mount->path, length) != 0)
			continue;
		longest = length;
		host = volume && volume->kind == POD_VOLUME_HOST_PATH;
	}
	return host;
}

/* Whether anybody reads each mount. *ret_any: at least one is read. */
static int check_readers(struct lint_pod *pod, bool *ret_any)
{
	int r = 0;

	*ret_any = false;
	for (size_t i = 0; r == 0 && i < pod->request.n_mounts; i++) {
		const struct mount_request *request = &pod->request.mounts[i];

		if (is_read(pod, i))
			*ret_any = true;
		else if (!request->node && !pod->pod->workload->fragment &&
			 !is_shared_on_host(pod, request))
			r = add_unread(pod, request);
	}
	return r;
}

/* The annotation that says what the command lines do. *ret NULL where a path is not known. */
static int write_annotation(const struct lint_pod *pod, char **ret)
{
	cleanup_free char *text = NULL;
	struct strformat_pieces pieces;
	FILE *out = strformat_open(&pieces);
	bool known = true;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < pod->request.n_mounts; i++) {
		const struct mount_request *request = &pod->request.mounts[i];
		const struct lint_container *provider = find_provider(pod, request);

		known = known && provider && !provider->vague;
		fprintf(out, "%s%s=%s", i > 0 ? ", " : "", request->provider,
			provider && provider->vague ? "PATH" : request->path);
	}
	text = strformat_close(&pieces);
	if (!text)
		return -ENOMEM;
	*ret = known ? move_ptr(text) : NULL;
	return 0;
}

/* What the hook would say of it; a conflict of two command lines is one here too. */
static int check_written(struct lint_pod *pod, const char *text, bool *ret_valid)
{
	cleanup_keyvals struct keyvals annotations = {0};
	cleanup_request struct request request = {0};
	cleanup_error struct error err = {0};
	const struct manifest_node *node;
	int r = keyvals_add(&annotations, ANNOTATION_MOUNTS, text);

	if (r == 0)
		r = annotations_parse(&annotations, &request, &err);
	*ret_valid = r == 0;
	if (r == 0 || r == -ENOMEM || err.code != FINDING_MOUNTPOINT_CONFLICT)
		return r == -ENOMEM ? r : 0;
	node = lint_name_of(pod->containers[0].pod);
	for (size_t i = 0; i < pod->n; i++) {
		const struct manifest_node *argument =
			lint_argument(pod->containers[i].pod, err.subject, NULL);

		node = argument ? argument : node;
	}
	return lint_add(pod, &(struct lint_site){node, err.code, err.subject, err.fix}, LINT_ERROR,
		NULL, "%s", error_message(&err));
}

static const struct manifest_node *place_pod(const struct lint_pod *pod)
{
	const struct lint_container *provider = find_provider(pod, &pod->request.mounts[0]);
	const struct manifest_node *name =
		manifest_find(pod->pod->workload->holder, "metadata.name");

	if (provider)
		return lint_name_of(provider->pod);
	return name ? name : pod->pod->workload->spec;
}

static int add_unannotated(struct lint_pod *pod, const char *text)
{
	static const char *const keys[] = {"metadata", "annotations", ANNOTATION_MOUNTS};
	cleanup_free char *fix = strformat(
		"add the annotation %s: \"%s\"", ANNOTATION_MOUNTS, text ? text : "CONTAINER=PATH");
	struct lint_finding *finding;
	int r;

	if (!fix)
		return -ENOMEM;
	r = lint_add(pod,
		&(struct lint_site){
			place_pod(pod), FINDING_ANNOTATION_MISSING, ANNOTATION_MOUNTS, fix},
		LINT_WARNING, &finding,
		"container %s makes a FUSE mount without the hook, which would make its directory, "
		"hold its readers back and detach it when it is dead",
		pod->request.mounts[0].provider);
	if (r < 0 || !finding || !text)
		return r;
	return lint_outcome(finding,
		edit_set(&pod->source, &finding->edits, pod->pod->workload->holder,
			&(struct edit_path){keys, 3, NULL}, &(struct edit_value){text, true}));
}

static int check_unannotated(struct lint_pod *pod)
{
	cleanup_free char *text = NULL;
	bool any, valid = false;
	int r = check_readers(pod, &any);

	if (r == 0)
		r = write_annotation(pod, &text);
	if (r == 0 && text)
		r = check_written(pod, text, &valid);
	if (r < 0 || !any || !pod->pod->workload->holder)
		return r;
	return add_unannotated(pod, valid ? text : NULL);
}

/* An rclone of an annotated pod that the annotation does not have. */
static int add_forgotten(
	struct lint_pod *pod, const struct lint_container *container, const char *path)
{
	const struct manifest_node *node = lint_annotation(pod, ANNOTATION_MOUNTS);
	cleanup_free char *text = NULL, *fix = NULL;
	struct lint_finding *finding;
	int r;

	text = strformat("%s, %s=%s", manifest_text(node), container->pod->name, path);
	fix = strformat("add %s=%s to the annotation", container->pod->name, path);
	if (!text || !fix)
		return -ENOMEM;
	r = lint_add(pod,
		&(struct lint_site){lint_name_of(container->pod), FINDING_ANNOTATION_MISSING,
			ANNOTATION_MOUNTS, fix},
		LINT_WARNING, &finding,
		"container %s mounts %s, which %s does not name: the hook ignores that mount",
		container->pod->name, path, ANNOTATION_MOUNTS);
	if (r < 0 || !finding || text_has_control(text))
		return r;
	return lint_outcome(finding, edit_replace(&pod->source, &finding->edits, node,
					     &(struct edit_value){text, true}));
}

static bool is_requested(const struct lint_pod *pod, const char *path)
{
	for (size_t i = 0; i < pod->request.n_mounts; i++)
		if (path_below(path, pod->request.mounts[i].path) ||
			path_below(pod->request.mounts[i].path, path))
			return true;
	return false;
}

static int check_forgotten(struct lint_pod *pod)
{
	for (size_t i = 0; i < pod->n; i++) {
		const struct lint_container *container = &pod->containers[i];
		cleanup_rclone struct rclone_command rclone = {0};
		int r;

		if (container->provides || container->pod->stage == POD_INIT ||
			!*container->pod->name)
			continue;
		r = rclone_scan(&container->spec, NULL, &rclone);
		if (r == 0 && rclone.is_mount && rclone.mount_path &&
			path_is_normalized(rclone.mount_path) && rclone.mount_path[1] &&
			!strpbrk(rclone.mount_path, ",$") && !is_requested(pod, rclone.mount_path))
			r = add_forgotten(pod, container, rclone.mount_path);
		if (r < 0)
			return r;
	}
	return 0;
}

int lint_unannotated(struct lint_pod *pod)
{
	bool any;
	int r;

	if (pod->request.n_mounts == 0)
		return 0;
	if (!pod->annotated)
		return check_unannotated(pod);
	r = check_readers(pod, &any);
	/* Where the annotation cannot be read, that has been said. */
	return r < 0 || !pod->valid ? r : check_forgotten(pod);
}
