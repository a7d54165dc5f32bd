/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook killed at any of its system calls: the next run comes to where an undisturbed one does,
 * and what is live stays so.
 */
#include "hook/sys/deadline.h"
#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/syscall_kill.h"

#include <signal.h>
#include <string.h>

#define BOTH "rclone-zurg=/mnt/media/zurg, rclone-torbox=/mnt/media/torbox"

/* How long a test may take, about: where the machine is too slow for each system call, or a
 * sanitizer makes thousands of its own, only some of them are taken. */
#define SECOND UINT64_C(1000000)
#define HEAL_USEC (15 * SECOND)
#define OTHER_USEC (6 * SECOND)

static int enter(void **state)
{
	/* LeakSanitizer cannot work in a traced process. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	return ns_sandbox_setup_group(state);
}

struct run {
	const struct fake_member *member;
	const char *stage;
};

static int exec_hook(void *data)
{
	const struct run *run = data;

	return fake_member_hook_exec(run->member, run->stage);
}

/* False where the run came to its end before its `nth` system call. */
static bool kill_at(const struct fake_member *member, const char *stage, unsigned int nth)
{
	struct run run = {.member = member, .stage = stage};
	int status = -1, r = syscall_kill(exec_hook, &run, nth, &status);

	if (r < 0)
		fail_msg("ptrace: %s", strerror(-r));
	/* Of a worker that is killed its supervisor tells; poststop never fails. */
	if (r > 0 && status != 128 + SIGKILL)
		assert_int_equal(
			status, strcmp(stage, "poststop") == 0 ? EXIT_DONE : EXIT_INTERNAL);
	/* Where the kernel cannot replace a bind, the first container of a pod is refused. */
	if (r == 0 && (status != EXIT_PROPAGATION || mount_can_clone()))
		assert_int_equal(status, EXIT_DONE);
	return r > 0;
}

/* Which system calls are tried, and how long that takes. */
struct pace {
	uint64_t began_usec, budget_usec;
	unsigned int nth, tries;
};

static struct pace pace_begin(uint64_t budget_usec)
{
	return (struct pace){.began_usec = deadline_now(), .budget_usec = budget_usec, .nth = 1};
}

/* Roughly as many as there are to come. */
#define CALLS 600

static void pace_next(struct pace *pace)
{
	uint64_t each = (deadline_now() - pace->began_usec) / ++pace->tries;

	pace->nth += 1 + (unsigned int)(each * CALLS / pace->budget_usec);
}

static void pace_end(const struct pace *pace)
{
	print_message("killed %u times, the last time before system call %u\n", pace->tries - 1,
		pace->nth);
}

static void assert_live(const char *path)
{
	cleanup_free char *film = NULL;

	assert_true(asprintf(&film, "%s/film", path) > 0);
	assert_int_equal(ns_sandbox_mounts_on(path), 1);
	assert_int_equal(access(film, R_OK), 0);
}

static void assert_no_leftovers(const struct fake_pod *pod)
{
	assert_int_equal(fake_pod_count_files("tmp"), 0);
	assert_true(fake_pod_has_file("locks", pod->uid));
}

static struct fake_member *replace(struct fake_pod *pod, struct fake_member *former)
{
	fake_member_stop(former);
	return fake_pod_provider(pod, "zurg");
}

/* A pod whose zurg crashes again and again, while torbox is live and plex reads. */
struct scene {
	struct fake_pod pod;
	struct fake_member *zurg, *plex;
	struct fuse_daemon torbox;
	char *zurg_path, *torbox_path;
};

static void scene_clear(struct scene *scene)
{
	fuse_daemon_clear(&scene->torbox);
	fake_pod_clear(&scene->pod);
	free(scene->zurg_path);
	free(scene->torbox_path);
}

#define cleanup_scene __attribute__((cleanup(scene_clear)))

static void begin(struct scene *scene)
{
	fake_pod_init(&scene->pod, FAKE_POD_UID, BOTH);
	fake_pod_annotate(&scene->pod, "fuse-sidecar.io/wait", "0s");
	scene->zurg_path = fake_pod_path(&scene->pod, "zurg");
	scene->torbox_path = fake_pod_path(&scene->pod, "torbox");
	fake_member_expect(fake_pod_provider(&scene->pod, "torbox"), "prestart", 0);
	scene->zurg = fake_pod_provider(&scene->pod, "zurg");
	fake_member_expect(scene->zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_start(scene->torbox_path, NULL, &scene->torbox), 0);
}

static void killed_anywhere_in_a_heal_the_next_run_converges(void **state)
{
	cleanup_scene struct scene scene = {0};
	struct pace pace = pace_begin(HEAL_USEC);
	bool killed = true;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	begin(&scene);
	for (; killed; pace_next(&pace)) {
		assert_int_equal(fuse_daemon_leave_dead(scene.zurg_path), 0);
		scene.zurg = replace(&scene.pod, scene.zurg);
		killed = kill_at(scene.zurg, "prestart", pace.nth);
		assert_live(scene.torbox_path);
		scene.zurg = replace(&scene.pod, scene.zurg);
		fake_member_expect(scene.zurg, "prestart", 0);
		assert_int_equal(ns_sandbox_mounts_on(scene.zurg_path), 0);
		assert_live(scene.torbox_path);
		assert_string_equal(fake_pod_status(&scene.pod, "rclone-zurg"), "created");
		assert_no_leftovers(&scene.pod);
	}
	pace_end(&pace);
}

/* The host is private: the first container makes directories and a bind, and its own bind is
 * replaced. */
static void killed_anywhere_in_a_pods_first_run_the_next_converges(void **state)
{
	struct pace pace = pace_begin(OTHER_USEC);
	unsigned int before = ns_sandbox_mounts();
	bool killed = true;

	(void)state;
	for (; killed; pace_next(&pace)) {
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *zurg;

		fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
		zurg = fake_pod_provider(&pod, "zurg");
		killed = kill_at(zurg, "prestart", pace.nth);
		zurg = replace(&pod, zurg);
		fake_member_expect(zurg, "prestart", 0);
		assert_int_equal(ns_sandbox_mounts_on(pod.volume), 1);
		assert_no_leftovers(&pod);
		fake_member_remove(zurg);
		if (ns_sandbox_mounts() != before)
			fail_msg("killed at %u: a mount is left at the pod's end", pace.nth);
		assert_int_equal(fake_pod_count_files("pods"), 0);
		assert_int_equal(fake_pod_count_files("shown"), 0);
	}
	pace_end(&pace);
}

/* reconcile leaves nothing of the pod, and as many mounts as there were `before` it. */
static void expect_reconciled(unsigned int before, unsigned int nth)
{
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), 0);
	if (ns_sandbox_mounts() != before)
		fail_msg("killed at %u: a mount is left by reconcile", nth);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("shown"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
	assert_int_equal(fake_pod_count_files("tmp"), 0);
}

static void killed_anywhere_in_a_pods_first_run_reconcile_converges(void **state)
{
	struct pace pace = pace_begin(OTHER_USEC);
	unsigned int before = ns_sandbox_mounts();
	bool killed = true;

	(void)state;
	for (; killed; pace_next(&pace)) {
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *zurg;

		fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
		zurg = fake_pod_provider(&pod, "zurg");
		killed = kill_at(zurg, "prestart", pace.nth);
		fake_member_stop(zurg);
		expect_reconciled(before, pace.nth);
	}
	pace_end(&pace);
}

static void killed_anywhere_in_the_last_poststop_reconcile_converges(void **state)
{
	struct pace pace = pace_begin(OTHER_USEC);
	unsigned int before = ns_sandbox_mounts();
	bool killed = true;

	(void)state;
	for (; killed; pace_next(&pace)) {
		cleanup_fake_scene struct fake_scene scene = {0};

		fake_scene_begin_provider(&scene, FAKE_POD_UID);
		assert_int_equal(fuse_daemon_leave_dead(scene.path), 0);
		fake_member_stop(scene.zurg);
		killed = kill_at(scene.zurg, "poststop", pace.nth);
		expect_reconciled(before, pace.nth);
	}
	pace_end(&pace);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(killed_anywhere_in_a_heal_the_next_run_converges),
		TEST(killed_anywhere_in_a_pods_first_run_the_next_converges),
		TEST(killed_anywhere_in_a_pods_first_run_reconcile_converges),
		TEST(killed_anywhere_in_the_last_poststop_reconcile_converges),
	};
#undef TEST

	return cmocka_run_group_tests_name("kill", tests, enter, NULL);
}
