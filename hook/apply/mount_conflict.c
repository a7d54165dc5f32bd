/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two mounts on one path hide each other, and who came first would lose its data's place without a
 * word: so the later one is refused, and told whose mount it is as far as records know.
 */
#include "hook/apply/mount_conflict.h"

#include "hook/apply/mount_owner.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/check/mounts.h"
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

/* Which other pod provides that directory, or has that mount; 0 with *ret_text NULL where none is
 * known to. */
static int name_other_pod(
	const struct run *run, const struct plan_step *step, char **ret_text, struct error *err)
{
	const struct mount_entry *mount = mounts_at(&run->node.host, step->host_path);
	struct mount_owner_question question = {.host_path = step->host_path};
	cleanup_mount_owner struct mount_owner owner = {0};
	char device[32], *text;
	int r;

	if (mount) {
		snprintf(device, sizeof(device), "%u:%u", mount->major, mount->minor);
		question.device = device;
	}
	r = mount_owner_find(run, &question, &owner, err);
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

static int add_former(const struct run *run, const struct plan_step *step,
	const struct topology_container *before, struct findings *findings)
{
	return findings_add(findings, &run->config, FINDING_MOUNTPOINT_CONFLICT, step->path,
		"end that container: the kubelet tries again",
		"%s is mounted and answers: the former instance of %s still runs (pid %d)",
		step->path, step->provider, (int)before->pid);
}

static const char *in_words(enum path_state state)
{
	return state == PATH_DEAD ? "has a dead mount" : "is mounted and answers";
}

static int add_others(const struct run *run, const struct plan_step *step, enum path_state state,
	const char *other, struct findings *findings)
{
	return findings_add(findings, &run->config, FINDING_MOUNTPOINT_CONFLICT, step->path,
		"give each pod a directory of its own, or name the path @node in all pods but one",
		"%s %s: on the node it is %s, which belongs to %s", step->path, in_words(state),
		step->host_path, other);
}

static int add_nobodys(const struct run *run, const struct plan_step *step, enum path_state state,
	struct findings *findings)
{
	return findings_add(findings, &run->config, FINDING_MOUNTPOINT_CONFLICT, step->path,
		state == PATH_DEAD ? "unmount it on the node (umount -l), or mount the volume "
				     "read-write and Bidirectional, in a privileged container"
				   : "unmount it on the node, or choose another path",
		"%s %s: on the node it is %s, and no pod's record says whose mount that is",
		step->path, in_words(state), step->host_path);
}

static int find(const struct run *run, const struct plan_step *step, enum path_state state,
	struct findings *findings, struct error *err)
{
	const struct topology_container *before = former(run, step);
	cleanup_free char *other = NULL;
	int r;

	if (before && state == PATH_LIVE) {
		r = add_former(run, step, before, findings);
	} else {
		r = name_other_pod(run, step, &other, err);
		if (r < 0)
			return r;
		r = other ? add_others(run, step, state, other, findings)
			  : add_nobodys(run, step, state, findings);
	}
	return r < 0 ? error_memory(err) : 0;
}

int mount_conflict_judge(
	struct run *run, const struct plan_step *step, enum path_state state, struct error *err)
{
	cleanup_findings struct findings findings = {0};
	const struct finding *finding;
	int r;

	r = find(run, step, state, &findings, err);
	if (r < 0 || findings.n == 0)
		return r;
	finding = &findings.items[0];
	if (finding->severity == SEVERITY_DENY && !run->config.audit_only)
		return error_set(err, -EBUSY, finding->code, finding->subject, finding->fix, "%s",
			finding->message);
	audit_findings(&run->audit, &findings, false);
	return findings_append(&run->judgement.findings, finding) < 0 ? error_memory(err) : 0;
}
