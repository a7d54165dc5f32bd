/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls whose mere attempt says that the process is not the hook any more, or that it
 * would not be: each kills it, unless hook/sandbox/filter_list.c allows it, or allows it with these
 * arguments. No library makes one of them by itself, in a process that has not asked it to. What
 * libseccomp does not know by name yet is refused with all else that is on neither list.
 */
#include "hook/sandbox/filter_entry.h"

#include "oci/base/cleanup.h"
#include <sys/ioctl.h>

#define KILL(text)                                                                                 \
	{                                                                                          \
		.name = (text), .filters = FILTER_BITS_ALL                                         \
	}
#define KILL_IF(text, n, bits)                                                                     \
	{                                                                                          \
		.name = (text), .filters = FILTER_BITS_ALL, .condition = FILTER_EQUAL, .arg = (n), \
		.value = (bits)                                                                    \
	}

/* One line for each, with what it would be for. */
/* clang-format off */
static const struct filter_entry entries[] = {
	/* other code than the hook's own */
	KILL("execve"),			/* another program */
	KILL("execveat"),		/* the same */
	KILL("mmap"),			/* memory that is executable */
	KILL("mprotect"),		/* the same, of what was written before */
	KILL("pkey_mprotect"),		/* the same */
	KILL("remap_file_pages"),	/* the same, of a file */
	KILL("shmat"),			/* the same: SHM_EXEC */
	KILL("personality"),		/* READ_IMPLIES_EXEC: all that is readable becomes executable */
	KILL("modify_ldt"),		/* segments of code; x86 */
	KILL("userfaultfd"),		/* holds the kernel at a place of its choice: races are won with it */

	/* other processes */
	KILL("ptrace"),			/* another process's memory and registers */
	KILL("process_vm_readv"),	/* its memory */
	KILL("process_vm_writev"),	/* the same */
	KILL("pidfd_getfd"),		/* its descriptors */
	KILL("kill"),			/* its end, or what it does at a signal */
	KILL("tkill"),			/* the same */
	KILL("tgkill"),			/* the same */
	KILL("rt_sigqueueinfo"),	/* the same, in another's name */
	KILL("rt_tgsigqueueinfo"),	/* the same */
	KILL("pidfd_send_signal"),	/* the same */

	/* who the process is: a failure that nobody looks at would leave root */
	KILL("setuid"),			/* another user */
	KILL("setgid"),			/* another group */
	KILL("setreuid"),		/* the same */
	KILL("setregid"),		/* the same */
	KILL("setresuid"),		/* the same */
	KILL("setresgid"),		/* the same */
	KILL("setfsuid"),		/* whose files are made */
	KILL("setfsgid"),		/* the same */
	KILL("setgroups"),		/* the same */
	KILL("capset"),			/* what it may do */

	/* namespaces */
	KILL("unshare"),		/* a user namespace is the way to most holes of kernels */
	KILL("setns"),			/* every other than a mount namespace */
	KILL("clone"),			/* of a child in new ones */

	/* mounts and roots */
	KILL("mount"),			/* a file system; one moved or changed */
	KILL("umount2"),		/* what is mounted */
	KILL("open_tree"),		/* a mount cloned */
	KILL("move_mount"),		/* attached */
	KILL("mount_setattr"),		/* changed */
	KILL("fsopen"),			/* a file system */
	KILL("fsconfig"),		/* the same */
	KILL("fsmount"),		/* the same */
	KILL("fspick"),			/* one that is mounted, changed */
	KILL("pivot_root"),		/* another root for every process */
	KILL("chroot"),			/* another root: the way out of one that is held open */

	/* programs that run as root, whoever starts them: set-user-ID, set-group-ID */
	KILL("openat"),			/* made with such a mode */
	KILL("chmod"),			/* given one */
	KILL("fchmod"),			/* the same */
	KILL("fchmodat"),		/* the same */
	KILL("fchmodat2"),		/* the same */

	/* files by other ways than a walk */
	KILL("open_by_handle_at"),	/* any file of a file system, whatever the path to it would allow */
	KILL("mknod"),			/* a device is the disk, or the kernel's memory */
	KILL("mknodat"),		/* the same */
	KILL("link"),			/* another's file, kept under a name of the pod's */
	KILL("linkat"),			/* the same */
	KILL("symlink"),		/* a trap for who walks there next */
	KILL("symlinkat"),		/* the same */
	KILL("pwrite64"),		/* at a place of choice: another process's memory */
	KILL("pwritev"),		/* the same */
	KILL("pwritev2"),		/* the same */
	KILL("acct"),			/* a file that the kernel writes to */
	KILL("swapon"),			/* the same */
	KILL("swapoff"),		/* memory is written there */
	KILL("quotactl"),		/* what others may write */
	KILL("quotactl_fd"),		/* the same */

	/* the kernel */
	KILL("init_module"),		/* code in it */
	KILL("finit_module"),		/* the same */
	KILL("delete_module"),		/* less of it */
	KILL("bpf"),			/* programs in it */
	KILL("perf_event_open"),	/* what it does, by sampling; hardware breakpoints */
	KILL("kexec_load"),		/* another one */
	KILL("kexec_file_load"),	/* the same */
	KILL("reboot"),			/* its end */
	KILL("iopl"),			/* ports of the hardware; x86 */
	KILL("ioperm"),			/* the same */
	KILL("io_uring_setup"),		/* calls that no filter sees */
	KILL("io_uring_enter"),		/* the same */
	KILL("io_uring_register"),	/* the same */
	KILL("keyctl"),			/* keys of file systems, and a subsystem with many holes */
	KILL("add_key"),		/* the same */
	KILL("request_key"),		/* the same; the kernel starts a program for it */
	KILL("settimeofday"),		/* the node's clock: certificates, logs */
	KILL("clock_settime"),		/* the same */
	KILL("clock_adjtime"),		/* the same */
	KILL("adjtimex"),		/* the same */
	KILL("sethostname"),		/* the node's name */
	KILL("setdomainname"),		/* the same */

	/* out of the process by other ways */
	KILL("socket"),			/* a network; the kernel's own families; a root service's */
	KILL("connect"),		/* to a service that does what root asks it to */
	KILL("bind"),			/* in the place of one */
	KILL("sendto"),			/* to any address */
	KILL("sendmsg"),		/* the same, which no filter sees; descriptors */
	KILL("sendmmsg"),		/* the same */
	KILL_IF("ioctl", 1, TIOCSTI),	/* types into the terminal of who runs a command */
	KILL_IF("ioctl", 1, TIOCLINUX),	/* the same, by its clipboard */
};
/* clang-format on */

const struct filter_entries filter_dangers = {entries, ARRAY_SIZE(entries)};
