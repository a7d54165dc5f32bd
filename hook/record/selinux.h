/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of the files that the hook makes, where the node has SELinux. Why which: docs/selinux.md.
 */
#ifndef FSH_HOOK_RECORD_SELINUX_H
#define FSH_HOOK_RECORD_SELINUX_H

#include "oci/base/error.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * What containers of every type and level may read and none may write: what is shown of records in
 * containers (hook/record/record_copy.h).
 */
#define SELINUX_RECORD_TYPE "container_ro_file_t"

#define SELINUX_LABEL_SIZE 256

/* Whether the kernel has a policy loaded: as is_selinux_enabled(3), selinuxfs is mounted.
 * Permissive counts, and so does a file there that may not be looked at: it is there. */
bool selinux_enabled(void);

/* The whole label of the file `fd` (not O_PATH). 0, or a negative errno: -ENODATA or -EOPNOTSUPP
 * where it has none. */
int selinux_label_of(int fd, char label[SELINUX_LABEL_SIZE]);

/* True where `type` is the third part of the label. */
bool selinux_has_type(const char *label, const char *type);

/*
 * Give the file `fd` (not O_PATH) the type `type`; user, role and level stay. Nothing where SELinux
 * is not there, the file has that type, or its file system has no labels. 0, or a negative errno
 * with FINDING_HOST_IO: -EINVAL where the loaded policy does not know the type, -EACCES or -EPERM
 * where it forbids the change.
 */
int selinux_set_type(int fd, const char *type, const char *path, struct error *err);

/* The same, with user, role and level of the file `like`; nothing where that has no label. */
int selinux_set_type_like(int fd, int like, const char *type, const char *path, struct error *err);

#endif
