/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsed as Go parses, digit by digit, so that an annotation means here what the same text means
 * in a pod's other fields; neither strtod(3), which heeds the locale, nor a sum in microseconds,
 * which would round each part.
 */
#include "oci/base/duration.h"

#include "oci/base/strformat.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NSEC_PER_USEC UINT64_C(1000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)

#define DURATION_MAX (UINT64_C(1) << 62) /* microseconds */

struct unit {
	const char *name;
	uint64_t nsec;
};

/* Longer names before those that they start with. */
static const struct unit units[] = {
	{"ns", 1},
	{"us", NSEC_PER_USEC},
	{"\xc2\xb5s", NSEC_PER_USEC}, /* U+00B5, the micro sign */
	{"\xce\xbcs", NSEC_PER_USEC}, /* U+03BC, the Greek letter */
	{"ms", USEC_PER_MSEC *NSEC_PER_USEC},
	{"s", USEC_PER_SEC *NSEC_PER_USEC},
	{"m", USEC_PER_MINUTE *NSEC_PER_USEC},
	{"h", USEC_PER_HOUR *NSEC_PER_USEC},
};

/* What was read so far; nanoseconds apart, so that nothing is rounded before the end. */
struct sum {
	uint64_t usec, nsec;
};

static bool duration_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct unit *find_unit(const char *text)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strncmp(text, units[i].name, strlen(units[i].name)) == 0)
			return &units[i];
	return NULL;
}

/* The digits at *text. *ret_any tells whether there was one. 0 or -ERANGE. */
static int duration_read_whole(const char **text, uint64_t *ret, bool *ret_any)
{
	uint64_t value = 0;

	for (; duration_is_digit(**text); ++*text) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(**text - '0'), &value))
			return -ERANGE;
		*ret_any = true;
	}
	*ret = value;
	return 0;
}

/* digits / scale, below one. */
struct fraction {
	double digits, scale;
};

/* The digits behind a point; those that a double cannot hold do not count. */
static struct fraction duration_read_fraction(const char **text, bool *ret_any)
{
	struct fraction fraction = {0, 1};

	if (**text != '.')
		return fraction;
	for (++*text; duration_is_digit(**text); ++*text) {
		*ret_any = true;
		if (fraction.scale >= 1e15)
			continue;
		fraction.digits = fraction.digits * 10 + (**text - '0');
		fraction.scale *= 10;
	}
	return fraction;
}

static int duration_add_term(
	struct sum *sum, uint64_t whole, struct fraction fraction, const struct unit *unit)
{
	uint64_t usec;

	/* In this order, as Go does it: the unit over a power of ten is mostly exact. */
	sum->nsec += (uint64_t)(fraction.digits * ((double)unit->nsec / fraction.scale));
	if (unit->nsec < NSEC_PER_USEC) {
		sum->nsec += whole % NSEC_PER_USEC;
		usec = whole / NSEC_PER_USEC;
	} else if (__builtin_mul_overflow(whole, unit->nsec / NSEC_PER_USEC, &usec)) {
		return -ERANGE;
	}
	if (__builtin_add_overflow(sum->usec, usec, &sum->usec) ||
		__builtin_add_overflow(sum->usec, sum->nsec / NSEC_PER_USEC, &sum->usec))
		return -ERANGE;
	sum->nsec %= NSEC_PER_USEC;
	return sum->usec > DURATION_MAX ? -ERANGE : 0;
}

int duration_parse(const char *text, uint64_t *ret_usec)
{
	struct sum sum = {0};

	if (strcmp(text, "0") == 0) {
		*ret_usec = 0;
		return 0;
	}
	do {
		const struct unit *unit;
		uint64_t whole = 0;
		struct fraction fraction;
		bool any = false;
		int r = duration_read_whole(&text, &whole, &any);

		if (r < 0)
			return r;
		fraction = duration_read_fraction(&text, &any);
		unit = find_unit(text);
		if (!any || !unit)
			return -EINVAL;
		text += strlen(unit->name);
		r = duration_add_term(&sum, whole, fraction, unit);
		if (r < 0)
			return r;
	} while (*text);
	*ret_usec = sum.usec;
	return 0;
}

/* "N.FFFUNIT" of `value` in a unit of `scale`, with no zero at the end of the fraction. */
static void format_last(char *buffer, size_t size, uint64_t value, uint64_t scale, const char *unit)
{
	uint64_t fraction = value % scale;
	int digits = scale == USEC_PER_SEC ? 6 : 3;

	if (fraction == 0) {
		snprintf(buffer, size, "%" PRIu64 "%s", value / scale, unit);
		return;
	}
	for (; fraction % 10 == 0; digits--)
		fraction /= 10;
	snprintf(
		buffer, size, "%" PRIu64 ".%0*" PRIu64 "%s", value / scale, digits, fraction, unit);
}

char *duration_format(uint64_t usec)
{
	uint64_t hours = usec / USEC_PER_HOUR, minutes = usec % USEC_PER_HOUR / USEC_PER_MINUTE;
	uint64_t rest = usec % USEC_PER_MINUTE;
	char h[32] = "", m[32] = "", s[32] = "";

	if (hours > 0)
		snprintf(h, sizeof(h), "%" PRIu64 "h", hours);
	if (minutes > 0)
		snprintf(m, sizeof(m), "%" PRIu64 "m", minutes);
	if (rest > 0 && rest < USEC_PER_MSEC)
		snprintf(s, sizeof(s), "%" PRIu64 "us", rest);
	else if (rest > 0 && rest < USEC_PER_SEC)
		format_last(s, sizeof(s), rest, USEC_PER_MSEC, "ms");
	else if (rest > 0 || usec == 0)
		format_last(s, sizeof(s), rest, USEC_PER_SEC, "s");
	return strformat("%s%s%s", h, m, s);
}
