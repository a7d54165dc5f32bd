/* SPDX-License-Identifier: Apache-2.0 */
/* What `lint` found, for people, for programs, and for code review tools. */
#ifndef FSH_HOOK_OUTPUT_LINT_PRINT_H
#define FSH_HOOK_OUTPUT_LINT_PRINT_H

#include "policy/lint/lint.h"
#include <stdbool.h>
#include <stdio.h>

#define LINT_SCHEMA "fuse-sidecar.io/lint/v1"

/* A manifest that was judged, and where it is from. */
struct lint_report {
	const char *file; /* as on the command line; "-" for standard input */
	const char *data; /* what the findings' places are in */
	size_t size;
	const struct lint *lint;
};

/* "FILE:LINE:COLUMN: error: message [code]", as compilers have it, each with its fix on a line
 * below. `fixed`: the text is what --fix made, and what it could not do is said. */
void lint_print_text(FILE *out, const struct lint_report *report, bool colour, bool fixed);
/* Schema fuse-sidecar.io/lint/v1 (docs/lint.md). 0 or -ENOMEM. */
int lint_print_json(FILE *out, const struct lint_report *report);
/* SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0). 0 or -ENOMEM. */
int lint_print_sarif(FILE *out, const struct lint_report *report);

/* The name of the manifest for people. */
const char *lint_file_name(const struct lint_report *report);

#endif
