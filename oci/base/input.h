/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from outside, read whole and never beyond a limit. */
#ifndef FSH_OCI_BASE_INPUT_H
#define FSH_OCI_BASE_INPUT_H

#include <stddef.h>

/*
 * Read `fd` to its end. At most `limit` bytes: one more is -EFBIG. On success *ret_data is owned by
 * the caller, NUL-terminated behind *ret_size bytes. 0 or a negative errno of read(2).
 */
int input_read_fd(int fd, size_t limit, char **ret_data, size_t *ret_size);

/*
 * A descriptor of the regular file `path`, opened relative to `dir` (AT_FDCWD allowed) for reading;
 * -EINVAL for any other kind. O_NONBLOCK guards against a FIFO put in its place.
 */
int input_open_file(int dir, const char *path);

/* input_read_fd() of input_open_file(). */
int input_read_file(int dir, const char *path, size_t limit, char **ret_data, size_t *ret_size);

#endif
