/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every number is visited by one list of names for adding, writing and reading: counters of an
 * older hook that a newer one adds to keep their meaning.
 */
#include "policy/report/metrics.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include <inttypes.h>
#include <string.h>

#define SERIES_SIZE 160
#define SECOND 1e6

static const char *const stage_names[METRICS_STAGES] = {"prestart", "createRuntime", "poststop"};
static const char *const result_names[METRICS_RESULTS] = {"ok", "denied", "failed", "killed"};
static const char *const gate_names[METRICS_GATES] = {"opened", "refused"};

/* Upper bounds in microseconds, of all buckets but the last, as in the text. */
struct bound {
	uint64_t usec;
	const char *text;
};

static const struct bound work_bounds[METRICS_BUCKETS - 1] = {{2500, "0.0025"}, {5000, "0.005"},
	{10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"}, {100000, "0.1"}, {250000, "0.25"},
	{500000, "0.5"}, {1000000, "1"}, {2500000, "2.5"}, {10000000, "10"}};

static const struct bound gate_bounds[METRICS_BUCKETS - 1] = {{10000, "0.01"}, {100000, "0.1"},
	{500000, "0.5"}, {1000000, "1"}, {2500000, "2.5"}, {5000000, "5"}, {10000000, "10"},
	{20000000, "20"}, {30000000, "30"}, {60000000, "60"}, {90000000, "90"}};

enum metrics_stage metrics_stage_of(const char *name)
{
	for (unsigned int i = 0; i < METRICS_STAGES; i++) {
		if (strcmp(stage_names[i], name) == 0)
			return (enum metrics_stage)i;
	}
	return METRICS_STAGES;
}

static void add_to(uint64_t *number, uint64_t more)
{
	if (__builtin_add_overflow(*number, more, number))
		*number = UINT64_MAX;
}

static void metrics_observe(
	struct metrics_histogram *histogram, const struct bound *bounds, uint64_t usec)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS - 1 && usec > bounds[i].usec)
		i++;
	add_to(&histogram->buckets[i], 1);
	add_to(&histogram->sum_usec, usec);
}

static enum metrics_result result_of(int exit_code)
{
	if (exit_code == EXIT_DONE)
		return METRICS_OK;
	return exit_code == EXIT_HOST_IO || exit_code == EXIT_INTERNAL ? METRICS_FAILED
								       : METRICS_DENIED;
}

void metrics_note_run(
	struct metrics *metrics, enum metrics_stage stage, int exit_code, uint64_t work_usec)
{
	if (stage >= METRICS_STAGES)
		return;
	add_to(&metrics->runs[stage][result_of(exit_code)], 1);
	metrics_observe(&metrics->work[stage], work_bounds, work_usec);
}

void metrics_note_gate(struct metrics *metrics, bool opened, uint64_t waited_usec)
{
	metrics_observe(&metrics->gate[opened ? METRICS_GATE_OPENED : METRICS_GATE_REFUSED],
		gate_bounds, waited_usec);
}

/* Every number by a name of its own, which is the same in every version. False: stop. */
typedef bool (*visit_fn)(const char *series, uint64_t *number, void *data);

static bool visit_histogram(const char *name, const char *label, const struct bound *bounds,
	struct metrics_histogram *histogram, visit_fn visit, void *data)
{
	char series[SERIES_SIZE];

	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		snprintf(series, sizeof(series), "%s.%s.%s", name, label,
			i < METRICS_BUCKETS - 1 ? bounds[i].text : "+Inf");
		if (!visit(series, &histogram->buckets[i], data))
			return false;
	}
	snprintf(series, sizeof(series), "%s.%s.sum", name, label);
	return visit(series, &histogram->sum_usec, data);
}

static bool visit_runs(struct metrics *metrics, visit_fn visit, void *data)
{
	char series[SERIES_SIZE];

	for (size_t s = 0; s < METRICS_STAGES; s++) {
		for (size_t r = 0; r < METRICS_RESULTS; r++) {
			snprintf(series, sizeof(series), "runs.%s.%s", stage_names[s],
				result_names[r]);
			if (!visit(series, &metrics->runs[s][r], data))
				return false;
		}
		if (!visit_histogram(
			    "work", stage_names[s], work_bounds, &metrics->work[s], visit, data))
			return false;
	}
	return true;
}

static bool visit_all(struct metrics *metrics, visit_fn visit, void *data)
{
	char series[SERIES_SIZE];

	if (!visit_runs(metrics, visit, data))
		return false;
	for (unsigned int i = FINDING_NONE + 1; i < FINDING_CODE_COUNT; i++) {
		snprintf(series, sizeof(series), "denials.%s", code_name((enum finding_code)i));
		if (!visit(series, &metrics->denials[i], data))
			return false;
	}
	for (size_t i = 0; i < METRICS_GATES; i++) {
		if (!visit_histogram(
			    "gate", gate_names[i], gate_bounds, &metrics->gate[i], visit, data))
			return false;
	}
	return visit("heals", &metrics->heals, data);
}

/* A struct of numbers only, one after another. */
void metrics_add(struct metrics *metrics, const struct metrics *more)
{
	uint64_t *to = (uint64_t *)metrics;
	const uint64_t *from = (const uint64_t *)more;

	_Static_assert(sizeof(*metrics) % sizeof(*to) == 0, "numbers only");
	for (size_t i = 0; i < sizeof(*metrics) / sizeof(*to); i++)
		add_to(&to[i], from[i]);
}

static bool write_series(const char *series, uint64_t *number, void *data)
{
	FILE *out = data;

	return *number == 0 || fprintf(out, "%s %" PRIu64 "\n", series, *number) > 0;
}

char *metrics_format_state(const struct metrics *metrics)
{
	struct metrics copy = *metrics;
	struct strformat_pieces pieces;
	FILE *out = strformat_open(&pieces);

	if (!out)
		return NULL;
	visit_all(&copy, write_series, out);
	return strformat_close(&pieces);
}

/* A line that was read, and whether it has found its number. */
struct line {
	const char *series;
	uint64_t value;
};

static bool take_series(const char *series, uint64_t *number, void *data)
{
	const struct line *line = data;

	if (strcmp(series, line->series) != 0)
		return true;
	*number = line->value;
	return false;
}

/* "NAME NUMBER" */
static int metrics_parse_line(char *text, struct metrics *metrics)
{
	char *space = strchr(text, ' '), *end = NULL;
	struct line line;

	if (!space || space == text || space[1] < '0' || space[1] > '9')
		return -EINVAL;
	*space = '\0';
	errno = 0;
	line = (struct line){.series = text, .value = strtoull(space + 1, &end, 10)};
	if (errno != 0 || *end)
		return -EINVAL;
	(void)visit_all(metrics, take_series, &line);
	return 0;
}

int metrics_parse_state(const char *text, struct metrics *ret)
{
	cleanup_free char *copy = strdup(text);
	struct metrics metrics = {0};
	char *rest = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		int r = metrics_parse_line(line, &metrics);

		if (r < 0)
			return r;
	}
	*ret = metrics;
	return 0;
}

static void begin_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_histogram(FILE *out, const char *name, const char *label, const char *value,
	const struct bound *bounds, const struct metrics_histogram *histogram)
{
	uint64_t count = 0;

	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		add_to(&count, histogram->buckets[i]);
		fprintf(out, "%s_bucket{%s=\"%s\",le=\"%s\"} %" PRIu64 "\n", name, label, value,
			i < METRICS_BUCKETS - 1 ? bounds[i].text : "+Inf", count);
	}
	fprintf(out, "%s_sum{%s=\"%s\"} %.6f\n", name, label, value,
		(double)histogram->sum_usec / SECOND);
	fprintf(out, "%s_count{%s=\"%s\"} %" PRIu64 "\n", name, label, value, count);
}

static void write_runs(FILE *out, const struct metrics *metrics)
{
	const char *name = "fuse_sidecar_hook_runs_total";

	begin_family(out, name, "counter", "Runs of the hook for annotated containers.");
	for (size_t s = 0; s < METRICS_STAGES; s++) {
		for (size_t r = 0; r < METRICS_RESULTS; r++)
			fprintf(out, "%s{stage=\"%s\",result=\"%s\"} %" PRIu64 "\n", name,
				stage_names[s], result_names[r], metrics->runs[s][r]);
	}
	name = "fuse_sidecar_hook_duration_seconds";
	begin_family(out, name, "histogram", "The hook's own work in a run, without the gate.");
	for (size_t s = 0; s < METRICS_STAGES; s++)
		write_histogram(out, name, "stage", stage_names[s], work_bounds, &metrics->work[s]);
}

static void write_denials(FILE *out, const struct metrics *metrics)
{
	const char *name = "fuse_sidecar_hook_denials_total";

	begin_family(out, name, "counter", "Findings that refused a container, by their code.");
	for (unsigned int i = FINDING_NONE + 1; i < FINDING_CODE_COUNT; i++)
		fprintf(out, "%s{code=\"%s\"} %" PRIu64 "\n", name, code_name((enum finding_code)i),
			metrics->denials[i]);
}

static void write_gate(FILE *out, const struct metrics *metrics)
{
	const char *name = "fuse_sidecar_gate_wait_seconds";

	begin_family(out, name, "histogram",
		"How long main containers were held until their mounts were live.");
	for (size_t i = 0; i < METRICS_GATES; i++)
		write_histogram(out, name, "result", gate_names[i], gate_bounds, &metrics->gate[i]);
	name = "fuse_sidecar_heals_total";
	begin_family(out, name, "counter", "Dead FUSE mounts that were detached.");
	fprintf(out, "%s %" PRIu64 "\n", name, metrics->heals);
}

static void write_gauges(FILE *out, const struct metrics_gauges *gauges, const char *version)
{
	const char *name = "fuse_sidecar_mounts";

	begin_family(
		out, name, "gauge", "FUSE paths of recorded pods, by the state of their mount.");
	fprintf(out, "%s{state=\"live\"} %" PRIu64 "\n", name, gauges->live);
	fprintf(out, "%s{state=\"dead\"} %" PRIu64 "\n", name, gauges->dead);
	fprintf(out, "%s{state=\"hung\"} %" PRIu64 "\n", name, gauges->hung);
	name = "fuse_sidecar_recorded_pods";
	begin_family(out, name, "gauge", "Pods that have a record on this node.");
	fprintf(out, "%s %" PRIu64 "\n", name, gauges->records);
	name = "fuse_sidecar_recorded_containers";
	begin_family(out, name, "gauge", "Containers in those records.");
	fprintf(out, "%s %" PRIu64 "\n", name, gauges->containers);
	name = "fuse_sidecar_hook_info";
	begin_family(out, name, "gauge", "Always 1; the version of the program.");
	fprintf(out, "%s{version=\"%s\"} 1\n", name, version);
}

char *metrics_format(
	const struct metrics *metrics, const struct metrics_gauges *gauges, const char *version)
{
	struct strformat_pieces pieces;
	FILE *out = strformat_open(&pieces);

	if (!out)
		return NULL;
	write_runs(out, metrics);
	write_denials(out, metrics);
	write_gate(out, metrics);
	write_gauges(out, gauges, version);
	return strformat_close(&pieces);
}
