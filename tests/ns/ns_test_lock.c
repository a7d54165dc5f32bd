/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/record/lock.h"

#include "hook/record/runtime_dir.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define NAME "volume-8-1-4711"
#define LONG_USEC (10 * UINT64_C(1000000))
#define SHORT_USEC (60 * UINT64_C(1000))

static int enter(void **state)
{
	int r = ns_sandbox_enter();
	int *fd = r < 0 ? NULL : calloc(1, sizeof(*fd));

	if (!fd || runtime_dir_open(true, fd, NULL) < 0)
		return -1;
	*state = fd;
	return 0;
}

static int leave(void **state)
{
	int *fd = *state;

	close(*fd);
	free(fd);
	return 0;
}

static int runtime(void **state)
{
	return *(int *)*state;
}

static void a_released_lock_can_be_taken_again(void **state)
{
	cleanup_error struct error err = {0};

	for (int i = 0; i < 2; i++) {
		struct lock lock = LOCK_NONE;

		assert_int_equal(lock_take(runtime(state), NAME, 0, &lock, &err), 0);
		lock_release(&lock);
		assert_int_equal(lock.fd, -EBADF);
	}
}

static void locks_of_other_names_do_not_wait(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_lock struct lock one = LOCK_NONE, other = LOCK_NONE;

	assert_int_equal(lock_take(runtime(state), NAME, 0, &one, &err), 0);
	assert_int_equal(lock_take(runtime(state), NAME "2", 0, &other, &err), 0);
}

static void a_held_lock_times_out_at_the_deadline(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_lock struct lock held = LOCK_NONE, second = LOCK_NONE;
	uint64_t start, taken;

	assert_int_equal(lock_take(runtime(state), NAME, 0, &held, &err), 0);
	start = deadline_now();
	assert_int_equal(lock_take(runtime(state), NAME, SHORT_USEC, &second, &err), -ETIMEDOUT);
	taken = deadline_now() - start;
	assert_int_in_range(taken, SHORT_USEC, 20 * SHORT_USEC * patience());
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(error_message(&err), NAME));
	assert_int_equal(second.fd, -EBADF);
}

static void handler(int number)
{
	(void)number;
}

static void sigalrm_is_as_it_was_after_waiting(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_lock struct lock held = LOCK_NONE, second = LOCK_NONE;
	struct sigaction mine = {.sa_handler = handler}, now = {0};
	sigset_t blocked, mask;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigaction(SIGALRM, &mine, NULL);
	assert_int_equal(lock_take(runtime(state), NAME, 0, &held, &err), 0);
	assert_int_equal(lock_take(runtime(state), NAME, 1000, &second, &err), -ETIMEDOUT);
	sigaction(SIGALRM, NULL, &now);
	sigprocmask(SIG_UNBLOCK, &blocked, &mask);
	signal(SIGALRM, SIG_DFL);
	assert_ptr_equal((void *)now.sa_handler, (void *)handler);
	assert_int_equal(sigismember(&mask, SIGALRM), 1);
}

static int wait_for_lock(void *data)
{
	cleanup_lock struct lock lock = LOCK_NONE;

	return lock_take(*(int *)data, NAME, LONG_USEC, &lock, NULL) < 0 ? 1 : 0;
}

/* "1: -> FLOCK …" in /proc/locks (proc(5)) is a process that waits. */
static bool somebody_waits(void *data)
{
	cleanup_free char *locks = ns_sandbox_read("/proc/locks");
	char needle[32];
	const char *found = locks;

	snprintf(needle, sizeof(needle), "WRITE %d ", *(pid_t *)data);
	while (found && (found = strstr(found, "-> FLOCK"))) {
		const char *end = strchr(found, '\n');
		const char *pid = strstr(found, needle);

		if (pid && end && pid < end)
			return true;
		found++;
	}
	return false;
}

static void a_waiter_gets_the_lock_when_it_is_released(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_lock struct lock held = LOCK_NONE;
	pid_t waiter;

	assert_int_equal(lock_take(runtime(state), NAME, 0, &held, &err), 0);
	waiter = child_start(wait_for_lock, *state);
	assert_true(eventually(somebody_waits, &waiter));
	lock_release(&held);
	assert_int_equal(child_wait(waiter), 0);
}

static int wait_and_keep(void *data)
{
	cleanup_lock struct lock lock = LOCK_NONE, newcomer = LOCK_NONE;
	int runtime_fd = *(int *)data;

	if (lock_take(runtime_fd, NAME, LONG_USEC, &lock, NULL) < 0)
		return 1;
	/* Who comes now opens the file by its name, and must meet this lock. */
	return lock_take(runtime_fd, NAME, 0, &newcomer, NULL) == -ETIMEDOUT ? 0 : 2;
}

static void a_lock_whose_file_was_removed_meanwhile_is_taken_anew(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_lock struct lock held = LOCK_NONE;
	struct stat st;
	pid_t waiter;

	assert_int_equal(lock_take(runtime(state), NAME, 0, &held, &err), 0);
	waiter = child_start(wait_and_keep, *state);
	assert_true(eventually(somebody_waits, &waiter));
	assert_int_equal(lock_remove_file(&held), 0);
	assert_int_not_equal(stat(RUNTIME_DIR "/locks/" NAME, &st), 0);
	lock_release(&held);
	assert_int_equal(child_wait(waiter), 0);
}

static int take_and_die(void *data)
{
	struct lock lock = LOCK_NONE;

	if (lock_take(*(int *)data, NAME, 0, &lock, NULL) < 0)
		return 1;
	raise(SIGKILL);
	return 2;
}

static void the_lock_of_a_killed_hook_is_free(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_lock struct lock lock = LOCK_NONE;

	assert_int_equal(child_run(take_and_die, *state), 128 + SIGKILL);
	assert_int_equal(lock_take(runtime(state), NAME, 0, &lock, &err), 0);
}

static int linger(void *data)
{
	(void)data;
	pause();
	return 0;
}

static void a_child_that_lives_on_does_not_keep_a_released_lock(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_lock struct lock held = LOCK_NONE, next = LOCK_NONE;
	pid_t child;

	assert_int_equal(lock_take(runtime(state), NAME, 0, &held, &err), 0);
	child = child_start(linger, NULL);
	lock_release(&held);
	assert_int_equal(lock_take(runtime(state), NAME, 0, &next, &err), 0);
	kill(child, SIGKILL);
	assert_int_equal(child_wait(child), 128 + SIGKILL);
}

static void names_that_leave_the_directory_are_refused(void **state)
{
	static const char *const bad[] = {"", "..", "../tmp/x", "a/b", "a b",
		"0123456789012345678901234567890123456789012345678901234567890123456789012345"};
	cleanup_error struct error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_lock struct lock lock = LOCK_NONE;

		assert_int_equal(lock_take(runtime(state), bad[i], 0, &lock, &err), -EINVAL);
		assert_int_equal(lock.fd, -EBADF);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_released_lock_can_be_taken_again),
		cmocka_unit_test(locks_of_other_names_do_not_wait),
		cmocka_unit_test(a_held_lock_times_out_at_the_deadline),
		cmocka_unit_test(sigalrm_is_as_it_was_after_waiting),
		cmocka_unit_test(a_waiter_gets_the_lock_when_it_is_released),
		cmocka_unit_test(a_lock_whose_file_was_removed_meanwhile_is_taken_anew),
		cmocka_unit_test(the_lock_of_a_killed_hook_is_free),
		cmocka_unit_test(a_child_that_lives_on_does_not_keep_a_released_lock),
		cmocka_unit_test(names_that_leave_the_directory_are_refused),
	};

	return cmocka_run_group_tests_name("lock", tests, enter, leave);
}
