/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/error.h"
#include "oci/base/text.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <string.h>

static void set_fills_everything_and_returns_the_errno(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(error_set(&err, -EINVAL, FINDING_STATE_INVALID, "key", "mend it",
				 "%s is %d", "that", 7),
		-EINVAL);
	assert_int_equal(err.code, FINDING_STATE_INVALID);
	assert_string_equal(err.subject, "key");
	assert_string_equal(err.message, "that is 7");
	assert_string_equal(err.fix, "mend it");
	assert_string_equal(error_message(&err), "that is 7");
}

static void set_accepts_no_error_and_no_strings(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(error_set(NULL, -EIO, FINDING_HOST_IO, NULL, NULL, "x"), -EIO);
	assert_int_equal(error_wrap(NULL, -EIO, "x"), -EIO);
	assert_int_equal(error_set(&err, -EIO, FINDING_HOST_IO, NULL, NULL, "x"), -EIO);
	assert_null(err.subject);
	assert_null(err.fix);
}

static void set_may_quote_the_error_that_it_replaces(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	error_set(&err, -EIO, FINDING_HOST_IO, "subject", NULL, "first");
	error_set(&err, -EINVAL, FINDING_INTERNAL, err.subject, NULL, "then: %s", err.message);
	assert_string_equal(err.message, "then: first");
	assert_string_equal(err.subject, "subject");
}

static void wrap_puts_the_context_first(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	error_set(&err, -EINVAL, FINDING_CONFIG_INVALID, NULL, NULL, "inner");
	assert_int_equal(error_wrap(&err, -EINVAL, "outer %d", 1), -EINVAL);
	assert_string_equal(err.message, "outer 1: inner");
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
}

static void wrap_of_an_empty_error_is_internal_with_the_errno_text(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(error_wrap(&err, -ENOENT, "reading"), -ENOENT);
	assert_int_equal(err.code, FINDING_INTERNAL);
	assert_string_equal(err.message, "reading: No such file or directory");
}

static void memory_is_an_internal_error(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(error_memory(&err), -ENOMEM);
	assert_int_equal(err.code, FINDING_INTERNAL);
}

/* What a disk answers says nothing about the file's contents, and a fix of those would not help. */
static void a_node_in_trouble_is_told_as_that(void **state)
{
	static const struct {
		int r;
		enum finding_code code;
	} cases[] = {
		{-ENOMEM, FINDING_INTERNAL},
		{-EIO, FINDING_HOST_IO},
		{-ENOSPC, FINDING_HOST_IO},
		{-EDQUOT, FINDING_HOST_IO},
		{-EROFS, FINDING_HOST_IO},
		{-EMFILE, FINDING_HOST_IO},
		{-ENFILE, FINDING_HOST_IO},
		{-ENOENT, FINDING_CONFIG_INVALID},
		{-EINVAL, FINDING_CONFIG_INVALID},
		{-EACCES, FINDING_CONFIG_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_error struct error err = {0};

		error_set(&err, cases[i].r, FINDING_CONFIG_INVALID, "config.json", "write it anew",
			"cannot read it");
		assert_int_equal(err.code, cases[i].code);
		assert_string_equal(err.subject, "config.json");
		if (cases[i].code == FINDING_CONFIG_INVALID)
			assert_string_equal(err.fix, "write it anew");
		else
			assert_null(err.fix);
	}
}

static void an_error_that_nobody_filled_is_no_success(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(error_exit(&err), EXIT_INTERNAL);
	error_set(&err, -EINVAL, FINDING_STATE_INVALID, NULL, NULL, "x");
	assert_int_equal(error_exit(&err), EXIT_INPUT);
}

static void message_is_never_null(void **state)
{
	struct error err = {0};

	(void)state;
	assert_string_equal(error_message(&err), "no error");
	err.code = FINDING_HOST_IO;
	assert_string_equal(error_message(&err), "host-io");
}

static void forgotten_quoting_cannot_forge_a_line(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	error_set(&err, -EINVAL, FINDING_STATE_INVALID, "a\nb", "c\x1b[m", "x\nMESSAGE=%s", "y\r");
	assert_string_equal(err.message, "x\\nMESSAGE=y\\r");
	assert_string_equal(err.subject, "a\\nb");
	assert_string_equal(err.fix, "c\\x1b[m");
	error_wrap(&err, -EINVAL, "w\n");
	assert_string_equal(err.message, "w\\n: x\\nMESSAGE=y\\r");
}

static void messages_are_bounded(void **state)
{
	cleanup_free char *text = fixture_repeat("", "0123456789", 1000, "");
	cleanup_error struct error err = {0};

	(void)state;
	error_set(&err, -EINVAL, FINDING_STATE_INVALID, text, text, "%s", text);
	error_wrap(&err, -EINVAL, "%s", text);
	assert_true(strlen(err.message) < 2048);
	assert_true(strlen(err.subject) < 2048);
	assert_true(strlen(err.fix) < 2048);
	assert_string_equal(err.message + strlen(err.message) - 3, "...");
}

static void clear_leaves_an_empty_error(void **state)
{
	struct error err = {0};

	(void)state;
	error_clear(NULL);
	error_set(&err, -EIO, FINDING_HOST_IO, "s", "f", "m");
	error_clear(&err);
	assert_int_equal(err.code, FINDING_NONE);
	assert_null(err.message);
	assert_null(err.subject);
	assert_null(err.fix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_everything_and_returns_the_errno),
		cmocka_unit_test(set_accepts_no_error_and_no_strings),
		cmocka_unit_test(set_may_quote_the_error_that_it_replaces),
		cmocka_unit_test(wrap_puts_the_context_first),
		cmocka_unit_test(wrap_of_an_empty_error_is_internal_with_the_errno_text),
		cmocka_unit_test(memory_is_an_internal_error),
		cmocka_unit_test(a_node_in_trouble_is_told_as_that),
		cmocka_unit_test(an_error_that_nobody_filled_is_no_success),
		cmocka_unit_test(message_is_never_null),
		cmocka_unit_test(forgotten_quoting_cannot_forge_a_line),
		cmocka_unit_test(messages_are_bounded),
		cmocka_unit_test(clear_leaves_an_empty_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
