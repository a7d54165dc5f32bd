/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_open() for kernels without openat2(2). For hook/sys/resolve.c. */
#ifndef FSH_HOOK_SYS_OPENAT2_FALLBACK_H
#define FSH_HOOK_SYS_OPENAT2_FALLBACK_H

#include <stdint.h>

/* System calls: openat, readlinkat, fstatfs, fcntl, those of mount_id_of(). */
int openat2_fallback(int dir, const char *path, uint64_t flags, uint64_t resolve);

#endif
