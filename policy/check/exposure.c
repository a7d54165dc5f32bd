/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decided by the destinations of config.json alone, before anything is looked at: what would get
 * in the way there is a volume, and those are all in it.
 */
#include "policy/check/exposure.h"

#include "oci/base/path.h"
#include "policy/check/plan.h"

#include <stddef.h>
#include <string.h>

/* Most images have /var/run as a symlink to /run, and a runtime follows it. */
static const char *without_var(const char *path)
{
	return path_below(path, "/var/run") ? path + strlen("/var") : path;
}

static bool is_at_the_place(const char *path)
{
	return path_below(without_var(path), PLAN_EXPOSE_PATH) != NULL;
}

static bool exposure_travels(const struct spec_mount *mount)
{
	return mount->bind && mount->propagation == PROPAGATION_SHARED &&
	       path_below(PLAN_EXPOSE_PATH, without_var(mount->destination));
}

static const char *find_taker(const struct facts *facts)
{
	for (size_t i = 0; i < facts->spec->n_mounts; i++) {
		if (is_at_the_place(facts->spec->mounts[i].destination))
			return facts->spec->mounts[i].destination;
	}
	for (size_t i = 0; i < facts->request->n_mounts; i++) {
		if (is_at_the_place(facts->request->mounts[i].path))
			return facts->request->mounts[i].path;
	}
	return NULL;
}

static const char *find_traveller(const struct facts *facts)
{
	for (size_t i = 0; i < facts->spec->n_mounts; i++) {
		if (exposure_travels(&facts->spec->mounts[i]))
			return facts->spec->mounts[i].destination;
	}
	return NULL;
}

enum exposure exposure_of(const struct facts *facts, enum role role, const char **ret_by)
{
	const char *by = NULL;
	enum exposure exposure = EXPOSURE_UNWANTED;

	if (facts->request->expose && role != ROLE_BYSTANDER && role != ROLE_INACTIVE) {
		exposure = EXPOSURE_FREE;
		if ((by = find_taker(facts)))
			exposure = EXPOSURE_TAKEN;
		else if ((by = find_traveller(facts)))
			exposure = EXPOSURE_TRAVELS;
	}
	if (ret_by)
		*ret_by = by;
	return exposure;
}
