/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a text in each style that YAML and JSON have. */
#include "oci/base/cleanup.h"
#include "policy/lint/edit.h"
#include "tests/support/cmocka.h"

#include <string.h>

struct document {
	struct manifest manifest;
	struct edit_source source;
	const struct manifest_node *root;
};

static void open_document(struct document *document, const char *text)
{
	cleanup_error struct error err = {0};
	size_t offset;

	*document = (struct document){0};
	if (manifest_parse(text, strlen(text), &document->manifest, &offset, &err) < 0)
		fail_msg("%s: %s", text, error_message(&err));
	document->source = (struct edit_source){text, strlen(text), &document->manifest};
	document->root = document->manifest.roots[0];
}

/* "" stands for no edit. */
static void expect_text(struct document *document, enum edit_outcome outcome, struct edits *edits,
	const char *expected)
{
	cleanup_free char *text = NULL;
	size_t size;

	assert_int_equal(outcome, *expected ? EDIT_DONE : EDIT_AWKWARD);
	if (*expected) {
		assert_int_equal(edits_apply(edits, document->source.data, document->source.size,
					 &text, &size),
			0);
		assert_string_equal(text, expected);
		assert_int_equal(size, strlen(expected));
	}
	edits_clear(edits);
	manifest_clear(&document->manifest);
}

static void a_value_is_set_in_the_style_of_its_place(void **state)
{
	static const char *const keys[] = {"m", "p"};
	static const struct {
		const char *text, *expected;
	} cases[] = {
		/* there already */
		{"m:\n  p: old # why\n", "m:\n  p: new # why\n"},
		{"m: {p: 'old', q: 1}\n", "m: {p: new, q: 1}\n"},
		{"{\"m\": {\"p\": \"old\"}}", "{\"m\": {\"p\": new}}"},
		/* a pair more */
		{"m:\n  a: 1 # one\n  b:\n    c: 2\n",
			"m:\n  a: 1 # one\n  p: new\n  b:\n    c: 2\n"},
		{"m:\r\n  a: 1\r\n", "m:\r\n  a: 1\r\n  p: new\r\n"},
		{"m:\n  a: 1", "m:\n  a: 1\n  p: new"},
		{"m:\n  # of b\n  b:\n    c: 2\n", "m:\n  p: new\n  # of b\n  b:\n    c: 2\n"},
		{"m: {a: 1}\n", "m: {a: 1, p: new}\n"},
		{"m: {}\n", "m: {p: new}\n"},
		{"{\"m\": {\"a\": 1}}", "{\"m\": {\"a\": 1, \"p\": new}}"},
		{"{\n  \"m\": {\n    \"a\": 1\n  }\n}\n",
			"{\n  \"m\": {\n    \"a\": 1,\n    \"p\": new\n  }\n}\n"},
		/* nothing there yet */
		{"a: 1\n", "a: 1\nm:\n  p: new\n"},
		{"m:\na: 1\n", "m: {p: new}\na: 1\n"},
		{"m: null\n", "m: {p: new}\n"},
		{"{\"a\": 1}", "{\"a\": 1, \"m\": {\"p\": new}}"},
		/* nothing that could be understood */
		{"m: [1]\n", ""},
		{"m: 1\n", ""},
		{"m:\n  p: |\n    old\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct document document;
		struct edits edits = {0};
		enum edit_outcome outcome;

		open_document(&document, cases[i].text);
		outcome = edit_set(&document.source, &edits, document.root,
			&(struct edit_path){keys, 2, "a"}, &(struct edit_value){"new", false});
		expect_text(&document, outcome, &edits, cases[i].expected);
	}
}

static void an_item_is_put_in_and_taken_out(void **state)
{
	static const struct {
		const char *text, *inserted, *removed;
	} cases[] = {
		{"l:\n- a\n- b # two\n- c\n", "l:\n- a\n- b # two\n- x\n- c\n", "l:\n- a\n- c\n"},
		{"l:\n  - \"a\"\n  # of b\n  - \"b\"\n",
			"l:\n  - \"a\"\n  # of b\n  - \"b\"\n  - \"x\"\n", "l:\n  - \"a\"\n"},
		{"l: [a, b, c]\n", "l: [a, b, \"x\", c]\n", "l: [a, c]\n"},
		{"{\"l\": [\"a\",\n       \"b\"]}",
			"{\"l\": [\"a\",\n       \"b\",\n       \"x\"]}", "{\"l\": [\"a\"]}"},
		{"l:\r\n- a\r\n- b\r\n", "l:\r\n- a\r\n- b\r\n- x\r\n", "l:\r\n- a\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct document document;
		struct edits edits = {0};
		enum edit_outcome outcome;

		open_document(&document, cases[i].text);
		outcome = edit_insert_item(
			&document.source, &edits, manifest_get(document.root, "l"), 1, "x");
		expect_text(&document, outcome, &edits, cases[i].inserted);
		open_document(&document, cases[i].text);
		outcome = edit_remove_item(
			&document.source, &edits, manifest_get(document.root, "l"), 1);
		expect_text(&document, outcome, &edits, cases[i].removed);
	}
}

static void a_pair_goes_with_its_comment(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"a: 1\n\n# of b\nb:\n- 1\n- c: |\n    text\n\n# of d\nd: 2\n",
			"a: 1\n\n# of d\nd: 2\n"},
		{"b: 1\nd: 2\n", "d: 2\n"},
		{"{a: 1, b: {c: 2}}\n", "{a: 1}\n"},
		{"{\"b\": 1, \"d\": 2}", "{\"d\": 2}"},
		{"b: 1\n", ""},
		{"- b: 1\n  d: 2\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct document document;
		struct edits edits = {0};
		const struct manifest_node *mapping;

		open_document(&document, cases[i].text);
		mapping = document.root->kind == MANIFEST_SEQUENCE ? manifest_item(document.root, 0)
								   : document.root;
		expect_text(&document, edit_remove_pair(&document.source, &edits, mapping, "b"),
			&edits, cases[i].expected);
	}
}

static void what_an_alias_shows_is_not_changed(void **state)
{
	static const char *const keys[] = {"p"};
	static const char valid[] = "y: &y 3\na: &x {p: 1, l: [1, 2]}\nb: *x\nc: {p: *y}\n";
	const struct edit_value value = {"2", false};
	cleanup_edits struct edits edits = {0};
	cleanup_free char *changed = NULL;
	struct document document;
	const struct manifest_node *a, *c;
	size_t size;

	(void)state;
	open_document(&document, valid);
	a = manifest_get(document.root, "a");
	c = manifest_get(document.root, "c");
	assert_int_equal(
		edit_set(&document.source, &edits, a, &(struct edit_path){keys, 1, NULL}, &value),
		EDIT_SHARED);
	assert_int_equal(
		edit_remove_item(&document.source, &edits, manifest_get(a, "l"), 0), EDIT_SHARED);
	assert_int_equal(edit_remove_pair(&document.source, &edits, a, "p"), EDIT_SHARED);
	assert_int_equal(edits.n, 0);
	/* An alias itself may give way. */
	assert_int_equal(
		edit_set(&document.source, &edits, c, &(struct edit_path){keys, 1, NULL}, &value),
		EDIT_DONE);
	assert_int_equal(edits_apply(&edits, valid, strlen(valid), &changed, &size), 0);
	assert_non_null(strstr(changed, "c: {p: 2}\n"));
	manifest_clear(&document.manifest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_set_in_the_style_of_its_place),
		cmocka_unit_test(an_item_is_put_in_and_taken_out),
		cmocka_unit_test(a_pair_goes_with_its_comment),
		cmocka_unit_test(what_an_alias_shows_is_not_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
