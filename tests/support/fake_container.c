/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_container.h"

#include "tests/support/child.h"
#include "tests/support/ns_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int bind_one(const char *root, const struct fake_bind *bind)
{
	char target[PATH_MAX];
	int r;

	snprintf(target, sizeof(target), "%s%s", root, bind->destination);
	r = ns_sandbox_mkdirs(target);
	if (r < 0)
		return r;
	if (mount(bind->source, target, NULL, MS_BIND | MS_REC, NULL) < 0 ||
		mount(NULL, target, NULL, MS_REC | (bind->propagation & ~(unsigned long)MS_RDONLY),
			NULL) < 0)
		return -errno;
	/* As runtimes do without "rro": of the mount alone, not of those below it. */
	if ((bind->propagation & MS_RDONLY) &&
		mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		return -errno;
	return 0;
}

/* As runc does: the namespace's mounts become slaves of the host's, and the root file system
 * private. */
static int make(
	const char *root, unsigned long propagation, const struct fake_bind *binds, size_t n_binds)
{
	char run[PATH_MAX];
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | propagation, NULL) < 0 ||
		mount("rootfs", root, "tmpfs", 0, "mode=755") < 0 ||
		mount(NULL, root, NULL, MS_PRIVATE, NULL) < 0)
		return -errno;
	snprintf(run, sizeof(run), "%s/run", root);
	r = ns_sandbox_mkdirs(run);
	for (size_t i = 0; r == 0 && i < n_binds; i++)
		r = bind_one(root, &binds[i]);
	return r;
}

int fake_container_start(
	const char *root, const struct fake_bind *binds, size_t n_binds, struct fake_container *ret)
{
	unsigned long propagation = ret->root_propagation ? ret->root_propagation : MS_SLAVE;
	int ready[2], r = -EPIPE;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		r = make(root, propagation, binds, n_binds);
		if (write(ready[1], &r, sizeof(r)) != (ssize_t)sizeof(r))
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &r, sizeof(r)) != (ssize_t)sizeof(r))
		r = -EPIPE;
	close(ready[0]);
	ret->pid = pid;
	ret->root = root;
	if (r < 0)
		fake_container_stop(ret);
	return r;
}

struct visit {
	pid_t pid;
	int (*work)(void *data);
	void *data;
};

static int visit(void *data)
{
	const struct visit *visit = data;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)visit->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		return 125;
	return visit->work(visit->data);
}

int fake_container_run(const struct fake_container *container, int (*work)(void *data), void *data)
{
	struct visit visit_data = {.pid = container->pid, .work = work, .data = data};

	return child_run(visit, &visit_data);
}

void fake_container_stop(struct fake_container *container)
{
	if (container->pid <= 0)
		return;
	kill(container->pid, SIGKILL);
	waitpid(container->pid, NULL, 0);
	container->pid = 0;
}
