/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/errnos.h"

#include "oci/base/cleanup.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *calls; /* each between spaces */
	int errnos[ERRNOS_MAX];
} table[] = {
	/* They tell something of the process itself, or set it, and have no such error; or they end
	 * it. brk(2) as the kernel has it returns the break that there is, and never an errno,
	 * which the C library would take for an address. */
	{" exit exit_group getpid getppid gettid getuid geteuid getgid getegid umask setfsuid "
	 "setfsgid "
	 "rt_sigaction rt_sigprocmask rt_sigreturn clock_gettime getrandom lseek kill timer_delete "
	 "arch_prctl "
	 "set_tid_address set_robust_list rseq restart_syscall alarm sched_yield brk ",
		{0}},
	{" openat openat2 open creat ",
		{EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, ENOMEM, EINTR}},
	{" open_tree fsopen fsmount pidfd_open socket pipe2 pipe dup dup2 dup3 eventfd2 "
	 "timerfd_create epoll_create1 fcntl memfd_create accept4 socketpair ",
		{EMFILE, ENFILE, ENOMEM}},
	{" mkdirat mkdir renameat renameat2 rename unlinkat rmdir symlinkat fchmod fchmodat fchown "
	 "fchownat ftruncate utimensat ",
		{EROFS, ENOSPC, EDQUOT, EIO, ENOMEM}},
	{" write writev pwrite64 ", {ENOSPC, EDQUOT, EIO, EINTR, EAGAIN, ENOMEM}},
	{" read readv pread64 ", {EIO, EINTR, EAGAIN, ENOMEM}},
	{" close ", {EIO, EINTR, ENOSPC, EDQUOT}},
	{" flock ", {EINTR, EAGAIN, ENOMEM, EIO}},
	{" move_mount mount mount_setattr umount2 ", {ENOSPC, ENOMEM, EIO, EROFS}},
	{" setns unshare ", {ENOMEM, EIO}},
	{" clone clone3 fork vfork ", {EAGAIN, ENOMEM}},
	{" mmap mremap munmap mprotect madvise ", {ENOMEM}},
	{" poll ppoll select pselect6 epoll_wait ", {EINTR, ENOMEM, EAGAIN}},
	{" wait4 waitid ", {EINTR}},
	{" rt_sigtimedwait ", {EINTR, EAGAIN}},
	{" connect sendmsg sendto recvmsg recvfrom ", {EAGAIN, EINTR, EIO, ENOMEM}},
	{" timer_create timer_settime timerfd_settime ", {EAGAIN, ENOMEM}},
	{" setgroups setresuid setresgid setuid setgid ", {EAGAIN, ENOMEM}},
	{" capset capget prctl seccomp close_range chdir ", {ENOMEM, EIO}},
};

/* Whatever it may be. */
static const int others[ERRNOS_MAX] = {EIO, ENOMEM};

size_t errnos_of(const char *call, int ret[ERRNOS_MAX])
{
	const int *errnos = others;
	char word[80];
	size_t n = 0;

	snprintf(word, sizeof(word), " %s ", call);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strstr(table[i].calls, word))
			errnos = table[i].errnos;
	}
	for (; n < ERRNOS_MAX && errnos[n]; n++)
		ret[n] = errnos[n];
	return n;
}

int errno_stays(int error)
{
	return error != EINTR && error != EAGAIN;
}

const char *errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "?";
}
