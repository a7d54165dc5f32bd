/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines are collected and printed at the end: the width of the topics and the exit code depend on
 * all of them, and JSON is made of the same list.
 */
#include "policy/report/doctor_report.h"

#include "oci/base/cleanup.h"
#include "oci/base/colour.h"
#include "oci/base/jsonpack.h"
#include "oci/base/strformat.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"
#include <stdarg.h>
#include <string.h>

#define LINE_SIZE 4096

static const char *const topic_names[] = {
#define X(id, name) [CHECK_##id] = (name),
	CHECK_TOPICS(X)
#undef X
};

static const char *state_name(enum check_state state)
{
	static const char *const names[] = {
		[CHECK_OK] = "ok", [CHECK_WARN] = "warn", [CHECK_FAIL] = "fail"};

	return names[state];
}

/* Text of files and processes on its way to a terminal. */
static char *doctor_report_escape(const char *text)
{
	char line[LINE_SIZE];

	text_escape(text, line, sizeof(line));
	return strdup(line);
}

__attribute__((format(printf, 3, 0))) static int set_texts(
	struct check_line *line, const char *fix, const char *format, va_list args)
{
	cleanup_free char *text = strformat_v(format, args);

	if (!text)
		return -ENOMEM;
	line->text = doctor_report_escape(text);
	line->fix = fix ? doctor_report_escape(fix) : NULL;
	return line->text && (line->fix || !fix) ? 0 : -ENOMEM;
}

__attribute__((format(printf, 4, 0))) static void doctor_report_add(struct doctor_report *report,
	const struct check_line *like, const char *fix, const char *format, va_list args)
{
	struct check_line line = *like;

	if (set_texts(&line, fix, format, args) < 0 ||
		array_grow(&report->lines, report->n, sizeof(*report->lines)) < 0) {
		free(line.text);
		free(line.fix);
		report->out_of_memory = true;
		return;
	}
	report->lines[report->n++] = line;
}

void doctor_report_ok(struct doctor_report *report, enum check_topic topic, const char *format, ...)
{
	const struct check_line like = {.topic = topic, .state = CHECK_OK};
	va_list args;

	va_start(args, format);
	doctor_report_add(report, &like, NULL, format, args);
	va_end(args);
}

void doctor_report_warn(struct doctor_report *report, enum check_topic topic, const char *fix,
	const char *format, ...)
{
	const struct check_line like = {.topic = topic, .state = CHECK_WARN};
	va_list args;

	va_start(args, format);
	doctor_report_add(report, &like, fix, format, args);
	va_end(args);
}

void doctor_report_fail(struct doctor_report *report, enum check_topic topic, enum exit_code exit,
	const char *fix, const char *format, ...)
{
	const struct check_line like = {.topic = topic, .state = CHECK_FAIL, .exit = exit};
	va_list args;

	va_start(args, format);
	doctor_report_add(report, &like, fix, format, args);
	va_end(args);
}

void doctor_report_error(
	struct doctor_report *report, enum check_topic topic, const struct error *err, bool warn)
{
	if (warn)
		doctor_report_warn(report, topic, err->fix, "%s", error_message(err));
	else
		doctor_report_fail(
			report, topic, error_exit(err), err->fix, "%s", error_message(err));
}

bool doctor_report_has(
	const struct doctor_report *report, enum check_topic topic, enum check_state state)
{
	for (size_t i = 0; i < report->n; i++) {
		if (report->lines[i].topic == topic && report->lines[i].state >= state)
			return true;
	}
	return false;
}

size_t doctor_report_count(const struct doctor_report *report, enum check_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->lines[i].state == state;
	return n;
}

enum exit_code doctor_report_exit(const struct doctor_report *report)
{
	enum exit_code lowest = EXIT_DONE;

	for (size_t i = 0; i < report->n; i++) {
		if (report->lines[i].state == CHECK_FAIL)
			lowest = exit_code_lower(lowest, report->lines[i].exit);
	}
	return report->out_of_memory && lowest == EXIT_DONE ? EXIT_INTERNAL : lowest;
}

static enum colour doctor_report_colour(enum check_state state)
{
	static const enum colour colours[] = {
		[CHECK_OK] = COLOUR_GOOD, [CHECK_WARN] = COLOUR_WARN, [CHECK_FAIL] = COLOUR_BAD};

	return colours[state];
}

static int topic_width(void)
{
	size_t width = 0;

	for (size_t i = 0; i < ARRAY_SIZE(topic_names); i++) {
		size_t length = strlen(topic_names[i]);

		width = length > width ? length : width;
	}
	return (int)width;
}

static void doctor_report_print_line(
	FILE *out, const struct check_line *line, int width, bool colour)
{
	const char *state = state_name(line->state);

	colour_print(out, colour, doctor_report_colour(line->state), state);
	fprintf(out, "%*s  %-*s  %s\n", (int)(4 - strlen(state)), "", width,
		topic_names[line->topic], line->text);
	if (line->fix)
		fprintf(out, "      %-*s  fix: %s\n", width, "", line->fix);
}

void doctor_report_print(FILE *out, const struct doctor_report *report, bool colour)
{
	size_t warnings = doctor_report_count(report, CHECK_WARN);
	size_t fails = doctor_report_count(report, CHECK_FAIL);
	int width = topic_width();

	for (size_t i = 0; i < report->n; i++)
		doctor_report_print_line(out, &report->lines[i], width, colour);
	fprintf(out, "\n%zu ok, %zu warning%s, %zu failed", doctor_report_count(report, CHECK_OK),
		warnings, warnings == 1 ? "" : "s", fails);
	if (fails > 0)
		fprintf(out, " (exit code %d)", (int)doctor_report_exit(report));
	fputc('\n', out);
}

static void pack_line(
	struct jsonpack *pack, struct json_object *array, const struct check_line *line)
{
	struct json_object *object = jsonpack_object(pack, array, NULL);

	jsonpack_string(pack, object, "check", topic_names[line->topic]);
	jsonpack_string(pack, object, "state", state_name(line->state));
	jsonpack_string(pack, object, "text", line->text);
	jsonpack_optional(pack, object, "fix", line->fix);
	if (line->state == CHECK_FAIL)
		jsonpack_int(pack, object, "exit", (int64_t)line->exit);
}

char *doctor_report_format(const struct doctor_report *report)
{
	struct json_object *checks;
	struct jsonpack pack;

	jsonpack_begin(&pack);
	jsonpack_string(&pack, pack.root, "schema", CHECKUP_SCHEMA);
	jsonpack_int(&pack, pack.root, "exit", (int64_t)doctor_report_exit(report));
	checks = jsonpack_array(&pack, pack.root, "checks");
	for (size_t i = 0; i < report->n; i++)
		pack_line(&pack, checks, &report->lines[i]);
	return jsonpack_text(&pack);
}

void doctor_report_clear(struct doctor_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->n; i++) {
		free(report->lines[i].text);
		free(report->lines[i].fix);
	}
	free(report->lines);
	*report = (struct doctor_report){0};
}
