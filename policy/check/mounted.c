/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a mount is was found out before: here is only which of them stand in a provider's way. */
#include "policy/check/mounted.h"

#include "oci/base/cleanup.h"
#include <string.h>

const struct mounted_path *mounted_find(const struct mounted *mounted, const char *path)
{
	for (size_t i = 0; mounted && i < mounted->n; i++) {
		if (strcmp(mounted->items[i].path, path) == 0)
			return &mounted->items[i];
	}
	return NULL;
}

bool mounted_is_anothers(const struct mounted_path *found)
{
	return found->state == PATH_LIVE || (found->state == PATH_DEAD && !found->detachable);
}

int mounted_add(struct mounted *mounted, struct mounted_path *found)
{
	if (array_grow(&mounted->items, mounted->n, sizeof(*mounted->items)) < 0)
		return -ENOMEM;
	mounted->items[mounted->n++] = move_struct(*found);
	return 0;
}

void mounted_path_clear(struct mounted_path *found)
{
	free(found->path);
	free(found->owner);
	*found = (struct mounted_path){0};
}

void mounted_clear(struct mounted *mounted)
{
	if (!mounted)
		return;
	for (size_t i = 0; i < mounted->n; i++)
		mounted_path_clear(&mounted->items[i]);
	free(mounted->items);
	*mounted = (struct mounted){0};
}
