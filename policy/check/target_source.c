/* SPDX-License-Identifier: Apache-2.0 */
/* What config.json alone says of a mount; everything else of a target begins with it. */
#include "policy/check/target_source.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <errno.h>
#include <string.h>

const struct spec_mount *target_spec_mount(const struct spec *spec, const char *path)
{
	const struct spec_mount *holder = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		size_t length = strlen(mount->destination);

		if (!path_below(path, mount->destination) || (holder && length < longest))
			continue;
		holder = mount;
		longest = length;
	}
	return holder;
}

int target_mount_source(const struct facts *facts, const struct spec_mount *mount, char **ret)
{
	cleanup_free char *joined = NULL, *simple = NULL;

	*ret = NULL;
	if (!mount->bind || !mount->source)
		return 0;
	/* A relative source starts at the bundle (runtime-spec, config.md, "Mounts"). */
	if (mount->source[0] != '/' && !facts->bundle)
		return 0;
	joined = path_join(mount->source[0] == '/' ? "/" : facts->bundle, mount->source);
	if (!joined)
		return -ENOMEM;
	simple = path_simplify(joined);
	if (!simple)
		return -ENOMEM;
	/* What has ".." in it names nothing that a prefix can be compared with. */
	if (path_is_normalized(simple))
		*ret = move_ptr(simple);
	return 0;
}
