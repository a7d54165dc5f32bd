/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_directory PATH
 *
 * Lists a directory again and again, as a media server that scans its library, and writes a line to
 * standard output whenever what it gets changes: the time of CLOCK_MONOTONIC in microseconds and
 *
 *   data       there is an entry
 *   empty      there is none: what a media server must not see
 *   lost       ENOTCONN, or ECONNABORTED or (seldom) EIO of a request that was under way when the
 *              daemon died: an error, which no reader takes for an empty directory
 *   NAME       any other error
 *
 * Ends when standard output does, or by a signal.
 */
#include "oci/base/cleanup.h"
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAUSE_USEC 500

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static bool is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static const char *describe_error(int error)
{
	if (error == ENOTCONN || error == ECONNABORTED || error == EIO)
		return "lost";
	return strerrorname_np(error);
}

static const char *list(const char *path)
{
	__attribute__((cleanup(close_directory))) DIR *directory = opendir(path);
	const struct dirent *entry;

	if (!directory)
		return describe_error(errno);
	do {
		errno = 0;
		entry = readdir(directory);
		if (!entry)
			return errno ? describe_error(errno) : "empty";
	} while (!is_entry(entry));
	return "data";
}

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	const char *last = "";

	if (argc != 2) {
		fprintf(stderr, "usage: watch_directory PATH\n");
		return 2;
	}
	for (;;) {
		const char *state = list(argv[1]);

		if (strcmp(state, last) != 0 &&
			(printf("%" PRIu64 " %s\n", now_usec(), state) < 0 || fflush(stdout) != 0))
			return 1;
		last = state;
		usleep(PAUSE_USEC);
	}
}
