/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/state.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strv.h"
#include "oci/spec/mountinfo.h"
#include "tests/support/cmocka.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define KUBELET "/var/lib/kubelet"

static void add_line(struct strv *lines, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_line(struct strv *lines, const char *format, ...)
{
	cleanup_free char *line = NULL;
	va_list args;

	va_start(args, format);
	assert_true(vasprintf(&line, format, args) >= 0);
	va_end(args);
	assert_int_equal(strv_add(lines, line), 0);
}

static const char *kind_of(const struct mount_entry *mount)
{
	if (mount->shared)
		return mount->master ? "shared slave" : "shared";
	return mount->master ? "slave" : "private";
}

static void add_mounts(struct strv *lines, const char *table_path, const char *top)
{
	cleanup_mount_table struct mount_table table = {0};

	assert_int_equal(mountinfo_read(table_path, &table, NULL), 0);
	for (size_t i = 0; i < table.n; i++) {
		const struct mount_entry *mount = &table.entries[i];

		if (path_below(mount->target, top))
			add_line(lines, "mount %s %s %s", mount->target, mount->fstype,
				kind_of(mount));
	}
}

/* Of that file system alone: what is mounted below it is not looked into, and may be dead. */
static void add_directories(struct strv *lines, int parent, const char *name, const char *path)
{
	cleanup_close int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_directory DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat st;

	if (!directory)
		return;
	(void)move_fd(&fd);
	assert_int_equal(fstat(dirfd(directory), &st), 0);
	add_line(lines, "dir %s %o %u:%u", path, st.st_mode & 07777, st.st_uid, st.st_gid);
	while ((entry = readdir(directory))) {
		cleanup_free char *below = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		below = path_join(path, entry->d_name);
		assert_non_null(below);
		add_directories(lines, dirfd(directory), entry->d_name, below);
	}
}

static void add_records(struct strv *lines, const char *directory)
{
	cleanup_free char *path = path_join(FAKE_POD_RECORDS, directory);
	cleanup_directory DIR *stream = opendir(path);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] != '.')
			add_line(lines, "record %s/%s", directory, entry->d_name);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, each with a line end. */
static char *join(struct strv *lines)
{
	cleanup_free char *text = strdup("");

	if (lines->n > 0)
		qsort(lines->items, lines->n, sizeof(*lines->items), compare);
	for (size_t i = 0; i < lines->n; i++) {
		char *longer = NULL;

		assert_true(asprintf(&longer, "%s%s\n", text, lines->items[i]) >= 0);
		free(text);
		text = longer;
	}
	return move_ptr(text);
}

char *state_of_host(const struct fake_pod *pod)
{
	cleanup_strv struct strv lines = {0};

	add_mounts(&lines, "/proc/self/mountinfo", KUBELET);
	add_directories(&lines, AT_FDCWD, pod->volume, pod->volume);
	add_records(&lines, "pods");
	add_records(&lines, "locks");
	add_records(&lines, "tmp");
	return join(&lines);
}

char *state_of_container(const struct fake_member *member)
{
	cleanup_strv struct strv lines = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)member->process.pid);
	add_mounts(&lines, path, member->root);
	for (size_t i = 0; i < lines.n; i++) {
		char *root = strstr(lines.items[i], member->root);

		/* Another instance's has another number. */
		memmove(root, root + strlen(member->root), strlen(root + strlen(member->root)) + 1);
	}
	return join(&lines);
}

static bool has(const char *text, const char *line, size_t length)
{
	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		if (strncmp(at, line, length) == 0 && at[length] == '\n')
			return true;
	}
	return false;
}

static char *first_missing(const char *text, const char *in, const char *ignored, char mark)
{
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t length = strcspn(line, "\n");
		const char *found = ignored ? strstr(line, ignored) : NULL;
		char *said = NULL;

		if (has(in, line, length) || (found && found < line + length))
			continue;
		assert_true(asprintf(&said, "%c%.*s", mark, (int)length, line) >= 0);
		return said;
	}
	return NULL;
}

char *state_difference(const char *before, const char *after, const char *ignored)
{
	char *line = first_missing(after, before, ignored, '+');

	return line ? line : first_missing(before, after, ignored, '-');
}

bool state_has_line(const char *text, const char *line)
{
	return has(text, line, strlen(line));
}

char *state_common_line_missing(const char *text, const char *a, const char *b)
{
	for (const char *line = a; *line; line = strchr(line, '\n') + 1) {
		size_t length = strcspn(line, "\n");
		char *found = NULL;

		if (!has(b, line, length) || has(text, line, length))
			continue;
		found = strndup(line, length);
		assert_non_null(found);
		return found;
	}
	return NULL;
}
