/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By components of the path, since the pod's uid may be the name of any directory somewhere in it:
 * only right below the kubelet's `pods` it tells whose the volume is.
 */
#include "policy/config/own_volume.h"

#include "oci/base/path.h"
#include <string.h>

#define KUBELET_PODS "/var/lib/kubelet/pods"

static bool is_pods_directory(const char *root)
{
	const char *name = strrchr(root, '/');

	return name && strcmp(name, "/pods") == 0;
}

/* What follows PODS/NAME/ in `path`, where NAME is `pod_uid`, or any name where that is NULL. */
static bool own_volume_is_below(const char *path, const char *pods, const char *pod_uid)
{
	const char *rest = path_below(path, pods);
	const char *slash = rest ? strchr(rest, '/') : NULL;
	size_t length = slash ? (size_t)(slash - rest) : 0;

	if (length == 0 || slash[1] == '\0')
		return false;
	return !pod_uid || (strlen(pod_uid) == length && strncmp(rest, pod_uid, length) == 0);
}

/* A directory in a volume may have any name: paths of the mount table are asked about, too. */
static bool own_volume_is_of(const struct config *config, const char *pod_uid, const char *path)
{
	if (!path || !path_is_straight(path))
		return false;
	if (own_volume_is_below(path, KUBELET_PODS, pod_uid))
		return true;
	for (size_t i = 0; i < config->roots.n; i++) {
		if (is_pods_directory(config->roots.items[i]) &&
			own_volume_is_below(path, config->roots.items[i], pod_uid))
			return true;
	}
	return false;
}

/* PODS is ABOVE/pods, the other is ABOVE/plugins. */
static bool is_beside(const char *path, const char *pods)
{
	size_t length = strlen(pods) - strlen("pods");

	return strncmp(path, pods, length) == 0 &&
	       strncmp(path + length, "plugins/", strlen("plugins/")) == 0;
}

bool own_volume_is_plugins(const struct config *config, const char *path)
{
	if (!path || !path_is_normalized(path))
		return false;
	if (is_beside(path, KUBELET_PODS))
		return true;
	for (size_t i = 0; i < config->roots.n; i++) {
		if (is_pods_directory(config->roots.items[i]) &&
			is_beside(path, config->roots.items[i]))
			return true;
	}
	return false;
}

bool own_volume_is(const struct config *config, const char *pod_uid, const char *path)
{
	return pod_uid && *pod_uid && own_volume_is_of(config, pod_uid, path);
}

bool own_volume_is_some_pods(const struct config *config, const char *path)
{
	return own_volume_is_of(config, NULL, path);
}
