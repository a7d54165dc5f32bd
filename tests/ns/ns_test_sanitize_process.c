/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sandbox/sanitize_process.h"

#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define HIGH_FD 200

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void *disposition(int number)
{
	struct sigaction action = {0};

	sigaction(number, NULL, &action);
	return (void *)action.sa_handler;
}

static void ignore_and_block(int number)
{
	sigset_t set;

	signal(number, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static bool is_blocked(int number)
{
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, number) == 1;
}

static int start_with_signals(void *data)
{
	bool for_people = *(bool *)data;

	ignore_and_block(SIGCHLD);
	ignore_and_block(SIGPIPE);
	if (sanitize_process(for_people) < 0)
		return 1;
	if (is_blocked(SIGCHLD) || is_blocked(SIGPIPE))
		return 2;
	if (disposition(SIGCHLD) != (void *)SIG_DFL)
		return 3;
	return disposition(SIGPIPE) == (void *)(for_people ? SIG_DFL : SIG_IGN) ? 0 : 4;
}

static void signals_are_reset_and_a_hook_ignores_sigpipe(void **state)
{
	bool for_people = false;

	(void)state;
	assert_int_equal(child_run(start_with_signals, &for_people), 0);
	for_people = true;
	assert_int_equal(child_run(start_with_signals, &for_people), 0);
}

static int start_with_environment(void *data)
{
	bool for_people = *(bool *)data;
	const char *terminal;

	setenv("LD_PRELOAD", "/tmp/evil.so", 1);
	setenv("TERM", "dumb", 1);
	setenv("KUBENSMNT", "/run/somewhere", 1);
	if (sanitize_process(for_people) < 0)
		return 1;
	if (getenv("LD_PRELOAD") || getenv("PATH"))
		return 2;
	if (!for_people)
		return getenv("TERM") || getenv("KUBENSMNT") ? 3 : 0;
	terminal = getenv("TERM");
	return terminal && strcmp(terminal, "dumb") == 0 && getenv("KUBENSMNT") ? 0 : 4;
}

static void the_environment_is_cleared_but_for_what_a_terminal_needs(void **state)
{
	bool for_people = false;

	(void)state;
	assert_int_equal(child_run(start_with_environment, &for_people), 0);
	for_people = true;
	assert_int_equal(child_run(start_with_environment, &for_people), 0);
}

static int start_with_stray_descriptors(void *data)
{
	(void)data;
	if (dup2(STDERR_FILENO, HIGH_FD) < 0 || dup2(STDERR_FILENO, STDERR_FILENO + 1) < 0)
		return 1;
	if (sanitize_process(false) < 0)
		return 2;
	return is_open(HIGH_FD) || is_open(STDERR_FILENO + 1) || !is_open(STDERR_FILENO) ? 3 : 0;
}

static void stray_descriptors_are_closed(void **state)
{
	(void)state;
	assert_int_equal(child_run(start_with_stray_descriptors, NULL), 0);
}

/* A kernel before 5.9: close_range(2) is not there. */
static int hide_close_range(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter)
		return -1;
	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(close_range), 0) < 0)
		return -1;
	return seccomp_load(filter);
}

static int start_without_close_range(void *data)
{
	return hide_close_range() < 0 ? 10 : start_with_stray_descriptors(data);
}

static void stray_descriptors_are_closed_on_an_old_kernel(void **state)
{
	(void)state;
	assert_int_equal(child_run(start_without_close_range, NULL), 0);
}

/* `data` is what /proc is then: a file system whose list says nothing of descriptors, or none. */
static int start_without_proc(void *data)
{
	const char *list = data;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0 ||
		mount("false", "/proc", "tmpfs", 0, NULL) < 0)
		return 10;
	if (list && (mkdir("/proc/self", 0755) < 0 || mkdir(list, 0755) < 0))
		return 11;
	if (dup2(STDERR_FILENO, HIGH_FD) < 0 || hide_close_range() < 0)
		return 12;
	return sanitize_process(true) == -ENODEV && is_open(HIGH_FD) ? 0 : 1;
}

static void an_old_kernel_needs_proc_for_that(void **state)
{
	(void)state;
	assert_int_equal(child_run(start_without_proc, NULL), 0);
	assert_int_equal(child_run(start_without_proc, (char[]){"/proc/self/fd"}), 0);
}

static int start_without_standard_descriptors(void *data)
{
	struct stat null, opened;

	(void)data;
	close(STDIN_FILENO);
	close(STDERR_FILENO);
	if (sanitize_process(false) < 0 || stat("/dev/null", &null) < 0)
		return 1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &opened) < 0)
			return 2;
		if (fd != STDOUT_FILENO && opened.st_rdev != null.st_rdev)
			return 3;
	}
	return 0;
}

static void closed_standard_descriptors_become_dev_null(void **state)
{
	(void)state;
	assert_int_equal(child_run(start_without_standard_descriptors, NULL), 0);
}

static int start_in_tmp(void *data)
{
	bool for_people = *(bool *)data;
	cleanup_free char *cwd = NULL;

	umask(0);
	if (chdir("/tmp") < 0 || sanitize_process(for_people) < 0)
		return 1;
	cwd = getcwd(NULL, 0);
	if (!cwd || strcmp(cwd, for_people ? "/tmp" : "/") != 0)
		return 2;
	return umask(0) == 022 ? 0 : 3;
}

static void a_hook_goes_to_the_root_and_a_person_stays(void **state)
{
	bool for_people = false;

	(void)state;
	assert_int_equal(child_run(start_in_tmp, &for_people), 0);
	for_people = true;
	assert_int_equal(child_run(start_in_tmp, &for_people), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_are_reset_and_a_hook_ignores_sigpipe),
		cmocka_unit_test(the_environment_is_cleared_but_for_what_a_terminal_needs),
		cmocka_unit_test(stray_descriptors_are_closed),
		cmocka_unit_test(stray_descriptors_are_closed_on_an_old_kernel),
		cmocka_unit_test(an_old_kernel_needs_proc_for_that),
		cmocka_unit_test(closed_standard_descriptors_become_dev_null),
		cmocka_unit_test(a_hook_goes_to_the_root_and_a_person_stays),
	};

	return cmocka_run_group_tests_name("startup", tests, NULL, NULL);
}
