/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader is the one who must not be deceived: each value has its tag, each count is bounded by
 * the bytes that are left, and the first thing that does not fit ends the reading.
 */
#include "oci/base/wire.h"

#include "oci/base/cleanup.h"
#include "oci/base/text.h"

#include <errno.h>
#include <string.h>

enum tag {
	TAG_BOOL = 'b',
	TAG_INT64 = 'i',
	TAG_UINT64 = 'u',
	TAG_TEXT = 't',
	TAG_NO_TEXT = '0',
	TAG_ARRAY = 'a',
};

#define ERRNO_MAX 4095

struct wire wire_writer(char *room, size_t size)
{
	return (struct wire){.data = room, .size = size};
}

struct wire wire_reader(const char *data, size_t size)
{
	struct wire wire = {.reading = true, .size = size};

	/* It is only read. */
	memcpy(&wire.data, &data, sizeof(data));
	return wire;
}

static void wire_fail(struct wire *wire, int r)
{
	if (wire->error == 0)
		wire->error = r;
}

void wire_refuse(struct wire *wire)
{
	if (wire->reading)
		wire_fail(wire, -EBADMSG);
}

int wire_end(struct wire *wire)
{
	if (wire->reading && wire->at != wire->size)
		wire_refuse(wire);
	return wire->error;
}

/* The next `size` bytes; NULL where they are not there. */
static char *wire_next(struct wire *wire, size_t size)
{
	char *at = &wire->data[wire->at];

	if (wire->error < 0)
		return NULL;
	if (size > wire->size - wire->at) {
		wire_fail(wire, wire->reading ? -EBADMSG : -E2BIG);
		return NULL;
	}
	wire->at += size;
	return at;
}

static void wire_write(struct wire *wire, const void *value, size_t size)
{
	char *at = wire_next(wire, size);

	if (at && size > 0)
		memcpy(at, value, size);
}

static void wire_read(struct wire *wire, void *value, size_t size)
{
	const char *at = wire_next(wire, size);

	if (at && size > 0)
		memcpy(value, at, size);
}

static void wire_write_tag(struct wire *wire, enum tag tag)
{
	char byte = (char)tag;

	wire_write(wire, &byte, sizeof(byte));
}

/* 0 after a failure. */
static enum tag take_tag(struct wire *wire)
{
	char byte = 0;

	wire_read(wire, &byte, sizeof(byte));
	return (enum tag)byte;
}

static void expect_tag(struct wire *wire, enum tag tag)
{
	if (take_tag(wire) != tag)
		wire_refuse(wire);
}

/* A value of a fixed size. False where there is none. */
static bool wire_move(struct wire *wire, enum tag tag, void *value, size_t size)
{
	if (wire->reading) {
		expect_tag(wire, tag);
		wire_read(wire, value, size);
	} else {
		wire_write_tag(wire, tag);
		wire_write(wire, value, size);
	}
	return wire->error == 0;
}

void wire_bool(struct wire *wire, bool *value)
{
	unsigned char byte = *value;

	if (!wire_move(wire, TAG_BOOL, &byte, sizeof(byte)))
		return;
	if (byte > 1)
		wire_refuse(wire);
	else
		*value = byte == 1;
}

void wire_int64(struct wire *wire, int64_t *value, int64_t min, int64_t max)
{
	int64_t moved = *value;

	if (!wire_move(wire, TAG_INT64, &moved, sizeof(moved)))
		return;
	if (moved < min || moved > max)
		wire_refuse(wire);
	else
		*value = moved;
}

void wire_uint64(struct wire *wire, uint64_t *value)
{
	uint64_t moved = *value;

	if (wire_move(wire, TAG_UINT64, &moved, sizeof(moved)))
		*value = moved;
}

static void wire_write_text(struct wire *wire, const char *text)
{
	uint32_t size;
	size_t length = text ? strlen(text) : 0;

	if (!text) {
		wire_write_tag(wire, TAG_NO_TEXT);
		return;
	}
	if (length > UINT32_MAX) {
		wire_fail(wire, -E2BIG);
		return;
	}
	size = (uint32_t)length;
	wire_write_tag(wire, TAG_TEXT);
	wire_write(wire, &size, sizeof(size));
	wire_write(wire, text, length);
}

static void wire_read_text(struct wire *wire, char **text)
{
	enum tag tag = take_tag(wire);
	uint32_t size = 0;
	const char *at;

	*text = NULL;
	if (tag == TAG_NO_TEXT)
		return;
	if (tag != TAG_TEXT)
		wire_refuse(wire);
	wire_read(wire, &size, sizeof(size));
	at = wire_next(wire, size);
	if (!at)
		return;
	if (memchr(at, '\0', size)) {
		wire_refuse(wire);
		return;
	}
	*text = text_copy(at, size);
	if (!*text)
		wire_fail(wire, -ENOMEM);
}

void wire_text(struct wire *wire, char **text)
{
	if (wire->reading)
		wire_read_text(wire, text);
	else
		wire_write_text(wire, *text);
}

void wire_optional(struct wire *wire, char **text, bool (*is_valid)(const char *text))
{
	wire_text(wire, text);
	if (*text && !is_valid(*text))
		wire_refuse(wire);
}

void wire_word(struct wire *wire, char **text, bool (*is_valid)(const char *text))
{
	wire_optional(wire, text, is_valid);
	if (!*text)
		wire_refuse(wire);
}

static void move_string(struct wire *wire, void *item)
{
	char **text = item;

	wire_text(wire, text);
	if (!*text)
		wire_refuse(wire);
}

void wire_strv(struct wire *wire, struct strv *list)
{
	wire_each(wire, &list->items, &list->n, sizeof(*list->items), move_string);
}

static char *wire_element(void *items, size_t n, size_t size)
{
	return *(char **)items + n * size;
}

/* Each element takes a byte at least: no count makes more of them than there are bytes. */
static void take_each(struct wire *wire, void *items, size_t *n, size_t size,
	void (*one)(struct wire *wire, void *item))
{
	uint32_t count = 0;

	expect_tag(wire, TAG_ARRAY);
	wire_read(wire, &count, sizeof(count));
	if (count > wire->size - wire->at)
		wire_refuse(wire);
	for (uint32_t i = 0; i < count && wire->error == 0; i++) {
		if (array_grow(items, *n, size) < 0) {
			wire_fail(wire, -ENOMEM);
			return;
		}
		one(wire, wire_element(items, (*n)++, size));
	}
}

void wire_each(struct wire *wire, void *items, size_t *n, size_t size,
	void (*one)(struct wire *wire, void *item))
{
	uint32_t count = (uint32_t)*n;

	if (wire->reading) {
		take_each(wire, items, n, size, one);
		return;
	}
	if (*n > UINT32_MAX) {
		wire_fail(wire, -E2BIG);
		return;
	}
	wire_write_tag(wire, TAG_ARRAY);
	wire_write(wire, &count, sizeof(count));
	for (uint32_t i = 0; i < count && wire->error == 0; i++)
		one(wire, wire_element(items, i, size));
}

void wire_outcome(struct wire *wire, int *r, struct error *err)
{
	wire_number(wire, *r, -ERRNO_MAX, 0);
	if (*r == 0)
		return;
	wire_number(wire, err->code, FINDING_NONE, FINDING_CODE_COUNT - 1);
	wire_text(wire, &err->subject);
	wire_text(wire, &err->message);
	wire_text(wire, &err->fix);
}
