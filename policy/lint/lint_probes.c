/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes. A sidecar whose mount has died while its process lives on is restarted by a liveness
 * probe that looks at the mount; the hook then clears the dead mount away. The main container has
 * no part in that: its own restart fixes nothing.
 */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"

#include <stdio.h>
#include <string.h>

/* True where a word of the probe's command has the path in it. */
static bool names_path(const struct manifest_node *probe, const char *path)
{
	const struct manifest_node *command = manifest_find(probe, "exec.command");

	for (size_t i = 0; i < manifest_count(command); i++) {
		const char *word = manifest_text(manifest_item(command, i));

		if (word && strstr(word, path))
			return true;
	}
	return false;
}

static const char *probes_find_path(
	const struct lint_pod *pod, const struct pod_container *container)
{
	for (size_t i = 0; i < pod->request.n_mounts; i++)
		if (strcmp(pod->request.mounts[i].provider, container->name) == 0)
			return pod->request.mounts[i].path;
	return "";
}

/* A probe by exec of a daemon whose path is not known may look at anything. */
static bool probes_reads_mount(const struct lint_pod *pod, const struct lint_container *container,
	const struct manifest_node *probe)
{
	if (container->vague)
		return manifest_get(probe, "exec");
	for (size_t i = 0; i < pod->request.n_mounts; i++)
		if (strcmp(pod->request.mounts[i].provider, container->pod->name) == 0 &&
			!names_path(probe, pod->request.mounts[i].path))
			return false;
	return true;
}

/* What to add; NULL without memory. */
static char *probes_suggest(const struct lint_pod *pod, const struct lint_container *container)
{
	if (container->vague)
		return strdup("let a livenessProbe look at the mount");
	return strformat("give it a livenessProbe with exec.command: [stat, \"%s\"]",
		probes_find_path(pod, container->pod));
}

static int probes_check_provider(struct lint_pod *pod, const struct lint_container *container)
{
	const struct manifest_pair *pair = manifest_pair(container->pod->node, "livenessProbe");
	const struct manifest_node *probe = manifest_get(container->pod->node, "livenessProbe");
	cleanup_free char *fix = NULL;

	if (probe && probes_reads_mount(pod, container, probe))
		return 0;
	fix = probes_suggest(pod, container);
	if (!fix)
		return -ENOMEM;
	return lint_add(pod,
		&(struct lint_site){pair && probe ? pair->key : lint_name_of(container->pod),
			FINDING_PROBE_MISSING, container->pod->name, fix},
		LINT_NOTE, NULL, "container %s does not have a livenessProbe%s: %s",
		container->pod->name, probe ? " that looks at its mount" : "",
		manifest_get(container->pod->node, "readinessProbe")
			? "a readinessProbe restarts nothing when the mount dies"
			: "when its mount dies and the process does not, nothing restarts it");
}

static int probes_check_consumer(struct lint_pod *pod, const struct lint_container *container)
{
	const struct manifest_pair *pair = manifest_pair(container->pod->node, "livenessProbe");
	const struct manifest_node *probe = manifest_get(container->pod->node, "livenessProbe");

	for (size_t i = 0; pair && i < container->targets.n; i++) {
		const struct target *target = &container->targets.items[i];

		if (target->relation != TARGET_SEES || !names_path(probe, target->seen_path))
			continue;
		return lint_add(pod,
			&(struct lint_site){pair->key, FINDING_PROBE_ON_MOUNT, target->seen_path,
				"put such a probe on the sidecar, and let this one ask the "
				"application"},
			LINT_WARNING, NULL,
			"the livenessProbe of container %s reads %s: when that mount dies, the "
			"kubelet restarts %s, which does not help",
			container->pod->name, target->seen_path, container->pod->name);
	}
	return 0;
}

int lint_probes(struct lint_pod *pod)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod->n && pod->request.n_mounts > 0; i++) {
		const struct lint_container *container = &pod->containers[i];

		/* Of a part of a pod it cannot be said what it has not. */
		if (container->provides && !pod->pod->workload->fragment)
			r = probes_check_provider(pod, container);
		else if (!container->provides && !container->mounts)
			r = probes_check_consumer(pod, container);
	}
	return r;
}
