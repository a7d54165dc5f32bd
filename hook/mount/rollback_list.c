/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mount/rollback_list.h"

#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include <fcntl.h>
#include <string.h>

int undo_add(struct undo *undo, enum undo_kind kind, int fd, const char *name)
{
	cleanup_close int copy = -EBADF;
	cleanup_free char *name_copy = NULL;
	int r;

	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	if (name) {
		name_copy = strdup(name);
		if (!name_copy)
			return -ENOMEM;
	}
	r = array_grow(&undo->steps, undo->n, sizeof(*undo->steps));
	if (r < 0)
		return r;
	undo->steps[undo->n++] = (struct undo_step){
		.kind = kind,
		.fd = move_fd(&copy),
		.name = move_ptr(name_copy),
	};
	return 0;
}

int undo_add_directory(struct undo *undo, int fd, const char *name, const struct fs_user *creator)
{
	size_t n = creator->n_groups;
	cleanup_free gid_t *groups = calloc(n ? n : 1, sizeof(*groups));
	struct undo_step *step;
	int r;

	if (!groups)
		return -ENOMEM;
	r = undo_add(undo, UNDO_DIRECTORY, fd, name);
	if (r < 0)
		return r;
	if (n > 0)
		memcpy(groups, creator->groups, n * sizeof(*groups));
	step = &undo->steps[undo->n - 1];
	step->creator = *creator;
	step->creator.groups = step->groups = move_ptr(groups);
	return 0;
}

static int remove_directory(const struct undo_step *step)
{
	return unlinkat(step->fd, step->name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int remove_as_creator(const struct undo_step *step)
{
	int r = fs_user_become(&step->creator), back;

	if (r < 0)
		return r;
	r = remove_directory(step);
	back = fs_user_return();
	return back < 0 ? back : r;
}

/* By whom it was made, whom a volume that refuses root lets; by root where it has been given away
 * since, or what is above it, and where this process cannot become that user any more. */
static int take_back_directory(const struct undo_step *step)
{
	int r = remove_as_creator(step);

	if (r < 0)
		r = remove_directory(step);
	/* Not empty, a mountpoint, gone, or no directory: somebody else's by now. */
	return r == -ENOTEMPTY || r == -EEXIST || r == -EBUSY || r == -ENOENT || r == -ENOTDIR ? 0
											       : r;
}

static int take_back(const struct undo_step *step)
{
	switch (step->kind) {
	case UNDO_DIRECTORY:
		return take_back_directory(step);
	case UNDO_SHARED:
		return mount_set_propagation(step->fd, PROPAGATION_PRIVATE, false);
	case UNDO_BIND:
		return mount_detach_copies(step->fd);
	}
	return -EINVAL;
}

static void step_clear(struct undo_step *step)
{
	if (step->fd >= 0)
		close(step->fd);
	free(step->name);
	free(step->groups);
}

void undo_drop_last(struct undo *undo)
{
	step_clear(&undo->steps[--undo->n]);
}

void undo_keep_mounts(struct undo *undo)
{
	size_t kept = 0;

	for (size_t i = 0; i < undo->n; i++) {
		if (undo->steps[i].kind == UNDO_DIRECTORY)
			undo->steps[kept++] = undo->steps[i];
		else
			step_clear(&undo->steps[i]);
	}
	undo->n = kept;
}

int undo_last(struct undo *undo)
{
	int r = take_back(&undo->steps[undo->n - 1]);

	undo_drop_last(undo);
	return r;
}

unsigned int undo_run(struct undo *undo)
{
	unsigned int failed = 0;

	while (undo->n > 0) {
		if (undo_last(undo) < 0)
			failed++;
	}
	undo_clear(undo);
	return failed;
}

void undo_clear(struct undo *undo)
{
	if (!undo)
		return;
	for (size_t i = 0; i < undo->n; i++)
		step_clear(&undo->steps[i]);
	free(undo->steps);
	*undo = (struct undo){0};
}
