/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/take_back.h"

#include "hook/bind.h"

/* What will not be there any more must not be taken for a hook's at the pod's end. */
static void forget(struct run *run, const char *host_path)
{
	struct topology_volume *volume = topology_volume(&run->topology, host_path);

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
	bool used = true;
	int r;

	r = bind_lock(run->runtime_fd, step->fd, step->name, &lock, err);
	if (r == 0)
		r = bind_is_used_elsewhere(run->runtime_fd, &run->topology, step, &used, err);
	if (r < 0 || used) {
		undo_drop_last(&run->undo);
		return r;
	}
	forget(run, step->name);
	return undo_last(&run->undo);
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
