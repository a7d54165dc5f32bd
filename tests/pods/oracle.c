/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/pods/oracle.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define BIT(code) (UINT32_C(1) << (code))
#define HIGHEST_CODE 19 /* 20 is a fault of the hook */

/* ---- exit codes ---- */

static bool has_flaw(const struct story *story, enum flaw flaw)
{
	for (size_t i = 0; i < story->n_parts; i++) {
		if (story->parts[i].flaw == flaw)
			return true;
	}
	return false;
}

static bool has_sub(const struct part *part)
{
	for (size_t i = 0; i < part->n_views; i++) {
		if (*part->views[i].sub)
			return true;
	}
	return false;
}

/* A subPath is a mount of its own: on a private node no other container's is its peer. */
static bool any_is_apart(const struct story *story)
{
	for (size_t i = 0; !story->shared_node && i < story->n_parts; i++) {
		if (has_sub(&story->parts[i]))
			return true;
	}
	return false;
}

/* The hook shares what is the pod's own. A directory of the node is its administrator's to share.
 */
static bool is_unshared(const struct story *story, size_t volume)
{
	return !story->shared_node && story->volumes[volume].kind == VOLUME_HOST;
}

static bool has_unshared(const struct story *story, const struct part *part)
{
	for (size_t i = 0; i < part->n_views; i++) {
		if (is_unshared(story, part->views[i].volume))
			return true;
	}
	return false;
}

static bool provides_unshared(const struct story *story, size_t part)
{
	for (size_t i = 0; i < story->n_paths; i++) {
		/* A subPath of it is a mount of the kubelet's for this pod. */
		if (story->paths[i].provider == (int)part && !story_is_partial(story, i) &&
			is_unshared(story, story->paths[i].volume))
			return true;
	}
	return false;
}

static uint32_t provider_exits(const struct stage *stage, size_t index)
{
	const struct part *part = &stage->story->parts[index];

	switch (part->flaw) {
	case FLAW_NONE:
		break;
	case FLAW_NO_PROPAGATION:
		return BIT(13);
	case FLAW_NO_VOLUME:
	case FLAW_AT_ROOT:
		return BIT(10);
	}
	if (provides_unshared(stage->story, index))
		return BIT(13);
	return BIT(0) | (any_is_apart(stage->story) ? BIT(13) : 0);
}

static bool is_live(const struct source *source)
{
	return source->daemon.pid > 0 && source->daemon.major + source->daemon.minor > 0 &&
	       source->kind == DAEMON_LIVE;
}

/* Where the container mounts what the annotation has at that very place. */
static bool sees_literally(const struct story *story, size_t part, const char *fuse)
{
	for (size_t i = 0; i < story->parts[part].n_views; i++) {
		const char *rest = path_below(fuse, story->parts[part].views[i].destination);

		if (rest && *rest)
			return true;
	}
	return false;
}

/* What one path means for a consumer. */
static uint32_t path_exits(const struct stage *stage, size_t part, size_t index)
{
	const struct story_path *path = &stage->story->paths[index];
	const struct source *source = &stage->sources[index];
	char seen[160];

	/* By its text alone: a mount of the node. */
	if (path->provider < 0) {
		if (!sees_literally(stage->story, part, path->fuse))
			return 0;
		return is_live(source) ? 0 : BIT(16);
	}
	/* Who has been refused is as good as not there; where its volume is may be known, or not.
	 */
	if (!source->recorded)
		return BIT(17) | BIT(0);
	if (!story_sees(stage->story, part, index, seen, sizeof(seen)))
		return 0;
	return is_live(source) ? 0 : BIT(16) | BIT(17);
}

static uint32_t consumer_exits(const struct stage *stage, size_t part)
{
	const struct part *who = &stage->story->parts[part];
	uint32_t exits = 0;
	bool refused = false;

	for (size_t i = 0; i < stage->story->n_paths; i++) {
		uint32_t of_path = path_exits(stage, part, i);

		exits |= of_path;
		refused = refused || (of_path && !(of_path & BIT(0)));
	}
	exits = refused ? exits & ~BIT(0) : exits | BIT(0);
	/* Of its own mounts: whether it sees any path of them is not settled here. */
	if (who->flaw == FLAW_NO_PROPAGATION && who->n_views > 0)
		exits |= BIT(13) | BIT(0);
	/* It may be that it sees no path of what it has of the node. */
	if (has_unshared(stage->story, who))
		exits |= BIT(13);
	return exits | (any_is_apart(stage->story) ? BIT(13) : 0);
}

uint32_t oracle_exits(const struct stage *stage, size_t part)
{
	uint32_t exits;

	if (stage->story->audit)
		return BIT(0) | (stage->story->odd ? BIT(10) : 0);
	/* It is recorded as it is, and what it says of paths may be in the others' way. */
	if (stage->story->odd)
		return BIT(HIGHEST_CODE + 1) - 1;
	exits = stage->story->parts[part].provides ? provider_exits(stage, part)
						   : consumer_exits(stage, part);
	/* A path that is above others is refused for all of them, and others mount below it. */
	return exits | (has_flaw(stage->story, FLAW_AT_ROOT) ? BIT(10) | BIT(13) : 0);
}

/* A provider that is just being recorded makes a consumer of who would have been a bystander. */
uint32_t oracle_exits_beside(const struct stage *stage, size_t part, size_t other)
{
	if (stage->story->audit || stage->story->parts[part].provides ||
		!stage->story->parts[other].provides)
		return 0;
	return BIT(16) | BIT(17);
}

void oracle_expect_exit(struct stage *stage, const struct fake_member *member,
	const char *stage_name, int status, uint32_t allowed)
{
	cleanup_free char *said = NULL;

	/* It may have had no time to say anything. */
	if (status == 128 + SIGKILL && stage->story->killed)
		return;
	said = fake_member_output(member);
	if (status < 0 || status > HIGHEST_CODE || !(allowed & BIT(status)))
		stage_fail(stage, "%s of %s: exit %d, allowed are the bits of 0x%x: %s", stage_name,
			member->name, status, allowed, said);
	if (status != 0 && !strstr(said, "fuse-sidecar-hook: "))
		stage_fail(stage, "%s of %s: exit %d and not a word", stage_name, member->name,
			status);
}

/* ---- locks ---- */

/* No process holds the pod's lock, or there is none. */
static bool is_free(void *data)
{
	const struct stage *stage = data;
	char file[160];
	cleanup_close int fd = -EBADF;

	snprintf(file, sizeof(file), FAKE_POD_RECORDS "/locks/%s", stage->pod.uid);
	fd = open(file, O_RDWR | O_CLOEXEC);
	return fd < 0 ? errno == ENOENT : flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void oracle_expect_free(struct stage *stage)
{
	if (!eventually(is_free, stage))
		stage_fail(stage, "no hook runs, and the pod's lock is held");
}

/* ---- mounts that live ---- */

uint32_t oracle_promised(const struct stage *stage, size_t part)
{
	const struct part *who = &stage->story->parts[part];
	uint32_t paths = 0;
	char seen[160];

	if (who->provides || who->flaw || who->odd || stage->story->audit ||
		any_is_apart(stage->story))
		return 0;
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		if (stage->sources[i].recorded && stage->story->paths[i].provider >= 0 &&
			story_sees(stage->story, part, i, seen, sizeof(seen)))
			paths |= BIT(i);
	}
	return paths;
}

void oracle_expect_healed(struct stage *stage, size_t part)
{
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		const struct story_path *path = &stage->story->paths[i];

		if (path->provider == (int)part && ns_sandbox_mounts_on(path->host) != 0)
			stage_fail(stage, "%s was let start, and a mount is on %s",
				stage->story->parts[part].name, path->host);
	}
}

static void expect_on_host(struct stage *stage, const struct inner_daemon *daemon, const char *path)
{
	if (inner_daemon_mounts_on(daemon, getpid(), path) == 0)
		stage_fail(stage, "the mount of a daemon that runs is gone from %s", path);
}

static void expect_in_consumers(struct stage *stage, size_t index)
{
	for (size_t i = 0; i < stage->story->n_parts; i++) {
		const struct actor *actor = &stage->actors[i];
		char seen[160], place[320];

		if (!actor->runs || !actor->allowed || !(actor->promised & BIT(index)) ||
			!story_sees(stage->story, i, index, seen, sizeof(seen)))
			continue;
		snprintf(place, sizeof(place), "%s%s", actor->member->root, seen);
		if (inner_daemon_mounts_on(
			    &stage->sources[index].daemon, actor->member->process.pid, place) == 0)
			stage_fail(stage, "%s does not see the mount of %s at %s",
				stage->story->parts[i].name, stage->story->paths[index].fuse, seen);
	}
}

void oracle_expect_live(struct stage *stage)
{
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		const struct source *source = &stage->sources[i];

		if (source->daemon.pid <= 0 || !source->reached)
			continue;
		expect_on_host(stage, &source->daemon, stage->story->paths[i].host);
		expect_in_consumers(stage, i);
	}
	if (stage->other_member) {
		expect_on_host(stage, &stage->other_live, stage->other_paths[0]);
		expect_on_host(stage, &stage->other_dead, stage->other_paths[1]);
	}
}

/* ---- the end ---- */

void oracle_follow_record(struct stage *stage, bool by_reconcile)
{
	if (fake_pod_has_file("pods", stage->pod.uid))
		return;
	for (size_t i = 0; i < stage->story->n_parts; i++) {
		/* Where the annotation itself is refused, mode audit lets go on what is not
		 * recorded.
		 */
		if (stage->actors[i].runs && !stage->story->odd &&
			!has_flaw(stage->story, FLAW_AT_ROOT))
			stage_fail(stage, "%s runs, and the pod has no record",
				stage->story->parts[i].name);
	}
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		stage->reconciled =
			stage->reconciled || (by_reconcile && stage->sources[i].recorded);
		stage->sources[i].recorded = false;
	}
}

char *oracle_mounts(void)
{
	cleanup_mount_table struct mount_table table = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &table, NULL), 0);
	for (size_t i = 0; i < table.n; i++) {
		const struct mount_entry *mount = &table.entries[i];

		/* Of the hook's own directory, made once and for all pods. */
		if (strcmp(mount->target, FAKE_POD_RECORDS "/shown") != 0)
			fprintf(to, "%d %s %s of %s\n", mount->id, mount->target, mount->fstype,
				mount->root);
	}
	fclose(to);
	return text;
}

static bool is_real(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

void oracle_directories(const char *path, struct strv *ret)
{
	cleanup_directory DIR *stream = opendir(path);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		cleanup_free char *below = path_join(path, entry->d_name);
		struct stat st;

		if (!is_real(entry) || !below || lstat(below, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		assert_int_equal(strv_add(ret, below), 0);
		/* Binds of volumes, which are looked into themselves. */
		if (strcmp(entry->d_name, "volume-subpaths") != 0)
			oracle_directories(below, ret);
	}
}

/* The lines of `text` that `other` has not. Owned by the caller. */
static char *lines_only_in(const char *text, const char *other)
{
	char *rest = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&rest, &size);

	assert_non_null(to);
	while (*text) {
		int length = (int)strcspn(text, "\n") + 1;
		cleanup_free char *line = strndup(text, (size_t)length);

		assert_non_null(line);
		if (!strstr(other, line))
			fputs(line, to);
		text += length;
	}
	fclose(to);
	return rest;
}

static void expect_mounts(struct stage *stage)
{
	cleanup_free char *now = oracle_mounts(), *lost = NULL, *left = NULL;

	if (strcmp(now, stage->mounts) == 0)
		return;
	lost = lines_only_in(stage->mounts, now);
	left = lines_only_in(now, stage->mounts);
	stage_fail(stage, "mounts that are lost:\n%sand left:\n%s", lost, left);
}

/* One that the hook makes for a FUSE path, or has to make above it. */
static bool is_on_the_way(const struct story *story, const char *directory)
{
	for (size_t i = 0; i < story->n_paths; i++) {
		const struct story_path *path = &story->paths[i];

		if (path_below(path->host, directory) ||
			(*path->alias && path_below(path->alias, directory)))
			return true;
	}
	/* By an odd config.json the path is somewhere else in the volume. */
	for (size_t i = 0; story->odd && i < story->n_volumes; i++) {
		if (path_below(directory, story->volumes[i].host))
			return true;
	}
	return false;
}

static void expect_directories(struct stage *stage)
{
	cleanup_strv struct strv now = {0};

	oracle_directories("/var/lib/kubelet", &now);
	oracle_directories(STORY_HOST_ROOT, &now);
	oracle_directories(STORY_NODE_ROOT, &now);
	for (size_t i = 0; i < now.n; i++) {
		if (!strv_contains(&stage->directories, now.items[i]) &&
			!is_on_the_way(stage->story, now.items[i]))
			stage_fail(stage, "the directory %s is not of the pod", now.items[i]);
	}
	for (size_t i = 0; i < stage->directories.n; i++) {
		if (!strv_contains(&now, stage->directories.items[i]))
			stage_fail(stage, "the directory %s is gone", stage->directories.items[i]);
	}
}

/* Hooks' orphans are this process's children (PR_SET_CHILD_SUBREAPER). */
static bool has_no_children(void *data)
{
	(void)data;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return errno == ECHILD;
}

void oracle_expect_end(struct stage *stage)
{
	static const char *const emptied[] = {"pods", "locks", "tmp", "shown"};

	for (size_t i = 0; i < ARRAY_SIZE(emptied); i++) {
		if (fake_pod_count_files(emptied[i]) != 0)
			stage_fail(stage, "%u files are left in %s",
				fake_pod_count_files(emptied[i]), emptied[i]);
	}
	if (ns_sandbox_mounts_on(FAKE_POD_RECORDS "/shown") > 1)
		stage_fail(stage, "the hook mounts its own directory again and again");
	if (!eventually(has_no_children, NULL))
		stage_fail(stage, "a process is left");
	expect_mounts(stage);
	expect_directories(stage);
}
