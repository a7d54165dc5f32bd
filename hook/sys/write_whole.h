/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are written whole: who reads one finds what was there before, or all of the new text.
 */
#ifndef FSH_HOOK_SYS_WRITE_WHOLE_H
#define FSH_HOOK_SYS_WRITE_WHOLE_H

#include <stddef.h>
#include <sys/stat.h>

/* Directories are borrowed descriptors, both of one file system; names may be paths below them. */
struct whole_file {
	int directory;
	const char *name;
	int temporary_directory;
	const char *temporary;
	mode_t mode; /* of the file, whatever the umask is */
};

/*
 * Write the temporary file and rename it into place; where that fails there is none. Nobody else
 * may write one of that name meanwhile: what is there has been left by a process that was killed.
 * *ret_written, which may be NULL, is what the file then is. 0 or a negative errno.
 */
int write_whole_file(const struct whole_file *file, const char *text, struct stat *ret_written);

/* All of it to a descriptor that does not block. 0 or a negative errno. */
int write_whole_fd(int fd, const char *data, size_t size);

#endif
