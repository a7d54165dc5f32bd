/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the two lists that the filters are made of: what is allowed
 * (hook/sandbox/filter_list.c) and what is dangerous (hook/sandbox/filter_dangers.c). For the build
 * and for tests, not for the hook. */
#ifndef FSH_HOOK_SANDBOX_FILTER_ENTRY_H
#define FSH_HOOK_SANDBOX_FILTER_ENTRY_H

#include "hook/sandbox/filter.h"

#include <stddef.h>
#include <stdint.h>

/* The filters that an entry is for. */
#define FILTER_BIT(filter) (1U << (filter))
#define FILTER_BITS_ALL ((1U << FILTER_COUNT) - 1)

/* With which argument an entry is meant. */
enum filter_condition {
	FILTER_ANY,
	FILTER_EQUAL,	 /* argument `arg` is `value` */
	FILTER_UNEQUAL,	 /* it is another */
	FILTER_NO_BITS,	 /* it has none of the bits `value` */
	FILTER_ALL_BITS, /* it has all of them, and none of `without` */
};

/* Several entries of one name: any of them holds. */
struct filter_entry {
	const char *name;
	unsigned int filters; /* FILTER_BIT() of each */
	enum filter_condition condition;
	unsigned int arg;
	uint64_t value, without;
	unsigned int null; /* another argument, which must be NULL then; 0: none */
	int number; /* on every architecture, of a call that libseccomp may be too old to know; 0 */
};

struct filter_entries {
	const struct filter_entry *items;
	size_t n;
};

extern const struct filter_entries filter_allowed, filter_dangers;

#endif
