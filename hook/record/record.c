/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record is written in tmp/ and renamed into its place, and never larger than what is read back:
 * each hook that comes can read what was committed.
 */
#include "hook/record/record.h"

#include "hook/record/record_copy.h"
#include "hook/record/record_place.h"
#include "hook/record/runtime_dir.h"
#include "hook/sandbox/parser.h"
#include "hook/sys/write_whole.h"
#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/input.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include "policy/record/topology_limit.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_FILE "topology.json"
#define PODS_PATH RUNTIME_DIR "/pods"

static char *record_path(const char *pod_uid)
{
	return strformat("%s/%s/%s", PODS_PATH, pod_uid, RECORD_FILE);
}

static int record_error(struct error *err, int r, const char *what, const char *path)
{
	return error_set(err, r, r == -ENOMEM ? FINDING_INTERNAL : FINDING_HOST_IO, path,
		runtime_dir_fix(r), "cannot %s %s: %s", what, path ? path : "the record",
		strerror(-r));
}

/* Nobody but root can write below the runtime directory; this is for what was copied there. */
static int record_check_file(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return record_error(err, -errno, "stat", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0)
		return error_set(err, -EPERM, FINDING_HOST_IO, path,
			"remove it: the hook records the pod's next container again",
			"%s is not a regular file of root's", path);
	return 0;
}

static int record_parse(int fd, const char *path, struct topology *ret, struct error *err)
{
	cleanup_free char *data = NULL;
	size_t size = 0;
	int r = record_check_file(fd, path, err);

	if (r < 0)
		return r;
	r = input_read_fd(fd, TOPOLOGY_MAX_SIZE, &data, &size);
	if (r < 0)
		return record_error(err, r, "read", path);
	return parser_record(data, size, path, ret, err);
}

bool record_is_there(int runtime_fd, const char *pod_uid)
{
	char path[NAME_MAX + 8];
	struct stat st;

	snprintf(path, sizeof(path), "pods/%s", pod_uid);
	return fstatat(runtime_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int record_load(int runtime_fd, const char *pod_uid, struct topology *ret, bool *ret_found,
	struct error *err)
{
	cleanup_close int pod = -EBADF, fd = -EBADF;
	cleanup_free char *path = record_path(pod_uid);
	cleanup_error struct error missing = {0};
	cleanup_topology struct topology topology = {0};
	int r;

	if (!path)
		return record_error(err, -ENOMEM, "read", NULL);
	r = runtime_dir_open_pod(runtime_fd, pod_uid, false, &pod, &missing);
	if (r >= 0) {
		fd = openat(pod, RECORD_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		r = fd < 0 ? -errno : 0;
	}
	if (r == -ENOENT) {
		*ret_found = false;
		return 0;
	}
	if (r < 0)
		return record_error(err, r, "open", path);
	r = record_parse(fd, path, &topology, err);
	if (r < 0)
		return r;
	if (!topology.pod_uid || strcmp(topology.pod_uid, pod_uid) != 0)
		return error_set(err, -EINVAL, FINDING_HOST_IO, path,
			"remove it: the hook records the pod's next container again",
			"%s is the record of another pod", path);
	*ret = topology;
	topology = (struct topology){0};
	*ret_found = true;
	return 0;
}

/* What a JSON writer may write in another way, which only a parser reads. */
static bool is_escaped(const char *text)
{
	return strpbrk(text, "\\\"") != NULL || text_has_control(text);
}

bool record_may_name(int runtime_fd, const char *pod_uid, const char *text)
{
	cleanup_close int pod = -EBADF, fd = -EBADF;
	cleanup_error struct error missing = {0};
	cleanup_free char *data = NULL;
	size_t size = 0;
	int r = runtime_dir_open_pod(runtime_fd, pod_uid, false, &pod, &missing);

	if (r == 0) {
		fd = openat(pod, RECORD_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		r = fd < 0 ? -errno : input_read_fd(fd, TOPOLOGY_MAX_SIZE, &data, &size);
	}
	if (r == -ENOENT)
		return false;
	/* A backslash in it: some other string may be this one, written in another way. */
	return r < 0 || !data || is_escaped(text) || memchr(data, '\\', size) ||
	       memmem(data, size, text, strlen(text));
}

static struct record_stamp stamp_of(const struct stat *st)
{
	return (struct record_stamp){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.written_sec = st->st_mtim.tv_sec,
		.written_nsec = st->st_mtim.tv_nsec,
	};
}

void record_stamp(int runtime_fd, const char *pod_uid, struct record_stamp *ret)
{
	char path[NAME_MAX + 32];
	struct stat st;

	/* Nobody but root can put a symlink on the way. */
	snprintf(path, sizeof(path), "pods/%s/" RECORD_FILE, pod_uid);
	*ret = (struct record_stamp){0};
	if (ident_is_pod_uid(pod_uid) && fstatat(runtime_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*ret = stamp_of(&st);
}

bool record_stamp_same(const struct record_stamp *a, const struct record_stamp *b)
{
	return a->inode != 0 && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->written_sec == b->written_sec &&
	       a->written_nsec == b->written_nsec;
}

/* The directory of a pod whose first record could not be written. One that has a record stays. */
static void record_remove_empty(int runtime_fd, const char *pod_uid)
{
	char path[NAME_MAX + 8];

	snprintf(path, sizeof(path), "pods/%s", pod_uid);
	unlinkat(runtime_fd, path, AT_REMOVEDIR);
	if (!record_is_there(runtime_fd, pod_uid))
		record_copy_remove(runtime_fd, pod_uid, NULL);
}

/* Nobody could read it back: the pod would have no record any more, and no other container. */
static int record_refuse_larger(
	const struct topology *topology, const char *path, struct error *err)
{
	return error_set(err, -E2BIG, FINDING_HOST_IO, path, NULL,
		"%s would have up to %zu bytes, %zu containers and %zu FUSE paths, more than can "
		"be read back",
		path, topology_bound(topology), topology->n_containers, topology->n_paths);
}

int record_format(const struct topology *topology, char **ret_text, struct error *err)
{
	cleanup_free char *path = record_path(topology->pod_uid);
	char *text;

	if (!path)
		return error_memory(err);
	if (!topology_fits(topology))
		return record_refuse_larger(topology, path, err);
	text = topology_format(topology);
	if (!text)
		return error_memory(err);
	*ret_text = text;
	return 0;
}

/* The pod's lock is held. */
static int write_record(
	int runtime_fd, const char *pod_uid, const char *text, struct stat *ret, struct error *err)
{
	cleanup_record_place struct record_place place = RECORD_PLACE_NONE;
	cleanup_free char *path = record_path(pod_uid);
	char temporary[80];
	int r;

	if (!path)
		return record_error(err, -ENOMEM, "write", path);
	r = record_place_open(runtime_fd, pod_uid, &place, err);
	if (r < 0)
		return r;
	snprintf(temporary, sizeof(temporary), "tmp/%s", pod_uid);
	r = write_whole_file(&(struct whole_file){.directory = place.fd,
				     .name = RECORD_FILE,
				     .temporary_directory = runtime_fd,
				     .temporary = temporary,
				     .mode = 0600},
		text, ret);
	if (r < 0)
		return record_error(err, r, "write", path);
	return record_place_settle(runtime_fd, pod_uid, &place, err);
}

int record_commit_text(int runtime_fd, const char *pod_uid, const char *text,
	struct record_stamp *ret, struct error *err)
{
	struct stat written;
	int r = write_record(runtime_fd, pod_uid, text, &written, err);

	if (r < 0) {
		record_remove_empty(runtime_fd, pod_uid);
		return r;
	}
	*ret = stamp_of(&written);
	return 0;
}

int record_commit(int runtime_fd, const struct topology *topology, struct error *err)
{
	cleanup_free char *text = NULL;
	struct record_stamp unused;
	int r = record_format(topology, &text, err);

	if (r < 0)
		return r;
	return record_commit_text(runtime_fd, topology->pod_uid, text, &unused, err);
}

static int record_remove_file(int runtime_fd, const char *pod_uid, struct error *err)
{
	cleanup_close int pods = -EBADF, pod = -EBADF;
	cleanup_free char *path = record_path(pod_uid);
	cleanup_error struct error missing = {0};
	int r;

	if (!path)
		return record_error(err, -ENOMEM, "remove", NULL);
	r = runtime_dir_open_pod(runtime_fd, pod_uid, false, &pod, &missing);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return record_error(err, r, "open", path);
	if (unlinkat(pod, RECORD_FILE, 0) < 0 && errno != ENOENT)
		return record_error(err, -errno, "remove", path);
	pods = openat(runtime_fd, "pods", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pods < 0)
		return record_error(err, -errno, "open", PODS_PATH);
	/* Where a container of an older hook sees it, the kernel detaches it there. */
	if (unlinkat(pods, pod_uid, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return record_error(err, -errno, "remove the directory of", path);
	return 0;
}

int record_remove(int runtime_fd, const char *pod_uid, struct error *err)
{
	int r = record_remove_file(runtime_fd, pod_uid, err);

	if (r < 0)
		return r;
	record_place_clean(runtime_fd, pod_uid);
	return record_copy_remove(runtime_fd, pod_uid, err);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int record_list(int runtime_fd, struct strv *ret_uids, struct error *err)
{
	cleanup_close int fd =
		openat(runtime_fd, "pods", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_directory DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	cleanup_strv struct strv uids = {0};
	const struct dirent *entry;

	/* Its maker was killed at it. */
	if (!directory && errno == ENOENT)
		return 0;
	if (!directory)
		return record_error(err, -errno, "list", PODS_PATH);
	(void)move_fd(&fd); /* the stream's now */
	/* readdir(3) tells an error from the end by errno alone. */
	for (errno = 0; (entry = readdir(directory)); errno = 0) {
		if (!ident_is_pod_uid(entry->d_name))
			continue;
		if (strv_add(&uids, entry->d_name) < 0)
			return record_error(err, -ENOMEM, "list", PODS_PATH);
	}
	if (errno != 0)
		return record_error(err, -errno, "list", PODS_PATH);
	if (uids.n > 0)
		qsort(uids.items, uids.n, sizeof(*uids.items), compare_text);
	*ret_uids = uids;
	uids = (struct strv){0};
	return 0;
}
