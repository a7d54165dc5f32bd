/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has said of itself: on standard error, and to the journal. */
#ifndef FSH_TESTS_FAULT_SAID_H
#define FSH_TESTS_FAULT_SAID_H

#include <stdbool.h>

/* How many lines say why the run ends so: "… denied [code] …" and the like. */
unsigned int said_verdicts(const char *said);

/* The messages of the journal's entries that do, each with a line end. They are taken from its
 * socket. Owned by the caller. */
char *said_to_journal(int journal);

/* How many lines that is. */
unsigned int said_lines(const char *text);

/* Whether each line of it names that. */
bool said_all_name(const char *text, const char *words);

/* A path, a process, or what else there is that a line is about is named in it. */
bool said_names_something(const char *said);

#endif
