/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of system calls: what it refuses, that it is what its list says, and what becomes of
 * the hook where there is none. */
#include "hook/sandbox/filter_list.h"

#include "hook/cmd/commands.h"
#include "hook/mount/container_ns.h"
#include "hook/sandbox/fs_context.h"
#include "hook/sandbox/sanitize_process.h"
#include "hook/sandbox/worker_status.h"
#include "hook/sys/kernel_features.h"
#include "hook/sys/process.h"
#include "hook/worker/supervise.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_container.h"
#include "tests/support/fake_pod.h"
#include "tests/support/ns_sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

static int enter(void **state)
{
	return child_leaves_no_core() < 0 ? -1 : ns_sandbox_setup_group(state);
}

/* Sanitizers, coverage, FILTER=no: nothing is installed, and nothing of that can be tried. */
#ifndef FUSE_SIDECAR_HOOK_UNFILTERED

/* One system call with up to five arguments. */
struct call {
	const char *name;
	long number;
	long arguments[5];
};

static const struct call dangerous[] = {
	{"execve", SYS_execve, {0}},
	{"execveat", SYS_execveat, {-1}},
	{"ptrace", SYS_ptrace, {PTRACE_TRACEME}},
	{"process_vm_readv", SYS_process_vm_readv, {0}},
	{"process_vm_writev", SYS_process_vm_writev, {0}},
	{"bpf", SYS_bpf, {0}},
	{"perf_event_open", SYS_perf_event_open, {0}},
	{"unshare", SYS_unshare, {CLONE_NEWNS}},
	{"init_module", SYS_init_module, {0}},
	{"finit_module", SYS_finit_module, {-1}},
	{"kexec_load", SYS_kexec_load, {0}},
	{"keyctl", SYS_keyctl, {0}},
	{"pivot_root", SYS_pivot_root, {0}},
	{"chroot", SYS_chroot, {0}},
	{"mknodat", SYS_mknodat, {-1}},
	{"linkat", SYS_linkat, {-1}},
	{"symlinkat", SYS_symlinkat, {0}},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1}},
	{"fsopen", SYS_fsopen, {0}},
	{"setuid", SYS_setuid, {1}},
	{"io_uring_setup", SYS_io_uring_setup, {0}},
	{"userfaultfd", SYS_userfaultfd, {0}},
	{"reboot", SYS_reboot, {0}},
	{"socket AF_INET", SYS_socket, {AF_INET, SOCK_DGRAM}},
	{"socket AF_NETLINK", SYS_socket, {AF_NETLINK, SOCK_RAW}},
	{"socket AF_PACKET", SYS_socket, {AF_PACKET, SOCK_RAW}},
	{"clone CLONE_NEWNS", SYS_clone, {CLONE_NEWNS | SIGCHLD}},
	{"clone CLONE_NEWUSER", SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
	{"setns CLONE_NEWPID", SYS_setns, {-1, CLONE_NEWPID}},
	{"setns of any type", SYS_setns, {-1, 0}},
	{"mmap PROT_EXEC", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE}},
	{"mprotect PROT_EXEC", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}},
	{"mount of a file system", SYS_mount, {0, 0, 0, MS_NOSUID}},
	{"mount that changes one", SYS_mount, {0, 0, 0, MS_REMOUNT}},
	{"mount that changes one, called shared", SYS_mount, {0, 0, 0, MS_REMOUNT | MS_SHARED}},
	{"mount that changes one, called private", SYS_mount, {0, 0, 0, MS_REMOUNT | MS_PRIVATE}},
	{"mount that makes one read-only, and more", SYS_mount,
		{0, 0, 0, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, 1}},
	{"fspick", SYS_fspick, {-1}},
	{"fsconfig that sets an option", SYS_fsconfig, {-1, 1}},
	{"fsconfig that changes a file system", SYS_fsconfig, {-1, 7}},
	{"fsmount for programs", SYS_fsmount, {-1, 0, 0}},
	{"mount that moves one", SYS_mount, {0, 0, 0, MS_MOVE}},
	{"ioctl TIOCSTI", SYS_ioctl, {0, TIOCSTI}},
};

static int make_call(void *data)
{
	const struct call *call = data;
	int unfiltered = 0;

	if (drop_privileges_worker(PRIVILEGES_PRESTART, &unfiltered) < 0 || unfiltered < 0)
		return 1;
	syscall(call->number, call->arguments[0], call->arguments[1], call->arguments[2],
		call->arguments[3], call->arguments[4], 0);
	return 0;
}

/* Each is the end of the process that makes it. */
static void expect_killed(int (*make)(void *call), const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct call call = calls[i];
		int status = child_run(make, &call);

		if (status != 128 + SIGSYS)
			fail_msg("%s: the process ended with %d", call.name, status);
	}
}

static void what_the_hook_never_does_is_its_end(void **state)
{
	(void)state;
	expect_killed(make_call, dangerous, ARRAY_SIZE(dangerous));
}

/* What a library may come to make, and the answer. */
static const struct {
	struct call call;
	int error;
} refused[] = {
	{{"a number that no kernel has", 999, {0}}, ENOSYS},
	{{"seccomp", SYS_seccomp, {0}}, ENOSYS},
	{{"sched_getparam", SYS_sched_getparam, {0}}, ENOSYS},
	{{"inotify_init1", SYS_inotify_init1, {0}}, ENOSYS},
	{{"prctl PR_SET_DUMPABLE", SYS_prctl, {PR_SET_DUMPABLE, 1}}, EINVAL},
	{{"prctl PR_SET_SECCOMP", SYS_prctl, {PR_SET_SECCOMP, 0}}, EINVAL},
	{{"fcntl F_SETLEASE", SYS_fcntl, {0, 1024}}, EINVAL},
	{{"ioctl TCSETS", SYS_ioctl, {0, TCSETS}}, ENOTTY},
	{{"rt_sigaction SIGSYS", SYS_rt_sigaction, {SIGSYS}}, EINVAL},
};

static int refuse_each(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const struct call *call = &refused[i].call;

		errno = 0;
		if (syscall(call->number, call->arguments[0], call->arguments[1],
			    call->arguments[2], call->arguments[3], 0, 0) != -1 ||
			errno != refused[i].error) {
			fprintf(stderr, "%s: errno %d\n", call->name, errno);
			return 2;
		}
	}
	return 0;
}

/* In a process that has one of them ahead, and in a child of it. */
static int be_refused(void *data)
{
	struct worker_status *progress = data;
	pid_t child;
	int r;

	refused_call_note_in(&progress->refused);
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	child = fork();
	if (child == 0)
		_exit(refuse_each());
	r = child_wait(child);
	return r != 0 ? 100 + r : refuse_each();
}

static void what_a_library_may_come_to_call_is_refused_as_by_a_kernel_without_it(void **state)
{
	struct worker_status *progress = worker_status_new();
	cleanup_free char *said = NULL;
	int status;

	(void)state;
	assert_non_null(progress);
	status = child_capture(be_refused, progress, &said);
	if (status != 0)
		fail_msg("ended with %d: %s", status, said);
	/* The first of all of them. */
	assert_true(progress->refused.told);
	assert_int_equal(progress->refused.number, 999);
	assert_int_equal(progress->refused.error, ENOSYS);
	worker_status_free(progress);
}

/* ioctl: TCGETS2, by which glibc 2.42 asks whether that is a terminal. */
static int ask_for_a_terminal(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	return syscall(SYS_ioctl, -1, 0x802c542a, NULL) < 0 && errno == EBADF ? 0 : 2;
}

static void a_younger_glibc_may_ask_for_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(child_run(ask_for_a_terminal, NULL), 0);
}

/* A handler that a library has set for itself, and its wish to have none. */
static int reset_and_be_refused(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	if (signal(SIGSYS, SIG_DFL) != SIG_ERR || errno != EINVAL)
		return 2;
	return syscall(999) < 0 && errno == ENOSYS ? 0 : 3;
}

static void nothing_takes_the_answer_away(void **state)
{
	(void)state;
	assert_int_equal(child_run(reset_and_be_refused, NULL), 0);
}

/* In the middle of all that a signal may interrupt; a foreign SIGSYS changes nothing there. */
static int be_sent_sigsys(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	if (kill(getpid(), SIGSYS) < 0)
		return 2;
	return getppid() > 0 ? 0 : 3;
}

static void a_signal_that_somebody_sends_is_no_call(void **state)
{
	(void)state;
	assert_int_equal(child_run(be_sent_sigsys, NULL), 0);
}

/* Then the kernel has nobody to ask. What libc does so, around a fork, is on the list. */
static int be_refused_blocked(void *data)
{
	sigset_t all;

	(void)data;
	sigfillset(&all);
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	syscall(999);
	return 0;
}

static void where_its_signal_is_blocked_a_call_that_is_not_known_is_the_end(void **state)
{
	(void)state;
	assert_int_equal(child_run(be_refused_blocked, NULL), 128 + SIGSYS);
}

/* A file system that was set up before is made as it is, once; no other. */
static int mount_prepared(void *data)
{
	cleanup_close int fd = -EBADF, again = -EBADF;
	int unfiltered = 0;
	struct statfs fs;

	(void)data;
	fs_context_prepare(PRIVILEGES_PRESTART);
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &unfiltered) < 0 || unfiltered < 0)
		return 1;
	if (fs_context_mount(FS_CONTEXT_SHOWN, &fd) < 0 || fstatfs(fd, &fs) < 0)
		return 2;
	if (fs.f_type != TMPFS_MAGIC ||
		fs.f_bsize * (long)fs.f_blocks > FS_CONTEXT_SHOWN_KIB * 1024L)
		return 3;
	return fs_context_mount(FS_CONTEXT_SHOWN, &again) == -EOPNOTSUPP ? 0 : 4;
}

static int open_none(void *data)
{
	cleanup_close int fd = -EBADF;
	int unfiltered = 0;

	(void)data;
	fs_context_prepare(PRIVILEGES_POSTSTOP);
	if (drop_privileges_worker(PRIVILEGES_POSTSTOP, &unfiltered) < 0 || unfiltered < 0)
		return 1;
	return fs_context_mount(FS_CONTEXT_SHOWN, &fd) == -EOPNOTSUPP ? 0 : 2;
}

static void a_worker_mounts_the_file_system_that_was_prepared_and_no_other(void **state)
{
	(void)state;
	if (!kernel_has(KERNEL_FSOPEN)) {
		puts("this kernel has no fsopen");
		skip();
	}
	assert_int_equal(child_run(mount_prepared, NULL), 0);
	assert_int_equal(child_run(open_none, NULL), 0);
}

static int supervisor_call(void *data)
{
	const struct call *call = data;

	if (drop_privileges_supervisor() < 0)
		return 1;
	syscall(call->number, call->arguments[0], call->arguments[1], call->arguments[2],
		call->arguments[3], call->arguments[4], 0);
	return 0;
}

static int supervisor_is_refused(void *data)
{
	(void)data;
	if (drop_privileges_supervisor() < 0)
		return 1;
	if (syscall(SYS_openat2, -1, 0, 0, 0) != -1 || errno != ENOSYS)
		return 2;
	if (syscall(SYS_mkdirat, -1, 0, 0) != -1 || errno != ENOSYS)
		return 3;
	return syscall(SYS_read, -1, 0, 0) != -1 || errno != ENOSYS ? 4 : 0;
}

static void a_supervisor_may_do_less_than_its_worker(void **state)
{
	static const struct call more[] = {
		{"clone", SYS_clone, {SIGCHLD}},
		{"umount2", SYS_umount2, {0}},
		{"open_tree", SYS_open_tree, {-1}},
		{"setresuid", SYS_setresuid, {-1, -1, -1}},
		{"setns", SYS_setns, {-1, CLONE_NEWNS}},
		{"kill SIGTERM", SYS_kill, {0, SIGTERM}},
	};

	(void)state;
	expect_killed(supervisor_call, more, ARRAY_SIZE(more));
	assert_int_equal(child_run(supervisor_is_refused, NULL), 0);
}

/* glibc takes clone(2) then, whose flags can be looked at. */
static int call_clone3(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	return syscall(SYS_clone3, 0, 0) < 0 && errno == ENOSYS ? 0 : 2;
}

static void clone3_is_as_if_it_were_not_there(void **state)
{
	(void)state;
	assert_int_equal(child_run(call_clone3, NULL), 0);
}

#ifdef __x86_64__
static long interrupt(long number)
{
	__asm__ volatile("int $0x80" : "+a"(number) : : "memory", "cc");
	return number;
}

/* getpid(2) by the number of i386: allowed by name, not by architecture. */
static int call_by_other_numbers(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	interrupt(20);
	return 0;
}

static int call_danger_by_interrupt(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	interrupt(SYS_ptrace);
	return 0;
}

/* In user-mode-linux it is another way to the numbers of x86_64, and to their filter. */
static int interrupt_has_our_numbers(void *data)
{
	(void)data;
	return interrupt(SYS_getpid) == getpid() ? 0 : 1;
}

/* The numbers of x32 are those of x86_64 with a bit of their own. */
static int call_by_x32_number(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	syscall(0x40000000 | SYS_getpid);
	return 0;
}

static void another_architectures_numbers_are_the_end(void **state)
{
	int status;

	(void)state;
	assert_int_equal(child_run(call_by_x32_number, NULL), 128 + SIGSYS);
	if (child_run(interrupt_has_our_numbers, NULL) == 0) {
		assert_int_equal(child_run(call_danger_by_interrupt, NULL), 128 + SIGSYS);
		return;
	}
	status = child_run(call_by_other_numbers, NULL);
	/* A kernel without IA32 emulation knows no such interrupt. */
	assert_true(status == 128 + SIGSYS || status == 128 + SIGSEGV);
}
#endif

static int refused_as_a_command(const struct options *options)
{
	int unfiltered = 0;

	worker_status_at(options->progress, "reading", "/untrusted");
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &unfiltered) < 0)
		return 1;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? 2 : 3;
}

static int run_supervised(void *data)
{
	static const struct supervised command = {.name = "prestart", .budget_usec = 10000000};
	cleanup_supervisor struct supervisor supervisor = SUPERVISOR_NONE;
	struct options options = {.stage = command.name};

	(void)data;
	if (sanitize_process(false) < 0 || supervise_begin(&command, &supervisor) < 0)
		return 125;
	if (supervisor.worker > 0)
		return drop_privileges_supervisor() < 0 ? 124 : supervise_end(&supervisor);
	options.progress = supervisor.progress;
	return refused_as_a_command(&options);
}

/* The whole way: the filter's verdict, the worker's death, the supervisor's word. */
static void a_violation_ends_in_20_and_is_told(void **state)
{
	cleanup_free char *said = NULL;

	(void)state;
	assert_int_equal(child_capture(run_supervised, NULL, &said), 20);
	assert_non_null(strstr(said, "a system call that its filter does not allow"));
	assert_non_null(strstr(said, "while reading /untrusted"));
}

/* What works in a container's namespace is a child of the worker's. */
static int forbidden_work(void *data, struct error *err)
{
	(void)data;
	(void)err;
	syscall(SYS_keyctl, 0, 0, 0, 0, 0);
	return 0;
}

static int work_in_namespace(void *data)
{
	const struct fake_container *container = data;
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_error struct error err = {0};
	uint64_t ticks = 0;

	if (process_start(container->pid, &ticks) < 0 ||
		container_ns_open(container->pid, ticks, &ns, &err) < 0 ||
		drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	if (container_ns_run(&ns, forbidden_work, NULL, &err) >= 0)
		return 2;
	return err.code == FINDING_INTERNAL && strstr(error_message(&err), "signal 31") ? 0 : 3;
}

static void one_in_a_containers_namespace_is_told_too(void **state)
{
	struct fake_container container = {0};

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/root"), 0);
	assert_int_equal(fake_container_start(NS_SANDBOX_DIR "/root", NULL, 0, &container), 0);
	assert_int_equal(child_run(work_in_namespace, &container), 0);
	fake_container_stop(&container);
}

/* A runtime's own filter, or a kernel without any. */
static int run_without_seccomp(void *data)
{
	scmp_filter_ctx outer = seccomp_init(SCMP_ACT_ALLOW);

	if (!outer || seccomp_rule_add(outer, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0) < 0 ||
		seccomp_load(outer) < 0)
		return 124;
	return fake_member_hook_exec(data, "prestart");
}

static void where_there_is_no_filter_the_hook_says_so_and_works(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	/* Shared: no bind is to be replaced, which an old kernel could not do. */
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(child_run(run_without_seccomp, zurg), 0);
	fake_member_expect_said(zurg, "runs without its filter of system calls");
	fake_member_expect_said(zurg, "Operation not permitted");
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "created");
}

#endif

/* What the list gives now, as the build exported it. */
static void what_was_built_is_what_the_list_says(void **state)
{
	static struct sock_filter now[BPF_MAXINSNS];

	(void)state;
	for (int filter = 0; filter < FILTER_COUNT; filter++) {
		cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC);
		const struct sock_fprog *built = &filter_programs[filter];
		const char *name = NULL;
		ssize_t size;

		assert_int_equal(
			filter_export((enum filter)filter, seccomp_arch_native(), fd, &name), 0);
		size = pread(fd, now, sizeof(now), 0);
		assert_int_equal(size, built->len * sizeof(now[0]));
		assert_memory_equal(now, built->filter, (size_t)size);
	}
}

/* The first instructions compare the architecture. */
static void every_filter_begins_with_the_architecture_and_has_three_answers(void **state)
{
	(void)state;
	for (int filter = 0; filter < FILTER_COUNT; filter++) {
		const struct sock_fprog *built = &filter_programs[filter];
		size_t kills = 0, traps = 0;

		assert_true(built->len > 2);
		assert_int_equal(built->filter[0].k, offsetof(struct seccomp_data, arch));
#ifdef __x86_64__
		assert_int_equal(built->filter[1].k, AUDIT_ARCH_X86_64);
#elif defined(__aarch64__)
		assert_int_equal(built->filter[1].k, AUDIT_ARCH_AARCH64);
#endif
		for (size_t i = 0; i < built->len; i++) {
			bool is_return = BPF_CLASS(built->filter[i].code) == BPF_RET;

			kills += is_return && built->filter[i].k == SECCOMP_RET_KILL_PROCESS;
			traps += is_return && built->filter[i].k == SECCOMP_RET_TRAP;
			/* Never the thread alone, never a log entry alone. */
			assert_false(is_return && built->filter[i].k == SECCOMP_RET_KILL_THREAD);
			assert_false(is_return && built->filter[i].k == SECCOMP_RET_LOG);
		}
		assert_true(kills > 0);
		assert_true(traps > 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
#ifndef FUSE_SIDECAR_HOOK_UNFILTERED
		TEST(what_the_hook_never_does_is_its_end),
		TEST(a_worker_mounts_the_file_system_that_was_prepared_and_no_other),
		TEST(what_a_library_may_come_to_call_is_refused_as_by_a_kernel_without_it),
		TEST(a_younger_glibc_may_ask_for_a_terminal),
		TEST(nothing_takes_the_answer_away),
		TEST(a_signal_that_somebody_sends_is_no_call),
		TEST(where_its_signal_is_blocked_a_call_that_is_not_known_is_the_end),
		TEST(a_supervisor_may_do_less_than_its_worker),
		TEST(clone3_is_as_if_it_were_not_there),
#ifdef __x86_64__
		TEST(another_architectures_numbers_are_the_end),
#endif
		TEST(a_violation_ends_in_20_and_is_told),
		TEST(one_in_a_containers_namespace_is_told_too),
		TEST(where_there_is_no_filter_the_hook_says_so_and_works),
#endif
		TEST(what_was_built_is_what_the_list_says),
		TEST(every_filter_begins_with_the_architecture_and_has_three_answers),
	};
#undef TEST

	return cmocka_run_group_tests_name("filter", tests, enter, NULL);
}
