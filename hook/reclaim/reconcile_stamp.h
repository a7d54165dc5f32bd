/* SPDX-License-Identifier: Apache-2.0 */
/* When `reconcile` last came to its end, by two clocks: how long ago that is tells whether its
 * timer runs, the difference of the two whether the clock was set meanwhile. */
#ifndef FSH_HOOK_RECLAIM_RECONCILE_STAMP_H
#define FSH_HOOK_RECLAIM_RECONCILE_STAMP_H

#include <stdint.h>

struct reconcile_stamp {
	uint64_t realtime_usec; /* CLOCK_REALTIME */
	uint64_t boottime_usec; /* CLOCK_BOOTTIME */
};

/* What the clocks say now. */
struct reconcile_stamp reconcile_stamp_now(void);

/* The file "reconciled" of the runtime directory. 0 or a negative errno: -ENOENT without one,
 * -EINVAL where it cannot be read. */
int reconcile_stamp_write(int runtime_fd, const struct reconcile_stamp *stamp);
int reconcile_stamp_read(int runtime_fd, struct reconcile_stamp *ret);

#endif
