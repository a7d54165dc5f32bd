/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two callers with different rights: by a record each mount needs a claim, in the pod's own
 * volumes everything below is its. All paths are probed ahead and at once, since a pod that ends
 * may leave many that hang.
 */
#include "hook/reclaim/dead_mounts.h"

#include "hook/apply/apply_steps.h"
#include "hook/mount/mnttab_query.h"
#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "hook/run/authority.h"
#include "hook/sys/mnttab_read.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/text.h"
#include "policy/check/mounts.h"
#include "policy/config/own_volume.h"
#include <stdio.h>
#include <string.h>

static void dead_mounts_audit(
	struct run_session *session, const struct claim *claim, unsigned int detached)
{
	const struct topology_path *path = claim->path;

	audit_send(&session->audit,
		&(struct audit_entry){
			.kind = AUDIT_STALE_DETACHED,
			.result = "ok",
			.code = FINDING_MOUNT_STALE,
			.path = path ? path->path : NULL,
			.host_path = claim->host_path,
		},
		"detached %u dead mount%s%s%s from %s", detached, detached == 1 ? "" : "s",
		path ? " of " : "", path ? path->provider : "",
		path ? path->path : claim->host_path);
}

static void audit_hung(struct run_session *session, const struct claim *claim)
{
	audit_send(&session->audit,
		&(struct audit_entry){
			.kind = AUDIT_STALE_DETACHED,
			.result = "reported",
			.code = FINDING_MOUNT_HUNG,
			.path = claim->path ? claim->path->path : NULL,
			.host_path = claim->host_path,
		},
		"the mount on %s does not answer; it was left alone", claim->host_path);
}

/* Since when it hangs, by what abortHungAfter counts; and which mount that is. */
static int dead_mounts_note_hung(
	struct run_session *session, const struct claim *claim, const struct dead_mount *mount)
{
	char device[32];

	if (!claim->path)
		return 0;
	snprintf(device, sizeof(device), "%u:%u", mount->major, mount->minor);
	return topology_note_path(&session->topology, claim->path->path,
		&(struct path_note){
			.state = PATH_HUNG,
			.device = device,
			.mount_id = mount->id,
			.mount_id_unique = mount->unique,
			.now_usec = run_realtime_usec(),
			.boottime_usec = run_boottime_usec(),
		});
}

/* The pod's own, if it is: then the record has to last as long as it hangs. */
static int keep_hung(struct run *run, const struct claim *claim, struct error *err)
{
	bool known = claim->path && claim->path->state == PATH_HUNG, own = false;
	cleanup_mount_owner struct mount_owner owner = {0};
	struct dead_mount mount = {0};
	int r = authority_query(&run->input, claim, &mount, err);

	if (safe_walk_has_changed(r)) {
		error_clear(err);
		return 0;
	}
	if (r == 0)
		r = authority_find(run, claim, &mount, &owner, &own, err);
	if (r < 0 || !own || strv_contains(&run->session.hung_own, claim->host_path))
		return r;
	if (!known)
		audit_hung(&run->session, claim);
	run->session.hung_noted = run->session.hung_noted || !known;
	if (dead_mounts_note_hung(&run->session, claim, &mount) < 0 ||
		strv_add(&run->session.hung_own, claim->host_path) < 0)
		return error_memory(err);
	return 0;
}

/*
 * The poststop of another container, or of an instance before, may find that none of the pod lives;
 * that of the provider is still to come, and may do what nobody else may.
 */
static bool dead_mounts_is_to_come(const struct run *run, const struct topology_path *path)
{
	const struct topology_container *provider =
		topology_container(&run->session.topology, path->provider);

	return run->input.state.bundle && topology_container_is_allowed(provider) && provider->id &&
	       strcmp(provider->id, run->input.identity.container_id) != 0;
}

static int dead_mounts_detach_one(struct run *run, const struct claim *claim, struct error *err)
{
	enum path_state left;
	unsigned int detached;
	int r;

	r = apply_detach_dead(run, claim, &detached, &left, err);
	run->session.metrics.heals += detached;
	if (detached > 0)
		dead_mounts_audit(&run->session, claim, detached);
	if (left == PATH_DEAD && claim->path && dead_mounts_is_to_come(run, claim->path))
		run->session.awaits_poststop = true;
	if (left == PATH_HUNG && !strv_contains(&run->session.hung, claim->host_path) &&
		strv_add(&run->session.hung, claim->host_path) < 0)
		return error_memory(err); /* not asked again */
	if (r == 0 && left == PATH_HUNG)
		r = keep_hung(run, claim, err);
	if (r == -ENOENT) {
		/* The kubelet has removed the volume: it may be faster than poststop. */
		error_clear(err);
		return 0;
	}
	return r;
}

/* Recorded for a refused container: no hook acts outside the roots. */
static bool may_act(const struct run_input *input, const char *volume)
{
	return config_prefix_of(&input->config.roots, volume) != NULL;
}

/*
 * The claim to a path of that provider, or of any where that is NULL. Nothing is even asked where
 * it has no ground: no volume of the pod's own, no mount that was seen to be its, and no container
 * of this run that could do it itself.
 */
static int claim_path(struct run *run, const struct topology_path *path, const char *provider,
	struct claim *ret, bool *ret_grounded, struct error *err)
{
	const char *host_path = path->host_path;
	int r = 0;

	*ret_grounded = false;
	*ret = (struct claim){.volume = path->volume, .host_path = host_path, .path = path};
	if (!host_path || !path->volume || strcmp(path->provider, PROVIDER_NODE) == 0 ||
		(provider && strcmp(path->provider, provider) != 0))
		return 0;
	if (!path_is_normalized(host_path) || !path_is_normalized(path->volume) ||
		!path_below(host_path, path->volume) || !may_act(&run->input, path->volume))
		return 0;
	if (provider || topology_container_is_allowed(
				topology_container(&run->session.topology, path->provider)))
		r = authority_of_container(run, path->path, host_path, &ret->could_itself, err);
	*ret_grounded = path->own_mount || ret->could_itself ||
			own_volume_is(&run->input.config, run->input.identity.pod_uid, host_path);
	return r;
}

/* Nobody asks whether it lives. */
static int dead_mounts_read_unprobed(
	struct run *run, const struct topology_path *path, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	const struct mount_entry *mount;
	int r;

	if (!path->host_path || !path_is_normalized(path->host_path) ||
		!dead_mounts_is_to_come(run, path))
		return 0;
	r = mnttab_query_read(path->host_path, &host, err);
	mount = r < 0 ? NULL : mounts_at(&host, path->host_path);
	if (mount && mount_entry_is_fuse(mount))
		run->session.awaits_poststop = true;
	return r;
}

/* The claims to the record's paths. Nothing is owned but the array. */
struct claims {
	struct claim *items;
	size_t n;
};

static void claims_clear(struct claims *claims)
{
	free(claims->items);
}

#define cleanup_claims __attribute__((cleanup(claims_clear)))

static int find_claims(struct run *run, const char *provider, struct claims *ret, struct error *err)
{
	ret->items = calloc(run->session.topology.n_paths + 1, sizeof(*ret->items));
	if (!ret->items)
		return error_memory(err);
	for (size_t i = 0; i < run->session.topology.n_paths; i++) {
		struct claim claim;
		bool grounded;
		int r = claim_path(
			run, &run->session.topology.paths[i], provider, &claim, &grounded, err);

		if (r == 0 && grounded)
			ret->items[ret->n++] = claim;
		else if (r == 0 && !provider)
			r = dead_mounts_read_unprobed(run, &run->session.topology.paths[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int dead_mounts_probe_ahead(struct run *run, const struct claims *claims, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_mount_table struct mount_table host = {0};
	cleanup_strv struct strv paths = {0};
	int r;

	for (size_t i = 0; i < claims->n; i++) {
		if (strv_add(&paths, claims->items[i].host_path) < 0)
			return error_memory(err);
	}
	if (paths.n < 2)
		return 0;
	mnttab_query_open(0, MNTTAB_QUERY_ANY, &now);
	r = mnttab_query_add(&now, &paths, &host, err);
	return r < 0 ? r : apply_probe_ahead(run, &host, &paths, err);
}

int dead_mounts_detach(struct run *run, const char *provider, struct error *err)
{
	cleanup_claims struct claims claims = {0};
	int first = find_claims(run, provider, &claims, err);

	if (first == 0)
		first = dead_mounts_probe_ahead(run, &claims, err);
	for (size_t i = 0; i < claims.n; i++) {
		cleanup_error struct error later = {0};
		int r = dead_mounts_detach_one(run, &claims.items[i], first == 0 ? err : &later);

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

static int dead_mounts_report_one(struct run *run, const struct mount_table *host,
	const struct claim *claim, struct error *err)
{
	const struct mount_entry *found = NULL;
	struct dead_mount mount = {0};
	cleanup_mount_owner struct mount_owner owner = {0};
	enum path_state state = PATH_UNKNOWN;
	bool may = false;
	int r;

	r = probe_path(host, claim->host_path, run_probe_timeout(run), &state, &found);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, claim->host_path, NULL,
			"cannot probe %s: %s", claim->host_path, strerror(-r));
	if (state != PATH_DEAD && state != PATH_HUNG)
		return 0;
	mount = (struct dead_mount){.major = found->major, .minor = found->minor};
	r = authority_identify(&run->input, claim, &mount, err);
	if (safe_walk_has_changed(r) || (r == 0 && mount.id != found->id)) {
		error_clear(err);
		return 0;
	}
	if (r == 0)
		r = authority_find(run, claim, &mount, &owner, &may, err);
	if (r < 0 || !may || strv_contains(&run->session.hung_own, claim->host_path))
		return r;
	if (state == PATH_DEAD)
		text_print(stdout, "the dead mount on %s would be detached", claim->host_path);
	else if (strv_add(&run->session.hung_own, claim->host_path) < 0)
		return error_memory(err);
	return 0;
}

int dead_mounts_report(struct run *run, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	cleanup_claims struct claims claims = {0};
	int r = find_claims(run, NULL, &claims, err);

	if (r == 0)
		r = mnttab_read(0, &host, err);
	for (size_t i = 0; r == 0 && i < claims.n; i++) {
		/* The sweep of the pod's own volumes says the others. */
		if (!own_volume_is(&run->input.config, run->input.identity.pod_uid,
			    claims.items[i].host_path))
			r = dead_mounts_report_one(run, &host, &claims.items[i], err);
	}
	return r < 0 ? r : dead_mounts_sweep(run, true, err);
}

/* Of this pod's record, where a provider of its own has that path. */
static const struct topology_path *path_of(const struct run_session *session, const char *host_path)
{
	for (size_t i = 0; i < session->topology.n_paths; i++) {
		const struct topology_path *path = &session->topology.paths[i];

		if (path->host_path && strcmp(path->host_path, host_path) == 0 &&
			strcmp(path->provider, PROVIDER_NODE) != 0)
			return path;
	}
	return NULL;
}

static int dead_mounts_probe_volume(
	struct run *run, const struct mount_table *host, const char *volume, struct error *err)
{
	cleanup_strv struct strv paths = {0};

	for (size_t i = 0; i < host->n; i++) {
		const char *target = host->entries[i].target;

		if (is_candidate(host, &host->entries[i], volume) &&
			!strv_contains(&run->session.hung, target) &&
			!strv_contains(&paths, target) && strv_add(&paths, target) < 0)
			return error_memory(err);
	}
	return apply_probe_ahead(run, host, &paths, err);
}

/* The first error; `err` has it already where `first` is one. */
static int sweep_volume(struct run *run, const struct mount_table *host, const char *volume,
	bool dry_run, int first, struct error *err)
{
	cleanup_error struct error unasked = {0};
	int asked = dead_mounts_probe_volume(run, host, volume, first == 0 ? err : &unasked);

	if (first == 0)
		first = asked;
	for (size_t i = 0; i < host->n; i++) {
		const struct mount_entry *mount = &host->entries[i];
		const struct claim claim = {.volume = volume,
			.host_path = mount->target,
			.path = path_of(&run->session, mount->target)};
		cleanup_error struct error later = {0};
		int r;

		if (!is_candidate(host, mount, volume))
			continue;
		if (dry_run)
			r = dead_mounts_report_one(run, host, &claim, first == 0 ? err : &later);
		else
			r = dead_mounts_detach_one(run, &claim, first == 0 ? err : &later);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

int dead_mounts_sweep(struct run *run, bool dry_run, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	int first;

	first = mnttab_read(0, &host, err);
	for (size_t i = 0; i < run->session.topology.n_volumes; i++) {
		const char *volume = run->session.topology.volumes[i].host_path;

		if (may_act(&run->input, volume) &&
			own_volume_is(&run->input.config, run->input.identity.pod_uid, volume))
			first = sweep_volume(run, &host, volume, dry_run, first, err);
	}
	return first;
}
