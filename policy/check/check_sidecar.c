/* SPDX-License-Identifier: Apache-2.0 */
/* What a well-made sidecar pod looks like: least privilege, ports, limits, command lines. */
#include "policy/check/checks.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/check/capabilities.h"
#include "policy/check/rclone.h"
#include <string.h>

#define cleanup_rclone __attribute__((cleanup(rclone_command_clear)))
#define cleanup_rc_address __attribute__((cleanup(rc_address_clear)))

static const struct target *sidecar_find_bidirectional(const struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->items[i];

		if (target->mount && target->mount->propagation == PROPAGATION_SHARED)
			return target;
	}
	return NULL;
}

static int check_least_privilege(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	const struct target *bidirectional = sidecar_find_bidirectional(targets);
	const char *name = facts->identity->container_name;
	int r = 0;

	if (bidirectional)
		r = findings_add(findings, facts->config, FINDING_CONSUMER_BIDIRECTIONAL,
			bidirectional->mount->destination,
			"set mountPropagation: HostToContainer on its volumeMount",
			"container %s only reads %s, and its volume at %s is shared in both "
			"directions: what it mounts there appears on the host",
			name, bidirectional->request->path, bidirectional->mount->destination);
	if (r == 0 && capabilities_privileged(facts->spec))
		r = findings_add(findings, facts->config, FINDING_CONSUMER_PRIVILEGED, name,
			"remove securityContext.privileged from it",
			"container %s is privileged: a consumer of FUSE mounts does not need that",
			name);
	return r;
}

static int check_limits(const struct facts *facts, struct findings *findings)
{
	const struct spec *spec = facts->spec;
	const char *missing = "memory and CPU", *fix = "set resources.limits.memory and .cpu";

	if (spec->has_memory_limit && spec->has_cpu_limit)
		return 0;
	if (spec->has_cpu_limit) {
		missing = "memory";
		fix = "set resources.limits.memory";
	} else if (spec->has_memory_limit) {
		missing = "CPU";
		fix = "set resources.limits.cpu";
	}
	return findings_add(findings, facts->config, FINDING_LIMITS_MISSING,
		facts->identity->container_name, fix,
		"container %s does not limit its %s: a busy rclone can starve the node",
		facts->identity->container_name, missing);
}

/* True where an address of another container of the record would be in the way. 0 or -ENOMEM. */
static int sidecar_is_taken(const struct facts *facts, const struct rc_address *address, bool *ret)
{
	const struct topology *topology = facts->topology;

	*ret = false;
	for (size_t i = 0; i < topology->n_containers; i++) {
		const struct strv *texts = &topology->containers[i].rc_addresses;

		for (size_t j = 0; j < texts->n; j++) {
			cleanup_rc_address struct rc_address other = {0};
			int r = rc_address_parse(texts->items[j], &other);

			if (r == -ENOMEM)
				return r;
			if (r == 0 && rc_address_conflicts(address, &other))
				*ret = true;
		}
	}
	return 0;
}

/* A port that is free in the pod, to name in the fix; 0 where there is none. 0 or -ENOMEM. */
static int find_free_port(const struct facts *facts, unsigned int taken, unsigned int *ret)
{
	char any[] = "";

	*ret = 0;
	for (unsigned int port = taken + 1; port <= UINT16_MAX; port++) {
		const struct rc_address address = {.host = any, .port = port};
		bool used;
		int r = sidecar_is_taken(facts, &address, &used);

		if (r < 0)
			return r;
		if (!used) {
			*ret = port;
			return 0;
		}
	}
	return 0;
}

static int add_rc_conflict(const struct facts *facts, const struct rc_address *address,
	const struct topology_container *other, const char *theirs, struct findings *findings)
{
	const char *name = facts->identity->container_name;
	cleanup_free char *fix = NULL;
	unsigned int port;
	int r = find_free_port(facts, address->port, &port);

	if (r < 0)
		return r;
	fix = strformat("give container %s another port: --rc-addr=:%u", name, port);
	if (!fix)
		return -ENOMEM;
	/* A container that was not let start is in nobody's way yet, and must not keep the one that
	 * runs from being restarted. */
	return findings_add_capped(findings, facts->config, FINDING_RC_PORT_CONFLICT,
		other->status == CONTAINER_DENIED ? SEVERITY_WARN : SEVERITY_DENY, address->text,
		fix,
		"the remote control of container %s listens on %s and that of container %s on %s: "
		"the containers of a pod share one network, and only one can have port %u",
		name, address->text, other->name, theirs, address->port);
}

static int check_address(const struct facts *facts, const struct rc_address *address,
	const struct topology_container *other, struct findings *findings)
{
	for (size_t i = 0; i < other->rc_addresses.n; i++) {
		const char *text = other->rc_addresses.items[i];
		cleanup_rc_address struct rc_address theirs = {0};
		int r = rc_address_parse(text, &theirs);

		if (r == 0 && rc_address_conflicts(address, &theirs))
			r = add_rc_conflict(facts, address, other, text, findings);
		/* A record that says nonsense says nothing. */
		if (r < 0 && r != -EINVAL)
			return r;
	}
	return 0;
}

static int check_ports(
	const struct facts *facts, const struct rclone_command *rclone, struct findings *findings)
{
	const struct topology *topology = facts->topology;

	for (size_t i = 0; topology && i < topology->n_containers; i++) {
		const struct topology_container *other = &topology->containers[i];

		if (strcmp(other->name, facts->identity->container_name) == 0)
			continue;
		for (size_t j = 0; j < rclone->n_addresses; j++) {
			int r = check_address(facts, &rclone->addresses[j], other, findings);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static const struct target *sidecar_find_path(const struct targets *targets, const char *path)
{
	for (size_t i = 0; i < targets->n; i++)
		if (strcmp(targets->items[i].request->path, path) == 0)
			return &targets->items[i];
	return NULL;
}

/*
 * Scan the command line, reading it in the light of the annotation: where one of the annotated
 * paths stands in it, the container's own first, that is what it mounts.
 */
static int sidecar_scan(
	const struct facts *facts, const struct targets *targets, struct rclone_command *ret)
{
	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < targets->n; i++) {
			const struct target *target = &targets->items[i];
			cleanup_rclone struct rclone_command command = {0};
			int r;

			if ((target->relation == TARGET_PROVIDES) != own)
				continue;
			r = rclone_scan(facts->spec, target->request->path, &command);
			if (r < 0)
				return r;
			if (!command.mount_path ||
				strcmp(command.mount_path, target->request->path) != 0)
				continue;
			*ret = command;
			command = (struct rclone_command){0};
			return 0;
		}
	}
	return rclone_scan(facts->spec, NULL, ret);
}

static int check_mountpoint(const struct facts *facts, const struct targets *targets,
	const struct rclone_command *rclone, struct findings *findings)
{
	const struct target *provided = targets_first(targets, TARGET_PROVIDES);
	const struct target *named;
	const char *name = facts->identity->container_name;

	if (!rclone->is_mount || !rclone->mount_path)
		return 0;
	named = sidecar_find_path(targets, rclone->mount_path);
	if (named && named->relation == TARGET_PROVIDES)
		return 0;
	if (named)
		return findings_add(findings, facts->config, FINDING_MOUNTPOINT_MISMATCH,
			rclone->mount_path,
			"name the container that mounts the path in " ANNOTATION_MOUNTS,
			"container %s runs rclone mount on %s, which %s gives to %s", name,
			rclone->mount_path, ANNOTATION_MOUNTS, named->request->provider);
	if (!provided)
		return 0;
	return findings_add(findings, facts->config, FINDING_MOUNTPOINT_MISMATCH,
		rclone->mount_path,
		"let the path in " ANNOTATION_MOUNTS " and rclone's argument be the same",
		"container %s runs rclone mount on %s, and %s says %s", name, rclone->mount_path,
		ANNOTATION_MOUNTS, provided->request->path);
}

int check_sidecar(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	cleanup_rclone struct rclone_command rclone = {0};
	enum role role = targets_role(targets);
	int r = 0;

	if (role == ROLE_CONSUMER)
		r = check_least_privilege(facts, targets, findings);
	if (r == 0)
		r = sidecar_scan(facts, targets, &rclone);
	if (r == 0)
		r = check_ports(facts, &rclone, findings);
	if (r == 0 && role == ROLE_PROVIDER)
		r = check_limits(facts, findings);
	return r < 0 ? r : check_mountpoint(facts, targets, &rclone, findings);
}
