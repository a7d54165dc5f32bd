/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/dead_mounts.h"

#include "hook/apply_steps.h"
#include "hook/owner.h"
#include "hook/probe.h"
#include "hook/whole_table.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/text.h"
#include "policy/mounts.h"
#include <stdio.h>
#include <string.h>

/* A place where a dead mount may be. Nothing is owned. */
struct place {
	const char *volume, *host_path;
	const struct topology_path *path; /* NULL: no FUSE path of the record */
};

static void audit_detached(struct run *run, const struct place *place, unsigned int detached)
{
	const struct topology_path *path = place->path;

	audit_send(&run->audit,
		&(struct audit_entry){
			.kind = AUDIT_STALE_DETACHED,
			.result = "ok",
			.code = FINDING_MOUNT_STALE,
			.path = path ? path->path : NULL,
			.host_path = place->host_path,
		},
		"detached %u dead mount%s%s%s from %s", detached, detached == 1 ? "" : "s",
		path ? " of " : "", path ? path->provider : "",
		path ? path->path : place->host_path);
}

static int detach(struct run *run, const struct place *place, struct error *err)
{
	enum path_state left;
	unsigned int detached;
	int r;

	r = apply_stale(run, place->volume, place->host_path, &detached, &left, err);
	run->metrics.heals += detached;
	if (detached > 0)
		audit_detached(run, place, detached);
	if (r == -ENOENT) {
		/* The kubelet has removed the volume: it may be faster than poststop. */
		error_clear(err);
		return 0;
	}
	return r;
}

/* Recorded for a refused container: no hook acts outside the roots. */
static bool may_act(const struct run *run, const char *volume)
{
	return config_prefix_of(&run->config.roots, volume) != NULL;
}

/* A path of that provider, or of any where that is NULL, on which a dead mount may be detached. */
static bool is_place(const struct run *run, const struct topology_path *path, const char *provider)
{
	if (!path->host_path || !path->volume || strcmp(path->provider, PROVIDER_NODE) == 0)
		return false;
	return (!provider || strcmp(path->provider, provider) == 0) && may_act(run, path->volume);
}

static int ask_ahead(struct run *run, const char *provider, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	cleanup_strv struct strv paths = {0};
	int r;

	for (size_t i = 0; i < run->topology.n_paths; i++) {
		const struct topology_path *path = &run->topology.paths[i];

		if (is_place(run, path, provider) && strv_add(&paths, path->host_path) < 0)
			return error_memory(err);
	}
	if (paths.n < 2)
		return 0;
	r = whole_table_read(0, &host, err);
	return r < 0 ? r : apply_ask_ahead(run, &host, &paths, err);
}

int dead_mounts_detach(struct run *run, const char *provider, struct error *err)
{
	int first = ask_ahead(run, provider, err);

	for (size_t i = 0; i < run->topology.n_paths; i++) {
		const struct topology_path *path = &run->topology.paths[i];
		const struct place place = {path->volume, path->host_path, path};
		cleanup_error struct error later = {0};
		int r;

		if (!is_place(run, path, provider))
			continue;
		r = detach(run, &place, first == 0 ? err : &later);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

/* A walk to it crosses a FUSE mount: a hung one would hold the hook. */
static bool is_inside_fuse(
	const struct mount_table *host, const struct mount_entry *mount, const char *volume)
{
	const struct mount_entry *above = mounts_by_id(host, mount->parent);

	for (size_t i = 0; above && i < host->n && path_below(above->target, volume); i++) {
		if (mount_entry_is_fuse(above))
			return true;
		above = mounts_by_id(host, above->parent);
	}
	return false;
}

static bool is_candidate(
	const struct mount_table *host, const struct mount_entry *mount, const char *volume)
{
	const char *rest = path_below(mount->target, volume);

	return mount_entry_is_fuse(mount) && rest && *rest && !is_inside_fuse(host, mount, volume);
}

static int say_dead(struct run *run, const struct mount_table *host, const struct place *place,
	struct error *err)
{
	enum path_state state = PATH_UNKNOWN;
	int r;

	if (strv_contains(&run->hung, place->host_path))
		return 0;
	r = probe_path(host, place->host_path, run_probe_timeout(run), &state, NULL);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, place->host_path, NULL,
			"cannot probe %s: %s", place->host_path, strerror(-r));
	if (state == PATH_DEAD)
		text_say(stdout, "the dead mount on %s would be detached", place->host_path);
	return 0;
}

static int sweep_place(struct run *run, const struct mount_table *host, const struct place *place,
	bool dry_run, struct error *err)
{
	cleanup_owner struct owner owner = {0};
	int r;

	r = owner_find(run->runtime_fd, &run->topology, place->host_path, &owner, err);
	if (r < 0 || owner.provider)
		return r;
	return dry_run ? say_dead(run, host, place, err) : detach(run, place, err);
}

static int ask_volume_ahead(
	struct run *run, const struct mount_table *host, const char *volume, struct error *err)
{
	cleanup_strv struct strv paths = {0};

	for (size_t i = 0; i < host->n; i++) {
		const char *target = host->entries[i].target;

		if (is_candidate(host, &host->entries[i], volume) &&
			!strv_contains(&run->hung, target) && !strv_contains(&paths, target) &&
			strv_add(&paths, target) < 0)
			return error_memory(err);
	}
	return apply_ask_ahead(run, host, &paths, err);
}

/* The first error; `err` has it already where `first` is one. */
static int sweep_volume(struct run *run, const struct mount_table *host, const char *volume,
	bool dry_run, int first, struct error *err)
{
	cleanup_error struct error unasked = {0};
	int asked = ask_volume_ahead(run, host, volume, first == 0 ? err : &unasked);

	if (first == 0)
		first = asked;
	for (size_t i = 0; i < host->n; i++) {
		const struct mount_entry *mount = &host->entries[i];
		const struct place place = {volume, mount->target, NULL};
		cleanup_error struct error later = {0};
		int r;

		if (!is_candidate(host, mount, volume))
			continue;
		r = sweep_place(run, host, &place, dry_run, first == 0 ? err : &later);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

int dead_mounts_sweep(struct run *run, bool dry_run, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	int first;

	first = whole_table_read(0, &host, err);
	for (size_t i = 0; i < run->topology.n_volumes; i++) {
		const char *volume = run->topology.volumes[i].host_path;

		if (may_act(run, volume))
			first = sweep_volume(run, &host, volume, dry_run, first, err);
	}
	return first;
}
