/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/process.h"

#include "hook/sys/kernel_features.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/hide_syscalls.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int wait_for_a_signal(void *data)
{
	(void)data;
	pause();
	return 0;
}

static void a_running_process_is_known_by_its_start(void **state)
{
	cleanup_process struct process process = PROCESS_NONE;
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(getpid(), &ticks), 0);
	assert_true(ticks > 0);
	assert_true(process_is_alive(getpid(), ticks));
	assert_int_equal(process_open(getpid(), ticks, &process), 0);
	assert_false(process_has_ended(&process));
}

static void a_recycled_pid_is_another_process(void **state)
{
	struct process process = PROCESS_NONE;
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(getpid(), &ticks), 0);
	assert_false(process_is_alive(getpid(), ticks + 1));
	assert_int_equal(process_open(getpid(), ticks + 1, &process), -ESRCH);
	assert_int_equal(process.dir, -EBADF);
	assert_int_equal(process.pidfd, -EBADF);
}

static void no_process_has_pid_zero(void **state)
{
	struct process process = PROCESS_NONE;
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(0, &ticks), -ESRCH);
	assert_false(process_is_alive(0, 0));
	assert_int_equal(process_open(0, 0, &process), -ESRCH);
}

static void a_zombie_is_gone(void **state)
{
	pid_t pid = child_start(wait_for_a_signal, NULL);
	struct process process = PROCESS_NONE;
	uint64_t ticks = 0;
	siginfo_t ended;

	(void)state;
	assert_int_equal(process_start(pid, &ticks), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT), 0);
	assert_false(process_is_alive(pid, ticks));
	assert_int_equal(process_open(pid, ticks, &process), -ESRCH);
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
	assert_false(process_is_alive(pid, ticks));
	assert_int_equal(process_open(pid, ticks, &process), -ESRCH);
}

static void *wait_in_a_thread(void *unused)
{
	(void)unused;
	pause();
	return NULL;
}

/* The first thread ends, the other goes on. */
static int leave_it_to_a_thread(void *data)
{
	pthread_t thread;

	(void)data;
	if (pthread_create(&thread, NULL, wait_in_a_thread, NULL) != 0)
		return 1;
	syscall(SYS_exit, 0);
	return 2;
}

static bool looks_like_a_zombie(void *data)
{
	const pid_t *pid = data;
	char path[64], text[64] = "";
	cleanup_close int fd = -EBADF;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)*pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return false;
	return strstr(text, "State:\tZ") != NULL;
}

static void a_process_whose_first_thread_has_ended_lives(void **state)
{
	pid_t pid = child_start(leave_it_to_a_thread, NULL);
	cleanup_process struct process process = PROCESS_NONE;
	uint64_t ticks = 0;

	(void)state;
	assert_true(eventually(looks_like_a_zombie, &pid));
	assert_int_equal(process_start(pid, &ticks), 0);
	assert_true(process_is_alive(pid, ticks));
	assert_int_equal(process_open(pid, ticks, &process), 0);
	assert_false(process_has_ended(&process));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
	assert_false(process_is_alive(pid, ticks));
	assert_true(process_has_ended(&process));
}

/* A child that comes to its first line only after its parent has ended. */
static int leave_an_orphan(void *data)
{
	const int *ends = data;
	pid_t parent = getpid(), orphan = fork();
	int r;

	if (orphan != 0)
		return orphan < 0;
	while (getppid() == parent)
		usleep(1000);
	r = process_die_with(parent);
	_exit(write(ends[1], &r, sizeof(r)) == (ssize_t)sizeof(r) ? 0 : 1);
}

static void an_orphan_is_killed_at_once(void **state)
{
	int ends[2], r;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(child_run(leave_an_orphan, ends), 0);
	close(ends[1]);
	assert_int_equal(read(ends[0], &r, sizeof(r)), 0);
	close(ends[0]);
}

/* Its parent ends later: the signal takes it, and the pipe's last writer with it. */
static int leave_a_follower(void *data)
{
	const int *ends = data;
	pid_t parent = getpid();
	int r;

	if (fork() == 0) {
		r = process_die_with(parent);
		if (write(ends[1], &r, sizeof(r)) != (ssize_t)sizeof(r))
			_exit(1);
		for (;;)
			pause();
	}
	return read(ends[0], &r, sizeof(r)) == (ssize_t)sizeof(r) && r == 0 ? 0 : 1;
}

static void a_child_ends_with_its_parent(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(child_run(leave_a_follower, ends), 0);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

static void a_pidfd_tells_the_end(void **state)
{
	pid_t pid = child_start(wait_for_a_signal, NULL);
	struct pollfd ended = {.events = POLLIN};
	cleanup_process struct process process = PROCESS_NONE;
	uint64_t ticks = 0;

	(void)state;
	if (!kernel_has(KERNEL_PIDFD_OPEN)) {
		puts("this kernel has no pidfd_open");
		skip();
	}
	assert_int_equal(process_start(pid, &ticks), 0);
	assert_int_equal(process_open(pid, ticks, &process), 0);
	ended.fd = process.pidfd;
	assert_int_equal(poll(&ended, 1, 0), 0);
	assert_false(process_has_ended(&process));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(poll(&ended, 1, 10000), 1);
	assert_true(process_has_ended(&process));
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
}

/* Held on to by its directory alone: 0 where its end shows, and only that. */
static int hold_without_pidfd(void *data)
{
	const int *error = data;
	cleanup_process struct process process = PROCESS_NONE;
	struct process other = PROCESS_NONE;
	uint64_t ticks = 0;
	siginfo_t ended;
	pid_t pid;

	if (hide_syscalls("pidfd_open", *error) < 0)
		return 2;
	pid = child_start(wait_for_a_signal, NULL);
	if (process_start(pid, &ticks) < 0 || process_open(pid, ticks, &process) < 0)
		return 3;
	if (process.pidfd >= 0 || process_open(pid, ticks + 1, &other) != -ESRCH)
		return 4;
	if (process_has_ended(&process))
		return 5;
	kill(pid, SIGKILL);
	if (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) < 0 || !process_has_ended(&process))
		return 6;
	return child_wait(pid) == 128 + SIGKILL && process_has_ended(&process) ? 0 : 7;
}

static void without_a_pidfd_its_directory_tells(void **state)
{
	int error = ENOSYS;

	(void)state;
	assert_int_equal(child_run(hold_without_pidfd, &error), 0);
	error = EPERM;
	assert_int_equal(child_run(hold_without_pidfd, &error), 0);
}

static int look_without_descriptors(void *data)
{
	const uint64_t *ticks = data;
	const struct rlimit none = {0, 0};
	struct process process = PROCESS_NONE;

	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 2;
	if (!process_is_alive(getppid(), *ticks))
		return 3;
	return process_open(getppid(), *ticks, &process) == -EMFILE ? 0 : 4;
}

static void a_failure_to_look_is_not_the_end_of_the_process(void **state)
{
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(getpid(), &ticks), 0);
	assert_int_equal(child_run(look_without_descriptors, &ticks), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_process_is_known_by_its_start),
		cmocka_unit_test(a_recycled_pid_is_another_process),
		cmocka_unit_test(no_process_has_pid_zero),
		cmocka_unit_test(a_zombie_is_gone),
		cmocka_unit_test(a_process_whose_first_thread_has_ended_lives),
		cmocka_unit_test(an_orphan_is_killed_at_once),
		cmocka_unit_test(a_child_ends_with_its_parent),
		cmocka_unit_test(a_pidfd_tells_the_end),
		cmocka_unit_test(without_a_pidfd_its_directory_tells),
		cmocka_unit_test(a_failure_to_look_is_not_the_end_of_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
