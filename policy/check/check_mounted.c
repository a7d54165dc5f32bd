/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted already where a provider is to mount. After a crash it would be dead, and the
 * hook's to detach: what answers belongs to another pod, to a former instance that still runs, or
 * to somebody unknown; over a dead one that is not the hook's the provider could not mount; one
 * that hangs is the policy's to judge.
 */
#include "policy/check/checks.h"

static int add_former(const struct facts *facts, const struct target *target,
	const struct mounted_path *found, struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_MOUNTPOINT_CONFLICT,
		target->request->path, "end that container: the kubelet tries again",
		"%s is mounted and answers: the former instance of %s still runs (pid %d)",
		target->request->path, target->request->provider, (int)found->former_pid);
}

static const char *in_words(const struct mounted_path *found)
{
	return found->state == PATH_DEAD ? "has a dead mount" : "is mounted and answers";
}

static int add_others(const struct facts *facts, const struct target *target,
	const struct mounted_path *found, struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_MOUNTPOINT_CONFLICT,
		target->request->path,
		"give each pod a directory of its own, or name the path @node in all pods but one",
		"%s %s: on the node it is %s, which belongs to %s", target->request->path,
		in_words(found), target->host_path, found->owner);
}

static int add_nobodys(const struct facts *facts, const struct target *target,
	const struct mounted_path *found, struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_MOUNTPOINT_CONFLICT,
		target->request->path,
		found->state == PATH_DEAD
			? "unmount it on the node (umount -l), or mount the volume read-write and "
			  "Bidirectional, in a privileged container"
			: "unmount it on the node, or choose another path",
		"%s %s: on the node it is %s, and no pod's record says whose mount that is",
		target->request->path, in_words(found), target->host_path);
}

static int add_hung(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_MOUNT_HUNG, target->request->path,
		"end the process that holds /dev/fuse for it, or set abortHungAfter in the node's "
		"policy",
		"the mount on %s does not answer: on the node it is %s", target->request->path,
		target->host_path);
}

int check_mounted_path(const struct facts *facts, const struct target *target,
	const struct mounted_path *found, struct findings *findings)
{
	if (found->state == PATH_HUNG)
		return add_hung(facts, target, findings);
	if (!mounted_is_anothers(found))
		return 0;
	if (found->former_pid > 0)
		return add_former(facts, target, found, findings);
	return found->owner ? add_others(facts, target, found, findings)
			    : add_nobodys(facts, target, found, findings);
}

int check_mounted(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	/* Whose it is hangs on what the container may do: one that is refused for that has no use
	 * for it. */
	if (findings_verdict(findings) == VERDICT_DENY)
		return 0;
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->items[i];
		const struct mounted_path *found =
			mounted_find(facts->mounted, target->request->path);
		int r = 0;

		if (target->relation == TARGET_PROVIDES && target->host_path && found)
			r = check_mounted_path(facts, target, found, findings);
		if (r < 0)
			return r;
	}
	return 0;
}
