/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random pods through the whole hook: each is drawn from a seed (story.h), lives on a node of its
 * own (stage.h), and what must hold of any pod is asked after each step (oracle.h).
 *
 * PODS_COUNT (500) pods from PODS_SEED (1) on; a pod that fails tells its seed and what was done.
 * PODS_SLICE=2/4: the second of four processes that share them. PODS_VERBOSE=1 tells of each.
 */
#include "oci/base/cleanup.h"
#include "tests/pods/neighbour.h"
#include "tests/pods/oracle.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define DEFAULT_COUNT 500

/* The one under way: an assertion that fails leaves the test without running its cleanups. */
static struct stage current;

/* ---- what happens to a pod ---- */

static void create_all(struct stage *stage)
{
	struct story *story = stage->story;

	for (size_t i = 0; i < story->n_parts; i++) {
		if (i + 1 < story->n_parts && chance_once_in(&story->chance, 5)) {
			stage_create_two(stage, story->order[i], story->order[i + 1]);
			i++;
		} else {
			stage_create(stage, story->order[i]);
		}
	}
}

/* The kubelet tries again what has failed. */
static void create_rest(struct stage *stage)
{
	for (size_t i = 0; i < stage->story->n_parts; i++) {
		if (!stage->actors[stage->story->order[i]].runs)
			stage_create(stage, stage->story->order[i]);
	}
}

static void restart(struct stage *stage, size_t part)
{
	stage_stop(stage, part);
	if (chance_once_in(&stage->story->chance, 3))
		stage_remove(stage, part);
	stage_create(stage, part);
}

static void command(struct stage *stage, const char *verb, const char *option)
{
	cleanup_free char *said = NULL;
	int status = fake_pod_command(verb, option, &said);

	stage_note(stage, "%s: %d", verb, status);
	/* A record that a hook has not closed yet, say, is reported. */
	if (status < 0 || status > 19)
		stage_fail(stage, "%s: exit %d: %s", verb, status, said);
	oracle_follow_record(stage, strcmp(verb, "reconcile") == 0);
	oracle_expect_live(stage);
}

/* A daemon that lives comes to hang, or comes back. */
static void turn(struct stage *stage, size_t index)
{
	struct source *source = &stage->sources[index];

	if (!stage->story->hung || source->daemon.pid <= 0 || source->kind == DAEMON_SWALLOWS ||
		source->kind == DAEMON_ABSENT)
		return;
	source->kind = source->kind == DAEMON_LIVE ? DAEMON_HANGS : DAEMON_LIVE;
	stage_note(stage, "the daemon of %s: %s", stage->story->paths[index].fuse,
		daemon_kind_name(source->kind));
	kill(source->daemon.pid, source->kind == DAEMON_LIVE ? SIGUSR2 : SIGUSR1);
}

/* Its mount is dead, its container lives. */
static void crash(struct stage *stage, size_t index)
{
	stage_note(stage, "the daemon of %s crashes", stage->story->paths[index].fuse);
	inner_daemon_kill(&stage->sources[index].daemon);
}

static void happen(struct stage *stage)
{
	struct story *story = stage->story;
	size_t part = chance_draw(&story->chance, (unsigned int)story->n_parts);
	size_t path = chance_draw(&story->chance, (unsigned int)story->n_paths);

	switch (chance_draw(&story->chance, 10)) {
	case 0:
	case 1:
	case 2:
		restart(stage, part);
		break;
	case 3:
		stage_stop(stage, part);
		break;
	case 4:
		stage_remove(stage, part);
		break;
	case 5:
		turn(stage, path);
		break;
	case 6:
		if (story->paths[path].provider >= 0)
			crash(stage, path);
		break;
	case 7:
		command(stage, "reconcile", NULL);
		break;
	case 8:
		neighbour_restart_beside(stage, part);
		break;
	default:
		command(stage, "status", "--json");
		break;
	}
}

static void live(struct stage *stage)
{
	unsigned int events = chance_draw(&stage->story->chance, 6);

	create_all(stage);
	if (!chance_once_in(&stage->story->chance, 4))
		create_rest(stage);
	while (events-- > 0)
		happen(stage);
	stage_end(stage);
}

/* ---- all of them ---- */

static unsigned long long number(const char *name, unsigned long long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

/* Whether this process has that one; all of them without PODS_SLICE. */
static bool is_mine(unsigned long long seed)
{
	const char *slice = getenv("PODS_SLICE");
	unsigned long long part, parts;
	char *rest = NULL;

	if (!slice || !*slice)
		return true;
	part = strtoull(slice, &rest, 10);
	parts = *rest == '/' ? strtoull(rest + 1, &rest, 10) : 0;
	if (*rest || part == 0 || part > parts) {
		fail_msg("PODS_SLICE is not like 1/4: %s", slice);
		return false;
	}
	return seed % parts == part - 1;
}

static void no_pod_hurts_another_the_node_or_itself(void **state)
{
	unsigned long long first = number("PODS_SEED", 1), run = 0;
	unsigned long long count = number("PODS_COUNT", DEFAULT_COUNT);

	(void)state;
	for (unsigned long long seed = first; seed < first + count; seed++) {
		struct story story;

		if (!is_mine(seed))
			continue;
		story_draw(seed, &story);
		stage_begin(&story, &current);
		live(&current);
		if (getenv("PODS_VERBOSE")) {
			cleanup_free char *pod = story_tell(&story);

			fprintf(stderr, "%s%s", pod, current.traced);
		}
		stage_clear(&current);
		run++;
	}
	print_message("%llu pods, seeds from %llu on\n", run, first);
}

/* Of one that failed in a part that knows nothing of seeds, too, what was done is told. */
static int clear(void **state)
{
	(void)state;
	if (current.story)
		fprintf(stderr, "seed %llu:\n%s", (unsigned long long)current.story->seed,
			current.traced ? current.traced : "");
	stage_clear(&current);
	return 0;
}

static int enter(void **state)
{
	if (child_leaves_no_core() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -1;
	return ns_sandbox_setup_group(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(no_pod_hurts_another_the_node_or_itself, clear),
	};

	return cmocka_run_group_tests_name("pods", tests, enter, NULL);
}
