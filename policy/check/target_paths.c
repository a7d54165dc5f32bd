/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mirrors what targets_resolve() reads of tables, and must name each path that it asks for: on a
 * kernel that tells mounts one by one no other mount is in the table.
 */
#include "policy/check/target_paths.h"
#include "policy/check/target_container.h"
#include "policy/check/target_source.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <errno.h>

/* A path that the record and the annotation both name is looked up once. */
static int target_paths_add(const char *path, struct strv *ret)
{
	return strv_contains(ret, path) ? 0 : strv_add(ret, path);
}

static int add_joined(const char *prefix, const char *rest, struct strv *ret)
{
	cleanup_free char *joined = path_join(prefix, rest), *simple = NULL;

	if (!joined)
		return -ENOMEM;
	simple = path_simplify(joined);
	if (!simple)
		return -ENOMEM;
	return path_is_normalized(simple) ? target_paths_add(simple, ret) : 0;
}

/* Where the FUSE path is on the host, taken literally. */
static int target_paths_add_request(
	const struct facts *facts, const struct mount_request *request, struct strv *ret)
{
	const struct spec_mount *mount = target_spec_mount(facts->spec, request->path);
	cleanup_free char *source = NULL;
	int r;

	if (!mount)
		return 0;
	r = target_mount_source(facts, mount, &source);
	if (r < 0 || !source)
		return r;
	return add_joined(source, path_below(request->path, mount->destination), ret);
}

static int target_paths_add_record(const struct topology *topology, struct strv *ret)
{
	for (size_t i = 0; topology && i < topology->n_paths; i++) {
		const char *path = topology->paths[i].host_path;

		if (path && path_is_normalized(path) && target_paths_add(path, ret) < 0)
			return -ENOMEM;
	}
	return 0;
}

int target_paths_of_host(const struct facts *facts, struct strv *ret)
{
	int r = target_paths_add_record(facts->topology, ret);

	for (size_t i = 0; r == 0 && i < facts->request->n_mounts; i++)
		r = target_paths_add_request(facts, &facts->request->mounts[i], ret);
	for (size_t i = 0; r == 0 && i < facts->spec->n_mounts; i++) {
		cleanup_free char *source = NULL;

		r = target_mount_source(facts, &facts->spec->mounts[i], &source);
		if (r == 0 && source)
			r = target_paths_add(source, ret);
	}
	return r;
}

/* The container's mount that a target is in, and what config.json mounts below that. */
static int add_destinations(
	const struct facts *facts, const struct target *target, const char *root, struct strv *ret)
{
	const char *destination = target->mount->destination;
	int r = add_joined(root, destination, ret);

	for (size_t i = 0; r == 0 && i < facts->spec->n_mounts; i++) {
		const char *below = path_below(facts->spec->mounts[i].destination, destination);

		if (below && *below)
			r = add_joined(root, facts->spec->mounts[i].destination, ret);
	}
	return r;
}

static bool is_same_mount(const struct targets *targets, size_t i)
{
	return i > 0 && targets->items[i].mount == targets->items[i - 1].mount;
}

int target_paths_of_container(
	const struct facts *facts, const struct targets *targets, struct strv *ret)
{
	cleanup_free char *root = NULL;
	int r = target_table_root(facts, &root);

	for (size_t i = 0; r == 0 && root && i < targets->n; i++) {
		const struct target *target = &targets->items[i];

		if (!target->mount)
			continue;
		if (!is_same_mount(targets, i))
			r = add_destinations(facts, target, root, ret);
		if (r == 0 && target->seen_path)
			r = add_joined(root, target->seen_path, ret);
	}
	return r;
}
