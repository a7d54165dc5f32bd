/* SPDX-License-Identifier: Apache-2.0 */
/* The proof that a FUSE mount will travel, as a finding where it fails. */
#include "policy/check/checks.h"

#include "policy/check/propagation_path.h"

static int add_host_private(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_HOST_NOT_SHARED, target->host_path,
		"make the host's mount shared (mount --make-shared) before the pod starts",
		"the host's mount at %s, which carries %s, is not shared: no mount travels through "
		"it",
		target->host_carrier->target, target->host_path);
}

static int add_container_private(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const char *name = facts->identity->container_name;
	const char *subject = target->mount->destination;

	if (target->relation == TARGET_PROVIDES)
		return findings_add(findings, facts->config, FINDING_PROVIDER_NOT_SHARED, subject,
			"set mountPropagation: Bidirectional on the provider's volumeMount",
			"in container %s the mount that carries %s is not shared: a FUSE mount "
			"made there never leaves the container",
			name, target->seen_path);
	return findings_add(findings, facts->config, FINDING_CONSUMER_NO_PROPAGATION, subject,
		"set mountPropagation: HostToContainer on the consumer's volumeMount",
		"in container %s the mount that carries %s receives nothing from the host: it "
		"would "
		"see an empty directory",
		name, target->seen_path);
}

static int add_mismatch(const struct facts *facts, const struct target *target, const char *why,
	struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_PEER_GROUP_MISMATCH,
		target->mount ? target->mount->destination : target->request->path,
		"delete the pod, so that its containers are created again on the shared mount",
		"a mount at %s on the host and %s in container %s do not reach each other: %s",
		target->host_path, target->seen_path, facts->identity->container_name, why);
}

static int add_separate_mounts(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const struct mount_entry *host = target->host_carrier;
	const struct mount_entry *container = target->container_carrier;

	return findings_add(findings, facts->config, FINDING_PEER_GROUP_MISMATCH,
		target->mount->destination,
		"delete the pod, so that its containers are created again on the shared mount",
		"a mount at %s on the host and %s in container %s do not reach each other: the "
		"host's mount is in peer group %d, the container's in %d with master %d",
		target->host_path, target->seen_path, facts->identity->container_name, host->shared,
		container->shared, container->master);
}

int check_propagation_path(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	enum propagation_path way;
	int r;

	if (target->relation != TARGET_PROVIDES && target->relation != TARGET_SEES)
		return 0;
	r = propagation_path_find(facts, target, &way);
	if (r < 0)
		return r;
	switch (way) {
	case PROPAGATION_UNKNOWN:
	case PROPAGATION_OPEN:
		return 0;
	case PROPAGATION_ABSENT:
		return add_mismatch(
			facts, target, "one of them is in no mount of its table", findings);
	case PROPAGATION_ELSEWHERE:
		return add_mismatch(facts, target, "they are not the same directory", findings);
	case PROPAGATION_HOST_PRIVATE:
		return add_host_private(facts, target, findings);
	case PROPAGATION_CONTAINER_PRIVATE:
		return add_container_private(facts, target, findings);
	case PROPAGATION_APART:
		return add_separate_mounts(facts, target, findings);
	}
	return 0;
}
