/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only escape sequences of the program: what is printed of a pod has none, so that these alone
 * reach a terminal.
 */
#include "oci/base/colour.h"

const char *colour_begin(bool on, enum colour colour)
{
	if (!on)
		return "";
	switch (colour) {
	case COLOUR_GOOD:
		return "\033[32m";
	case COLOUR_WARN:
		return "\033[33m";
	case COLOUR_BAD:
		return "\033[1;31m";
	case COLOUR_DIM:
		return "\033[2m";
	case COLOUR_HEAD:
		return "\033[1m";
	case COLOUR_NONE:
		break;
	}
	return "";
}

const char *colour_end(bool on, enum colour colour)
{
	return on && colour != COLOUR_NONE ? "\033[0m" : "";
}

void colour_print(FILE *out, bool on, enum colour colour, const char *word)
{
	fprintf(out, "%s%s%s", colour_begin(on, colour), word, colour_end(on, colour));
}
