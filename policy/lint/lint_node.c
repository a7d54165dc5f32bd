/* SPDX-License-Identifier: Apache-2.0 */
/* On which nodes the pod may run: with the mounts inside it, on any. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HOSTNAME "kubernetes.io/hostname"

static const char fix_affinity[] = "prefer the node: affinity.nodeAffinity."
				   "preferredDuringSchedulingIgnoredDuringExecution";

/* What a node is, not which one: an image runs on no other. */
static bool is_platform(const char *key)
{
	static const char *const keys[] = {"kubernetes.io/os", "kubernetes.io/arch",
		"beta.kubernetes.io/os", "beta.kubernetes.io/arch"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* `key` names nodes, or sorts them. */
static int add_constraint(struct lint_pod *pod, const struct manifest_node *node, const char *what,
	const char *key, struct lint_finding **ret)
{
	bool named = strcmp(key, HOSTNAME) == 0 || strcmp(key, "metadata.name") == 0;

	return lint_add(pod, &(struct lint_site){node, FINDING_NODE_PINNED, key, fix_affinity},
		named ? LINT_WARNING : LINT_NOTE, ret,
		named ? "%s ties the pod to certain nodes by %s: when they are not there, it stays "
			"Pending"
		      : "%s requires %s: where it is only a preference, the pod stays Pending "
			"needlessly",
		what, key);
}

/* The same as a preference, for a pod that has no affinity yet. `host` as it is written in quotes.
 */
static enum edit_outcome prefer_host(
	const struct lint_pod *pod, const char *host, struct edits *edits)
{
	cleanup_free char *values = NULL, *flow = NULL;
	const char *lines[] = {
		"affinity:",
		"  nodeAffinity:",
		"    preferredDuringSchedulingIgnoredDuringExecution:",
		"    - weight: 100",
		"      preference:",
		"        matchExpressions:",
		"        - key: " HOSTNAME,
		"          operator: In",
		NULL,
	};

	values = strformat("          values: [%s]", host);
	if (!values)
		return EDIT_NO_MEMORY;
	flow = strformat("\"affinity\": {\"nodeAffinity\": "
			 "{\"preferredDuringSchedulingIgnoredDuringExecution\": [{\"weight\": 100, "
			 "\"preference\": {\"matchExpressions\": [{\"key\": \"" HOSTNAME
			 "\", \"operator\": \"In\", \"values\": [%s]}]}}]}}",
		host);
	if (!flow)
		return EDIT_NO_MEMORY;
	lines[ARRAY_SIZE(lines) - 1] = values;
	return edit_replace_pair(&pod->source, edits, manifest_follow(pod->pod->workload->spec),
		"nodeSelector", &(struct edit_lines){lines, ARRAY_SIZE(lines), flow});
}

/* A node's name has nothing in it that quotes would have to hide. */
static bool is_host_name(const char *text)
{
	return text && *text &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(text);
}

static int fixable_selector(
	struct lint_pod *pod, const struct manifest_node *selector, struct lint_finding *finding)
{
	const char *host = manifest_text(manifest_get(selector, HOSTNAME));
	cleanup_free char *quoted = NULL;

	if (!finding || selector->n != 1 || !is_host_name(host) ||
		manifest_pair(pod->pod->workload->spec, "affinity"))
		return 0;
	quoted = strformat("\"%s\"", host);
	if (!quoted)
		return -ENOMEM;
	return lint_outcome(finding, prefer_host(pod, quoted, &finding->edits));
}

static int check_selector(struct lint_pod *pod)
{
	const struct manifest_node *node = manifest_get(pod->pod->workload->spec, "nodeSelector");
	int r = 0;

	if (!node || node->kind != MANIFEST_MAPPING)
		return 0;
	for (size_t i = 0; r == 0 && i < node->n; i++) {
		const char *key = node->pairs[i].key->text;
		struct lint_finding *finding = NULL;

		if (is_platform(key))
			continue;
		r = add_constraint(pod, node->pairs[i].key, "nodeSelector", key, &finding);
		if (r == 0 && strcmp(key, HOSTNAME) == 0)
			r = fixable_selector(pod, node, finding);
	}
	return r;
}

static int check_name(struct lint_pod *pod)
{
	const struct manifest_node *node = manifest_get(pod->pod->workload->spec, "nodeName");

	return node ? add_constraint(pod, node, "nodeName", "metadata.name", NULL) : 0;
}

static int check_terms(struct lint_pod *pod, const struct manifest_node *term, const char *list)
{
	const struct manifest_node *expressions = manifest_get(term, list);
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest_count(expressions); i++) {
		const struct manifest_node *key =
			manifest_get(manifest_item(expressions, i), "key");
		const char *text = manifest_text(key);

		if (text && !is_platform(text))
			r = add_constraint(pod, key,
				"requiredDuringSchedulingIgnoredDuringExecution", text, NULL);
	}
	return r;
}

static int check_affinity(struct lint_pod *pod)
{
	const struct manifest_node *terms = manifest_find(pod->pod->workload->spec,
		"affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
		"nodeSelectorTerms");
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest_count(terms); i++) {
		r = check_terms(pod, manifest_item(terms, i), "matchExpressions");
		if (r == 0)
			r = check_terms(pod, manifest_item(terms, i), "matchFields");
	}
	return r;
}

int lint_node(struct lint_pod *pod)
{
	int r;

	/* A DaemonSet's pods are one for each node that it names. */
	if ((pod->request.n_mounts == 0 && !pod->pod->workload->fragment) ||
		strcmp(pod->pod->workload->kind, "DaemonSet") == 0)
		return 0;
	r = check_selector(pod);
	if (r == 0)
		r = check_name(pod);
	return r < 0 ? r : check_affinity(pod);
}
