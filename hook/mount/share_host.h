/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of the administrator's, made shared on the host: nodeMounts at boot, the kubelet's
 * root by `doctor --fix`. */
#ifndef FSH_HOOK_MOUNT_SHARE_HOST_H
#define FSH_HOOK_MOUNT_SHARE_HOST_H

#include "hook/journal/audit.h"
#include "oci/base/error.h"
#include <stdbool.h>

struct share_host {
	char *path;    /* canonical; owned */
	int group;     /* the peer group of its mount; 0: not shared */
	bool is_mount; /* it is a mount's root */
	bool changed;
	bool bound; /* on itself, for it was no mount of its own */
};

/* Where `path` (symlinks in it are followed) is, and the peer group that its mount has now. Errors:
 * FINDING_POLICY_INVALID where it cannot be opened, else FINDING_HOST_IO. The caller's
 * (share_host_clear). */
int share_host_query(const char *path, struct share_host *ret, struct error *err);

/*
 * share_host_query(), and make the mount shared where it is not: in place where `path` is its root,
 * else by binding the directory on itself. What is changed is audited.
 */
int share_host(const struct audit *audit, int runtime_fd, const char *path, struct share_host *ret,
	struct error *err);

void share_host_clear(struct share_host *share);

#define cleanup_share_host __attribute__((cleanup(share_host_clear)))

#endif
