/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By device and inode, as JOURNAL_STREAM names them (systemd.exec(5)): the variable alone is
 * inherited by children whose standard error is elsewhere.
 */
#include "hook/journal/journal_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int journal_stream_check(void)
{
	const char *named = getenv(JOURNAL_STREAM_VARIABLE);
	char own[64] = "";
	struct stat st;

	if (!named)
		return 0;
	if (fstat(STDERR_FILENO, &st) == 0)
		snprintf(own, sizeof(own), "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st.st_dev,
			(uintmax_t)st.st_ino);
	return strcmp(named, own) == 0 || unsetenv(JOURNAL_STREAM_VARIABLE) == 0 ? 0 : -errno;
}

bool journal_stream_is_stderr(void)
{
	return getenv(JOURNAL_STREAM_VARIABLE) != NULL;
}
