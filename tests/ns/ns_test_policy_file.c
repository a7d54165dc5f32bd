/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/record/policy_file.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* The code of the error that loading gives, which names the file. */
static enum finding_code load_error(void)
{
	cleanup_error struct error err = {0};
	cleanup_config struct config config = {0};

	assert_true(policy_file_load(&config, &err) < 0);
	assert_non_null(strstr(error_message(&err), POLICY_FILE));
	assert_null(config.roots.items);
	return err.code;
}

static void without_a_file_the_defaults_hold(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(policy_file_load(&config, &err), 0);
	assert_false(config.audit_only);
	assert_true(strv_contains(&config.roots, "/var/lib/kubelet/pods"));
}

static void without_its_directory_the_defaults_hold(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_config struct config config = {0};

	(void)state;
	/* An empty /etc on top. */
	assert_int_equal(mount("tmpfs", "/etc", "tmpfs", 0, NULL), 0);
	assert_int_equal(policy_file_load(&config, &err), 0);
	assert_int_equal(umount("/etc"), 0);
}

static void the_file_is_read(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(
		ns_sandbox_write(POLICY_FILE, "{\"mode\": \"audit\"} // for now\n", 0644), 0);
	assert_int_equal(policy_file_load(&config, &err), 0);
	assert_true(config.audit_only);
}

static void a_broken_file_is_never_the_defaults(void **state)
{
	static const char *const broken[] = {
		"", "{", "[]", "{\"mode\": \"adit\"}", "{\"moed\": \"audit\"}", "{} {}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		assert_int_equal(ns_sandbox_write(POLICY_FILE, broken[i], 0644), 0);
		assert_int_equal(load_error(), FINDING_POLICY_INVALID);
	}
}

static void a_file_that_others_can_write_is_refused(void **state)
{
	static const unsigned int modes[] = {0664, 0646, 0666};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(ns_sandbox_write(POLICY_FILE, "{}", modes[i]), 0);
		assert_int_equal(load_error(), FINDING_POLICY_INVALID);
	}
}

static void a_file_of_another_user_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ns_sandbox_write(POLICY_FILE, "{}", 0644), 0);
	assert_int_equal(chown(POLICY_FILE, 1000, 0), 0);
	assert_int_equal(load_error(), FINDING_POLICY_INVALID);
}

static void what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(POLICY_FILE, 0644), 0);
	assert_int_equal(load_error(), FINDING_POLICY_INVALID);
	assert_int_equal(unlink(POLICY_FILE), 0);
	assert_int_equal(mkdir(POLICY_FILE, 0755), 0);
	assert_int_equal(load_error(), FINDING_POLICY_INVALID);
}

static void a_file_over_the_limit_is_refused(void **state)
{
	cleanup_free char *text = malloc(CONFIG_MAX_SIZE + 2);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', CONFIG_MAX_SIZE + 1);
	memcpy(text, "{}", 2);
	text[CONFIG_MAX_SIZE + 1] = '\0';
	assert_int_equal(ns_sandbox_write(POLICY_FILE, text, 0644), 0);
	assert_int_equal(load_error(), FINDING_POLICY_INVALID);
}

static void a_path_behind_a_symlink_is_joined_by_where_it_leads(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/data/media"), 0);
	assert_int_equal(symlink(NS_SANDBOX_DIR "/data", NS_SANDBOX_DIR "/link"), 0);
	assert_int_equal(ns_sandbox_write(POLICY_FILE,
				 "{\"roots\": [\"" NS_SANDBOX_DIR "/link/media\", \"/missing\"],"
				 "\"nodeMounts\": [\"" NS_SANDBOX_DIR "/data/media\"]}",
				 0644),
		0);
	assert_int_equal(policy_file_load(&config, &err), 0);
	assert_int_equal(config.roots.n, 3);
	assert_true(strv_contains(&config.roots, NS_SANDBOX_DIR "/link/media"));
	assert_true(strv_contains(&config.roots, NS_SANDBOX_DIR "/data/media"));
	assert_true(strv_contains(&config.roots, "/missing"));
	assert_int_equal(config.node_mounts.n, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_the_defaults_hold),
		TEST(without_its_directory_the_defaults_hold),
		TEST(the_file_is_read),
		TEST(a_broken_file_is_never_the_defaults),
		TEST(a_file_that_others_can_write_is_refused),
		TEST(a_file_of_another_user_is_refused),
		TEST(what_is_no_regular_file_is_refused_without_waiting),
		TEST(a_file_over_the_limit_is_refused),
		TEST(a_path_behind_a_symlink_is_joined_by_where_it_leads),
	};
#undef TEST

	return cmocka_run_group_tests_name("policy_file", tests, ns_sandbox_setup_group, NULL);
}
