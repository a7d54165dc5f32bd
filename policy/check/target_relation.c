/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a container's mounts stand to a FUSE path. Before the provider has been there only the paths
 * of config.json and of the annotation can be compared; then the record says which host directory
 * it is, and the mount table tells the same directory by whatever path it is mounted.
 */
#include "policy/check/target_relation.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include "policy/check/target_place.h"
#include "policy/check/target_source.h"
#include <string.h>

/* The container's paths and the host's, taken literally: for the provider itself, for @node, and
 * for who comes before the provider. */
static int relate_by_path(const struct facts *facts, struct target *target)
{
	const char *path = target->request->path;
	const struct spec_mount *mount = target_spec_mount(facts->spec, path);
	const char *rest;
	int r;

	if (!mount || !mount->bind)
		return 0;
	rest = path_below(path, mount->destination);
	target->mount = mount;
	if (target->relation != TARGET_PROVIDES)
		target->relation = *rest ? TARGET_SEES : TARGET_INSIDE;
	target->exact = target->relation == TARGET_INSIDE;
	r = target_mount_source(facts, mount, &target->source);
	if (r < 0 || !target->source)
		return r;
	target->host_path = path_join(target->source, rest);
	target->volume = strdup(target->source);
	return target->host_path && target->volume ? 0 : -ENOMEM;
}

/* Where a FUSE path of the record is on the host, by path and by place. */
struct landmark {
	const char *host_path;
	const struct mount_entry *carrier; /* NULL: unknown */
	struct target_place place;	   /* of the directory itself */
	struct target_place live;	   /* of the root of what is mounted there now */
};

static int find_landmark(const struct facts *facts, const char *host_path, struct landmark *ret)
{
	int r;

	ret->host_path = host_path;
	if (!facts->host)
		return 0;
	ret->carrier = mounts_carrier(facts->host, host_path);
	r = target_place_find(ret->carrier, host_path, &ret->place);
	if (r < 0)
		return r;
	return target_place_find(mounts_at(facts->host, host_path), host_path, &ret->live);
}

static void landmark_clear(struct landmark *landmark)
{
	target_place_clear(&landmark->place);
	target_place_clear(&landmark->live);
}

#define cleanup_landmark __attribute__((cleanup(landmark_clear)))

/* How one mount of the container stands to a FUSE path. */
struct sight {
	enum target_relation relation;
	const struct spec_mount *mount;
	char *rest;   /* SEES: from the mount to the FUSE path */
	char *source; /* as struct target has it */
	bool exact;   /* as struct target has it */
};

static void sight_clear(struct sight *sight)
{
	free(sight->rest);
	free(sight->source);
	*sight = (struct sight){0};
}

#define cleanup_sight __attribute__((cleanup(sight_clear)))

/* `path` without `rest`, where it ends in that. *ret stays NULL otherwise. 0 or -ENOMEM. */
static int cut_rest(const char *path, const char *rest, char **ret)
{
	size_t length = strlen(path), cut = strlen(rest) + 1;

	if (cut > length || path[length - cut] != '/' || strcmp(path + length - cut + 1, rest) != 0)
		return 0;
	*ret = cut == length ? strdup("/") : strndup(path, length - cut);
	return *ret ? 0 : -ENOMEM;
}

static int see_above(const char *rest, struct sight *sight)
{
	sight->relation = TARGET_SEES;
	sight->rest = strdup(rest);
	return sight->rest ? 0 : -ENOMEM;
}

/*
 * The mount shows a directory of the carrier's file system above the FUSE path. Its name through
 * the volume is the host path without the rest, unless that leaves the carrier: what it shows is
 * above the carrier's root then, and has no name there.
 */
static int see_by_place(const struct landmark *landmark, const char *rest, struct sight *sight)
{
	cleanup_free char *source = NULL;
	int r = cut_rest(landmark->host_path, rest, &source);

	if (r < 0)
		return r;
	if (source && path_below(source, landmark->carrier->target))
		sight->source = move_ptr(source);
	return see_above(rest, sight);
}

static int see_inside(char **source, bool exact, struct sight *sight)
{
	sight->relation = TARGET_INSIDE;
	sight->exact = exact;
	sight->source = move_ptr(*source);
	return 0;
}

/* What paths do not say, mount tables may. */
static int target_match_place(const struct facts *facts, const struct landmark *landmark,
	char **source, struct sight *sight)
{
	cleanup_target_place struct target_place place = {0};
	const char *above;
	int r;

	if (!facts->host)
		return 0;
	r = target_place_find(mounts_cover(facts->host, *source), *source, &place);
	if (r < 0)
		return r;
	above = target_place_below(&landmark->place, &place);
	if (above && *above)
		return see_by_place(landmark, above, sight);
	if (above || target_place_is(&place, &landmark->live))
		return see_inside(source, true, sight);
	if (target_place_below(&place, &landmark->place) ||
		target_place_below(&place, &landmark->live))
		return see_inside(source, false, sight);
	return 0;
}

/* Fill `sight` (empty but for its mount) where the mount has to do with the landmark. */
static int target_match_mount(
	const struct facts *facts, const struct landmark *landmark, struct sight *sight)
{
	cleanup_free char *source = NULL;
	const char *above;
	int r;

	r = target_mount_source(facts, sight->mount, &source);
	if (r < 0 || !source)
		return r;
	above = path_below(landmark->host_path, source);
	if (above && *above) {
		sight->source = move_ptr(source);
		return see_above(above, sight);
	}
	if (above || path_below(source, landmark->host_path))
		return see_inside(&source, above != NULL, sight);
	return target_match_place(facts, landmark, &source, sight);
}

/* True where the mount shows the FUSE path just where the annotation has it. */
static bool shows_at(const struct sight *sight, const char *path)
{
	const char *rest = path_below(path, sight->mount->destination);

	return rest && strcmp(rest, sight->rest) == 0;
}

/* Prefer what shows the path, then what shows it where the annotation says, then the closest. */
static bool is_better(const struct sight *sight, const struct sight *best, const char *path)
{
	if (best->relation == TARGET_NONE || sight->relation == TARGET_NONE)
		return sight->relation != TARGET_NONE;
	if (best->relation != TARGET_SEES || sight->relation != TARGET_SEES)
		return best->relation != TARGET_SEES && sight->relation == TARGET_SEES;
	if (shows_at(sight, path) != shows_at(best, path))
		return shows_at(sight, path);
	return strlen(sight->rest) < strlen(best->rest);
}

/* True where another mount of the container lies over the place at which this one shows the path.
 * 0 or -ENOMEM. */
static int find_shadow(const struct spec *spec, const struct sight *sight, bool *ret)
{
	cleanup_free char *seen = NULL;

	*ret = false;
	if (sight->relation != TARGET_SEES)
		return 0;
	seen = path_join(sight->mount->destination, sight->rest);
	if (!seen)
		return -ENOMEM;
	*ret = target_spec_mount(spec, seen) != sight->mount;
	return 0;
}

static int find_best_sight(const struct facts *facts, const struct landmark *landmark,
	const char *path, struct sight *ret)
{
	for (size_t i = 0; i < facts->spec->n_mounts; i++) {
		cleanup_sight struct sight sight = {.mount = &facts->spec->mounts[i]};
		bool shadowed;
		int r;

		r = target_match_mount(facts, landmark, &sight);
		if (r < 0)
			return r;
		r = find_shadow(facts->spec, &sight, &shadowed);
		if (r < 0)
			return r;
		if (shadowed || !is_better(&sight, ret, path))
			continue;
		sight_clear(ret);
		*ret = sight;
		sight = (struct sight){0};
	}
	return 0;
}

/* The provider was here: whatever this container mounts of the same directory counts, wherever the
 * container has it. */
static int relate_by_record(
	const struct facts *facts, const struct topology_path *record, struct target *target)
{
	cleanup_landmark struct landmark landmark = {0};
	cleanup_sight struct sight sight = {0};
	int r;

	r = find_landmark(facts, record->host_path, &landmark);
	if (r < 0)
		return r;
	r = find_best_sight(facts, &landmark, target->request->path, &sight);
	if (r < 0)
		return r;
	target->host_path = strdup(record->host_path);
	if (!target->host_path)
		return -ENOMEM;
	if (record->volume) {
		target->volume = strdup(record->volume);
		if (!target->volume)
			return -ENOMEM;
	}
	target->relation = sight.relation;
	if (sight.relation == TARGET_NONE)
		return 0;
	target->mount = sight.mount;
	target->source = move_ptr(sight.source);
	target->exact = sight.exact;
	if (sight.relation != TARGET_SEES)
		return 0;
	target->seen_path = path_join(sight.mount->destination, sight.rest);
	return target->seen_path ? 0 : -ENOMEM;
}

int target_relate(const struct facts *facts, struct target *target)
{
	const struct mount_request *request = target->request;
	const struct topology_path *record = NULL;
	int r;

	if (!request->node && strcmp(request->provider, facts->identity->container_name) == 0)
		target->relation = TARGET_PROVIDES;
	else if (!request->node && facts->topology)
		record = topology_path(facts->topology, request->path);
	if (record && record->host_path)
		return relate_by_record(facts, record, target);
	r = relate_by_path(facts, target);
	if (r < 0)
		return r;
	if (target->relation != TARGET_PROVIDES && target->relation != TARGET_SEES)
		return 0;
	target->seen_path = strdup(request->path);
	return target->seen_path ? 0 : -ENOMEM;
}
