/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/process.h"

#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int wait_for_a_signal(void *data)
{
	(void)data;
	pause();
	return 0;
}

static void a_running_process_is_known_by_its_start(void **state)
{
	cleanup_close int fd = -EBADF;
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(getpid(), &ticks), 0);
	assert_true(ticks > 0);
	assert_true(process_is_alive(getpid(), ticks));
	fd = process_open(getpid(), ticks);
	assert_true(fd >= 0);
}

static void a_recycled_pid_is_another_process(void **state)
{
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(getpid(), &ticks), 0);
	assert_false(process_is_alive(getpid(), ticks + 1));
	assert_int_equal(process_open(getpid(), ticks + 1), -ESRCH);
}

static void no_process_has_pid_zero(void **state)
{
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(0, &ticks), -ESRCH);
	assert_false(process_is_alive(0, 0));
}

static void a_zombie_is_gone(void **state)
{
	pid_t pid = child_start(wait_for_a_signal, NULL);
	uint64_t ticks = 0;
	siginfo_t ended;

	(void)state;
	assert_int_equal(process_start(pid, &ticks), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT), 0);
	assert_false(process_is_alive(pid, ticks));
	assert_int_equal(process_open(pid, ticks), -ESRCH);
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
	assert_false(process_is_alive(pid, ticks));
}

static void a_pidfd_tells_the_end(void **state)
{
	pid_t pid = child_start(wait_for_a_signal, NULL);
	struct pollfd ended = {.events = POLLIN};
	cleanup_close int fd = -EBADF;
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(pid, &ticks), 0);
	fd = process_open(pid, ticks);
	assert_true(fd >= 0);
	ended.fd = fd;
	assert_int_equal(poll(&ended, 1, 0), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(poll(&ended, 1, 10000), 1);
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
}

static int look_without_descriptors(void *data)
{
	const uint64_t *ticks = data;
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 2;
	if (!process_is_alive(getppid(), *ticks))
		return 3;
	return process_open(getppid(), *ticks) == -EMFILE ? 0 : 4;
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
		cmocka_unit_test(a_pidfd_tells_the_end),
		cmocka_unit_test(a_failure_to_look_is_not_the_end_of_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
