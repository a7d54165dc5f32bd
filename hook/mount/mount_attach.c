/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mount/mount_attach.h"

#include "hook/sys/fd_path.h"
#include "hook/sys/kernel_features.h"
#include "hook/sys/mount_legacy.h"
#include "hook/sys/mount_ops.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"

/* A clone of a shared mount is its peer until it is told otherwise. */
static int finish(const struct graft_how *how, int fd)
{
	int r = 0;

	if (how->propagation != PROPAGATION_SHARED)
		r = mount_set_propagation(fd, how->propagation, how->recursive);
	return r < 0 ? r : mount_set_options(fd, how->options);
}

/* Where mount_setattr(2) is, it is finished before anybody can see it. */
static int prepare_clone(struct graft *graft)
{
	int r = mount_clone(graft->source, graft->how.recursive, &graft->clone);

	if (r < 0 || !kernel_has(KERNEL_MOUNT_SETATTR))
		return r;
	graft->ready = true;
	return finish(&graft->how, graft->clone);
}

int graft_prepare(int source, const struct graft_how *how, struct graft *ret)
{
	cleanup_graft struct graft graft = GRAFT_NONE;
	int r = -EOPNOTSUPP;

	graft.source = source;
	graft.how = *how;
	if (mount_can_clone())
		r = prepare_clone(&graft);
	else if (how->propagation == PROPAGATION_PRIVATE)
		r = fd_path(source, &graft.path);
	if (r < 0)
		return r;
	*ret = graft;
	graft = GRAFT_NONE;
	return 0;
}

static int attach_clone(const struct graft *graft, int place)
{
	int r = sys_move_mount(graft->clone, place);

	if (r < 0 || graft->ready)
		return r;
	r = finish(&graft->how, graft->clone);
	if (r < 0)
		mount_detach_copies(graft->clone);
	return r;
}

/* The namespace's own copy of the host's mount has the same directory. */
static int open_copy(const struct graft *graft, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	int r;

	fd = resolve_open(
		AT_FDCWD, graft->path, O_PATH | O_DIRECTORY | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return fd;
	r = mount_by_path_same(fd, graft->source);
	if (r < 0)
		return r;
	if (r == 0)
		return -ESTALE;
	*ret_fd = move_fd(&fd);
	return 0;
}

static int attach_copy(const struct graft *graft, int place)
{
	cleanup_close int copy = -EBADF, top = -EBADF;
	int r = open_copy(graft, &copy);

	if (r == 0)
		r = mount_by_path_bind(copy, place, graft->how.recursive, &top);
	if (r < 0)
		return r;
	r = finish(&graft->how, top);
	if (r < 0)
		mount_detach_copies(top);
	return r;
}

int graft_attach(const struct graft *graft, int place)
{
	return graft->clone >= 0 ? attach_clone(graft, place) : attach_copy(graft, place);
}

void graft_clear(struct graft *graft)
{
	if (!graft)
		return;
	cleanup_close_fd(&graft->clone);
	free(graft->path);
	*graft = GRAFT_NONE;
}
