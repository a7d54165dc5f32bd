/* SPDX-License-Identifier: Apache-2.0 */
/* One slip in three letters at most: a wrong suggestion costs more than none. */
#include "policy/config/did_you_mean.h"

#include <ctype.h>
#include <string.h>

/* Names of this project are shorter; a longer text is no slip of one. */
#define LENGTH_MAX 48

static size_t did_you_mean_smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance by rows: row[j] is the distance of what was read of `a` to b's first j. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[LENGTH_MAX + 1];
	size_t n_b = strlen(b);

	for (size_t j = 0; j <= n_b; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n_b; j++) {
			int differ = tolower((unsigned char)a[i]) != tolower((unsigned char)b[j]);
			size_t replaced = diagonal + (differ ? 1 : 0);

			diagonal = row[j + 1];
			row[j + 1] = did_you_mean_smaller(
				replaced, did_you_mean_smaller(row[j], row[j + 1]) + 1);
		}
	}
	return row[n_b];
}

const char *did_you_mean(const char *name, const char *const *known, size_t n_known)
{
	const char *nearest = NULL;
	size_t length = strlen(name);
	size_t best = length / 3 + 1; /* one more than what is let through */

	if (length > LENGTH_MAX)
		return NULL;
	for (size_t i = 0; i < n_known; i++) {
		size_t distance;

		if (strlen(known[i]) > LENGTH_MAX)
			continue;
		distance = edit_distance(name, known[i]);
		if (distance >= best)
			continue;
		best = distance;
		nearest = known[i];
	}
	return nearest;
}
