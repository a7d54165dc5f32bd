/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define SECONDS_MAX UINT64_C(253402300799) /* 9999-12-31T23:59:59Z */

void timestamp_format(uint64_t usec, char ret[TIMESTAMP_SIZE])
{
	uint64_t seconds = usec / USEC_PER_SEC;
	uint64_t fraction = usec % USEC_PER_SEC;
	char date[TIMESTAMP_SIZE];
	struct tm tm;
	time_t time;

	if (seconds > SECONDS_MAX) {
		seconds = SECONDS_MAX;
		fraction = USEC_PER_SEC - 1;
	}
	time = (time_t)seconds;
	gmtime_r(&time, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret, TIMESTAMP_SIZE, "%.19s.%06" PRIu64 "Z", date, fraction);
}

/* `n` digits at *text as a number; *text moves behind them. */
static bool read_digits(const char **text, size_t n, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < n; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		value = 10 * value + (**text - '0');
	}
	*ret = value;
	return true;
}

static bool read_mark(const char **text, char mark)
{
	if (**text != mark)
		return false;
	(*text)++;
	return true;
}

static bool read_date(const char **text, struct tm *ret)
{
	struct tm tm = {0};
	bool good = read_digits(text, 4, &tm.tm_year) && read_mark(text, '-') &&
		    read_digits(text, 2, &tm.tm_mon) && read_mark(text, '-') &&
		    read_digits(text, 2, &tm.tm_mday) && read_mark(text, 'T') &&
		    read_digits(text, 2, &tm.tm_hour) && read_mark(text, ':') &&
		    read_digits(text, 2, &tm.tm_min) && read_mark(text, ':') &&
		    read_digits(text, 2, &tm.tm_sec);

	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret = tm;
	return good;
}

/* ".5" is 500000; nothing is 0. */
static bool read_fraction(const char **text, uint64_t *ret_usec)
{
	uint64_t usec = 0, unit = USEC_PER_SEC / 10;

	if (**text == '.') {
		(*text)++;
		if (!isdigit((unsigned char)**text))
			return false;
	}
	for (; isdigit((unsigned char)**text); (*text)++, unit /= 10)
		usec += unit * (uint64_t)(**text - '0');
	*ret_usec = usec;
	return true;
}

int timestamp_parse(const char *text, uint64_t *ret_usec)
{
	struct tm tm, normal;
	uint64_t fraction;
	time_t time;

	if (!read_date(&text, &tm) || !read_fraction(&text, &fraction) || strcmp(text, "Z") != 0)
		return -EINVAL;
	/* timegm() turns the 31st of February into March: then it was no date. */
	normal = tm;
	time = timegm(&normal);
	if (time < 0 || normal.tm_mon != tm.tm_mon || normal.tm_mday != tm.tm_mday ||
		normal.tm_hour != tm.tm_hour || normal.tm_min != tm.tm_min ||
		normal.tm_sec != tm.tm_sec)
		return -EINVAL;
	*ret_usec = (uint64_t)time * USEC_PER_SEC + fraction;
	return 0;
}
