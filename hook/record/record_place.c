/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a directory was ever shown cannot be seen from it, so it is marked when it is made:
 * without the mark it counts as shown, which is what an older hook leaves.
 */
#include "hook/record/record_place.h"

#include "hook/record/record_copy.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/clear_directory.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_DIRECTORY (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct names {
	char place[NAME_MAX + 8], made[NAME_MAX + 8];
};

static struct names names_of(const char *pod_uid)
{
	struct names names;

	snprintf(names.place, sizeof(names.place), "pods/%s", pod_uid);
	snprintf(names.made, sizeof(names.made), "tmp/%s.d", pod_uid);
	return names;
}

static int record_place_error(struct error *err, int r, const char *what, const char *name)
{
	return error_set(err, r, FINDING_HOST_IO, RUNTIME_DIR, runtime_dir_fix(r),
		"cannot %s %s/%s: %s", what, RUNTIME_DIR, name, strerror(-r));
}

int record_place_had_copy(int runtime_fd, const char *pod_uid)
{
	const struct names names = names_of(pod_uid);
	int marked = record_copy_is_marked(runtime_fd, pod_uid);
	struct stat st;

	if (marked != 0)
		return marked < 0 ? marked : 0;
	if (fstatat(runtime_fd, names.place, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

void record_place_clean(int runtime_fd, const char *pod_uid)
{
	const struct names names = names_of(pod_uid);
	cleanup_close int fd = openat(runtime_fd, names.made, O_RDONLY | OPEN_DIRECTORY);

	if (fd < 0)
		return;
	clear_directory(fd);
	unlinkat(runtime_fd, names.made, AT_REMOVEDIR);
}

static int open_new(int runtime_fd, const char *pod_uid, int *ret_fd, struct error *err)
{
	const struct names names = names_of(pod_uid);
	int fd;

	record_place_clean(runtime_fd, pod_uid);
	if (mkdirat(runtime_fd, names.made, 0700) < 0)
		return record_place_error(err, -errno, "make", names.made);
	fd = openat(runtime_fd, names.made, O_PATH | OPEN_DIRECTORY);
	if (fd < 0)
		return record_place_error(err, -errno, "open", names.made);
	*ret_fd = fd;
	return 0;
}

int record_place_open(
	int runtime_fd, const char *pod_uid, struct record_place *ret, struct error *err)
{
	struct record_place place = RECORD_PLACE_NONE;
	int r;

	r = record_place_had_copy(runtime_fd, pod_uid);
	if (r < 0)
		return record_place_error(err, r, "look for", names_of(pod_uid).place);
	place.is_new = r > 0;
	/* The mark first: a directory without one counts as shown. */
	r = place.is_new ? open_new(runtime_fd, pod_uid, &place.fd, err)
			 : record_copy_mark(runtime_fd, pod_uid, err);
	if (r == 0 && !place.is_new)
		r = runtime_dir_open_pod(runtime_fd, pod_uid, true, &place.fd, err);
	if (r == 0)
		*ret = place;
	return r;
}

int record_place_settle(
	int runtime_fd, const char *pod_uid, const struct record_place *place, struct error *err)
{
	const struct names names = names_of(pod_uid);

	if (!place->is_new)
		return 0;
	if (renameat2(runtime_fd, names.made, runtime_fd, names.place, RENAME_EXCHANGE) < 0) {
		int r = record_place_error(
			err, -errno, "put a new directory in the place of", names.place);

		record_place_clean(runtime_fd, pod_uid);
		return r;
	}
	record_place_clean(runtime_fd, pod_uid);
	return record_copy_mark(runtime_fd, pod_uid, err);
}

void record_place_close(struct record_place *place)
{
	cleanup_close_fd(&place->fd);
	place->fd = -EBADF;
}
