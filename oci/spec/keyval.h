/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations as they come: a list of key and value (runtime-spec, config.md, "Annotations"). */
#ifndef FSH_OCI_SPEC_KEYVAL_H
#define FSH_OCI_SPEC_KEYVAL_H

#include "oci/base/jsondoc.h"
#include <stddef.h>

struct keyval {
	char *key;
	char *value;
};

struct keyvals {
	struct keyval *items;
	size_t n;
};

/* The value of `key`, borrowed; NULL where it is absent. */
const char *keyvals_get(const struct keyvals *list, const char *key);
/* Append copies. 0 or -ENOMEM. */
int keyvals_add(struct keyvals *list, const char *key, const char *value);
/* The member "annotations" of get->object (absent: empty), values all strings. Errors as jsondoc's.
 */
int keyvals_load(const struct jsondoc_get *get, struct keyvals *ret, struct error *err);
void keyvals_clear(struct keyvals *list);

#define cleanup_keyvals __attribute__((cleanup(keyvals_clear)))

#endif
