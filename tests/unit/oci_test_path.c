/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <limits.h>
#include <string.h>

static void normalized_paths_are_told_from_others(void **state)
{
	static const char *const good[] = {"/", "/a", "/a/b", "/mnt/my media", "/...", "/.a",
		"/a..", "/..a", "/caf\xc3\xa9", "/\xff"};
	static const char *const bad[] = {"", "a", "a/b", "./a", "//", "/a/", "/a//b", "//a", "/.",
		"/..", "/a/.", "/a/..", "/a/./b", "/a/../b", "/a\nb", "/a\x7f", "/a\t"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(path_is_normalized(good[i]) && path_is_straight(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(path_is_normalized(bad[i]));
}

static void normalized_paths_are_shorter_than_path_max(void **state)
{
	cleanup_free char *longest = fixture_repeat("/", "x", PATH_MAX - 2, "");
	cleanup_free char *longer = fixture_repeat("/", "x", PATH_MAX - 1, "");

	(void)state;
	assert_int_equal(strlen(longest), PATH_MAX - 1);
	assert_true(path_is_normalized(longest));
	assert_false(path_is_normalized(longer));
	assert_false(path_is_straight(longer));
	assert_false(path_is_normalized("/a\tb"));
	assert_true(path_is_straight("/a\tb"));
	assert_false(path_is_straight("/a\tb/../c"));
}

static void below_compares_by_component(void **state)
{
	static const struct {
		const char *path, *prefix, *rest;
	} cases[] = {
		{"/a/b", "/a", "b"},
		{"/a/b/c", "/a", "b/c"},
		{"/a", "/a", ""},
		{"/", "/", ""},
		{"/a", "/", "a"},
		{"/a/b", "/", "a/b"},
		{"/ab", "/a", NULL},
		{"/a", "/a/b", NULL},
		{"/", "/a", NULL},
		{"/b/a", "/a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *rest = path_below(cases[i].path, cases[i].prefix);

		if (cases[i].rest)
			assert_string_equal(rest, cases[i].rest);
		else
			assert_null(rest);
	}
}

/* All paths of up to `depth` components of a small alphabet, in which names are prefixes of one
 * another. */
static void grow_paths(struct strv *paths, size_t depth)
{
	static const char *const names[] = {"a", "ab", "b", "a b"};
	size_t start = 0;

	assert_int_equal(strv_add(paths, "/"), 0);
	for (; depth > 0; depth--) {
		size_t end = paths->n;

		for (size_t i = start; i < end; i++)
			for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
				cleanup_free char *path = path_join(paths->items[i], names[j]);

				assert_int_equal(strv_add(paths, path), 0);
			}
		start = end;
	}
}

static void join_undoes_below_and_both_keep_paths_normalized(void **state)
{
	cleanup_strv struct strv paths = {0};
	size_t below = 0;

	(void)state;
	grow_paths(&paths, 3);
	for (size_t i = 0; i < paths.n; i++)
		for (size_t j = 0; j < paths.n; j++) {
			const char *path = paths.items[i], *prefix = paths.items[j];
			const char *rest = path_below(path, prefix);
			cleanup_free char *joined = rest ? path_join(prefix, rest) : NULL;

			if (!rest)
				continue;
			below++;
			assert_string_equal(joined, path);
			assert_true(path_is_normalized(joined));
			/* Antisymmetric: each below the other only where they are equal. */
			assert_true(!path_below(prefix, path) || i == j);
		}
	/* Each path of n components is below n + 1 of them. */
	assert_int_equal(below, 1 * 1 + 4 * 2 + 16 * 3 + 64 * 4);
}

static void below_agrees_with_the_chain_of_parents(void **state)
{
	cleanup_strv struct strv paths = {0};

	(void)state;
	grow_paths(&paths, 3);
	for (size_t i = 1; i < paths.n; i++) {
		cleanup_free char *parent = path_parent(paths.items[i]);

		assert_non_null(path_below(paths.items[i], parent));
		assert_null(path_below(parent, paths.items[i]));
		assert_true(strv_contains(&paths, parent));
	}
}

static void join_uses_one_slash(void **state)
{
	static const struct {
		const char *prefix, *rest, *joined;
	} cases[] = {
		{"/a", "b", "/a/b"},
		{"/a/", "b", "/a/b"},
		{"/a", "/b", "/a/b"},
		{"/a//", "//b", "/a/b"},
		{"/", "b", "/b"},
		{"/", "", "/"},
		{"/a", "", "/a"},
		{"/a/", "/", "/a"},
		{"/", "/", "/"},
		{"tests", "x/y", "tests/x/y"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *joined = path_join(cases[i].prefix, cases[i].rest);

		assert_string_equal(joined, cases[i].joined);
	}
}

static void simplify_drops_slashes_and_dots_only(void **state)
{
	static const struct {
		const char *path, *simple;
	} cases[] = {
		{"/", "/"},
		{"//", "/"},
		{"/.", "/"},
		{"/a/", "/a"},
		{"//a///b//", "/a/b"},
		{"/./a/./b/.", "/a/b"},
		{"/a/../b", "/a/../b"},
		{"/...", "/..."},
		{"a/./b/", "a/b"},
		{"./a", "a"},
		{"./", "."},
		{".", "."},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *simple = path_simplify(cases[i].path);
		cleanup_free char *again = path_simplify(simple);

		assert_string_equal(simple, cases[i].simple);
		assert_string_equal(again, simple);
	}
}

static void parent_of_the_root_is_the_root(void **state)
{
	static const struct {
		const char *path, *parent;
	} cases[] = {{"/", "/"}, {"/a", "/"}, {"/a/b", "/a"}, {"/a/b/c", "/a/b"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *parent = path_parent(cases[i].path);

		assert_string_equal(parent, cases[i].parent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalized_paths_are_told_from_others),
		cmocka_unit_test(normalized_paths_are_shorter_than_path_max),
		cmocka_unit_test(below_compares_by_component),
		cmocka_unit_test(join_undoes_below_and_both_keep_paths_normalized),
		cmocka_unit_test(below_agrees_with_the_chain_of_parents),
		cmocka_unit_test(join_uses_one_slash),
		cmocka_unit_test(simplify_drops_slashes_and_dots_only),
		cmocka_unit_test(parent_of_the_root_is_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
