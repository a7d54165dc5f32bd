/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three grounds: the pod's own volume, the mount that was noted, what the container could do
 * itself. A noted mount with one of the others suffices; with one alone no record of another pod
 * may have the mount, and what only lies in the pod's volume must be mounted nowhere else.
 */
#include "hook/run/authority.h"

#include "hook/mount/mnttab_query.h"
#include "hook/run/host_path.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_id.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "policy/check/provider_rights.h"
#include "policy/config/own_volume.h"
#include <stdio.h>
#include <string.h>

static int find_owner(const struct run *run, const struct claim *claim, const char *device,
	bool own_volume, struct mount_owner *ret, struct error *err)
{
	const struct mount_owner_question question = {
		/* In the pod's own volume another pod's word on its paths counts for nothing. */
		.host_path = own_volume && claim->path ? NULL : claim->host_path,
		.device = device,
	};

	return mount_owner_find(run, &question, ret, err);
}

bool authority_is_elsewhere(const struct run_input *input, const struct mount_table *host,
	unsigned int major, unsigned int minor)
{
	for (size_t i = 0; i < host->n; i++) {
		const struct mount_entry *entry = &host->entries[i];

		if (entry->major == major && entry->minor == minor &&
			!own_volume_is(&input->config, input->identity.pod_uid, entry->target) &&
			!own_volume_is_plugins(&input->config, entry->target))
			return true;
	}
	return false;
}

static int authority_mount_is_elsewhere(
	const struct run_input *input, const struct dead_mount *mount, bool *ret, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	int r = mnttab_read(0, &host, err);

	*ret = r == 0 && authority_is_elsewhere(input, &host, mount->major, mount->minor);
	return r;
}

int authority_find(const struct run *run, const struct claim *claim, const struct dead_mount *mount,
	struct mount_owner *owner, bool *ret, struct error *err)
{
	bool own = own_volume_is(&run->input.config, run->input.identity.pod_uid, claim->host_path);
	bool noted;
	char device[32];
	int r;

	*ret = false;
	snprintf(device, sizeof(device), "%u:%u", mount->major, mount->minor);
	noted = claim->path && claim->path->own_mount &&
		topology_path_is_mount(claim->path, device, mount->id, mount->unique);
	if (!own && !noted && !claim->could_itself)
		return 0;
	*ret = noted && (own || claim->could_itself);
	if (*ret)
		return 0;
	if (!noted && !claim->could_itself) {
		bool elsewhere = false;

		r = authority_mount_is_elsewhere(&run->input, mount, &elsewhere, err);
		if (r < 0 || elsewhere)
			return r;
	}
	r = find_owner(run, claim, device, own, owner, err);
	*ret = r == 0 && !owner->provider;
	return r;
}

static int authority_read_config(struct run *run)
{
	cleanup_error struct error err = {0};
	int r = 0;

	run->known.facts.config = &run->input.config;
	run->known.facts.identity = &run->input.identity;
	run->known.facts.request = &run->input.request;
	run->known.facts.spec = &run->input.spec;
	run->known.facts.bundle = run->input.state.bundle;
	if (run->input.request.n_mounts == 0)
		r = run_read_request(&run->input, &err);
	/* Once: a container may have no mounts, but never no root. */
	if (r == 0 && !run->input.spec.root_path)
		r = run_read_spec(run, &err);
	return r;
}

int authority_of_container(
	struct run *run, const char *path, const char *host_path, bool *ret, struct error *err)
{
	*ret = false;
	/* reconcile runs for no container. */
	if ((!run->input.state.bundle && !run->input.spec.root_path) ||
		authority_read_config(run) < 0)
		return 0;
	return provider_rights_unmount(&run->known.facts, path, host_path, ret) < 0
		       ? error_memory(err)
		       : 0;
}

int authority_claim(
	struct run *run, const struct claim_place *place, struct claim *ret, struct error *err)
{
	*ret = (struct claim){
		.volume = place->volume,
		.host_path = place->host_path,
		.path = topology_path(&run->session.topology, place->path),
	};
	/* What was noted was noted of a directory; another instance may have another volume. */
	if (ret->path &&
		(!ret->path->host_path || strcmp(ret->path->host_path, place->host_path) != 0))
		ret->path = NULL;
	return authority_of_container(run, place->path, place->host_path, &ret->could_itself, err);
}

static int authority_identify_fd(
	int fd, const char *host_path, struct dead_mount *mount, struct error *err)
{
	int r = mount_id_of(fd, &mount->id, &mount->unique);

	return r < 0 ? error_set(err, r, FINDING_HOST_IO, host_path, NULL,
			       "cannot query the mount on %s: %s", host_path, strerror(-r))
		     : 0;
}

int authority_identify(const struct run_input *input, const struct claim *claim,
	struct dead_mount *mount, struct error *err)
{
	cleanup_close int fd = -EBADF;
	int r = host_path_open_below(&input->config, claim->volume, claim->host_path, &fd, err);

	return r < 0 ? r : authority_identify_fd(fd, claim->host_path, mount, err);
}

int authority_query(const struct run_input *input, const struct claim *claim,
	struct dead_mount *mount, struct error *err)
{
	cleanup_mount_entry struct mount_entry entry = {0};
	cleanup_close int fd = -EBADF;
	int r = host_path_open_below(&input->config, claim->volume, claim->host_path, &fd, err);

	if (r == 0)
		r = authority_identify_fd(fd, claim->host_path, mount, err);
	if (r < 0)
		return r;
	r = mnttab_query_of(fd, NULL, &entry, err);
	if (r == -ENOENT || (r == 0 && !mount_entry_is_fuse(&entry)))
		return error_set(err, -ESTALE, FINDING_PATH_UNSAFE, claim->host_path,
			"end what mounts and unmounts in the volume while the pod starts",
			"the mount on %s has just been unmounted", claim->host_path);
	if (r < 0)
		return r;
	mount->major = entry.major;
	mount->minor = entry.minor;
	return 0;
}
