/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written member by member. A failure (no memory) is kept, and what follows does nothing: who
 * writes asks once, at the end.
 */
#ifndef FSH_OCI_BASE_JSONPACK_H
#define FSH_OCI_BASE_JSONPACK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct jsonpack {
	struct json_object *root; /* owned */
	bool failed;
};

/* Begin with an empty object. */
void jsonpack_begin(struct jsonpack *pack);

/* A member of `in`, or with `key` NULL an item of the array `in`, which may be NULL after a
 * failure. What is returned is borrowed, NULL after a failure. */
struct json_object *jsonpack_object(struct jsonpack *pack, struct json_object *in, const char *key);
struct json_object *jsonpack_array(struct jsonpack *pack, struct json_object *in, const char *key);
void jsonpack_string(
	struct jsonpack *pack, struct json_object *in, const char *key, const char *text);
void jsonpack_int(struct jsonpack *pack, struct json_object *in, const char *key, int64_t value);
void jsonpack_uint(struct jsonpack *pack, struct json_object *in, const char *key, uint64_t value);
void jsonpack_bool(struct jsonpack *pack, struct json_object *in, const char *key, bool value);

void jsonpack_null(struct jsonpack *pack, struct json_object *in, const char *key);

/* jsonpack_string(), which is left out where `text` is NULL. */
void jsonpack_optional(
	struct jsonpack *pack, struct json_object *in, const char *key, const char *text);

/* Any other value, taken over in any case; NULL stands for one that memory did not suffice for. */
struct json_object *jsonpack_add(
	struct jsonpack *pack, struct json_object *in, const char *key, struct json_object *value);

/* Its text for people and programs, with a final newline, owned by the caller; NULL after a
 * failure. What was packed is released. */
char *jsonpack_text(struct jsonpack *pack);

/* Print that. 0 or -ENOMEM. */
int jsonpack_end(struct jsonpack *pack, FILE *out);

/* Release what was packed and not told. All-zero and what has ended are accepted. */
void jsonpack_clear(struct jsonpack *pack);

#endif
