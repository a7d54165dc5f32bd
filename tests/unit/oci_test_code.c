/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/support/cmocka.h"

#include <errno.h>

/* The published contract (design section 7), written out once more so that a change of the table
 * is noticed. */
static const struct {
	const char *name;
	enum severity severity;
	int exit;
} published[] = {
	{"annotation-invalid", SEVERITY_DENY, 10},
	{"state-invalid", SEVERITY_DENY, 10},
	{"config-invalid", SEVERITY_DENY, 10},
	{"volume-missing", SEVERITY_DENY, 10},
	{"mountpoint-is-volume-root", SEVERITY_DENY, 10},
	{"mountpoint-conflict", SEVERITY_DENY, 10},
	{"rc-port-conflict", SEVERITY_DENY, 10},
	{"topology-place-taken", SEVERITY_DENY, 10},
	{"namespace-not-allowed", SEVERITY_DENY, 11},
	{"path-outside-roots", SEVERITY_DENY, 11},
	{"grant-not-allowed", SEVERITY_DENY, 11},
	{"policy-invalid", SEVERITY_DENY, 12},
	{"host-not-shared", SEVERITY_DENY, 13},
	{"provider-not-shared", SEVERITY_DENY, 13},
	{"peer-group-mismatch", SEVERITY_DENY, 13},
	{"mount-not-in-consumer", SEVERITY_DENY, 13},
	{"rootfs-propagation", SEVERITY_DENY, 13},
	{"consumer-no-propagation", SEVERITY_DENY, 13},
	{"fuse-module-missing", SEVERITY_DENY, 14},
	{"fuse-device-missing", SEVERITY_DENY, 14},
	{"fuse-device-denied", SEVERITY_DENY, 14},
	{"cap-sys-admin-missing", SEVERITY_DENY, 15},
	{"seccomp-blocks-mount", SEVERITY_DENY, 15},
	{"no-new-privs", SEVERITY_DENY, 15},
	{"userns-private-mounts", SEVERITY_DENY, 15},
	{"apparmor-blocks-mount", SEVERITY_DENY, 15},
	{"gate-timeout", SEVERITY_DENY, 16},
	{"provider-not-started", SEVERITY_DENY, 17},
	{"provider-dead", SEVERITY_DENY, 17},
	{"path-unsafe", SEVERITY_DENY, 18},
	{"manifest-invalid", SEVERITY_DENY, 10},
	{"annotation-misplaced", SEVERITY_DENY, 10},
	{"init-dirs-needless", SEVERITY_DENY, 17},
	{"host-io", SEVERITY_DENY, 19},
	{"internal", SEVERITY_DENY, 20},
};

static const char *const warnings[] = {"consumer-bidirectional", "consumer-privileged",
	"selinux-confined", "mountpoint-mismatch", "topology-not-shown", "limits-missing",
	"annotation-missing", "consumer-missing", "allow-other-missing", "allow-non-empty",
	"node-pinned", "probe-missing", "probe-on-mount", "secret-mode", "volume-unfit",
	"admission-needed"};

static void published_codes_keep_severity_and_exit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
		enum finding_code code = code_from_name(published[i].name);

		assert_int_not_equal(code, FINDING_NONE);
		assert_string_equal(code_name(code), published[i].name);
		assert_int_equal(code_default_severity(code), published[i].severity);
		assert_int_equal(code_exit(code), published[i].exit);
	}
}

static void matters_of_taste_warn(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(warnings); i++)
		assert_int_equal(code_default_severity(code_from_name(warnings[i])), SEVERITY_WARN);
}

static void every_code_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned int i = FINDING_NONE + 1; i < FINDING_CODE_COUNT; i++)
		assert_int_equal(code_from_name(code_name((enum finding_code)i)), i);
}

static void unknown_codes_are_none(void **state)
{
	(void)state;
	assert_int_equal(code_from_name("no-such-code"), FINDING_NONE);
	assert_int_equal(code_from_name("none"), FINDING_NONE);
	assert_int_equal(code_from_name(""), FINDING_NONE);
	assert_string_equal(code_name(FINDING_NONE), "none");
	assert_string_equal(code_name(FINDING_CODE_COUNT), "none");
	assert_int_equal(code_exit(FINDING_NONE), EXIT_DONE);
	assert_int_equal(code_default_severity(FINDING_NONE), SEVERITY_IGNORE);
}

static void of_two_exit_codes_the_lower_counts(void **state)
{
	static const struct {
		enum exit_code a, b, counts;
	} cases[] = {
		{EXIT_DONE, EXIT_DONE, EXIT_DONE},
		{EXIT_DONE, EXIT_INTERNAL, EXIT_INTERNAL},
		{EXIT_INPUT, EXIT_DONE, EXIT_INPUT},
		{EXIT_POLICY, EXIT_PROVIDER, EXIT_POLICY},
		{EXIT_PROVIDER, EXIT_POLICY, EXIT_POLICY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(exit_code_lower(cases[i].a, cases[i].b), cases[i].counts);
}

static void severities_go_to_names_and_back(void **state)
{
	static const char *const names[] = {"ignore", "warn", "deny"};
	enum severity severity = SEVERITY_IGNORE;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(severity_from_name(names[i], &severity), 0);
		assert_int_equal(severity, i);
		assert_string_equal(severity_name(severity), names[i]);
	}
	assert_int_equal(severity_from_name("Deny", &severity), -EINVAL);
	assert_int_equal(severity_from_name("", &severity), -EINVAL);
	assert_int_equal(severity, SEVERITY_DENY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_codes_keep_severity_and_exit),
		cmocka_unit_test(matters_of_taste_warn),
		cmocka_unit_test(every_code_has_a_name_of_its_own),
		cmocka_unit_test(unknown_codes_are_none),
		cmocka_unit_test(of_two_exit_codes_the_lower_counts),
		cmocka_unit_test(severities_go_to_names_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
