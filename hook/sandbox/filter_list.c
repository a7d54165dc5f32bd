/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that the hook may make. This list is the source: what the build makes of it is
 * compared with it by a test. `make filter-use` traces hooks on Linux 6.18 with glibc 2.36, and
 * fails with each entry that none has called and that does not say by "unseen:" why it is here all
 * the same: other kernels (since 4.18), C libraries (glibc since 2.28) and architectures, or what
 * hardly ever happens.
 *
 * What is not here is refused, as a kernel without it would (hook/sandbox/refused_call.h); or it is
 * the process's end, where hook/sandbox/filter_dangers.c has it.
 */
#include "hook/sandbox/filter_entry.h"

#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGE FILTER_BIT(FILTER_STAGE)
#define KEEPER FILTER_BIT(FILTER_KEEPER)
#define READER FILTER_BIT(FILTER_READER)
#define LINT FILTER_BIT(FILTER_LINT)
#define PARSER FILTER_BIT(FILTER_PARSER)
#define SUPERVISOR FILTER_BIT(FILTER_SUPERVISOR)
#define ALL FILTER_BITS_ALL

/* Those that change something. */
#define CHANGER (STAGE | KEEPER)
#define WORKER (CHANGER | READER)
#define MAKER (WORKER | SUPERVISOR)
/* Those that read files. */
#define OPENER (WORKER | LINT)
#define READING (OPENER | PARSER)
#define BOTH (OPENER | SUPERVISOR)

/* open(2): these have a mode. O_TMPFILE has O_DIRECTORY beside its own bit. */
#define MAKES (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))
#define SET_IDS (S_ISUID | S_ISGID)

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
		CLONE_NEWCGROUP)

/* asm-generic/ioctls.h: TCGETS2, whose structure of 44 bytes no header has beside termios.h's. */
#define GET_TERMIOS2 _IOC(_IOC_READ, 'T', 0x2A, 44)

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
#define IF_EQUAL(text, n, bits, who) IF(text, FILTER_EQUAL, n, bits, who)
#define IF_UNEQUAL(text, n, bits, who) IF(text, FILTER_UNEQUAL, n, bits, who)
#define IF_NONE(text, n, bits, who) IF(text, FILTER_NO_BITS, n, bits, who)
#define IF_ALL(text, n, bits, who) IF(text, FILTER_ALL_BITS, n, bits, who)
/* mount(2): the flag, and no MS_REMOUNT, which counts before all others. */
#define IF_NEW(text, n, bits, who)                                                                 \
	{                                                                                          \
		.name = (text), .filters = (who), .condition = FILTER_ALL_BITS, .arg = (n),        \
		.value = (bits), .without = MS_REMOUNT                                             \
	}
/* mount(2): these very flags, and no data. */
#define IF_PLAIN(text, n, bits, who)                                                               \
	{                                                                                          \
		.name = (text), .filters = (who), .condition = FILTER_EQUAL, .arg = (n),           \
		.value = (bits), .null = 4                                                         \
	}
#define READ_WRITE (MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define READ_ONLY (READ_WRITE | MS_RDONLY)
/* linux/mount.h, Linux 5.2, which cannot be included beside sys/mount.h */
#define FSCONFIG_CMD_CREATE 6
#define OF_MOUNT (MS_NOSUID | MS_NODEV | MS_NOEXEC) /* MOUNT_ATTR_* are these */

/* One line for each, with its reason. */
/* clang-format off */
static const struct filter_entry entries[] = {
	/* memory; nothing becomes code any more */
	CALL("brk", ALL),				/* malloc */
	IF_NONE("mmap", 2, PROT_EXEC, ALL),		/* malloc; the shared progress */
	IF_NONE("mprotect", 2, PROT_EXEC, BOTH),	/* malloc's arenas; unseen: where brk(2) fails */
	CALL("mremap", READING),				/* realloc of a large config.json */
	CALL("munmap", ALL),				/* free */
	CALL("madvise", ALL),				/* free of much memory; unseen: where brk(2) fails */
	CALL("getrandom", ALL),			/* malloc (glibc 2.36); the seed of json-c */
	CALL("futex", ALL),				/* locks of libc; unseen: contended */

	/* files, by descriptor where they are a pod's */
	IF_NONE("openat", 2, MAKES, BOTH),		/* records, locks, proc; fopen */
	IF_NONE("openat", 3, SET_IDS, MAKER),		/* a record, a lock, a probe's turn, a count of runs */
	NEWER("openat2", 437, WORKER),			/* Linux 5.6: every path in a volume */
	CALL("close", BOTH),				/* what was opened */
	NEWER("close_range", 436, WORKER),		/* a probe holds nothing of the hook's */
	CALL("read", READING),				/* records, config.json, answers of probes */
	CALL("write", ALL),				/* a record; what is said to people and runtimes */
	CALL("writev", BOTH),				/* what libc says before it aborts; unseen: a bug */
	CALL("pread64", BOTH),			/* what the worker has said */
	CALL("pwrite64", KEEPER),			/* counters of reconcile */
	CALL("fgetxattr", CHANGER),			/* a record's label (SELinux) */
	CALL("fsetxattr", CHANGER),			/* the same */
	CALL("lseek", BOTH),				/* stdio */
	CALL("newfstatat", BOTH),			/* glibc since 2.33: fstat too */
	CALL("fstat", BOTH),				/* unseen: glibc before 2.33 */
	CALL("stat", OPENER),				/* unseen: the same, on x86_64 */
	CALL("lstat", OPENER),				/* unseen: the same */
	CALL("statx", WORKER),				/* mount ids; a probe's question */
	CALL("statfs", WORKER),				/* unseen: other versions of libmount */
	CALL("fstatfs", WORKER),			/* the magic of procfs, nsfs and fusectl */
	CALL("access", OPENER),				/* whether there is SELinux; x86_64 */
	CALL("faccessat", WORKER),			/* the same; unseen: elsewhere */
	CALL("readlink", OPENER),			/* canonical paths of descriptors; x86_64 */
	CALL("readlinkat", WORKER),			/* the same elsewhere */
	CALL("getdents64", WORKER),			/* the list of records */
	CALL("getcwd", OPENER),				/* libmount; unseen: check --host-mountinfo, which docs.sh tries */
	IF_EQUAL("fcntl", 1, F_DUPFD_CLOEXEC, BOTH),	/* a descriptor that is kept longer than its owner */
	IF_EQUAL("fcntl", 1, F_SETFD, BOTH),		/* fdopendir */
	IF_EQUAL("fcntl", 1, F_GETFL, BOTH),		/* fdopen */
	IF_EQUAL("fcntl", 1, F_SETLK, WORKER),		/* whose turn it is to ask a FUSE mount */
	IF_EQUAL("fcntl", 1, F_SETLKW, WORKER),		/* the same */
	IF_EQUAL("fcntl", 1, F_GETLK, WORKER),		/* the same */
	CALL("memfd_create", KEEPER),			/* output of reconcile's worker for one pod */
	CALL("dup2", WORKER),				/* x86_64 */
	CALL("dup3", WORKER),				/* unseen: dup2 elsewhere */
	CALL("getrusage", WORKER),			/* a probe: did it have to wait for the answer? */
	CALL("pipe2", WORKER),				/* answers of probes */
	IF_NONE("mkdirat", 2, SET_IDS, CHANGER),	/* mountpoints, records */
	CALL("unlinkat", WORKER),			/* what a failed run made; records of pods that are gone; a probe's turn */
	CALL("renameat", CHANGER),			/* a record into place */
	IF_EQUAL("renameat2", 4, RENAME_EXCHANGE, CHANGER), /* a record that containers see of an older hook */
	IF_NONE("fchmod", 1, SET_IDS, CHANGER),		/* a record's mode */
	CALL("fchownat", STAGE),			/* fuse-sidecar.io/dir-owner; unseen: e2e tests have it */
	CALL("umask", CHANGER),				/* a directory gets exactly the mode asked for */
	CALL("flock", WORKER),				/* one hook of a pod at a time */
	IF_EQUAL("ioctl", 1, SYS_NS_GET_MNTNS_ID, WORKER),	/* whose mounts listmount(2) is to list */
	IF_EQUAL("ioctl", 1, NS_GET_NSTYPE, WORKER),	/* is that a mount namespace? unseen: the kubelet's own */
	IF_EQUAL("ioctl", 1, TCGETS, BOTH),		/* stdio and isatty: a terminal? */
	IF_EQUAL("ioctl", 1, GET_TERMIOS2, BOTH),	/* unseen: the same since glibc 2.42 */
	IF_EQUAL("ioctl", 1, TIOCGWINSZ, OPENER),	/* unseen: a terminal. How wide is it? */

	/* mounts */
	NEWER("open_tree", 428, CHANGER),		/* clone a mount */
	NEWER("move_mount", 429, CHANGER),		/* attach it */
	NEWER("mount_setattr", 442, CHANGER),		/* share it, make it read-only */
	NEWER("statmount", 457, WORKER),		/* one mount of many; Linux 6.8 */
	NEWER("listmount", 458, WORKER),		/* the same */
	CALL("umount2", CHANGER),			/* detach a dead mount; a bind of the hook's */
	CALL("fchdir", WORKER),				/* to /proc/self/fd, whose link umount2(2) is given */
	CALL("chdir", WORKER),				/* and back to "/" */
	/* never a file system of another kind than was prepared (hook/sandbox/fs_context.h), and of none any
	 * option but whether it is read-only */
	IF_EQUAL("fsconfig", 1, FSCONFIG_CMD_CREATE, STAGE), /* what was set up before, as it is */
	IF_EQUAL("fsmount", 2, OF_MOUNT, STAGE),	/* the same */
	IF_PLAIN("mount", 3, READ_WRITE, CHANGER),	/* what containers are shown, while it is written */
	IF_PLAIN("mount", 3, READ_ONLY, CHANGER),	/* and after that */
	IF_ALL("mount", 3, MS_BIND, CHANGER),		/* bind; options of a bind, on kernels before 5.12 */
	IF_NEW("mount", 3, MS_SHARED, CHANGER),		/* share, on kernels before 5.12 */
	IF_NEW("mount", 3, MS_SLAVE, CHANGER),		/* the same; unseen: e2e tests have it */
	IF_NEW("mount", 3, MS_PRIVATE, CHANGER),		/* the same */
	IF_NEW("mount", 3, MS_UNBINDABLE, CHANGER),	/* the same */
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
	CALL("exit_group", ALL),			/* the end */
	CALL("set_robust_list", WORKER),		/* glibc, in a forked child */
	CALL("set_tid_address", WORKER),		/* the same; unseen: other C libraries */
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

	/* another process that parses, in the place of one that has died: hook/sandbox/parser.h */
	IF_EQUAL("socketpair", 0, AF_UNIX, WORKER),	/* to ask it by; connected to nobody else */
	CALL("capget", WORKER),				/* it gives up what is left; unseen: only then */
	CALL("capset", WORKER),				/* the same: nothing can be got by it */
	IF_EQUAL("prctl", 0, PR_SET_NO_NEW_PRIVS, WORKER),	/* the same; unseen: only then */
	IF_EQUAL("seccomp", 0, SECCOMP_SET_MODE_FILTER, WORKER),	/* the same: a filter only forbids */

	/* signals and time */
	IF_UNEQUAL("rt_sigaction", 0, SIGSYS, BOTH),	/* deadlines; abort. SIGSYS is hook/sandbox/refused_call.h's */
	CALL("rt_sigprocmask", BOTH),			/* the same */
	CALL("rt_sigreturn", ALL),			/* the end of a handler */
	CALL("rt_sigtimedwait", BOTH),		/* a supervisor's wait with a limit; reconcile's */
	CALL("restart_syscall", ALL),			/* the kernel itself, after a stop; unseen: strace shows the call */
	CALL("clock_gettime", ALL),			/* unseen: where the vDSO has none */
	CALL("timer_create", BOTH),			/* hook/sys/deadline.h */
	CALL("timer_settime", BOTH),			/* the same */
	CALL("timer_delete", BOTH),			/* the same */
	CALL("timerfd_create", WORKER),			/* the gate */
	CALL("timerfd_settime", WORKER),		/* the same */
	CALL("poll", BOTH),				/* x86_64 */
	CALL("ppoll", BOTH),				/* the same, elsewhere and with a limit */

	/* the journal and the process that parses, by sockets that were connected before */
	IF_NONE("sendto", 4, UINT64_MAX, BOTH),		/* an entry, a question: without an address */

	/* what C libraries ask about the machine */
	CALL("sysinfo", OPENER),			/* unseen: qsort of much, before glibc 2.37 */
	CALL("uname", OPENER),				/* unseen: other versions of libmount */
	CALL("sched_getaffinity", OPENER),		/* malloc: how many arenas; unseen: where brk(2) fails */
};
/* clang-format on */

const struct filter_entries filter_allowed = {entries, ARRAY_SIZE(entries)};
