/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that cannot be read is as good as none: the order begins anew, and no pod is left out.
 */
#include "hook/reclaim/sweep_turns.h"

#include "hook/sys/write_whole.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define FILE_NAME "turns"

int sweep_order_file_read(int runtime_fd, struct sweep_order *ret)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = input_read_file(runtime_fd, FILE_NAME, TURNS_MAX_SIZE, &text, &size);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return sweep_order_parse(text, ret);
}

int sweep_order_file_write(int runtime_fd, const struct sweep_order *order)
{
	cleanup_free char *text = sweep_order_format(order);
	cleanup_close int fd = -EBADF;

	if (!text)
		return -ENOMEM;
	fd = openat(runtime_fd, FILE_NAME,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : write_whole_fd(fd, text, strlen(text));
}
