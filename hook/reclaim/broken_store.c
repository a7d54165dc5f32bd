/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pruned when something is moved in: newest first by the time in their names, until number or size
 * is used up.
 */
#include "hook/reclaim/broken_store.h"

#include "hook/record/runtime_dir.h"
#include "hook/sys/clear_directory.h"
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define BLOCK 512 /* stat(2)'s unit */

/* NULL with errno. */
static DIR *open_listed(int fd)
{
	int copy = openat(fd, ".", OPEN_DIRECTORY), broken_store_error;
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);

	if (directory || copy < 0)
		return directory;
	broken_store_error = errno;
	close(copy);
	errno = broken_store_error;
	return NULL;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int broken_store_list(int fd, struct strv *ret)
{
	cleanup_directory DIR *directory = open_listed(fd);
	const struct dirent *entry;
	int r = 0;

	if (!directory)
		return -errno;
	/* readdir(3) tells an error from the end by errno alone. */
	for (errno = 0; r == 0 && (entry = readdir(directory)); errno = 0) {
		if (!is_dot(entry->d_name))
			r = strv_add(ret, entry->d_name);
	}
	return r < 0 ? r : -errno;
}

/* What the record and its directory take; -1UL where that cannot be told, which is too much. */
static size_t size_of(int fd, const char *name)
{
	cleanup_close int record = openat(fd, name, OPEN_DIRECTORY);
	cleanup_strv struct strv files = {0};
	struct stat st;
	size_t size = 0;

	if (record < 0 || broken_store_list(record, &files) < 0)
		return SIZE_MAX;
	for (size_t i = 0; i < files.n; i++) {
		if (fstatat(record, files.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return SIZE_MAX;
		size += (size_t)st.st_blocks * BLOCK;
	}
	return size;
}

/* "UID-SECONDS" */
static unsigned long long moved_at(const char *name)
{
	const char *dash = strrchr(name, '-');

	return dash ? strtoull(dash + 1, NULL, 10) : 0;
}

static int compare_newest(const void *a, const void *b)
{
	const char *one = *(char *const *)a, *other = *(char *const *)b;
	unsigned long long first = moved_at(one), second = moved_at(other);

	return first != second ? (first < second ? 1 : -1) : strcmp(one, other);
}

static void broken_store_remove(int fd, const char *name)
{
	cleanup_close int record = openat(fd, name, OPEN_DIRECTORY);

	if (record >= 0)
		clear_directory(record);
	unlinkat(fd, name, record >= 0 ? AT_REMOVEDIR : 0);
}

static int broken_store_error(struct error *err, int r)
{
	return error_set(err, r, FINDING_HOST_IO, RUNTIME_DIR "/" BROKEN_DIRECTORY, NULL,
		"cannot list " RUNTIME_DIR "/" BROKEN_DIRECTORY ": %s", strerror(-r));
}

int broken_store_prune(int runtime_fd, struct error *err)
{
	cleanup_close int fd = openat(runtime_fd, BROKEN_DIRECTORY, OPEN_DIRECTORY);
	cleanup_strv struct strv names = {0};
	size_t left = BROKEN_MAX_SIZE;
	int r = fd < 0 ? -errno : broken_store_list(fd, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : broken_store_error(err, r);
	if (names.n > 0)
		qsort(names.items, names.n, sizeof(*names.items), compare_newest);
	for (size_t i = 0; i < names.n; i++) {
		size_t size = size_of(fd, names.items[i]);

		/* Those behind one that has no room are older still. */
		if (i < BROKEN_MAX_RECORDS && size <= left) {
			left -= size;
			continue;
		}
		left = 0;
		broken_store_remove(fd, names.items[i]);
	}
	return 0;
}
