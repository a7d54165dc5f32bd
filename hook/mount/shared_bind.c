/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bind has no owner in the kernel. Records of all pods are asked under the directory's lock, and
 * one that cannot be read counts as a user wherever somebody else could be one.
 */
#include "hook/mount/shared_bind.h"

#include "hook/mount/mnttab_query.h"
#include "hook/mount/probe.h"
#include "hook/record/record.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>

int shared_bind_lock(
	int runtime_fd, int fd, const char *host_path, struct lock *ret, struct error *err)
{
	char name[64];
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &st) < 0)
		return error_set(err, -errno, FINDING_HOST_IO, host_path, NULL,
			"cannot stat %s: %s", host_path, strerror(errno));
	snprintf(name, sizeof(name), "volume-%u-%u-%llu", st.stx_dev_major, st.stx_dev_minor,
		(unsigned long long)st.stx_ino);
	return lock_take(runtime_fd, name, LOCK_TIMEOUT_USEC, ret, err);
}

void shared_bind_unlock(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	lock_remove_file(lock);
	lock_release(lock);
}

/* The same mount, by the id that is never used again where the kernel has it. */
static bool same_mount(const struct topology_volume *volume, int id, uint64_t unique)
{
	if (volume->mount_id_unique && unique)
		return volume->mount_id_unique == unique;
	return volume->mount_id == id;
}

/* A bind that was announced, and may not have come: whatever is there on that directory. */
static bool is_announced(const struct topology_volume *volume)
{
	return volume->bound_by_hook && volume->mount_id == 0;
}

/* Whether a pod uses it: a hook's bind as such, any other mount with any of its volumes. */
static bool shared_bind_uses(const struct topology *pod, const struct topology_volume *what)
{
	const struct topology_volume *volume = topology_volume(pod, what->host_path);

	if (what->bound_by_hook)
		return volume && volume->bound_by_hook &&
		       (is_announced(volume) ||
			       same_mount(volume, what->mount_id, what->mount_id_unique));
	for (size_t i = 0; i < pod->n_volumes; i++) {
		if (same_mount(&pod->volumes[i], what->mount_id, what->mount_id_unique))
			return true;
	}
	return false;
}

enum bind_use {
	BIND_UNUSED,
	BIND_USED,
	BIND_UNCERTAIN, /* a record that cannot be read may have it */
};

/* Whether another pod's record has it. What cannot be read and does not have the text of its path
 * is certain. */
static int find_use(struct record_index *index, int runtime_fd, const struct topology *mine,
	const struct topology_volume *what, enum bind_use *ret, struct error *err)
{
	int r = record_index_refresh(index, runtime_fd, err);

	*ret = BIND_UNUSED;
	for (size_t i = 0; r == 0 && i < index->n && *ret != BIND_USED; i++) {
		const struct record_entry *entry = &index->items[i];

		if (strcmp(entry->uid, mine->pod_uid) == 0)
			continue;
		if (entry->readable && shared_bind_uses(&entry->topology, what))
			*ret = BIND_USED;
		else if (!entry->readable &&
			 record_may_name(runtime_fd, entry->uid, what->host_path))
			*ret = BIND_UNCERTAIN;
	}
	return r;
}

/* The same for a bind that is to be adopted, where what cannot be read has none: of hundreds of
 * pods hardly one has it, and most need not be parsed for that. */
static int is_anothers(int runtime_fd, const struct topology *mine,
	const struct topology_volume *what, bool *ret, struct error *err)
{
	cleanup_strv struct strv uids = {0};
	int r;

	*ret = false;
	r = record_list(runtime_fd, &uids, err);
	for (size_t i = 0; r == 0 && i < uids.n && !*ret; i++) {
		cleanup_topology struct topology other = {0};
		cleanup_error struct error unreadable = {0};
		bool found = false;

		if (strcmp(uids.items[i], mine->pod_uid) != 0 &&
			record_may_name(runtime_fd, uids.items[i], what->host_path) &&
			record_load(runtime_fd, uids.items[i], &other, &found, &unreadable) == 0)
			*ret = found && shared_bind_uses(&other, what);
	}
	return r;
}

static int mount_of(
	int fd, const char *host_path, int *ret_id, uint64_t *ret_unique, struct error *err)
{
	int r = mount_id_of(fd, ret_id, ret_unique);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, host_path, NULL,
			"cannot query the mount of %s: %s", host_path, strerror(-r));
	return 0;
}

int shared_bind_announce(
	int runtime_fd, struct topology *topology, const char *host_path, struct error *err)
{
	struct topology_volume *volume = topology_ensure_volume(topology, host_path);

	if (!volume)
		return error_memory(err);
	volume->bound_by_hook = true;
	volume->mount_id = 0;
	volume->mount_id_unique = 0;
	return record_commit(runtime_fd, topology, err);
}

int shared_bind_is_used_elsewhere(struct record_index *index, int runtime_fd,
	const struct topology *mine, const struct rollback_step *made, bool *ret_used,
	struct error *err)
{
	struct topology_volume what = {
		.host_path = made->name,
		.bound_by_hook = made->kind == ROLLBACK_BIND,
	};
	enum bind_use use = BIND_UNUSED;
	int r = mount_of(made->fd, made->name, &what.mount_id, &what.mount_id_unique, err);

	if (r == 0)
		r = find_use(index, runtime_fd, mine, &what, &use, err);
	/* A record that cannot be read may have it: better too long than too short. */
	*ret_used = use != BIND_UNUSED;
	return r;
}

int shared_bind_adopt(
	int runtime_fd, struct topology *topology, const char *key, int fd, struct error *err)
{
	struct topology_volume *volume;
	struct topology_volume now = {.bound_by_hook = true};
	cleanup_free char *name = strdup(key);
	bool used = false;
	int r;

	if (!name)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	now.host_path = name;
	r = mount_of(fd, key, &now.mount_id, &now.mount_id_unique, err);
	if (r == 0)
		r = is_anothers(runtime_fd, topology, &now, &used, err);
	if (r < 0 || !used)
		return r;
	volume = topology_ensure_volume(topology, key);
	if (!volume)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	volume->bound_by_hook = true;
	volume->mount_id = now.mount_id;
	volume->mount_id_unique = now.mount_id_unique;
	return 0;
}

static bool shared_bind_is_below(
	const struct mount_table *table, const struct mount_entry *mount, int id)
{
	/* The bound is for a table that has changed while it was read. */
	for (size_t i = 0; mount && i < table->n; i++) {
		if (mount->parent == id)
			return true;
		if (mount->parent == mount->id)
			return false;
		mount = mounts_by_id(table, mount->parent);
	}
	return false;
}

/* What was mounted below the directory when it was bound came along as a copy, and the original is
 * still there under the bind. */
static bool is_copy(const struct mount_table *table, const struct mount_entry *mount, int id)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct mount_entry *other = &table->entries[i];

		if (other->id != mount->id && other->major == mount->major &&
			other->minor == mount->minor && strcmp(other->root, mount->root) == 0 &&
			strcmp(other->target, mount->target) == 0 &&
			!shared_bind_is_below(table, other, id))
			return true;
	}
	return false;
}

/*
 * Whether something is mounted below the mount `id` that must not go with it. What is mounted below
 * a pod's own volume came from the pod's containers: another volume of one, mounted inside this
 * one, travels to the host as the bind is shared, and nothing takes it off there when the container
 * ends.
 */
static bool carries_others(const struct mount_table *table, int id, bool is_own)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct mount_entry *mount = &table->entries[i];

		if (!shared_bind_is_below(table, mount, id) || is_copy(table, mount, id))
			continue;
		/* A FUSE mount that is left here lives or hangs: dead ones were detached before. */
		if (!is_own || mount_entry_is_fuse(mount))
			return true;
	}
	return false;
}

/* Nothing may be mounted below it but copies and what is the pod's own; files that somebody has
 * open are no reason to keep it. */
static int shared_bind_unmount(const struct shared_bind_end *end, int id, struct error *err)
{
	const char *host_path = end->volume->host_path;
	cleanup_mount_table struct mount_table host = {0};
	int r;

	r = mount_unmount(end->fd);
	if (r == -EBUSY) {
		r = mnttab_read(0, &host, err);
		if (r < 0)
			return r;
		r = carries_others(&host, id, end->own_volume) ? -EBUSY
							       : mount_detach_copies(end->fd);
	}
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, host_path, "unmount what is below it",
			"cannot unmount the bind of %s on itself: %s", host_path, strerror(-r));
	return 0;
}

/* Whether the mount `id` is a bind of the directory on itself. */
static int is_self_bind(const char *host_path, int id, bool *ret, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	const struct mount_entry *mount;
	int r = mnttab_query_read(host_path, &host, err);

	if (r < 0)
		return r;
	mount = mounts_by_id(&host, id);
	*ret = mount && strcmp(mount->target, host_path) == 0 && mounts_is_self_bind(&host, mount);
	return 0;
}

/*
 * Whether the mount is the hook's bind. Where the hook was killed after it had announced it, any
 * bind on itself of that directory is, which is the pod's own. Elsewhere a record may name what an
 * administrator has bound: there the id must be the noted one that is never used again, where the
 * kernel tells it.
 */
static int is_hooks_bind(
	const struct shared_bind_end *end, int id, uint64_t unique, bool *ret, struct error *err)
{
	struct topology_volume *volume = end->volume;
	bool announced = is_announced(volume), found = false;
	int r;

	*ret = false;
	if (!end->own_volume && (announced || (unique && volume->mount_id_unique == 0)))
		return 0;
	r = is_self_bind(volume->host_path, id, &found, err);
	if (r < 0)
		return r;
	if (announced && found) {
		volume->mount_id = id;
		volume->mount_id_unique = unique;
	}
	*ret = found && same_mount(volume, id, unique);
	return 0;
}

/* Who else has it is not known: it stays, and so does this pod's record, which will be asked
 * again. */
static int shared_bind_keep(const struct shared_bind_end *end, struct error *err)
{
	return error_set(err, -EBUSY, FINDING_HOST_IO, end->volume->host_path,
		"repair or remove the records that cannot be read; status names them",
		"the bind of %s on itself stays: a record that cannot be read may use it",
		end->volume->host_path);
}

/* A record that cannot be read keeps no bind in a volume of the pod's own: whoever else uses that
 * has to give it up, or the kubelet could not remove it. */
static int end_bind(
	const struct shared_bind_end *end, int id, bool *ret_unmounted, struct error *err)
{
	enum bind_use use = BIND_UNUSED;
	int r = find_use(end->index, end->runtime_fd, end->topology, end->volume, &use, err);

	if (r == 0 && use == BIND_UNCERTAIN && !end->own_volume)
		r = shared_bind_keep(end, err);
	if (r == 0 && use != BIND_USED)
		r = shared_bind_unmount(end, id, err);
	*ret_unmounted = r == 0 && use != BIND_USED;
	return r;
}

int shared_bind_release(const struct shared_bind_end *end, bool *ret_unmounted, struct error *err)
{
	cleanup_bind_lock struct lock lock = LOCK_NONE;
	struct topology_volume *volume = end->volume;
	uint64_t unique = 0;
	bool ours = false;
	int id = 0, r;

	*ret_unmounted = false;
	r = shared_bind_lock(end->runtime_fd, end->fd, volume->host_path, &lock, err);
	if (r == 0)
		r = mount_of(end->fd, volume->host_path, &id, &unique, err);
	if (r == 0)
		r = is_hooks_bind(end, id, unique, &ours, err);
	if (r == 0 && ours)
		r = end_bind(end, id, ret_unmounted, err);
	if (r < 0)
		return r;
	/* Committed while the lock is held: of two pods that end at once, the second sees that the
	 * first has let go. */
	volume->bound_by_hook = false;
	return record_commit(end->runtime_fd, end->topology, err);
}
