/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TEST_ONLY='*dead*' runs the tests of a program whose names are like that. Every test program is
 * linked with this file, so that none needs a line for it.
 */
#include "tests/support/cmocka.h"

#include <stdlib.h>

__attribute__((constructor)) static void take_test_filter(void)
{
	const char *pattern = getenv("TEST_ONLY");

	if (pattern && *pattern)
		cmocka_set_test_filter(pattern);
}
