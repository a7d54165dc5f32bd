/* SPDX-License-Identifier: Apache-2.0 */
/* A judgement as text for a person: what `check` prints. */
#ifndef FSH_POLICY_REPORT_REPORT_H
#define FSH_POLICY_REPORT_REPORT_H

#include "policy/check/judge.h"
#include <stdio.h>

/* Print role, verdict, findings with their fix, and the plan, one item a line. A denial whose exit
 * is EXIT_DONE is one of mode audit: the container starts. `colour`: oci/base/colour.h. */
void report_print(
	FILE *out, const struct judgement *judgement, const struct identity *identity, bool colour);

#endif
