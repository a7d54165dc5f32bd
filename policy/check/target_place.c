/* SPDX-License-Identifier: Apache-2.0 */
/* Directories compared by file system, since their paths differ with the mount that shows them. */
#include "policy/check/target_place.h"

#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include <errno.h>
#include <stdlib.h>

int target_place_find(const struct mount_entry *mount, const char *path, struct target_place *ret)
{
	struct target_place place;

	if (!mount || !path_below(path, mount->target))
		return 0;
	place = (struct target_place){mount->major, mount->minor, mounts_fs_path(mount, path)};
	if (!place.path)
		return -ENOMEM;
	*ret = place;
	return 0;
}

const char *target_place_below(const struct target_place *place, const struct target_place *above)
{
	if (!place->path || !above->path || place->major != above->major ||
		place->minor != above->minor)
		return NULL;
	return path_below(place->path, above->path);
}

bool target_place_is(const struct target_place *place, const struct target_place *other)
{
	const char *rest = target_place_below(place, other);

	return rest && *rest == '\0';
}

void target_place_clear(struct target_place *place)
{
	free(place->path);
	*place = (struct target_place){0};
}
