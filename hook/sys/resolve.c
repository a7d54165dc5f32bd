/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openat2(2) gives up with EAGAIN when something is renamed anywhere while it goes over "..": it
 * is tried again, or a busy node would look like an attack.
 */
#include "hook/sys/resolve.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/openat2_fallback.h"
#include "hook/sys/syscalls.h"

/* A rename or a mount anywhere on the machine, while it walked over "..": worth another try. */
#define ATTEMPTS 16

int resolve_open(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	int r = -EAGAIN;

	for (int attempt = 0; attempt < ATTEMPTS && r == -EAGAIN; attempt++)
		r = sys_openat2(dir, path, flags, resolve);
	return r == -EAGAIN || kernel_lacks(KERNEL_OPENAT2, r)
		       ? openat2_fallback(dir, path, flags, resolve)
		       : r;
}
