/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters are read, added to and written whole under a lock. A worker that was killed may hold
 * it: its supervisor adds a line to a second file, which needs none.
 */
#include "hook/record/metrics_store.h"

#include "hook/record/lock.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/write_whole.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "metrics"
#define TEMPORARY "tmp/metrics"
#define KILLED_NAME "metrics.killed"
#define FILE_MAX (64UL * 1024)
#define LOCK_USEC (100 * UINT64_C(1000))

static int metrics_store_error(struct error *err, int r, const char *what, const char *name)
{
	const char *fix = r == -EINVAL || r == -EFBIG
				  ? "remove the file: its counters begin at zero again"
				  : runtime_dir_fix(r);

	return error_set(err, r, FINDING_HOST_IO, RUNTIME_DIR, fix,
		"cannot %s the counters %s/%s: %s", what, RUNTIME_DIR, name, strerror(-r));
}

/* Root's own, as everything there. -EINVAL where it is not what is expected. */
static int read_text(int runtime_fd, const char *name, char **ret)
{
	cleanup_close int fd =
		openat(runtime_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	size_t size = 0;

	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EINVAL;
	return input_read_fd(fd, FILE_MAX, ret, &size);
}

/* Workers that were killed: a line for each, the stage. */
static int add_killed(int runtime_fd, struct metrics *metrics)
{
	cleanup_free char *text = NULL;
	char *rest = NULL;
	int r = read_text(runtime_fd, KILLED_NAME, &text);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		enum metrics_stage stage = metrics_stage_of(line);

		if (stage < METRICS_STAGES)
			metrics->runs[stage][METRICS_KILLED]++;
	}
	return 0;
}

static int read_counters(int runtime_fd, struct metrics *ret)
{
	cleanup_free char *text = NULL;
	int r = read_text(runtime_fd, FILE_NAME, &text);

	if (r == -ENOENT) {
		*ret = (struct metrics){0};
		return 0;
	}
	return r < 0 ? r : metrics_parse_state(text, ret);
}

int metrics_store_read(int runtime_fd, struct metrics *ret, struct error *err)
{
	struct metrics metrics;
	int r = read_counters(runtime_fd, &metrics);

	if (r < 0)
		return metrics_store_error(err, r, "read", FILE_NAME);
	r = add_killed(runtime_fd, &metrics);
	if (r < 0)
		return metrics_store_error(err, r, "read", KILLED_NAME);
	*ret = metrics;
	return 0;
}

/* The lock is held. */
static int metrics_store_replace(int runtime_fd, const char *text)
{
	return write_whole_file(&(struct whole_file){.directory = runtime_fd,
					.name = FILE_NAME,
					.temporary_directory = runtime_fd,
					.temporary = TEMPORARY,
					.mode = 0600},
		text, NULL);
}

int metrics_store_add(
	int runtime_fd, const struct metrics *more, bool *ret_begun_anew, struct error *err)
{
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_free char *text = NULL;
	struct metrics metrics;
	int r = lock_take(runtime_fd, FILE_NAME, LOCK_USEC, &lock, err);

	if (r < 0)
		return r;
	r = read_counters(runtime_fd, &metrics);
	*ret_begun_anew = r == -EINVAL || r == -EFBIG;
	if (*ret_begun_anew)
		metrics = (struct metrics){0};
	else if (r < 0)
		return metrics_store_error(err, r, "read", FILE_NAME);
	metrics_add(&metrics, more);
	text = metrics_format_state(&metrics);
	r = text ? metrics_store_replace(runtime_fd, text) : -ENOMEM;
	return r < 0 ? metrics_store_error(err, r, "write", FILE_NAME) : 0;
}

/* One write(2) to the end of the file: lines of several supervisors do not mix. */
void metrics_store_killed(const char *stage)
{
	cleanup_close int fd = open(RUNTIME_DIR "/" KILLED_NAME,
		O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	char line[32];
	struct stat st;
	int n = snprintf(line, sizeof(line), "%s\n", stage);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_size > (off_t)FILE_MAX / 2)
		return;
	/* What ended the worker is in the journal, counted or not. */
	if (write(fd, line, (size_t)n) != n)
		return;
}
