/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "tests/support/cmocka.h"

#include <errno.h>

#define SEC UINT64_C(1000000)

/* What Go's time.ParseDuration() gives, in microseconds. */
static void durations_parse_as_in_go(void **state)
{
	static const struct {
		const char *text;
		uint64_t usec;
	} cases[] = {
		{"0", 0},
		{"0s", 0},
		{"5s", 5 * SEC},
		{"30s", 30 * SEC},
		{"1m30s", 90 * SEC},
		{"1h", 3600 * SEC},
		{"1.5h", 5400 * SEC},
		{"1478s", 1478 * SEC},
		{"5.s", 5 * SEC},
		{".5s", SEC / 2},
		{"1.004s", 1004000},
		{"0.029s", 29000},
		{"100.00100s", 100001000},
		{"300ms", 300000},
		{"10us", 10},
		{"11\xc2\xb5s", 11},
		{"12\xce\xbcs", 12},
		{"1500ns", 1},
		{"999ns", 0},
		{"500ns500ns", 1},
		{"3h30m", 12600 * SEC},
		{"10.5s4m", 250500000},
		{"1h2m3s4ms5us6ns", 3723004005},
		{"0.3333333333333333333h", 1200 * SEC - 1},
		{"0.100000000000000000000h", 360 * SEC},
		{"1s1s", 2 * SEC},
		{"4611686018427387904us", UINT64_C(1) << 62},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t usec = 77;

		assert_int_equal(duration_parse(cases[i].text, &usec), 0);
		assert_int_equal(usec, cases[i].usec);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const bad[] = {"", "3", "30", "-5s", "+5s", "s", ".", "-", ".s", "5 s",
		" 5s", "5s ", "1m 30s", "5S", "5sec", "1d", "\x85s", "0x5s", "1,5s", "5s\n", "00",
		"1e3s", "1.5.5s", "1h30", "s5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t usec = 77;

		if (duration_parse(bad[i], &usec) != -EINVAL)
			fail_msg("\"%s\" is accepted", bad[i]);
		assert_int_equal(usec, 77);
	}
}

static void what_does_not_fit_is_out_of_range(void **state)
{
	static const char *const large[] = {"4611686018427387905us", "4611686018427387904us1us",
		"18446744073709551616ns", "99999999999999999999999s", "9223372036854775807h",
		"18446744073709551615m", "18446744073709551615us1us"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		uint64_t usec = 77;

		assert_int_equal(duration_parse(large[i], &usec), -ERANGE);
		assert_int_equal(usec, 77);
	}
}

static void durations_are_written_as_people_do(void **state)
{
	static const struct {
		uint64_t usec;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{1, "1us"},
		{999, "999us"},
		{1500, "1.5ms"},
		{250000, "250ms"},
		{SEC, "1s"},
		{1500000, "1.5s"},
		{1000001, "1.000001s"},
		{30 * SEC, "30s"},
		{60 * SEC, "1m"},
		{90 * SEC, "1m30s"},
		{60 * SEC + 250000, "1m250ms"},
		{3600 * SEC, "1h"},
		{3601 * SEC, "1h1s"},
		{100 * (3600 * SEC) + 90 * SEC, "100h1m30s"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *text = duration_format(cases[i].usec);

		assert_string_equal(text, cases[i].text);
	}
}

static void what_is_written_reads_back(void **state)
{
	uint64_t usec = 1;

	(void)state;
	/* Steps that meet every unit with many digits. */
	while (usec <= UINT64_C(1) << 62) {
		cleanup_free char *text = duration_format(usec);
		uint64_t back = 0;

		assert_int_equal(duration_parse(text, &back), 0);
		assert_int_equal(back, usec);
		usec += usec / 97 + 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_parse_as_in_go),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(what_does_not_fit_is_out_of_range),
		cmocka_unit_test(durations_are_written_as_people_do),
		cmocka_unit_test(what_is_written_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
