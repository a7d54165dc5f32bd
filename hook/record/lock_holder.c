/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read from /proc/locks, where the kernel has the pid of whoever took the lock: nothing that a
 * holder would have to write down, or to remove.
 */
#include "hook/record/lock_holder.h"

#include "oci/base/cleanup.h"
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define FIELDS 6

/*
 * "3: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF"; device numbers are hexadecimal, and "->"
 * stands before the type of one that waits.
 */
static pid_t holder_in(char *line, const struct stat *file)
{
	char *fields[FIELDS] = {NULL}, *saved = NULL, wanted[64];
	size_t n = 0;

	for (char *word = strtok_r(line, " ", &saved); word && n < FIELDS;
		word = strtok_r(NULL, " ", &saved))
		fields[n++] = word;
	snprintf(wanted, sizeof(wanted), "%02x:%02x:%llu", major(file->st_dev), minor(file->st_dev),
		(unsigned long long)file->st_ino);
	if (n < FIELDS || strcmp(fields[1], "FLOCK") != 0 || strcmp(fields[5], wanted) != 0)
		return 0;
	return (pid_t)strtol(fields[4], NULL, 10);
}

pid_t lock_holder(int fd)
{
	cleanup_file FILE *locks = fopen("/proc/locks", "re");
	cleanup_free char *line = NULL;
	size_t size = 0;
	struct stat file;
	pid_t pid = 0;

	if (!locks || fstat(fd, &file) < 0)
		return 0;
	while (pid == 0 && getline(&line, &size, locks) >= 0)
		pid = holder_in(line, &file);
	return pid > 0 ? pid : 0;
}

char lock_holder_state(pid_t pid)
{
	char path[64], stat[512] = "";
	cleanup_file FILE *file = NULL;
	const char *fields;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file || !fgets(stat, sizeof(stat), file))
		return '?';
	fields = strrchr(stat, ')');
	return fields && fields[1] == ' ' && fields[2] ? fields[2] : '?';
}
