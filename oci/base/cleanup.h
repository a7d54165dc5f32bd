/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership: cleanup attributes for what a function holds, and explicit transfer out of it. */
#ifndef FSH_OCI_BASE_CLEANUP_H
#define FSH_OCI_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

/* close(2) with errno kept, so that a cleanup never hides the error that caused it. */
static inline void cleanup_close_fd(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
}

static inline void cleanup_close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_file __attribute__((cleanup(cleanup_close_file)))
#define cleanup_directory __attribute__((cleanup(cleanup_close_directory)))

/* Hand the descriptor or pointer over: the variable no longer owns it. */
static inline int move_fd(int *fd)
{
	int moved = *fd;

	*fd = -EBADF;
	return moved;
}

#define move_ptr(pointer)                                                                          \
	({                                                                                         \
		__typeof__(pointer) moved_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		moved_;                                                                            \
	})

/* The same for a struct that owns things, or a list: what is left behind is empty. */
#define move_struct(value)                                                                         \
	({                                                                                         \
		__typeof__(value) moved_ = (value);                                                \
		(value) = (__typeof__(value)){0};                                                  \
		moved_;                                                                            \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
