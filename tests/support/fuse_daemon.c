/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fuse_daemon.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>

struct start {
	const char *program, *option, *path;
	int output;
};

static int execute(void *data)
{
	const struct start *start = data;

	if (dup2(start->output, STDOUT_FILENO) < 0)
		return 126;
	if (start->option)
		execl(start->program, start->program, start->option, start->path, NULL);
	else
		execl(start->program, start->program, start->path, NULL);
	return 127;
}

static char *program_path(const char *name)
{
	const char *build = getenv("BUILD_DIR");
	cleanup_free char *tests = path_join(build ? build : "build", "tests");

	return tests ? path_join(tests, name) : NULL;
}

static int begin(const char *name, const char *path, const char *option, struct fuse_daemon *ret)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {.path = strdup(path)};
	cleanup_free char *program = program_path(name);
	cleanup_close int output = -EBADF, input = -EBADF;
	char said[8] = "";
	int pipes[2];

	if (!daemon.path || !program)
		return -ENOMEM;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	output = pipes[0];
	input = pipes[1];
	daemon.pid = child_start(execute,
		&(struct start){
			.program = program, .option = option, .path = path, .output = input});
	if (daemon.pid < 0)
		return -errno;
	/* Ours is closed: a daemon that cannot mount ends, and then there is nothing to read. */
	close(move_fd(&input));
	if (read(output, said, sizeof(said)) < 6 || memcmp(said, "ready\n", 6) != 0)
		return -EIO;
	*ret = move_struct(daemon);
	return 0;
}

int fuse_daemon_start(const char *path, const char *option, struct fuse_daemon *ret)
{
	return begin("fuse_holder", path, option, ret);
}

int fuse_daemon_start_squash(const char *path, const char *option, struct fuse_daemon *ret)
{
	return begin("fuse_squash", path, option, ret);
}

void fuse_daemon_kill(struct fuse_daemon *daemon)
{
	if (daemon->pid <= 0)
		return;
	kill(daemon->pid, SIGKILL);
	child_wait(daemon->pid);
	daemon->pid = 0;
}

void fuse_daemon_clear(struct fuse_daemon *daemon)
{
	fuse_daemon_kill(daemon);
	if (daemon->path)
		umount2(daemon->path, MNT_DETACH);
	free(daemon->path);
	*daemon = (struct fuse_daemon){0};
}

int fuse_daemon_leave_dead(const char *path)
{
	struct fuse_daemon daemon = {0};
	int r = fuse_daemon_start(path, NULL, &daemon);

	fuse_daemon_kill(&daemon);
	free(daemon.path);
	return r;
}
