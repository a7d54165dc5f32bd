/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmount parses, as for mount(8); the rest is what it passes over: a broken line, a table that
 * is none, numbers out of range. Captured tables come from people.
 */
#include "oci/spec/mountinfo.h"

#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/mountlib.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

#define FSTYPE_SIZE 256 /* bytes with the NUL */
#define LINE_EXPECTED "give a file in the format of /proc/PID/mountinfo"

/* A table of libmount's, and the library that it is of. */
struct parsed {
	const struct mountlib *lib;
	struct libmnt_table *table;
	struct libmnt_iter *iter;
	int line; /* that cannot be parsed, 0 without */
};

static void parsed_clear(struct parsed *parsed)
{
	if (parsed->iter)
		parsed->lib->free_iter(parsed->iter);
	if (parsed->table)
		parsed->lib->unref_table(parsed->table);
}

/* libmount skips a line that it cannot parse unless it is told otherwise. */
static int stop_at_line(struct libmnt_table *table, const char *name, int line)
{
	const struct mountlib *lib;
	struct parsed *parsed;
	int r = mountlib_load(&lib, NULL);

	(void)name;
	if (r < 0)
		return r;
	parsed = (struct parsed *)lib->table_get_userdata(table);
	parsed->line = line;
	return -EINVAL;
}

static int refuse_entry(
	const char *name, const struct mount_entry *entry, const char *problem, struct error *err)
{
	return error_set(err, -EINVAL, FINDING_HOST_IO, name, LINE_EXPECTED, "%s: mount id %d: %s",
		name, entry->id, problem);
}

/* The peer group behind "shared:" and its like. */
static bool read_group(const char *text, size_t length, int *ret)
{
	long long group = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		group = group * 10 + (text[i] - '0');
		if (group > INT_MAX)
			return false;
	}
	*ret = (int)group;
	return group > 0;
}

/* One optional field; proc(5): a reader should ignore those that it does not know. */
static bool load_field(const char *field, size_t length, struct mount_entry *entry)
{
	static const char unbindable[] = "unbindable";
	const struct {
		const char *tag;
		int *group;
	} groups[] = {
		{"shared:", &entry->shared},
		{"master:", &entry->master},
		{"propagate_from:", &entry->propagate_from},
	};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		size_t tag = strlen(groups[i].tag);

		if (length >= tag && memcmp(field, groups[i].tag, tag) == 0)
			return read_group(field + tag, length - tag, groups[i].group);
	}
	if (length == strlen(unbindable) && memcmp(field, unbindable, length) == 0)
		entry->unbindable = true;
	return true;
}

static bool load_fields(const char *fields, struct mount_entry *entry)
{
	while (fields && *fields) {
		size_t length = strcspn(fields, " ");

		if (!load_field(fields, length, entry))
			return false;
		fields += length;
		fields += strspn(fields, " ");
	}
	return true;
}

static bool mountinfo_copy_text(const char *text, char **ret)
{
	*ret = strdup(text ? text : "");
	return *ret != NULL;
}

/* The number of "NAME=NUMBER" in comma separated options, -1 without. */
static long option_number(const char *options, const char *name)
{
	size_t size = strlen(name);

	for (const char *option = options; option; option = strchr(option, ',')) {
		option += *option == ',';
		if (strncmp(option, name, size) == 0 && option[size] == '=')
			return strtol(option + size + 1, NULL, 10);
	}
	return -1;
}

bool mount_entry_is_fuse(const struct mount_entry *entry)
{
	return strcmp(entry->fstype, "fuse") == 0 || strncmp(entry->fstype, "fuse.", 5) == 0 ||
	       strcmp(entry->fstype, "fuseblk") == 0;
}

int mount_entry_set_type(struct mount_entry *entry, const char *type, const char *options)
{
	char escaped[FSTYPE_SIZE];
	bool is_fuse;

	/* No path, so that nothing is lost where it is shown and recorded as one line of UTF-8. */
	text_escape(type ? type : "", escaped, sizeof(escaped));
	if (!mountinfo_copy_text(escaped, &entry->fstype))
		return -ENOMEM;
	is_fuse = mount_entry_is_fuse(entry);
	entry->fuse_user = is_fuse ? option_number(options, "user_id") : -1;
	entry->fuse_group = is_fuse ? option_number(options, "group_id") : -1;
	return 0;
}

static bool copy_texts(const struct mountlib *lib, struct libmnt_fs *fs, struct mount_entry *entry)
{
	return mountinfo_copy_text(lib->fs_get_root(fs), &entry->root) &&
	       mountinfo_copy_text(lib->fs_get_target(fs), &entry->target) &&
	       mountinfo_copy_text(lib->fs_get_vfs_options(fs), &entry->vfs_options) &&
	       mount_entry_set_type(entry, lib->fs_get_fstype(fs), lib->fs_get_fs_options(fs)) == 0;
}

static int load_entry(const struct mountlib *lib, struct libmnt_fs *fs, const char *name,
	struct mount_entry *entry, struct error *err)
{
	dev_t device = lib->fs_get_devno(fs);

	entry->id = lib->fs_get_id(fs);
	entry->parent = lib->fs_get_parent_id(fs);
	entry->major = major(device);
	entry->minor = minor(device);
	if (!copy_texts(lib, fs, entry))
		return error_memory(err);
	/* Where the first line has no two numbers libmount takes the file for an fstab. */
	if (!lib->fs_is_kernel(fs))
		return refuse_entry(name, entry, "not in the format of mountinfo", err);
	if (entry->id < 0 || entry->parent < 0)
		return refuse_entry(name, entry, "a negative mount id", err);
	if (entry->target[0] != '/')
		return refuse_entry(name, entry, "the mountpoint is not an absolute path", err);
	if (!load_fields(lib->fs_get_optional_fields(fs), entry))
		return refuse_entry(name, entry, "a peer group that is not a positive number", err);
	return 0;
}

static int load_table(
	struct parsed *from, const char *name, struct mount_table *table, struct error *err)
{
	struct libmnt_fs *fs;

	from->iter = from->lib->new_iter(MNT_ITER_FORWARD);
	if (!from->iter)
		return error_memory(err);
	while (from->lib->table_next_fs(from->table, from->iter, &fs) == 0) {
		int r;

		if (array_grow(&table->entries, table->n, sizeof(*table->entries)) < 0)
			return error_memory(err);
		r = load_entry(from->lib, fs, name, &table->entries[table->n++], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int mountinfo_parse_stream(
	FILE *stream, const char *name, struct parsed *parsed, struct error *err)
{
	const struct mountlib *lib;
	const char *reason;
	int r = mountlib_load(&lib, &reason);

	if (r < 0) {
		error_set(err, r, FINDING_HOST_IO, name, "install libmount",
			"%s: cannot be read without libmount: %s", name, reason);
		return r;
	}
	parsed->lib = lib;
	parsed->table = lib->new_table();
	if (!parsed->table)
		return error_memory(err);
	lib->table_set_userdata(parsed->table, parsed);
	lib->table_set_parser_errcb(parsed->table, stop_at_line);
	r = lib->table_parse_stream(parsed->table, stream, name);
	/* A broken last line without a line end is the end of the file to libmount, and no error.
	 */
	if (parsed->line > 0)
		return error_set(err, -EINVAL, FINDING_HOST_IO, name, LINE_EXPECTED,
			"%s: line %d is not in the format of mountinfo", name, parsed->line);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, name, "check that it can be read",
			"%s: cannot be read: %s", name, strerror(-r));
	return 0;
}

int mountinfo_read_stream(
	FILE *stream, const char *name, struct mount_table *ret, struct error *err)
{
	__attribute__((cleanup(parsed_clear))) struct parsed parsed = {0};
	cleanup_mount_table struct mount_table table = {0};
	int r = mountinfo_parse_stream(stream, name, &parsed, err);

	if (r == 0)
		r = load_table(&parsed, name, &table, err);
	if (r < 0)
		return r;
	*ret = move_struct(table);
	return 0;
}

/* Regular files only, as those in /proc are: a directory has no end for libmount. */
static int open_stream(const char *path, FILE **ret)
{
	cleanup_close int fd = input_open_file(AT_FDCWD, path);

	if (fd < 0)
		return fd;
	*ret = fdopen(fd, "re");
	if (!*ret)
		return -errno;
	move_fd(&fd);
	return 0;
}

int mountinfo_read(const char *path, struct mount_table *ret, struct error *err)
{
	cleanup_file FILE *stream = NULL;
	int r = open_stream(path, &stream);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, path, "give a file that can be read",
			"%s: cannot be opened: %s", path,
			r == -EINVAL ? "not a regular file" : strerror(-r));
	return mountinfo_read_stream(stream, path, ret, err);
}

void mount_entry_clear(struct mount_entry *entry)
{
	if (!entry)
		return;
	free(entry->root);
	free(entry->target);
	free(entry->vfs_options);
	free(entry->fstype);
	*entry = (struct mount_entry){0};
}

void mount_table_clear(struct mount_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n; i++)
		mount_entry_clear(&table->entries[i]);
	free(table->entries);
	*table = (struct mount_table){0};
}
