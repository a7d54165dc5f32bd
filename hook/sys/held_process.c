/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors of the process that a run is about, kept in the process and not passed along:
 * whoever asks by pid gets those of that very process, and no other's.
 */
#include "hook/sys/held_process.h"

#include "oci/base/cleanup.h"
#include <fcntl.h>

/* The process's, as what libraries keep open is. Descriptors, or what they were not opened for. */
static struct {
	pid_t pid; /* 0: none is held */
	int mount_ns, root;
} held;

static int open_of(pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_mount_ns(pid_t pid)
{
	return open_of(pid, "ns/mnt", O_RDONLY);
}

static int held_process_open_root(pid_t pid)
{
	return open_of(pid, "root", O_PATH | O_DIRECTORY);
}

static void held_process_let_go(void)
{
	if (held.pid == 0)
		return;
	cleanup_close_fd(&held.mount_ns);
	cleanup_close_fd(&held.root);
	held.pid = 0;
}

void held_process_hold(pid_t pid)
{
	held_process_let_go();
	held.pid = pid;
	held.mount_ns = open_mount_ns(pid);
	held.root = held_process_open_root(pid);
}

static int held_process_copy(int fd)
{
	int copied = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copied < 0 && fd >= 0 ? -errno : copied;
}

int held_process_mount_ns(pid_t pid)
{
	return held.pid == pid ? held_process_copy(held.mount_ns) : open_mount_ns(pid);
}

int held_process_root(pid_t pid)
{
	return held.pid == pid ? held_process_copy(held.root) : held_process_open_root(pid);
}
