/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is made is on the list as soon as it is there, and is taken back in reverse. A directory
 * goes only where it is empty and still the one that was made.
 */
#include "hook/mount/rollback_list.h"

#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include <fcntl.h>
#include <string.h>

int rollback_list_add(
	struct rollback_list *rollback, enum rollback_kind kind, int fd, const char *name)
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
	r = array_grow(&rollback->steps, rollback->n, sizeof(*rollback->steps));
	if (r < 0)
		return r;
	rollback->steps[rollback->n++] = (struct rollback_step){
		.kind = kind,
		.fd = move_fd(&copy),
		.name = move_ptr(name_copy),
	};
	return 0;
}

int rollback_list_add_directory(
	struct rollback_list *rollback, int fd, const char *name, const struct fs_user *creator)
{
	size_t n = creator->n_groups;
	cleanup_free gid_t *groups = calloc(n ? n : 1, sizeof(*groups));
	struct rollback_step *step;
	int r;

	if (!groups)
		return -ENOMEM;
	r = rollback_list_add(rollback, ROLLBACK_DIRECTORY, fd, name);
	if (r < 0)
		return r;
	if (n > 0)
		memcpy(groups, creator->groups, n * sizeof(*groups));
	step = &rollback->steps[rollback->n - 1];
	step->creator = *creator;
	step->creator.groups = step->groups = move_ptr(groups);
	return 0;
}

static int remove_directory(const struct rollback_step *step)
{
	return unlinkat(step->fd, step->name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int remove_as_creator(const struct rollback_step *step)
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
static int take_back_directory(const struct rollback_step *step)
{
	int r = remove_as_creator(step);

	if (r < 0)
		r = remove_directory(step);
	/* Not empty, a mountpoint, gone, or no directory: somebody else's by now. */
	return r == -ENOTEMPTY || r == -EEXIST || r == -EBUSY || r == -ENOENT || r == -ENOTDIR ? 0
											       : r;
}

static int rollback_run_step(const struct rollback_step *step)
{
	switch (step->kind) {
	case ROLLBACK_DIRECTORY:
		return take_back_directory(step);
	case ROLLBACK_SHARED:
		return mount_set_propagation(step->fd, PROPAGATION_PRIVATE, false);
	case ROLLBACK_BIND:
		return mount_detach_copies(step->fd);
	}
	return -EINVAL;
}

static void rollback_clear_step(struct rollback_step *step)
{
	if (step->fd >= 0)
		close(step->fd);
	free(step->name);
	free(step->groups);
}

void rollback_list_drop_last(struct rollback_list *rollback)
{
	rollback_clear_step(&rollback->steps[--rollback->n]);
}

void rollback_list_keep_mounts(struct rollback_list *rollback)
{
	size_t kept = 0;

	for (size_t i = 0; i < rollback->n; i++) {
		if (rollback->steps[i].kind == ROLLBACK_DIRECTORY)
			rollback->steps[kept++] = rollback->steps[i];
		else
			rollback_clear_step(&rollback->steps[i]);
	}
	rollback->n = kept;
}

int rollback_list_last(struct rollback_list *rollback)
{
	int r = rollback_run_step(&rollback->steps[rollback->n - 1]);

	rollback_list_drop_last(rollback);
	return r;
}

void rollback_list_clear(struct rollback_list *rollback)
{
	if (!rollback)
		return;
	for (size_t i = 0; i < rollback->n; i++)
		rollback_clear_step(&rollback->steps[i]);
	free(rollback->steps);
	*rollback = (struct rollback_list){0};
}
