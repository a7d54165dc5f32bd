/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In reverse, from a list that names only what this run has made. What another pod has come to use
 * meanwhile is left: who uses it last takes it away.
 */
#include "hook/apply/rollback.h"

#include "hook/mount/shared_bind.h"

/* What is not there any more must not be taken for a hook's at the pod's end. */
static void rollback_forget(struct topology_volume *volume)
{
	if (!volume)
		return;
	volume->bound_by_hook = volume->shared_by_hook = false;
	volume->mount_id_unique = 0;
}

/* The last step, with the lock held: no hook can adopt it between the question and the end. */
static int rollback_sharing(struct run_session *session, struct error *err)
{
	const struct rollback_step *step = &session->rollback.steps[session->rollback.n - 1];
	cleanup_bind_lock struct lock lock = LOCK_NONE;
	struct topology_volume *volume = topology_volume(&session->topology, step->name);
	bool used = true;
	int r;

	r = shared_bind_lock(session->runtime_fd, step->fd, step->name, &lock, err);
	if (r == 0)
		r = shared_bind_is_used_elsewhere(
			session->index, session->runtime_fd, &session->topology, step, &used, err);
	if (r < 0 || used) {
		rollback_list_drop_last(&session->rollback);
		return r;
	}
	r = rollback_list_last(&session->rollback);
	/* What could not be rolled back stays in the record: the pod's end does it. */
	if (r == 0)
		rollback_forget(volume);
	return r;
}

unsigned int rollback_run(struct run *run)
{
	unsigned int left = 0;

	while (run->session.rollback.n > 0) {
		const struct rollback_step *step =
			&run->session.rollback.steps[run->session.rollback.n - 1];
		cleanup_error struct error err = {0};
		int r;

		worker_status_at(run->session.progress, "rolling back", step->name);
		if (step->kind == ROLLBACK_DIRECTORY || !step->name)
			r = rollback_list_last(&run->session.rollback);
		else
			r = rollback_sharing(&run->session, &err);
		if (r < 0)
			left++;
	}
	run->known.tables_changed = true;
	return left;
}
