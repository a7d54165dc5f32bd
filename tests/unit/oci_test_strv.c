/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include "tests/support/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void lists_own_copies_in_order(void **state)
{
	cleanup_strv struct strv list = {0};
	char text[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "item-%d", i);
		assert_int_equal(strv_add(&list, text), 0);
	}
	strcpy(text, "changed");
	assert_int_equal(list.n, 100);
	assert_string_equal(list.items[0], "item-0");
	assert_string_equal(list.items[99], "item-99");
}

static void contains_compares_whole_strings(void **state)
{
	cleanup_strv struct strv list = {0};

	(void)state;
	assert_false(strv_contains(&list, "a"));
	strv_add(&list, "abc");
	assert_true(strv_contains(&list, "abc"));
	assert_false(strv_contains(&list, "ab"));
	assert_false(strv_contains(&list, "abcd"));
}

static void clear_leaves_an_empty_list(void **state)
{
	struct strv list = {0};

	(void)state;
	strv_clear(NULL);
	strv_add(&list, "a");
	strv_clear(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.items);
	strv_clear(&list);
}

static void grown_arrays_keep_their_elements_and_zero_the_new_one(void **state)
{
	cleanup_free int *numbers = NULL;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		assert_int_equal(array_grow(&numbers, n, sizeof(*numbers)), 0);
		assert_int_equal(numbers[n], 0);
		numbers[n] = (int)n + 1;
	}
	for (int n = 0; n < 1000; n++)
		assert_int_equal(numbers[n], n + 1);
}

static void arrays_beyond_the_address_space_are_refused(void **state)
{
	char element = 'x', *array = &element;

	(void)state;
	assert_int_equal(array_grow(&array, (size_t)1 << 62, 8), -ENOMEM);
	assert_ptr_equal(array, &element);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_own_copies_in_order),
		cmocka_unit_test(contains_compares_whole_strings),
		cmocka_unit_test(clear_leaves_an_empty_list),
		cmocka_unit_test(grown_arrays_keep_their_elements_and_zero_the_new_one),
		cmocka_unit_test(arrays_beyond_the_address_space_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
