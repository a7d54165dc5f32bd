/* SPDX-License-Identifier: Apache-2.0 */
/* What the filters say of system calls by their numbers, on this architecture and on the other. */
#include "hook/filter_list.h"

#include "oci/base/cleanup.h"
#include "tests/support/bpf_run.h"
#include "tests/support/cmocka.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define BELOW_ALL_NUMBERS 600 /* Linux 6.18 has none above 470 */

struct program {
	struct sock_filter lines[BPF_MAXINSNS];
	size_t n;
};

static void export(enum filter filter, uint32_t arch, struct program *ret)
{
	cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC);
	const char *name = NULL;
	ssize_t size;
	int r = filter_export(filter, arch, fd, &name);

	if (r < 0)
		fail_msg("%s: %s", name ? name : "seccomp", strerror(-r));
	size = pread(fd, ret->lines, sizeof(ret->lines), 0);
	assert_true(size > 0 && size < (ssize_t)sizeof(ret->lines));
	ret->n = (size_t)size / sizeof(ret->lines[0]);
}

static uint32_t verdict(
	const struct program *program, uint32_t arch, int nr, const uint64_t args[6])
{
	struct seccomp_data data = {.nr = nr, .arch = arch};

	if (args)
		memcpy(data.args, args, sizeof(data.args));
	return bpf_run(program->lines, program->n, &data);
}

/* A call by the number that it has on arm64 (include/uapi/asm-generic/unistd.h of Linux). */
struct arm64_call {
	const char *name;
	int nr;
	uint64_t args[6];
	bool worker, supervisor; /* whether they may */
};

static const struct arm64_call arm64_calls[] = {
	{"ioctl TCGETS", 29, {0, 0x5401}, true, true},
	{"ioctl TIOCSTI", 29, {0, 0x5412}, false, false},
	{"mkdirat", 34, {0}, true, false},
	{"symlinkat", 36, {0}, false, false},
	{"linkat", 37, {0}, false, false},
	{"umount2", 39, {0}, true, false},
	{"mount, bind", 40, {0, 0, 0, MS_BIND | MS_REMOUNT}, true, false},
	{"mount, shared", 40, {0, 0, 0, MS_SHARED}, true, false},
	{"mount, a new file system", 40, {0}, false, false},
	{"mount, moved", 40, {0, 0, 0, MS_MOVE}, false, false},
	{"pivot_root", 41, {0}, false, false},
	{"faccessat", 48, {0}, true, false},
	{"chroot", 51, {0}, false, false},
	{"openat", 56, {0}, true, true},
	{"read", 63, {0}, true, false},
	{"write", 64, {0}, true, true},
	{"readlinkat", 78, {0}, true, false},
	{"exit_group", 94, {0}, true, true},
	{"unshare", 97, {CLONE_NEWNS}, false, false},
	{"init_module", 105, {0}, false, false},
	{"ptrace", 117, {0}, false, false},
	{"kill SIGKILL", 129, {1, SIGKILL}, true, true},
	{"kill SIGTERM", 129, {1, SIGTERM}, true, false},
	{"setfsuid", 151, {0}, true, false},
	{"prctl PR_SET_SECCOMP", 167, {22}, false, false},
	{"socket AF_UNIX", 198, {AF_UNIX}, true, true},
	{"socket AF_INET", 198, {AF_INET}, false, false},
	{"keyctl", 219, {0}, false, false},
	{"clone, a fork", 220, {SIGCHLD}, true, false},
	{"clone CLONE_NEWUSER", 220, {CLONE_NEWUSER | SIGCHLD}, false, false},
	{"execve", 221, {0}, false, false},
	{"mmap", 222, {0, 4096, PROT_READ | PROT_WRITE}, true, true},
	{"mmap PROT_EXEC", 222, {0, 4096, PROT_READ | PROT_EXEC}, false, false},
	{"setns, of a mount namespace", 268, {0, CLONE_NEWNS}, true, false},
	{"setns, of any", 268, {0, 0}, false, false},
	{"seccomp", 277, {0}, false, false},
	{"bpf", 280, {0}, false, false},
	{"execveat", 281, {0}, false, false},
	{"statx", 291, {0}, true, false},
	{"io_uring_setup", 425, {0}, false, false},
	{"open_tree", 428, {0}, true, false},
	{"move_mount", 429, {0}, true, false},
	{"fsopen", 430, {0}, false, false},
	{"pidfd_open", 434, {0}, true, false},
	{"close_range", 436, {0}, true, false},
	{"openat2", 437, {0}, true, false},
	{"mount_setattr", 442, {0}, true, false},
	{"statmount", 457, {0}, true, false},
	{"listmount", 458, {0}, true, false},
	{"lsm_get_self_attr", 459, {0}, false, false},
};

static void expect(const struct program *program, const struct arm64_call *call, bool allowed)
{
	uint32_t expected = allowed ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;
	uint32_t got = verdict(program, AUDIT_ARCH_AARCH64, call->nr, call->args);

	if (got != expected)
		fail_msg("%s (%d): 0x%x, expected 0x%x", call->name, call->nr, got, expected);
}

static void arm64_has_the_list_by_its_own_numbers(void **state)
{
	static struct program worker, supervisor;

	(void)state;
	export(FILTER_WORKER, SCMP_ARCH_AARCH64, &worker);
	export(FILTER_SUPERVISOR, SCMP_ARCH_AARCH64, &supervisor);
	for (size_t i = 0; i < ARRAY_SIZE(arm64_calls); i++) {
		expect(&worker, &arm64_calls[i], arm64_calls[i].worker);
		expect(&supervisor, &arm64_calls[i], arm64_calls[i].supervisor);
	}
	/* clone3 */
	assert_int_equal(verdict(&worker, AUDIT_ARCH_AARCH64, 435, NULL), SECCOMP_RET_ERRNO | 38);
}

static void calls_of_another_architecture_are_the_end(void **state)
{
	static const struct {
		uint32_t scmp, other;
	} pairs[] = {
		{SCMP_ARCH_AARCH64, AUDIT_ARCH_X86_64},
		{SCMP_ARCH_AARCH64, AUDIT_ARCH_ARM},
		{SCMP_ARCH_X86_64, AUDIT_ARCH_AARCH64},
		{SCMP_ARCH_X86_64, AUDIT_ARCH_I386},
	};
	static struct program program;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		export(FILTER_WORKER, pairs[i].scmp, &program);
		for (int nr = -1; nr < BELOW_ALL_NUMBERS; nr++)
			assert_int_equal(verdict(&program, pairs[i].other, nr, NULL),
				SECCOMP_RET_KILL_PROCESS);
	}
}

/* The name of arm64's call `nr`, where x86_64 has it too: with its number there. */
static int number_on_x86_64(int nr)
{
	cleanup_free char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_AARCH64, nr);

	return name ? seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name) : -1;
}

static void both_architectures_say_the_same_of_each_call(void **state)
{
	static const uint64_t arguments[][6] = {
		{0},
		{1, 1, 1, 1, 1, 1},
		{PROT_EXEC, PROT_EXEC, PROT_EXEC, PROT_EXEC, PROT_EXEC, PROT_EXEC},
		{CLONE_NEWNS, CLONE_NEWNS, CLONE_NEWNS, CLONE_NEWNS, CLONE_NEWNS, CLONE_NEWNS},
		{MS_BIND, MS_BIND, MS_BIND, MS_BIND, MS_BIND, MS_BIND},
		{~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL},
	};
	static struct program arm64, x86_64;
	unsigned int compared = 0;

	(void)state;
	for (int filter = 0; filter < FILTER_COUNT; filter++) {
		export((enum filter)filter, SCMP_ARCH_AARCH64, &arm64);
		export((enum filter)filter, SCMP_ARCH_X86_64, &x86_64);
		for (int nr = 0; nr < BELOW_ALL_NUMBERS; nr++) {
			int there = number_on_x86_64(nr);

			for (size_t i = 0; there >= 0 && i < ARRAY_SIZE(arguments); i++) {
				assert_int_equal(
					verdict(&arm64, AUDIT_ARCH_AARCH64, nr, arguments[i]),
					verdict(&x86_64, AUDIT_ARCH_X86_64, there, arguments[i]));
				compared++;
			}
		}
	}
	/* arm64 has hardly any that x86_64 has not: some 290 of libseccomp 2.5. */
	assert_true(compared > 250UL * FILTER_COUNT * ARRAY_SIZE(arguments));
}

static void a_call_that_has_no_number_is_not_allowed(void **state)
{
	static struct program program;

	(void)state;
	export(FILTER_WORKER, SCMP_ARCH_AARCH64, &program);
	for (int nr = 470; nr < BELOW_ALL_NUMBERS; nr++)
		assert_int_equal(
			verdict(&program, AUDIT_ARCH_AARCH64, nr, NULL), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(verdict(&program, AUDIT_ARCH_AARCH64, -1, NULL), SECCOMP_RET_KILL_PROCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arm64_has_the_list_by_its_own_numbers),
		cmocka_unit_test(calls_of_another_architecture_are_the_end),
		cmocka_unit_test(both_architectures_say_the_same_of_each_call),
		cmocka_unit_test(a_call_that_has_no_number_is_not_allowed),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
