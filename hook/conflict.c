/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/conflict.h"

#include "hook/owner.h"
#include "hook/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include <stdio.h>
#include <string.h>

/* The instance before this one, where it still runs; NULL without. */
static const struct topology_container *former(const struct run *run, const struct plan_step *step)
{
	const struct topology_container *container =
		topology_container(&run->topology, step->provider);

	if (!container || !container->id ||
		strcmp(container->id, run->identity.container_id) == 0 ||
		!process_is_alive(container->pid, container->pid_start_ticks))
		return NULL;
	return container;
}

/* Which other pod provides that directory; 0 with *ret_text NULL where none is known to. */
static int name_other_pod(
	const struct run *run, const struct plan_step *step, char **ret_text, struct error *err)
{
	cleanup_owner struct owner owner = {0};
	char *text;
	int r;

	r = owner_find(run->runtime_fd, &run->topology, step->host_path, &owner, err);
	if (r < 0 || !owner.provider)
		return r;
	text = strformat("%s of the pod %s/%s", owner.provider,
		owner.pod_namespace ? owner.pod_namespace : "?",
		owner.pod_name ? owner.pod_name : "?");
	if (!text)
		return error_memory(err);
	*ret_text = text;
	return 0;
}

static int find(const struct run *run, const struct plan_step *step, struct findings *findings,
	struct error *err)
{
	const struct topology_container *before = former(run, step);
	cleanup_free char *other = NULL;
	enum finding_code code = FINDING_MOUNTPOINT_CONFLICT;
	int r;

	if (before) {
		r = findings_add(findings, &run->config, code, step->path,
			"end that container: the kubelet tries again",
			"%s is mounted and answers: the former instance of %s still runs (pid %d)",
			step->path, step->provider, (int)before->pid);
		return r < 0 ? error_memory(err) : 0;
	}
	r = name_other_pod(run, step, &other, err);
	if (r < 0)
		return r;
	if (other)
		r = findings_add(findings, &run->config, code, step->path,
			"give each pod a directory of its own, or name the path @node in all pods "
			"but one",
			"%s is mounted and answers: on the node it is %s, which belongs to %s",
			step->path, step->host_path, other);
	else
		r = findings_add(findings, &run->config, code, step->path,
			"unmount it on the node, or choose another path",
			"%s is mounted and answers: on the node it is %s, and no pod's record says "
			"whose mount that is",
			step->path, step->host_path);
	return r < 0 ? error_memory(err) : 0;
}

int conflict_judge(struct run *run, const struct plan_step *step, struct error *err)
{
	cleanup_findings struct findings findings = {0};
	const struct finding *finding;
	int r;

	r = find(run, step, &findings, err);
	if (r < 0 || findings.n == 0)
		return r;
	finding = &findings.items[0];
	if (finding->severity == SEVERITY_DENY && !run->config.audit_only)
		return error_set(err, -EBUSY, finding->code, finding->subject, finding->fix, "%s",
			finding->message);
	audit_findings(&run->audit, &findings, false);
	return findings_append(&run->judgement.findings, finding) < 0 ? error_memory(err) : 0;
}
