/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether something is left over is decided with its lock held: a temporary file or a lock may be
 * one that a hook has made this very moment.
 */
#include "hook/reclaim/runtime_gc.h"

#include "hook/reclaim/broken_store.h"
#include "hook/record/lock.h"
#include "hook/record/record.h"
#include "hook/record/record_copy.h"
#include "hook/record/record_place.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static DIR *open_directory(int runtime_fd, const char *name)
{
	cleanup_close int fd =
		openat(runtime_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (directory)
		move_fd(&fd);
	return directory;
}

static int read_error(struct error *err, const char *path)
{
	return error_set(err, -errno, FINDING_HOST_IO, path, NULL, "cannot read %s: %s", path,
		strerror(errno));
}

/* With the pod's lock, so that no hook is at it. One that is held is no leftover. */
static void remove_temporary(int runtime_fd, const char *uid)
{
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_error struct error busy = {0};
	char path[NAME_MAX + 8];

	if (lock_take(runtime_fd, uid, 0, &lock, &busy) < 0)
		return;
	snprintf(path, sizeof(path), "tmp/%s", uid);
	unlinkat(runtime_fd, path, 0);
	record_place_clean(runtime_fd, uid);
	if (!record_is_there(runtime_fd, uid))
		lock_remove_file(&lock);
}

static void remove_lock(int runtime_fd, const char *name)
{
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_error struct error busy = {0};

	/* One that is held, or that a hook has just taken for a new record, is no leftover. */
	if (lock_take(runtime_fd, name, 0, &lock, &busy) < 0)
		return;
	if (!record_is_there(runtime_fd, name))
		lock_remove_file(&lock);
}

/* A copy without a record: its pod's end was cut short, or the record was moved aside. */
static int remove_record_copy(int runtime_fd, const char *uid, struct error *err)
{
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_error struct error busy = {0};
	int r;

	if (lock_take(runtime_fd, uid, 0, &lock, &busy) < 0)
		return 0;
	if (record_is_there(runtime_fd, uid))
		return 0;
	r = record_copy_remove(runtime_fd, uid, err);
	lock_remove_file(&lock);
	return r;
}

static bool is_leftover_lock(int runtime_fd, const char *name)
{
	return (ident_is_pod_uid(name) || strncmp(name, "volume-", 7) == 0 ||
		       strcmp(name, "shown") == 0) &&
	       !record_is_there(runtime_fd, name);
}

static int remove_temporaries(int runtime_fd, bool dry_run, struct error *err)
{
	cleanup_directory DIR *directory = open_directory(runtime_fd, "tmp");
	struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0 : read_error(err, RUNTIME_DIR "/tmp");
	while ((entry = readdir(directory))) {
		char uid[NAME_MAX + 1];

		/* "UID", or "UID.d" of a directory. */
		snprintf(uid, sizeof(uid), "%.*s", (int)strcspn(entry->d_name, "."), entry->d_name);
		if (!dry_run && ident_is_pod_uid(uid))
			remove_temporary(runtime_fd, uid);
	}
	return 0;
}

static int remove_locks(int runtime_fd, bool dry_run, struct error *err)
{
	cleanup_directory DIR *directory = open_directory(runtime_fd, "locks");
	struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0 : read_error(err, RUNTIME_DIR "/locks");
	while ((entry = readdir(directory))) {
		if (!dry_run && is_leftover_lock(runtime_fd, entry->d_name))
			remove_lock(runtime_fd, entry->d_name);
	}
	return 0;
}

static int remove_copies(int runtime_fd, bool dry_run, struct error *err)
{
	cleanup_directory DIR *directory = open_directory(runtime_fd, "shown");
	struct dirent *entry;
	int r = 0;

	if (!directory)
		return errno == ENOENT ? 0 : read_error(err, RUNTIME_DIR "/shown");
	while ((entry = readdir(directory))) {
		cleanup_error struct error later = {0};
		int removed;

		if (dry_run || !ident_is_pod_uid(entry->d_name) ||
			record_is_there(runtime_fd, entry->d_name))
			continue;
		removed = remove_record_copy(runtime_fd, entry->d_name, r == 0 ? err : &later);
		r = r < 0 ? r : removed;
	}
	return r;
}

int runtime_gc(int runtime_fd, bool dry_run, struct error *err)
{
	int r = remove_temporaries(runtime_fd, dry_run, err);

	if (r == 0)
		r = remove_copies(runtime_fd, dry_run, err);
	if (r == 0)
		r = remove_locks(runtime_fd, dry_run, err);
	return r < 0 || dry_run ? r : broken_store_prune(runtime_fd, err);
}
