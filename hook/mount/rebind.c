/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens where. Until the bind is taken away a failure changes nothing; after that the
 * container has no volume there, and the run fails, so that it never starts.
 *
 *                   | on the host              | in the container's namespace, by a child
 *  -----------------+--------------------------+-------------------------------------------
 *   bind            | judged: idmapped, or no  | its id is compared, then it is detached
 *                   | kernel for it: refused   |
 *   shared mount    | cloned, with the bind's  | attached in the bind's place
 *                   | options and propagation  |
 *   mounts of its   |                          | cloned before the bind goes, attached
 *   own below       |                          | again on the new one
 */
#include "hook/mount/rebind.h"

#include "hook/mount/mount_attach.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_ops.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include <string.h>

#define ANY_FLAGS (O_PATH | O_CLOEXEC)
#define TARGET_FLAGS (ANY_FLAGS | O_DIRECTORY)
/* The kernel printed the path without symlinks: one on it now is somebody's trick. */
#define TARGET_RESOLVE (SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS)

struct swap {
	const struct mount_attach *attach;
	const char *target; /* of the bind, from the root of the namespace */
	const char *parent;
	int mount_id;
	const struct strv *nested;
};

/* Clones of the nested mounts, with what is below each, in their order. */
struct clones {
	int *fds;
	size_t n;
};

static void clones_clear(struct clones *clones)
{
	for (size_t i = 0; i < clones->n; i++)
		close(clones->fds[i]);
	free(clones->fds);
}

#define cleanup_clones __attribute__((cleanup(clones_clear)))

static int open_target(const char *path, uint64_t flags)
{
	cleanup_close int root = -EBADF;

	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	return resolve_open(root, path, flags, TARGET_RESOLVE);
}

/* Before the bind goes, and they with it. */
static int clone_nested(const struct strv *nested, struct clones *ret)
{
	ret->fds = calloc(nested->n ? nested->n : 1, sizeof(*ret->fds));
	if (!ret->fds)
		return -ENOMEM;
	for (; ret->n < nested->n; ret->n++) {
		cleanup_close int fd = open_target(nested->items[ret->n], ANY_FLAGS);
		int r = fd < 0 ? fd : mount_clone(fd, true, &ret->fds[ret->n]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The runtime has made their mountpoints in the volume, so the clone of it has them as well. */
static int rebind_attach_nested(const struct strv *nested, const struct clones *clones)
{
	for (size_t i = 0; i < clones->n; i++) {
		cleanup_close int place = open_target(nested->items[i], ANY_FLAGS);
		int r = place < 0 ? place : sys_move_mount(clones->fds[i], place);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Take the old bind away; what is below it stays reachable through `parent_fd`. */
static int take_away(const struct swap *swap)
{
	cleanup_close int fd = -EBADF;
	int id, r;

	fd = open_target(swap->target, TARGET_FLAGS);
	if (fd < 0)
		return fd;
	r = mount_id_of(fd, &id, NULL);
	if (r < 0)
		return r;
	if (id != swap->mount_id)
		return -ESTALE;
	return mount_detach_copies(fd);
}

static int swap_in_namespace(void *data, struct error *err)
{
	const struct swap *swap = data;
	cleanup_clones struct clones nested = {0};
	cleanup_close int parent = -EBADF, place = -EBADF;
	int r;

	parent = open_target(swap->parent, TARGET_FLAGS);
	r = parent < 0 ? parent : clone_nested(swap->nested, &nested);
	if (r == 0)
		r = take_away(swap);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, swap->target, NULL,
			"cannot detach the container's bind at %s: %s", swap->target, strerror(-r));
	/* The bind never was below a mount of the container's own, so the place is the image's
	 * directory. */
	place = resolve_open(
		parent, strrchr(swap->target, '/') + 1, TARGET_FLAGS, SYS_RESOLVE_NO_SYMLINKS);
	r = place < 0 ? place : mount_attach(swap->attach, place);
	if (r == 0)
		r = rebind_attach_nested(swap->nested, &nested);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, swap->target, NULL,
			"cannot attach the shared mount at %s: %s", swap->target, strerror(-r));
	return 0;
}

/*
 * The policy may take these findings lightly. Not so a container that would see other owners of its
 * files, or never a mount.
 */
static int check_possible(const struct mount_entry *bind, struct error *err)
{
	if (mounts_has_option(bind, MOUNTS_IDMAPPED))
		return error_set(err, -EOPNOTSUPP, FINDING_PEER_GROUP_MISMATCH, bind->target,
			"make the host's mount shared (mount --make-shared) before the pod starts",
			"the container's bind at %s is idmapped, and its replacement would not be",
			bind->target);
	if (!mount_can_clone())
		return error_set(err, -ENOSYS, FINDING_HOST_NOT_SHARED, bind->target,
			"nothing: the volume is shared from now on, and the kubelet creates the "
			"container again; to have it shared at once, list it in nodeMounts, or run "
			"Linux 5.2 or newer",
			"the container's bind at %s was made before the volume was shared, and "
			"this kernel cannot replace it (it lacks open_tree and move_mount)",
			bind->target);
	return 0;
}

int rebind(const struct container_ns *ns, const struct rebind *replace, struct error *err)
{
	const struct mount_attach_how how = {
		.propagation = replace->propagation,
		.options = replace->bind->vfs_options,
		.recursive = replace->recursive,
	};
	cleanup_mount_attach struct mount_attach attach = MOUNT_ATTACH_NONE;
	cleanup_free char *parent = path_parent(replace->bind->target);
	const struct strv none = {0};
	struct swap swap;
	int r;

	if (!parent)
		return error_memory(err);
	r = check_possible(replace->bind, err);
	if (r < 0)
		return r;
	r = mount_attach_prepare(replace->anchor_fd, &how, &attach);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, replace->bind->target, NULL,
			"cannot clone the shared mount for %s: %s", replace->bind->target,
			strerror(-r));
	swap = (struct swap){
		.attach = &attach,
		.target = replace->bind->target,
		.parent = parent,
		.mount_id = replace->bind->id,
		.nested = replace->nested ? replace->nested : &none,
	};
	return container_ns_run(ns, swap_in_namespace, &swap, err);
}
