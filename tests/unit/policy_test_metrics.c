/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/report/metrics.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include <inttypes.h>
#include <string.h>

#define VERSION "1.2.3"

static const struct metrics_gauges gauges = {.records = 2, .containers = 5, .live = 3, .dead = 1};

static char *format(const struct metrics *metrics)
{
	char *text = metrics_format(metrics, &gauges, VERSION);

	assert_non_null(text);
	return text;
}

static void expect_line(const char *text, const char *line)
{
	cleanup_free char *wanted = NULL;

	assert_true(asprintf(&wanted, "\n%s\n", line) > 0);
	if (!strstr(text, wanted))
		fail_msg("no line \"%s\" in\n%s", line, text);
}

static void runs_are_counted_by_stage_and_result(void **state)
{
	struct metrics metrics = {0};
	cleanup_free char *text = NULL;

	(void)state;
	metrics_note_run(&metrics, METRICS_PRESTART, EXIT_DONE, 1000);
	metrics_note_run(&metrics, METRICS_PRESTART, EXIT_PROPAGATION, 1000);
	metrics_note_run(&metrics, METRICS_PRESTART, EXIT_GATE_TIMEOUT, 1000);
	metrics_note_run(&metrics, METRICS_POSTSTOP, EXIT_HOST_IO, 1000);
	metrics_note_run(&metrics, METRICS_POSTSTOP, EXIT_INTERNAL, 1000);
	metrics_note_run(&metrics, METRICS_STAGES, EXIT_DONE, 1000);
	text = format(&metrics);
	expect_line(text, "fuse_sidecar_hook_runs_total{stage=\"prestart\",result=\"ok\"} 1");
	expect_line(text, "fuse_sidecar_hook_runs_total{stage=\"prestart\",result=\"denied\"} 2");
	expect_line(text, "fuse_sidecar_hook_runs_total{stage=\"poststop\",result=\"failed\"} 2");
	expect_line(text, "fuse_sidecar_hook_runs_total{stage=\"createRuntime\",result=\"ok\"} 0");
}

static void stages_are_known_by_name(void **state)
{
	(void)state;
	assert_int_equal(metrics_stage_of("prestart"), METRICS_PRESTART);
	assert_int_equal(metrics_stage_of("createRuntime"), METRICS_CREATE_RUNTIME);
	assert_int_equal(metrics_stage_of("poststop"), METRICS_POSTSTOP);
	assert_int_equal(metrics_stage_of("reconcile"), METRICS_STAGES);
}

/* Each bucket has those below it too (le: less or equal), and the last has all. */
static void histograms_are_cumulative(void **state)
{
	struct metrics metrics = {0};
	cleanup_free char *text = NULL;

	(void)state;
	metrics_note_gate(&metrics, true, 0);
	metrics_note_gate(&metrics, true, 10000);
	metrics_note_gate(&metrics, true, 10001);
	metrics_note_gate(&metrics, true, 90000001);
	metrics_note_gate(&metrics, false, 500000);
	text = format(&metrics);
#define GATE(le) "fuse_sidecar_gate_wait_seconds_bucket{result=\"opened\",le=\"" le "\"} "
	expect_line(text, GATE("0.01") "2");
	expect_line(text, GATE("0.1") "3");
	expect_line(text, GATE("90") "3");
	expect_line(text, GATE("+Inf") "4");
	expect_line(text, "fuse_sidecar_gate_wait_seconds_count{result=\"opened\"} 4");
	expect_line(text, "fuse_sidecar_gate_wait_seconds_sum{result=\"opened\"} 90.020002");
	expect_line(text, "fuse_sidecar_gate_wait_seconds_count{result=\"refused\"} 1");
}

static void what_is_so_now_is_a_gauge(void **state)
{
	struct metrics metrics = {.heals = 7};
	cleanup_free char *text = format(&metrics);

	(void)state;
	expect_line(text, "# TYPE fuse_sidecar_mounts gauge");
	expect_line(text, "fuse_sidecar_mounts{state=\"live\"} 3");
	expect_line(text, "fuse_sidecar_mounts{state=\"dead\"} 1");
	expect_line(text, "fuse_sidecar_mounts{state=\"hung\"} 0");
	expect_line(text, "fuse_sidecar_recorded_pods 2");
	expect_line(text, "fuse_sidecar_recorded_containers 5");
	expect_line(text, "fuse_sidecar_heals_total 7");
	assert_non_null(strstr(text, "fuse_sidecar_hook_info{version=\"" VERSION "\"} 1\n"));
}

/* Every number another one. */
static struct metrics distinct(void)
{
	struct metrics metrics = {0};
	uint64_t *numbers = (uint64_t *)&metrics;

	for (size_t i = 0; i < sizeof(metrics) / sizeof(*numbers); i++)
		numbers[i] = i + 1;
	metrics.denials[FINDING_NONE] = 0; /* no finding: it has no name */
	return metrics;
}

static void the_state_comes_back_as_it_was(void **state)
{
	struct metrics metrics = distinct(), back = {0};
	cleanup_free char *text = metrics_format_state(&metrics);

	(void)state;
	assert_non_null(text);
	assert_int_equal(metrics_parse_state(text, &back), 0);
	assert_memory_equal(&metrics, &back, sizeof(metrics));
}

static void an_empty_state_is_the_beginning(void **state)
{
	struct metrics back = distinct(), none = {0};

	(void)state;
	assert_int_equal(metrics_parse_state("", &back), 0);
	assert_memory_equal(&back, &none, sizeof(none));
}

static void lines_of_another_version_are_passed_over(void **state)
{
	struct metrics back = {0};

	(void)state;
	assert_int_equal(metrics_parse_state("surprises.today 3\nheals 4\n", &back), 0);
	assert_int_equal(back.heals, 4);
}

static void a_broken_state_is_refused(void **state)
{
	static const char *const texts[] = {"heals", "heals ", "heals x", "heals 1x", "heals -1",
		"heals +1", " 4", "heals 99999999999999999999999", "\xff\xfe", "heals  1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct metrics back = {.heals = 9};

		if (metrics_parse_state(texts[i], &back) != -EINVAL)
			fail_msg("taken: \"%s\"", texts[i]);
		assert_int_equal(back.heals, 9);
	}
}

static void counters_add_up_and_never_run_over(void **state)
{
	struct metrics metrics = {.heals = UINT64_MAX - 1}, more = {.heals = 5};

	(void)state;
	more.runs[METRICS_PRESTART][METRICS_OK] = 3;
	metrics_add(&metrics, &more);
	metrics_add(&metrics, &more);
	assert_true(metrics.heals == UINT64_MAX);
	assert_int_equal(metrics.runs[METRICS_PRESTART][METRICS_OK], 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_counted_by_stage_and_result),
		cmocka_unit_test(stages_are_known_by_name),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(what_is_so_now_is_a_gauge),
		cmocka_unit_test(the_state_comes_back_as_it_was),
		cmocka_unit_test(an_empty_state_is_the_beginning),
		cmocka_unit_test(lines_of_another_version_are_passed_over),
		cmocka_unit_test(a_broken_state_is_refused),
		cmocka_unit_test(counters_add_up_and_never_run_over),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
