/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 is decoded here and not by the C library, which does so by a locale that a hook's
 * environment may not have.
 */
#include "oci/base/text.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 8192 /* two paths, escaped, and some words */
#define ELLIPSIS "..."
#define DISTANCE_MAX 64 /* bytes of a word that is compared */
#define ESCAPE_MAX 7	/* "\uNNNN" and its NUL */

char *text_copy(const char *bytes, size_t length)
{
	char *copy = malloc(length + 1);

	if (!copy)
		return NULL;
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

bool text_has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* The bytes of the sequence that starts with `lead`, and the smallest value that needs as many. */
static size_t sequence_length(unsigned char lead, uint32_t *ret_bits, uint32_t *ret_least)
{
	if (lead < 0x80) {
		*ret_bits = lead;
		*ret_least = 0;
		return 1;
	}
	if ((lead & 0xe0) == 0xc0) {
		*ret_bits = lead & 0x1f;
		*ret_least = 0x80;
		return 2;
	}
	if ((lead & 0xf0) == 0xe0) {
		*ret_bits = lead & 0x0f;
		*ret_least = 0x800;
		return 3;
	}
	if ((lead & 0xf8) == 0xf0) {
		*ret_bits = lead & 0x07;
		*ret_least = 0x10000;
		return 4;
	}
	return 0;
}

static size_t decode_utf8(const char *text, size_t size, uint32_t *ret_point)
{
	uint32_t point, least;
	size_t length;

	if (size == 0)
		return 0;
	length = sequence_length((unsigned char)text[0], &point, &least);
	if (length == 0 || length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (byte & 0x3f);
	}
	if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return length;
}

size_t text_utf8_length(const char *text, size_t size)
{
	uint32_t point;

	return decode_utf8(text, size, &point);
}

static bool is_unprintable(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
	       /* Separators and what turns the direction of writing: a terminal or a log viewer
		* would show something else than what is there. */
	       point == 0x061c || point == 0x200e || point == 0x200f ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0xfeff;
}

/* ASCII that stays as it is. */
static bool text_is_plain(char c, bool quoting)
{
	return c >= 0x20 && c < 0x7f && !(quoting && (c == '"' || c == '\\'));
}

/* One character of `text` as it is to be shown, in `shown`; returns the bytes that it took. */
static size_t escape_one(const char *text, size_t size, bool quoting, char shown[ESCAPE_MAX])
{
	uint32_t point = 0;
	size_t length = decode_utf8(text, size, &point);

	memset(shown, 0, ESCAPE_MAX);
	if (length == 0) {
		snprintf(shown, ESCAPE_MAX, "\\x%02x", (unsigned char)text[0]);
		return 1;
	}
	if (point == '\n' || point == '\t' || point == '\r')
		snprintf(shown, ESCAPE_MAX, "\\%c",
			point == '\n'	? 'n'
			: point == '\t' ? 't'
					: 'r');
	else if (is_unprintable(point) && point < 0x80)
		snprintf(shown, ESCAPE_MAX, "\\x%02x", (unsigned int)point);
	else if (is_unprintable(point))
		snprintf(shown, ESCAPE_MAX, "\\u%04x", (unsigned int)(point & 0xffff));
	else if (quoting && (point == '"' || point == '\\'))
		snprintf(shown, ESCAPE_MAX, "\\%c", (char)point);
	else
		memcpy(shown, text, length);
	return length;
}

static void text_escape_to(const char *text, bool quoting, char *buffer, size_t size)
{
	size_t left = strlen(text), n = 0, cut = 0;

	while (left > 0) {
		char shown[ESCAPE_MAX];
		size_t taken = 1, length = 1;

		if (text_is_plain(*text, quoting)) {
			shown[0] = *text;
		} else {
			taken = escape_one(text, left, quoting, shown);
			length = strlen(shown);
		}

		/* The last place where the ellipsis would still fit. */
		if (n + sizeof(ELLIPSIS) <= size)
			cut = n;
		if (n + length >= size) {
			memcpy(buffer + cut, ELLIPSIS, sizeof(ELLIPSIS));
			return;
		}
		memcpy(buffer + n, shown, length);
		n += length;
		text += taken;
		left -= taken;
	}
	buffer[n] = '\0';
}

void text_escape(const char *text, char *buffer, size_t size)
{
	text_escape_to(text, false, buffer, size);
}

void text_print(FILE *out, const char *format, ...)
{
	cleanup_free char *text = NULL;
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	text = strformat_v(format, args);
	va_end(args);
	text_escape(text ? text : format, line, sizeof(line));
	fprintf(out, "%s\n", line);
}

const char *text_quote_into(struct text_quoted *buffer, const char *text)
{
	size_t length;

	buffer->bytes[0] = '"';
	text_escape_to(text, true, buffer->bytes + 1, sizeof(buffer->bytes) - 2);
	length = strlen(buffer->bytes);
	memcpy(buffer->bytes + length, "\"", sizeof("\""));
	return buffer->bytes;
}

static size_t text_smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein's distance, one row of the matrix at a time. */
size_t text_distance(const char *a, const char *b, size_t limit)
{
	size_t row[DISTANCE_MAX + 1], length = strlen(b);

	/* Each byte that the lengths differ by costs one. */
	if (length > DISTANCE_MAX || strlen(a) >= length + limit)
		return limit;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= length; j++) {
			size_t above = row[j],
			       same = text_lower(a[i]) == text_lower(b[j - 1]) ? 0 : 1;

			row[j] = text_smallest(above + 1, row[j - 1] + 1, diagonal + same);
			diagonal = above;
		}
	}
	return row[length] < limit ? row[length] : limit;
}
