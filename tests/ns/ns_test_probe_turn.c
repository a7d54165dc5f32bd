/* SPDX-License-Identifier: Apache-2.0 */
/* A mount that never answers holds one process of the node, however often and by whomever it is
 * looked at. */
#include "hook/record/probe_turn.h"

#include "hook/mount/probe.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/expect.h"
#include "tests/support/fake_scene.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATH NS_SANDBOX_DIR "/zurg"
#define PROBES RUNTIME_DIR "/probes"
#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define LONG_USEC (10 * UINT64_C(1000000))
#define SHORT_USEC (100 * UINT64_C(1000))
#define LOOKS 100

static int reset(void **state)
{
	cleanup_close int runtime_fd = -EBADF;

	(void)state;
	if (ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(PATH) < 0)
		return -1;
	return runtime_dir_open(true, &runtime_fd, NULL);
}

/* A FUSE daemon on PATH, and the mount that is asked. */
struct scene {
	struct fuse_daemon daemon;
	struct probe_mount mount;
};

static void scene_clear(struct scene *scene)
{
	cleanup_close_fd(&scene->mount.fd);
	fuse_daemon_clear(&scene->daemon);
}

#define cleanup_scene __attribute__((cleanup(scene_clear)))
#define SCENE_NONE                                                                                 \
	{                                                                                          \
		.mount.fd = -EBADF                                                                 \
	}

static void begin(struct scene *scene, const char *option)
{
	struct statx st;

	assert_int_equal(fuse_daemon_start(PATH, option, &scene->daemon), 0);
	scene->mount.fd = open(PATH, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(scene->mount.fd >= 0);
	assert_int_equal(statx(scene->mount.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &st), 0);
	scene->mount.connection =
		(struct fuse_connection){.major = st.stx_dev_major, .minor = st.stx_dev_minor};
}

static enum path_state look(const struct scene *scene, uint64_t timeout_usec)
{
	enum path_state state = PATH_UNKNOWN;

	assert_int_equal(probe_fd(&scene->mount, timeout_usec, &state), 0);
	return state;
}

static bool one_is_left(void *program)
{
	return child_count(program) == 1;
}

static bool none_is_left(void *program)
{
	return child_count(program) == 0;
}

static void a_hundred_looks_leave_one_process(void **state)
{
	cleanup_scene struct scene scene = SCENE_NONE;

	(void)state;
	begin(&scene, "--swallow");
	for (int i = 0; i < LOOKS; i++)
		assert_int_equal(look(&scene, SHORT_USEC), PATH_HUNG);
	assert_true(eventually(one_is_left, NULL));
	fuse_daemon_kill(&scene.daemon);
	assert_true(eventually(none_is_left, NULL));
	assert_int_equal(look(&scene, LONG_USEC), PATH_DEAD);
}

/* Its child has become that user by then, whom root's files are closed to. */
static void of_another_users_mount_too(void **state)
{
	cleanup_scene struct scene scene = SCENE_NONE;

	(void)state;
	begin(&scene, "--user=1000");
	assert_int_equal(look(&scene, LONG_USEC), PATH_LIVE);
	kill(scene.daemon.pid, SIGHUP);
	for (int i = 0; i < LOOKS; i++)
		assert_int_equal(look(&scene, SHORT_USEC), PATH_HUNG);
	assert_true(eventually(one_is_left, NULL));
	fuse_daemon_kill(&scene.daemon);
	assert_true(eventually(none_is_left, NULL));
	assert_int_equal(look(&scene, LONG_USEC), PATH_DEAD);
}

static int look_often(void *data)
{
	for (int i = 0; i < 50; i++) {
		enum path_state state = PATH_UNKNOWN;

		if (probe_fd(data, LONG_USEC, &state) < 0 || state != PATH_LIVE)
			return 1;
	}
	return 0;
}

static void of_a_live_mount_nobody_says_that_it_hangs(void **state)
{
	cleanup_scene struct scene scene = SCENE_NONE;
	pid_t others[8];

	(void)state;
	begin(&scene, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = child_start(look_often, &scene.mount);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(child_wait(others[i]), 0);
	assert_true(eventually(none_is_left, NULL));
}

static int look_once(void *data)
{
	enum path_state state = PATH_UNKNOWN;

	return probe_fd(data, LONG_USEC, &state) < 0 ? 99 : (int)state;
}

static bool somebody_waits(void *data)
{
	struct probe_waiter waiter;

	return probe_turn_waiter(data, &waiter);
}

static void who_waits_for_a_slow_one_gets_its_answer(void **state)
{
	cleanup_scene struct scene scene = SCENE_NONE;
	pid_t first, others[4];

	(void)state;
	begin(&scene, "--hang");
	first = child_start(look_once, &scene.mount);
	assert_true(eventually(somebody_waits, &scene.mount.connection));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = child_start(look_once, &scene.mount);
	kill(scene.daemon.pid, SIGUSR2);
	assert_int_equal(child_wait(first), PATH_LIVE);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(child_wait(others[i]), PATH_LIVE);
}

/* Takes the turn after the one who has it, and exits with the answer that it finds. */
struct newcomer {
	struct fuse_connection connection;
	uint64_t since_usec;
};

static int come_after(void *data)
{
	const struct newcomer *newcomer = data;
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;

	if (probe_turn_take(&newcomer->connection, true, newcomer->since_usec, &turn) < 0)
		return 99;
	return (int)turn.answer;
}

/* In /proc/locks "->" stands before who waits; here the parent alone has children. */
static bool sleeps(void *pid)
{
	char path[64];
	cleanup_free char *stat = NULL;
	const char *fields;

	snprintf(path, sizeof(path), "/proc/%d/stat", *(pid_t *)pid);
	stat = ns_sandbox_read(path);
	fields = stat ? strrchr(stat, ')') : NULL;
	return fields && fields[2] == 'S';
}

static int answer_after(uint64_t newcomers_since)
{
	struct newcomer newcomer = {{0, 4711}, newcomers_since};
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;
	pid_t pid;

	assert_int_equal(probe_turn_take(&newcomer.connection, false, 0, &turn), 0);
	assert_true(turn.fd >= 0);
	pid = child_start(come_after, &newcomer);
	assert_true(eventually(sleeps, &pid));
	probe_turn_end(&turn, PATH_DEAD);
	return child_wait(pid);
}

/* One that was there before the question was put says nothing of what is now. */
static void an_answer_counts_for_questions_that_are_older(void **state)
{
	(void)state;
	assert_int_equal(answer_after(deadline_now()), PATH_DEAD);
	assert_int_equal(answer_after(deadline_now() + LONG_USEC), PATH_UNKNOWN);
}

static int take_and_stay(void *data)
{
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;

	if (probe_turn_take(data, true, 0, &turn) < 0)
		return 99;
	pause();
	return 0;
}

static int take(const struct fuse_connection *connection)
{
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;
	int r = probe_turn_take(connection, false, 0, &turn);

	assert_true(r < 0 || turn.fd >= 0);
	return r;
}

static void the_turn_ends_with_its_process(void **state)
{
	struct fuse_connection connection = {0, 4711}, beside = {0, 4712}, block = {8, 4711};
	pid_t pid = child_start(take_and_stay, &connection);

	(void)state;
	assert_true(eventually(somebody_waits, &connection));
	assert_int_equal(take(&connection), -EWOULDBLOCK);
	assert_int_equal(take(&beside), 0);
	assert_int_equal(take(&block), 0);
	kill(pid, SIGKILL);
	child_wait(pid);
	assert_int_equal(take(&connection), 0);
}

/* Where systemd has it already that is as good. */
static void mount_fusectl(void)
{
	if (mount("fusectl", FUSECTL_DIR, "fusectl", 0, NULL) < 0)
		assert_int_equal(errno, EBUSY);
}

/* Without a file of its own the kernel's is locked. */
static void expect_one_process(void)
{
	cleanup_scene struct scene scene = SCENE_NONE;

	begin(&scene, "--swallow");
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(&scene, SHORT_USEC), PATH_HUNG);
	assert_true(eventually(one_is_left, NULL));
	assert_true(somebody_waits(&scene.mount.connection));
	fuse_daemon_kill(&scene.daemon);
	assert_true(eventually(none_is_left, NULL));
	assert_int_equal(look(&scene, LONG_USEC), PATH_DEAD);
}

/* An empty file system in the place of the runtime directory. */
static void put_over(unsigned long flags, const char *options)
{
	mount_fusectl();
	assert_int_equal(mount("tmpfs", RUNTIME_DIR, "tmpfs", flags, options), 0);
}

static void where_no_hook_has_run_yet_too(void **state)
{
	struct stat st;

	(void)state;
	put_over(0, "mode=755");
	expect_one_process();
	/* There are commands that make nothing. */
	assert_int_equal(stat(PROBES, &st), -1);
}

static void where_no_file_can_be_made_too(void **state)
{
	cleanup_close int runtime_fd = -EBADF;

	(void)state;
	put_over(0, "mode=755,nr_inodes=1");
	assert_int_equal(runtime_dir_open(true, &runtime_fd, NULL), -ENOSPC);
	expect_one_process();
}

static void where_everything_is_read_only_too(void **state)
{
	cleanup_close int runtime_fd = -EBADF;

	(void)state;
	put_over(0, "mode=755");
	assert_int_equal(runtime_dir_open(true, &runtime_fd, NULL), 0);
	assert_int_equal(mount(NULL, RUNTIME_DIR, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	expect_one_process();
}

/* Those who wait are served one by one. */
static void where_the_file_has_no_room_too(void **state)
{
	cleanup_close int runtime_fd = -EBADF, filler = -EBADF;
	char block[4096] = {0};

	(void)state;
	put_over(0, "mode=755,size=4096");
	assert_int_equal(runtime_dir_open(true, &runtime_fd, NULL), 0);
	filler = open(RUNTIME_DIR "/filler", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(filler, block, sizeof(block)), sizeof(block));
	expect_one_process();
}

static void without_any_file_it_is_asked_all_the_same(void **state)
{
	cleanup_scene struct scene scene = SCENE_NONE;

	(void)state;
	umount2(FUSECTL_DIR, MNT_DETACH);
	assert_int_equal(unlink(PROBES), 0);
	begin(&scene, NULL);
	assert_int_equal(look(&scene, LONG_USEC), PATH_LIVE);
	kill(scene.daemon.pid, SIGUSR1);
	assert_int_equal(look(&scene, SHORT_USEC), PATH_HUNG);
	fuse_daemon_kill(&scene.daemon);
	assert_int_equal(look(&scene, LONG_USEC), PATH_DEAD);
}

/* A directory of records that others can write to is not believed. */
static void a_file_that_anybody_could_have_made_is_not_locked(void **state)
{
	cleanup_scene struct scene scene = SCENE_NONE;
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;

	(void)state;
	umount2(FUSECTL_DIR, MNT_DETACH);
	begin(&scene, NULL);
	assert_int_equal(probe_turn_take(&scene.mount.connection, false, 0, &turn), 0);
	assert_true(turn.fd >= 0);
	assert_int_equal(chmod(RUNTIME_DIR, 0777), 0);
	/* Somebody holds it; that is no word on the mount. */
	assert_int_equal(look(&scene, LONG_USEC), PATH_LIVE);
}

/* What the hook is asked to look at, with a mount that has stopped to answer. */
static void look_by_each_command(struct fake_scene *scene)
{
	static const char *const commands[] = {"status", "metrics", "doctor", "reconcile"};
	struct fake_member *reader;

	for (int i = 0; i < LOOKS; i++) {
		const char *command = commands[i % (int)ARRAY_SIZE(commands)];
		cleanup_free char *said = NULL;

		fake_pod_command(command, NULL, &said);
		assert_non_null(said);
		if (strcmp(command, "status") == 0)
			expect_says(said, FAKE_POD_MEDIA "/zurg: hung");
	}
	fake_pod_annotate(&scene->pod, "fuse-sidecar.io/wait", "0s");
	for (int i = 0; i < 5; i++) {
		char name[32];

		snprintf(name, sizeof(name), "reader-%d", i);
		reader = fake_pod_consumer(&scene->pod, name);
		assert_int_equal(fake_member_hook(reader, "prestart"), 16);
		assert_int_equal(fake_member_hook(scene->plex, "poststop"), 0);
	}
}

/* Of both programs. */
static unsigned int count_ours(void)
{
	cleanup_free char *hook = realpath(fake_pod_program("prestart"), NULL);
	cleanup_free char *tool = realpath(fake_pod_program("status"), NULL);

	assert_non_null(hook);
	assert_non_null(tool);
	return child_count(hook) + (strcmp(hook, tool) == 0 ? 0 : child_count(tool));
}

static bool one_of_ours(void *data)
{
	(void)data;
	return count_ours() == 1;
}

static bool none_of_ours(void *data)
{
	(void)data;
	return count_ours() == 0;
}

static void each_command_and_hook_together_leave_one_process(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	assert_int_equal(
		ns_sandbox_write(POLICY,
			"{\"probeTimeout\": \"100ms\", \"metricsFile\": \"/run/fsh.prom\"}", 0644),
		0);
	fake_scene_begin(&scene, FAKE_POD_UID);
	kill(scene.daemon.pid, SIGHUP);
	look_by_each_command(&scene);
	assert_true(eventually(one_of_ours, NULL));
	fuse_daemon_kill(&scene.daemon);
	assert_true(eventually(none_of_ours, NULL));
}

#define N_PATHS 12

static bool one_for_each(void *data)
{
	(void)data;
	return count_ours() == N_PATHS;
}

/* One hook asks them all, by one child at first. */
static void many_that_hang_leave_one_process_each(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fuse_daemon daemons[N_PATHS] = {0};
	char mounts[N_PATHS * 64] = "";

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	assert_int_equal(ns_sandbox_write(POLICY, "{\"probeTimeout\": \"100ms\"}", 0644), 0);
	for (size_t i = 0; i < N_PATHS; i++)
		snprintf(mounts + strlen(mounts), 64, "%srclone=" FAKE_POD_MEDIA "/%zu",
			i ? "," : "", i);
	fake_pod_init(&pod, FAKE_POD_UID, mounts);
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "1s");
	fake_member_expect(fake_pod_add(&pod, &(struct fake_role){.name = "rclone",
						      .provides = FAKE_POD_MEDIA "/0"}),
		"prestart", 0);
	for (size_t i = 0; i < N_PATHS; i++) {
		char name[16];
		cleanup_free char *path = NULL;

		snprintf(name, sizeof(name), "%zu", i);
		path = fake_pod_path(&pod, name);
		assert_int_equal(fuse_daemon_start(path, "--swallow", &daemons[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		cleanup_free char *said = NULL;

		fake_member_expect(fake_pod_consumer(&pod, "plex"), "prestart", 16);
		fake_pod_command("status", NULL, &said);
	}
	assert_true(eventually(one_for_each, NULL));
	for (size_t i = 0; i < N_PATHS; i++)
		fuse_daemon_clear(&daemons[i]);
	assert_true(eventually(none_of_ours, NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_hundred_looks_leave_one_process),
		TEST(of_another_users_mount_too),
		TEST(of_a_live_mount_nobody_says_that_it_hangs),
		TEST(who_waits_for_a_slow_one_gets_its_answer),
		TEST(an_answer_counts_for_questions_that_are_older),
		TEST(the_turn_ends_with_its_process),
		TEST(where_no_hook_has_run_yet_too),
		TEST(where_no_file_can_be_made_too),
		TEST(where_everything_is_read_only_too),
		TEST(where_the_file_has_no_room_too),
		TEST(without_any_file_it_is_asked_all_the_same),
		TEST(a_file_that_anybody_could_have_made_is_not_locked),
		TEST(each_command_and_hook_together_leave_one_process),
		TEST(many_that_hang_leave_one_process_each),
	};
#undef TEST

	return cmocka_run_group_tests_name("probe_turn", tests, ns_sandbox_setup_group, NULL);
}
