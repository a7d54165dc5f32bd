/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/owner.h"

#include "hook/record.h"
#include "oci/annotations.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <string.h>

static const struct topology_path *providing(const struct topology *topology, const char *host_path)
{
	for (size_t i = 0; i < topology->n_paths; i++) {
		const struct topology_path *path = &topology->paths[i];

		if (path->host_path && strcmp(path->provider, PROVIDER_NODE) != 0 &&
			path_below(host_path, path->host_path))
			return path;
	}
	return NULL;
}

/* Take the names out of a record that is not needed any more. */
static int take_owner(
	struct topology *topology, const struct topology_path *path, struct owner *ret)
{
	ret->provider = strdup(path->provider);
	if (!ret->provider)
		return -ENOMEM;
	ret->pod_namespace = move_ptr(topology->pod_namespace);
	ret->pod_name = move_ptr(topology->pod_name);
	return 0;
}

int owner_find(int runtime_fd, const struct topology *mine, const char *host_path,
	struct owner *ret, struct error *err)
{
	cleanup_strv struct strv uids = {0};
	int r;

	r = record_list(runtime_fd, &uids, err);
	for (size_t i = 0; r == 0 && i < uids.n && !ret->provider; i++) {
		cleanup_topology struct topology other = {0};
		cleanup_error struct error unreadable = {0};
		const struct topology_path *path;
		bool found = false;

		if (mine->pod_uid && strcmp(uids.items[i], mine->pod_uid) == 0)
			continue;
		if (record_load(runtime_fd, uids.items[i], &other, &found, &unreadable) < 0)
			continue;
		path = found ? providing(&other, host_path) : NULL;
		if (path && take_owner(&other, path, ret) < 0)
			return error_memory(err);
	}
	return r;
}

void owner_clear(struct owner *owner)
{
	free(owner->pod_namespace);
	free(owner->pod_name);
	free(owner->provider);
	*owner = (struct owner){0};
}
