/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts are owned, bounded and made printable when a finding is added: the list outlives what it
 * speaks of, and goes into records, journals and terminals as it is.
 */
#include "policy/record/finding.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void finding_clear(struct finding *finding)
{
	free(finding->subject);
	free(finding->message);
	free(finding->fix);
	*finding = (struct finding){0};
}

#define cleanup_finding __attribute__((cleanup(finding_clear)))

/* A list never holds NULL: who prints it need not ask. */
static char *finding_copy_text(const char *text)
{
	return strdup(text ? text : "");
}

static int append_copy(struct findings *list, enum finding_code code, enum severity severity,
	const char *subject, const char *message, const char *fix)
{
	cleanup_finding struct finding copy = {
		.code = code,
		.severity = severity,
		.subject = finding_copy_text(subject),
		.message = finding_copy_text(message),
		.fix = finding_copy_text(fix),
	};
	int r;

	if (!copy.subject || !copy.message || !copy.fix)
		return -ENOMEM;
	r = array_grow(&list->items, list->n, sizeof(*list->items));
	if (r < 0)
		return r;
	list->items[list->n++] = move_struct(copy);
	return 0;
}

int findings_append(struct findings *list, const struct finding *finding)
{
	return append_copy(list, finding->code, finding->severity, finding->subject,
		finding->message, finding->fix);
}

#define TEXT_MAX 2048 /* bytes of a text, as an error's */

/* A finding that is about to be worded. */
struct draft {
	enum finding_code code;
	enum severity severity;
	const char *subject, *fix;
};

static int __attribute__((format(printf, 3, 0))) append_worded(
	struct findings *list, const struct draft *draft, const char *format, va_list arguments)
{
	char subject[TEXT_MAX], message[TEXT_MAX], fix[TEXT_MAX];
	cleanup_free char *text = NULL;

	if (draft->severity == SEVERITY_IGNORE)
		return 0;
	text = strformat_v(format, arguments);
	if (!text)
		return -ENOMEM;
	/* What a pod wrote may stand in them, and each is one line of stderr. */
	text_escape(draft->subject ? draft->subject : "", subject, sizeof(subject));
	text_escape(text, message, sizeof(message));
	text_escape(draft->fix ? draft->fix : "", fix, sizeof(fix));
	return append_copy(list, draft->code, draft->severity, subject, message, fix);
}

int findings_add(struct findings *list, const struct config *config, enum finding_code code,
	const char *subject, const char *fix, const char *format, ...)
{
	struct draft draft = {code, config->severity[code], subject, fix};
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = append_worded(list, &draft, format, arguments);
	va_end(arguments);
	return r;
}

enum severity findings_severity(
	const struct config *config, enum finding_code code, enum severity cap)
{
	enum severity severity = config->severity[code];

	return severity < cap ? severity : cap;
}

int findings_add_as(struct findings *list, enum finding_code code, enum severity severity,
	const char *subject, const char *fix, const char *format, ...)
{
	struct draft draft = {code, severity, subject, fix};
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = append_worded(list, &draft, format, arguments);
	va_end(arguments);
	return r;
}

int findings_add_error(struct findings *list, const struct error *err)
{
	return append_copy(
		list, err->code, SEVERITY_DENY, err->subject, error_message(err), err->fix);
}

enum verdict findings_verdict(const struct findings *list)
{
	enum verdict verdict = VERDICT_ALLOW;

	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].severity == SEVERITY_DENY)
			return VERDICT_DENY;
		if (list->items[i].severity == SEVERITY_WARN)
			verdict = VERDICT_WARN;
	}
	return verdict;
}

enum exit_code findings_exit(const struct findings *list)
{
	enum exit_code lowest = EXIT_DONE;

	for (size_t i = 0; i < list->n; i++) {
		const struct finding *item = &list->items[i];

		if (item->severity == SEVERITY_DENY)
			lowest = exit_code_lower(lowest, code_exit(item->code));
	}
	return lowest;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_ALLOW] = "allow",
		[VERDICT_WARN] = "warn",
		[VERDICT_DENY] = "deny",
	};

	return names[verdict];
}

int findings_copy(const struct findings *from, struct findings *to)
{
	for (size_t i = 0; i < from->n; i++) {
		int r = findings_append(to, &from->items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static size_t count_before(const struct findings *list, size_t end, bool denials)
{
	size_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += (list->items[i].severity == SEVERITY_DENY) == denials;
	return n;
}

bool findings_keeps(const struct findings *list, size_t i, size_t max)
{
	size_t denials;

	if (list->n <= max)
		return true;
	if (list->items[i].severity == SEVERITY_DENY)
		return count_before(list, i, true) < max;
	denials = count_before(list, list->n, true);
	return denials + count_before(list, i, false) < max;
}

/* Cut between characters; what was escaped already stays as it is. */
static int append_cut(struct findings *list, const struct finding *finding, size_t size)
{
	char subject[TEXT_MAX], message[TEXT_MAX], fix[TEXT_MAX];

	if (size > TEXT_MAX)
		size = TEXT_MAX;
	text_escape(finding->subject, subject, size);
	text_escape(finding->message, message, size);
	text_escape(finding->fix, fix, size);
	return append_copy(list, finding->code, finding->severity, subject, message, fix);
}

int findings_copy_some(const struct findings *from, size_t max, size_t size, struct findings *to)
{
	for (size_t i = 0; i < from->n; i++) {
		if (findings_keeps(from, i, max) && append_cut(to, &from->items[i], size) < 0)
			return -ENOMEM;
	}
	return 0;
}

size_t findings_reduce(struct findings *list)
{
	struct finding *kept = NULL;
	size_t n = list->n;

	for (size_t i = 0; i < n; i++) {
		struct finding *finding = &list->items[i];

		if (kept || finding->severity != SEVERITY_DENY) {
			finding_clear(finding);
			continue;
		}
		*finding->subject = *finding->message = *finding->fix = '\0';
		kept = finding;
	}
	list->n = kept ? 1 : 0;
	if (kept)
		list->items[0] = move_struct(*kept);
	return n - list->n;
}

void findings_clear(struct findings *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		finding_clear(&list->items[i]);
	free(list->items);
	*list = (struct findings){0};
}
