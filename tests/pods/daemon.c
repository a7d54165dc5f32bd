/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/pods/daemon.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

struct start {
	pid_t container;
	const char *path, *option;
	int program, output;
};

static int enter(pid_t container)
{
	cleanup_close int fd = -EBADF;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)container);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || setns(fd, CLONE_NEWNS) < 0 ? -errno : 0;
}

static int execute(void *data)
{
	const struct start *start = data;
	char name[] = "fuse_holder";
	char *words[] = {name, strdup(start->option), strdup(start->path), NULL};

	if (enter(start->container) < 0 || dup2(start->output, STDOUT_FILENO) < 0)
		return 126;
	fexecve(start->program, words, environ);
	return 127;
}

/* It has to be open before another namespace is entered, where the tests' tree may be elsewhere. */
static int open_program(void)
{
	const char *build = getenv("BUILD_DIR");
	cleanup_free char *path = path_join(build ? build : "build", "tests/fuse_holder");

	return path ? open(path, O_RDONLY | O_CLOEXEC) : -ENOMEM;
}

static int read_table(pid_t process, struct mount_table *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)process);
	return mountinfo_read(path, ret, NULL);
}

/* The topmost mount there is the daemon's. */
static int find_device(pid_t container, const char *path, struct inner_daemon *daemon)
{
	cleanup_mount_table struct mount_table table = {0};
	int r = read_table(container, &table);

	for (size_t i = 0; r == 0 && i < table.n; i++) {
		if (strcmp(table.entries[i].target, path) != 0)
			continue;
		daemon->major = table.entries[i].major;
		daemon->minor = table.entries[i].minor;
	}
	return r;
}

static const char *option_of(enum daemon_kind kind)
{
	switch (kind) {
	case DAEMON_LIVE:
	case DAEMON_DIES:
	case DAEMON_FAILS:
		break;
	case DAEMON_ABSENT:
		return "--delay-ms=1000000";
	case DAEMON_HANGS:
		return "--hang";
	case DAEMON_SWALLOWS:
		return "--swallow";
	}
	return "--live";
}

/* Where it comes to mount it says "ready". */
static int await_mount(int output)
{
	char said[8] = "";

	if (read(output, said, sizeof(said)) < 6 || memcmp(said, "ready\n", 6) != 0)
		return -EIO;
	return 0;
}

int inner_daemon_start(
	pid_t container, const char *path, enum daemon_kind kind, struct inner_daemon *ret)
{
	cleanup_close int program = open_program(), output = -EBADF, input = -EBADF;
	struct inner_daemon daemon = {0};
	int pipes[2], r = 0;

	if (kind == DAEMON_FAILS)
		return 0;
	if (program < 0 || pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	output = pipes[0];
	input = pipes[1];
	daemon.pid = child_start(execute, &(struct start){.container = container,
						  .path = path,
						  .option = option_of(kind),
						  .program = program,
						  .output = input});
	if (daemon.pid < 0)
		return -errno;
	close(move_fd(&input));
	if (kind != DAEMON_ABSENT)
		r = await_mount(output);
	if (r == 0 && kind != DAEMON_ABSENT)
		r = find_device(container, path, &daemon);
	if (r < 0 || kind == DAEMON_DIES)
		inner_daemon_kill(&daemon);
	if (r == 0)
		*ret = daemon;
	return r;
}

void inner_daemon_kill(struct inner_daemon *daemon)
{
	if (daemon->pid <= 0)
		return;
	kill(daemon->pid, SIGKILL);
	child_wait(daemon->pid);
	daemon->pid = 0;
}

unsigned int inner_daemon_mounts_on(
	const struct inner_daemon *daemon, pid_t process, const char *path)
{
	cleanup_mount_table struct mount_table table = {0};
	unsigned int n = 0;

	if (read_table(process, &table) < 0)
		return 0;
	for (size_t i = 0; i < table.n; i++)
		n += table.entries[i].major == daemon->major &&
		     table.entries[i].minor == daemon->minor &&
		     strcmp(table.entries[i].target, path) == 0;
	return n;
}
