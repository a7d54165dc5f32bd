/* SPDX-License-Identifier: Apache-2.0 */
/* As compilers print: FILE:LINE:COLUMN first, which editors and terminals make a link of. */
#include "hook/output/lint_print.h"

#include "oci/base/colour.h"
#include "oci/base/text.h"

#include <limits.h>
#include <string.h>

const char *lint_file_name(const struct lint_report *report)
{
	return strcmp(report->file, "-") == 0 ? "<stdin>" : report->file;
}

static enum colour level_colour(enum lint_level level)
{
	switch (level) {
	case LINT_ERROR:
		return COLOUR_BAD;
	case LINT_WARNING:
		return COLOUR_WARN;
	case LINT_NOTE:
		break;
	}
	return COLOUR_DIM;
}

static void print_finding(
	FILE *out, const struct lint_finding *item, const char *where, bool colour)
{
	const struct finding *finding = &item->finding;

	colour_print(out, colour, COLOUR_HEAD, where);
	fputc(' ', out);
	colour_print(out, colour, level_colour(item->level), lint_level_name(item->level));
	fprintf(out, ": %s [%s]\n", finding->message, code_name(finding->code));
	if (*finding->fix)
		fprintf(out, "    fix: %s\n", finding->fix);
}

void lint_print_text(FILE *out, const struct lint_report *report, bool colour, bool fixed)
{
	struct manifest_cursor cursor = {0};
	char name[PATH_MAX];

	/* The texts of a finding are lines of printable text; a file may be called anything. */
	text_escape(lint_file_name(report), name, sizeof(name));
	for (size_t i = 0; i < report->lint->n; i++) {
		const struct lint_finding *item = &report->lint->items[i];
		struct manifest_place place =
			manifest_locate(report->data, report->size, item->start, &cursor);
		char where[PATH_MAX + 64];

		snprintf(where, sizeof(where), "%s:%zu:%zu:", name, place.line, place.column);
		print_finding(out, item, where, colour);
		if (fixed && item->obstacle)
			fprintf(out, "    --fix leaves it: %s\n", item->obstacle);
	}
}
