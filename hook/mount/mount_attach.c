/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clone is complete, with flags and propagation, before it is attached: there is no moment at
 * which the container sees it otherwise. Where the kernel cannot clone, the namespace's own copy
 * is bound and changed.
 */
#include "hook/mount/mount_attach.h"

#include "hook/sys/fd_path.h"
#include "hook/sys/kernel_features.h"
#include "hook/sys/mount_legacy.h"
#include "hook/sys/mount_ops.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"

/* A clone of a shared mount is its peer until it is told otherwise. */
static int mount_attach_finish(const struct mount_attach_how *how, int fd)
{
	int r = 0;

	if (how->propagation != PROPAGATION_SHARED)
		r = mount_set_propagation(fd, how->propagation, how->recursive);
	return r < 0 ? r : mount_set_options(fd, how->options);
}

/* Where mount_setattr(2) is, it is finished before anybody can see it. */
static int prepare_clone(struct mount_attach *attach)
{
	int r = mount_clone(attach->source, attach->how.recursive, &attach->clone);

	if (r < 0 || !kernel_has(KERNEL_MOUNT_SETATTR))
		return r;
	attach->ready = true;
	return mount_attach_finish(&attach->how, attach->clone);
}

int mount_attach_prepare(int source, const struct mount_attach_how *how, struct mount_attach *ret)
{
	cleanup_mount_attach struct mount_attach attach = MOUNT_ATTACH_NONE;
	int r = -EOPNOTSUPP;

	attach.source = source;
	attach.how = *how;
	if (mount_can_clone())
		r = prepare_clone(&attach);
	else if (how->propagation == PROPAGATION_PRIVATE)
		r = fd_path(source, &attach.path);
	if (r < 0)
		return r;
	*ret = attach;
	attach = MOUNT_ATTACH_NONE;
	return 0;
}

static int attach_clone(const struct mount_attach *attach, int place)
{
	int r = sys_move_mount(attach->clone, place);

	if (r < 0 || attach->ready)
		return r;
	r = mount_attach_finish(&attach->how, attach->clone);
	if (r < 0)
		mount_detach_copies(attach->clone);
	return r;
}

/* The namespace's own copy of the host's mount has the same directory. */
static int open_copy(const struct mount_attach *attach, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	int r;

	fd = resolve_open(
		AT_FDCWD, attach->path, O_PATH | O_DIRECTORY | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return fd;
	r = mount_legacy_same(fd, attach->source);
	if (r < 0)
		return r;
	if (r == 0)
		return -ESTALE;
	*ret_fd = move_fd(&fd);
	return 0;
}

static int attach_copy(const struct mount_attach *attach, int place)
{
	cleanup_close int copy = -EBADF, top = -EBADF;
	int r = open_copy(attach, &copy);

	if (r == 0)
		r = mount_legacy_bind(copy, place, attach->how.recursive, &top);
	if (r < 0)
		return r;
	r = mount_attach_finish(&attach->how, top);
	if (r < 0)
		mount_detach_copies(top);
	return r;
}

int mount_attach(const struct mount_attach *attach, int place)
{
	return attach->clone >= 0 ? attach_clone(attach, place) : attach_copy(attach, place);
}

void mount_attach_clear(struct mount_attach *attach)
{
	if (!attach)
		return;
	cleanup_close_fd(&attach->clone);
	free(attach->path);
	*attach = MOUNT_ATTACH_NONE;
}
