/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the manifest is one, and its annotations are what the hook reads. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/text.h"

#include <stdio.h>
#include <string.h>

int lint_problems(struct lint_pod *pod)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->pod->n_problems; i++) {
		const struct pod_problem *problem = &pod->pod->problems[i];

		r = lint_add(pod,
			&(struct lint_site){problem->node, FINDING_MANIFEST_INVALID, "the manifest",
				problem->fix},
			LINT_ERROR, NULL, "%s", problem->text);
	}
	return r;
}

static bool annotations_is_ours(const char *key)
{
	return strncmp(key, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)) == 0;
}

/* Copied to where the hook sees it; what stands in the wrong place does no harm there. */
static enum edit_outcome copy_annotation(
	struct lint_pod *pod, const char *key, const char *value, struct edits *edits)
{
	const char *const keys[] = {"metadata", "annotations", key};

	return edit_set(&pod->source, edits, pod->pod->workload->holder,
		&(struct edit_path){keys, 3, NULL}, &(struct edit_value){value, true});
}

/* A value that has line ends, or is none, is for people. */
static bool annotations_is_plain(const char *value)
{
	return value && !text_has_control(value);
}

static int add_misplaced(struct lint_pod *pod, const struct manifest_pair *pair)
{
	const char *key = pair->key->text, *value = manifest_text(pair->value);
	struct lint_finding *finding;
	int r = lint_add(pod,
		&(struct lint_site){pair->key, FINDING_ANNOTATION_MISPLACED, key,
			"put it into the metadata of the pod template"},
		LINT_ERROR, &finding,
		"%s is set on the %s itself: its pods do not get it, and the hook ignores them",
		key, pod->pod->workload->kind);

	if (r < 0 || !finding || !annotations_is_plain(value) || lint_annotation(pod, key))
		return r;
	return lint_outcome(finding, copy_annotation(pod, key, value, &finding->edits));
}

static int annotations_check_place(struct lint_pod *pod)
{
	const struct workload *workload = pod->pod->workload;
	const struct manifest_node *node = manifest_find(workload->object, "metadata.annotations");
	int r = 0;

	if (!node || node->kind != MANIFEST_MAPPING || workload->object == workload->holder)
		return 0;
	for (size_t i = 0; r == 0 && i < node->n; i++) {
		const char *key = node->pairs[i].key->text;

		/* What stands in both places is taken from the right one. */
		if (annotations_is_ours(key) && !lint_annotation(pod, key))
			r = add_misplaced(pod, &node->pairs[i]);
	}
	return r;
}

static const struct manifest_node *place_annotation(const struct lint_pod *pod, const char *subject)
{
	const struct manifest_node *node = subject ? lint_annotation(pod, subject) : NULL;

	if (!node)
		node = lint_annotation(pod, ANNOTATION_MOUNTS);
	return node ? node : manifest_get(pod_metadata(pod->pod), "annotations");
}

/* The hook sees one container at a time, and cannot know that a name is misspelt. */
static int check_names(struct lint_pod *pod)
{
	const struct manifest_node *node = lint_annotation(pod, ANNOTATION_MOUNTS);
	int r = 0;

	if (pod->pod->workload->fragment || pod->pod->crowded)
		return 0;
	for (size_t i = 0; r == 0 && node && i < pod->request.n_mounts; i++) {
		const struct mount_request *request = &pod->request.mounts[i];

		if (request->node || pod_container(pod->pod, request->provider))
			continue;
		r = lint_add(pod,
			&(struct lint_site){node, FINDING_ANNOTATION_INVALID, ANNOTATION_MOUNTS,
				"name a container of this pod"},
			LINT_ERROR, NULL,
			"the annotation %s names %s for %s: the pod does not have that container",
			ANNOTATION_MOUNTS, request->provider, request->path);
	}
	return r;
}

int lint_annotations(struct lint_pod *pod)
{
	cleanup_error struct error err = {0};
	int r = annotations_check_place(pod);

	if (r < 0)
		return r;
	pod->annotated = annotations_active(&pod->pod->annotations);
	r = annotations_parse(&pod->pod->annotations, &pod->request, &err);
	if (r == -ENOMEM)
		return r;
	if (r == 0) {
		pod->valid = pod->annotated;
		return check_names(pod);
	}
	return lint_add(pod,
		&(struct lint_site){
			place_annotation(pod, err.subject), err.code, err.subject, err.fix},
		LINT_ERROR, NULL, "%s", error_message(&err));
}
