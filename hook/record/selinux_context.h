/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the node's SELinux policy says of a path: the type in its file contexts, file_contexts(5).
 * Only patterns of the form PATH, PATH/.* and PATH(/.*)? are looked at, for a directory that has
 * one of its own: what both policies have that know containers, and what semanage-fcontext(8) adds.
 */
#ifndef FSH_HOOK_RECORD_SELINUX_CONTEXT_H
#define FSH_HOOK_RECORD_SELINUX_CONTEXT_H

#include "oci/base/error.h"

#define SELINUX_TYPE_SIZE 128

/*
 * The type for one of the hook's own directories in /run: that of its path, else that of
 * RUNTIME_DIR, else that of /run/containers, where the runtimes keep their state and which they and
 * CRI-O may write. 0, -ENOENT where the file contexts have none of these, or a negative errno where
 * they cannot be read.
 */
int selinux_context_own(const char *path, char ret_type[SELINUX_TYPE_SIZE]);

/*
 * Give such a directory that type, as selinux_set_type() does; nothing where SELinux is not there.
 * What a service makes has its domain's type at first, and a runtime's domain may then do nothing
 * in it. 0, or a negative errno with FINDING_HOST_IO.
 */
int selinux_context_label(int fd, const char *path, struct error *err);

#endif
