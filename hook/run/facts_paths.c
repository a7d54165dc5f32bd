/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for the state of recorded paths, all in one round. */
#include "hook/run/facts_paths.h"

#include "oci/base/cleanup.h"
#include <string.h>

static bool paths_is_left_out(const struct facts_paths *how, const char *path)
{
	for (size_t i = 0; how->waits && i < how->waits->n; i++) {
		const struct plan_step *step = &how->waits->steps[i];

		if (step->action == PLAN_WAIT && strcmp(step->path, path) == 0)
			return true;
	}
	return false;
}

int facts_paths_read(
	const struct topology *topology, const struct facts_paths *how, struct probe_question **ret)
{
	/* One more, so that none is no special case. */
	struct probe_question *questions = calloc(topology->n_paths + 1, sizeof(*questions));
	int r;

	*ret = questions;
	if (!questions)
		return -ENOMEM;
	for (size_t i = 0; i < topology->n_paths; i++) {
		if (!paths_is_left_out(how, topology->paths[i].path))
			questions[i].host_path = topology->paths[i].host_path;
	}
	r = probe_paths(how->host, questions, topology->n_paths, how->probe_timeout_usec);
	for (size_t i = 0; r < 0 && i < topology->n_paths; i++)
		questions[i] = (struct probe_question){.state = PATH_UNKNOWN};
	return r;
}
