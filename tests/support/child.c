/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/child.h"

#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

pid_t child_start(int (*work)(void *data), void *data)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(work(data));
}

int child_leaves_no_core(void)
{
	const struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
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

pid_t child_of(pid_t parent)
{
	cleanup_directory DIR *processes = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (processes && !found && (entry = readdir(processes))) {
		char path[300], stat[512] = "";
		cleanup_close int fd = -EBADF;
		const char *fields;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0)
			continue;
		/* proc(5): PID (COMMAND) STATE PPID; the command may hold anything. */
		fields = strrchr(stat, ')');
		if (fields && strlen(fields) > 4 && strtol(fields + 4, NULL, 10) == parent)
			found = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	return found;
}

/* Where the link `name` of that process leads; "" where it cannot be read: a zombie's cannot. */
static void read_link(const char *pid, const char *name, char *text, size_t size)
{
	char path[300];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	n = readlink(path, text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
}

unsigned int child_count(const char *program)
{
	cleanup_directory DIR *processes = opendir("/proc");
	char own[512], own_ns[64];
	const struct dirent *entry;
	unsigned int n = 0;

	read_link("self", "exe", own, sizeof(own));
	read_link("self", "ns/mnt", own_ns, sizeof(own_ns));
	while (processes && (entry = readdir(processes))) {
		char exe[512], ns[64];

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
			strtol(entry->d_name, NULL, 10) == getpid())
			continue;
		read_link(entry->d_name, "exe", exe, sizeof(exe));
		read_link(entry->d_name, "ns/mnt", ns, sizeof(ns));
		n += strcmp(exe, program ? program : own) == 0 && strcmp(ns, own_ns) == 0;
	}
	return n;
}

int child_run(int (*work)(void *data), void *data)
{
	pid_t pid = child_start(work, data);

	return pid < 0 ? -errno : child_wait(pid);
}

/* All that can be read from `fd`, until everybody has closed its other end. */
static char *read_all(int fd)
{
	cleanup_file FILE *stream = fdopen(fd, "r");
	cleanup_free char *text = NULL;
	size_t size = 0;

	if (!stream)
		return NULL;
	if (getdelim(&text, &size, '\0', stream) < 0)
		return strdup("");
	return move_ptr(text);
}

int child_capture(int (*work)(void *data), void *data, char **ret_output)
{
	int ends[2];
	pid_t pid;

	/* What is buffered would be written twice. */
	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int status;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
			_exit(126);
		status = work(data);
		fflush(NULL);
		_exit(status);
	}
	close(ends[1]);
	*ret_output = read_all(ends[0]);
	return child_wait(pid);
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
