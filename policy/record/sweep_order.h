/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which order reconcile goes through the pods. A run has a limit to its time, and pods whose
 * mounts do not answer take much of it each: the next run begins where this one stopped, and those
 * that took too long come last, the one that was tried longest ago first.
 */
#ifndef FSH_POLICY_RECORD_SWEEP_ORDER_H
#define FSH_POLICY_RECORD_SWEEP_ORDER_H

#include "oci/base/strv.h"

#define TURNS_MAX_LAST 1024
#define TURNS_MAX_SIZE (64UL * 1024) /* bytes of the text */

struct sweep_order {
	char *next;	  /* the uid to begin with, or behind which; NULL: with the first */
	struct strv last; /* uids of those that took too long, oldest first */
};

/* The uids of `pods` (sorted) in the order of their turns, appended to `ret`. 0 or -ENOMEM. */
int sweep_order_order(const struct sweep_order *order, const struct strv *pods, struct strv *ret);

/* The pod `uid` is begun with, and `next` (may be NULL) comes after it. Until it has ended it is
 * one that took too long: a run that is killed at it says nothing any more. 0 or -ENOMEM. */
int sweep_order_begin(struct sweep_order *order, const char *uid, const char *next);
/* It has ended in time. */
void sweep_order_end(struct sweep_order *order, const char *uid);
/* Forget pods that are not among `pods`. */
void sweep_order_keep(struct sweep_order *order, const struct strv *pods);

/* As text, a line for each, owned by the caller; NULL without memory. */
char *sweep_order_format(const struct sweep_order *order);
/* The reverse; what is no such line is passed over. 0 or -ENOMEM. */
int sweep_order_parse(char *text, struct sweep_order *ret);

void sweep_order_clear(struct sweep_order *order);

#define cleanup_sweep_order __attribute__((cleanup(sweep_order_clear)))

#endif
