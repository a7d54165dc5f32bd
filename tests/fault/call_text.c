/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/call_text.h"

#include "oci/base/cleanup.h"

#include <limits.h>
#include <linux/ptrace.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* linux/ptrace.h of Linux 5.3 has these; it cannot be included beside sys/ptrace.h. */
bool call_args_read(pid_t pid, struct call_args *ret)
{
	struct ptrace_syscall_info info;

	if (syscall(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 ||
		info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return false;
	ret->number = (int)info.seccomp.nr;
	for (size_t i = 0; i < ARRAY_SIZE(ret->values); i++)
		ret->values[i] = info.seccomp.args[i];
	return true;
}

const char *call_name(int number)
{
	static char name[64];
	cleanup_free char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

	/* Newer than this libseccomp. */
	if (!known)
		snprintf(name, sizeof(name), "syscall_%d", number);
	else
		snprintf(name, sizeof(name), "%s", known);
	return name;
}

/* Which argument is a path, and which the descriptor that it, or the whole call, goes by; -1: none.
 */
static const struct {
	const char *name;
	int path, fd;
} about[] = {
	{"access", 0, -1},
	{"chdir", 0, -1},
	{"close", -1, 0},
	{"connect", -1, 0},
	{"faccessat", 1, 0},
	{"faccessat2", 1, 0},
	{"fchmod", -1, 0},
	{"fchmodat", 1, 0},
	{"fchown", -1, 0},
	{"fchownat", 1, 0},
	{"fcntl", -1, 0},
	{"flock", -1, 0},
	{"fsconfig", -1, 0},
	{"fsmount", -1, 0},
	{"fstat", -1, 0},
	{"fstatfs", -1, 0},
	{"getdents64", -1, 0},
	{"lseek", -1, 0},
	{"lstat", 0, -1},
	{"mkdirat", 1, 0},
	{"mount_setattr", -1, 0},
	{"move_mount", -1, 2},
	{"newfstatat", 1, 0},
	{"open", 0, -1},
	{"open_tree", -1, 0},
	{"openat", 1, 0},
	{"openat2", 1, 0},
	{"pread64", -1, 0},
	{"read", -1, 0},
	{"readlink", 0, -1},
	{"readlinkat", 1, 0},
	{"recvfrom", -1, 0},
	{"recvmsg", -1, 0},
	{"renameat", 3, 2},
	{"renameat2", 3, 2},
	{"sendmsg", -1, 0},
	{"sendto", -1, 0},
	{"setns", -1, 0},
	{"setsockopt", -1, 0},
	{"stat", 0, -1},
	{"statfs", 0, -1},
	{"statx", 1, 0},
	{"umount2", 0, -1},
	{"unlinkat", 1, 0},
	{"write", -1, 0},
	{"writev", -1, 0},
};

/* What the other process has there, up to its NUL; "" where it cannot be read. */
static void read_text(pid_t pid, uint64_t address, char *ret, size_t size)
{
	struct iovec here = {.iov_base = ret, .iov_len = size - 1};
	struct iovec there = {.iov_len = size - 1};
	uint64_t page = 4096 - address % 4096;
	ssize_t n;

	/* A number that is an address in another process. */
	memcpy(&there.iov_base, &address, sizeof(there.iov_base));
	if (page < there.iov_len)
		there.iov_len = page;
	n = address ? process_vm_readv(pid, &here, 1, &there, 1, 0) : 0;
	ret[n > 0 ? n : 0] = '\0';
}

/* Whom a socket is connected to, where that has a path. */
static void read_peer(pid_t pid, int fd, char *ret, size_t size)
{
	cleanup_close int process = (int)syscall(SYS_pidfd_open, pid, 0);
	cleanup_close int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	struct sockaddr_un peer = {.sun_family = AF_UNSPEC};
	socklen_t length = sizeof(peer);

	if (copy >= 0 && getpeername(copy, (struct sockaddr *)&peer, &length) == 0 &&
		peer.sun_family == AF_UNIX && length > sizeof(peer.sun_family) && peer.sun_path[0])
		snprintf(ret, size, "%.*s", (int)sizeof(peer.sun_path), peer.sun_path);
}

static void read_descriptor(pid_t pid, int fd, char *ret, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	n = fd < 0 ? -1 : readlink(link, ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	if (strncmp(ret, "socket:", 7) == 0)
		read_peer(pid, fd, ret, size);
}

void call_text(pid_t pid, const struct call_args *args, char *ret, size_t size)
{
	const char *name = call_name(args->number);
	char path[160] = "", directory[160] = "";

	for (size_t i = 0; i < ARRAY_SIZE(about); i++) {
		if (strcmp(about[i].name, name) != 0)
			continue;
		if (about[i].path >= 0)
			read_text(pid, args->values[about[i].path], path, sizeof(path));
		if (about[i].fd >= 0 && path[0] != '/')
			read_descriptor(
				pid, (int)args->values[about[i].fd], directory, sizeof(directory));
	}
	snprintf(
		ret, size, "%s(%s%s%s)", name, directory, directory[0] && path[0] ? "/" : "", path);
}
