/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions that show what they found. */
#ifndef FSH_TESTS_SUPPORT_EXPECT_H
#define FSH_TESTS_SUPPORT_EXPECT_H

/* `text` is somewhere in what was `said`. */
void expect_says(const char *said, const char *text);

#endif
