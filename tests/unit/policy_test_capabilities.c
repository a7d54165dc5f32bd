/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/capabilities.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_capability_is_found_by_its_name_in_any_case(void **state)
{
	static const struct {
		const char *name;
		bool expected;
	} cases[] = {
		{"CAP_SYS_ADMIN", true},
		{"cap_sys_admin", true},
		{"Cap_Sys_Admin", true},
		{"CAP_SYS_ADMIN,CAP_KILL", false},
		{"CAP_SYS_ADMIN=ep", false},
		{"SYS_ADMIN", false},
		{"21", false},
		{"CAP_SYS_ADMINISTRATOR", false},
		{"CAP_KILL", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_strv struct strv set = {0};

		assert_int_equal(strv_add(&set, cases[i].name), 0);
		if (capabilities_contain(&set, CAP_SYS_ADMIN) != cases[i].expected)
			fail_msg("\"%s\"", cases[i].name);
	}
}

static void names_that_are_not_known_are_skipped(void **state)
{
	cleanup_strv struct strv set = {0};

	(void)state;
	assert_false(capabilities_contain(&set, CAP_KILL));
	assert_int_equal(strv_add(&set, "CAP_OF_THE_FUTURE"), 0);
	assert_int_equal(strv_add(&set, "CAP_KILL"), 0);
	assert_true(capabilities_contain(&set, CAP_KILL));
}

static void privileged_takes_capability_devices_and_no_filter(void **state)
{
	static const struct {
		const char *effective, *bounding;
		bool devices, seccomp, expected;
	} cases[] = {
		{"CAP_SYS_ADMIN", "CAP_KILL", true, false, true},
		/* Privileged, but not as root. */
		{"CAP_KILL", "CAP_SYS_ADMIN", true, false, true},
		{"CAP_KILL", "CAP_KILL", true, false, false},
		{"CAP_SYS_ADMIN", "CAP_SYS_ADMIN", false, false, false},
		{"CAP_SYS_ADMIN", "CAP_SYS_ADMIN", true, true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec_device_rule all = {
			true, 'a', -1, -1, DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD};
		struct spec spec = {.seccomp.present = cases[i].seccomp};

		if (cases[i].devices) {
			spec.device_rules = &all;
			spec.n_device_rules = 1;
		}
		assert_int_equal(strv_add(&spec.cap_effective, cases[i].effective), 0);
		assert_int_equal(strv_add(&spec.cap_bounding, cases[i].bounding), 0);
		assert_int_equal(capabilities_privileged(&spec), cases[i].expected);
		strv_clear(&spec.cap_effective);
		strv_clear(&spec.cap_bounding);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capability_is_found_by_its_name_in_any_case),
		cmocka_unit_test(names_that_are_not_known_are_skipped),
		cmocka_unit_test(privileged_takes_capability_devices_and_no_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
