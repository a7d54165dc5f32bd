/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest: read, judged, mended. */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "policy/lint/lint.h"
#include <string.h>

static void check_finding(const struct lint_finding *item, size_t size)
{
	const struct finding *finding = &item->finding;

	FUZZ_EXPECT(finding->code > FINDING_NONE && finding->code < FINDING_CODE_COUNT);
	FUZZ_EXPECT(finding->code != FINDING_INTERNAL);
	FUZZ_EXPECT(fuzz_is_line(finding->message));
	FUZZ_EXPECT(!*finding->fix || fuzz_is_line(finding->fix));
	FUZZ_EXPECT(item->start <= item->end && item->end <= size);
	FUZZ_EXPECT(item->edits.n == 0 || !item->obstacle);
	for (size_t i = 0; i < item->edits.n; i++) {
		FUZZ_EXPECT(item->edits.items[i].start <= item->edits.items[i].end);
		FUZZ_EXPECT(item->edits.items[i].end <= size);
	}
}

static void check_lint(const struct lint *lint, size_t size)
{
	for (size_t i = 0; i < lint->n; i++) {
		check_finding(&lint->items[i], size);
		FUZZ_EXPECT(i == 0 || lint->items[i - 1].start <= lint->items[i].start);
	}
	FUZZ_EXPECT((lint_exit(lint) == EXIT_DONE) == (lint_count(lint, LINT_ERROR) == 0));
}

/* Nothing is left that could be mended, and mending again changes nothing. */
static void check_mended(const struct lint_input *input)
{
	cleanup_lint struct lint lint = {0}, again = {0};
	cleanup_error struct error err = {0};
	cleanup_free char *once = NULL, *twice = NULL;
	size_t size = 0, second_size = 0;
	struct lint_input second = *input;

	FUZZ_EXPECT(lint_fix(input, &once, &size, &lint, &err) == 0);
	check_lint(&lint, size);
	for (size_t i = 0; i < lint.n; i++)
		FUZZ_EXPECT(lint.items[i].edits.n == 0);
	second.data = once;
	second.size = size;
	FUZZ_EXPECT(lint_fix(&second, &twice, &second_size, &again, &err) == 0);
	FUZZ_EXPECT(size == second_size && memcmp(once, twice, size) == 0);
}

void fuzz_lint(const char *data, size_t size)
{
	cleanup_config struct config config = {0};
	cleanup_lint struct lint lint = {0};
	struct lint_input input = {.data = data, .size = size, .config = &config, .assumed = true};

	FUZZ_EXPECT(config_defaults(&config) == 0);
	FUZZ_EXPECT(lint_run(&input, &lint) == 0);
	check_lint(&lint, size);
	check_mended(&input);
}
