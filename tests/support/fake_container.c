/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_container.h"

#include "oci/base/cleanup.h"
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 5.2: open_tree, move_mount */
#define OPEN_TREE 428
#define MOVE_MOUNT 429
#define EMPTY_PATHS 0x44
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

/* The volume, or with `tree` the clone of it alone, which was made outside. */
static int mount_bind(const struct fake_bind *bind, int tree, const char *target)
{
	cleanup_close int place = -EBADF;

	if (tree < 0)
		return mount(bind->source, target, NULL, MS_BIND | MS_REC, NULL) < 0 ? -errno : 0;
	place = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return place < 0 || syscall(MOVE_MOUNT, tree, "", place, "", EMPTY_PATHS) < 0 ? -errno : 0;
}

static int bind_one(const char *root, const struct fake_bind *bind, int tree)
{
	char target[PATH_MAX];
	int r;

	snprintf(target, sizeof(target), "%s%s", root, bind->destination);
	r = ns_sandbox_mkdirs(target);
	if (r < 0)
		return r;
	r = mount_bind(bind, tree, target);
	if (r < 0)
		return r;
	if (mount(NULL, target, NULL, MS_REC | (bind->propagation & ~(unsigned long)MS_RDONLY),
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
static int make(const char *root, unsigned long propagation, const struct fake_bind *binds,
	size_t n_binds, const int *trees)
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
		r = bind_one(root, &binds[i], trees ? trees[i] : -EBADF);
	return r;
}

static int map_root(const char *name)
{
	cleanup_close int fd = -EBADF;
	char path[64], text[64];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)getppid(), name);
	n = snprintf(text, sizeof(text), "0 %d 65536", FAKE_CONTAINER_ROOT_ID);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, (size_t)n) == n ? 0 : -errno;
}

/* Run by a child that has stayed outside. */
static int map_ids(void *unused)
{
	(void)unused;
	return map_root("uid_map") < 0 || map_root("gid_map") < 0;
}

/* Once the parent has gone into its new namespace. */
static int map_ids_later(void *fd)
{
	char byte;

	return read(*(int *)fd, &byte, 1) == 1 ? map_ids(NULL) : 1;
}

/* As its root. */
static int enter_user_namespace(void)
{
	int ends[2];
	pid_t mapper;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	mapper = child_start(map_ids_later, &ends[0]);
	if (mapper < 0 || unshare(CLONE_NEWUSER) < 0 || write(ends[1], "", 1) != 1 ||
		child_wait(mapper) != 0)
		return -EPERM;
	close(ends[0]);
	close(ends[1]);
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	/* The change of user has taken it away. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

/* As crun does: it opens the volumes outside, and not what is mounted below them. */
static int make_in_user_namespace(
	const char *root, unsigned long propagation, const struct fake_bind *binds, size_t n_binds)
{
	int trees[8];
	int r;

	if (n_binds > sizeof(trees) / sizeof(*trees))
		return -E2BIG;
	for (size_t i = 0; i < n_binds; i++) {
		trees[i] = (int)syscall(
			OPEN_TREE, AT_FDCWD, binds[i].source, OPEN_TREE_CLONE | O_CLOEXEC);
		if (trees[i] < 0)
			return -errno;
	}
	r = enter_user_namespace();
	return r < 0 ? r : make(root, propagation, binds, n_binds, trees);
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
		r = ret->user_namespace ? make_in_user_namespace(root, propagation, binds, n_binds)
					: make(root, propagation, binds, n_binds, NULL);
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
