/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/pods/stage.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/pods/neighbour.h"
#include "tests/pods/oracle.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>

void stage_note(struct stage *stage, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stage->trace, format, arguments);
	va_end(arguments);
	fputc('\n', stage->trace);
	fflush(stage->trace);
}

void stage_fail(struct stage *stage, const char *format, ...)
{
	cleanup_free char *pod = story_tell(stage->story), *why = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&why, format, arguments) < 0)
		why = NULL;
	va_end(arguments);
	/* cmocka prints a thousand bytes of a message. */
	fprintf(stderr, "%sseed %llu: %s\n", pod, (unsigned long long)stage->story->seed,
		why ? why : "");
	fail_msg("seed %llu: %s", (unsigned long long)stage->story->seed, why ? why : "");
	abort(); /* fail_msg() does not return */
}

/* ---- what is there before the pod ---- */

static void mount_tmpfs(const char *path, bool shared)
{
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(mount("disk", path, "tmpfs", 0, "mode=0755"), 0);
	if (shared)
		assert_int_equal(mount(NULL, path, NULL, MS_SHARED, NULL), 0);
}

static void write_policy(const struct story *story)
{
	cleanup_free char *text = NULL;

	assert_true(asprintf(&text,
			    "{\"mode\": \"%s\", \"roots\": [\"/var/lib/kubelet/pods\", \"%s\"], "
			    "\"nodeMounts\": [\"%s\"], \"probeTimeout\": \"%s\"}",
			    story->audit ? "audit" : "enforce", STORY_HOST_ROOT, STORY_NODE_ROOT,
			    story->hung ? "300ms" : "5s") > 0);
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json", text, 0644), 0);
}

/* The kubelet's part of a subPath: the directory in the volume, and a bind mount of it. */
static void bind_sub(const struct story *story, const struct view *view)
{
	cleanup_free char *directory = path_join(story->volumes[view->volume].host, view->sub);

	assert_non_null(directory);
	assert_int_equal(ns_sandbox_mkdirs(directory), 0);
	assert_int_equal(ns_sandbox_mkdirs(view->source), 0);
	assert_int_equal(mount(directory, view->source, NULL, MS_BIND, NULL), 0);
}

static void make_volumes(const struct story *story)
{
	mount_tmpfs(STORY_HOST_ROOT, story->shared_node);
	mount_tmpfs(STORY_NODE_ROOT, true);
	for (size_t i = 0; i < story->n_volumes; i++) {
		const struct volume *volume = &story->volumes[i];

		assert_int_equal(ns_sandbox_mkdirs(volume->host), 0);
		if (volume->kind == VOLUME_CLAIM)
			mount_tmpfs(volume->host, story->shared_node);
	}
	for (size_t i = 0; i < story->n_parts; i++) {
		for (size_t j = 0; j < story->parts[i].n_views; j++) {
			if (*story->parts[i].views[j].sub)
				bind_sub(story, &story->parts[i].views[j]);
		}
	}
}

/* The mounts of the node's own daemons, which are other pods' to the story. */
static void begin_node_daemons(struct stage *stage)
{
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		const struct story_path *path = &stage->story->paths[i];
		struct source *source = &stage->sources[i];

		if (path->provider >= 0)
			continue;
		assert_int_equal(ns_sandbox_mkdirs(path->host), 0);
		assert_int_equal(strv_add(&stage->directories, path->host), 0);
		source->kind = path->daemon;
		assert_int_equal(
			inner_daemon_start(getpid(), path->host, path->daemon, &source->daemon), 0);
		source->reached = path->daemon == DAEMON_LIVE;
	}
}

void stage_begin(struct story *story, struct stage *stage)
{
	cleanup_free char *annotation = story_annotation(story);

	*stage = (struct stage){.story = story};
	stage->trace = open_memstream(&stage->traced, &stage->traced_size);
	assert_non_null(stage->trace);
	assert_int_equal(ns_sandbox_reset(), 0);
	if (story->shared_node)
		assert_int_equal(ns_sandbox_share_kubelet(), 0);
	write_policy(story);
	fake_pod_init(&stage->pod, STORY_UID, annotation);
	neighbour_init(stage);
	make_volumes(story);
	stage->mounts = oracle_mounts();
	oracle_directories("/var/lib/kubelet", &stage->directories);
	oracle_directories(STORY_HOST_ROOT, &stage->directories);
	oracle_directories(STORY_NODE_ROOT, &stage->directories);
	if (story->neighbour)
		neighbour_begin(stage);
	begin_node_daemons(stage);
}

/* ---- containers ---- */

static const struct story_path *first_path(const struct story *story, size_t part)
{
	for (size_t i = 0; i < story->n_paths; i++) {
		if (story->paths[i].provider == (int)part)
			return &story->paths[i];
	}
	return NULL;
}

static struct fake_member *add_member(struct stage *stage, size_t part)
{
	const struct part *who = &stage->story->parts[part];
	const struct story_path *path = first_path(stage->story, part);
	struct fake_bind more[STORY_VOLUMES];
	struct fake_role role = {.name = who->name, .source = "", .more = more};
	struct fake_member *member;

	role.provides = path ? path->fuse : NULL;
	for (size_t i = 0; i < who->n_views; i++)
		more[role.n_more++] = (struct fake_bind){.source = who->views[i].source,
			.destination = who->views[i].destination,
			.propagation = who->views[i].options};
	member = fake_pod_add(&stage->pod, &role);
	if (who->odd)
		fake_member_set(member, who->odd->pointer, who->odd->json);
	return member;
}

/* A hook of a story in which some are killed. */
static int run_hook(struct stage *stage, const struct fake_member *member, const char *name)
{
	pid_t hook = fake_member_hook_start(member, name);

	if (stage->story->killed && chance_once_in(&stage->story->chance, 3)) {
		usleep(chance_draw(&stage->story->chance, 15000));
		kill(hook, SIGKILL);
	}
	return child_wait(hook);
}

/* The poststop of an instance that has ended. */
static void run_poststop(struct stage *stage, struct fake_member **member)
{
	struct fake_member *ended = *member;
	int status;

	if (!ended)
		return;
	*member = NULL;
	stage_note(stage, "poststop of %s (%.8s)", ended->name, ended->id + 56);
	status = run_hook(stage, ended, "poststop");
	oracle_expect_exit(stage, ended, "poststop", status, 1);
	oracle_follow_record(stage, false);
	oracle_expect_free(stage);
	oracle_expect_live(stage);
}

/* The instance before is over; its poststop may come later. */
static void retire(struct stage *stage, size_t part)
{
	struct actor *actor = &stage->actors[part];

	stage_stop(stage, part);
	if (!actor->owes)
		return;
	run_poststop(stage, &actor->late);
	actor->late = move_ptr(actor->member);
	actor->owes = false;
}

/* What is expected of it now, and how long it may wait for that. */
static uint32_t prepare(struct stage *stage, size_t part)
{
	struct actor *actor = &stage->actors[part];
	uint32_t exits = oracle_exits(stage, part);

	/* Who is to pass has time for it on any machine; for the others it is lost, and a mount
	 * that lives may be too slow for what they have. */
	fake_pod_annotate(&stage->pod, "fuse-sidecar.io/wait", exits == 1 ? "30s" : "40ms");
	if (exits != 1 && !stage->story->parts[part].provides)
		exits |= UINT32_C(1) << 16;
	*actor = (struct actor){.late = actor->late, .runs = true, .owes = true};
	actor->member = add_member(stage, part);
	actor->promised = oracle_promised(stage, part);
	return exits;
}

static void start_daemon(struct stage *stage, size_t index)
{
	const struct story_path *path = &stage->story->paths[index];
	const struct actor *actor = &stage->actors[path->provider];
	struct source *source = &stage->sources[index];
	char place[320];
	int r;

	source->kind = path->daemon;
	snprintf(place, sizeof(place), "%s%s", actor->member->root, path->fuse);
	r = inner_daemon_start(actor->member->process.pid, place, path->daemon, &source->daemon);
	/* What would have been refused is not prepared. */
	if (r < 0 && !stage->story->audit)
		stage_fail(stage, "no daemon at %s: %s", place, strerror(-r));
	if (r < 0 || source->daemon.major + source->daemon.minor == 0)
		return;
	source->reached = inner_daemon_mounts_on(&source->daemon, getpid(), path->host) > 0;
	if (!source->reached && !stage->story->audit)
		stage_fail(stage, "the mount at %s has not come to the host", path->fuse);
}

static void start_daemons(struct stage *stage, size_t part)
{
	oracle_expect_healed(stage, part);
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		if (stage->story->paths[i].provider != (int)part)
			continue;
		stage->sources[i].recorded = true;
		start_daemon(stage, i);
	}
}

/* Its prestart has ended. crun runs no poststop for a container whose creation has failed. */
static void settle(struct stage *stage, size_t part, uint32_t exits, int status)
{
	struct actor *actor = &stage->actors[part];
	const struct part *who = &stage->story->parts[part];

	stage_note(stage, "prestart of %s (%.8s): %d", who->name, actor->member->id + 56, status);
	oracle_expect_exit(stage, actor->member, "prestart", status, exits);
	actor->allowed = status == 0;
	if (!actor->allowed) {
		stage_stop(stage, part);
		actor->owes = chance_once_in(&stage->story->chance, 2);
	} else if (who->provides && !who->flaw && !who->odd) {
		start_daemons(stage, part);
	}
	oracle_expect_live(stage);
}

void stage_create(struct stage *stage, size_t part)
{
	struct actor *actor = &stage->actors[part];
	pid_t late = 0;
	uint32_t exits;
	int status;

	retire(stage, part);
	exits = prepare(stage, part);
	/* The removal of the one before comes when it will. */
	if (actor->late && chance_once_in(&stage->story->chance, 3)) {
		stage_note(stage, "poststop of %s (%.8s) meanwhile", actor->late->name,
			actor->late->id + 56);
		late = fake_member_hook_start(actor->late, "poststop");
	}
	status = run_hook(stage, actor->member, "prestart");
	if (late > 0) {
		oracle_expect_exit(stage, actor->late, "poststop", child_wait(late), 1);
		actor->late = NULL;
	}
	oracle_expect_free(stage);
	settle(stage, part, exits, status);
}

void stage_create_two(struct stage *stage, size_t first, size_t second)
{
	uint32_t exits[2];
	pid_t hooks[2];

	retire(stage, first);
	retire(stage, second);
	exits[0] = prepare(stage, first) | oracle_exits_beside(stage, first, second);
	exits[1] = prepare(stage, second) | oracle_exits_beside(stage, second, first);
	stage_note(stage, "two at once");
	hooks[0] = fake_member_hook_start(stage->actors[first].member, "prestart");
	hooks[1] = fake_member_hook_start(stage->actors[second].member, "prestart");
	for (size_t i = 0; i < 2; i++)
		hooks[i] = child_wait(hooks[i]);
	oracle_expect_free(stage);
	settle(stage, first, exits[0], hooks[0]);
	settle(stage, second, exits[1], hooks[1]);
}

void stage_stop(struct stage *stage, size_t part)
{
	struct actor *actor = &stage->actors[part];

	if (!actor->runs)
		return;
	stage_note(stage, "%s ends", stage->story->parts[part].name);
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		if (stage->story->paths[i].provider == (int)part)
			inner_daemon_kill(&stage->sources[i].daemon);
	}
	fake_member_stop(actor->member);
	actor->runs = false;
}

void stage_remove(struct stage *stage, size_t part)
{
	struct actor *actor = &stage->actors[part];

	run_poststop(stage, &actor->late);
	if (actor->runs || !actor->owes)
		return;
	actor->owes = false;
	run_poststop(stage, &actor->member);
}

/* ---- the end ---- */

static void end_node_daemons(struct stage *stage)
{
	for (size_t i = 0; i < stage->story->n_paths; i++) {
		if (stage->story->paths[i].provider >= 0)
			continue;
		inner_daemon_kill(&stage->sources[i].daemon);
		if (stage->sources[i].reached)
			assert_int_equal(umount2(stage->story->paths[i].host, MNT_DETACH), 0);
	}
}

/* A dead mount on a hostPath is its provider's to take away, not reconcile's: the next provider
 * does that, or an administrator. */
static void clean_host_paths(struct stage *stage)
{
	for (size_t i = 0; stage->reconciled && i < stage->story->n_paths; i++) {
		const struct story_path *path = &stage->story->paths[i];

		if (stage->story->volumes[path->volume].kind != VOLUME_HOST || path->provider < 0 ||
			stage->story->parts[path->provider].flaw == FLAW_AT_ROOT)
			continue;
		while (umount2(path->host, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ||
			(*path->alias && umount2(path->alias, MNT_DETACH | UMOUNT_NOFOLLOW) == 0))
			;
	}
}

static bool owes_any(const struct stage *stage)
{
	for (size_t i = 0; i < stage->story->n_parts; i++) {
		if (stage->actors[i].late || (stage->actors[i].member && stage->actors[i].owes))
			return true;
	}
	return false;
}

/* All that were let start have been removed: nothing is left of the pod, or reconcile's. */
static void end_pod(struct stage *stage)
{
	size_t order[STORY_CONTAINERS];
	bool complete = owes_any(stage) && !chance_once_in(&stage->story->chance, 6);

	chance_order(&stage->story->chance, order, stage->story->n_parts);
	for (size_t i = 0; i < stage->story->n_parts; i++)
		stage_stop(stage, order[i]);
	chance_order(&stage->story->chance, order, stage->story->n_parts);
	for (size_t i = 0; complete && i < stage->story->n_parts; i++)
		stage_remove(stage, order[i]);
	/* A poststop that was killed does not come again. */
	complete = complete && !stage->story->killed;
	if (complete && fake_pod_has_file("pods", stage->pod.uid))
		stage_fail(stage, "the pod has ended, and its record is there");
	if (!complete) {
		cleanup_free char *said = NULL;

		stage_note(stage, "the node starts again: reconcile");
		said = fake_pod_expect_command("reconcile", NULL, 0);
		if (fake_pod_has_file("pods", stage->pod.uid))
			stage_fail(stage, "reconcile leaves the record of a pod that is gone: %s",
				said);
		oracle_follow_record(stage, true);
	}
}

void stage_end(struct stage *stage)
{
	end_pod(stage);
	oracle_expect_live(stage);
	clean_host_paths(stage);
	neighbour_end(stage);
	end_node_daemons(stage);
	/* Their processes are this one's children. */
	fake_pod_clear(&stage->pod);
	fake_pod_clear(&stage->other);
	oracle_expect_end(stage);
}

void stage_clear(struct stage *stage)
{
	for (size_t i = 0; i < STORY_PATHS; i++)
		inner_daemon_kill(&stage->sources[i].daemon);
	inner_daemon_kill(&stage->other_live);
	for (size_t i = 0; i < ARRAY_SIZE(stage->other_paths); i++)
		free(stage->other_paths[i]);
	fake_pod_clear(&stage->pod);
	fake_pod_clear(&stage->other);
	strv_clear(&stage->directories);
	free(stage->mounts);
	if (stage->trace)
		fclose(stage->trace);
	free(stage->traced);
	*stage = (struct stage){0};
}
