/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/check/target.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include <string.h>

const struct spec_mount *target_spec_mount(const struct spec *spec, const char *path)
{
	const struct spec_mount *holder = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		size_t length = strlen(mount->destination);

		if (!path_below(path, mount->destination) || (holder && length < longest))
			continue;
		holder = mount;
		longest = length;
	}
	return holder;
}

/*
 * A directory named by its file system: the same through whatever mount it is looked at. The
 * kubelet gives a subPath volume a bind mount of its own, elsewhere than the volume; only this name
 * shows that the two belong together.
 */
struct place {
	unsigned int major, minor;
	char *path; /* from the file system's root; NULL: unknown */
};

static void place_clear(struct place *place)
{
	free(place->path);
	*place = (struct place){0};
}

#define cleanup_place __attribute__((cleanup(place_clear)))

/* The place that `path` has on `mount`, which carries or covers it. 0 or -ENOMEM. */
static int find_place(const struct mount_entry *mount, const char *path, struct place *ret)
{
	struct place place;

	if (!mount || !path_below(path, mount->target))
		return 0;
	place = (struct place){mount->major, mount->minor, mounts_fs_path(mount, path)};
	if (!place.path)
		return -ENOMEM;
	*ret = place;
	return 0;
}

/* As path_below(): NULL where `place` is not on the same file system at or below `above`. */
static const char *place_below(const struct place *place, const struct place *above)
{
	if (!place->path || !above->path || place->major != above->major ||
		place->minor != above->minor)
		return NULL;
	return path_below(place->path, above->path);
}

static bool place_is(const struct place *place, const struct place *other)
{
	const char *rest = place_below(place, other);

	return rest && *rest == '\0';
}

int target_mount_source(const struct facts *facts, const struct spec_mount *mount, char **ret)
{
	cleanup_free char *joined = NULL, *simple = NULL;

	*ret = NULL;
	if (!mount->bind || !mount->source)
		return 0;
	/* A relative source starts at the bundle (runtime-spec, config.md, "Mounts"). */
	if (mount->source[0] != '/' && !facts->bundle)
		return 0;
	joined = path_join(mount->source[0] == '/' ? "/" : facts->bundle, mount->source);
	if (!joined)
		return -ENOMEM;
	simple = path_simplify(joined);
	if (!simple)
		return -ENOMEM;
	/* What has ".." in it names nothing that a prefix can be compared with. */
	if (path_is_normalized(simple))
		*ret = move_ptr(simple);
	return 0;
}

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
	struct place place;		   /* of the directory itself */
	struct place live;		   /* of the root of what is mounted there now */
};

static int find_landmark(const struct facts *facts, const char *host_path, struct landmark *ret)
{
	int r;

	ret->host_path = host_path;
	if (!facts->host)
		return 0;
	ret->carrier = mounts_carrier(facts->host, host_path);
	r = find_place(ret->carrier, host_path, &ret->place);
	if (r < 0)
		return r;
	return find_place(mounts_at(facts->host, host_path), host_path, &ret->live);
}

static void landmark_clear(struct landmark *landmark)
{
	place_clear(&landmark->place);
	place_clear(&landmark->live);
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
static int look_by_place(const struct facts *facts, const struct landmark *landmark, char **source,
	struct sight *sight)
{
	cleanup_place struct place place = {0};
	const char *above;
	int r;

	if (!facts->host)
		return 0;
	r = find_place(mounts_cover(facts->host, *source), *source, &place);
	if (r < 0)
		return r;
	above = place_below(&landmark->place, &place);
	if (above && *above)
		return see_by_place(landmark, above, sight);
	if (above || place_is(&place, &landmark->live))
		return see_inside(source, true, sight);
	if (place_below(&place, &landmark->place) || place_below(&place, &landmark->live))
		return see_inside(source, false, sight);
	return 0;
}

/* Fill `sight` (empty but for its mount) where the mount has to do with the landmark. */
static int look(const struct facts *facts, const struct landmark *landmark, struct sight *sight)
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
	return look_by_place(facts, landmark, &source, sight);
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

		r = look(facts, landmark, &sight);
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

static int relate(const struct facts *facts, struct target *target)
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

static int resolve_host(const struct facts *facts, struct target *target)
{
	const struct mount_entry *carrier;

	if (!facts->host || !target->host_path)
		return 0;
	carrier = mounts_carrier(facts->host, target->host_path);
	target->host_carrier = carrier;
	if (!carrier || !target->source || target->relation == TARGET_INSIDE)
		return 0;
	target->anchor_is_mountpoint = path_below(carrier->target, target->source) != NULL;
	target->anchor = strdup(target->anchor_is_mountpoint ? carrier->target : target->source);
	target->anchor_self_bind =
		target->anchor_is_mountpoint && mounts_is_self_bind(facts->host, carrier);
	return target->anchor ? 0 : -ENOMEM;
}

int target_table_root(const struct facts *facts, char **ret)
{
	const char *root = facts->container_root ? facts->container_root : facts->spec->root_path;
	cleanup_free char *joined = NULL, *simple = NULL;

	*ret = NULL;
	if (!facts->container || !root || (root[0] != '/' && !facts->bundle))
		return 0;
	joined = path_join(root[0] == '/' ? "/" : facts->bundle, root);
	if (!joined)
		return -ENOMEM;
	simple = path_simplify(joined);
	if (!simple)
		return -ENOMEM;
	/* Runtimes make the root a mountpoint before anything else. */
	if (!mounts_at(facts->container, simple)) {
		*ret = strdup("/");
		return *ret ? 0 : -ENOMEM;
	}
	*ret = move_ptr(simple);
	return 0;
}

/* The one mountpoint below `root` that shows the place; NULL where there is none or a second. */
static const char *find_mountpoint_of(
	const struct mount_table *table, const char *root, const struct place *place)
{
	const char *found = NULL;

	for (size_t i = 0; i < table->n; i++) {
		const struct mount_entry *mount = &table->entries[i];

		if (mount->major != place->major || mount->minor != place->minor ||
			strcmp(mount->root, place->path) != 0 || !path_below(mount->target, root))
			continue;
		if (found)
			return NULL;
		found = mount->target;
	}
	return found;
}

/*
 * The mountpoint of target->mount in the container's table. Runtimes resolve a destination inside
 * the image, whose symbolic links are not to be seen from here: where nothing is mounted at the
 * plain path, the mount that shows the same directory is it. *ret NULL where there is none. 0 or
 * -ENOMEM.
 */
static int find_mountpoint(
	const struct facts *facts, struct target *target, const char *root, char **ret)
{
	cleanup_free char *plain = path_join(root, target->mount->destination), *source = NULL;
	cleanup_place struct place place = {0};
	const char *found;
	int r;

	*ret = NULL;
	if (!plain)
		return -ENOMEM;
	if (mounts_at(facts->container, plain)) {
		*ret = move_ptr(plain);
		return 0;
	}
	r = target_mount_source(facts, target->mount, &source);
	if (r < 0 || !source || !facts->host)
		return r;
	r = find_place(mounts_cover(facts->host, source), source, &place);
	if (r < 0 || !place.path)
		return r;
	target->unplaced = facts->container->partial;
	if (target->unplaced)
		return 0;
	found = find_mountpoint_of(facts->container, root, &place);
	if (found)
		*ret = strdup(found);
	return found && !*ret ? -ENOMEM : 0;
}

static int resolve_container_anchor(
	const struct facts *facts, const char *mountpoint, struct target *target)
{
	const char *rest = target->anchor ? path_below(target->anchor, target->source) : NULL;
	cleanup_free char *anchor = NULL;

	if (!rest)
		return 0;
	anchor = path_join(mountpoint, rest);
	if (!anchor)
		return -ENOMEM;
	if (mounts_at(facts->container, anchor))
		target->container_anchor = move_ptr(anchor);
	return 0;
}

static int resolve_container(const struct facts *facts, const char *root, struct target *target)
{
	cleanup_free char *mountpoint = NULL;
	int r;

	if (!root || !target->mount)
		return 0;
	r = find_mountpoint(facts, target, root, &mountpoint);
	if (r < 0 || !mountpoint)
		return r;
	if (target->relation == TARGET_INSIDE) {
		target->container_carrier = mounts_at(facts->container, mountpoint);
		return 0;
	}
	target->container_path =
		path_join(mountpoint, path_below(target->seen_path, target->mount->destination));
	if (!target->container_path)
		return -ENOMEM;
	target->container_carrier = mounts_carrier(facts->container, target->container_path);
	return resolve_container_anchor(facts, mountpoint, target);
}

int targets_resolve(const struct facts *facts, struct targets *ret)
{
	const struct request *request = facts->request;
	cleanup_targets struct targets targets = {0};
	cleanup_free char *root = NULL;
	int r;

	if (request->n_mounts > 0) {
		targets.items = calloc(request->n_mounts, sizeof(*targets.items));
		if (!targets.items)
			return -ENOMEM;
	}
	targets.n = request->n_mounts;
	r = target_table_root(facts, &root);
	for (size_t i = 0; r == 0 && i < targets.n; i++) {
		struct target *target = &targets.items[i];

		target->request = &request->mounts[i];
		r = relate(facts, target);
		if (r == 0)
			r = resolve_host(facts, target);
		if (r == 0)
			r = resolve_container(facts, root, target);
	}
	if (r < 0)
		return r;
	*ret = move_struct(targets);
	return 0;
}

const struct target *targets_first(const struct targets *targets, enum target_relation relation)
{
	for (size_t i = 0; i < targets->n; i++)
		if (targets->items[i].relation == relation)
			return &targets->items[i];
	return NULL;
}

enum role targets_role(const struct targets *targets)
{
	if (targets_first(targets, TARGET_PROVIDES))
		return ROLE_PROVIDER;
	if (targets_first(targets, TARGET_SEES) || targets_first(targets, TARGET_INSIDE))
		return ROLE_CONSUMER;
	return ROLE_BYSTANDER;
}

static void target_clear(struct target *target)
{
	free(target->volume);
	free(target->host_path);
	free(target->source);
	free(target->seen_path);
	free(target->anchor);
	free(target->container_path);
	free(target->container_anchor);
}

void targets_clear(struct targets *targets)
{
	if (!targets)
		return;
	for (size_t i = 0; i < targets->n; i++)
		target_clear(&targets->items[i]);
	free(targets->items);
	*targets = (struct targets){0};
}
