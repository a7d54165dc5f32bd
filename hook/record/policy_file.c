/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner and mode are checked on the open file, and canonical spellings of the roots are added
 * here: policy/ compares text, and must not touch a file system.
 */
#include "hook/record/policy_file.h"

#include "hook/sys/fd_path.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Whoever can write the policy can have any directory of the host made shared. */
static int policy_file_check_owner(int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, FINDING_POLICY_INVALID, POLICY_FILE, NULL,
			"stat of %s: %s", POLICY_FILE, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, FINDING_POLICY_INVALID, POLICY_FILE,
			"put a regular file there, or nothing", "%s is not a regular file",
			POLICY_FILE);
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return error_set(err, -EPERM, FINDING_POLICY_INVALID, POLICY_FILE,
			"chown root " POLICY_FILE " && chmod 0644 " POLICY_FILE,
			"%s belongs to uid %u with mode %04o, expected root and no write access "
			"for others",
			POLICY_FILE, st.st_uid, st.st_mode & 07777);
	return 0;
}

/* 0 with *ret_fd -EBADF where there is no file. */
static int open_policy(int *ret_fd, struct error *err)
{
	/* O_NONBLOCK: a FIFO of that name must not hold up every container of the node. */
	cleanup_close int fd = open(POLICY_FILE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT) {
		*ret_fd = -EBADF;
		return 0;
	}
	if (fd < 0)
		return error_set(err, -errno, FINDING_POLICY_INVALID, POLICY_FILE,
			"make the file readable for root, or remove it", "cannot open %s: %s",
			POLICY_FILE, strerror(errno));
	r = policy_file_check_owner(fd, err);
	if (r < 0)
		return r;
	*ret_fd = move_fd(&fd);
	return 0;
}

static int policy_file_parse(int fd, struct config *ret, struct error *err)
{
	cleanup_free char *data = NULL;
	size_t size = 0;
	int r = input_read_fd(fd, CONFIG_MAX_SIZE, &data, &size);

	if (r == -EFBIG)
		return error_set(err, r, FINDING_POLICY_INVALID, POLICY_FILE,
			"shorten the policy file", "%s is larger than %lu bytes", POLICY_FILE,
			CONFIG_MAX_SIZE);
	if (r < 0)
		return error_set(err, r, FINDING_POLICY_INVALID, POLICY_FILE, NULL,
			"cannot read %s: %s", POLICY_FILE, strerror(-r));
	return config_parse(data, size, POLICY_FILE, ret, err);
}

/*
 * Add the canonical spelling of each path that is there and reached through a symlink. Through
 * O_PATH, not realpath(3): that would ask the file systems on the way, and one may be hung.
 */
static int join_canonical(struct strv *paths)
{
	size_t written = paths->n;

	for (size_t i = 0; i < written; i++) {
		cleanup_close int fd = open(paths->items[i], O_PATH | O_CLOEXEC);
		cleanup_free char *canonical = NULL;
		int r;

		if (fd < 0)
			continue; /* not there yet: then no container's source is below it */
		r = fd_path(fd, &canonical);
		if (r == -ENOMEM)
			return r;
		if (r < 0 || strv_contains(paths, canonical))
			continue;
		r = strv_add(paths, canonical);
		if (r < 0)
			return r;
	}
	return 0;
}

int policy_file_read(struct config *ret, struct error *err)
{
	cleanup_close int fd = -EBADF;
	cleanup_config struct config config = {0};
	int r = open_policy(&fd, err);

	if (r < 0)
		return r;
	if (fd >= 0) {
		r = policy_file_parse(fd, &config, err);
		if (r < 0)
			return r;
	} else if (config_defaults(&config) < 0) {
		return error_memory(err);
	}
	*ret = move_struct(config);
	return 0;
}

int policy_file_resolve(struct config *config, struct error *err)
{
	if (join_canonical(&config->roots) < 0 || join_canonical(&config->node_mounts) < 0)
		return error_memory(err);
	return 0;
}

int policy_file_load(struct config *ret, struct error *err)
{
	cleanup_config struct config config = {0};
	int r = policy_file_read(&config, err);

	if (r == 0)
		r = policy_file_resolve(&config, err);
	if (r < 0)
		return r;
	*ret = move_struct(config);
	return 0;
}
