/* SPDX-License-Identifier: Apache-2.0 */
/* A finding of lint: made, placed in the text, given the level that the policy means, cleared. What
 * every rule uses, below all of them. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"

#include <stdarg.h>
#include <string.h>

void lint_finding_clear(struct lint_finding *item)
{
	struct findings one = {.items = &item->finding, .n = 1};

	/* Only the strings: the list is not on the heap. */
	free(one.items->subject);
	free(one.items->message);
	free(one.items->fix);
	free(item->object);
	edits_clear(&item->edits);
}

/* What only a policy makes a denial is one wherever it is found; what is one by itself may have a
 * milder case. */
static enum lint_level finding_level(
	enum finding_code code, enum severity severity, enum lint_level cap)
{
	bool raised = code_default_severity(code) != SEVERITY_DENY;

	if (severity == SEVERITY_DENY && (raised || cap == LINT_ERROR))
		return LINT_ERROR;
	return cap == LINT_NOTE ? LINT_NOTE : LINT_WARNING;
}

int lint_take(
	struct lint *lint, struct findings *made, const char *object, struct lint_finding **ret)
{
	struct lint_finding *item;

	if (array_grow(&lint->items, lint->n, sizeof(*lint->items)) < 0)
		return -ENOMEM;
	item = &lint->items[lint->n];
	item->object = strdup(object);
	if (!item->object)
		return -ENOMEM;
	item->finding = made->items[0];
	made->n = 0;
	lint->n++;
	*ret = item;
	return 0;
}

static int finding_place(struct lint_pod *pod, const struct manifest_node *node,
	enum lint_level level, struct findings *made, struct lint_finding **ret)
{
	int r = lint_take(pod->lint, made, pod->object, ret);

	if (r < 0)
		return r;
	(*ret)->level = level;
	(*ret)->start = node->start;
	(*ret)->end = node->end;
	return 0;
}

int lint_add(struct lint_pod *pod, const struct lint_site *site, enum lint_level cap,
	struct lint_finding **ret, const char *format, ...)
{
	const enum severity severity = pod->input->config->severity[site->code];
	cleanup_findings struct findings made = {0};
	cleanup_free char *text = NULL;
	struct lint_finding *item = NULL;
	va_list arguments;
	int r;

	if (ret)
		*ret = NULL;
	if (severity == SEVERITY_IGNORE)
		return 0;
	va_start(arguments, format);
	text = strformat_v(format, arguments);
	va_end(arguments);
	if (!text)
		return -ENOMEM;
	r = findings_add_as(&made, site->code, severity, site->subject, site->fix, "%s", text);
	if (r == 0)
		r = finding_place(
			pod, site->node, finding_level(site->code, severity, cap), &made, &item);
	if (ret)
		*ret = item;
	return r;
}

int lint_add_copy(struct lint_pod *pod, const struct manifest_node *node,
	const struct finding *finding, struct lint_finding **ret)
{
	cleanup_findings struct findings made = {0};
	int r = findings_append(&made, finding);

	return r < 0 ? r
		     : finding_place(pod, node,
			       finding_level(finding->code, finding->severity, LINT_ERROR), &made,
			       ret);
}

int lint_outcome(struct lint_finding *finding, enum edit_outcome outcome)
{
	switch (outcome) {
	case EDIT_DONE:
		return 0;
	case EDIT_NO_MEMORY:
		return -ENOMEM;
	case EDIT_SHARED:
		finding->obstacle = "it stands under an anchor that is used elsewhere too";
		break;
	case EDIT_AWKWARD:
		finding->obstacle = "the text there is laid out in an unusual way";
		break;
	}
	/* Half a fix is none. */
	edits_clear(&finding->edits);
	return 0;
}
