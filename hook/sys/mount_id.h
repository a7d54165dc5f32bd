/* SPDX-License-Identifier: Apache-2.0 */
/* Which mount a descriptor is on. */
#ifndef FSH_HOOK_SYS_MOUNT_ID_H
#define FSH_HOOK_SYS_MOUNT_ID_H

#include <stdint.h>

/*
 * The mount that the descriptor is on. *ret_unique (may be NULL) is the id that is never used again
 * (Linux 6.8), 0 on older kernels. Asks no file system, so that a hung FUSE mount answers too. 0 or
 * a negative errno.
 */
int mount_id_of(int fd, int *ret_id, uint64_t *ret_unique);

#endif
