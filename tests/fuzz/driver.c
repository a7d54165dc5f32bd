/* SPDX-License-Identifier: Apache-2.0 */
/* What libFuzzer calls. Compiled once for each target: FUZZ_TARGET is its function. */
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* For linters, which see each file once. */
#ifndef FUZZ_TARGET
#define FUZZ_TARGET fuzz_state
#endif

/* NOLINTBEGIN(readability-identifier-naming): libFuzzer's names */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void fuzz_fail(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FUZZ_TARGET((const char *)data, size);
	return 0;
}
/* NOLINTEND(readability-identifier-naming) */
