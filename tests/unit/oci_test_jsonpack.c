/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/jsonpack.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"

#include <errno.h>

static void members_stand_in_the_order_in_which_they_were_put(void **state)
{
	cleanup_free char *text = NULL;
	struct json_object *inner, *list;
	struct jsonpack pack;

	(void)state;
	jsonpack_begin(&pack);
	jsonpack_string(&pack, pack.root, "path", "/mnt");
	jsonpack_int(&pack, pack.root, "less", -1);
	jsonpack_uint(&pack, pack.root, "more", UINT64_MAX);
	jsonpack_bool(&pack, pack.root, "truth", true);
	jsonpack_null(&pack, pack.root, "nothing");
	inner = jsonpack_object(&pack, pack.root, "inner");
	jsonpack_optional(&pack, inner, "absent", NULL);
	jsonpack_optional(&pack, inner, "there", "x");
	list = jsonpack_array(&pack, pack.root, "list");
	jsonpack_add(&pack, list, NULL, json_object_new_int(1));
	jsonpack_string(&pack, list, NULL, "two");
	text = jsonpack_text(&pack);
	assert_non_null(text);
	assert_string_equal(text, "{\n"
				  "  \"path\": \"/mnt\",\n"
				  "  \"less\": -1,\n"
				  "  \"more\": 18446744073709551615,\n"
				  "  \"truth\": true,\n"
				  "  \"nothing\": null,\n"
				  "  \"inner\": {\n"
				  "    \"there\": \"x\"\n"
				  "  },\n"
				  "  \"list\": [\n"
				  "    1,\n"
				  "    \"two\"\n"
				  "  ]\n"
				  "}\n");
}

/* A value that is NULL has not fit into memory. */
static void what_is_missing_fails_the_whole(void **state)
{
	struct json_object *inner;
	struct jsonpack pack;

	(void)state;
	jsonpack_begin(&pack);
	jsonpack_string(&pack, pack.root, "before", "x");
	inner = jsonpack_add(&pack, pack.root, "missing", NULL);
	assert_null(inner);
	/* What would have been in it, and what comes after it. */
	jsonpack_string(&pack, inner, "lost", "x");
	assert_null(jsonpack_array(&pack, pack.root, "after"));
	jsonpack_null(&pack, pack.root, "nothing");
	assert_true(pack.failed);
	assert_null(jsonpack_text(&pack));
	assert_null(pack.root);
}

static void half_a_text_is_not_printed(void **state)
{
	cleanup_free char *printed = NULL;
	struct jsonpack pack;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	(void)state;
	assert_non_null(out);
	jsonpack_begin(&pack);
	jsonpack_add(&pack, pack.root, "missing", NULL);
	assert_int_equal(jsonpack_end(&pack, out), -ENOMEM);
	jsonpack_begin(&pack);
	jsonpack_int(&pack, pack.root, "whole", 1);
	assert_int_equal(jsonpack_end(&pack, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(printed, "{\n  \"whole\": 1\n}\n");
}

static void what_was_not_told_is_released(void **state)
{
	struct jsonpack pack = {0};

	(void)state;
	jsonpack_clear(&pack);
	jsonpack_begin(&pack);
	jsonpack_string(&pack, pack.root, "key", "text");
	jsonpack_clear(&pack);
	assert_null(pack.root);
	jsonpack_clear(&pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_stand_in_the_order_in_which_they_were_put),
		cmocka_unit_test(what_is_missing_fails_the_whole),
		cmocka_unit_test(half_a_text_is_not_printed),
		cmocka_unit_test(what_was_not_told_is_released),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
