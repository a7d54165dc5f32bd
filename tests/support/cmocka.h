/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with what its header needs before it. */
#ifndef FSH_TESTS_SUPPORT_CMOCKA_H
#define FSH_TESTS_SUPPORT_CMOCKA_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
