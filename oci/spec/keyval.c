/* SPDX-License-Identifier: Apache-2.0 */
/* A list and no hash table: there are some dozen annotations, asked for by name once each. */
#include "oci/spec/keyval.h"

#include "oci/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *keyvals_get(const struct keyvals *list, const char *key)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].key, key) == 0)
			return list->items[i].value;
	return NULL;
}

int keyvals_add(struct keyvals *list, const char *key, const char *value)
{
	cleanup_free char *key_copy = strdup(key);
	cleanup_free char *value_copy = strdup(value);

	if (!key_copy || !value_copy || array_grow(&list->items, list->n, sizeof(*list->items)) < 0)
		return -ENOMEM;
	list->items[list->n++] = (struct keyval){move_ptr(key_copy), move_ptr(value_copy)};
	return 0;
}

static int load_one(
	const struct jsondoc_get *get, const char *key, struct keyvals *ret, struct error *err)
{
	cleanup_free char *value = NULL;
	int r = jsondoc_string(get, key, &value, err);

	if (r < 0)
		return r;
	return keyvals_add(ret, key, value) < 0 ? error_memory(err) : 0;
}

int keyvals_load(const struct jsondoc_get *get, struct keyvals *ret, struct error *err)
{
	__attribute__((cleanup(keyvals_clear))) struct keyvals list = {0};
	struct jsondoc_scope annotations;
	int r = jsondoc_enter(get, "annotations", &annotations, err);

	if (r < 0 || !annotations.get.object)
		return r;
	annotations.get.required = true;
	json_object_object_foreach(annotations.get.object, key, value)
	{
		(void)value;
		r = load_one(&annotations.get, key, &list, err);
		if (r < 0)
			return r;
	}
	*ret = move_struct(list);
	return 0;
}

void keyvals_clear(struct keyvals *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].key);
		free(list->items[i].value);
	}
	free(list->items);
	*list = (struct keyvals){0};
}
