/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is followed through the kernel's cache as far as that leads, and by listing from there;
 * what this does not settle is left to the whole table, which always does.
 */
#include "hook/mount/mnttab_query.h"

#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/statmount.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include <fcntl.h>
#include <string.h>

#define RESOLVE (SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS)

/* More than this, and the whole table is cheaper. */
#define ENTRIES_MAX 4096
#define LISTED_MAX 256

void mnttab_query_open(pid_t pid, enum mnttab_query_how how, struct mnttab_query *ret)
{
	struct mnttab_query now = {.pid = pid, .root = MNT_NS_NONE};

	if (how == MNTTAB_QUERY_ANY)
		(void)mnt_ns_open(pid, &now.root);
	*ret = now;
}

void mnttab_query_close(struct mnttab_query *now)
{
	if (!now)
		return;
	mnt_ns_close(&now->root);
	free(now->ids);
	*now = MNTTAB_QUERY_NONE;
}

static bool is_known(const struct mnttab_query *now, const struct mount_table *table, uint64_t id)
{
	for (size_t i = 0; i < table->n; i++) {
		if (now->ids[i] == id)
			return true;
	}
	return false;
}

/* Take the entry over. */
static int mnttab_append(
	struct mnttab_query *now, struct statmount_told *mount, struct mount_table *table)
{
	if (table->n == ENTRIES_MAX)
		return -EOPNOTSUPP;
	if (array_grow(&table->entries, table->n, sizeof(*table->entries)) < 0 ||
		array_grow(&now->ids, table->n, sizeof(*now->ids)) < 0)
		return -ENOMEM;
	now->ids[table->n] = mount->id;
	table->entries[table->n++] = mount->entry;
	mount->entry = (struct mount_entry){0};
	return 0;
}

/* The mount and those that carry it, up to the root. */
static int add_chain(struct mnttab_query *now, uint64_t id, struct mount_table *table)
{
	while (!is_known(now, table, id)) {
		cleanup_statmount struct statmount_told mount = {0};
		int r = statmount_read(id, now->root.ns, &mount);

		if (r == 0)
			r = mnttab_append(now, &mount, table);
		if (r < 0)
			return r;
		if (id == now->root.id)
			return 0;
		/* The topmost of all: it was moved away from below the root meanwhile. */
		if (mount.parent == id)
			return -EAGAIN;
		id = mount.parent;
	}
	return 0;
}

static int open_cached(int at, const char *path)
{
	return sys_openat2(at, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE | SYS_RESOLVE_CACHED);
}

/*
 * The mount at the end of `head` or, where that is a FUSE mount without allow_other, of which the
 * kernel tells nothing, the one that carries it. `head` is cut to where it is found, "" is the
 * root.
 */
static int find_above(const struct mnttab_query *now, char *head, uint64_t *ret_id)
{
	for (;;) {
		cleanup_close int fd = *head ? open_cached(now->root.fd, head) : -EBADF;
		char *slash = strrchr(head, '/');
		int r = *head ? fd : 0;

		if (r >= 0 && *head)
			r = statmount_id_of(fd, ret_id);
		else if (r == 0)
			*ret_id = now->root.id;
		if (r >= 0)
			return 0;
		*(slash ? slash : head) = '\0';
	}
}

/* Those below the mount at the end of `head` whose mountpoint is `path` or above it. */
static int add_listed(
	struct mnttab_query *now, char *head, const char *path, struct mount_table *table)
{
	uint64_t ids[LISTED_MAX], id = 0;
	int n, r = find_above(now, head, &id);

	if (r == 0)
		r = add_chain(now, id, table);
	if (r < 0)
		return r;
	n = statmount_list(id, now->root.ns, ids, LISTED_MAX);
	if (n < 0)
		return n == -E2BIG ? -EOPNOTSUPP : n;
	for (int i = 0; i < n; i++) {
		cleanup_statmount struct statmount_told mount = {0};

		r = statmount_read(ids[i], now->root.ns, &mount);
		if (r == 0 && path_below(path, mount.entry.target))
			r = add_chain(now, ids[i], table);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where the walk to a path stands. */
struct walk {
	int at;		  /* -EBADF: at the root */
	const char *rest; /* below `at` */
};

static void walk_clear(struct walk *walk)
{
	cleanup_close_fd(&walk->at);
}

#define cleanup_walk __attribute__((cleanup(walk_clear)))

/* As far as the cache of names leads: the whole path, or without so many of its last components. */
static int skip_cached(const struct mnttab_query *now, const char *path, struct walk *walk)
{
	cleanup_free char *head = strdup(path + 1);
	size_t length;

	if (!head)
		return -ENOMEM;
	for (length = strlen(head); length > 0; head[length] = '\0') {
		int fd = open_cached(now->root.fd, head);

		if (fd >= 0) {
			walk->at = fd;
			break;
		}
		while (length > 0 && head[length - 1] != '/')
			length--;
		length -= length > 0;
	}
	walk->rest = path + 1 + length;
	walk->rest += *walk->rest == '/';
	return 0;
}

/* A lookup that waits for nobody, or none: -EREMOTE. */
static int open_local(const struct mnttab_query *now, int at, const char *name)
{
	cleanup_statmount struct statmount_told mount = {0};
	uint64_t id = 0;
	int fd, r = statmount_id_of(at, &id);

	if (r == 0)
		r = statmount_read(id, now->root.ns, &mount);
	if (r < 0 || !mount.is_local)
		return r < 0 ? r : -EREMOTE;
	fd = sys_openat2(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE | SYS_RESOLVE_NO_XDEV);
	/* Something is mounted there, and what that is the cache was not to tell. */
	return fd == -EXDEV ? -EREMOTE : fd;
}

/* One component further. 1: it is, 0: there is nothing more, or a negative errno. */
static int mnttab_step(const struct mnttab_query *now, struct walk *walk)
{
	int at = walk->at < 0 ? now->root.fd : walk->at, fd;
	size_t length = strcspn(walk->rest, "/");
	char name[NAME_MAX + 1];

	if (length == 0 || length > NAME_MAX)
		return 0;
	memcpy(name, walk->rest, length);
	name[length] = '\0';
	fd = open_cached(at, name);
	if (fd == -EAGAIN)
		fd = open_local(now, at, name);
	/* No mountpoint is below what is not there, no directory, or a symbolic link. */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return fd;
	cleanup_close_fd(&walk->at);
	walk->at = fd;
	walk->rest += length;
	walk->rest += *walk->rest == '/';
	return 1;
}

/* A reason to list what is below instead: the path cannot be looked up without asking, or what is
 * there does not tell. */
static bool is_unasked(int r)
{
	return r == -EREMOTE || r == -EAGAIN || r == -EACCES;
}

static int add_path(struct mnttab_query *now, const char *path, struct mount_table *table)
{
	cleanup_walk struct walk walk = {.at = -EBADF};
	cleanup_free char *head = NULL;
	uint64_t id = now->root.id;
	int r = skip_cached(now, path, &walk);

	if (r < 0)
		return r;
	do
		r = mnttab_step(now, &walk);
	while (r > 0);
	if (r == 0 && walk.at >= 0)
		r = statmount_id_of(walk.at, &id);
	if (r == 0)
		return add_chain(now, id, table);
	if (!is_unasked(r))
		return r;
	head = strndup(path + 1, (size_t)(walk.rest - path) - 1);
	if (!head)
		return -ENOMEM;
	if (*head && head[strlen(head) - 1] == '/')
		head[strlen(head) - 1] = '\0';
	return add_listed(now, head, path, table);
}

static int mnttab_add_paths(
	struct mnttab_query *now, const struct strv *paths, struct mount_table *table)
{
	for (size_t i = 0; i < paths->n; i++) {
		int r = add_path(now, paths->items[i], table);

		if (r < 0)
			return r;
	}
	return 0;
}

static int mnttab_read_whole(
	const struct mnttab_query *now, struct mount_table *table, struct error *err)
{
	struct mount_table whole = {0};
	int r = mnttab_read(now->pid, &whole, err);

	if (r < 0)
		return r;
	mount_table_clear(table);
	*table = whole;
	return 0;
}

int mnttab_query_add_all(struct mnttab_query *now, struct mount_table *table, struct error *err)
{
	return table->n > 0 && !table->partial ? 0 : mnttab_read_whole(now, table, err);
}

int mnttab_query_add(struct mnttab_query *now, const struct strv *paths, struct mount_table *table,
	struct error *err)
{
	if (now->root.fd < 0 || (table->n > 0 && !table->partial))
		return mnttab_query_add_all(now, table, err);
	table->partial = true;
	/* Mounts that come and go meanwhile, and what this kernel does not answer: the whole table
	 * has it.
	 */
	return mnttab_add_paths(now, paths, table) < 0 ? mnttab_read_whole(now, table, err) : 0;
}

int mnttab_query_read(const char *path, struct mount_table *ret, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_strv struct strv paths = {0};

	if (strv_add(&paths, path) < 0)
		return error_memory(err);
	mnttab_query_open(0, MNTTAB_QUERY_ANY, &now);
	return mnttab_query_add(&now, &paths, ret, err);
}

/* A copy of its own, out of the whole table. */
static int take_entry(struct mount_table *table, int id, struct mount_entry *ret)
{
	const struct mount_entry *entry = mounts_by_id(table, id);
	struct mount_entry copy;

	if (!entry)
		return -ENOENT;
	copy = *entry;
	copy.root = strdup(entry->root);
	copy.target = strdup(entry->target);
	copy.vfs_options = strdup(entry->vfs_options);
	copy.fstype = strdup(entry->fstype);
	if (!copy.root || !copy.target || !copy.vfs_options || !copy.fstype) {
		mount_entry_clear(&copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

static int find_in_whole(
	int fd, struct mount_table *table, struct mount_entry *ret, struct error *err)
{
	const struct mnttab_query now = MNTTAB_QUERY_NONE;
	int id = 0, r = mount_id_of(fd, &id, NULL);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot query the mount of a directory: %s", strerror(-r));
	if (table->n == 0)
		r = mnttab_read_whole(&now, table, err);
	return r < 0 ? r : take_entry(table, id, ret);
}

int mnttab_query_of(int fd, struct mount_table *table, struct mount_entry *ret, struct error *err)
{
	cleanup_statmount struct statmount_told mount = {0};
	cleanup_mount_table struct mount_table unkept = {0};
	uint64_t id = 0;
	int r = statmount_id_of(fd, &id);

	if (r == 0)
		r = statmount_read(id, 0, &mount);
	if (r < 0)
		return find_in_whole(fd, table ? table : &unkept, ret, err);
	*ret = mount.entry;
	mount.entry = (struct mount_entry){0};
	return 0;
}
