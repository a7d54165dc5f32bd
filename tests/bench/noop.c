/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does nothing, linked with the libraries that the hook uses: what a process of this size costs
 * before its first own instruction. The hook is measured against it. With an argument it forks as
 * the hook does, a worker with two children after one another: what that shape of processes costs,
 * if none of them does anything.
 */
#include <errno.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* 0 in the child, 1 in the parent once the child has ended, -1. */
static int in_child(void)
{
	pid_t pid = fork();

	if (pid <= 0)
		return pid < 0 ? -1 : 0;
	while (waitpid(pid, NULL, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return 1;
}

static int work(void)
{
	for (int i = 0; i < 2; i++) {
		int r = in_child();

		if (r <= 0)
			_exit(r < 0 ? 1 : 0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int r;

	(void)argv;
	if (argc < 2)
		return 0;
	r = in_child();
	if (r == 0)
		r = work();
	_exit(r < 0 ? 1 : 0);
}
