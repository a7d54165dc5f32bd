/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rights of the very container that is on the path, from its config.json: who could unmount it
 * by its own capability and propagation is given nothing new when the hook does it.
 */
#include "policy/check/provider_rights.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/capabilities.h"
#include "policy/check/target.h"
#include "policy/check/target_source.h"
#include <string.h>

static bool provider_rights_provides(const struct facts *facts, const char *path)
{
	for (size_t i = 0; i < facts->request->n_mounts; i++) {
		const struct mount_request *request = &facts->request->mounts[i];

		if (!request->node && strcmp(request->path, path) == 0)
			return strcmp(request->provider, facts->identity->container_name) == 0;
	}
	return false;
}

int provider_rights_unmount(
	const struct facts *facts, const char *path, const char *host_path, bool *ret)
{
	const struct spec_mount *mount = target_spec_mount(facts->spec, path);
	cleanup_free char *source = NULL, *joined = NULL;
	int r;

	*ret = false;
	if (!mount || !provider_rights_provides(facts, path) || mount->readonly ||
		mount->propagation != PROPAGATION_SHARED ||
		!capabilities_contain(&facts->spec->cap_effective, CAP_SYS_ADMIN))
		return 0;
	r = target_mount_source(facts, mount, &source);
	if (r < 0 || !source)
		return r;
	joined = path_join(source, path_below(path, mount->destination));
	if (!joined)
		return -ENOMEM;
	*ret = strcmp(joined, host_path) == 0;
	return 0;
}
