/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/topology_update.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/capabilities.h"
#include "policy/devices.h"
#include "policy/mounts.h"
#include "policy/rclone.h"
#include <stdio.h>
#include <string.h>

/* Replace an owned string by a copy; NULL stays NULL. 0 or -ENOMEM with the old one kept. */
static int set_text(char **text, const char *value)
{
	char *copy = NULL;

	if (value) {
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
	}
	free(*text);
	*text = copy;
	return 0;
}

static int note_pod(struct topology *topology, const struct identity *identity, uint64_t now_usec)
{
	topology->updated_usec = now_usec;
	if (set_text(&topology->pod_name, identity->pod_name) < 0 ||
		set_text(&topology->pod_namespace, identity->pod_namespace) < 0 ||
		set_text(&topology->pod_uid, identity->pod_uid) < 0)
		return -ENOMEM;
	return identity->sandbox_id ? set_text(&topology->sandbox_id, identity->sandbox_id) : 0;
}

/*
 * The key of the record's volume that a target lies in: the directory whose mount is shared, else
 * the volume root; NULL where neither is known. Borrowed.
 */
static const char *volume_key(const struct target *target)
{
	return target->anchor ? target->anchor : target->volume;
}

static int note_volume(struct topology *topology, const struct target *target)
{
	const struct mount_entry *carrier = target->host_carrier;
	const char *key = volume_key(target);
	struct topology_volume *volume;

	if (!key)
		return 0;
	volume = topology_ensure_volume(topology, key);
	if (!volume || set_text(&volume->anchor, key) < 0)
		return -ENOMEM;
	if (!carrier)
		return 0;
	/* A bind that was announced by a hook that was killed, and has not come. */
	if (volume->mount_id == 0 && !target->anchor_self_bind)
		volume->bound_by_hook = false;
	/* A hook's bind is known by its id: what has replaced it is none. */
	if (!volume->bound_by_hook || volume->mount_id == 0)
		volume->mount_id = carrier->id;
	volume->peer_group = carrier->shared;
	return set_text(&volume->fstype, carrier->fstype);
}

static int note_path(struct topology *topology, const struct target *target, bool new_instance)
{
	const char *key = volume_key(target);
	struct topology_path *path = topology_ensure_path(topology, target->request->path);

	if (!path || set_text(&path->provider, target->request->provider) < 0)
		return -ENOMEM;
	if (target->relation == TARGET_PROVIDES && new_instance)
		path->instances++;
	if (target->host_path && set_text(&path->host_path, target->host_path) < 0)
		return -ENOMEM;
	return key ? set_text(&path->volume, key) : 0;
}

static int note_mount(struct topology_container *container, const struct target *target)
{
	const struct mount_entry *entry = target->container_carrier;
	struct topology_mount *mount;

	for (size_t i = 0; i < container->n_mounts; i++) {
		if (strcmp(container->mounts[i].destination, target->mount->destination) == 0)
			return 0;
	}
	if (array_grow(&container->mounts, container->n_mounts, sizeof(*container->mounts)) < 0)
		return -ENOMEM;
	mount = &container->mounts[container->n_mounts];
	if (set_text(&mount->destination, target->mount->destination) < 0)
		return -ENOMEM;
	container->n_mounts++;
	mount->declared = target->mount->propagation;
	if (entry) {
		mount->effective = mounts_propagation(entry);
		mount->mount_id = entry->id;
		mount->peer_group = entry->shared;
		mount->master = entry->master;
	}
	return set_text(&mount->source, target->mount->source);
}

static int note_rc(struct topology_container *container, const struct spec *spec)
{
	struct rclone_command command = {0};
	int r = rclone_scan(spec, NULL, &command);

	strv_clear(&container->rc_addresses);
	for (size_t i = 0; r == 0 && i < command.n_addresses; i++)
		r = strv_add(&container->rc_addresses, command.addresses[i].text);
	rclone_command_clear(&command);
	return r;
}

static void clear_mounts(struct topology_container *container)
{
	for (size_t i = 0; i < container->n_mounts; i++) {
		free(container->mounts[i].destination);
		free(container->mounts[i].source);
	}
	free(container->mounts);
	container->mounts = NULL;
	container->n_mounts = 0;
}

static int note_details(struct topology_container *container, const struct facts *facts,
	const struct container_note *note)
{
	const struct spec *spec = facts->spec;
	int r;

	container->role = note->role;
	container->status = note->status;
	container->pid = note->pid;
	container->pid_start_ticks = note->pid_start_ticks;
	container->restart_count = facts->identity->restart_count;
	container->fuse_device = devices_have_fuse(spec);
	container->privileged = capabilities_privileged(spec);
	container->memory_limit = spec->memory_limit;
	container->cpu_quota = spec->cpu_quota;
	container->cpu_period = spec->cpu_period;
	findings_clear(&container->findings);
	r = findings_copy(note->findings, &container->findings);
	return r < 0 ? r : note_rc(container, spec);
}

/* The hop between this container and the host for one path. */
static int note_edge(
	struct topology *topology, const struct facts *facts, const struct target *target)
{
	cleanup_free char *self = NULL;
	const struct mount_entry *theirs = target->container_carrier;
	enum propagation kind = theirs ? mounts_propagation(theirs) : target->mount->propagation;
	bool proven = theirs && target->host_carrier;

	/* A private mount lets nothing through: that is no way. */
	if (kind != PROPAGATION_SHARED && kind != PROPAGATION_SLAVE)
		return 0;
	self = strformat("container/%s", facts->identity->container_name);
	if (!self)
		return -ENOMEM;
	if (target->relation == TARGET_PROVIDES)
		return topology_add_edge(
			topology, target->request->path, self, "host", kind, proven);
	return topology_add_edge(topology, target->request->path, "host", self, kind, proven);
}

static int note_targets(struct topology *topology, const struct facts *facts,
	const struct targets *targets, bool new_instance)
{
	int r = 0;

	topology_remove_edges(topology, facts->identity->container_name);
	for (size_t i = 0; r == 0 && i < targets->n; i++) {
		const struct target *target = &targets->items[i];

		r = note_volume(topology, target);
		if (r == 0)
			r = note_path(topology, target, new_instance);
		if (r == 0 && target->mount &&
			(target->relation == TARGET_PROVIDES || target->relation == TARGET_SEES))
			r = note_edge(topology, facts, target);
	}
	return r;
}

int topology_note_container(struct topology *topology, const struct facts *facts,
	const struct targets *targets, const struct container_note *note)
{
	const struct identity *identity = facts->identity;
	struct topology_container *container;
	bool new_instance;
	int r;

	r = note_pod(topology, identity, note->now_usec);
	if (r < 0)
		return r;
	container = topology_ensure_container(topology, identity->container_name);
	if (!container)
		return -ENOMEM;
	new_instance = !container->id || !identity->container_id ||
		       strcmp(container->id, identity->container_id) != 0;
	if (new_instance)
		container->instance++;
	if (set_text(&container->id, identity->container_id) < 0)
		return -ENOMEM;
	clear_mounts(container);
	for (size_t i = 0; i < targets->n; i++) {
		if (targets->items[i].mount && note_mount(container, &targets->items[i]) < 0)
			return -ENOMEM;
	}
	r = note_details(container, facts, note);
	return r < 0 ? r : note_targets(topology, facts, targets, new_instance);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_noted_mount(const struct topology_path *entry, const struct path_note *note)
{
	return note->device &&
	       topology_path_is_mount(entry, note->device, note->mount_id, note->mount_id_unique);
}

int topology_note_path(struct topology *topology, const char *path, const struct path_note *note)
{
	struct topology_path *entry = topology_ensure_path(topology, path);

	if (!entry)
		return -ENOMEM;
	if (entry->state != note->state || entry->since_usec == 0)
		entry->since_usec = note->now_usec;
	if (note->state != PATH_HUNG)
		entry->hung_boot_usec = 0;
	else if (entry->state != PATH_HUNG || entry->hung_boot_usec == 0 ||
		 !same_text(entry->device, note->device))
		entry->hung_boot_usec = note->boottime_usec;
	if (!is_noted_mount(entry, note))
		entry->own_mount = note->device && note->state == PATH_LIVE && note->provider_runs;
	entry->state = note->state;
	entry->mount_id = note->device ? note->mount_id : 0;
	entry->mount_id_unique = note->device ? note->mount_id_unique : 0;
	return set_text(&entry->device, note->device);
}
