/* SPDX-License-Identifier: Apache-2.0 */
/* A list of what was made, taken back as a whole: what hook/apply/rollback.c does for a run. */
#ifndef FSH_TESTS_NS_ROLL_BACK_H
#define FSH_TESTS_NS_ROLL_BACK_H

#include "hook/mount/rollback_list.h"

/* The last step first; the list is empty afterwards. How many could not be rolled back. */
static inline unsigned int roll_back(struct rollback_list *list)
{
	unsigned int failed = 0;

	while (list->n > 0)
		failed += rollback_list_last(list) < 0;
	rollback_list_clear(list);
	return failed;
}

#endif
