/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made and checked at one place, from the top and by descriptor: a directory that somebody else
 * could write to would make every record below it a pod's word.
 */
#include "hook/record/runtime_dir.h"

#include "hook/record/selinux_context.h"
#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_DIRECTORY (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const struct {
	const char *name;
	mode_t mode;
} subdirectories[] = {
	{"pods", 0700},
	{"shown", 0755}, /* what containers see of them: hook/record/record_copy.h */
	{"locks", 0700},
	{"tmp", 0700},
};

/* What a user could write to, that user could fill with records: nothing there would be true. */
static int check_owner(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, FINDING_HOST_IO, path, NULL, "stat of %s: %s", path,
			strerror(errno));
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return error_set(err, -EPERM, FINDING_HOST_IO, path,
			"remove the directory: the next hook makes it again",
			"%s belongs to uid %u with mode %04o, expected root and no write access "
			"for others",
			path, st.st_uid, st.st_mode & 07777);
	return 0;
}

const char *runtime_dir_fix(int r)
{
	switch (-r) {
	case EDQUOT:
	case ENOSPC:
		return "free memory and inodes of the tmpfs on /run";
	case EROFS:
		return "mount /run read-write";
	default:
		return NULL;
	}
}

static int make_error(struct error *err, int r, const char *path)
{
	const char *fix = runtime_dir_fix(r);

	return error_set(err, r, FINDING_HOST_IO, path,
		fix ? fix : "let root write to the directory above it", "cannot make %s: %s", path,
		strerror(-r));
}

/* One of an older hook, which let others in. */
static int runtime_dir_narrow(int fd, const char *path, mode_t mode, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) == 0 &&
		(!(st.st_mode & 0777 & ~mode) || fchmod(fd, st.st_mode & mode) == 0))
		return 0;
	return error_set(err, -errno, FINDING_HOST_IO, path, NULL,
		"cannot change the mode of %s: %s", path, strerror(errno));
}

/* Open `name` in `parent`, made with `mode` where `create`; `path` is the whole of it, for
 * messages. */
static int open_owned(
	int parent, const char *name, const char *path, const mode_t *create, struct error *err)
{
	cleanup_close int fd = -EBADF;
	bool made = create && mkdirat(parent, name, *create) == 0;
	int r;

	if (create && !made && errno != EEXIST)
		return make_error(err, -errno, path);
	fd = openat(parent, name, O_RDONLY | OPEN_DIRECTORY);
	if (fd < 0)
		return error_set(err, -errno, FINDING_HOST_IO, path, NULL, "cannot open %s: %s",
			path, strerror(errno));
	r = check_owner(fd, path, err);
	if (r == 0 && create)
		r = runtime_dir_narrow(fd, path, *create, err);
	/* Whoever made it can work in it. Where others cannot, services and doctor say so. */
	if (r == 0 && made)
		(void)selinux_context_label(fd, path, NULL);
	return r < 0 ? r : move_fd(&fd);
}

/* Where that fails fusectl has to do (hook/record/probe_turn.h). */
static void make_probes(int runtime_fd)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int fd = openat(runtime_fd, RUNTIME_PROBES, flags);

	if (fd >= 0 || errno != ENOENT)
		return;
	/* A full or read-only /run stops the hook with its record, where it is said. */
	fd = openat(runtime_fd, RUNTIME_PROBES, flags | O_CREAT, 0600);
	/* A service's file has its domain's type, which a runtime's hooks may not open. */
	if (fd >= 0)
		(void)selinux_context_label(fd, RUNTIME_DIR "/" RUNTIME_PROBES, NULL);
}

int runtime_dir_complete(int fd, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(subdirectories); i++) {
		cleanup_close int opened = -EBADF;
		cleanup_free char *path = path_join(RUNTIME_DIR, subdirectories[i].name);

		if (!path)
			return error_memory(err);
		opened = open_owned(fd, subdirectories[i].name, path, &subdirectories[i].mode, err);
		if (opened < 0)
			return opened;
	}
	make_probes(fd);
	return 0;
}

int runtime_dir_open(bool create, int *ret_fd, struct error *err)
{
	const mode_t mode = 0755;
	cleanup_close int fd =
		open_owned(AT_FDCWD, RUNTIME_DIR, RUNTIME_DIR, create ? &mode : NULL, err);

	if (fd < 0)
		return fd;
	if (create) {
		int r = runtime_dir_complete(fd, err);

		if (r < 0)
			return r;
	}
	*ret_fd = move_fd(&fd);
	return 0;
}

const char *runtime_dir_name(size_t i)
{
	return i < ARRAY_SIZE(subdirectories) ? subdirectories[i].name : NULL;
}

int runtime_dir_label(int runtime_fd, struct error *err)
{
	int r = selinux_context_label(runtime_fd, RUNTIME_DIR, err);

	for (size_t i = 0; i < ARRAY_SIZE(subdirectories); i++) {
		cleanup_free char *path = path_join(RUNTIME_DIR, subdirectories[i].name);
		cleanup_close int fd = -EBADF;
		int one;

		if (!path)
			return r < 0 ? r : error_memory(err);
		fd = openat(runtime_fd, subdirectories[i].name, O_RDONLY | OPEN_DIRECTORY);
		/* It is the next hook's to make. */
		if (fd < 0)
			continue;
		one = selinux_context_label(fd, path, r < 0 ? NULL : err);
		if (r == 0)
			r = one;
	}
	return r;
}

/* "pods/UID" below the runtime directory, for messages. */
static char *pod_path(const char *pod_uid)
{
	cleanup_free char *pods = path_join(RUNTIME_DIR, "pods");

	return pods ? path_join(pods, pod_uid) : NULL;
}

int runtime_dir_open_pod(
	int runtime_fd, const char *pod_uid, bool create, int *ret_fd, struct error *err)
{
	cleanup_close int pods = -EBADF, fd = -EBADF;
	cleanup_free char *path = NULL;

	if (!ident_is_pod_uid(pod_uid))
		return error_set(err, -EINVAL, FINDING_HOST_IO, pod_uid, NULL,
			"\"%s\" is not a pod uid: it cannot name a record", pod_uid);
	path = pod_path(pod_uid);
	if (!path)
		return error_memory(err);
	pods = openat(runtime_fd, "pods", O_PATH | OPEN_DIRECTORY);
	if (pods < 0)
		return error_set(err, -errno, FINDING_HOST_IO, RUNTIME_DIR "/pods", NULL,
			"cannot open %s: %s", RUNTIME_DIR "/pods", strerror(errno));
	fd = openat(pods, pod_uid, O_PATH | OPEN_DIRECTORY);
	/* Made where it is not there, and only then: what is there needs no room. */
	if (fd < 0 && errno == ENOENT && create) {
		if (mkdirat(pods, pod_uid, 0700) < 0 && errno != EEXIST)
			return make_error(err, -errno, path);
		fd = openat(pods, pod_uid, O_PATH | OPEN_DIRECTORY);
	}
	if (fd < 0)
		return error_set(err, -errno, FINDING_HOST_IO, path, NULL, "cannot open %s: %s",
			path, strerror(errno));
	*ret_fd = move_fd(&fd);
	return 0;
}
