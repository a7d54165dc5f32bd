/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The topology record of a pod: schema fuse-sidecar.io/topology/v1 (docs/topology.schema.json,
 * design section 8), as a model and as JSON. Reading and writing files is hook/record's.
 */
#ifndef FSH_POLICY_RECORD_TOPOLOGY_H
#define FSH_POLICY_RECORD_TOPOLOGY_H

#include "oci/base/error.h"
#include "oci/base/strv.h"
#include "oci/spec/spec.h"
#include "policy/record/finding.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TOPOLOGY_SCHEMA "fuse-sidecar.io/topology/v1"

enum role {
	ROLE_INACTIVE, /* the pod is not annotated */
	ROLE_BYSTANDER,
	ROLE_CONSUMER,
	ROLE_PROVIDER,
};

/* State of a FUSE path, design section 2. */
enum path_state {
	PATH_UNKNOWN, /* not looked at */
	PATH_ABSENT,
	PATH_LIVE,
	PATH_DEAD,
	PATH_HUNG,
};

/* A directory of the host that holds FUSE paths of the pod. */
struct topology_volume {
	char *host_path; /* the source of the container mount; key */
	char *anchor; /* host directory whose mount is shared: host_path, or a mountpoint below it
		       */
	char *fstype;
	int mount_id;		  /* of the mount at or above the anchor, after the hook */
	uint64_t mount_id_unique; /* STATX_MNT_ID_UNIQUE (kernel 6.8); 0 where unknown */
	int peer_group;		  /* 0: not shared */
	bool bound_by_hook;  /* the mount at the anchor is a bind that a hook made: undone at the
				pod's end */
	bool shared_by_hook; /* a hook made that mount shared */
};

struct topology_path {
	char *provider;	 /* container name or PROVIDER_NODE */
	char *path;	 /* FUSE path; key */
	char *host_path; /* NULL while unknown (no container that mounts the volume was seen yet) */
	char *volume;	 /* host_path of its topology_volume; NULL while unknown */
	enum path_state state;
	char *device;		  /* "major:minor" of the FUSE mount, NULL without one */
	int mount_id;		  /* of that mount on the host; 0 without one */
	uint64_t mount_id_unique; /* as of a volume */
	bool own_mount; /* it was seen to answer while an allowed provider of this pod ran, and was
			   not there before that one */
	uint64_t since_usec;	 /* CLOCK_REALTIME, when `state` was first seen; 0 unknown */
	uint64_t hung_boot_usec; /* CLOCK_BOOTTIME, the same of PATH_HUNG, which no change of the
				    wall clock touches; else 0 */
	int64_t instances;	 /* provider instances created so far */
	int64_t heals;		 /* dead mounts detached so far */
	uint64_t last_heal_usec; /* CLOCK_REALTIME; 0: never */
};

/* A container's mount of a volume. */
struct topology_mount {
	char *destination; /* in the container */
	char *source;	   /* on the host */
	enum propagation declared;
	enum propagation effective;	  /* UNSET where not seen */
	int mount_id, peer_group, master; /* in the container's mount table; 0 without */
};

enum container_status {
	CONTAINER_CREATED, /* the hook let it go on */
	CONTAINER_DENIED,
	CONTAINER_WAITING, /* its creation waits at the gate */
};

struct topology_container {
	char *name; /* key, with the newest id */
	char *id;
	enum role role;
	enum container_status status;
	pid_t pid;		  /* of the container's init on the host */
	uint64_t pid_start_ticks; /* field 22 of /proc/PID/stat, clock ticks since boot */
	int64_t instance;	  /* 1 for the first container of that name in this record */
	int64_t restart_count;
	bool fuse_device, privileged;
	int64_t memory_limit;	       /* bytes, 0 none */
	int64_t cpu_quota, cpu_period; /* microseconds, 0 none */
	struct strv rc_addresses;
	struct topology_mount *mounts;
	size_t n_mounts;
	struct findings findings; /* of its last check */
	int64_t omitted;	  /* findings, mounts, places that the record had no room for */
};

/* A hop of a FUSE mount's way: from a provider to the host, from the host to a container. */
struct topology_edge {
	char *path;	       /* FUSE path */
	char *from, *to;       /* "container/NAME" or "host" */
	enum propagation kind; /* SHARED: both ways, SLAVE: one way */
	bool proven;	       /* read from mount tables, not only declared */
};

struct topology {
	char *pod_name, *pod_namespace, *pod_uid;
	char *sandbox_id;	    /* may be NULL */
	uint64_t updated_usec;	    /* CLOCK_REALTIME */
	int64_t containers_omitted; /* refused ones that the record had no room for */
	struct topology_volume *volumes;
	size_t n_volumes;
	struct topology_path *paths;
	size_t n_paths;
	struct topology_container *containers;
	size_t n_containers;
	struct topology_edge *edges;
	size_t n_edges;
};

/* Published names: "inactive", "live", "created"… Static storage. */
const char *role_name(enum role role);
const char *path_state_name(enum path_state state);
const char *container_status_name(enum container_status status);

/* Lookups; borrowed until the next element of that kind is added or removed, NULL where there is
 * none. */
struct topology_volume *topology_volume(const struct topology *topology, const char *host_path);
struct topology_path *topology_path(const struct topology *topology, const char *path);
struct topology_container *topology_container(const struct topology *topology, const char *name);
struct topology_container *topology_container_by_id(
	const struct topology *topology, const char *id);

/* The element of that key, added (all else zero) where there is none; borrowed as from a lookup.
 * NULL without memory. */
struct topology_volume *topology_ensure_volume(struct topology *topology, const char *host_path);
struct topology_path *topology_ensure_path(struct topology *topology, const char *path);
struct topology_container *topology_ensure_container(struct topology *topology, const char *name);
/* Whether the hook has let it go on, and not only because the policy's mode is audit: the record
 * says neither that it is denied nor that anything was found that denies. NULL: no. */
bool topology_container_is_allowed(const struct topology_container *container);
/* Whether the mount with that device ("0:55") and those ids is the one that the record has of the
 * path. `unique` is 0 where the kernel tells none; where it tells one, the record has to have it.
 */
bool topology_path_is_mount(
	const struct topology_path *path, const char *device, int id, uint64_t unique);
/* Drop that container and every edge from or to it. */
void topology_remove_container(struct topology *topology, const char *name);
/* Drop the first container that was denied, and count it. False where there is none. */
bool topology_remove_refused(struct topology *topology);
/* Drop the path at that index. */
void topology_remove_path(struct topology *topology, size_t index);
/* Whether it is an edge from or to "container/NAME". */
bool topology_edge_is_of(const struct topology_edge *edge, const char *name);
/* Drop every edge from or to "container/NAME". */
void topology_remove_edges(struct topology *topology, const char *name);
/* Append an edge; strings are copied, `kind` is SHARED or SLAVE. 0 or -ENOMEM. */
int topology_add_edge(struct topology *topology, const char *path, const char *from, const char *to,
	enum propagation kind, bool proven);

/*
 * Parse a record. Errors: -EINVAL (malformed), -EPROTONOSUPPORT (another schema), with
 * FINDING_HOST_IO; `name` is the file for messages. Unknown members are ignored, so that a newer
 * minor writer can be read. `ret` is owned by the caller.
 */
int topology_parse(
	const char *data, size_t size, const char *name, struct topology *ret, struct error *err);
/* The record as JSON text with a final newline, owned by the caller; NULL without memory. */
char *topology_format(const struct topology *topology);
void topology_clear(struct topology *topology);
void topology_container_clear(struct topology_container *container);
void topology_container_clear_mounts(struct topology_container *container);
void topology_volume_clear(struct topology_volume *volume);

#define cleanup_topology __attribute__((cleanup(topology_clear)))

#endif
