/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/strformat.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"

#include <string.h>
#include <sys/resource.h>
#include <wchar.h>

static void text_is_put_together(void **state)
{
	cleanup_free char *text = strformat("%s has %d", "it", 7);
	cleanup_free char *empty = strformat("%s", "");

	(void)state;
	assert_string_equal(text, "it has 7");
	assert_string_equal(empty, "");
}

/* No character in any encoding: printf(3) fails at it. */
static void what_cannot_be_written_is_no_text(void **state)
{
	(void)state;
	assert_null(strformat("before %lc", (wint_t)0x7fffffff));
}

/* A sanitizer's memory has no such limit. */
#ifndef __SANITIZE_ADDRESS__
static void text_that_lacks_a_piece_is_none(void **state)
{
	static char large[16 * 1024 * 1024];
	struct rlimit before, limit;
	struct strformat_pieces pieces;
	FILE *out = strformat_open(&pieces);

	(void)state;
	assert_non_null(out);
	memset(large, 'x', sizeof(large) - 1);
	fputs("before ", out);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	limit = (struct rlimit){4096, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	fputs(large, out);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	fputs(" behind", out);
	assert_null(strformat_close(&pieces));
}
#endif

static bool all_of_many(void)
{
	struct strformat_pieces pieces;
	cleanup_free char *text = NULL;
	FILE *out = strformat_open(&pieces);

	assert_non_null(out);
	for (int i = 0; i < 100000; i++)
		fprintf(out, "%05d", i);
	text = strformat_close(&pieces);
	return text && strlen(text) == 500000 && strcmp(text + 499990, "9999899999") == 0;
}

static void pieces_come_one_behind_the_other(void **state)
{
	struct strformat_pieces pieces;
	cleanup_free char *text = NULL, *empty = NULL;
	FILE *out = strformat_open(&pieces);

	(void)state;
	assert_non_null(out);
	fputs("one", out);
	fprintf(out, ", %s", "two");
	text = strformat_close(&pieces);
	assert_string_equal(text, "one, two");
	assert_true(all_of_many());
	assert_non_null(strformat_open(&pieces));
	empty = strformat_close(&pieces);
	assert_string_equal(empty, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_put_together),
		cmocka_unit_test(what_cannot_be_written_is_no_text),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(text_that_lacks_a_piece_is_none),
#endif
		cmocka_unit_test(pieces_come_one_behind_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
