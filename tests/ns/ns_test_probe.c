/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mount/probe.h"

#include "hook/record/lock.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define PATH NS_SANDBOX_DIR "/zurg"
#define TIMEOUT_USEC (5 * UINT64_C(1000000) * patience())
#define SHORT_USEC (200 * UINT64_C(1000))

static int reset(void **state)
{
	(void)state;
	return ns_sandbox_reset() < 0 ? -1 : ns_sandbox_mkdirs(PATH);
}

/* The state of PATH by the mount table of now; the type of the mount that was found in `type`. */
static enum path_state probe(uint64_t timeout_usec, char type[32])
{
	cleanup_mount_table struct mount_table host = {0};
	const struct mount_entry *mount = NULL;
	enum path_state state = PATH_UNKNOWN;

	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &host, NULL), 0);
	assert_int_equal(probe_path(&host, PATH, timeout_usec, &state, &mount), 0);
	snprintf(type, 32, "%s", mount ? mount->fstype : "none");
	return state;
}

/* The mount on a path, pinned, with its connection. By the mount table: a kernel may have no
 * statx(2) that asks nobody. */
static struct probe_mount open_mount(const char *path)
{
	cleanup_mount_table struct mount_table host = {0};
	struct probe_mount mount = {.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	const struct mount_entry *entry;

	assert_true(mount.fd >= 0);
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &host, NULL), 0);
	entry = mounts_at(&host, path);
	assert_non_null(entry);
	mount.connection = probe_connection(entry);
	return mount;
}

/* Where systemd has it already that is as good. */
static void mount_fusectl(void)
{
	if (mount("fusectl", FUSECTL_DIR, "fusectl", 0, NULL) < 0)
		assert_int_equal(errno, EBUSY);
}

static void a_directory_without_a_mount_is_absent(void **state)
{
	char type[32];

	(void)state;
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_ABSENT);
	assert_string_equal(type, "none");
}

static void a_mount_that_is_no_fuse_is_absent(void **state)
{
	char type[32];

	(void)state;
	assert_int_equal(mount("tmpfs", PATH, "tmpfs", 0, NULL), 0);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_ABSENT);
	assert_string_equal(type, "none");
}

static void a_daemon_that_answers_is_live(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, NULL, &daemon), 0);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_LIVE);
	assert_string_equal(type, "fuse.rclone");
}

static void a_killed_daemon_is_dead_although_the_kernel_has_its_attributes(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	struct stat cached;
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--cache", &daemon), 0);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_LIVE);
	fuse_daemon_kill(&daemon);
	assert_int_equal(stat(PATH, &cached), 0);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
	assert_string_equal(type, "fuse.rclone");
}

/* What the kernel says of a connection that has ended, a daemon may say of a server that it has
 * lost: it lives, and its mount is not to be detached. */
static void whatever_a_daemon_answers_it_lives(void **state)
{
	static const int errors[] = {
		ENOTCONN, ECONNREFUSED, ECONNABORTED, EIO, ENOENT, ENOSYS, EPERM};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		cleanup_fuse_daemon struct fuse_daemon daemon = {0};
		char option[32], type[32];

		snprintf(option, sizeof(option), "--error=%d", errors[i]);
		assert_int_equal(fuse_daemon_start(PATH, option, &daemon), 0);
		for (int n = 0; n < 50; n++)
			assert_int_equal(probe(TIMEOUT_USEC, type), PATH_LIVE);
		fuse_daemon_kill(&daemon);
		assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
	}
}

/* ENOTCONN before Linux 7.2, ECONNREFUSED since. */
static void a_daemon_that_went_before_init_is_dead(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--early", &daemon), 0);
	assert_int_equal(probe(SHORT_USEC, type), PATH_HUNG);
	fuse_daemon_kill(&daemon);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
}

/* The kernel passes no request on to it any more, though it is there. */
static void a_connection_that_init_has_failed_is_dead(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--refuse", &daemon), 0);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
}

/* The kernel has made up its mind about the root, and gives EIO without asking anybody. */
static void a_root_that_has_become_a_file_is_live_and_then_dead(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--odd", &daemon), 0);
	for (int n = 0; n < 3; n++)
		assert_int_equal(probe(TIMEOUT_USEC, type), PATH_LIVE);
	fuse_daemon_kill(&daemon);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
}

static void an_aborted_connection_is_dead(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	struct probe_mount mount;
	char path[96], type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, NULL, &daemon), 0);
	mount = open_mount(PATH);
	close(mount.fd);
	mount_fusectl();
	snprintf(path, sizeof(path), FUSECTL_DIR "/%u/abort", mount.connection.minor);
	assert_int_equal(ns_sandbox_write(path, "1", 0600), 0);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
}

static void another_users_mount_is_live_and_then_dead(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	struct stat st;
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--user=1000", &daemon), 0);
	/* Root is refused, and would be by a dead one too. */
	assert_int_equal(stat(PATH, &st), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_LIVE);
	fuse_daemon_kill(&daemon);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
}

static void a_daemon_that_does_not_read_is_hung_at_the_deadline(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	uint64_t start = deadline_now();
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--hang", &daemon), 0);
	assert_int_equal(probe(SHORT_USEC, type), PATH_HUNG);
	assert_int_in_range(deadline_now() - start, SHORT_USEC, TIMEOUT_USEC);
}

static void a_daemon_that_reads_and_never_answers_is_hung_at_the_deadline(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	uint64_t start = deadline_now();
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--swallow", &daemon), 0);
	assert_int_equal(probe(SHORT_USEC, type), PATH_HUNG);
	assert_int_in_range(deadline_now() - start, SHORT_USEC, TIMEOUT_USEC);
}

static void a_hung_daemon_that_dies_is_dead(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--swallow", &daemon), 0);
	assert_int_equal(probe(SHORT_USEC, type), PATH_HUNG);
	fuse_daemon_kill(&daemon);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
}

static void the_topmost_of_stacked_mounts_is_asked(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon below = {0}, above = {0};
	char type[32];

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, NULL, &below), 0);
	fuse_daemon_kill(&below);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_DEAD);
	assert_int_equal(fuse_daemon_start(PATH, NULL, &above), 0);
	assert_int_equal(probe(TIMEOUT_USEC, type), PATH_LIVE);
}

static void a_table_that_is_older_than_the_mount_gives_no_state(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0}, next = {0};
	cleanup_mount_table struct mount_table host = {0};
	enum path_state found = PATH_LIVE;

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, NULL, &daemon), 0);
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &host, NULL), 0);
	assert_int_equal(fuse_daemon_start(PATH, NULL, &next), 0);
	assert_int_equal(probe_path(&host, PATH, TIMEOUT_USEC, &found, NULL), 0);
	assert_int_equal(found, PATH_UNKNOWN);
}

#define MIDDLE NS_SANDBOX_DIR "/middle"
#define BELOW MIDDLE "/zurg"

/* In a child: what fails is that it never ends. */
static int probe_below(void *data)
{
	const struct mount_table *host = data;
	enum path_state found = PATH_LIVE;

	alarm(20 * patience());
	return probe_path(host, BELOW, SHORT_USEC, &found, NULL) == 0 && found == PATH_HUNG ? 0 : 1;
}

static void a_hung_mount_that_has_come_above_it_holds_nobody(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0}, above = {0};
	cleanup_mount_table struct mount_table host = {0};

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(BELOW), 0);
	assert_int_equal(fuse_daemon_start(BELOW, NULL, &daemon), 0);
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &host, NULL), 0);
	assert_int_equal(fuse_daemon_start(MIDDLE, NULL, &above), 0);
	assert_int_equal(kill(above.pid, SIGUSR1), 0);
	assert_int_equal(child_run(probe_below, &host), 0);
	/* The one that is below can be reached again. */
	fuse_daemon_clear(&above);
}

/* A hook that is killed by its runtime while it probes; `data` is the pipe of its output. */
static int probe_with_lock(void *data)
{
	cleanup_lock struct lock lock = LOCK_NONE;
	int runtime_fd = -EBADF;
	char type[32];

	if (dup2(*(int *)data, STDERR_FILENO) < 0)
		return 1;
	close(*(int *)data);
	if (runtime_dir_open(true, &runtime_fd, NULL) < 0 ||
		lock_take(runtime_fd, "pod", 0, &lock, NULL) < 0)
		return 2;
	probe(60 * UINT64_C(1000000), type);
	return 3;
}

/* FUSE counts the requests that wait for an answer. */
static bool request_waits(void *data)
{
	cleanup_free char *waiting = ns_sandbox_read(data);

	return waiting && strtol(waiting, NULL, 10) > 0;
}

/* Kill a hook that has begun to probe PATH, and return the other end of its standard error. */
static int kill_probing_hook(void)
{
	struct statx where;
	char counter[128];
	int ends[2];
	pid_t hook;

	assert_int_equal(statx(AT_FDCWD, PATH, AT_STATX_DONT_SYNC, STATX_MODE, &where), 0);
	mount_fusectl();
	snprintf(counter, sizeof(counter), FUSECTL_DIR "/%u/waiting", where.stx_dev_minor);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	hook = child_start(probe_with_lock, &ends[1]);
	close(ends[1]);
	assert_true(eventually(request_waits, counter));
	kill(hook, SIGKILL);
	assert_int_equal(child_wait(hook), 128 + SIGKILL);
	return ends[0];
}

static void a_probe_that_cannot_die_holds_nothing_of_a_killed_hook(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_close int runtime_fd = -EBADF, output = -EBADF;
	struct pollfd end = {.events = POLLIN};

	(void)state;
	assert_int_equal(fuse_daemon_start(PATH, "--swallow", &daemon), 0);
	output = kill_probing_hook();
	assert_int_equal(runtime_dir_open(true, &runtime_fd, NULL), 0);
	assert_int_equal(lock_take(runtime_fd, "pod", 0, &lock, NULL), 0);
	/* A runtime reads the hook's output to its end. */
	end.fd = output;
	assert_int_equal(poll(&end, 1, 5000), 1);
	assert_int_equal(end.revents, POLLHUP);
}

#define N_HUNG 8

/* A directory of its own with a daemon on it. */
static const char *start_at(char path[64], int i, const char *option, struct fuse_daemon *ret)
{
	snprintf(path, 64, NS_SANDBOX_DIR "/many/%d", i);
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(fuse_daemon_start(path, option, ret), 0);
	return path;
}

static void many_that_hang_take_one_deadline_together(void **state)
{
	cleanup_mount_table struct mount_table host = {0};
	struct fuse_daemon daemons[N_HUNG + 2] = {0};
	struct probe_question questions[N_HUNG + 4] = {0};
	char paths[N_HUNG + 2][64];
	const uint64_t deadline = UINT64_C(1000000) * patience();
	uint64_t began;

	(void)state;
	for (int i = 0; i < N_HUNG + 2; i++)
		questions[i].host_path =
			start_at(paths[i], i, i < N_HUNG ? "--hang" : NULL, &daemons[i]);
	fuse_daemon_kill(&daemons[N_HUNG]);
	questions[N_HUNG + 2].host_path = PATH;
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &host, NULL), 0);
	began = deadline_now();
	assert_int_equal(probe_paths(&host, questions, ARRAY_SIZE(questions), deadline), 0);
	assert_int_in_range(deadline_now() - began, deadline, (N_HUNG - 1) * deadline);
	for (int i = 0; i < N_HUNG; i++)
		assert_int_equal(questions[i].state, PATH_HUNG);
	assert_int_equal(questions[N_HUNG].state, PATH_DEAD);
	assert_int_equal(questions[N_HUNG + 1].state, PATH_LIVE);
	assert_non_null(questions[N_HUNG + 1].mount);
	assert_int_equal(questions[N_HUNG + 2].state, PATH_ABSENT);
	assert_int_equal(questions[N_HUNG + 3].state, PATH_UNKNOWN);
	for (int i = 0; i < N_HUNG + 2; i++)
		fuse_daemon_clear(&daemons[i]);
}

/* Linux before 4.20, where FUSE does not heed AT_STATX_FORCE_SYNC, nearly: the call fails. */
static int probe_like_4_18(void *data)
{
	const int *error = data;
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	char type[32];

	if (hide_syscalls("statx_mnt_id,statx_force_sync", *error) < 0 ||
		fuse_daemon_start(PATH, "--cache", &daemon) < 0)
		return 2;
	if (probe(TIMEOUT_USEC, type) != PATH_LIVE)
		return 3;
	fuse_daemon_kill(&daemon);
	return probe(TIMEOUT_USEC, type) == PATH_DEAD ? 0 : 4;
}

static void a_dead_mount_is_told_where_fuse_heeds_no_force_sync(void **state)
{
	int error = ENOSYS;

	(void)state;
	assert_int_equal(child_run(probe_like_4_18, &error), 0);
	error = EPERM;
	assert_int_equal(child_run(probe_like_4_18, &error), 0);
}

/* Three mounts, asked by one child. */
#define TOGETHER 3

struct together {
	struct fuse_daemon daemons[TOGETHER];
	struct probe_mount mounts[TOGETHER];
	struct probe probes[TOGETHER];
};

static void together_clear(struct together *together)
{
	for (size_t i = 0; i < TOGETHER; i++) {
		probe_cancel(&together->probes[i]);
		cleanup_close_fd(&together->mounts[i].fd);
		fuse_daemon_clear(&together->daemons[i]);
	}
}

static void begin_together(const char *const options[TOGETHER], struct together *ret)
{
	for (size_t i = 0; i < TOGETHER; i++) {
		char path[64];

		snprintf(path, sizeof(path), PATH "%zu", i);
		assert_int_equal(ns_sandbox_mkdirs(path), 0);
		if (strcmp(options[i], "dead") == 0)
			assert_int_equal(fuse_daemon_leave_dead(path), 0);
		else
			assert_int_equal(fuse_daemon_start(path, options[i], &ret->daemons[i]), 0);
		ret->mounts[i] = open_mount(path);
	}
	assert_int_equal(probe_begin_together(ret->mounts, TOGETHER, ret->probes), 0);
	for (size_t i = 1; i < TOGETHER; i++)
		assert_int_equal(ret->probes[i].pid, ret->probes[0].pid);
}

static bool is_answered(const struct probe *probe, int timeout_msec)
{
	struct pollfd readable = {.fd = probe->fd, .events = POLLIN};

	return poll(&readable, 1, timeout_msec) > 0;
}

static void one_child_asks_for_several(void **state)
{
	static const char *const options[] = {"--live", "dead", "--user=1000"};
	__attribute__((cleanup(together_clear))) struct together together = {0};
	enum path_state answers[2] = {PATH_UNKNOWN, PATH_UNKNOWN}, none = PATH_UNKNOWN;
	pid_t child;

	(void)state;
	begin_together(options, &together);
	child = together.probes[0].pid;
	assert_int_equal(probe_end(&together.probes[0], &answers[0]), 0);
	assert_int_equal(probe_end(&together.probes[1], &answers[1]), 0);
	assert_int_equal(answers[0], PATH_LIVE);
	assert_int_equal(answers[1], PATH_DEAD);
	/* Of its user alone: to be asked by a child that becomes that user. */
	assert_int_equal(probe_end(&together.probes[2], &none), -EAGAIN);
	assert_int_equal(none, PATH_UNKNOWN);
	/* Nothing is left of the child, no zombie either. */
	assert_int_equal(kill(child, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void one_that_hangs_holds_up_only_those_behind_it(void **state)
{
	static const char *const options[] = {"--live", "--hang", "--live"};
	__attribute__((cleanup(together_clear))) struct together together = {0};
	enum path_state answer = PATH_UNKNOWN;

	(void)state;
	begin_together(options, &together);
	assert_int_equal(probe_end(&together.probes[0], &answer), 0);
	assert_int_equal(answer, PATH_LIVE);
	assert_false(is_answered(&together.probes[1], 100));
	assert_false(is_answered(&together.probes[2], 0));
	/* The end of one is the end of all: the others are asked anew. */
	probe_cancel(&together.probes[1]);
	assert_int_equal(probe_end(&together.probes[2], &answer), -EPIPE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_directory_without_a_mount_is_absent),
		TEST(a_mount_that_is_no_fuse_is_absent),
		TEST(a_daemon_that_answers_is_live),
		TEST(a_killed_daemon_is_dead_although_the_kernel_has_its_attributes),
		TEST(whatever_a_daemon_answers_it_lives),
		TEST(a_daemon_that_went_before_init_is_dead),
		TEST(a_connection_that_init_has_failed_is_dead),
		TEST(a_root_that_has_become_a_file_is_live_and_then_dead),
		TEST(an_aborted_connection_is_dead),
		TEST(another_users_mount_is_live_and_then_dead),
		TEST(a_daemon_that_does_not_read_is_hung_at_the_deadline),
		TEST(a_daemon_that_reads_and_never_answers_is_hung_at_the_deadline),
		TEST(a_hung_daemon_that_dies_is_dead),
		TEST(the_topmost_of_stacked_mounts_is_asked),
		TEST(a_table_that_is_older_than_the_mount_gives_no_state),
		TEST(a_hung_mount_that_has_come_above_it_holds_nobody),
		TEST(a_probe_that_cannot_die_holds_nothing_of_a_killed_hook),
		TEST(many_that_hang_take_one_deadline_together),
		TEST(one_child_asks_for_several),
		TEST(one_that_hangs_holds_up_only_those_behind_it),
		TEST(a_dead_mount_is_told_where_fuse_heeds_no_force_sync),
	};
#undef TEST

	return cmocka_run_group_tests_name("probe", tests, ns_sandbox_setup_group, NULL);
}
