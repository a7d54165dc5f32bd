/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places in the text are found by a cursor that goes forward with the findings: from the beginning
 * each time, a long manifest would take the square of its length.
 */
#include "hook/output/lint_print.h"

#include "oci/base/jsonpack.h"

static void pack_finding(struct jsonpack *pack, struct json_object *array,
	const struct lint_report *report, const struct lint_finding *item,
	struct manifest_cursor *cursor)
{
	struct json_object *object = jsonpack_object(pack, array, NULL);
	struct manifest_place start =
		manifest_locate(report->data, report->size, item->start, cursor);
	struct manifest_cursor ahead = *cursor;
	struct manifest_place end = manifest_locate(report->data, report->size, item->end, &ahead);

	jsonpack_string(pack, object, "code", code_name(item->finding.code));
	jsonpack_string(pack, object, "level", lint_level_name(item->level));
	jsonpack_string(pack, object, "object", item->object);
	jsonpack_uint(pack, object, "line", start.line);
	jsonpack_uint(pack, object, "column", start.column);
	jsonpack_uint(pack, object, "endLine", end.line);
	jsonpack_uint(pack, object, "endColumn", end.column);
	jsonpack_string(pack, object, "subject", item->finding.subject);
	jsonpack_string(pack, object, "message", item->finding.message);
	jsonpack_string(pack, object, "fix", item->finding.fix);
	jsonpack_bool(pack, object, "fixable", item->edits.n > 0);
}

int lint_print_json(FILE *out, const struct lint_report *report)
{
	const struct lint *lint = report->lint;
	struct manifest_cursor cursor = {0};
	struct json_object *findings;
	struct jsonpack pack;

	jsonpack_begin(&pack);
	jsonpack_string(&pack, pack.root, "schema", LINT_SCHEMA);
	jsonpack_string(&pack, pack.root, "file", lint_file_name(report));
	jsonpack_uint(&pack, pack.root, "pods", lint->pods);
	jsonpack_uint(&pack, pack.root, "errors", lint_count(lint, LINT_ERROR));
	jsonpack_uint(&pack, pack.root, "warnings", lint_count(lint, LINT_WARNING));
	jsonpack_uint(&pack, pack.root, "notes", lint_count(lint, LINT_NOTE));
	jsonpack_uint(&pack, pack.root, "exit", (size_t)lint_exit(lint));
	findings = jsonpack_array(&pack, pack.root, "findings");
	for (size_t i = 0; i < lint->n; i++)
		pack_finding(&pack, findings, report, &lint->items[i], &cursor);
	return jsonpack_end(&pack, out);
}
