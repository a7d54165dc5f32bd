/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A C library that makes system calls which the one that the hook was built with does not make: at
 * its start, at each fork, and whenever it is asked for the time or for a terminal. To be preloaded
 * (tests/filter/newer-libc.sh). Like a real one it goes on where a call is refused as by a kernel
 * that lacks it; any other answer ends the process with 99.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NO_SUCH_CALL 999

static int (*real_clock_gettime)(clockid_t clock, struct timespec *now);
static int (*real_isatty)(int fd);
static pid_t (*real_fork)(void);

static void expect(long answer, int error)
{
	static const char said[] = "newer_libc: a call was answered otherwise than by ENOSYS\n";

	if (answer >= 0 || errno == error)
		return;
	if (write(STDERR_FILENO, said, sizeof(said) - 1) > 0)
		_exit(99);
	_exit(99);
}

/* Calls that the kernel does, where nobody refuses them, without any effect. */
static void call(void)
{
	const int saved = errno;

	expect(syscall(NO_SUCH_CALL), ENOSYS);
	expect(syscall(SYS_sched_getscheduler, 0), ENOSYS);
	expect(syscall(SYS_sched_yield), ENOSYS);
	expect(prctl(PR_GET_TIMERSLACK), EINVAL);
	expect(ioctl(STDIN_FILENO, _IOC(_IOC_READ, 'T', 0xee, 44), NULL), ENOTTY);
	errno = saved;
}

__attribute__((constructor)) static void start(void)
{
	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_isatty = dlsym(RTLD_NEXT, "isatty");
	*(void **)&real_fork = dlsym(RTLD_NEXT, "fork");
	call();
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's are reserved. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	call();
	return real_clock_gettime(clock, now);
}

int isatty(int fd)
{
	call();
	return real_isatty(fd);
}

pid_t fork(void)
{
	pid_t pid;

	call();
	pid = real_fork();
	call();
	return pid;
}
