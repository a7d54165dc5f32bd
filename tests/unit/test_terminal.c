/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/output/terminal.h"

#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define OUTPUT_MAX 65536

/* The two ends of a pseudoterminal. */
struct pty {
	int master, slave;
};

static void pty_close(struct pty *pty)
{
	cleanup_close_fd(&pty->slave);
	cleanup_close_fd(&pty->master);
}

#define cleanup_pty __attribute__((cleanup(pty_close)))

static struct pty pty_open(void)
{
	struct pty pty = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), .slave = -EBADF};

	assert_true(pty.master >= 0);
	assert_int_equal(grantpt(pty.master), 0);
	assert_int_equal(unlockpt(pty.master), 0);
	pty.slave = open(ptsname(pty.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(pty.slave >= 0);
	return pty;
}

/* A person's environment; NULL: the variable is not there. */
static void set_environment(const char *term, const char *no_color)
{
	if (term)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
	if (no_color)
		setenv("NO_COLOR", no_color, 1);
	else
		unsetenv("NO_COLOR");
}

static bool wants_colour(int fd, const char *term, const char *no_color)
{
	set_environment(term, no_color);
	return terminal_wants_colour(fd);
}

static void colour_needs_a_terminal_that_can_and_a_person_who_wants_it(void **state)
{
	cleanup_pty struct pty pty = pty_open();
	int pipe_fds[2];

	(void)state;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_true(wants_colour(pty.slave, "xterm", NULL));
	/* no-color.org: "when present and not an empty string". */
	assert_true(wants_colour(pty.slave, "xterm", ""));
	assert_false(wants_colour(pty.slave, "xterm", "1"));
	assert_false(wants_colour(pty.slave, "xterm", "0"));
	assert_false(wants_colour(pty.slave, "dumb", NULL));
	assert_false(wants_colour(pty.slave, "", NULL));
	assert_false(wants_colour(pty.slave, NULL, NULL));
	assert_false(wants_colour(pipe_fds[1], "xterm", NULL));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void utf8_needs_a_terminal_and_a_locale_of_it(void **state)
{
	cleanup_pty struct pty pty = pty_open();
	cleanup_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	setenv("LANG", "en_GB.UTF-8", 1);
	assert_true(terminal_wants_utf8(pty.slave));
	assert_false(terminal_wants_utf8(null));
	setenv("LC_ALL", "C", 1);
	assert_false(terminal_wants_utf8(pty.slave));
	unsetenv("LC_ALL");
}

/* Everything that comes out of the terminal until its other end is closed. */
static char *read_all(int master)
{
	char *text = calloc(1, OUTPUT_MAX);
	size_t size = 0;

	assert_non_null(text);
	while (size + 1 < OUTPUT_MAX) {
		ssize_t n = read(master, text + size, OUTPUT_MAX - 1 - size);

		if (n <= 0) /* EIO: nobody has the other end open any more */
			break;
		size += (size_t)n;
	}
	return text;
}

static void exec_check(int output, const char *config)
{
	const char *program = getenv("TOOL_BINARY");

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!program || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(126);
	execl(program, program, "check", config, (char *)NULL);
	_exit(127);
}

/* What `check` prints of a container whose library would be empty, on a terminal or in a pipe. */
static char *check_on(int read_end, int *write_end, const char *no_color)
{
	cleanup_free char *config =
		fixture_path("fixtures/crio/crio-1.33-crun/mistakes/plex/config.json");
	char *text;
	pid_t pid;

	set_environment("xterm", no_color);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		exec_check(*write_end, config);
	close(*write_end);
	*write_end = -EBADF;
	text = read_all(read_end);
	assert_int_not_equal(child_wait(pid), 127);
	assert_non_null(strstr(text, "verdict"));
	return text;
}

static void check_is_coloured_on_a_terminal_only(void **state)
{
	cleanup_pty struct pty plain = pty_open(), coloured = pty_open();
	cleanup_free char *with = NULL, *without = NULL, *piped = NULL;
	int ends[2];

	(void)state;
	if (!getenv("TOOL_BINARY")) {
		print_message("TOOL_BINARY is not set\n");
		skip();
	}
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	with = check_on(coloured.master, &coloured.slave, NULL);
	without = check_on(plain.master, &plain.slave, "1");
	piped = check_on(ends[0], &ends[1], NULL);
	close(ends[0]);
	assert_non_null(strstr(with, "\033["));
	assert_null(strchr(without, '\033'));
	assert_null(strchr(piped, '\033'));
}

/* Standard error of this process for a while. */
static char *worker_status_on(struct pty *pty, const char *term)
{
	int kept = dup(STDERR_FILENO);

	set_environment(term, NULL);
	assert_true(kept >= 0);
	assert_true(dup2(pty->slave, STDERR_FILENO) >= 0);
	terminal_progress(2, 7, "media/plex\033[31m");
	terminal_progress_end();
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	cleanup_close_fd(&pty->slave);
	pty->slave = -EBADF;
	return read_all(pty->master);
}

static void worker_status_is_shown_in_place_and_wiped(void **state)
{
	cleanup_pty struct pty able = pty_open(), dumb = pty_open();
	cleanup_free char *shown = worker_status_on(&able, "xterm");
	cleanup_free char *nothing = worker_status_on(&dumb, "dumb");

	(void)state;
	assert_string_equal(shown, "\r2 of 7: media/plex\\x1b[31m\033[K\r\033[K");
	assert_string_equal(nothing, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colour_needs_a_terminal_that_can_and_a_person_who_wants_it),
		cmocka_unit_test(utf8_needs_a_terminal_and_a_locale_of_it),
		cmocka_unit_test(check_is_coloured_on_a_terminal_only),
		cmocka_unit_test(worker_status_is_shown_in_place_and_wiped),
	};

	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
