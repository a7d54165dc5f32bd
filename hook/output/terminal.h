/* SPDX-License-Identifier: Apache-2.0 */
/* What a command may do to make a person's screen easier to read. In a pipe, a file or a journal
 * nothing of it appears. */
#ifndef FSH_HOOK_OUTPUT_TERMINAL_H
#define FSH_HOOK_OUTPUT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True where `fd` is a terminal that understands colour and the person wants it: TERM is set and
 * not "dumb", NO_COLOR is unset or empty (https://no-color.org).
 */
bool terminal_wants_colour(int fd);

/* True where `fd` is a terminal and the locale is one of UTF-8. */
bool terminal_wants_utf8(int fd);

/*
 * A line on standard error that says how far a command is ("2 of 7: media/plex"), each in the place
 * of the one before; nothing where standard error is no terminal that can do that. `what` is
 * escaped. terminal_progress_end() removes it: before anything else is written, and at the end.
 */
void terminal_progress(size_t done, size_t all, const char *what);
void terminal_progress_end(void);

#endif
