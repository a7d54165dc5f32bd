/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What json-c 0.16 lets pass even with JSON_TOKENER_STRICT and JSON_TOKENER_VALIDATE_UTF8, looked
 * for in the text itself: NaN and Infinity, numbers such as -01, 00 and 1., names in single quotes,
 * raw control characters in strings, overlong UTF-8, \u0000 in a name (json-c cuts the name there),
 * and the same name twice (json-c keeps the last).
 */
#ifndef FSH_OCI_BASE_JSONLEX_H
#define FSH_OCI_BASE_JSONLEX_H

#include <stdbool.h>
#include <stddef.h>

struct jsonlex {
	size_t start;	    /* of the value */
	size_t members;	    /* members of objects, over the whole text */
	size_t offset;	    /* of the error, in bytes */
	const char *reason; /* of the error, static; NULL without one */
};

/*
 * Check the tokens of `data`, and that nothing but white space follows the first value and at most
 * `max_depth` objects and arrays contain one another. The order of tokens is left to the parser.
 * 0, or -EINVAL with offset and reason.
 */
int jsonlex_check(const char *data, size_t size, unsigned int max_depth, struct jsonlex *ret);

/*
 * Overwrite C and C++ comments with spaces, line ends kept, so that offsets stay what they are.
 * 0, or -EINVAL where one does not end, *ret_offset being where it starts.
 */
int jsonlex_strip_comments(char *data, size_t size, size_t *ret_offset);

/* True for a number of RFC 8259, section 6, of `length` bytes. */
bool jsonlex_is_number(const char *word, size_t length);

/*
 * The text of the string literal of `size` bytes, quotes included, owned by the caller. 0, -EINVAL
 * for an escape that JSON does not know and for \u0000, -ENOMEM.
 */
int jsonlex_decode(const char *literal, size_t size, char **ret);

/*
 * The first name that its object already has, in text that a parser has accepted: a copy owned by
 * the caller (escapes resolved) and where it stands. 0, -ENOENT without one, -ENOMEM.
 */
int jsonlex_find_duplicate(const char *data, size_t size, char **ret_name, size_t *ret_offset);

#endif
