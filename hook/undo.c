/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/undo.h"

#include "hook/mount_ops.h"
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

static int take_back(const struct undo_step *step)
{
	switch (step->kind) {
	case UNDO_DIRECTORY:
		if (unlinkat(step->fd, step->name, AT_REMOVEDIR) == 0)
			return 0;
		/* Not empty, a mountpoint, or gone: somebody else's by now. */
		return errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOENT
			       ? 0
			       : -errno;
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
}

void undo_drop_last(struct undo *undo)
{
	step_clear(&undo->steps[--undo->n]);
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
