/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is valid JSON is decided here, byte by byte, before json-c builds values of it: its releases
 * differ in what they let pass and in what they refuse. 0.16 takes NaN, -01, 1., names in single
 * quotes and raw control characters even when it is strict; a strict 0.18 refuses every byte above
 * 0x7f in a string, and integers beyond 64 bits; all of them cut a name at \u0000 and keep the
 * last of two members of one name. One verdict, with one message and place, for all of them.
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

#define JSONLEX_MAX_DEPTH 64

struct jsonlex_rules {
	unsigned int max_depth; /* of objects and arrays inside one another; JSONLEX_MAX_DEPTH at
				   most */
	bool any_bytes; /* strings may have bytes that are no UTF-8, as Go's parser has it */
};

/*
 * Check that `data` is one value of RFC 8259 with nothing but white space around it. 0, or -EINVAL
 * with offset and reason.
 */
int jsonlex_check(
	const char *data, size_t size, const struct jsonlex_rules *rules, struct jsonlex *ret);

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
 * The first name that its object already has, in text that jsonlex_check() has accepted: a copy
 * owned by the caller (escapes resolved) and where it stands. 0, -ENOENT without one, -ENOMEM.
 */
int jsonlex_find_duplicate(const char *data, size_t size, char **ret_name, size_t *ret_offset);

#endif
