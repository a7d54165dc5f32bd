/* SPDX-License-Identifier: Apache-2.0 */
/* What the pod may ask of this node's hook. */
#include "policy/check/checks.h"

#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/strformat.h"
#include <string.h>

static int authority_check_namespace(const struct facts *facts, struct findings *findings)
{
	const char *name = facts->identity->pod_namespace;

	if (config_allows_namespace(facts->config, name))
		return 0;
	return findings_add(findings, facts->config, FINDING_NAMESPACE_NOT_ALLOWED, name,
		"let the node's policy.json allow the namespace",
		"the node's policy does not let pods of namespace %s use the hook", name);
}

static int check_wait(const struct facts *facts, struct findings *findings)
{
	cleanup_free char *asked = NULL, *most = NULL, *fix = NULL;
	const uint64_t limit = facts->config->gate_max_usec;

	if (!facts->request->has_wait || facts->request->wait_usec <= limit)
		return 0;
	asked = duration_format(facts->request->wait_usec);
	most = duration_format(limit);
	if (!asked || !most)
		return -ENOMEM;
	fix = strformat("set it to %s or less", most);
	if (!fix)
		return -ENOMEM;
	return findings_add(findings, facts->config, FINDING_ANNOTATION_INVALID, ANNOTATION_WAIT,
		fix, "%s: %s is longer than the node's gate.max: expected 0s to %s",
		ANNOTATION_WAIT, asked, most);
}

static int check_grant(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	const struct target *target = targets_first(targets, TARGET_PROVIDES);

	if (!facts->request->grant || !target)
		return 0;
	return findings_add(findings, facts->config, FINDING_GRANT_NOT_ALLOWED,
		ANNOTATION_PROPAGATION,
		"set mountPropagation: Bidirectional on the provider's volumeMount in place of the "
		"annotation",
		"%s: grant: container %s asks for shared propagation for %s, which this version of "
		"the hook does not grant",
		ANNOTATION_PROPAGATION, facts->identity->container_name, target->request->path);
}

static int check_node_mount(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	if (config_prefix_of(&facts->config->node_mounts, target->host_path))
		return 0;
	return findings_add(findings, facts->config, FINDING_PATH_OUTSIDE_ROOTS, target->host_path,
		"add the host path to nodeMounts in the node's policy.json",
		"%s=%s is %s on the host, which is not below any of the policy's nodeMounts",
		PROVIDER_NODE, target->request->path, target->host_path);
}

static int authority_check_root(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	if (config_prefix_of(&facts->config->roots, target->volume))
		return 0;
	return findings_add(findings, facts->config, FINDING_PATH_OUTSIDE_ROOTS, target->volume,
		"add the host path to roots in the node's policy.json",
		"the volume of %s is %s on the host, which is not below any of the policy's roots",
		target->request->path, target->volume);
}

/* Once for each volume. */
static bool is_repeat(const struct targets *targets, size_t index)
{
	const struct target *target = &targets->items[index];

	for (size_t i = 0; i < index; i++) {
		const struct target *earlier = &targets->items[i];

		if (earlier->relation == target->relation && !earlier->request->node &&
			earlier->volume && strcmp(earlier->volume, target->volume) == 0)
			return true;
	}
	return false;
}

static int check_roots(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	const bool provider = targets_role(targets) == ROLE_PROVIDER;

	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->items[i];
		int r = 0;

		/* What a provider sees of others is nothing that the hook would act on. */
		if (target->relation == TARGET_NONE || !target->volume ||
			(target->relation == TARGET_PROVIDES) != provider)
			continue;
		if (target->request->node)
			r = check_node_mount(facts, target, findings);
		else if (!is_repeat(targets, i))
			r = authority_check_root(facts, target, findings);
		if (r < 0)
			return r;
	}
	return 0;
}

int check_authority(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	int r = authority_check_namespace(facts, findings);

	if (r == 0)
		r = check_wait(facts, findings);
	if (r == 0)
		r = check_grant(facts, targets, findings);
	return r < 0 ? r : check_roots(facts, targets, findings);
}
