/* SPDX-License-Identifier: Apache-2.0 */
/* Colour in text for people: what a word means, not how it looks. Whether there is to be any is
 * decided where the output is known (hook/output/terminal.h). */
#ifndef FSH_OCI_BASE_COLOUR_H
#define FSH_OCI_BASE_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

enum colour {
	COLOUR_NONE,
	COLOUR_GOOD, /* green: ok, live */
	COLOUR_WARN, /* yellow: a warning, hung */
	COLOUR_BAD,  /* red and bold: denied, failed, dead */
	COLOUR_DIM,  /* faint: what leads to the matter */
	COLOUR_HEAD, /* bold: a heading, a name */
};

/* The terminal's control sequence (ECMA-48 SGR) that begins the colour, or ends any; "" where `on`
 * is false. Static storage. */
const char *colour_begin(bool on, enum colour colour);
const char *colour_end(bool on, enum colour colour);

/* `word` in that colour. */
void colour_print(FILE *out, bool on, enum colour colour, const char *word);

#endif
