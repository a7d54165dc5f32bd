/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one process has read, for another that believes nothing of it: a flat text of values, each
 * with a tag, written and read by the same functions, so that both ways cannot differ. A value that
 * is being written is not changed; one that is being read is checked against what it may be. A
 * failure is kept, and what follows does nothing: who reads or writes asks once, at the end.
 *
 * Both processes are of the same program: numbers are as the machine has them.
 */
#ifndef FSH_OCI_BASE_WIRE_H
#define FSH_OCI_BASE_WIRE_H

#include "oci/base/error.h"
#include "oci/base/strv.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	bool reading;
	char *data;  /* borrowed */
	size_t size; /* of what is to be read; the room for what is written */
	size_t at;
	int error; /* the first: -EBADMSG (reading), -E2BIG (no room), -ENOMEM; 0 */
};

struct wire wire_writer(char *room, size_t size);
struct wire wire_reader(const char *data, size_t size);

/* 0, or the first failure; reading, -EBADMSG too where something is left behind the last value. */
int wire_end(struct wire *wire);

/* The value is not what it may be: reading ends. */
void wire_refuse(struct wire *wire);

void wire_bool(struct wire *wire, bool *value);
void wire_int64(struct wire *wire, int64_t *value, int64_t min, int64_t max);
void wire_uint64(struct wire *wire, uint64_t *value);

/* Any other integer or enumeration. */
#define wire_number(wire, field, min, max)                                                         \
	do {                                                                                       \
		int64_t value_ = (int64_t)(field);                                                 \
		wire_int64(wire, &value_, min, max);                                               \
		(field) = (__typeof__(field))value_;                                               \
	} while (0)

/* May be NULL. Read, it is owned by the caller, whatever became of the rest; it has no NUL inside.
 */
void wire_text(struct wire *wire, char **text);

/* The same of a grammar that is none's but `is_valid`'s; NULL is refused. */
void wire_word(struct wire *wire, char **text, bool (*is_valid)(const char *text));

/* The same, but NULL may be. */
void wire_optional(struct wire *wire, char **text, bool (*is_valid)(const char *text));

void wire_strv(struct wire *wire, struct strv *list);

/* An array of `*n` elements of `size` bytes at *items (a pointer to a pointer), each by `one`.
 * Read, it grows as by array_grow(), from nothing; an element is counted before it is read. */
void wire_each(struct wire *wire, void *items, size_t *n, size_t size,
	void (*one)(struct wire *wire, void *item));

/* The outcome of a function: 0 and nothing, or a negative errno and the error. */
void wire_outcome(struct wire *wire, int *r, struct error *err);

#endif
