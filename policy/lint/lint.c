/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest, judged: its pods one by one, each by every rule. */
#include "policy/lint/lint.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "oci/base/strv.h"
#include "policy/lint/lint_rules.h"

#include <stdio.h>
#include <string.h>

typedef int rule_fn(struct lint_pod *pod);

const char *lint_level_name(enum lint_level level)
{
	static const char *const names[] = {
		[LINT_NOTE] = "note",
		[LINT_WARNING] = "warning",
		[LINT_ERROR] = "error",
	};

	return names[level];
}

size_t lint_count(const struct lint *lint, enum lint_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < lint->n; i++)
		n += lint->items[i].level == level;
	return n;
}

enum exit_code lint_exit(const struct lint *lint)
{
	enum exit_code lowest = EXIT_DONE;

	for (size_t i = 0; i < lint->n; i++) {
		const struct lint_finding *item = &lint->items[i];

		if (item->level == LINT_ERROR)
			lowest = exit_code_lower(lowest, code_exit(item->finding.code));
	}
	return lowest;
}

bool lint_is_unreadable(const struct lint *lint)
{
	return lint->unreadable;
}

void lint_clear(struct lint *lint)
{
	if (!lint)
		return;
	for (size_t i = 0; i < lint->n; i++)
		lint_finding_clear(&lint->items[i]);
	free(lint->items);
	*lint = (struct lint){0};
}

static char *name_object(const struct workload *workload)
{
	const char *name = workload_name(workload), *space = workload_namespace(workload);

	if (workload->fragment)
		return strdup("");
	return strformat("%s %s%s%s", workload->kind, space ? space : "", space ? "/" : "",
		name ? name : "(no name)");
}

static void lint_pod_end(struct lint_pod *pod)
{
	for (size_t i = 0; pod->containers && i < pod->n; i++) {
		targets_clear(&pod->containers[i].targets);
		spec_clear(&pod->containers[i].spec);
	}
	free(pod->containers);
	free(pod->object);
	request_clear(&pod->request);
	topology_clear(&pod->topology);
}

static int run_rules(struct lint_pod *pod)
{
	static rule_fn *const rules[] = {
		lint_problems,
		lint_annotations,
		lint_find_providers,
		lint_hook,
		lint_inside,
		lint_unannotated,
		lint_order,
		lint_command,
		lint_probes,
		lint_volumes,
		lint_node,
		lint_admission,
	};
	int r;

	pod->object = name_object(pod->pod->workload);
	r = pod->object ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rules); i++)
		r = rules[i](pod);
	return r;
}

/* What the pods of a manifest have in common. */
struct scope {
	const struct lint_input *input;
	const struct manifest *manifest;
	struct workloads workloads;
	struct lint_objects objects;
	struct lint *lint;
};

static void scope_clear(struct scope *scope)
{
	workloads_clear(&scope->workloads);
	free(scope->objects.items);
}

static int judge_pod(const struct scope *scope, const struct workload *workload)
{
	cleanup_pod struct pod declared = {0};
	__attribute__((cleanup(lint_pod_end))) struct lint_pod pod = {
		.input = scope->input,
		.manifest = scope->manifest,
		.objects = &scope->objects,
		.pod = &declared,
		.lint = scope->lint,
		.source = {scope->input->data, scope->input->size, scope->manifest},
	};
	int r = pod_load(workload, &declared);

	if (r < 0)
		return r;
	pod.n = declared.n_containers;
	pod.containers = calloc(pod.n + 1, sizeof(*pod.containers));
	if (!pod.containers)
		return -ENOMEM;
	return run_rules(&pod);
}

/* By place; of one place in the order in which they were found. */
static int lint_compare(const void *a, const void *b)
{
	const struct lint_finding *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	if (left->level != right->level)
		return left->level > right->level ? -1 : 1;
	return strcmp(code_name(left->finding.code), code_name(right->finding.code));
}

/* What was said of a place that two pods share by an alias, once. */
static void drop_repeats(struct lint *lint)
{
	size_t kept = 0;

	for (size_t i = 0; i < lint->n; i++) {
		struct lint_finding *item = &lint->items[i];
		const struct lint_finding *last = kept > 0 ? &lint->items[kept - 1] : NULL;

		if (last && last->start == item->start &&
			last->finding.code == item->finding.code &&
			strcmp(last->finding.message, item->finding.message) == 0) {
			lint_finding_clear(item);
			continue;
		}
		lint->items[kept++] = *item;
	}
	lint->n = kept;
}

static int judge_all(
	const struct lint_input *input, const struct manifest *manifest, struct lint *lint)
{
	__attribute__((cleanup(scope_clear))) struct scope scope = {
		.input = input, .manifest = manifest, .lint = lint};
	int r = workloads_find(manifest, &scope.workloads);

	if (r == 0)
		r = lint_find_objects(manifest, &scope.objects);
	for (size_t i = 0; r == 0 && i < scope.workloads.n; i++)
		r = judge_pod(&scope, &scope.workloads.items[i]);
	lint->pods = scope.workloads.n;
	return r;
}

static int add_error(struct lint *lint, const struct error *err, size_t offset)
{
	cleanup_findings struct findings made = {0};
	struct lint_finding *item = NULL;
	int r = findings_add_error(&made, err);

	if (r == 0)
		r = lint_take(lint, &made, "", &item);
	if (r < 0 || !item)
		return r;
	item->level = LINT_ERROR;
	item->start = item->end = offset;
	return 0;
}

int lint_run(const struct lint_input *input, struct lint *ret)
{
	cleanup_manifest struct manifest manifest = {0};
	cleanup_lint struct lint lint = {0};
	cleanup_error struct error err = {0};
	size_t offset = 0;
	int r = manifest_parse(input->data, input->size, &manifest, &offset, &err);

	if (r == -ENOMEM)
		return r;
	lint.unreadable = r < 0;
	r = r < 0 ? add_error(&lint, &err, offset) : judge_all(input, &manifest, &lint);
	if (r < 0)
		return r;
	if (lint.n > 0)
		qsort(lint.items, lint.n, sizeof(*lint.items), lint_compare);
	drop_repeats(&lint);
	*ret = move_struct(lint);
	return 0;
}
