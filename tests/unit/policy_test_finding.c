/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/record/finding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The default severities, without a policy file. */
static struct config make_policy(void)
{
	struct config config = {0};

	for (unsigned int i = 0; i < FINDING_CODE_COUNT; i++)
		config.severity[i] = code_default_severity((enum finding_code)i);
	return config;
}

static void a_finding_has_the_severity_of_the_policy(void **state)
{
	cleanup_findings struct findings list = {0};
	struct config config = make_policy();

	(void)state;
	config.severity[FINDING_LIMITS_MISSING] = SEVERITY_DENY;
	assert_int_equal(findings_add(&list, &config, FINDING_LIMITS_MISSING, "memory", "set it",
				 "no %s limit", "memory"),
		0);
	assert_int_equal(
		findings_add(&list, &config, FINDING_CONSUMER_PRIVILEGED, NULL, NULL, "privileged"),
		0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.items[0].code, FINDING_LIMITS_MISSING);
	assert_int_equal(list.items[0].severity, SEVERITY_DENY);
	assert_string_equal(list.items[0].subject, "memory");
	assert_string_equal(list.items[0].message, "no memory limit");
	assert_string_equal(list.items[0].fix, "set it");
	assert_int_equal(list.items[1].severity, SEVERITY_WARN);
	assert_string_equal(list.items[1].subject, "");
	assert_string_equal(list.items[1].fix, "");
}

static void an_ignored_code_is_not_added(void **state)
{
	cleanup_findings struct findings list = {0};
	struct config config = make_policy();

	(void)state;
	config.severity[FINDING_LIMITS_MISSING] = SEVERITY_IGNORE;
	assert_int_equal(findings_add(&list, &config, FINDING_LIMITS_MISSING, NULL, NULL, "x"), 0);
	assert_int_equal(findings_add_capped(&list, &config, FINDING_LIMITS_MISSING, SEVERITY_WARN,
				 NULL, NULL, "x"),
		0);
	assert_int_equal(list.n, 0);
}

static void a_cap_lowers_and_never_raises(void **state)
{
	static const struct {
		enum severity policy, cap, expected;
	} cases[] = {
		{SEVERITY_DENY, SEVERITY_WARN, SEVERITY_WARN},
		{SEVERITY_DENY, SEVERITY_DENY, SEVERITY_DENY},
		{SEVERITY_WARN, SEVERITY_DENY, SEVERITY_WARN},
		{SEVERITY_WARN, SEVERITY_WARN, SEVERITY_WARN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_findings struct findings list = {0};
		struct config config = make_policy();

		config.severity[FINDING_SECCOMP_BLOCKS_MOUNT] = cases[i].policy;
		assert_int_equal(findings_add_capped(&list, &config, FINDING_SECCOMP_BLOCKS_MOUNT,
					 cases[i].cap, "s", "f", "%d", 1),
			0);
		assert_int_equal(list.n, 1);
		assert_int_equal(list.items[0].severity, cases[i].expected);
		assert_string_equal(list.items[0].message, "1");
	}
}

static void an_error_is_a_denial_whatever_the_policy_says(void **state)
{
	cleanup_findings struct findings list = {0};
	cleanup_error struct error err = {0};

	(void)state;
	error_set(&err, -EINVAL, FINDING_STATE_INVALID, "pid", NULL, "state: pid is not a number");
	assert_int_equal(findings_add_error(&list, &err), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.items[0].code, FINDING_STATE_INVALID);
	assert_int_equal(list.items[0].severity, SEVERITY_DENY);
	assert_string_equal(list.items[0].subject, "pid");
	assert_string_equal(list.items[0].message, "state: pid is not a number");
	assert_string_equal(list.items[0].fix, "");
}

static void the_verdict_is_that_of_the_worst_finding(void **state)
{
	static const struct finding warning = {
		.code = FINDING_LIMITS_MISSING, .severity = SEVERITY_WARN};
	static const struct finding denial = {
		.code = FINDING_HOST_NOT_SHARED, .severity = SEVERITY_DENY};
	cleanup_findings struct findings list = {0};

	(void)state;
	assert_int_equal(findings_verdict(&list), VERDICT_ALLOW);
	assert_int_equal(findings_append(&list, &warning), 0);
	assert_int_equal(findings_verdict(&list), VERDICT_WARN);
	assert_int_equal(findings_append(&list, &denial), 0);
	assert_int_equal(findings_append(&list, &warning), 0);
	assert_int_equal(findings_verdict(&list), VERDICT_DENY);
}

static void the_exit_code_is_the_lowest_among_denials(void **state)
{
	static const struct {
		struct finding findings[3];
		enum exit_code expected;
	} cases[] = {
		{{{0}}, EXIT_DONE},
		{{{.code = FINDING_ANNOTATION_INVALID, .severity = SEVERITY_WARN}}, EXIT_DONE},
		{{{.code = FINDING_NO_NEW_PRIVS, .severity = SEVERITY_DENY},
			 {.code = FINDING_HOST_NOT_SHARED, .severity = SEVERITY_DENY},
			 {.code = FINDING_PATH_UNSAFE, .severity = SEVERITY_DENY}},
			EXIT_PROPAGATION},
		{{{.code = FINDING_ANNOTATION_INVALID, .severity = SEVERITY_WARN},
			 {.code = FINDING_INTERNAL, .severity = SEVERITY_DENY}},
			EXIT_INTERNAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_findings struct findings list = {0};

		for (size_t j = 0; j < ARRAY_SIZE(cases[i].findings); j++)
			if (cases[i].findings[j].code != FINDING_NONE)
				assert_int_equal(findings_append(&list, &cases[i].findings[j]), 0);
		assert_int_equal(findings_exit(&list), cases[i].expected);
	}
}

static void a_copy_shares_nothing(void **state)
{
	cleanup_findings struct findings copy = {0};
	struct findings list = {0};
	struct config config = make_policy();

	(void)state;
	assert_int_equal(
		findings_add(&list, &config, FINDING_INTERNAL, "s", "f", "message %d", 1), 0);
	assert_int_equal(
		findings_add(&list, &config, FINDING_HOST_IO, "t", "g", "message %d", 2), 0);
	assert_int_equal(findings_copy(&list, &copy), 0);
	findings_clear(&list);
	assert_int_equal(list.n, 0);
	assert_int_equal(copy.n, 2);
	assert_int_equal(copy.items[1].code, FINDING_HOST_IO);
	assert_string_equal(copy.items[0].message, "message 1");
	assert_string_equal(copy.items[1].subject, "t");
	assert_string_equal(copy.items[1].fix, "g");
}

static void verdicts_have_their_published_names(void **state)
{
	(void)state;
	assert_string_equal(verdict_name(VERDICT_ALLOW), "allow");
	assert_string_equal(verdict_name(VERDICT_WARN), "warn");
	assert_string_equal(verdict_name(VERDICT_DENY), "deny");
}

static void clearing_nothing_is_allowed(void **state)
{
	(void)state;
	findings_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_has_the_severity_of_the_policy),
		cmocka_unit_test(an_ignored_code_is_not_added),
		cmocka_unit_test(a_cap_lowers_and_never_raises),
		cmocka_unit_test(an_error_is_a_denial_whatever_the_policy_says),
		cmocka_unit_test(the_verdict_is_that_of_the_worst_finding),
		cmocka_unit_test(the_exit_code_is_the_lowest_among_denials),
		cmocka_unit_test(a_copy_shares_nothing),
		cmocka_unit_test(verdicts_have_their_published_names),
		cmocka_unit_test(clearing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
