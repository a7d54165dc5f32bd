/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/kube/manifest.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct manifest parse(const char *text)
{
	struct manifest manifest = {0};
	cleanup_error struct error err = {0};
	size_t offset;
	int r = manifest_parse(text, strlen(text), &manifest, &offset, &err);

	if (r < 0)
		fail_msg("%s: %s at %zu", text, error_message(&err), offset);
	return manifest;
}

/* "LINE:COLUMN" of a byte. */
static const char *place(const char *text, size_t offset, char buffer[32])
{
	struct manifest_cursor cursor = {0};
	struct manifest_place found = manifest_locate(text, strlen(text), offset, &cursor);

	snprintf(buffer, 32, "%zu:%zu", found.line, found.column);
	return buffer;
}

static void each_value_knows_its_place(void **state)
{
	static const struct {
		const char *text, *path, *start, *written;
	} cases[] = {
		{"a: b\n", "a", "1:4", "b"},
		{"a:\n  b: 'c d'  # e\n", "a.b", "2:6", "'c d'"},
		{"a: \"\\u00fc\"\r\nb: c\r\n", "b", "2:4", "c"},
		{"ü: ö\nb: [x, {c: ä, d: e}]\n", "b", "2:4", "[x, {c: ä, d: e}]"},
		{"\xef\xbb\xbf"
		 "a: b\n",
			"a", "1:5", "b"},
		{"# c\n---\na: |\n  one\n  two\n\nb: c\n", "a", "3:4", "|\n  one\n  two"},
		{"a:\n- 1\n- b: 2\n  c: 3\n\n# x\nd: e\n", "a", "2:1", "- 1\n- b: 2\n  c: 3"},
		{"{\"a\": {\"b\":\n \"c\"}}", "a.b", "2:2", "\"c\""},
		{"{\"ü\": 1, \"a\": [1, 2]}", "a", "1:15", "[1, 2]"},
		{"a: &x b\n", "a", "1:4", "&x b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_manifest struct manifest manifest = parse(cases[i].text);
		const struct manifest_node *node = manifest_find(manifest.roots[0], cases[i].path);
		char buffer[32];

		assert_non_null(node);
		assert_string_equal(place(cases[i].text, node->start, buffer), cases[i].start);
		assert_int_equal(node->end - node->start, strlen(cases[i].written));
		assert_memory_equal(
			cases[i].text + node->start, cases[i].written, strlen(cases[i].written));
	}
}

static void values_are_what_kubernetes_reads(void **state)
{
	cleanup_manifest struct manifest yaml = parse(
		"y: yes\nq: \"true\"\nf: Off\no: 0400\np: 0o17\nx: 0x1f\nd: 400\nn: ~\ns: '1'\n"
		"base: &b {k: v, l: w}\nm:\n  <<: [*b, {k: u, z: t}]\n  l: own\n");
	cleanup_manifest struct manifest json = parse(
		"{\"o\": 400, \"e\": \"\\u00fc\\ud83d\\ude00\\/\", \"t\": true, \"n\": null}");
	const struct manifest_node *root = yaml.roots[0];
	int64_t value;

	(void)state;
	assert_true(manifest_true(manifest_get(root, "y")));
	assert_false(manifest_true(manifest_get(root, "q")));
	assert_true(manifest_false(manifest_get(root, "f")));
	assert_true(manifest_integer(&yaml, manifest_get(root, "o"), &value));
	assert_int_equal(value, 0400);
	assert_true(manifest_integer(&yaml, manifest_get(root, "p"), &value));
	assert_int_equal(value, 017);
	assert_true(manifest_integer(&yaml, manifest_get(root, "x"), &value));
	assert_int_equal(value, 0x1f);
	assert_true(manifest_integer(&yaml, manifest_get(root, "d"), &value));
	assert_int_equal(value, 400);
	assert_false(manifest_integer(&yaml, manifest_get(root, "s"), &value));
	assert_null(manifest_get(root, "n"));
	assert_non_null(manifest_pair(root, "n"));
	assert_string_equal(manifest_string(root, "m.k"), "v");
	assert_string_equal(manifest_string(root, "m.l"), "own");
	assert_string_equal(manifest_string(root, "m.z"), "t");
	assert_true(manifest_integer(&json, manifest_get(json.roots[0], "o"), &value));
	assert_int_equal(value, 400);
	assert_string_equal(manifest_string(json.roots[0], "e"), "ü\xf0\x9f\x98\x80/");
	assert_true(manifest_true(manifest_get(json.roots[0], "t")));
	assert_null(manifest_get(json.roots[0], "n"));
}

static void documents_come_one_after_another(void **state)
{
	cleanup_manifest struct manifest yaml = parse("a: &x 1\n---\n---\nb: 2\n...\n# end\n");
	cleanup_manifest struct manifest json = parse("{\"a\": 1}\n{\"b\": 2}");

	(void)state;
	assert_string_equal(manifest_string(yaml.roots[0], "a"), "1");
	assert_string_equal(manifest_string(yaml.roots[yaml.n_roots - 1], "b"), "2");
	assert_false(yaml.json);
	assert_int_equal(json.n_roots, 2);
	assert_string_equal(manifest_string(json.roots[1], "b"), "2");
	assert_true(json.json);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text, *place, *named; /* of the text, in the message */
	} cases[] = {
		{"a: b\n c: d\n", "2:3", ""},
		{"a: 1\nb: {c: 1, c: 2}\n", "2:11", "\"c\""},
		{"a: *b\n", "1:4", "\"b\""},
		{"a: &b 1\n---\na: *b\n", "3:4", "\"b\""},
		{"a: &b {c: *b}\n", "1:11", ""},
		{"? [a]\n: b\n", "1:3", ""},
		{"a: \xc3\n", "1:4", ""},
		{"a: \"\\0\"\n", "1:4", ""},
		{"{\"a\": 1,}", "1:9", ""},
		{"{\"a\": 'b'}", "1:7", ""},
		{"{\"a\": 01}", "1:7", ""},
		{"{\"a\": \"\t\"}", "1:8", ""},
		{"{\"a\": \"\\q\"}", "1:7", ""},
		{"{\"a\": \"\\u0000\"}", "1:7", ""},
		{"{\"a\": [1 2]}", "1:10", ""},
		{"{\"a\": 1} x", "1:10", ""},
		{"{\"a\": {\"b\": 1", "1:14", ""},
		{"{\"a\": 1, // no\n\"b\": 2}", "1:10", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct manifest manifest = {0};
		cleanup_error struct error err = {0};
		size_t offset;
		char buffer[32];

		assert_int_equal(manifest_parse(cases[i].text, strlen(cases[i].text), &manifest,
					 &offset, &err),
			-EINVAL);
		assert_int_equal(err.code, FINDING_MANIFEST_INVALID);
		if (!strstr(err.message, cases[i].named))
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_string_equal(place(cases[i].text, offset, buffer), cases[i].place);
	}
}

static void expect_refusal(const char *text, size_t size, const char *message)
{
	struct manifest manifest = {0};
	cleanup_error struct error err = {0};
	size_t offset;

	assert_int_equal(manifest_parse(text, size, &manifest, &offset, &err), -EINVAL);
	if (!strstr(err.message, message))
		fail_msg("expected \"%s\", found \"%s\"", message, err.message);
}

/* Nine levels of ten: more values than memory has bytes, where aliases were copied. */
static char *make_bomb(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs("a0: &a0 [x]\n", out);
	for (int level = 1; level < 10; level++) {
		fprintf(out, "a%d: &a%d [", level, level);
		for (int i = 0; i < 10; i++)
			fprintf(out, "*a%d, ", level - 1);
		fputs("]\n", out);
	}
	fclose(out);
	return text;
}

static void limits_hold(void **state)
{
	cleanup_free char *bomb = make_bomb();
	cleanup_free char *deep = fixture_repeat("a: ", "[", MANIFEST_MAX_DEPTH, "");
	cleanup_free char *nested = fixture_repeat("{\"a\":", "[", MANIFEST_MAX_DEPTH, "");
	cleanup_free char *many = fixture_repeat("a: [", "b, ", MANIFEST_MAX_NODES, "]");
	cleanup_free char *items = fixture_repeat("{\"a\": [", "1, ", MANIFEST_MAX_NODES, "1]}");
	cleanup_free char *large = fixture_repeat("", " ", MANIFEST_MAX_SIZE, " ");

	(void)state;
	expect_refusal(bomb, strlen(bomb), "1000000");
	expect_refusal(deep, strlen(deep), "64");
	expect_refusal(nested, strlen(nested), "64");
	expect_refusal(many, strlen(many), "1000000");
	expect_refusal(items, strlen(items), "1000000");
	expect_refusal(large, strlen(large), "16777216");
	expect_refusal("a: b\0c: d\n", 10, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_knows_its_place),
		cmocka_unit_test(values_are_what_kubernetes_reads),
		cmocka_unit_test(documents_come_one_after_another),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
