/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/expect.h"

#include "tests/support/cmocka.h"

#include <string.h>

void expect_says(const char *said, const char *text)
{
	if (!strstr(said, text))
		fail_msg("\"%s\" is not in: %s", text, said);
}
