/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of codes come in from policies and records as well as go out: both ways follow the one
 * list of code.h, by an array and not by a switch for each question.
 */
#include "oci/base/code.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

struct code_info {
	const char *name;
	enum severity severity;
	enum exit_code exit;
	unsigned int origins; /* of enum finding_origin */
	enum finding_place place;
	const char *help;
};

static const struct code_info codes[FINDING_CODE_COUNT] = {
	[FINDING_NONE] = {"none", SEVERITY_IGNORE, EXIT_DONE, 0, AT_NOWHERE, ""},
#define X(id, name, severity, exit, from, at, help)                                                \
	[FINDING_##id] = {name, SEVERITY_##severity, exit, from, at, help},
	FINDING_TABLE(X)
#undef X
};

#define X(id, name, severity, exit, from, at, help)                                                \
	_Static_assert((((from)&FROM_LINT) != 0) == ((at) != AT_NOWHERE),                          \
		name ": what lint reports has a place in a manifest, and nothing else has");
FINDING_TABLE(X)
#undef X

static const char *const severities[] = {
	[SEVERITY_IGNORE] = "ignore",
	[SEVERITY_WARN] = "warn",
	[SEVERITY_DENY] = "deny",
};

static const struct code_info *find_code(enum finding_code code)
{
	return &codes[(unsigned int)code < FINDING_CODE_COUNT ? code : FINDING_NONE];
}

const char *code_name(enum finding_code code)
{
	return find_code(code)->name;
}

enum finding_code code_from_name(const char *name)
{
	for (unsigned int code = FINDING_NONE + 1; code < FINDING_CODE_COUNT; code++)
		if (strcmp(codes[code].name, name) == 0)
			return (enum finding_code)code;
	return FINDING_NONE;
}

enum severity code_default_severity(enum finding_code code)
{
	return find_code(code)->severity;
}

enum exit_code code_exit(enum finding_code code)
{
	return find_code(code)->exit;
}

bool code_is_from(enum finding_code code, enum finding_origin origin)
{
	return (find_code(code)->origins & origin) != 0;
}

enum finding_place code_place(enum finding_code code)
{
	return find_code(code)->place;
}

const char *code_help(enum finding_code code)
{
	return find_code(code)->help;
}

enum exit_code exit_code_lower(enum exit_code a, enum exit_code b)
{
	if (a == EXIT_DONE || b == EXIT_DONE)
		return a == EXIT_DONE ? b : a;
	return a < b ? a : b;
}

const char *severity_name(enum severity severity)
{
	return severities[severity];
}

int severity_from_name(const char *name, enum severity *ret_severity)
{
	for (unsigned int i = SEVERITY_IGNORE; i <= SEVERITY_DENY; i++) {
		if (strcmp(severities[i], name) != 0)
			continue;
		*ret_severity = (enum severity)i;
		return 0;
	}
	return -EINVAL;
}
