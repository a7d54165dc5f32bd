/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountmany N DIRECTORY
 *
 * So many mounts more in this mount namespace, as a busy node has them, in DIRECTORY: trees of
 * binds there, each a copy of the first, which is faster than one by one. They go with the
 * namespace.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define TREE 500UL /* mounts of one tree: its top, and what is below that */

static int fail(const char *path)
{
	fprintf(stderr, "mountmany: %s: %s\n", path, strerror(errno));
	return -1;
}

static int bind(const char *from, const char *to, unsigned long flags)
{
	return mount(from, to, NULL, MS_BIND | flags, NULL) < 0 ? fail(to) : 0;
}

/* A directory bound on itself, and so many of its directories. */
static int make_tree(const char *top, unsigned long below)
{
	char path[512];

	if (mkdir(top, 0755) < 0)
		return fail(top);
	if (bind(top, top, 0) < 0)
		return -1;
	for (unsigned long i = 0; i < below; i++) {
		snprintf(path, sizeof(path), "%s/%lu", top, i);
		if (mkdir(path, 0755) < 0)
			return fail(path);
		if (bind(path, path, 0) < 0)
			return -1;
	}
	return 0;
}

static int copy_tree(const char *directory, unsigned long i)
{
	char first[512], copy[512];

	snprintf(first, sizeof(first), "%s/0", directory);
	snprintf(copy, sizeof(copy), "%s/%lu", directory, i);
	if (mkdir(copy, 0755) < 0)
		return fail(copy);
	return bind(first, copy, MS_REC);
}

static int mount_many(unsigned long n, const char *directory)
{
	char path[512];

	if (n >= TREE) {
		snprintf(path, sizeof(path), "%s/0", directory);
		if (make_tree(path, TREE - 1) < 0)
			return -1;
	}
	for (unsigned long i = 1; i < n / TREE; i++)
		if (copy_tree(directory, i) < 0)
			return -1;
	if (n % TREE == 0)
		return 0;
	snprintf(path, sizeof(path), "%s/rest", directory);
	return make_tree(path, n % TREE - 1);
}

int main(int argc, char **argv)
{
	char *end = NULL;
	unsigned long n = argc == 3 ? strtoul(argv[1], &end, 10) : 0;

	if (argc != 3 || !end || *end || strlen(argv[2]) > 256) {
		fputs("usage: mountmany N DIRECTORY\n", stderr);
		return 2;
	}
	return mount_many(n, argv[2]) < 0 ? 1 : 0;
}
