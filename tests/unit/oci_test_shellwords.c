/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/kube/shellwords.h"
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <string.h>

/* "<a><b> | <c>?": the commands, their words in brackets, a "?" behind what is not literal. */
static char *show(const struct shell_commands *commands)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < commands->n; i++) {
		fputs(i > 0 ? " | " : "", out);
		for (size_t j = 0; j < commands->items[i].words.n; j++)
			fprintf(out, "<%s>", commands->items[i].words.items[j]);
		fputs(commands->items[i].literal ? "" : "?", out);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void words_are_the_shells(void **state)
{
	static const struct {
		const char *script, *expected;
	} cases[] = {
		{"", ""},
		{"mkdir -p /a /b", "<mkdir><-p></a></b>"},
		{"a; b && c || d | e & f\ng", "<a> | <b> | <c> | <d> | <e> | <f> | <g>"},
		{"a 'b c' \"d e\" f\\ g", "<a><b c><d e><f g>"},
		{"a 'b'\"c\"d ''", "<a><bcd><>"},
		{"a \\\n  b # c\n# d\ne", "<a><b> | <e>"},
		{"a#b", "<a#b>"},
		{"a $X", "<a><$X>?"},
		{"a '$X' \"\\$X\"", "<a><$X><$X>"},
		{"a \"$X\"", "<a><$X>?"},
		{"a >b", "<a><>b>?"},
		{"a {b,c}", "<a><{b,c}>?"},
		{"a 'b", "<a><b>"},
		{"a \"b", "<a><b>"},
		{"a \\", "<a><\\>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_shell_commands struct shell_commands commands = {0};
		cleanup_free char *shown = NULL;

		assert_int_equal(shellwords_split(cases[i].script, &commands), 0);
		shown = show(&commands);
		assert_string_equal(shown, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_the_shells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
