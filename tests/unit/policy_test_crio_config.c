/* SPDX-License-Identifier: Apache-2.0 */
/* What files of CRI-O's configuration come to, one after another. tests/install/doctor.sh has the
 * same from TOML. */
#include "policy/config/crio_config.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include <string.h>

/* JSON in which ' stands for ". */
static int merge(struct crio_config *config, const char *text, const char *name, struct error *err)
{
	cleanup_json struct json_object *file = NULL;
	char json[512];
	size_t n = strlen(text);

	assert_true(n < sizeof(json));
	memcpy(json, text, n + 1);
	for (char *c = json; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	file = json_tokener_parse(json);
	assert_non_null(file);
	return crio_config_merge(config, file, name, err);
}

static void add(struct crio_config *config, const char *text, const char *name)
{
	cleanup_error struct error err = {0};

	if (merge(config, text, name, &err) < 0)
		fail_msg("%s", error_message(&err));
}

static void without_a_file_the_default_counts(void **state)
{
	cleanup_crio_config struct crio_config config = {0};

	(void)state;
	assert_int_equal(crio_config_defaults(&config), 0);
	assert_int_equal(config.hooks_dirs.n, 1);
	assert_string_equal(config.hooks_dirs.items[0], "/usr/share/containers/oci/hooks.d");
	assert_null(config.hooks_dirs_from);
	assert_null(config.default_runtime);
}

static void a_list_replaces_the_one_before(void **state)
{
	cleanup_crio_config struct crio_config config = {0};

	(void)state;
	assert_int_equal(crio_config_defaults(&config), 0);
	add(&config, "{'crio': {'runtime': {'hooks_dir': ['/a', '/b']}}}", "one");
	add(&config, "{'crio': {'runtime': {'log_level': 'debug'}}}", "two");
	assert_int_equal(config.hooks_dirs.n, 2);
	assert_string_equal(config.hooks_dirs_from, "one");
	add(&config, "{'crio': {'runtime': {'hooks_dir': []}}}", "three");
	assert_int_equal(config.hooks_dirs.n, 0);
	assert_string_equal(config.hooks_dirs_from, "three");
}

static void a_runtime_replaces_the_one_of_its_name_whole(void **state)
{
	cleanup_crio_config struct crio_config config = {0};

	(void)state;
	add(&config,
		"{'crio': {'runtime': {'default_runtime': 'crun', 'runtimes': "
		"{'crun': {'runtime_path': '/a', 'runtime_type': 'oci'}, 'runc': {}}}}}",
		"one");
	add(&config, "{'crio': {'runtime': {'runtimes': {'crun': {'runtime_type': 'vm'}}}}}",
		"two");
	assert_int_equal(config.n_runtimes, 2);
	assert_null(crio_config_runtime(&config, "crun")->path);
	assert_string_equal(crio_config_runtime(&config, "crun")->type, "vm");
	assert_non_null(crio_config_runtime(&config, "runc"));
	assert_null(crio_config_runtime(&config, "kata"));
	assert_string_equal(config.default_runtime, "crun");
	add(&config, "{'crio': {'runtime': {'default_runtime': ''}}}", "three");
	assert_null(config.default_runtime);
}

static void a_wrong_type_is_named(void **state)
{
	static const struct {
		const char *json, *key;
	} cases[] = {
		{"{'crio': 1}", "crio"},
		{"{'crio': {'runtime': []}}", "crio.runtime"},
		{"{'crio': {'runtime': {'hooks_dir': '/x'}}}", "crio.runtime.hooks_dir"},
		{"{'crio': {'runtime': {'hooks_dir': [1]}}}", "crio.runtime.hooks_dir"},
		{"{'crio': {'runtime': {'default_runtime': 1}}}", "crio.runtime.default_runtime"},
		{"{'crio': {'runtime': {'runtimes': {'crun': {'runtime_path': 1}}}}}",
			"crio.runtime.runtimes.crun.runtime_path"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_crio_config struct crio_config config = {0};
		cleanup_error struct error err = {0};

		assert_int_equal(merge(&config, cases[i].json, "/etc/x.conf", &err), -EINVAL);
		assert_int_equal(err.code, FINDING_POLICY_INVALID);
		assert_non_null(strstr(err.message, "/etc/x.conf"));
		assert_non_null(strstr(err.message, cases[i].key));
	}
}

static void the_command_line_is_a_list_with_commas(void **state)
{
	cleanup_crio_config struct crio_config config = {0};

	(void)state;
	assert_int_equal(crio_config_set_hooks_dirs(&config, "/a,/b", "flags"), 0);
	assert_int_equal(config.hooks_dirs.n, 2);
	assert_string_equal(config.hooks_dirs.items[1], "/b");
}

static void versions_are_numbers(void **state)
{
	(void)state;
	assert_int_equal(crio_version_number("1.33.4"), 1033);
	assert_int_equal(crio_version_number("1.9.0+abc"), 1009);
	assert_int_equal(crio_version_number("1"), 0);
	assert_int_equal(crio_version_number("v1.33"), 0);
	assert_int_equal(crio_version_number(""), 0);
	assert_string_equal(crio_default_runtime(1030), "runc");
	assert_string_equal(crio_default_runtime(1031), "crun");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_the_default_counts),
		cmocka_unit_test(a_list_replaces_the_one_before),
		cmocka_unit_test(a_runtime_replaces_the_one_of_its_name_whole),
		cmocka_unit_test(a_wrong_type_is_named),
		cmocka_unit_test(the_command_line_is_a_list_with_commas),
		cmocka_unit_test(versions_are_numbers),
	};

	return cmocka_run_group_tests_name("crio_config", tests, NULL, NULL);
}
