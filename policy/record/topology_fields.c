/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables behind both directions. A member that was forgotten in one of two functions would be
 * lost with the first hook that writes the record again.
 */
#include "policy/record/topology_fields.h"

#include "oci/base/cleanup.h"

_Static_assert(sizeof(pid_t) == sizeof(int), "TYPE_INT is used for process ids");

#define FIELD(type, member, key, kind, presence)                                                   \
	{                                                                                          \
		key, TYPE_##kind, presence, offsetof(struct type, member)                          \
	}

static const struct field pod_fields[] = {
	FIELD(topology, pod_name, "name", STRING, REQUIRED),
	FIELD(topology, pod_namespace, "namespace", STRING, REQUIRED),
	FIELD(topology, pod_uid, "uid", STRING, REQUIRED),
	FIELD(topology, sandbox_id, "sandboxId", STRING, OPTIONAL),
};

static const struct field top_fields[] = {
	FIELD(topology, updated_usec, "updated", TIME, OPTIONAL),
	FIELD(topology, containers_omitted, "containersOmitted", INT64, OPTIONAL),
};

static const struct field volume_fields[] = {
	FIELD(topology_volume, host_path, "hostPath", STRING, REQUIRED),
	FIELD(topology_volume, anchor, "anchor", STRING, OPTIONAL),
	FIELD(topology_volume, fstype, "fsType", STRING, OPTIONAL),
	FIELD(topology_volume, mount_id, "mountId", INT, OPTIONAL),
	FIELD(topology_volume, mount_id_unique, "mountIdUnique", UINT64, OPTIONAL),
	FIELD(topology_volume, peer_group, "peerGroup", INT, OPTIONAL),
	FIELD(topology_volume, bound_by_hook, "boundByHook", BOOL, ALWAYS),
	FIELD(topology_volume, shared_by_hook, "sharedByHook", BOOL, ALWAYS),
};

static const struct field path_fields[] = {
	FIELD(topology_path, provider, "provider", STRING, REQUIRED),
	FIELD(topology_path, path, "path", STRING, REQUIRED),
	FIELD(topology_path, host_path, "hostPath", STRING, OPTIONAL),
	FIELD(topology_path, volume, "volumeRoot", STRING, OPTIONAL),
	FIELD(topology_path, state, "state", STATE, ALWAYS),
	FIELD(topology_path, device, "device", STRING, OPTIONAL),
	FIELD(topology_path, mount_id, "mountId", INT, OPTIONAL),
	FIELD(topology_path, mount_id_unique, "mountIdUnique", UINT64, OPTIONAL),
	FIELD(topology_path, own_mount, "ownMount", BOOL, ALWAYS),
	FIELD(topology_path, since_usec, "since", TIME, OPTIONAL),
	FIELD(topology_path, hung_boot_usec, "hungSinceBootUsec", UINT64, OPTIONAL),
	FIELD(topology_path, instances, "instances", INT64, ALWAYS),
	FIELD(topology_path, heals, "heals", INT64, ALWAYS),
	FIELD(topology_path, last_heal_usec, "lastHeal", TIME, OPTIONAL),
};

static const struct field container_fields[] = {
	FIELD(topology_container, name, "name", STRING, REQUIRED),
	FIELD(topology_container, id, "id", STRING, OPTIONAL),
	FIELD(topology_container, role, "role", ROLE, ALWAYS),
	FIELD(topology_container, status, "status", STATUS, ALWAYS),
	FIELD(topology_container, pid, "pid", INT, OPTIONAL),
	FIELD(topology_container, pid_start_ticks, "pidStartTicks", UINT64, OPTIONAL),
	FIELD(topology_container, instance, "instance", INT64, ALWAYS),
	FIELD(topology_container, restart_count, "restartCount", INT64, ALWAYS),
	FIELD(topology_container, fuse_device, "fuseDevice", BOOL, ALWAYS),
	FIELD(topology_container, privileged, "privileged", BOOL, ALWAYS),
	FIELD(topology_container, rc_addresses, "rcAddresses", STRV, ALWAYS),
	FIELD(topology_container, omitted, "omitted", INT64, OPTIONAL),
};

static const struct field limit_fields[] = {
	FIELD(topology_container, memory_limit, "memoryBytes", INT64, OPTIONAL),
	FIELD(topology_container, cpu_quota, "cpuQuotaUsec", INT64, OPTIONAL),
	FIELD(topology_container, cpu_period, "cpuPeriodUsec", INT64, OPTIONAL),
};

static const struct field mount_fields[] = {
	FIELD(topology_mount, destination, "destination", STRING, REQUIRED),
	FIELD(topology_mount, source, "source", STRING, OPTIONAL),
	FIELD(topology_mount, declared, "declaredPropagation", PROPAGATION, OPTIONAL),
	FIELD(topology_mount, effective, "effectivePropagation", PROPAGATION, OPTIONAL),
	FIELD(topology_mount, mount_id, "mountId", INT, OPTIONAL),
	FIELD(topology_mount, peer_group, "peerGroup", INT, OPTIONAL),
	FIELD(topology_mount, master, "master", INT, OPTIONAL),
};

static const struct field finding_fields[] = {
	FIELD(finding, code, "code", CODE, REQUIRED),
	FIELD(finding, severity, "severity", SEVERITY, REQUIRED),
	FIELD(finding, subject, "subject", STRING, ALWAYS),
	FIELD(finding, message, "message", STRING, ALWAYS),
	FIELD(finding, fix, "fix", STRING, ALWAYS),
};

static const struct field edge_fields[] = {
	FIELD(topology_edge, path, "path", STRING, REQUIRED),
	FIELD(topology_edge, from, "from", STRING, REQUIRED),
	FIELD(topology_edge, to, "to", STRING, REQUIRED),
	FIELD(topology_edge, kind, "kind", PROPAGATION, REQUIRED),
	FIELD(topology_edge, proven, "proven", BOOL, ALWAYS),
};

#define TABLE(fields)                                                                              \
	{                                                                                          \
		fields, ARRAY_SIZE(fields)                                                         \
	}

const struct field_table topology_pod_fields = TABLE(pod_fields);
const struct field_table topology_top_fields = TABLE(top_fields);
const struct field_table topology_volume_fields = TABLE(volume_fields);
const struct field_table topology_path_fields = TABLE(path_fields);
const struct field_table topology_container_fields = TABLE(container_fields);
const struct field_table topology_limit_fields = TABLE(limit_fields);
const struct field_table topology_mount_fields = TABLE(mount_fields);
const struct field_table topology_finding_fields = TABLE(finding_fields);
const struct field_table topology_edge_fields = TABLE(edge_fields);

const char *field_value_name(enum field_type type, unsigned int value)
{
	switch (type) {
	case TYPE_ROLE:
		return value <= ROLE_PROVIDER ? role_name((enum role)value) : NULL;
	case TYPE_STATE:
		return value <= PATH_HUNG ? path_state_name((enum path_state)value) : NULL;
	case TYPE_STATUS:
		return value <= CONTAINER_WAITING
			       ? container_status_name((enum container_status)value)
			       : NULL;
	case TYPE_PROPAGATION:
		return value <= PROPAGATION_UNBINDABLE ? propagation_name((enum propagation)value)
						       : NULL;
	case TYPE_CODE:
		return value < FINDING_CODE_COUNT ? code_name((enum finding_code)value) : NULL;
	case TYPE_SEVERITY:
		return value <= SEVERITY_DENY ? severity_name((enum severity)value) : NULL;
	case TYPE_STRING:
	case TYPE_STRV:
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_INT64:
	case TYPE_UINT64:
	case TYPE_TIME:
		break;
	}
	return NULL;
}
