/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made for a person who looks for the one line that explains a refusal: verdict first, then
 * findings by weight, then what would be done.
 */
#include "policy/report/report.h"

#include "oci/base/cleanup.h"
#include "oci/base/colour.h"
#include "oci/base/duration.h"
#include "oci/base/text.h"
#include <string.h>

#define LINE_SIZE 8192 /* two paths, escaped, and some words */

/* Text of pods and mount tables on its way to a terminal. */
static void print_text(FILE *out, const char *text)
{
	char line[LINE_SIZE];

	text_escape(text, line, sizeof(line));
	fputs(line, out);
}

static enum colour severity_colour(enum severity severity)
{
	switch (severity) {
	case SEVERITY_DENY:
		return COLOUR_BAD;
	case SEVERITY_WARN:
		return COLOUR_WARN;
	case SEVERITY_IGNORE:
		break;
	}
	return COLOUR_NONE;
}

static enum colour verdict_colour(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_DENY:
		return COLOUR_BAD;
	case VERDICT_WARN:
		return COLOUR_WARN;
	case VERDICT_ALLOW:
		break;
	}
	return COLOUR_GOOD;
}

static void print_head(
	FILE *out, const struct judgement *judgement, const struct identity *identity, bool colour)
{
	if (identity) {
		fputs("container  ", out);
		print_text(out, identity->container_name ? identity->container_name : "(sandbox)");
		fputs("\npod        ", out);
		print_text(out, identity->pod_namespace);
		fputc('/', out);
		print_text(out, identity->pod_name);
		fputc('\n', out);
	}
	fprintf(out, "role       %s\nverdict    ", role_name(judgement->role));
	colour_print(
		out, colour, verdict_colour(judgement->verdict), verdict_name(judgement->verdict));
	if (judgement->exit != EXIT_DONE)
		fprintf(out, " (exit code %d)", (int)judgement->exit);
	else if (judgement->verdict == VERDICT_DENY)
		fputs(" (exit code 0: mode audit)", out);
	fputc('\n', out);
}

static int find_code_width(const struct findings *findings)
{
	size_t width = 0;

	for (size_t i = 0; i < findings->n; i++) {
		size_t length = strlen(code_name(findings->items[i].code));

		width = length > width ? length : width;
	}
	return (int)width;
}

static void report_print_findings(FILE *out, const struct findings *findings, bool colour)
{
	int width = find_code_width(findings);

	if (findings->n == 0) {
		fputs("\nfindings   none\n", out);
		return;
	}
	fputs("\nfindings\n", out);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];

		fprintf(out, "  %s%-4s%s  %-*s  ",
			colour_begin(colour, severity_colour(finding->severity)),
			severity_name(finding->severity),
			colour_end(colour, severity_colour(finding->severity)), width,
			code_name(finding->code));
		print_text(out, finding->message);
		fprintf(out, "\n  %-4s  %-*s  fix: ", "", width, "");
		print_text(out, finding->fix);
		fputc('\n', out);
	}
}

/* What the step is done to, and the particulars of some. */
static void print_step(FILE *out, const struct plan_step *step)
{
	cleanup_free char *timeout = NULL;

	switch (step->action) {
	case PLAN_CREATE_DIRECTORY:
		print_text(out, step->host_path);
		fprintf(out, "  (mode %04o, owner %u:%u)", (unsigned int)step->mode,
			(unsigned int)step->uid, (unsigned int)step->gid);
		break;
	case PLAN_REPLACE_BIND:
		print_text(out, step->container_path);
		fprintf(out, " in the container  (%s%s%s, of ", step->recursive ? "r" : "",
			propagation_name(step->propagation), step->readonly ? ", read-only" : "");
		print_text(out, step->host_path);
		fputc(')', out);
		break;
	case PLAN_VERIFY_PROPAGATION:
		print_text(out, step->path);
		fputs("  (by way of ", out);
		print_text(out, step->host_path);
		fputc(')', out);
		break;
	case PLAN_WAIT:
		timeout = duration_format(step->timeout_usec);
		print_text(out, step->path);
		fprintf(out, "  (at most %s)", timeout ? timeout : "?");
		break;
	case PLAN_MAKE_SHARED:
	case PLAN_BIND_SHARED:
	case PLAN_DETACH_STALE:
	case PLAN_RECORD:
	case PLAN_EXPOSE:
		if (step->host_path || step->container_path)
			print_text(out, step->host_path ? step->host_path : step->container_path);
		break;
	}
}

static int find_action_width(const struct plan *plan)
{
	size_t width = 0;

	for (size_t i = 0; i < plan->n; i++) {
		size_t length = strlen(plan_action_name(plan->steps[i].action));

		width = length > width ? length : width;
	}
	return (int)width;
}

/* Why there is no plan. */
static const char *describe_no_plan(const struct judgement *judgement)
{
	if (judgement->verdict != VERDICT_DENY)
		return "nothing to do";
	if (judgement->exit == EXIT_DONE)
		return "none: the container starts as it is";
	return "none: the container does not start";
}

static void print_plan(FILE *out, const struct judgement *judgement)
{
	const struct plan *plan = &judgement->plan;
	int width = find_action_width(plan);

	if (plan->n == 0) {
		fprintf(out, "\nplan       %s\n", describe_no_plan(judgement));
		return;
	}
	fputs("\nplan\n", out);
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];
		bool bare = !step->host_path && !step->container_path;
		const char *action = plan_action_name(step->action);

		fprintf(out, "  %2zu  %-*s%s", i + 1, bare ? 0 : width, action, bare ? "" : "  ");
		print_step(out, step);
		fputc('\n', out);
	}
}

void report_print(
	FILE *out, const struct judgement *judgement, const struct identity *identity, bool colour)
{
	print_head(out, judgement, identity, colour);
	report_print_findings(out, &judgement->findings, colour);
	print_plan(out, judgement);
}
