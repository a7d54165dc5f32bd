/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t child_start(int (*work)(void *data), void *data)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(work(data));
}

int child_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(int (*work)(void *data), void *data)
{
	pid_t pid = child_start(work, data);

	return pid < 0 ? -errno : child_wait(pid);
}

bool eventually(bool (*is_true)(void *data), void *data)
{
	for (int i = 0; i < 10000; i++) {
		if (is_true(data))
			return true;
		usleep(1000);
	}
	return false;
}
