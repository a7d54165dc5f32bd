/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const struct jsondoc_context context = {"doc", FINDING_CONFIG_INVALID};

static int parse(
	const char *text, enum jsondoc_dialect dialect, struct json_object **ret, struct error *err)
{
	return jsondoc_parse(text, strlen(text), dialect, &context, ret, err);
}

static struct json_object *parse_good(const char *text)
{
	struct json_object *object = NULL;
	struct error err = {0};

	if (parse(text, JSONDOC_STRICT, &object, &err) < 0)
		fail_msg("%s: %s", text, error_message(&err));
	return object;
}

static void assert_refused(
	const char *data, size_t size, enum jsondoc_dialect dialect, const char *message)
{
	struct json_object *object = NULL;
	cleanup_error struct error err = {0};

	if (jsondoc_parse(data, size, dialect, &context, &object, &err) != -EINVAL)
		fail_msg("accepted: %s", data);
	assert_null(object);
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
	assert_non_null(err.fix);
	if (!strstr(err.message, message))
		fail_msg("%s: \"%s\" lacks \"%s\"", data, err.message, message);
}

static void rfc_8259_is_accepted(void **state)
{
	static const char *const good[] = {"{}", " \t\r\n{ } \n", "{\"a\":[]}",
		"{\"a\":[1,-0,0.5,1e5,1E-2,-12.25e+3]}", "{\"a\":true,\"b\":false,\"c\":null}",
		"{\"a\":\"\\u00e9\\n\\\"\\\\\\/ \xc3\xa9 \xf0\x9f\x98\x80\"}", "{\"\":1}",
		"{\"a:b\":{\"c\":[{\"d\":\":{[\"}]}}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"// no comment /* nor this\"}", "{\"a\":18446744073709551615}",
		"{\"a\":{\"b\":1},\"c\":{\"b\":2}}", "{\"\\\\\":1,\"a\\\"\":2}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		cleanup_json struct json_object *object = parse_good(good[i]);

		assert_non_null(object);
	}
}

/* With the place and the words: the same with every release of json-c. */
static const struct {
	const char *text, *message;
} bad[] = {
	{"", "(byte 1)"},
	{"  \n", "(byte 4)"},
	{"{", "(byte 2)"},
	{"{\"a\"", "(byte 5)"},
	{"{\"a\":\"x", "(byte 6)"},
	{"{\"a\":\"x\\", "(byte 6)"},
	{"{\"a\":tru", "(byte 6)"},
	{"[]", "(byte 1)"},
	{"null", "(byte 1)"},
	{"12", "(byte 1)"},
	{"\"a\"", "(byte 1)"},
	{"}", "(byte 1)"},
	{"{}}", "(byte 3)"},
	{"{} x", "(byte 4)"},
	{"{}{}", "(byte 3)"},
	{"{},", "(byte 3)"},
	{"{\"a\":1,}", "(byte 8)"},
	{"{\"a\":[1,]}", "(byte 9)"},
	{"{\"a\":[,1]}", "(byte 7)"},
	{"{\"a\":[1}}", "(byte 8)"},
	{"{,}", "(byte 2)"},
	{"{\"a\" 1}", "(byte 6)"},
	{"{\"a\":1 \"b\":2}", "(byte 8)"},
	{"{a:1}", "(byte 2)"},
	{"{'a':1}", "(byte 2)"},
	{"{\"a\":'b'}", "(byte 6)"},
	{"{\"a\":NaN}", "(byte 6)"},
	{"{\"a\":Infinity}", "(byte 6)"},
	{"{\"a\":-Infinity}", "(byte 6)"},
	{"{\"a\":TRUE}", "(byte 6)"},
	{"{\"a\":truex}", "(byte 6)"},
	{"{\"a\":01}", "(byte 6)"},
	{"{\"a\":-01}", "(byte 6)"},
	{"{\"a\":00}", "(byte 6)"},
	{"{\"a\":1.}", "(byte 6)"},
	{"{\"a\":.5}", "(byte 6)"},
	{"{\"a\":-}", "(byte 6)"},
	{"{\"a\":+1}", "(byte 6)"},
	{"{\"a\":1e}", "(byte 6)"},
	{"{\"a\":1e+}", "(byte 6)"},
	{"{\"a\":1.5.5}", "(byte 6)"},
	{"{\"a\":0x10}", "(byte 6)"},
	{"{\"a\":\"x\ty\"}", "(byte 8)"},
	{"{\"a\":\"x\ny\"}", "(byte 8)"},
	{"{\"a\":\"\\x41\"}", "(byte 7)"},
	{"{\"a\":\"\\u12\"}", "(byte 7)"},
	{"{\"a\":\"\xff\"}", "(byte 7)"},
	{"{\"a\":\"\xc0\x80\"}", "(byte 7)"},
	{"{\"a\":\"\xed\xa0\x80\"}", "(byte 7)"},
	{"{\"\xff\":1}", "(byte 3)"},
	{"\xef\xbb\xbf{}", "(byte 1)"},
	{"{\xc2\xa0}", "(byte 2)"},
	{"{}\v", "(byte 3)"},
	{"{\"a\\u0000b\":1}", "(byte 2)"},
	{"{\"a\":1 /* c */}", "(byte 8)"},
	{"{\"a\":1} // c", "(byte 9)"},
	{"{\"a\":1,\"a\":2}", "(byte 8)"},
	{"{\"x\":[{\"a\":{},\"b\":1,\"a\":[]}]}", "(byte 21)"},
	{"{\"a\":{\"b\":1},\"a\":{\"b\":1}}", "(byte 14)"},
	{"{\"\\u0061\":1,\"a\":2}", "(byte 13)"},
	{"{\"a\\n\":1,\"a\\n\" : 2}", "(byte 10)"},
};

static void anything_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i].text, strlen(bad[i].text), JSONDOC_STRICT, bad[i].message);
}

/* json-c 0.18 refuses bytes above 0x7f where it is asked to be strict, in values, not in names. */
static void strings_keep_their_text(void **state)
{
	static const struct {
		const char *literal, *text;
	} cases[] = {
		{"Am\xc3\xa9lie", "Am\xc3\xa9lie"},
		{"\xe6\x98\xa0\xe7\x94\xbb", "\xe6\x98\xa0\xe7\x94\xbb"},
		{"\xf0\x9f\x8e\xac", "\xf0\x9f\x8e\xac"},
		{"\x7f\xc2\x80", "\x7f\xc2\x80"},
		{"\\u00e9\\uD83C\\udfac", "\xc3\xa9\xf0\x9f\x8e\xac"},
		{"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
		{"\\ud800", "\xef\xbf\xbd"},
		{"x\\udc00y", "x\xef\xbf\xbdy"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_json struct json_object *object = NULL;
		cleanup_free char *text = NULL;
		struct json_object *value;

		assert_true(
			asprintf(&text, "{\"%s\":\"%s\"}", cases[i].literal, cases[i].literal) > 0);
		object = parse_good(text);
		if (!json_object_object_get_ex(object, cases[i].text, &value))
			fail_msg("%s: another name", text);
		assert_string_equal(json_object_get_string(value), cases[i].text);
	}
}

/* json-c 0.18 and later refuse them where they are asked to be strict, 0.16 does not. */
static void integers_beyond_64_bits_hurt_only_who_reads_them(void **state)
{
	static const char text[] = "{\"a\":[123456789012345678901234567890,"
				   "-123456789012345678901234567890,18446744073709551616]}";
	cleanup_json struct json_object *object = parse_good(text);

	(void)state;
	assert_non_null(object);
}

static void nul_bytes_are_refused(void **state)
{
	static const char inside[] = "{\"a\":\"x\0y\"}";
	static const char between[] = "{\0}";
	static const char behind[] = "{}\0";

	(void)state;
	assert_refused(inside, sizeof(inside) - 1, JSONDOC_STRICT, "(byte 8)");
	assert_refused(between, sizeof(between) - 1, JSONDOC_STRICT, "(byte 2)");
	assert_refused(behind, sizeof(behind) - 1, JSONDOC_STRICT, "(byte 3)");
	assert_refused(behind, sizeof(behind) - 1, JSONDOC_COMMENTS, "(byte 3)");
}

/* Every prefix: refused, and read no further than its end (ASan). */
static void no_cut_text_is_accepted(void **state)
{
	static const char text[] =
		"{\"a\":[1,-2.5e3,true,null,{\"b\":\"\\u00e9\xc3\xa9\\\"\"}],\"c\":{}}";

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++)
		assert_refused(text, size, JSONDOC_STRICT, "(byte ");
}

static void the_place_is_told_in_lines_columns_and_bytes(void **state)
{
	static const char text[] = "{\n\t\"a\": 1,\n\t\"b\": x\n}\n";

	(void)state;
	assert_refused(text, sizeof(text) - 1, JSONDOC_STRICT, "line 3, column 7 (byte 18)");
	assert_refused("{\"a\":1,\n\"a\":2}", 14, JSONDOC_STRICT, "line 2, column 1 (byte 9)");
}

static void nesting_ends_at_the_limit(void **state)
{
	cleanup_free char *open = fixture_repeat("{\"a\":", "[", JSONDOC_MAX_DEPTH - 1, "1");
	cleanup_free char *deepest = fixture_repeat(open, "]", JSONDOC_MAX_DEPTH - 1, "}");
	cleanup_free char *open_more = fixture_repeat("{\"a\":", "[", JSONDOC_MAX_DEPTH, "");
	cleanup_free char *deeper = fixture_repeat(open_more, "]", JSONDOC_MAX_DEPTH, "}");
	cleanup_free char *bomb = fixture_repeat("{\"a\":", "[", 1 << 20, "");
	cleanup_json struct json_object *object = parse_good(deepest);

	(void)state;
	assert_non_null(object);
	assert_refused(deeper, strlen(deeper), JSONDOC_STRICT, "(byte ");
	assert_refused(bomb, strlen(bomb), JSONDOC_STRICT, "(byte ");
}

static void comments_are_for_files_that_people_write(void **state)
{
	static const char text[] = "// first\n{ /* a */ \"a\" /**/ : 1, // \"b\": 2,\n"
				   "\"c\": \"/* no */ // \\\" no\" }\n/* last * / */ // end";
	cleanup_json struct json_object *object = NULL;
	cleanup_error struct error err = {0};
	struct json_object *c = NULL;

	(void)state;
	assert_int_equal(parse(text, JSONDOC_COMMENTS, &object, &err), 0);
	assert_int_equal(json_object_object_length(object), 2);
	assert_true(json_object_object_get_ex(object, "c", &c));
	assert_string_equal(json_object_get_string(c), "/* no */ // \" no");
}

static void comments_loosen_nothing_else(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{\"a\":1,}", "(byte 8)"},
		{"{\"a\":1,/**/}", "(byte 12)"},
		{"{'a':1}", "(byte 2)"},
		{"{\"a\":NaN}", "(byte 6)"},
		{"{\"a\":1/*}", "line 1, column 7 (byte 7)"},
		{"{\"a\":1}/*/", "(byte 8)"},
		{"{\"a\":1}/", "(byte 8)"},
		{"{# x\n}", "(byte 2)"},
		{"// {}", "(byte 6)"},
		{"/*\n*/ {\n \"a\":tru/**/e}", "line 3, column 6"},
		{"{\"a\":1,/*\"a\"*/\"a\":2}", "(byte 15)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(
			cases[i].text, strlen(cases[i].text), JSONDOC_COMMENTS, cases[i].message);
}

static void sizes_beyond_an_int_are_refused_unread(void **state)
{
	struct json_object *object = NULL;
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(
		jsondoc_parse("{}", (size_t)INT_MAX + 1, JSONDOC_STRICT, &context, &object, &err),
		-EFBIG);
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
}

static const char members[] =
	"{\"object\":{\"in\":{\"x\":1}},\"array\":[1],\"string\":\"text\",\"true\":true,"
	"\"int\":-7,\"double\":1.5,\"null\":null,\"strings\":[\"a\",\"b\"],\"mixed\":[\"a\",1],"
	"\"nul\":\"a\\u0000b\",\"nuls\":[\"a\\u0000b\"],\"objects\":[{\"n\":1},{\"n\":2}],"
	"\"notall\":[{\"n\":1},7],\"max\":9223372036854775807,\"over\":9223372036854775808,"
	"\"huge\":99999999999999999999999,\"under\":-9223372036854775809}";

static void getters_give_what_is_there(void **state)
{
	cleanup_json struct json_object *root = parse_good(members);
	const struct jsondoc_get get = {&context, root, "", true};
	struct json_object *object = NULL, *array = NULL;
	cleanup_strv struct strv strings = {0};
	cleanup_free char *string = NULL;
	int64_t number = 0, max = 0;
	bool truth = false, found = false;
	struct error err = {0};

	(void)state;
	assert_int_equal(jsondoc_object(&get, "object", &object, &err), 0);
	assert_int_equal(json_object_object_length(object), 1);
	assert_int_equal(jsondoc_array(&get, "array", &array, &err), 0);
	assert_int_equal(json_object_array_length(array), 1);
	assert_int_equal(jsondoc_string(&get, "string", &string, &err), 0);
	assert_string_equal(string, "text");
	assert_int_equal(jsondoc_bool(&get, "true", &truth, &found, &err), 0);
	assert_true(truth && found);
	found = false;
	assert_int_equal(jsondoc_int64(&get, "int", &number, &found, &err), 0);
	assert_true(number == -7 && found);
	assert_int_equal(jsondoc_int64(&get, "max", &max, NULL, &err), 0);
	assert_true(max == INT64_MAX);
	assert_int_equal(jsondoc_strv(&get, "strings", &strings, &err), 0);
	assert_int_equal(strings.n, 2);
	assert_string_equal(strings.items[1], "b");
}

static void absent_and_null_members_change_nothing(void **state)
{
	static const char *const keys[] = {"absent", "null"};
	cleanup_json struct json_object *root = parse_good(members);
	const struct jsondoc_get get = {&context, root, "", false};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct json_object *object = root;
		struct strv strings = {0};
		char *string = NULL;
		int64_t number = 7;
		bool truth = true, found = true;

		assert_int_equal(jsondoc_object(&get, keys[i], &object, &err), 0);
		assert_int_equal(jsondoc_array(&get, keys[i], &object, &err), 0);
		assert_ptr_equal(object, root);
		assert_int_equal(jsondoc_string(&get, keys[i], &string, &err), 0);
		assert_null(string);
		assert_int_equal(jsondoc_bool(&get, keys[i], &truth, &found, &err), 0);
		assert_true(truth && !found);
		found = true;
		assert_int_equal(jsondoc_int64(&get, keys[i], &number, &found, &err), 0);
		assert_true(number == 7 && !found);
		assert_int_equal(jsondoc_strv(&get, keys[i], &strings, &err), 0);
		assert_int_equal(strings.n, 0);
	}
}

/* Each getter by its letter, so that a table can name it. */
static int get_any(char getter, const struct jsondoc_get *get, const char *key, struct error *err)
{
	struct json_object *object = NULL;
	cleanup_strv struct strv strings = {0};
	cleanup_free char *string = NULL;
	int64_t number;
	bool truth;

	switch (getter) {
	case 'o':
		return jsondoc_object(get, key, &object, err);
	case 'a':
		return jsondoc_array(get, key, &object, err);
	case 's':
		return jsondoc_string(get, key, &string, err);
	case 'b':
		return jsondoc_bool(get, key, &truth, NULL, err);
	case 'i':
		return jsondoc_int64(get, key, &number, NULL, err);
	default:
		return jsondoc_strv(get, key, &strings, err);
	}
}

static void wrong_types_name_the_key_and_both_types(void **state)
{
	static const struct {
		char getter;
		const char *key, *message;
	} cases[] = {
		{'o', "array", "doc: p.array: must be an object, is an array"},
		{'o', "absent", "doc: p.absent: is missing, an object is required"},
		{'a', "object", "doc: p.object: must be an array, is an object"},
		{'a', "null", "doc: p.null: is missing, an array is required"},
		{'s', "int", "doc: p.int: must be a string, is an integer"},
		{'s', "absent", "doc: p.absent: is missing, a string is required"},
		{'s', "nul", "doc: p.nul: has an embedded NUL"},
		{'b', "string", "doc: p.string: must be true or false, is a string"},
		{'i', "double", "doc: p.double: must be an integer, is a number with a fraction"},
		{'i', "true", "doc: p.true: must be an integer, is true or false"},
		{'i', "over", "doc: p.over: does not fit into 64 bits"},
		{'i', "huge", "doc: p.huge: does not fit into 64 bits"},
		{'i', "under", "doc: p.under: does not fit into 64 bits"},
		{'v', "string", "doc: p.string: must be an array of strings, is a string"},
		{'v', "mixed", "doc: p.mixed[1]: must be a string, is an integer"},
		{'v', "nuls", "doc: p.nuls[0]: has an embedded NUL"},
	};
	cleanup_json struct json_object *root = parse_good(members);
	const struct jsondoc_get get = {&context, root, "p", true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_error struct error err = {0};

		assert_int_equal(get_any(cases[i].getter, &get, cases[i].key, &err), -EINVAL);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(err.code, FINDING_CONFIG_INVALID);
		assert_non_null(strstr(cases[i].message, err.subject));
		assert_non_null(err.fix);
	}
}

static void scopes_carry_the_path(void **state)
{
	cleanup_json struct json_object *root = parse_good(members);
	const struct jsondoc_get get = {&context, root, "", true};
	struct jsondoc_scope object, in;
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(jsondoc_enter(&get, "object", &object, &err), 0);
	assert_false(object.get.required);
	assert_int_equal(jsondoc_enter(&object.get, "in", &in, &err), 0);
	assert_string_equal(in.get.path, "object.in");
	assert_int_equal(get_any('s', &in.get, "x", &err), -EINVAL);
	assert_string_equal(err.subject, "object.in.x");
	assert_int_equal(jsondoc_enter(&get, "array", &in, &err), -EINVAL);
	assert_int_equal(jsondoc_error(&object.get, NULL, "mend", &err, "is %s", "odd"), -EINVAL);
	assert_string_equal(err.message, "doc: object: is odd");
}

static void an_absent_scope_has_no_members(void **state)
{
	cleanup_json struct json_object *root = parse_good(members);
	const struct jsondoc_get get = {&context, root, "", false};
	struct jsondoc_scope absent, inner;
	struct error err = {0};
	int64_t number = 7;

	(void)state;
	assert_int_equal(jsondoc_enter(&get, "absent", &absent, &err), 0);
	assert_null(absent.get.object);
	assert_int_equal(jsondoc_enter(&absent.get, "inner", &inner, &err), 0);
	assert_int_equal(jsondoc_int64(&inner.get, "x", &number, NULL, &err), 0);
	assert_int_equal(number, 7);
}

static int add_n(const struct jsondoc_get *item, void *data, struct error *err)
{
	const struct jsondoc_get get = {item->context, item->object, item->path, true};
	int64_t n = 0;
	int r = jsondoc_int64(&get, "n", &n, NULL, err);

	*(int64_t *)data += n;
	return r;
}

static int refuse_item(const struct jsondoc_get *item, void *data, struct error *err)
{
	(void)data;
	return jsondoc_error(item, "n", "mend", err, "is refused");
}

static void each_visits_objects_with_their_place(void **state)
{
	cleanup_json struct json_object *root = parse_good(members);
	const struct jsondoc_get get = {&context, root, "p", false};
	cleanup_error struct error err = {0};
	int64_t sum = 0;

	(void)state;
	assert_int_equal(jsondoc_each(&get, "objects", add_n, &sum, &err), 0);
	assert_int_equal(sum, 3);
	assert_int_equal(jsondoc_each(&get, "absent", add_n, &sum, &err), 0);
	assert_int_equal(jsondoc_each(&get, "objects", refuse_item, NULL, &err), -EINVAL);
	assert_string_equal(err.subject, "p.objects[0].n");
	assert_int_equal(jsondoc_each(&get, "notall", add_n, &sum, &err), -EINVAL);
	assert_string_equal(err.subject, "p.notall[1]");
	assert_int_equal(jsondoc_each(&get, "string", add_n, &sum, &err), -EINVAL);
	assert_string_equal(err.subject, "p.string");
}

static void long_paths_are_cut(void **state)
{
	cleanup_free char *key = fixture_repeat("", "k", 500, "");
	const struct jsondoc_get get = {&context, NULL, "p", true};
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(get_any('s', &get, key, &err), -EINVAL);
	assert_int_equal(strlen(err.subject), JSONDOC_PATH_SIZE - 1);
	assert_string_equal(err.subject + strlen(err.subject) - 3, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_8259_is_accepted),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(strings_keep_their_text),
		cmocka_unit_test(integers_beyond_64_bits_hurt_only_who_reads_them),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(no_cut_text_is_accepted),
		cmocka_unit_test(the_place_is_told_in_lines_columns_and_bytes),
		cmocka_unit_test(nesting_ends_at_the_limit),
		cmocka_unit_test(comments_are_for_files_that_people_write),
		cmocka_unit_test(comments_loosen_nothing_else),
		cmocka_unit_test(sizes_beyond_an_int_are_refused_unread),
		cmocka_unit_test(getters_give_what_is_there),
		cmocka_unit_test(absent_and_null_members_change_nothing),
		cmocka_unit_test(wrong_types_name_the_key_and_both_types),
		cmocka_unit_test(scopes_carry_the_path),
		cmocka_unit_test(an_absent_scope_has_no_members),
		cmocka_unit_test(each_visits_objects_with_their_place),
		cmocka_unit_test(long_paths_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
