/* SPDX-License-Identifier: Apache-2.0 */
/* Files of hooks.d that the engine takes and refuses: tests/install/doctor.sh asks the engine
 * itself. */
#include "policy/config/hooksd.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"
#include <stdio.h>
#include <string.h>

#define NAME "/etc/x/hook.json"
#define HOOK "'hook': {'path': '/bin/true'}"
#define REST "'when': {'always': true}, 'stages': ['prestart']"

/* JSON in which ' stands for ". */
static int parse(const char *text, struct hooksd *ret, struct error *err)
{
	cleanup_free char *json = strdup(text);

	assert_non_null(json);
	for (char *c = json; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return hooksd_parse(json, strlen(json), NAME, ret, err);
}

static void our_own_files_are_taken(void **state)
{
	static const char *const names[] = {"../crio-hooks.d/fuse-sidecar-prestart.json",
		"../crio-hooks.d/fuse-sidecar-poststop.json"};
	static const char *const stages[] = {"prestart", "poststop"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_hooksd struct hooksd hook = {0};
		cleanup_free char *text = NULL;
		size_t size = 0;

		text = fixture_read(names[i], &size);
		assert_int_equal(hooksd_parse(text, size, names[i], &hook, NULL), 0);
		assert_false(hook.old);
		assert_string_equal(hook.path, "/usr/libexec/oci/hooks.d/fuse-sidecar-hook");
		assert_int_equal(hook.args.n, 2);
		assert_string_equal(hook.args.items[1], stages[i]);
		assert_true(hook.has_timeout);
		assert_int_equal(hook.annotations.n, 1);
		assert_string_equal(hook.annotations.items[0].key, "^fuse-sidecar\\.io/mounts$");
		assert_true(hooksd_has_stage(&hook, stages[i]));
		assert_false(hooksd_has_stage(&hook, stages[1 - i]));
		assert_false(hook.has_always || hook.has_bind_mounts);
	}
}

static void every_member_is_read(void **state)
{
	cleanup_hooksd struct hooksd hook = {0};

	(void)state;
	assert_int_equal(parse("{'version': '1.0.0', 'hook': {'path': '/h', 'timeout': 7}, "
			       "'when': {'always': false, 'hasBindMounts': true, "
			       "'commands': ['a', 'b'], 'annotations': {'k': 'v', 'l': 'w'}}, "
			       "'stages': ['createRuntime', 'poststart']}",
				 &hook, NULL),
		0);
	assert_int_equal(hook.timeout, 7);
	assert_true(hook.has_always && !hook.always);
	assert_true(hook.has_bind_mounts);
	assert_int_equal(hook.commands.n, 2);
	assert_int_equal(hook.annotations.n, 2);
	assert_int_equal(hook.stages.n, 2);
	assert_int_equal(hook.args.n, 0);
}

static void what_go_takes_is_taken(void **state)
{
	static const char *const texts[] = {
		"{'version': '1.0.0', " HOOK ", " REST "}",
		" \n{'version': '1.0.0', " HOOK ", " REST "}\n\t ",
		"{'VERSION': '1.0.0', 'Hook': {'PATH': '/bin/true'}, 'when': {}, 'Stages': []}",
		"{'version': '2', 'version': '1.0.0', " HOOK ", " REST "}",
		"{'version': '1.0.0', 'surprise': 1, " HOOK ", " REST "}",
		"{'version': '1.0.0', 'who': 'Am\xc3\xa9lie, \xff', " HOOK ", " REST "}",
		"{'version': '1.0.0', 'hook': {'path': '/x', 'args': null, 'timeout': null}, " REST
		"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_hooksd struct hooksd hook = {0};
		cleanup_error struct error err = {0};

		if (parse(texts[i], &hook, &err) < 0)
			fail_msg("%s: %s", texts[i], error_message(&err));
		assert_false(hook.old);
	}
}

static void older_versions_are_left_to_older_rules(void **state)
{
	static const char *const texts[] = {"{}", "{'version': ''}",
		"{'version': '0.1.0', 'hook': '/bin/true', 'stages': ['prestart']}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_hooksd struct hooksd hook = {0};

		assert_int_equal(parse(texts[i], &hook, NULL), 0);
		assert_true(hook.old);
	}
}

static void what_go_refuses_is_refused_by_name(void **state)
{
	static const struct {
		const char *text, *named; /* of the text, in the message */
	} cases[] = {
		{"", "byte 1"},
		{"{", "byte 2"},
		{"[]", ""},
		{"{} x", "byte 4"},
		{"{x}", "byte 2"},
		{"{'version': 1}", "version"},
		{"{'version': '1.0.1'}", "1.0.1"},
		{"{'version': '1.0.0', " REST "}", "hook.path"},
		{"{'version': '1.0.0', 'hook': 1, " REST "}", "hook"},
		{"{'version': '1.0.0', 'hook': {}, " REST "}", "hook.path"},
		{"{'version': '1.0.0', 'hook': {'path': ''}, " REST "}", "hook.path"},
		{"{'version': '1.0.0', 'hook': {'path': 'x'}, " REST "}", "\"x\""},
		{"{'version': '1.0.0', 'hook': {'path': 1}, " REST "}", "hook.path"},
		{"{'version': '1.0.0', 'hook': {'path': '/x', 'args': 'a'}, " REST "}",
			"hook.args"},
		{"{'version': '1.0.0', 'hook': {'path': '/x', 'args': [1]}, " REST "}",
			"hook.args"},
		{"{'version': '1.0.0', 'hook': {'path': '/x', 'timeout': 1.5}, " REST "}",
			"hook.timeout"},
		{"{'version': '1.0.0', 'hook': {'path': '/x', 'timeout': 0}, " REST "}",
			"hook.timeout"},
		{"{'version': '1.0.0', " HOOK ", 'when': {}}", "stages"},
		{"{'version': '1.0.0', " HOOK ", 'when': {}, 'stages': 'prestart'}", "stages"},
		{"{'version': '1.0.0', " HOOK ", 'when': {}, 'stages': ['preStart']}", "preStart"},
		{"{'version': '1.0.0', " HOOK ", 'when': [], 'stages': []}", "when"},
		{"{'version': '1.0.0', " HOOK ", 'when': {'always': 'true'}, 'stages': []}",
			"when.always"},
		{"{'version': '1.0.0', " HOOK ", 'when': {'commands': {}}, 'stages': []}",
			"when.commands"},
		{"{'version': '1.0.0', " HOOK ", 'when': {'annotations': {'x': 1}}, 'stages': []}",
			"\"x\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_hooksd struct hooksd hook = {0};
		cleanup_error struct error err = {0};

		if (parse(cases[i].text, &hook, &err) != -EINVAL)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(err.code, FINDING_POLICY_INVALID);
		if (!strstr(err.message, NAME) || !strstr(err.message, cases[i].named))
			fail_msg("%s: \"%s\" is not in: %s", cases[i].text, cases[i].named,
				err.message);
		assert_non_null(err.fix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_files_are_taken),
		cmocka_unit_test(every_member_is_read),
		cmocka_unit_test(what_go_takes_is_taken),
		cmocka_unit_test(older_versions_are_left_to_older_rules),
		cmocka_unit_test(what_go_refuses_is_refused_by_name),
	};

	return cmocka_run_group_tests_name("hooksd", tests, NULL, NULL);
}
