/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the provider has a place of its own for each of its mounts. */
#include "policy/check/checks.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strformat.h"
#include "policy/check/target_source.h"
#include <limits.h>
#include <string.h>

static int add_missing(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const char *path = target->request->path, *name = facts->identity->container_name;
	const struct spec_mount *holder = target_spec_mount(facts->spec, path);
	static const char fix[] = "give the provider a volumeMount of the shared volume at a "
				  "directory above the path";

	if (!holder)
		return findings_add(findings, facts->config, FINDING_VOLUME_MISSING, path, fix,
			"no volume of container %s holds %s: a mount made there would stay in the "
			"container's own root",
			name, path);
	return findings_add(findings, facts->config, FINDING_VOLUME_MISSING, path, fix,
		"in container %s, %s lies on the %s mount at %s, which is not a directory of the "
		"host: a mount made there would stay in the container",
		name, path, holder->type ? holder->type : "untyped", holder->destination);
}

static int add_unnamed(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const struct spec_mount *mount = target->mount;

	if (!mount->source)
		return findings_add(findings, facts->config, FINDING_VOLUME_MISSING,
			mount->destination, "give the mount a source",
			"the bind mount at %s, which holds %s, does not name a source",
			mount->destination, target->request->path);
	/* Relative to a bundle that is not known: nothing to be said against it. */
	if (mount->source[0] != '/' && !facts->bundle)
		return 0;
	return findings_add(findings, facts->config, FINDING_PATH_UNSAFE, mount->source,
		"name the source by an absolute path without \"..\"",
		"the source of the mount at %s, which holds %s, is %s: expected an absolute path "
		"without \"..\" and control characters",
		mount->destination, target->request->path, mount->source);
}

/* What is mounted there by a container, to which the path is shorter, could be reached by nobody.
 */
static int check_length(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	size_t length = strlen(target->host_path);

	if (length < PATH_MAX)
		return 0;
	return findings_add(findings, facts->config, FINDING_ANNOTATION_INVALID,
		target->request->path, "shorten the path",
		"the FUSE path of %s has %zu bytes on the host, more than the %d that a path can "
		"have",
		target->request->provider, length, PATH_MAX - 1);
}

static int check_root_itself(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const char *path = target->request->path;
	cleanup_free char *fix = NULL;

	if (strcmp(target->mount->destination, path) != 0)
		return 0;
	fix = strformat("let rclone mount on a directory below %s, and annotate that", path);
	if (!fix)
		return -ENOMEM;
	return findings_add(findings, facts->config, FINDING_MOUNTPOINT_IS_VOLUME_ROOT, path, fix,
		"%s is the root of container %s's volume: a dead mount there keeps CRI-O from "
		"starting the container before any hook can clear it",
		path, facts->identity->container_name);
}

static bool volumes_overlap(const char *a, const char *b)
{
	return path_below(a, b) || path_below(b, a);
}

static int add_conflict(const struct facts *facts, const struct target *target, const char *other,
	const char *provider, struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_MOUNTPOINT_CONFLICT,
		target->request->path,
		"give each of the two mounts a directory of its own, none below the other",
		"%s of %s and %s of %s are one directory of the host, %s", target->request->path,
		target->request->provider, other, provider, target->host_path);
}

/* Two paths of the annotation may differ and still be one directory of the host, where they come
 * from different mounts of one volume. */
static int check_own_conflict(const struct facts *facts, const struct targets *targets,
	size_t index, struct findings *findings)
{
	const struct target *target = &targets->items[index];

	for (size_t i = 0; i < index; i++) {
		const struct target *earlier = &targets->items[i];

		if (earlier->relation == TARGET_PROVIDES && earlier->host_path &&
			volumes_overlap(target->host_path, earlier->host_path))
			return add_conflict(facts, target, earlier->request->path,
				earlier->request->provider, findings);
	}
	return 0;
}

static int check_recorded_conflict(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const struct topology *topology = facts->topology;

	for (size_t i = 0; topology && i < topology->n_paths; i++) {
		const struct topology_path *other = &topology->paths[i];

		if (other->host_path && other->provider &&
			strcmp(other->path, target->request->path) != 0 &&
			strcmp(other->provider, target->request->provider) != 0 &&
			volumes_overlap(target->host_path, other->host_path))
			return add_conflict(facts, target, other->path, other->provider, findings);
	}
	return 0;
}

int check_volumes(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->items[i];
		int r;

		if (target->relation != TARGET_PROVIDES)
			continue;
		if (!target->mount) {
			r = add_missing(facts, target, findings);
		} else if (!target->host_path) {
			r = add_unnamed(facts, target, findings);
		} else {
			r = check_length(facts, target, findings);
			if (r == 0)
				r = check_root_itself(facts, target, findings);
			if (r == 0)
				r = check_own_conflict(facts, targets, i, findings);
			if (r == 0)
				r = check_recorded_conflict(facts, target, findings);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
