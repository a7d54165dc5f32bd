/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room grows by powers of two that follow from the count alone: a list needs no second number for
 * what it has room for.
 */
#include "oci/base/strv.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int array_grow(void *items, size_t n, size_t size)
{
	size_t room = n ? 2 * n : 1;
	void *array, *bigger;

	/* `items` is a pointer to a pointer of any type: memcpy() is the access that aliasing
	 * rules allow. */
	memcpy(&array, items, sizeof(array));
	/* Powers of two: there is room left unless n is one (or zero). */
	if ((n & (n - 1)) == 0) {
		if (n > SIZE_MAX / 2 / size)
			return -ENOMEM;
		bigger = realloc(array, room * size);
		if (!bigger)
			return -ENOMEM;
		array = bigger;
		memcpy(items, &array, sizeof(array));
	}
	memset((char *)array + n * size, 0, size);
	return 0;
}

int strv_add(struct strv *list, const char *text)
{
	int r = array_grow(&list->items, list->n, sizeof(*list->items));

	if (r < 0)
		return r;
	list->items[list->n] = strdup(text);
	if (!list->items[list->n])
		return -ENOMEM;
	list->n++;
	return 0;
}

bool strv_contains(const struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

void strv_clear(struct strv *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strv){0};
}
