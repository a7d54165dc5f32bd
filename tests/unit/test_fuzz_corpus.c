/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/corpus: what fuzzing found worth keeping, each input once through its target. */
#include "oci/base/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <stdlib.h>
#include <string.h>

static const char *current_file = "(none)";

void fuzz_fail(const char *file, int line, const char *promise)
{
	fail_msg("%s: %s:%d: broken: %s", current_file, file, line, promise);
	abort();
}

/* From a copy of exactly its size, so that a sanitizer sees one byte too far. */
static void replay_file(const char *name, void (*target)(const char *data, size_t size))
{
	size_t size = 0;
	cleanup_free char *data = fixture_read(name, &size);
	cleanup_free char *exact = malloc(size ? size : 1);

	assert_non_null(exact);
	memcpy(exact, data, size);
	current_file = name;
	target(exact, size);
}

static void replay(const char *pattern, void (*target)(const char *data, size_t size))
{
	cleanup_strv struct strv files = {0};

	fixture_glob(pattern, &files);
	for (size_t i = 0; i < files.n; i++)
		replay_file(files.items[i], target);
	/* Nothing at all is what every reader may get. */
	current_file = "the empty input";
	target("", 0);
}

#define X(name)                                                                                    \
	static void name##_keeps_its_promises(void **state)                                        \
	{                                                                                          \
		(void)state;                                                                       \
		replay("fuzz/corpus/" #name "/*", fuzz_##name);                                    \
	}
FUZZ_TARGETS(X)
#undef X

int main(void)
{
	const struct CMUnitTest tests[] = {
#define X(name) cmocka_unit_test(name##_keeps_its_promises),
		FUZZ_TARGETS(X)
#undef X
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
