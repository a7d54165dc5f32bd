/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside on its way into a message: one line, no control character, valid UTF-8, and
 * bounded. A pod chooses its annotations' values; it must not be able to write lines of its own
 * into a terminal or a log.
 */
#ifndef FSH_OCI_BASE_TEXT_H
#define FSH_OCI_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TEXT_QUOTED_SIZE 256 /* bytes of a quoted value with its quotes and the final NUL */

struct text_quoted {
	char bytes[TEXT_QUOTED_SIZE];
};

/* True where `text` has a byte below 0x20 or 0x7f: C0 and DEL. */
bool text_has_control(const char *text);

/*
 * The length in bytes of the UTF-8 sequence at `text`, of which `size` bytes may be read: 1 to 4, 0
 * where there is none (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF).
 */
size_t text_utf8_length(const char *text, size_t size);

/*
 * The `length` bytes at `bytes` with a NUL behind them, for the caller to free; NULL without
 * memory. Where the bytes lie in a long input, strndup(3) may cost as much as its rest: libc may
 * look for the end first, and the sanitizers do.
 */
char *text_copy(const char *bytes, size_t length);

/*
 * Copy `text` into the `size` bytes at `buffer` (at least 8), NUL-terminated. Control characters
 * (C0, DEL, C1), line and paragraph separators, bidirectional controls and bytes that are no UTF-8
 * become \n, \t, \xNN or \uNNNN; what does not fit is cut between characters and ends in "...".
 */
void text_escape(const char *text, char *buffer, size_t size);

/* Write a line for people: printf(3), escaped as a whole, and a line end. At most 8 KiB. */
__attribute__((format(printf, 2, 3))) void text_print(FILE *out, const char *format, ...);

/* The insertions, deletions and replacements of bytes that make `b` of `a`, ASCII case aside; what
 * reaches `limit`, or a `b` of more than 64 bytes, is `limit`. */
size_t text_distance(const char *a, const char *b, size_t limit);

/* `text` escaped so, with '"' and '\' escaped as well, and in double quotes. Returns the buffer. */
const char *text_quote_into(struct text_quoted *buffer, const char *text);

/* The same in a buffer that lives until the end of the enclosing block. */
#define text_quote(text) text_quote_into(&(struct text_quoted){{0}}, (text))

#endif
