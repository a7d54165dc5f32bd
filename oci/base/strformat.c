/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vasprintf(3), and a stream that grows: a failure is kept until the stream is closed, so that who
 * writes piece by piece asks once.
 */
#include "oci/base/strformat.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

char *strformat_v(const char *format, va_list arguments)
{
	char *text;

	/* What it leaves in `text` after a failure is not defined. */
	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

char *strformat(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = strformat_v(format, arguments);
	va_end(arguments);
	return text;
}

static bool make_space(struct strformat_pieces *pieces, size_t size)
{
	size_t space = pieces->space > 0 ? pieces->space : 256;
	char *text;

	if (size >= SIZE_MAX / 4 - pieces->size)
		return false;
	while (space <= pieces->size + size)
		space *= 2;
	if (space == pieces->space)
		return true;
	text = realloc(pieces->text, space);
	if (!text)
		return false;
	pieces->text = text;
	pieces->space = space;
	return true;
}

/* For fopencookie(3). */
static ssize_t strformat_write(void *cookie, const char *data, size_t size)
{
	struct strformat_pieces *pieces = cookie;

	if (pieces->failed || !make_space(pieces, size)) {
		pieces->failed = true;
		return 0;
	}
	memcpy(pieces->text + pieces->size, data, size);
	pieces->size += size;
	return (ssize_t)size;
}

FILE *strformat_open(struct strformat_pieces *pieces)
{
	*pieces = (struct strformat_pieces){0};
	if (!make_space(pieces, 0))
		return NULL;
	pieces->out = fopencookie(pieces, "w", (cookie_io_functions_t){.write = strformat_write});
	if (!pieces->out)
		free(pieces->text);
	return pieces->out;
}

char *strformat_close(struct strformat_pieces *pieces)
{
	if (fclose(pieces->out) != 0 || pieces->failed) {
		free(pieces->text);
		return NULL;
	}
	pieces->text[pieces->size] = '\0';
	return pieces->text;
}
