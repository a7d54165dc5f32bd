/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/race/canary.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/spec/mountinfo.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define XATTR "trusted.canary"

static void put_file(const char *directory, const char *name, unsigned int mode)
{
	cleanup_free char *path = path_join(directory, name);

	assert_non_null(path);
	assert_int_equal(ns_sandbox_write(path, "do not touch\n", mode), 0);
	assert_int_equal(chown(path, 1000, 2000), 0);
	/* The change of owner takes set-user-ID away. */
	assert_int_equal(chmod(path, mode), 0);
	assert_int_equal(setxattr(path, XATTR, "alive", 5, 0), 0);
}

static void put_directory(const char *directory, const char *name, uid_t owner)
{
	cleanup_free char *path = path_join(directory, name);

	assert_non_null(path);
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(chown(path, owner, owner), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(setxattr(path, XATTR, "alive", 5, 0), 0);
}

void canary_furnish(const char *path, bool like_the_volume)
{
	put_file(path, "canary", 0644);
	put_directory(path, "others", 1000);
	put_file(path, "others/canary", 04755);
	if (!like_the_volume)
		return;
	put_directory(path, "a", 0);
	put_directory(path, "b", 1000);
	put_directory(path, "b/zurg", 1000);
	put_directory(path, "zurg", 1000);
	put_file(path, "b/canary", 0600);
	put_file(path, "b/zurg/canary", 0644);
}

/* FNV-1a: it has to tell whether bytes changed, not to withstand anybody. */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

static uint64_t hash_content(int directory, const char *name, uint64_t hash)
{
	cleanup_close int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char buffer[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0)
		hash = hash_bytes(hash, buffer, (size_t)n);
	return hash;
}

static uint64_t hash_attributes(const char *path, uint64_t hash)
{
	char names[1024], value[1024];
	ssize_t size = llistxattr(path, names, sizeof(names));

	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t n = lgetxattr(path, names + at, value, sizeof(value));

		hash = hash_bytes(hash, names + at, strlen(names + at));
		hash = n > 0 ? hash_bytes(hash, value, (size_t)n) : hash;
	}
	return hash;
}

static uint64_t hash_entry(int directory, const char *path, const struct stat *st)
{
	uint64_t hash = hash_attributes(path, UINT64_C(14695981039346656037));
	char target[1024];
	ssize_t n;

	if (S_ISREG(st->st_mode))
		return hash_content(directory, strrchr(path, '/') + 1, hash);
	n = S_ISLNK(st->st_mode) ? readlink(path, target, sizeof(target)) : 0;
	return n > 0 ? hash_bytes(hash, target, (size_t)n) : hash;
}

static void print_entry(FILE *to, int directory, const char *path, const struct stat *st)
{
	fprintf(to, "%s ino %ju mode %o owner %u:%u links %ju size %jd mtime %jd.%09ld ", path,
		(uintmax_t)st->st_ino, st->st_mode, st->st_uid, st->st_gid, (uintmax_t)st->st_nlink,
		(intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	fprintf(to, "ctime %jd.%09ld hash %016" PRIx64 "\n", (intmax_t)st->st_ctim.tv_sec,
		st->st_ctim.tv_nsec, hash_entry(directory, path, st));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_real(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int look(FILE *to, const char *path, dev_t device)
{
	struct dirent **entries = NULL;
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int n = fd < 0 ? -1 : scandir(path, &entries, is_real, by_name);
	int r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		cleanup_free char *below = path_join(path, entries[i]->d_name);
		struct stat st;

		/* A dead mount has no answer: no line then, and one if it were detached. */
		if (r == 0 && below &&
			fstatat(fd, entries[i]->d_name, &st,
				AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
			st.st_dev == device) {
			print_entry(to, fd, below, &st);
			if (S_ISDIR(st.st_mode))
				r = look(to, below, device);
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

char *canary_look(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	struct stat st;
	int r;

	if (!to)
		return NULL;
	r = stat(path, &st) < 0 ? -errno : look(to, path, st.st_dev);
	fclose(to);
	if (r == 0)
		return text;
	free(text);
	return NULL;
}

char *canary_mounts(const char *except)
{
	cleanup_mount_table struct mount_table table = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *to;

	if (mountinfo_read("/proc/self/mountinfo", &table, NULL) < 0)
		return NULL;
	to = open_memstream(&text, &size);
	for (size_t i = 0; to && i < table.n; i++) {
		const struct mount_entry *mount = &table.entries[i];

		if (!path_below(mount->target, except))
			fprintf(to, "%d in %d, %u:%u %s on %s, shared %d master %d\n", mount->id,
				mount->parent, mount->major, mount->minor, mount->root,
				mount->target, mount->shared, mount->master);
	}
	if (to)
		fclose(to);
	return text;
}

void canary_compare(const char *what, const char *before, const char *after)
{
	assert_non_null(before);
	assert_non_null(after);
	while (*before || *after) {
		size_t was = strcspn(before, "\n"), is = strcspn(after, "\n");

		if (was != is || memcmp(before, after, was) != 0)
			fail_msg("%s: was \"%.*s\", is \"%.*s\"", what, (int)was, before, (int)is,
				after);
		before += was + (before[was] == '\n');
		after += is + (after[is] == '\n');
	}
}
