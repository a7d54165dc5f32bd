/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asked of the descriptor and of the environment (TERM, NO_COLOR, the locale): the same command
 * has to be plain in a pipe and readable on a screen.
 */
#include "hook/output/terminal.h"

#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include <string.h>

#define WORKER_STATUS_WIDTH 72 /* fits a line of 80, so that it does not wrap */

/* One that can be told to move or to change colour. */
static bool is_able(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool terminal_wants_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");

	return !(no_color && *no_color) && is_able(fd);
}

bool terminal_wants_utf8(int fd)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	if (!isatty(fd))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "utf8");
	}
	return false;
}

void terminal_progress(size_t done, size_t all, const char *what)
{
	char escaped[WORKER_STATUS_WIDTH - 24];

	if (!is_able(STDERR_FILENO))
		return;
	text_escape(what, escaped, sizeof(escaped));
	/* Back to the first column, and clear what the last one left behind the new text. */
	fprintf(stderr, "\r%zu of %zu: %s\033[K", done, all, escaped);
	fflush(stderr);
}

void terminal_progress_end(void)
{
	if (!is_able(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
