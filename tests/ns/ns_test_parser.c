/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that parses: what it answers, what becomes of a run whose parser dies or hangs, and
 * what somebody could do who has taken it over, or the worker itself.
 */
#include "hook/sandbox/parser.h"

#include "hook/journal/journal.h"
#include "hook/sandbox/drop_privileges.h"
#include "hook/sandbox/parser_serve.h"
#include "hook/sandbox/refused_call.h"
#include "hook/sys/held_process.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/ns_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define STATE "{\"ociVersion\":\"1.0.2\",\"id\":\"abc\",\"bundle\":\"/b\",\"pid\":7}"
#define SERVICE NS_SANDBOX_DIR "/service.sock"

static int enter(void **state)
{
	return child_leaves_no_core() < 0 ? -1 : ns_sandbox_setup_group(state);
}

/* 0 where the state is read as it is, or the error's code; its message in `message`. */
static int ask(const char *text, char *message, size_t size)
{
	cleanup_parsed_state struct parsed_state parsed = {0};
	cleanup_error struct error err = {0};
	int r = parser_state(text, strlen(text), &parsed, &err);

	snprintf(message, size, "%s", r < 0 ? error_message(&err) : "");
	if (r < 0)
		return (int)err.code;
	return parsed.state.pid == 7 && strcmp(parsed.state.bundle, "/b") == 0 ? 0 : -1;
}

static void a_document_is_read_in_another_process(void **state)
{
	char said[512];

	(void)state;
	assert_int_equal(parser_begin(NULL), 0);
	assert_true(child_of(getpid()) > 0);
	assert_int_equal(ask(STATE, said, sizeof(said)), 0);
	assert_int_equal(ask("{\"ociVersion\":", said, sizeof(said)), FINDING_STATE_INVALID);
	assert_non_null(strstr(said, "state: not valid JSON"));
	assert_int_equal(ask(STATE, said, sizeof(said)), 0);
	parser_end();
	assert_int_equal(child_of(getpid()), 0);
}

static void one_that_has_rested_is_replaced(void **state)
{
	char said[512];

	(void)state;
	assert_int_equal(parser_begin(NULL), 0);
	assert_int_equal(ask(STATE, said, sizeof(said)), 0);
	parser_rest();
	assert_int_equal(ask(STATE, said, sizeof(said)), 0);
	parser_end();
	assert_int_equal(child_of(getpid()), 0);
}

static void one_that_dies_is_named_and_replaced(void **state)
{
	char said[512];

	(void)state;
	assert_int_equal(parser_begin(NULL), 0);
	assert_int_equal(ask(STATE, said, sizeof(said)), 0);
	kill(child_of(getpid()), SIGKILL);
	assert_int_equal(ask(STATE, said, sizeof(said)), FINDING_INTERNAL);
	assert_string_equal(said, "state: the parser was killed by signal 9");
	assert_int_equal(ask(STATE, said, sizeof(said)), 0);
	parser_end();
}

/* Also where the worker is confined already: nothing may be opened or connected there. Nor is
 * anything asked of the kernel that the filter refuses, which would be told as a library's. */
static int replace_confined(void *data)
{
	struct refused_call *refused = data;
	char said[512];

	refused_call_note_in(refused);
	if (parser_begin(NULL) < 0 || drop_privileges_worker(PRIVILEGES_RECONCILE, &(int){0}) < 0)
		return 1;
	parser_rest();
	if (ask(STATE, said, sizeof(said)) != 0)
		return 2;
	return atomic_load(&refused->taken) ? 3 : 0;
}

static void a_confined_worker_replaces_it_too(void **state)
{
	(void)state;
	assert_int_equal(child_run(replace_confined, &(struct refused_call){0}), 0);
}

static int serve_a_directory(void *data)
{
	struct parser_memory *memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)data;
	return memory == MAP_FAILED ? 1 : -parser_serve(open("/", O_RDONLY | O_DIRECTORY), memory);
}

/* The worker takes that for the reason: a node without memory is told from a broken document. */
static void what_it_cannot_be_asked_by_it_exits_with(void **state)
{
	(void)state;
	assert_int_equal(child_run(serve_a_directory, NULL), EISDIR);
}

static void one_that_gives_no_answer_is_not_waited_for(void **state)
{
	struct worker_status *progress = worker_status_new();
	char said[512];

	(void)state;
	assert_non_null(progress);
	/* A second of which is kept for saying so. */
	worker_status_begin(progress, 1200000);
	assert_int_equal(parser_begin(progress), 0);
	assert_int_equal(ask(STATE, said, sizeof(said)), 0);
	kill(child_of(getpid()), SIGSTOP);
	assert_int_equal(ask(STATE, said, sizeof(said)), FINDING_INTERNAL);
	assert_string_equal(said, "state: the parser gave no answer in its time");
	parser_end();
	assert_int_equal(child_of(getpid()), 0);
	worker_status_free(progress);
}

/* A process of a run that is killed while it waits: what it asked for is no answer to others. */
static int ask_and_die(void *data)
{
	char said[512];

	(void)data;
	kill(child_of(getppid()), SIGSTOP);
	alarm(1);
	return ask(STATE, said, sizeof(said));
}

static void an_answer_to_somebody_else_is_no_answer(void **state)
{
	char said[512];
	pid_t child;

	(void)state;
	assert_int_equal(parser_begin(NULL), 0);
	child = child_of(getpid());
	assert_int_equal(child_run(ask_and_die, NULL), 128 + SIGALRM);
	kill(child, SIGCONT);
	assert_int_equal(ask("[]", said, sizeof(said)), FINDING_STATE_INVALID);
	parser_end();
}

/* A hook that is still given its state. */
struct hook {
	int input[2];
	pid_t supervisor, parser;
};

static int exec_hook(void *data)
{
	const struct hook *hook = data;
	const char *program = getenv("HOOK_BINARY");

	if (!program || dup2(hook->input[0], STDIN_FILENO) < 0)
		return 126;
	close(hook->input[0]);
	close(hook->input[1]);
	execl(program, program, "prestart", NULL);
	return 127;
}

/* The child of its worker, once that is there. */
static bool find_parser(void *data)
{
	struct hook *hook = data;
	pid_t worker = child_of(hook->supervisor);

	hook->parser = worker > 0 ? child_of(worker) : 0;
	return hook->parser > 0;
}

static int kill_its_parser(void *data)
{
	struct hook hook = {0};

	(void)data;
	if (pipe2(hook.input, O_CLOEXEC) < 0)
		return 125;
	hook.supervisor = child_start(exec_hook, &hook);
	close(hook.input[0]);
	if (!eventually(find_parser, &hook))
		return 124;
	kill(hook.parser, SIGKILL);
	if (write(hook.input[1], STATE, strlen(STATE)) < 0)
		return 123;
	close(hook.input[1]);
	return child_wait(hook.supervisor);
}

static void a_run_whose_parser_is_killed_is_refused_and_told(void **state)
{
	cleanup_free char *said = NULL;

	(void)state;
	assert_int_equal(child_capture(kill_its_parser, NULL, &said), EXIT_INTERNAL);
	if (!strstr(said, "[internal] state: the parser was killed by signal 9"))
		fail_msg("%s", said);
}

#ifndef FUSE_SIDECAR_HOOK_UNFILTERED

/* An attempt of somebody who has taken a process over. */
struct attempt {
	const char *name;
	int (*make)(void);
	int ends; /* with what the process ends */
};

#define KILLED (128 + SIGSYS)

/* It must not have been given. */
static int refused(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd < 0 ? 10 : 11;
}

static int open_a_file(void)
{
	return refused(openat(AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static int open_by_openat2(void)
{
	struct open_how how = {.flags = O_RDONLY};

	return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how)) < 0 &&
			       errno == ENOSYS
		       ? 10
		       : 11;
}

static int make_a_socket(void)
{
	return refused(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int signal_a_process(void)
{
	return kill(getppid(), 0) < 0 ? 10 : 11;
}

static int start_a_process(void)
{
	return fork() < 0 ? 10 : 11;
}

static int run_a_program(void)
{
	return execl("/bin/true", "true", NULL) < 0 ? 10 : 11;
}

static int make_memory_executable(void)
{
	const void *code =
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return code == MAP_FAILED ? 10 : 11;
}

static int trace_a_process(void)
{
	return syscall(SYS_ptrace, 16, getppid(), 0, 0) < 0 ? 10 : 11;
}

static int write_elsewhere(void)
{
	return pwrite(STDERR_FILENO, "", 0, 1) < 0 ? 10 : 11;
}

static int stat_a_file(void)
{
	struct stat st;

	return stat("/etc/passwd", &st) < 0 && errno == ENOSYS ? 10 : 11;
}

static const struct attempt on_the_parser[] = {
	{"open a file", open_a_file, KILLED},
	{"open a file by openat2", open_by_openat2, 10},
	{"ask about a file", stat_a_file, 10},
	{"make a socket", make_a_socket, KILLED},
	{"signal a process", signal_a_process, KILLED},
	{"start a process", start_a_process, KILLED},
	{"run a program", run_a_program, KILLED},
	{"executable memory", make_memory_executable, KILLED},
	{"trace a process", trace_a_process, KILLED},
	{"write at a place of choice", write_elsewhere, KILLED},
};

static int attempt_as_parser(void *data)
{
	const struct attempt *attempt = data;

	return drop_privileges_parser() < 0 ? 1 : attempt->make();
}

static void expect_ends(int (*as)(void *attempt), const struct attempt *attempts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct attempt attempt = attempts[i];
		int status = child_run(as, &attempt);

		if (status != attempt.ends)
			fail_msg("%s: ended with %d, not %d", attempt.name, status, attempt.ends);
	}
}

static void whoever_takes_the_parser_over_can_compute(void **state)
{
	(void)state;
	expect_ends(attempt_as_parser, on_the_parser, ARRAY_SIZE(on_the_parser));
}

/* ---- the three ways from a worker to root: a service's socket, set-user-ID, another's memory ----
 */

static const struct sockaddr_un service = {.sun_family = AF_UNIX, .sun_path = SERVICE};

static int connect_to_a_service(void)
{
	return connect(STDIN_FILENO, (const struct sockaddr *)&service, sizeof(service)) < 0 ? 10
											     : 11;
}

/* By the one socket that there is, the journal's. */
static int send_to_a_service(void)
{
	for (int fd = 3; fd < 64; fd++) {
		if (sendto(fd, "x", 1, MSG_DONTWAIT, (const struct sockaddr *)&service,
			    sizeof(service)) == 1)
			return 11;
	}
	return 10;
}

static int send_a_message(void)
{
	struct sockaddr_un address = service;
	struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof(address)};

	for (int fd = 3; fd < 64; fd++) {
		if (sendmsg(fd, &message, MSG_DONTWAIT) >= 0)
			return 11;
	}
	return 10;
}

static int make_a_root_program(void)
{
	return refused(openat(AT_FDCWD, NS_SANDBOX_DIR "/program", O_WRONLY | O_CREAT, 04755));
}

static int turn_it_into_one(void)
{
	cleanup_close int fd =
		openat(AT_FDCWD, NS_SANDBOX_DIR "/program", O_WRONLY | O_CREAT, 0755);

	if (fd < 0 || write(fd, "#!", 2) != 2)
		return 12;
	return fchmod(fd, 04755) < 0 ? 10 : 11;
}

static int turn_it_by_path(void)
{
	return fchmodat(AT_FDCWD, NS_SANDBOX_DIR, 06755, 0) < 0 ? 10 : 11;
}

/* openat2's mode is in memory, where no filter looks; but what is written to such a file is no
 * program of root's any more, without CAP_FSETID. */
static int write_a_root_program(void)
{
	struct open_how how = {.flags = O_WRONLY | O_CREAT, .mode = 04755};
	cleanup_close int fd =
		(int)syscall(SYS_openat2, AT_FDCWD, NS_SANDBOX_DIR "/other", &how, sizeof(how));
	struct stat st;

	/* A kernel that has it not. */
	if (fd < 0)
		return errno == ENOSYS || errno == EPERM ? 10 : 12;
	if (write(fd, "#!", 2) != 2 || fstat(fd, &st) < 0)
		return 13;
	return st.st_mode & (S_ISUID | S_ISGID) ? 11 : 10;
}

static int give_it_a_capability(void)
{
	cleanup_close int fd =
		openat(AT_FDCWD, NS_SANDBOX_DIR "/program", O_WRONLY | O_CREAT, 0755);
	/* struct vfs_ns_cap_data of linux/capability.h, version 2: CAP_SYS_ADMIN, effective. */
	const uint32_t capability[] = {0x02000001, 1U << 21, 0, 0, 0};

	return fsetxattr(fd, "security.capability", capability, sizeof(capability), 0) < 0 ? 10
											   : 11;
}

/* Of a root process with more capabilities, once the container's namespace is open. */
static int open_anothers_memory(void)
{
	char path[64];

	held_process_hold(getppid());
	if (drop_privileges_drop_ptrace() < 0)
		return 12;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	if (refused(open(path, O_RDWR | O_CLOEXEC)) == 11)
		return 11;
	if (errno != EACCES)
		return 13;
	/* What it is for can still be had. */
	return held_process_mount_ns(getppid()) >= 0 && held_process_root(getppid()) >= 0 ? 10 : 14;
}

static const struct attempt on_the_worker[] = {
	{"connect to a service", connect_to_a_service, KILLED},
	{"send to a service", send_to_a_service, KILLED},
	{"send a message to a service", send_a_message, KILLED},
	{"make a socket", make_a_socket, KILLED},
	{"make a set-user-ID file", make_a_root_program, KILLED},
	{"make a file set-user-ID", turn_it_into_one, KILLED},
	{"make a file set-user-ID by path", turn_it_by_path, KILLED},
	{"write a set-user-ID file", write_a_root_program, 10},
	{"give a file a capability", give_it_a_capability, 10},
	{"open another's memory", open_anothers_memory, 10},
	{"write at a place of choice", write_elsewhere, KILLED},
	{"trace a process", trace_a_process, KILLED},
	{"run a program", run_a_program, KILLED},
};

static int attempt_as_worker(void *data)
{
	const struct attempt *attempt = data;

	journal_hold();
	return drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0 ? 1 : attempt->make();
}

static void whoever_takes_a_worker_over_is_not_root_in_one_step(void **state)
{
	cleanup_close int listening = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cleanup_close int journal = fake_journal_open();
	char byte;

	(void)state;
	assert_true(journal >= 0);
	unlink(SERVICE);
	assert_int_equal(bind(listening, (const struct sockaddr *)&service, sizeof(service)), 0);
	expect_ends(attempt_as_worker, on_the_worker, ARRAY_SIZE(on_the_worker));
	assert_int_equal(recv(listening, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(a_document_is_read_in_another_process),
		TEST(one_that_has_rested_is_replaced),
		TEST(one_that_dies_is_named_and_replaced),
		TEST(a_confined_worker_replaces_it_too),
		TEST(what_it_cannot_be_asked_by_it_exits_with),
		TEST(one_that_gives_no_answer_is_not_waited_for),
		TEST(an_answer_to_somebody_else_is_no_answer),
		TEST(a_run_whose_parser_is_killed_is_refused_and_told),
#ifndef FUSE_SIDECAR_HOOK_UNFILTERED
		TEST(whoever_takes_the_parser_over_can_compute),
		TEST(whoever_takes_a_worker_over_is_not_root_in_one_step),
#endif
	};
#undef TEST

	return cmocka_run_group_tests_name("parser", tests, enter, NULL);
}
