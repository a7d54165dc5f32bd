/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks at work in a volume whose other users change it under them, again and again: what lies
 * outside the volume stays as it is, each run ends with 0 or 18, and none hangs.
 *
 * RACE_RUNS: how many runs of the hook's own program, over all tests. It lives in an arena, since a
 * hook that fails here would act on the machine.
 */
#include "hook/mount/dead_mount.h"
#include "hook/mount/safe_walk.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "tests/ns/roll_back.h"
#include "tests/race/arena.h"
#include "tests/race/canary.h"
#include "tests/race/mover.h"
#include "tests/race/swapper.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/ns_sandbox.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_RUNS 1200
#define N_TESTS 5
#define HANGS_MSEC 60000
#define OTHER_VOLUME "/var/lib/kubelet/pods/0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22/volumes/media"
#define PATH_UNSAFE 18
#define OTHER_MOUNT                                                                                \
	13 /* that carries the path on the host, or in the container, at that moment               \
	    */

static const char *const names[] = {"a", "b", "zurg", NULL};
static const char *const outside[] = {"/", "/etc", OTHER_VOLUME};

struct scenario {
	const char *name;
	uid_t provider;
	bool heals;		/* there is a dead mount on the path before each run */
	struct swapper swapper; /* or a mover that mounts, where it has no levels */
};

struct race {
	const struct scenario *scenario;
	struct fake_pod pod;
	struct fake_member *member;
	struct swapper swapper;
	struct mover mover;
	char *trees[ARRAY_SIZE(outside)], *mounts;
	unsigned int done, unsafe, other, put, detached;
};

/* The one under way: an assertion that fails leaves the test without running its cleanups. */
static struct race current;

static unsigned int runs(void)
{
	const char *text = getenv("RACE_RUNS");
	unsigned int n = text && *text ? (unsigned int)strtoul(text, NULL, 10) : DEFAULT_RUNS;

	return n / N_TESTS ? n / N_TESTS : 1;
}

/* Canaries where the swapper's symlinks lead, for heals with dead mounts that are none of the
 * pod's.
 */
static void furnish_outside(bool with_mounts)
{
	assert_int_equal(ns_sandbox_mkdirs(OTHER_VOLUME), 0);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		char path[256];

		canary_furnish(outside[i], with_mounts);
		if (!with_mounts)
			continue;
		snprintf(path, sizeof(path), "%s/b/zurg", outside[i]);
		assert_int_equal(mover_leave_dead(path), 0);
		snprintf(path, sizeof(path), "%s/zurg", outside[i]);
		assert_int_equal(mover_leave_dead(path), 0);
	}
}

static void look_outside(struct race *race)
{
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		race->trees[i] = canary_look(outside[i]);
	race->mounts = canary_mounts("/var/lib/kubelet/pods/" FAKE_POD_UID);
}

static void compare_outside(const struct race *race)
{
	cleanup_free char *mounts = canary_mounts("/var/lib/kubelet/pods/" FAKE_POD_UID);

	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		cleanup_free char *now = canary_look(outside[i]);

		canary_compare(outside[i], race->trees[i], now);
	}
	canary_compare("mounts outside the volume", race->mounts, mounts);
}

static void begin(struct race *race, const struct scenario *scenario)
{
	char user[64];

	race->scenario = scenario;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	furnish_outside(scenario->heals);
	fake_pod_init(&race->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/a/b/zurg");
	fake_pod_annotate(&race->pod, "fuse-sidecar.io/expose", "false");
	if (scenario->provider != 0) {
		fake_pod_annotate(&race->pod, "fuse-sidecar.io/dir-owner", "2000:3000");
		/* Those of a run before this one are not the provider's any more. */
		fake_pod_annotate(&race->pod, "fuse-sidecar.io/dir-mode", "0777");
	}
	assert_int_equal(chmod(race->pod.volume, 0777), 0);
	race->member = fake_pod_add(&race->pod,
		&(struct fake_role){.name = "rclone-zurg", .provides = "/mnt/media/a/b/zurg"});
	snprintf(user, sizeof(user), "{'uid': %u, 'gid': %u}", scenario->provider,
		scenario->provider);
	fake_member_set(race->member, "/process/user", user);
	/* Mounts of what the hook keeps itself come before the first look. */
	fake_member_hook(race->member, "prestart");
	race->swapper = scenario->swapper;
	race->swapper.volume = race->pod.volume;
	race->swapper.names = names;
	race->mover.volume = race->pod.volume;
	look_outside(race);
	if (race->swapper.levels == 0)
		mover_start(&race->mover);
	else
		swapper_start(&race->swapper);
}

static int end(void **state)
{
	struct race *race = &current;

	(void)state;
	swapper_stop(&race->swapper);
	mover_stop(&race->mover);
	fake_pod_clear(&race->pod);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		free(race->trees[i]);
	free(race->mounts);
	*race = (struct race){0};
	return 0;
}

/* The path as it is at this moment, in the volume and nowhere else. */
static int open_path(const struct race *race)
{
	cleanup_close int volume = open(race->pod.volume, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return sys_openat2(volume, "a/b/zurg", O_PATH | O_DIRECTORY | O_CLOEXEC,
		SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_XDEV);
}

/* A dead mount, unless there is one, or the path is something else just now. */
static void put_dead(struct race *race)
{
	cleanup_close int fd = open_path(race);
	char path[64];

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	race->put += mover_leave_dead(path) == 0;
}

/* Its exit status; a hook that does not end fails the test. */
static int wait_in_time(pid_t pid)
{
	cleanup_close int fd = sys_pidfd_open(pid);
	struct pollfd ended = {.fd = fd, .events = POLLIN};

	assert_true(fd >= 0);
	if (poll(&ended, 1, HANGS_MSEC) != 1) {
		kill(pid, SIGKILL);
		fail_msg("a hook has not ended in %d s", HANGS_MSEC / 1000);
	}
	return child_wait(pid);
}

static void run_once(struct race *race)
{
	int status;

	if (race->scenario->heals)
		put_dead(race);
	status = wait_in_time(fake_member_hook_start(race->member, "prestart"));
	race->done += status == 0;
	race->unsafe += status == PATH_UNSAFE;
	if (status == OTHER_MOUNT && race->mover.pid > 0) {
		race->other++;
	} else if (status != 0 && status != PATH_UNSAFE) {
		cleanup_free char *said = fake_member_output(race->member);

		fail_msg("a run ended with %d: %s", status, said);
	}
}

static unsigned int mounts_left(const struct race *race)
{
	cleanup_free char *path = fake_pod_path(&race->pod, "a/b/zurg");

	return ns_sandbox_mounts_on(path);
}

static uint64_t changes(const struct race *race)
{
	return race->swapper.pid > 0 ? *race->swapper.swaps : *race->mover.changes;
}

/* Both ways were gone: a race that nobody took part in shows nothing. */
static void tell(const struct race *race)
{
	unsigned int n = race->done + race->unsafe + race->other, left = mounts_left(race);

	printf("# %s: %u runs, %u ended with 0, %u with 18, %u with 13; %ju changes\n",
		race->scenario->name, n, race->done, race->unsafe, race->other,
		(uintmax_t)changes(race));
	if (race->detached > 0)
		printf("# %u dead mounts were detached\n", race->detached);
	if (race->scenario->heals)
		printf("# %u dead mounts were put there, %u are left\n", race->put, left);
	assert_true(race->done > 0);
	/* A moved mount is on the way or it is not: nothing there is unsafe. */
	assert_true(race->unsafe > 0 || race->detached > 0);
	assert_true(changes(race) > 0);
	if (race->scenario->heals)
		assert_true(race->put > left);
}

/* Each time would take longer than the runs. */
static void compare_sometimes(const struct race *race, unsigned int turn)
{
	if (turn % 100 == 99)
		compare_outside(race);
}

/* The other side has worked to the end. */
static void finish(struct race *race)
{
	bool swapped = race->swapper.pid > 0;

	compare_outside(race);
	tell(race);
	assert_true(swapped ? swapper_stop(&race->swapper) : mover_stop(&race->mover));
}

static void race_on(const struct scenario *scenario)
{
	struct race *race = &current;
	unsigned int n = runs();

	begin(race, scenario);
	for (unsigned int i = 0; i < n; i++) {
		run_once(race);
		compare_sometimes(race, i);
	}
	finish(race);
}

static void directories_are_made_in_the_volume_only(void **state)
{
	(void)state;
	race_on(&(struct scenario){
		.name = "directories, swapped by root",
		.swapper = {.levels = 3, .removes = true},
	});
}

static void directories_of_a_user_are_made_in_the_volume_only(void **state)
{
	(void)state;
	race_on(&(struct scenario){
		.name = "directories of a user, swapped by that user in another container",
		.provider = 1000,
		.swapper = {.levels = 3, .removes = true, .uid = 1000, .own_namespace = true},
	});
}

static void dead_mounts_are_detached_in_the_volume_only(void **state)
{
	(void)state;
	race_on(&(struct scenario){
		.name = "dead mounts, swapped by root",
		.heals = true,
		.swapper = {.levels = 3, .removes = true},
	});
}

static void dead_mounts_swapped_by_another_container_are_detached_in_the_volume_only(void **state)
{
	(void)state;
	race_on(&(struct scenario){
		.name = "dead mounts, swapped by root in another container",
		.heals = true,
		.swapper = {.levels = 3, .removes = true, .own_namespace = true},
	});
}

static void mounts_come_and_go_on_the_way(void **state)
{
	(void)state;
	race_on(&(struct scenario){.name = "mounts that come and go on the way"});
}

static int say_yes(void *data, const struct dead_mount *mount, struct error *err)
{
	(void)data;
	(void)mount;
	(void)err;
	return 1;
}

/* One call of what a stage calls for a path, since a mount in a volume that a hook has made shared
 * cannot be moved. */
static void walk_beside_a_mover(struct race *race, int volume)
{
	static const struct safe_walk_directory directory = {.mode = 0755};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	cleanup_free char *path = fake_pod_path(&race->pod, "a/b/zurg");
	struct dead_mount_search stale = {.volume_fd = volume,
		.volume = race->pod.volume,
		.host_path = path,
		.probe_timeout_usec = 2000000,
		.may_detach = say_yes};
	enum path_state left;
	unsigned int detached = 0;
	int r = safe_walk_make(
		volume, race->pod.volume, "a/b/new/one", &directory, &rollback, &err);

	if (r >= 0)
		r = dead_mount_detach(&stale, &detached, &left, &err);
	roll_back(&rollback);
	race->detached += r >= 0 ? detached : 0;
	race->done += r >= 0;
	race->unsafe += r < 0 && err.code == FINDING_PATH_UNSAFE;
	if (r < 0 && err.code != FINDING_PATH_UNSAFE)
		fail_msg("%s: %s", code_name(err.code), error_message(&err));
}

static void mounts_are_moved_under_a_walk(void **state)
{
	static const struct scenario scenario = {.name = "mounts that are moved, in the process"};
	struct race *race = &current;
	unsigned int n = 5 * runs();
	cleanup_close int volume = -EBADF;

	(void)state;
	race->scenario = &scenario;
	furnish_outside(true);
	fake_pod_init(&race->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/a/b/zurg");
	race->mover = (struct mover){.volume = race->pod.volume, .moves = true};
	look_outside(race);
	volume = open(race->pod.volume, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mover_start(&race->mover);
	for (unsigned int i = 0; i < n; i++) {
		alarm(HANGS_MSEC / 1000);
		walk_beside_a_mover(race, volume);
		compare_sometimes(race, i);
	}
	alarm(0);
	finish(race);
}

/* A new arena for each test, in the one before: nothing of that is in the way. */
static int enter(void **state)
{
	int r = arena_enter();

	(void)state;
	return r < 0 ? r : ns_sandbox_enter();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, end)
	const struct CMUnitTest tests[] = {
		TEST(directories_are_made_in_the_volume_only),
		TEST(directories_of_a_user_are_made_in_the_volume_only),
		TEST(dead_mounts_are_detached_in_the_volume_only),
		TEST(dead_mounts_swapped_by_another_container_are_detached_in_the_volume_only),
		TEST(mounts_come_and_go_on_the_way),
		TEST(mounts_are_moved_under_a_walk),
	};
#undef TEST

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
