/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a provider could do to the mounts on its path by itself. The hook does no more for it in a
 * directory that is not the pod's own.
 */
#ifndef FSH_POLICY_CHECK_PROVIDER_RIGHTS_H
#define FSH_POLICY_CHECK_PROVIDER_RIGHTS_H

#include "policy/check/facts.h"
#include <stdbool.h>

/*
 * True where the container of `facts` is the provider of `path` by the pod's annotation, and by its
 * own config.json `path` is `host_path` on the node, in a volume that it mounts read-write and
 * Bidirectional, and it has CAP_SYS_ADMIN: whatever is mounted there, it could unmount itself, for
 * everybody. Needs facts->spec, request, identity and bundle. 0 or -ENOMEM.
 */
int provider_rights_unmount(
	const struct facts *facts, const char *path, const char *host_path, bool *ret);

#endif
