/* SPDX-License-Identifier: Apache-2.0 */
/* Where the last reconcile stopped: policy/record/sweep_order.h in the file `order` of the runtime
 * directory. */
#ifndef FSH_HOOK_RECLAIM_SWEEP_TURNS_H
#define FSH_HOOK_RECLAIM_SWEEP_TURNS_H

#include "policy/record/sweep_order.h"

/* What is not there, or no file of root's, leaves all turns equal. 0 or -ENOMEM. */
int sweep_order_file_read(int runtime_fd, struct sweep_order *ret);

/* Written over the old one: half of a file, after a crash, costs nothing but the order. 0 or a
 * negative errno. */
int sweep_order_file_write(int runtime_fd, const struct sweep_order *order);

#endif
