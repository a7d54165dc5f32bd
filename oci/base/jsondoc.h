/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON with limits: strict syntax, UTF-8 checked, depth at most 64, nothing after the value; and
 * getters whose errors name the key. The parser is json-c.
 */
#ifndef FSH_OCI_BASE_JSONDOC_H
#define FSH_OCI_BASE_JSONDOC_H

#include "oci/base/error.h"
#include "oci/base/strv.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONDOC_MAX_DEPTH 64

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
 * the caller (json_object_put). Errors: -EINVAL with context->code; the message has the byte
 * offset. An embedded NUL, invalid UTF-8, depth over the limit, trailing data and duplicate keys
 * are errors.
 */
int jsondoc_parse(const char *data, size_t size, enum jsondoc_dialect dialect,
	const struct jsondoc_context *context, struct json_object **ret_object, struct error *err);

/*
 * Getters. `key` is the member's name in `object`; `path` the dotted place of `object` in the
 * document for messages ("process.user", "" for the root). A member that is absent or null gives 0
 * and leaves *ret as it is, with *ret_found (may be NULL) false, but where `required` it is
 * -EINVAL. A wrong type is -EINVAL. Objects and arrays are borrowed from `object`; strings are
 * copies owned by the caller (an embedded NUL is an error).
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

static inline void jsondoc_put(struct json_object **object)
{
	if (*object)
		json_object_put(*object);
}

#define cleanup_json __attribute__((cleanup(jsondoc_put)))

#endif
