/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that the hook may make. This list is the source: what the build makes of it is
 * compared with it by a test. `make filter-use` traces hooks on Linux 6.18 with glibc 2.36, and
 * fails with each entry that none has called and that does not say by "unseen:" why it is here all
 * the same: other kernels (since 4.18), C libraries (glibc since 2.28) and architectures, or what
 * hardly ever happens.
 *
 * Not here, among others: execve, ptrace, process_vm_*, bpf, perf_event_open, unshare, init_module,
 * kexec_*, keyctl, pivot_root, chroot, mknodat, linkat, symlinkat, fchmodat, and every socket but a
 * local one.
 */
#include "hook/filter_list.h"

#include "hook/syscalls.h"
#include "oci/base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKER (1U << FILTER_WORKER)
#define SUPERVISOR (1U << FILTER_SUPERVISOR)
#define BOTH (WORKER | SUPERVISOR)

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
		CLONE_NEWCGROUP)

/* With which argument a call is allowed. */
enum condition {
	ANY,
	EQUAL,	  /* argument `arg` is `value` */
	NO_BITS,  /* it has none of the bits `value` */
	ALL_BITS, /* it has all of them */
};

/* Several entries of one name: any of them allows it. */
struct entry {
	const char *name;
	unsigned int filters;
	enum condition condition;
	unsigned int arg;
	uint64_t value;
	int number; /* on every architecture, of a call that libseccomp may be too old to know; 0 */
};

#define CALL(text, who)                                                                            \
	{                                                                                          \
		.name = (text), .filters = (who)                                                   \
	}
#define NEWER(text, nr, who)                                                                       \
	{                                                                                          \
		.name = (text), .filters = (who), .number = (nr)                                   \
	}
#define IF(text, what, n, bits, who)                                                               \
	{                                                                                          \
		.name = (text), .filters = (who), .condition = (what), .arg = (n), .value = (bits) \
	}
#define IF_EQUAL(text, n, bits, who) IF(text, EQUAL, n, bits, who)
#define IF_NONE(text, n, bits, who) IF(text, NO_BITS, n, bits, who)
#define IF_ALL(text, n, bits, who) IF(text, ALL_BITS, n, bits, who)

/* One line for each, with its reason. */
/* clang-format off */
static const struct entry entries[] = {
	/* memory; nothing becomes code any more */
	CALL("brk", BOTH),				/* malloc */
	IF_NONE("mmap", 2, PROT_EXEC, BOTH),		/* malloc; the shared progress */
	IF_NONE("mprotect", 2, PROT_EXEC, BOTH),	/* malloc's arenas; unseen: where brk(2) fails */
	CALL("mremap", WORKER),				/* realloc of a large config.json */
	CALL("munmap", BOTH),				/* free */
	CALL("madvise", BOTH),				/* free of much memory; unseen: where brk(2) fails */
	CALL("getrandom", BOTH),			/* malloc (glibc 2.36); the seed of json-c */
	CALL("futex", BOTH),				/* locks of libsystemd and stdio; unseen: contended */

	/* files, by descriptor where they are a pod's */
	CALL("openat", BOTH),				/* records, locks, proc; fopen */
	NEWER("openat2", 437, WORKER),			/* Linux 5.6: every path in a volume */
	CALL("close", BOTH),				/* what was opened */
	NEWER("close_range", 436, WORKER),		/* a probe holds nothing of the hook's */
	CALL("read", WORKER),				/* records, config.json, answers of probes */
	CALL("write", BOTH),				/* a record; what is said to people and runtimes */
	CALL("writev", BOTH),				/* what libc says before it aborts; unseen: a bug */
	CALL("pread64", BOTH),			/* what the worker has said */
	CALL("pwrite64", WORKER),			/* counters of reconcile */
	CALL("fgetxattr", WORKER),			/* a record's label (SELinux) */
	CALL("fsetxattr", WORKER),			/* the same */
	CALL("lseek", BOTH),				/* stdio */
	CALL("newfstatat", BOTH),			/* glibc since 2.33: fstat too */
	CALL("fstat", BOTH),				/* unseen: glibc before 2.33 */
	CALL("stat", WORKER),				/* unseen: the same, on x86_64 */
	CALL("lstat", WORKER),				/* unseen: the same */
	CALL("statx", WORKER),				/* mount ids; a probe's question */
	CALL("statfs", WORKER),				/* unseen: other versions of libmount */
	CALL("fstatfs", WORKER),			/* the magic of procfs, nsfs and fusectl */
	CALL("access", WORKER),				/* whether there is SELinux; x86_64 */
	CALL("faccessat", WORKER),			/* the same; unseen: elsewhere */
	CALL("readlink", WORKER),			/* canonical paths of descriptors; x86_64 */
	CALL("readlinkat", WORKER),			/* the same elsewhere */
	CALL("getdents64", WORKER),			/* the list of records */
	CALL("getcwd", WORKER),				/* libmount; unseen: check --host-mountinfo, which docs.sh tries */
	IF_EQUAL("fcntl", 1, F_DUPFD_CLOEXEC, BOTH),	/* a descriptor that is kept longer than its owner */
	IF_EQUAL("fcntl", 1, F_SETFD, BOTH),		/* fdopendir */
	IF_EQUAL("fcntl", 1, F_GETFL, BOTH),		/* fdopen */
	IF_EQUAL("fcntl", 1, F_ADD_SEALS, BOTH),	/* unseen: sd_journal_sendv, of a long entry */
	IF_EQUAL("fcntl", 1, F_GET_SEALS, BOTH),	/* unseen: the same */
	CALL("memfd_create", BOTH),			/* the same; the worker's output */
	CALL("dup2", WORKER),				/* x86_64 */
	CALL("dup3", WORKER),				/* unseen: dup2 elsewhere */
	CALL("pipe2", WORKER),				/* answers of probes */
	CALL("mkdirat", WORKER),			/* mountpoints, records */
	CALL("unlinkat", WORKER),			/* what a failed run made; records of pods that are gone */
	CALL("renameat", WORKER),			/* a record into place */
	CALL("fchmod", WORKER),				/* a record's mode */
	CALL("fchownat", WORKER),			/* fuse-sidecar.io/dir-owner; unseen: e2e tests have it */
	CALL("umask", WORKER),				/* a directory gets exactly the mode asked for */
	CALL("flock", WORKER),				/* one hook of a pod at a time */
	IF_EQUAL("ioctl", 1, SYS_NS_GET_MNTNS_ID, WORKER),	/* whose mounts listmount(2) is to list */
	IF_EQUAL("ioctl", 1, NS_GET_NSTYPE, WORKER),	/* is that a mount namespace? unseen: the kubelet's own */
	IF_EQUAL("ioctl", 1, TCGETS, BOTH),		/* stdio and isatty: a terminal? */
	IF_EQUAL("ioctl", 1, TIOCGWINSZ, WORKER),	/* unseen: a terminal. How wide is it? */

	/* mounts */
	NEWER("open_tree", 428, WORKER),		/* clone a mount */
	NEWER("move_mount", 429, WORKER),		/* attach it */
	NEWER("mount_setattr", 442, WORKER),		/* share it, make it read-only */
	NEWER("statmount", 457, WORKER),		/* one mount of many; Linux 6.8 */
	NEWER("listmount", 458, WORKER),		/* the same */
	CALL("umount2", WORKER),			/* detach a dead mount; a bind of the hook's */
	CALL("fchdir", WORKER),				/* to /proc/self/fd, whose link umount2(2) is given */
	CALL("chdir", WORKER),				/* and back to "/" */
	/* never a new file system, and none changed but its propagation and flags of a bind */
	IF_ALL("mount", 3, MS_BIND, WORKER),		/* bind; options of a bind, on kernels before 5.12 */
	IF_ALL("mount", 3, MS_SHARED, WORKER),		/* share, on kernels before 5.12 */
	IF_ALL("mount", 3, MS_SLAVE, WORKER),		/* the same; unseen: e2e tests have it */
	IF_ALL("mount", 3, MS_PRIVATE, WORKER),		/* the same */
	IF_ALL("mount", 3, MS_UNBINDABLE, WORKER),	/* the same; unseen: hardly any pod asks for it */
	IF_EQUAL("setns", 1, CLONE_NEWNS, WORKER),	/* into a container's mount namespace */

	/* processes */
	IF_NONE("clone", 0, NEW_NAMESPACES, WORKER),	/* fork: probes, work in a namespace */
	CALL("wait4", WORKER),				/* waitpid */
	CALL("waitid", BOTH),				/* the supervisor's wait */
	NEWER("pidfd_open", 434, WORKER),		/* Linux 5.3: a container's init */
	CALL("kill", WORKER),				/* end a probe */
	IF_EQUAL("kill", 1, SIGKILL, SUPERVISOR),	/* end the worker */
	CALL("tgkill", BOTH),				/* abort; unseen: a bug */
	CALL("getpid", BOTH),				/* who a child dies with; abort */
	CALL("gettid", BOTH),				/* abort, raise; unseen: a bug */
	CALL("getppid", WORKER),			/* whether that one still lives */
	CALL("exit_group", BOTH),			/* the end */
	CALL("set_robust_list", WORKER),		/* glibc, in a forked child */
	CALL("set_tid_address", WORKER),		/* the same; unseen: other C libraries */
	IF_EQUAL("prctl", 0, PR_GET_NAME, BOTH),	/* the name of its memfd: libsystemd; unseen: a long entry */
	IF_EQUAL("prctl", 0, PR_SET_PDEATHSIG, WORKER),	/* dies with its parent */
	IF_EQUAL("prctl", 0, PR_GET_PDEATHSIG, WORKER),	/* whether it does, before a change of user */

	/* who acts: a directory is made as its provider, a mount is asked as its user */
	CALL("setfsuid", WORKER),			/* a directory is made as its provider */
	CALL("setfsgid", WORKER),			/* the same */
	CALL("setgroups", WORKER),			/* the same */
	CALL("setresuid", WORKER),			/* a probe becomes the user of the mount; unseen: ns_test_probe asks without a hook */
	CALL("setresgid", WORKER),			/* unseen: the same */
	CALL("getuid", WORKER),				/* unseen: other versions of libmount */
	CALL("geteuid", WORKER),			/* unseen: the same */
	CALL("getgid", WORKER),				/* unseen: the same */
	CALL("getegid", WORKER),			/* unseen: the same */

	/* signals and time */
	CALL("rt_sigaction", BOTH),			/* deadlines; abort */
	CALL("rt_sigprocmask", BOTH),			/* the same */
	CALL("rt_sigreturn", BOTH),			/* the end of a handler */
	CALL("rt_sigtimedwait", BOTH),		/* a supervisor's wait with a limit; reconcile's */
	CALL("restart_syscall", BOTH),			/* the kernel itself, after a stop; unseen: strace shows the call */
	CALL("clock_gettime", BOTH),			/* unseen: where the vDSO has none */
	CALL("timer_create", BOTH),			/* hook/deadline.h */
	CALL("timer_settime", BOTH),			/* the same */
	CALL("timer_delete", BOTH),			/* the same */
	CALL("timerfd_create", WORKER),			/* the gate */
	CALL("timerfd_settime", WORKER),		/* the same */
	CALL("poll", BOTH),				/* x86_64 */
	CALL("ppoll", BOTH),				/* the same, elsewhere and with a limit */

	/* the journal */
	IF_EQUAL("socket", 0, AF_UNIX, BOTH),		/* to the journal, and nowhere else */
	CALL("connect", BOTH),				/* whether it would take an entry now */
	CALL("sendmsg", BOTH),				/* the entry */
	CALL("getsockopt", BOTH),			/* how much the socket takes */
	CALL("setsockopt", BOTH),			/* let it take more */

	/* what C libraries ask about the machine */
	CALL("sysinfo", WORKER),			/* unseen: qsort of much, before glibc 2.37 */
	CALL("uname", WORKER),				/* unseen: other versions of libmount */
	CALL("sched_getaffinity", WORKER),		/* malloc: how many arenas; unseen: where brk(2) fails */
};
/* clang-format on */

static int add(scmp_filter_ctx filter, const struct entry *entry, int number)
{
	const scmp_datum_t value = entry->value;

	switch (entry->condition) {
	case ANY:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	case EQUAL:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
			SCMP_CMP(entry->arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, value));
	case NO_BITS:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
			SCMP_CMP(entry->arg, SCMP_CMP_MASKED_EQ, value, 0));
	case ALL_BITS:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
			SCMP_CMP(entry->arg, SCMP_CMP_MASKED_EQ, value, value));
	}
	return -EINVAL;
}

static bool is_unknown(const struct entry *entry)
{
	return seccomp_syscall_resolve_name(entry->name) == __NR_SCMP_ERROR;
}

static int add_all(scmp_filter_ctx filter, unsigned int who, const char **ret_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const struct entry *entry = &entries[i];
		int r = 0;

		if (!(entry->filters & who))
			continue;
		*ret_name = entry->name;
		if (!is_unknown(entry))
			r = add(filter, entry, seccomp_syscall_resolve_name(entry->name));
		else if (!entry->number || entry->condition != ANY)
			r = -ENOSYS;
		if (r < 0)
			return r;
	}
	/* Its flags are in memory, where a filter cannot look. glibc then takes clone(2). */
	*ret_name = "clone3";
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int set_up(scmp_filter_ctx filter, uint32_t arch)
{
	int r = 0;

	if (arch != seccomp_arch_native()) {
		r = seccomp_arch_add(filter, arch);
		if (r == 0)
			r = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	}
	/* Calls by another architecture's numbers, of 32 bits say. */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A binary tree: the list is long. */
	return r < 0 ? r : seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

static int build(enum filter filter, uint32_t arch, scmp_filter_ctx *ret, const char **ret_name)
{
	scmp_filter_ctx made = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!made)
		return -ENOMEM;
	r = set_up(made, arch);
	if (r == 0)
		r = add_all(made, 1U << filter, ret_name);
	if (r < 0) {
		seccomp_release(made);
		return r;
	}
	*ret = made;
	return 0;
}

static int put(int fd, const struct sock_filter *lines, size_t n)
{
	ssize_t written = write(fd, lines, n * sizeof(*lines));

	if (written < 0)
		return -errno;
	return (size_t)written == n * sizeof(*lines) ? 0 : -EIO;
}

/*
 * The calls that this libseccomp does not know are allowed in front of its own program: by their
 * numbers it takes them for its own architecture alone. Jumps are relative, so that its program may
 * stand behind another one.
 */
static int put_unknown(int fd, unsigned int who, uint32_t arch)
{
	struct sock_filter lines[3 + 2 * ARRAY_SIZE(entries)];
	size_t n = 3;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const struct sock_filter allow[] = {
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)entries[i].number, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};

		if (!(entries[i].filters & who) || !is_unknown(&entries[i]))
			continue;
		lines[n++] = allow[0];
		lines[n++] = allow[1];
	}
	if (n == 3)
		return 0;
	if (n - 2 > UINT8_MAX)
		return -E2BIG;
	lines[0] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	/* SCMP_ARCH_* are the kernel's AUDIT_ARCH_* (seccomp_arch_add(3)). */
	lines[1] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, (uint8_t)(n - 2));
	lines[2] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	return put(fd, lines, n);
}

int filter_export(enum filter filter, uint32_t arch, int fd, const char **ret_name)
{
	scmp_filter_ctx made = NULL;
	int r;

	*ret_name = NULL;
	r = build(filter, arch, &made, ret_name);
	if (r < 0)
		return r;
	*ret_name = NULL;
	r = put_unknown(fd, 1U << filter, arch);
	if (r == 0)
		r = seccomp_export_bpf(made, fd);
	seccomp_release(made);
	return r;
}
