/* SPDX-License-Identifier: Apache-2.0 */
/* Finding codes, severities and exit codes: what oci/base/finding_table.h says of them. */
#ifndef FSH_OCI_BASE_CODE_H
#define FSH_OCI_BASE_CODE_H

#include "oci/base/finding_table.h"
#include <stdbool.h>

enum exit_code {
#define X(id, number, meaning) EXIT_##id = (number),
	EXIT_TABLE(X)
#undef X
};

enum severity {
	SEVERITY_IGNORE,
	SEVERITY_WARN,
	SEVERITY_DENY,
};

enum finding_code {
	FINDING_NONE, /* no code: an empty error or finding */
#define X(id, name, severity, exit, from, at, help) FINDING_##id,
	FINDING_TABLE(X)
#undef X
		FINDING_CODE_COUNT,
};

/* The code's published name, "none" for FINDING_NONE and out of range. Static storage. */
const char *code_name(enum finding_code code);

/* The code of that published name, FINDING_NONE where there is none. */
enum finding_code code_from_name(const char *name);

enum severity code_default_severity(enum finding_code code);

/* The exit code that a denial by this code has; EXIT_DONE for FINDING_NONE. */
enum exit_code code_exit(enum finding_code code);

/* True where `origin` can report it. */
bool code_is_from(enum finding_code code, enum finding_origin origin);

/* What of a manifest it points at; AT_NOWHERE where lint does not report it. */
enum finding_place code_place(enum finding_code code);

/* What it is about, in one line; "" for FINDING_NONE. Static storage. */
const char *code_help(enum finding_code code);

/* Which of two exit codes counts: the lower one, EXIT_DONE only where both are. */
enum exit_code exit_code_lower(enum exit_code a, enum exit_code b);

/* "deny", "warn", "ignore". Static storage. */
const char *severity_name(enum severity severity);

/* 0 and *ret_severity, or -EINVAL where `name` is none of the three. */
int severity_from_name(const char *name, enum severity *ret_severity);

#endif
