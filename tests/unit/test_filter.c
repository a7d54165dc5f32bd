/* SPDX-License-Identifier: Apache-2.0 */
/* What the filters say of system calls by their numbers, on this architecture and on the other. */
#include "hook/sandbox/filter_list.h"

#include "hook/sandbox/filter_entry.h"
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
	uint32_t worker, supervisor; /* what becomes of it */
};

#define YES SECCOMP_RET_ALLOW
#define NO SECCOMP_RET_TRAP /* refused: hook/sandbox/refused_call.h */
#define END SECCOMP_RET_KILL_PROCESS

static const struct arm64_call arm64_calls[] = {
	{"ioctl TCGETS", 29, {0, 0x5401}, YES, YES},
	{"ioctl TCGETS2", 29, {0, 0x802c542a}, YES, YES},
	{"ioctl TCSETS2", 29, {0, 0x402c542b}, NO, NO},
	{"ioctl TIOCSTI", 29, {0, 0x5412}, END, END},
	{"mkdirat", 34, {0, 0, 01755}, YES, NO},
	{"mkdirat 04755", 34, {0, 0, 04755}, NO, NO},
	{"symlinkat", 36, {0}, END, END},
	{"linkat", 37, {0}, END, END},
	{"umount2", 39, {0}, YES, END},
	{"mount, bind", 40, {0, 0, 0, MS_BIND | MS_REMOUNT}, YES, END},
	{"mount, shared", 40, {0, 0, 0, MS_SHARED}, YES, END},
	{"mount, a new file system", 40, {0}, END, END},
	{"mount, shared and more", 40, {0, 0, 0, MS_SHARED | MS_REMOUNT}, END, END},
	{"mount, read-only", 40,
		{0, 0, 0, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY}, YES, END},
	{"mount, read-only, with options", 40,
		{0, 0, 0, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, 1}, END, END},
	{"mount, moved", 40, {0, 0, 0, MS_MOVE}, END, END},
	{"pivot_root", 41, {0}, END, END},
	{"faccessat", 48, {0}, YES, NO},
	{"chroot", 51, {0}, END, END},
	{"fchmod", 52, {0, 01644}, YES, END},
	{"fchmod 04755", 52, {0, 04755}, END, END},
	{"fchmod 02755", 52, {0, 02755}, END, END},
	{"fchmodat 04755", 53, {0, 0, 04755}, END, END},
	{"openat", 56, {0}, YES, YES},
	{"openat O_DIRECTORY", 56, {0, 0, 040000}, YES, YES},
	{"openat O_CREAT 0644", 56, {0, 0, 0100, 0644}, YES, YES},
	{"openat O_CREAT 04755", 56, {0, 0, 0100, 04755}, END, END},
	{"openat O_TMPFILE 02755", 56, {0, 0, 020200000, 02755}, END, END},
	{"openat, what is not a mode", 56, {0, 0, 0, 06000}, YES, YES},
	{"read", 63, {0}, YES, NO},
	{"write", 64, {0}, YES, YES},
	{"pwrite64", 68, {0}, END, END},
	{"readlinkat", 78, {0}, YES, NO},
	{"exit_group", 94, {0}, YES, YES},
	{"unshare", 97, {CLONE_NEWNS}, END, END},
	{"init_module", 105, {0}, END, END},
	{"ptrace", 117, {0}, END, END},
	{"kill SIGKILL", 129, {1, SIGKILL}, YES, YES},
	{"kill SIGTERM", 129, {1, SIGTERM}, YES, END},
	{"rt_sigaction SIGABRT", 134, {SIGABRT}, YES, YES},
	{"rt_sigaction SIGSYS", 134, {SIGSYS}, NO, NO},
	{"setfsuid", 151, {0}, YES, END},
	{"prctl PR_SET_SECCOMP", 167, {22}, NO, NO},
	{"socket AF_UNIX", 198, {AF_UNIX}, END, END},
	{"socket AF_INET", 198, {AF_INET}, END, END},
	{"connect", 203, {0}, END, END},
	{"sendto, where it is connected to", 206, {3, 1, 1, 0x4000, 0, 0}, YES, YES},
	{"sendto, to an address", 206, {3, 1, 1, 0x4000, 0x7f0000000000, 110}, END, END},
	{"sendto, to a low address", 206, {3, 1, 1, 0x4000, 0x10000, 110}, END, END},
	{"sendmsg", 211, {0}, END, END},
	{"keyctl", 219, {0}, END, END},
	{"clone, a fork", 220, {SIGCHLD}, YES, END},
	{"clone CLONE_NEWUSER", 220, {CLONE_NEWUSER | SIGCHLD}, END, END},
	{"execve", 221, {0}, END, END},
	{"mmap", 222, {0, 4096, PROT_READ | PROT_WRITE}, YES, YES},
	{"mmap PROT_EXEC", 222, {0, 4096, PROT_READ | PROT_EXEC}, END, END},
	{"setns, of a mount namespace", 268, {0, CLONE_NEWNS}, YES, END},
	{"setns, of any", 268, {0, 0}, END, END},
	{"seccomp, a filter more", 277, {1}, YES, NO},
	{"seccomp, strict", 277, {0}, NO, NO},
	{"socketpair", 199, {1}, YES, NO},
	{"capset", 91, {0}, YES, END},
	{"bpf", 280, {0}, END, END},
	{"execveat", 281, {0}, END, END},
	{"statx", 291, {0}, YES, NO},
	{"io_uring_setup", 425, {0}, END, END},
	{"open_tree", 428, {0}, YES, END},
	{"move_mount", 429, {0}, YES, END},
	{"fsopen", 430, {0}, END, END},
	{"fsconfig, an option", 431, {0, 1}, END, END},
	{"fsconfig, make it", 431, {0, 6}, YES, END},
	{"fsconfig, change it", 431, {0, 7}, END, END},
	{"fsmount, nosuid,nodev,noexec", 432, {0, 0, 0xe}, YES, END},
	{"fsmount", 432, {0}, END, END},
	{"fspick", 433, {0}, END, END},
	{"renameat2, an exchange", 276, {0, 0, 0, 0, 2}, YES, NO},
	{"renameat2", 276, {0}, NO, NO},
	{"pidfd_open", 434, {0}, YES, NO},
	{"close_range", 436, {0}, YES, NO},
	{"openat2", 437, {0}, YES, NO},
	{"mount_setattr", 442, {0}, YES, END},
	{"statmount", 457, {0}, YES, NO},
	{"listmount", 458, {0}, YES, NO},
	{"lsm_get_self_attr", 459, {0}, NO, NO},
};

static void expect(const struct program *program, const struct arm64_call *call, uint32_t expected)
{
	uint32_t got = verdict(program, AUDIT_ARCH_AARCH64, call->nr, call->args);

	if (got != expected)
		fail_msg("%s (%d): 0x%x, expected 0x%x", call->name, call->nr, got, expected);
}

static void arm64_has_the_list_by_its_own_numbers(void **state)
{
	static struct program worker, supervisor;

	(void)state;
	export(FILTER_STAGE, SCMP_ARCH_AARCH64, &worker);
	export(FILTER_SUPERVISOR, SCMP_ARCH_AARCH64, &supervisor);
	for (size_t i = 0; i < ARRAY_SIZE(arm64_calls); i++) {
		expect(&worker, &arm64_calls[i], arm64_calls[i].worker);
		expect(&supervisor, &arm64_calls[i], arm64_calls[i].supervisor);
	}
	/* clone3 */
	assert_int_equal(verdict(&worker, AUDIT_ARCH_AARCH64, 435, NULL), SECCOMP_RET_ERRNO | 38);
}

/* By an entry of the list that asks for no argument, or for bits that all-ones have too. */
static bool allowed_whatever(const char *name, unsigned int who)
{
	for (size_t i = 0; i < filter_allowed.n; i++) {
		const struct filter_entry *entry = &filter_allowed.items[i];

		if ((entry->filters & who) && strcmp(entry->name, name) == 0 &&
			(entry->condition == FILTER_ANY || entry->condition == FILTER_ALL_BITS))
			return true;
	}
	return false;
}

static void expect_end(
	const struct program *program, uint32_t arch, const struct filter_entry *entry)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, entry->name);
	uint64_t args[6] = {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL};
	uint32_t got;

	/* Of x86 alone, or younger than this libseccomp. */
	if (nr < 0)
		return;
	if (entry->condition == FILTER_EQUAL)
		args[entry->arg] = entry->value;
	got = verdict(program, arch, nr, args);
	if (got != END)
		fail_msg("%s (%d): 0x%x", entry->name, nr, got);
}

/* With every bit of its arguments set, which no entry of the other list has in mind. */
static void each_danger_is_the_end(void **state)
{
	static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64};
	static struct program worker, supervisor;

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(archs); a++) {
		export(FILTER_STAGE, archs[a], &worker);
		export(FILTER_SUPERVISOR, archs[a], &supervisor);
		for (size_t i = 0; i < filter_dangers.n; i++) {
			const struct filter_entry *entry = &filter_dangers.items[i];

			if (!allowed_whatever(entry->name, FILTER_BIT(FILTER_STAGE)))
				expect_end(&worker, archs[a], entry);
			if (!allowed_whatever(entry->name, FILTER_BIT(FILTER_SUPERVISOR)))
				expect_end(&supervisor, archs[a], entry);
		}
	}
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
		export(FILTER_STAGE, pairs[i].scmp, &program);
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

static void a_call_that_has_no_number_is_refused(void **state)
{
	static struct program program;

	(void)state;
	export(FILTER_STAGE, SCMP_ARCH_AARCH64, &program);
	for (int nr = 470; nr < BELOW_ALL_NUMBERS; nr++)
		assert_int_equal(verdict(&program, AUDIT_ARCH_AARCH64, nr, NULL), NO);
	assert_int_equal(verdict(&program, AUDIT_ARCH_AARCH64, -1, NULL), NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arm64_has_the_list_by_its_own_numbers),
		cmocka_unit_test(each_danger_is_the_end),
		cmocka_unit_test(calls_of_another_architecture_are_the_end),
		cmocka_unit_test(both_architectures_say_the_same_of_each_call),
		cmocka_unit_test(a_call_that_has_no_number_is_refused),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
