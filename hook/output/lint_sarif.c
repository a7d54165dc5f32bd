/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0, what code review tools read (OASIS standard; sections are cited). Numbers of lines
 * and columns begin with 1, an end is behind the last character (3.30).
 */
#include "hook/output/lint_print.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsonpack.h"
#include "oci/base/programs.h"
#include "oci/base/strformat.h"

#include <errno.h>
#include <string.h>

#define SARIF_VERSION "2.1.0"
#define SARIF_SCHEMA                                                                               \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"
#define DRIVER TOOL_PROGRAM

struct sarif {
	struct jsonpack pack;
	const struct lint_report *report;
	char *uri;
	struct manifest_cursor cursor;
};

/* A file's path as the reference that a URI is (RFC 3986): relative as it was given. NULL without
 * memory. */
static char *make_uri(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~/";
	struct strformat_pieces pieces;
	FILE *out = strformat_open(&pieces);

	if (!out)
		return NULL;
	/* A colon in the first part of a relative one would make a scheme of it: it is no plain
	 * character here. */
	fputs(path[0] == '/' ? "file://" : "", out);
	for (; *path; path++) {
		if (strchr(plain, *path))
			fputc(*path, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*path);
	}
	return strformat_close(&pieces);
}

/* 3.30, region. */
static void pack_region(
	struct sarif *sarif, struct json_object *in, const char *key, size_t start, size_t end)
{
	const struct lint_report *report = sarif->report;
	struct json_object *region = jsonpack_object(&sarif->pack, in, key);
	struct manifest_cursor cursor = sarif->cursor;
	struct manifest_place place = manifest_locate(report->data, report->size, start, &cursor);

	jsonpack_uint(&sarif->pack, region, "startLine", place.line);
	jsonpack_uint(&sarif->pack, region, "startColumn", place.column);
	place = manifest_locate(report->data, report->size, end, &cursor);
	jsonpack_uint(&sarif->pack, region, "endLine", place.line);
	jsonpack_uint(&sarif->pack, region, "endColumn", place.column);
}

/* 3.4, artifactLocation. */
static void pack_artifact(struct sarif *sarif, struct json_object *in)
{
	struct json_object *artifact = jsonpack_object(&sarif->pack, in, "artifactLocation");

	jsonpack_string(&sarif->pack, artifact, "uri", sarif->uri);
}

static void pack_message(
	struct sarif *sarif, struct json_object *in, const char *key, const char *text)
{
	struct json_object *message = jsonpack_object(&sarif->pack, in, key);

	jsonpack_string(&sarif->pack, message, "text", text);
}

/* 3.28, location, with the object that it is in. */
static void pack_location(
	struct sarif *sarif, struct json_object *result, const struct lint_finding *item)
{
	struct json_object *locations = jsonpack_array(&sarif->pack, result, "locations");
	struct json_object *location = jsonpack_object(&sarif->pack, locations, NULL);
	struct json_object *physical = jsonpack_object(&sarif->pack, location, "physicalLocation");
	struct json_object *logical;

	pack_artifact(sarif, physical);
	pack_region(sarif, physical, "region", item->start, item->end);
	if (!*item->object)
		return;
	logical = jsonpack_array(&sarif->pack, location, "logicalLocations");
	logical = jsonpack_object(&sarif->pack, logical, NULL);
	jsonpack_string(&sarif->pack, logical, "fullyQualifiedName", item->object);
}

/* 3.55, fix: what --fix would do. */
static void pack_fix(
	struct sarif *sarif, struct json_object *result, const struct lint_finding *item)
{
	struct json_object *fix, *change, *replacements;

	fix = jsonpack_object(&sarif->pack, jsonpack_array(&sarif->pack, result, "fixes"), NULL);
	pack_message(sarif, fix, "description", item->finding.fix);
	change = jsonpack_object(
		&sarif->pack, jsonpack_array(&sarif->pack, fix, "artifactChanges"), NULL);
	pack_artifact(sarif, change);
	replacements = jsonpack_array(&sarif->pack, change, "replacements");
	for (size_t i = 0; i < item->edits.n; i++) {
		const struct edit *edit = &item->edits.items[i];
		struct json_object *replacement = jsonpack_object(&sarif->pack, replacements, NULL);

		pack_region(sarif, replacement, "deletedRegion", edit->start, edit->end);
		pack_message(sarif, replacement, "insertedContent", edit->text);
	}
}

/* The rules are the codes that lint can report, in the order of their table. */
static size_t find_rule(enum finding_code code)
{
	size_t index = 0;

	for (unsigned int before = FINDING_NONE + 1; before < code; before++)
		index += code_is_from((enum finding_code)before, FROM_LINT);
	return index;
}

/* 3.27, result. */
static void pack_result(
	struct sarif *sarif, struct json_object *results, const struct lint_finding *item)
{
	struct json_object *result = jsonpack_object(&sarif->pack, results, NULL);
	struct json_object *message;

	/* The findings come by place: what follows counts from here. */
	manifest_locate(sarif->report->data, sarif->report->size, item->start, &sarif->cursor);
	jsonpack_string(&sarif->pack, result, "ruleId", code_name(item->finding.code));
	if (code_is_from(item->finding.code, FROM_LINT))
		jsonpack_uint(&sarif->pack, result, "ruleIndex", find_rule(item->finding.code));
	jsonpack_string(&sarif->pack, result, "level", lint_level_name(item->level));
	message = jsonpack_object(&sarif->pack, result, "message");
	jsonpack_string(&sarif->pack, message, "text", item->finding.message);
	pack_location(sarif, result, item);
	if (item->edits.n > 0)
		pack_fix(sarif, result, item);
}

static const char *default_level(enum finding_code code)
{
	return code_default_severity(code) == SEVERITY_DENY ? "error" : "warning";
}

/* 3.49, reportingDescriptor. */
static void pack_rule(struct sarif *sarif, struct json_object *rules, enum finding_code code)
{
	struct json_object *rule = jsonpack_object(&sarif->pack, rules, NULL);
	struct json_object *configuration;

	jsonpack_string(&sarif->pack, rule, "id", code_name(code));
	pack_message(sarif, rule, "shortDescription", code_help(code));
	configuration = jsonpack_object(&sarif->pack, rule, "defaultConfiguration");
	jsonpack_string(&sarif->pack, configuration, "level", default_level(code));
}

static void pack_rules(struct sarif *sarif, struct json_object *driver)
{
	struct json_object *rules = jsonpack_array(&sarif->pack, driver, "rules");

	for (unsigned int code = FINDING_NONE + 1; code < FINDING_CODE_COUNT; code++)
		if (code_is_from((enum finding_code)code, FROM_LINT))
			pack_rule(sarif, rules, (enum finding_code)code);
}

/* 3.14, run. */
static void pack_run(struct sarif *sarif, struct json_object *run)
{
	struct json_object *tool = jsonpack_object(&sarif->pack, run, "tool");
	struct json_object *driver = jsonpack_object(&sarif->pack, tool, "driver");
	struct json_object *results;

	jsonpack_string(&sarif->pack, driver, "name", DRIVER);
	jsonpack_string(&sarif->pack, driver, "version", FUSE_SIDECAR_HOOK_VERSION);
	pack_rules(sarif, driver);
	/* Columns are counted in characters. */
	jsonpack_string(&sarif->pack, run, "columnKind", "unicodeCodePoints");
	results = jsonpack_array(&sarif->pack, run, "results");
	for (size_t i = 0; i < sarif->report->lint->n; i++)
		pack_result(sarif, results, &sarif->report->lint->items[i]);
}

int lint_print_sarif(FILE *out, const struct lint_report *report)
{
	bool from_stdin = strcmp(report->file, "-") == 0;
	cleanup_free char *uri = make_uri(from_stdin ? "stdin" : report->file);
	struct sarif sarif = {.report = report, .uri = uri};
	struct json_object *runs;

	if (!uri)
		return -ENOMEM;
	jsonpack_begin(&sarif.pack);
	jsonpack_string(&sarif.pack, sarif.pack.root, "$schema", SARIF_SCHEMA);
	jsonpack_string(&sarif.pack, sarif.pack.root, "version", SARIF_VERSION);
	runs = jsonpack_array(&sarif.pack, sarif.pack.root, "runs");
	pack_run(&sarif, jsonpack_object(&sarif.pack, runs, NULL));
	return jsonpack_end(&sarif.pack, out);
}
