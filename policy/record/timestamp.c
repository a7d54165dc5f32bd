/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar is computed: gmtime_r(3) and timegm(3) first read /etc/localtime of whatever root
 * the process is in.
 */
#include "policy/record/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define SECONDS_OF_DAY UINT64_C(86400)
#define SECONDS_MAX UINT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/*
 * The Gregorian calendar without the C library: gmtime_r(3) and timegm(3) first read
 * /etc/localtime, whatever they are asked. Years begin in March here, so that the leap day is their
 * last one.
 */
#define DAYS_OF_400_YEARS 146097
#define DAYS_BEFORE_1970 719468 /* since 0000-03-01 */

static int64_t days_of_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - DAYS_BEFORE_1970;
}

static int days_of_month(int year, int month)
{
	int next_year = month == 12 ? year + 1 : year, next = month == 12 ? 1 : month + 1;

	return (int)(days_of_date(next_year, next, 1) - days_of_date(year, month, 1));
}

struct date {
	int year, month, day, hour, minute, second;
};

/* Of a day since 1970 that is no earlier. */
static struct date date_of_days(int64_t days)
{
	int64_t since = days + DAYS_BEFORE_1970;
	int64_t era = since / DAYS_OF_400_YEARS, of_era = since % DAYS_OF_400_YEARS;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct date date = {
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
	};

	date.year = (int)(year + 400 * era + (date.month <= 2));
	return date;
}

void timestamp_format(uint64_t usec, char ret[TIMESTAMP_SIZE])
{
	uint64_t seconds = usec / USEC_PER_SEC;
	uint64_t fraction = usec % USEC_PER_SEC, of_day;
	struct date date;

	if (seconds > SECONDS_MAX) {
		seconds = SECONDS_MAX;
		fraction = USEC_PER_SEC - 1;
	}
	of_day = seconds % SECONDS_OF_DAY;
	date = date_of_days((int64_t)(seconds / SECONDS_OF_DAY));
	snprintf(ret, TIMESTAMP_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
		(unsigned int)date.year % 10000, (unsigned int)date.month % 100,
		(unsigned int)date.day % 100, (unsigned int)(of_day / 3600) % 100,
		(unsigned int)(of_day / 60 % 60), (unsigned int)(of_day % 60),
		(unsigned int)fraction % 1000000);
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

static bool read_date(const char **text, struct date *ret)
{
	return read_digits(text, 4, &ret->year) && read_mark(text, '-') &&
	       read_digits(text, 2, &ret->month) && read_mark(text, '-') &&
	       read_digits(text, 2, &ret->day) && read_mark(text, 'T') &&
	       read_digits(text, 2, &ret->hour) && read_mark(text, ':') &&
	       read_digits(text, 2, &ret->minute) && read_mark(text, ':') &&
	       read_digits(text, 2, &ret->second);
}

/* One that there is, and no earlier than 1970. */
static bool is_date(const struct date *date)
{
	return date->year >= 1970 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
	       date->day <= days_of_month(date->year, date->month) && date->hour < 24 &&
	       date->minute < 60 && date->second < 60;
}

/* ".5" is 500000; nothing is 0. */
static bool timestamp_read_fraction(const char **text, uint64_t *ret_usec)
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
	struct date date = {0};
	uint64_t fraction, seconds;

	if (!read_date(&text, &date) || !timestamp_read_fraction(&text, &fraction) ||
		strcmp(text, "Z") != 0 || !is_date(&date))
		return -EINVAL;
	seconds = (uint64_t)days_of_date(date.year, date.month, date.day) * SECONDS_OF_DAY +
		  (uint64_t)(date.hour * 3600 + date.minute * 60 + date.second);
	*ret_usec = seconds * USEC_PER_SEC + fraction;
	return 0;
}
