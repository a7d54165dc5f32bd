/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each thing that a run has seen is put where an older run has it: what is still true keeps its
 * ids and times, what has changed gets new ones, and what is gone leaves, so that a record is the
 * same whichever hook wrote it last.
 */
#include "policy/check/topology_update.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include "policy/check/capabilities.h"
#include "policy/check/devices.h"
#include "policy/check/mounts.h"
#include "policy/check/rclone.h"
#include "policy/record/topology_limit.h"
#include <errno.h>
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

/* A FUSE daemon chooses a part of it. */
static int set_fstype(struct topology_volume *volume, const char *type)
{
	char cut[TOPOLOGY_MAX_FSTYPE];

	text_escape(type ? type : "", cut, sizeof(cut));
	return set_text(&volume->fstype, type ? cut : NULL);
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
	return set_fstype(volume, carrier->fstype);
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
	for (size_t i = 0; r == 0 && i < command.n_addresses; i++) {
		const char *text = command.addresses[i].text;

		if (container->rc_addresses.n == TOPOLOGY_MAX_ADDRESSES ||
			strlen(text) >= TOPOLOGY_MAX_ADDRESS)
			container->omitted++;
		else
			r = strv_add(&container->rc_addresses, text);
	}
	rclone_command_clear(&command);
	return r;
}

static int note_findings(struct topology_container *container, const struct findings *findings)
{
	findings_clear(&container->findings);
	if (findings->n > TOPOLOGY_MAX_FINDINGS)
		container->omitted += (int64_t)(findings->n - TOPOLOGY_MAX_FINDINGS);
	return findings_copy_some(
		findings, TOPOLOGY_MAX_FINDINGS, TOPOLOGY_MAX_FINDING_TEXT, &container->findings);
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
	r = note_findings(container, note->findings);
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

/* Refused, or let go in spite of what denies it. Nobody else is refused for what it brings. */
static bool is_refused(const struct container_note *note)
{
	return note->status == CONTAINER_DENIED || findings_verdict(note->findings) == VERDICT_DENY;
}

/* Refused containers fill half of a list at most. */
static bool has_room(size_t n, size_t max, const struct container_note *note)
{
	return n < (is_refused(note) ? max / 2 : max);
}

static bool topology_is_requested(const struct targets *targets, const char *path)
{
	for (size_t i = 0; i < targets->n; i++) {
		if (strcmp(targets->items[i].request->path, path) == 0)
			return true;
	}
	return false;
}

/* An earlier annotation's, whose provider is not there any more. */
static void forget_old_path(struct topology *topology, const struct targets *targets)
{
	for (size_t i = 0; i < topology->n_paths; i++) {
		const struct topology_path *path = &topology->paths[i];

		if (!topology_is_requested(targets, path->path) &&
			!topology_path_is_settled(topology, path)) {
			topology_remove_path(topology, i);
			return;
		}
	}
}

static bool topology_has_volume(
	struct topology *topology, const char *key, const struct container_note *note)
{
	if (!key || topology_volume(topology, key) ||
		has_room(topology->n_volumes, TOPOLOGY_MAX_VOLUMES, note))
		return true;
	if (!is_refused(note))
		topology_forget_unsettled(topology);
	return has_room(topology->n_volumes, TOPOLOGY_MAX_VOLUMES, note);
}

static bool has_path(struct topology *topology, const char *path, const struct targets *targets,
	const struct container_note *note)
{
	if (topology_path(topology, path))
		return true;
	if (!has_room(topology->n_paths, TOPOLOGY_MAX_PATHS, note))
		forget_old_path(topology, targets);
	return has_room(topology->n_paths, TOPOLOGY_MAX_PATHS, note);
}

static int note_targets(struct topology *topology, const struct facts *facts,
	const struct targets *targets, const struct container_note *note,
	struct topology_container *container, bool new_instance)
{
	int r = 0;

	topology_remove_edges(topology, container->name);
	for (size_t i = 0; r == 0 && i < targets->n; i++) {
		const struct target *target = &targets->items[i];

		if (!topology_has_volume(topology, volume_key(target), note) ||
			!has_path(topology, target->request->path, targets, note)) {
			container->omitted++;
			r = is_refused(note) ? 0 : -E2BIG;
			continue;
		}
		r = note_volume(topology, target);
		if (r == 0)
			r = note_path(topology, target, new_instance);
		/* Nothing travels to or from a container that never runs. */
		if (r == 0 && target->mount && note->status != CONTAINER_DENIED &&
			(target->relation == TARGET_PROVIDES || target->relation == TARGET_SEES))
			r = note_edge(topology, facts, target);
	}
	return r;
}

/* NULL without memory, and where there is no room, *ret_full. */
static struct topology_container *ensure_container(
	struct topology *topology, const char *name, bool *ret_full)
{
	*ret_full = false;
	if (topology->n_containers >= TOPOLOGY_MAX_CONTAINERS &&
		!topology_container(topology, name))
		*ret_full = !topology_remove_refused(topology);
	return *ret_full ? NULL : topology_ensure_container(topology, name);
}

static int note_mounts(struct topology_container *container, const struct targets *targets)
{
	container->omitted = 0;
	topology_container_clear_mounts(container);
	for (size_t i = 0; i < targets->n; i++) {
		if (targets->items[i].mount && note_mount(container, &targets->items[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* 1 where it is another instance than the one that the record has. */
static int note_instance(struct topology_container *container, const struct identity *identity)
{
	const char *id = identity->container_id;
	bool is_new = !container->id || !id || strcmp(container->id, id) != 0;

	if (is_new)
		container->instance++;
	return set_text(&container->id, id) < 0 ? -ENOMEM : is_new;
}

int topology_note_container(struct topology *topology, const struct facts *facts,
	const struct targets *targets, const struct container_note *note)
{
	const char *name = facts->identity->container_name;
	struct topology_container *container;
	bool full, is_new;
	int r;

	r = note_pod(topology, facts->identity, note->now_usec);
	if (r < 0)
		return r;
	container = ensure_container(topology, name, &full);
	if (full && is_refused(note)) {
		topology->containers_omitted++;
		return 0;
	}
	if (!container)
		return full ? -E2BIG : -ENOMEM;
	r = note_instance(container, facts->identity);
	if (r < 0)
		return r;
	is_new = r > 0;
	r = note_mounts(container, targets);
	if (r == 0)
		r = note_details(container, facts, note);
	if (r == 0)
		r = note_targets(topology, facts, targets, note, container, is_new);
	if (r < 0)
		return r;
	return topology_shorten(topology) ? 0 : -E2BIG;
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
