/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka, from 1.1.5 to 2.0, with what its header needs before it. */
#ifndef FSH_TESTS_SUPPORT_CMOCKA_H
#define FSH_TESTS_SUPPORT_CMOCKA_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* 2.0 has this in the place of assert_in_range(), which it deprecates: the old name is none here,
 * whatever the release. For 1.x a negative number is a large one, and in no range here either. */
#ifndef assert_int_in_range
#define assert_int_in_range(value, minimum, maximum)                                               \
	_assert_in_range(cast_to_largest_integral_type(value),                                     \
		cast_to_largest_integral_type(minimum), cast_to_largest_integral_type(maximum),    \
		__FILE__, __LINE__)
#endif
#undef assert_in_range

#endif
