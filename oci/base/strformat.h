/* SPDX-License-Identifier: Apache-2.0 */
/* New text, put together, with NULL for memory that ran out. */
#ifndef FSH_OCI_BASE_STRFORMAT_H
#define FSH_OCI_BASE_STRFORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Owned by the caller, NULL without memory. */
char *strformat(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *strformat_v(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* Text that is written piece by piece. Not open_memstream(3): glibc's passes a piece over for which
 * there is no memory, and says nothing of it at the end (tried with 2.36). */
struct strformat_pieces {
	FILE *out;
	char *text;
	size_t size, space; /* bytes of the text, and of its memory */
	bool failed;
};

/* The stream to write to, NULL without memory. What is opened has to be closed. */
FILE *strformat_open(struct strformat_pieces *pieces);

/* What was written, owned by the caller; NULL where memory did not suffice for all of it. */
char *strformat_close(struct strformat_pieces *pieces);

#endif
