/* SPDX-License-Identifier: Apache-2.0 */
/* Fixing in rounds: a change may show what could not be seen or not be fixed before. */
#include "policy/lint/lint.h"

#include "oci/base/cleanup.h"

#include <errno.h>
#include <string.h>

#define ROUNDS_MAX 64 /* three are usual */

struct text {
	char *data;
	size_t size;
};

/* Which bytes are changed already, and those beside them: two changes that touch would depend on
 * each other's order. */
struct taken {
	unsigned char *bytes;
};

static bool lint_fix_is_taken(const struct taken *taken, const struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		for (size_t at = edits->items[i].start; at <= edits->items[i].end; at++)
			if (taken->bytes[at])
				return true;
	return false;
}

static void lint_fix_mark(struct taken *taken, const struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		memset(taken->bytes + edits->items[i].start, 1,
			edits->items[i].end - edits->items[i].start + 1);
}

/* The edits of all findings that do not touch each other's: the others come next round. */
static int lint_fix_collect(const struct lint *lint, size_t size, struct edits *ret)
{
	cleanup_free unsigned char *bytes = calloc(size + 1, 1);
	struct taken taken = {bytes};
	int r = 0;

	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < lint->n; i++) {
		const struct edits *edits = &lint->items[i].edits;

		if (edits->n == 0 || lint_fix_is_taken(&taken, edits))
			continue;
		lint_fix_mark(&taken, edits);
		r = edits_append(ret, edits);
	}
	return r;
}

/* One round. 1 where something was changed, 0 where nothing was to be. */
static int lint_fix_round(
	const struct lint_input *input, struct text *text, struct lint *lint, struct error *err)
{
	cleanup_edits struct edits edits = {0};
	struct lint_input changed = *input;
	bool readable = !lint_is_unreadable(lint);
	struct text made = {0};

	if (lint_fix_collect(lint, text->size, &edits) < 0)
		return error_memory(err);
	if (edits.n == 0)
		return 0;
	if (edits_apply(&edits, text->data, text->size, &made.data, &made.size) < 0)
		return error_memory(err);
	/* What is written there already fixes nothing. */
	if (made.size == text->size && memcmp(made.data, text->data, made.size) == 0) {
		free(made.data);
		return 0;
	}
	free(text->data);
	*text = made;
	lint_clear(lint);
	changed.data = text->data;
	changed.size = text->size;
	if (lint_run(&changed, lint) < 0)
		return error_memory(err);
	if (readable && lint_is_unreadable(lint))
		return error_set(err, -EINVAL, FINDING_INTERNAL, "--fix",
			"report it, with the manifest", "the fixed manifest cannot be read: %s",
			lint->items[0].finding.message);
	return 1;
}

int lint_fix(const struct lint_input *input, char **ret_text, size_t *ret_size,
	struct lint *ret_lint, struct error *err)
{
	cleanup_lint struct lint lint = {0};
	cleanup_free char *copy = malloc(input->size + 1);
	struct text text = {copy, input->size};
	int r = 1;

	if (!copy || lint_run(input, &lint) < 0)
		return error_memory(err);
	memcpy(copy, input->data, input->size);
	copy[input->size] = '\0';
	for (int round = 0; r > 0 && round < ROUNDS_MAX; round++) {
		r = lint_fix_round(input, &text, &lint, err);
		copy = text.data;
	}
	if (r < 0)
		return r;
	if (r > 0)
		return error_set(err, -EINVAL, FINDING_INTERNAL, "--fix",
			"report it, with the manifest", "--fix does not come to an end");
	*ret_text = move_ptr(copy);
	*ret_size = text.size;
	*ret_lint = move_struct(lint);
	return 0;
}
