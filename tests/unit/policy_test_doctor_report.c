/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/report/doctor_report.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "tests/support/cmocka.h"
#include <string.h>

static void without_a_fail_it_exits_with_nothing(void **state)
{
	cleanup_doctor_report struct doctor_report report = {0};

	(void)state;
	assert_int_equal(doctor_report_exit(&report), EXIT_DONE);
	doctor_report_ok(&report, CHECK_KERNEL, "Linux %d", 6);
	doctor_report_warn(&report, CHECK_TIMER, "enable it", "off");
	assert_int_equal(doctor_report_exit(&report), EXIT_DONE);
	assert_int_equal(doctor_report_count(&report, CHECK_OK), 1);
	assert_int_equal(doctor_report_count(&report, CHECK_WARN), 1);
}

static void of_several_fails_the_lowest_code_counts(void **state)
{
	cleanup_doctor_report struct doctor_report report = {0};

	(void)state;
	doctor_report_fail(&report, CHECK_RUN_DIRECTORY, EXIT_HOST_IO, NULL, "read-only");
	doctor_report_fail(&report, CHECK_KUBELET_ROOT, EXIT_PROPAGATION, "share it", "private");
	doctor_report_fail(&report, CHECK_FUSE_DEVICE, EXIT_FUSE_DEVICE, "modprobe", "missing");
	assert_int_equal(doctor_report_exit(&report), EXIT_PROPAGATION);
}

static void a_line_that_is_missing_is_no_success(void **state)
{
	struct doctor_report report = {.out_of_memory = true};

	(void)state;
	assert_int_equal(doctor_report_exit(&report), EXIT_INTERNAL);
}

static void a_state_or_a_worse_one_is_found(void **state)
{
	cleanup_doctor_report struct doctor_report report = {0};

	(void)state;
	doctor_report_warn(&report, CHECK_TIMER, NULL, "late");
	assert_true(doctor_report_has(&report, CHECK_TIMER, CHECK_OK));
	assert_true(doctor_report_has(&report, CHECK_TIMER, CHECK_WARN));
	assert_false(doctor_report_has(&report, CHECK_TIMER, CHECK_FAIL));
	assert_false(doctor_report_has(&report, CHECK_KERNEL, CHECK_OK));
}

static void an_error_brings_its_codes_exit(void **state)
{
	cleanup_doctor_report struct doctor_report report = {0};
	cleanup_error struct error err = {0};

	(void)state;
	error_set(&err, -EINVAL, FINDING_POLICY_INVALID, "mode", "write it", "broken");
	doctor_report_error(&report, CHECK_POLICY, &err, true);
	assert_int_equal(doctor_report_exit(&report), EXIT_DONE);
	doctor_report_error(&report, CHECK_POLICY, &err, false);
	assert_int_equal(doctor_report_exit(&report), EXIT_NODE_CONFIG);
	assert_string_equal(report.lines[1].fix, "write it");
}

static char *print(const struct doctor_report *report, bool colour)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	doctor_report_print(stream, report, colour);
	fclose(stream);
	return text;
}

static void people_get_a_line_for_each_and_the_sum(void **state)
{
	cleanup_doctor_report struct doctor_report report = {0};
	cleanup_free char *plain = NULL, *coloured = NULL;

	(void)state;
	doctor_report_ok(&report, CHECK_KERNEL, "fine");
	doctor_report_fail(
		&report, CHECK_HOOKS_DIR, EXIT_NODE_CONFIG, "do this", "x\nforged\033[0m");
	plain = print(&report, false);
	assert_string_equal(plain, "ok    kernel         fine\n"
				   "fail  hooks-dir      x\\nforged\\x1b[0m\n"
				   "                     fix: do this\n"
				   "\n1 ok, 0 warnings, 1 failed (exit code 12)\n");
	coloured = print(&report, true);
	assert_non_null(strstr(coloured, "\033[1;31mfail\033[0m  hooks-dir"));
}

static void programs_get_json(void **state)
{
	const struct jsondoc_context context = {"doctor", FINDING_INTERNAL};
	cleanup_doctor_report struct doctor_report report = {0};
	cleanup_free char *text = NULL;
	cleanup_json struct json_object *object = NULL;
	struct json_object *value = NULL;

	(void)state;
	doctor_report_ok(&report, CHECK_KERNEL, "fine");
	doctor_report_fail(&report, CHECK_HOOKS_DIR, EXIT_NODE_CONFIG, "do \"this\"", "x\ny");
	text = doctor_report_format(&report);
	assert_non_null(text);
	assert_int_equal(
		jsondoc_parse(text, strlen(text), JSONDOC_STRICT, &context, &object, NULL), 0);
	assert_int_equal(json_pointer_get(object, "/exit", &value), 0);
	assert_int_equal(json_object_get_int(value), EXIT_NODE_CONFIG);
	assert_int_equal(json_pointer_get(object, "/checks/1/fix", &value), 0);
	assert_string_equal(json_object_get_string(value), "do \"this\"");
	assert_int_equal(json_pointer_get(object, "/checks/1/check", &value), 0);
	assert_string_equal(json_object_get_string(value), "hooks-dir");
	assert_int_equal(json_pointer_get(object, "/checks/0/exit", &value), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_fail_it_exits_with_nothing),
		cmocka_unit_test(of_several_fails_the_lowest_code_counts),
		cmocka_unit_test(a_line_that_is_missing_is_no_success),
		cmocka_unit_test(a_state_or_a_worse_one_is_found),
		cmocka_unit_test(an_error_brings_its_codes_exit),
		cmocka_unit_test(people_get_a_line_for_each_and_the_sum),
		cmocka_unit_test(programs_get_json),
	};

	return cmocka_run_group_tests_name("checkup", tests, NULL, NULL);
}
