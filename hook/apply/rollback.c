/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/apply/rollback.h"

#include "hook/mount/shared_bind.h"

/* What is not there any more must not be taken for a hook's at the pod's end. */
static void forget(struct topology_volume *volume)
{
	if (!volume)
		return;
	volume->bound_by_hook = volume->shared_by_hook = false;
	volume->mount_id_unique = 0;
}

/* The last step, with the lock held: no hook can adopt it between the question and the end. */
static int take_back_sharing(struct run *run, struct error *err)
{
	const struct undo_step *step = &run->undo.steps[run->undo.n - 1];
	cleanup_bind_lock struct lock lock = LOCK_NONE;
	struct topology_volume *volume = topology_volume(&run->topology, step->name);
	bool used = true;
	int r;

	r = bind_lock(run->runtime_fd, step->fd, step->name, &lock, err);
	if (r == 0)
		r = bind_is_used_elsewhere(
			run->index, run->runtime_fd, &run->topology, step, &used, err);
	if (r < 0 || used) {
		undo_drop_last(&run->undo);
		return r;
	}
	r = undo_last(&run->undo);
	/* What could not be taken back stays in the record: the pod's end does it. */
	if (r == 0)
		forget(volume);
	return r;
}

unsigned int take_back(struct run *run)
{
	unsigned int left = 0;

	while (run->undo.n > 0) {
		const struct undo_step *step = &run->undo.steps[run->undo.n - 1];
		cleanup_error struct error err = {0};
		int r;

		progress_at(run->progress, "taking back", step->name);
		if (step->kind == UNDO_DIRECTORY || !step->name)
			r = undo_last(&run->undo);
		else
			r = take_back_sharing(run, &err);
		if (r < 0)
			left++;
	}
	run->tables_changed = true;
	return left;
}
