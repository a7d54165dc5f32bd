/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON with limits: strict syntax, UTF-8 checked, depth at most 64, nothing after the value; and
 * getters whose errors name the key. What is valid jsonlex decides; the values are json-c's.
 */
#ifndef FSH_OCI_BASE_JSONDOC_H
#define FSH_OCI_BASE_JSONDOC_H

#include "oci/base/error.h"
#include "oci/base/jsonlex.h"
#include "oci/base/strv.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONDOC_MAX_DEPTH JSONLEX_MAX_DEPTH

enum jsondoc_dialect {
	JSONDOC_STRICT,	  /* RFC 8259 */
	JSONDOC_COMMENTS, /* the same with C and C++ comments: files that people write */
};

/* Where a value stands, for messages: what the document is, and the code that its errors have. */
struct jsondoc_context {
	const char *name;	/* "state", "config.json", the policy file's path */
	enum finding_code code; /* FINDING_STATE_INVALID, FINDING_CONFIG_INVALID, … */
};

/*
 * Parse `size` bytes. The root must be an object. On success *ret_object is a reference owned by
 * the caller (json_object_put). Errors: -EINVAL with context->code; the message has the line,
 * column and byte (from 1, columns in bytes). An embedded NUL, invalid UTF-8, more than
 * JSONDOC_MAX_DEPTH objects and arrays inside one another, trailing data and a name twice in one
 * object are errors. -ENOMEM is FINDING_INTERNAL.
 */
int jsondoc_parse(const char *data, size_t size, enum jsondoc_dialect dialect,
	const struct jsondoc_context *context, struct json_object **ret_object, struct error *err);

/*
 * The values of text that jsonlex_check() has accepted, at most INT_MAX bytes that begin with an
 * object or array. json-c is not asked to be strict: what it then refuses differs from release to
 * release. On success *ret is a reference owned by the caller. -ENOMEM, or -EINVAL with offset and
 * reason in `ret_lex` should json-c refuse it all the same.
 */
int jsondoc_values(
	const char *data, size_t size, struct json_object **ret, struct jsonlex *ret_lex);

/*
 * Getters. `key` is the member's name in `object`; `path` the dotted place of `object` in the
 * document for messages ("process.user", "" for the root). A member that is absent or null gives 0
 * and leaves *ret as it is, with *ret_found (may be NULL) false, but where `required` it is
 * -EINVAL. A wrong type is -EINVAL, as is an integer beyond int64_t. Objects and arrays are
 * borrowed from `object`; strings are copies owned by the caller, who gives *ret as NULL (an
 * embedded NUL is an error). `object` may be NULL: every member is absent then.
 */
struct jsondoc_get {
	const struct jsondoc_context *context;
	struct json_object *object;
	const char *path;
	bool required;
};

int jsondoc_object(const struct jsondoc_get *get, const char *key, struct json_object **ret,
	struct error *err);
int jsondoc_array(const struct jsondoc_get *get, const char *key, struct json_object **ret,
	struct error *err);
int jsondoc_string(const struct jsondoc_get *get, const char *key, char **ret, struct error *err);
int jsondoc_bool(const struct jsondoc_get *get, const char *key, bool *ret, bool *ret_found,
	struct error *err);
int jsondoc_int64(const struct jsondoc_get *get, const char *key, int64_t *ret, bool *ret_found,
	struct error *err);
/* An array of strings appended to `ret`. */
int jsondoc_strv(
	const struct jsondoc_get *get, const char *key, struct strv *ret, struct error *err);

/*
 * An error about the member `key` that a getter did not see: fills `err` as a getter does, with the
 * dotted path as subject and "NAME: PATH: text" as message. Returns -EINVAL. `key` may be NULL: the
 * object itself.
 */
int jsondoc_error(const struct jsondoc_get *get, const char *key, const char *fix,
	struct error *err, const char *format, ...) __attribute__((format(printf, 5, 6)));

#define JSONDOC_PATH_SIZE 128 /* of a dotted path of known keys; longer ones are cut */

/* An object inside another one, with its path. */
struct jsondoc_scope {
	struct jsondoc_get get;
	char path[JSONDOC_PATH_SIZE];
};

/* Make *ret the getter for the object `key`: of a NULL object where that is absent and not
 * required. The scope's own `required` is false. It must not be copied: get.path points into it. */
int jsondoc_enter(const struct jsondoc_get *get, const char *key, struct jsondoc_scope *ret,
	struct error *err);

typedef int (*jsondoc_item_fn)(const struct jsondoc_get *item, void *data, struct error *err);

/*
 * Call `load` for each object of the array `key` (absent: never), whose path is "key[0]",
 * "key[1]", …, until it returns less than 0. An element that is no object is an error.
 */
int jsondoc_each(const struct jsondoc_get *get, const char *key, jsondoc_item_fn load, void *data,
	struct error *err);

static inline void jsondoc_put(struct json_object **object)
{
	if (*object)
		json_object_put(*object);
}

#define cleanup_json __attribute__((cleanup(jsondoc_put)))

#endif
