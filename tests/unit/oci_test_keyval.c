/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/spec/keyval.h"
#include "tests/support/cmocka.h"

#include <errno.h>
#include <string.h>

static const struct jsondoc_context context = {"doc", FINDING_STATE_INVALID};

static int load(const char *text, struct keyvals *ret, struct error *err)
{
	cleanup_json struct json_object *object = NULL;
	struct jsondoc_get get = {&context, NULL, "", false};

	assert_int_equal(
		jsondoc_parse(text, strlen(text), JSONDOC_STRICT, &context, &object, err), 0);
	get.object = object;
	return keyvals_load(&get, ret, err);
}

static void values_are_found_by_their_whole_key(void **state)
{
	cleanup_keyvals struct keyvals list = {0};

	(void)state;
	assert_null(keyvals_get(&list, "a"));
	assert_int_equal(keyvals_add(&list, "a", "1"), 0);
	assert_int_equal(keyvals_add(&list, "ab", ""), 0);
	assert_string_equal(keyvals_get(&list, "a"), "1");
	assert_string_equal(keyvals_get(&list, "ab"), "");
	assert_null(keyvals_get(&list, "A"));
	assert_null(keyvals_get(&list, ""));
}

static void annotations_load_in_order(void **state)
{
	cleanup_keyvals struct keyvals list = {0};
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(
		load("{\"annotations\":{\"b\":\"2\",\"a\":\"1\\n\",\"\":\"x\"}}", &list, &err), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.items[0].key, "b");
	assert_string_equal(list.items[1].value, "1\n");
	assert_string_equal(keyvals_get(&list, ""), "x");
}

static void absent_annotations_are_an_empty_list(void **state)
{
	static const char *const texts[] = {"{}", "{\"annotations\":null}", "{\"annotations\":{}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_keyvals struct keyvals list = {0};
		cleanup_error struct error err = {0};

		assert_int_equal(load(texts[i], &list, &err), 0);
		assert_int_equal(list.n, 0);
	}
}

static void values_that_are_no_strings_are_refused_by_name(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{\"annotations\":[]}", "doc: annotations: must be an object, is an array"},
		{"{\"annotations\":{\"a\":\"1\",\"b\":2}}",
			"doc: annotations.b: must be a string, is an integer"},
		{"{\"annotations\":{\"b\":null}}",
			"doc: annotations.b: is missing, a string is required"},
		{"{\"annotations\":{\"b\":\"\\u0000\"}}",
			"doc: annotations.b: has an embedded NUL"},
		{"{\"annotations\":{\"a\\nb\":1}}",
			"doc: annotations.a\\nb: must be a string, is an integer"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct keyvals list = {0};
		cleanup_error struct error err = {0};

		assert_int_equal(load(cases[i].text, &list, &err), -EINVAL);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(err.code, FINDING_STATE_INVALID);
		assert_int_equal(list.n, 0);
		assert_null(list.items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_their_whole_key),
		cmocka_unit_test(annotations_load_in_order),
		cmocka_unit_test(absent_annotations_are_an_empty_list),
		cmocka_unit_test(values_that_are_no_strings_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
