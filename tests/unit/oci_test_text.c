/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include "tests/support/cmocka.h"

#include <string.h>

static void utf8_sequences_have_their_length(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{"a", 1},
		{"\xc3\xa9", 2},
		{"\xe2\x82\xac", 3},
		{"\xf0\x9f\x98\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4}, /* U+10FFFF */
		{"\xf4\x90\x80\x80", 0}, /* beyond */
		{"\xc0\x80", 0},	 /* overlong NUL */
		{"\xc1\xbf", 0},	 /* overlong */
		{"\xe0\x80\xaf", 0},	 /* overlong slash */
		{"\xf0\x80\x80\xaf", 0}, /* overlong slash */
		{"\xed\xa0\x80", 0},	 /* surrogate */
		{"\x80", 0},		 /* continuation without a lead */
		{"\xe2\x82", 0},	 /* cut */
		{"\xe2\x28\xa1", 0},	 /* continuation is none */
		{"\xff", 0},
		{"\xf8\x88\x80\x80\x80", 0}, /* five bytes */
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(
			text_utf8_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
}

static void quoted_text_is_one_safe_line(void **state)
{
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{"", "\"\""}, {"plain", "\"plain\""}, {"a\nb\tc\rd", "\"a\\nb\\tc\\rd\""},
		{"say \"hi\" \\", "\"say \\\"hi\\\" \\\\\""}, {"\x1b[31mred", "\"\\x1b[31mred\""},
		{"\x7f", "\"\\x7f\""},
		{"caf\xc3\xa9 \xf0\x9f\x98\x80", "\"caf\xc3\xa9 \xf0\x9f\x98\x80\""},
		{"\xff\xfe", "\"\\xff\\xfe\""}, {"\xc2\x9b", "\"\\u009b\""}, /* C1: CSI */
		{"\xe2\x80\xa8", "\"\\u2028\""},			     /* line separator */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text_quote(cases[i].text), cases[i].quoted);
}

/* An array: linters rightly mind these in a literal. */
static void text_cannot_turn_its_direction(void **state)
{
	static const char override[] = {(char)0xe2, (char)0x80, (char)0xae, '\0'};
	static const char isolate[] = {(char)0xe2, (char)0x81, (char)0xa6, '\0'};

	(void)state;
	assert_string_equal(text_quote(override), "\"\\u202e\"");
	assert_string_equal(text_quote(isolate), "\"\\u2066\"");
}

static void long_text_is_cut_between_characters(void **state)
{
	char buffer[8];

	(void)state;
	text_escape("1234567", buffer, sizeof(buffer));
	assert_string_equal(buffer, "1234567");
	text_escape("12345678", buffer, sizeof(buffer));
	assert_string_equal(buffer, "1234...");
	text_escape("123\xc3\xa9"
		    "5678",
		buffer, sizeof(buffer));
	assert_string_equal(buffer, "123...");
	text_escape("\n\n\n\n", buffer, sizeof(buffer));
	assert_string_equal(buffer, "\\n\\n...");
}

static void quoted_text_keeps_its_closing_quote(void **state)
{
	char text[1000];

	(void)state;
	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		const char *quoted;

		memset(text, length % 2 ? 'x' : '\n', length);
		text[length] = '\0';
		quoted = text_quote(text);
		assert_true(strlen(quoted) < TEXT_QUOTED_SIZE);
		assert_int_equal(quoted[0], '"');
		assert_int_equal(quoted[strlen(quoted) - 1], '"');
		assert_false(text_has_control(quoted));
	}
}

static void distance_counts_slips(void **state)
{
	(void)state;
	assert_int_equal(text_distance("mounts", "mounts", 3), 0);
	assert_int_equal(text_distance("mount", "mounts", 3), 1);
	assert_int_equal(text_distance("Mounts", "mounts", 3), 0);
	assert_int_equal(text_distance("dirmode", "dir-mode", 3), 1);
	assert_int_equal(text_distance("exposed", "expose", 3), 1);
	assert_int_equal(text_distance("wiat", "wait", 3), 2);
	assert_int_equal(text_distance("", "ab", 3), 2);
	assert_int_equal(text_distance("something", "mounts", 3), 3);
	assert_int_equal(text_distance("verylongword", "wait", 3), 3);
}

static void controls_are_found(void **state)
{
	(void)state;
	assert_false(text_has_control("plain caf\xc3\xa9"));
	assert_true(text_has_control("a\nb"));
	assert_true(text_has_control("a\x7f"));
	assert_true(text_has_control("\x01"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_sequences_have_their_length),
		cmocka_unit_test(quoted_text_is_one_safe_line),
		cmocka_unit_test(text_cannot_turn_its_direction),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(quoted_text_keeps_its_closing_quote),
		cmocka_unit_test(distance_counts_slips),
		cmocka_unit_test(controls_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
