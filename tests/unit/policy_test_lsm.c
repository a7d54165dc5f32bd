/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/config/lsm.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void default_profiles_of_engines_deny_mount(void **state)
{
	static const struct {
		const char *profile;
		bool expected;
	} cases[] = {
		{"crio-default", true},
		{"containers-default-0.50.1", true},
		{"containers-default-0.62.0-dev", true},
		{"docker-default", true},
		{"cri-containerd.apparmor.d", true},
		{"unconfined", false},
		{"crio-default-with-mount", false},
		{"my-rclone", false},
		{"", false},
		{NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (lsm_apparmor_denies_mount(cases[i].profile) != cases[i].expected)
			fail_msg("%s", cases[i].profile);
}

static void the_list_of_loaded_profiles_tells_the_mode(void **state)
{
	static const char profiles[] = "lsb_release (enforce)\n"
				       "my-rclone (enforce)\n"
				       "my-rclone-2 (complain)\n"
				       "my-rclone//helper (complain)\n"
				       "a name (with) brackets (complain)\n"
				       "a name (enforce)\n"
				       "free (unconfined)\n"
				       "hard (kill)\n"
				       "later (whatever)\n"
				       "broken\n"
				       "last (complain)";
	static const struct {
		const char *name;
		enum apparmor_mode mode;
	} cases[] = {
		{"my-rclone", APPARMOR_ENFORCES},
		{"my-rclone-2", APPARMOR_LETS},
		{"my-rclone-3", APPARMOR_NOT_LOADED},
		{"my", APPARMOR_NOT_LOADED},
		{"a name (with) brackets", APPARMOR_LETS},
		{"a name", APPARMOR_ENFORCES},
		{"free", APPARMOR_LETS},
		{"hard", APPARMOR_ENFORCES},
		{"later", APPARMOR_ENFORCES},
		{"broken", APPARMOR_NOT_LOADED},
		{"last", APPARMOR_LETS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (lsm_apparmor_mode(profiles, cases[i].name) != cases[i].mode)
			fail_msg("%s", cases[i].name);
	assert_int_equal(lsm_apparmor_mode("", "my-rclone"), APPARMOR_NOT_LOADED);
}

static void confined_types_may_not_mount(void **state)
{
	static const struct {
		const char *label;
		bool expected;
	} cases[] = {
		{NULL, true},
		{"", true},
		{"system_u:system_r:spc_t:s0", true},
		{"system_u:system_r:spc_t:s0:c1,c2", true},
		{"system_u:system_r:spc_t", true},
		{"unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", true},
		{"system_u:system_r:container_runtime_t:s0", true},
		{"system_u:system_r:container_engine_t:s0", true},
		{"system_u:system_r:unconfined_service_t:s0", true},
		{"system_u:system_r:container_t:s0:c1,c2", false},
		{"system_u:system_r:container_init_t:s0", false},
		{"system_u:system_r:spc_tt:s0", false},
		{"system_u:system_r:spc:s0", false},
		{"system_u:spc_t:container_t:s0", false},
		{"system_u:system_r::s0", false},
		{"spc_t", false},
		{"system_u:system_r", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (lsm_selinux_may_mount(cases[i].label) != cases[i].expected)
			fail_msg("%s", cases[i].label);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_profiles_of_engines_deny_mount),
		cmocka_unit_test(the_list_of_loaded_profiles_tells_the_mode),
		cmocka_unit_test(confined_types_may_not_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
