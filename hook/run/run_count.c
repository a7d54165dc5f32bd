/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counted at the end and outside the pod's lock: metrics are worth no delay of another hook, and
 * no failure of them is a run's.
 */
#include "hook/run/run_count.h"

#include "hook/record/metrics_store.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/deadline.h"
#include <syslog.h>

static void run_count_report(const struct run *run, const char *text, const char *fix)
{
	audit_send(&run->session.audit,
		&(struct audit_entry){
			.kind = AUDIT_INTERNAL_ERROR,
			.result = "reported",
			.priority = LOG_WARNING,
		},
		"%s%s%s; this run is not in the metrics", text, fix ? "; fix: " : "",
		fix ? fix : "");
}

static void run_count_store(struct run *run)
{
	cleanup_error struct error err = {0};
	bool begun_anew = false;
	int r = 0;

	/* Others of the pod need not wait for the counters. */
	lock_release(&run->session.lock);
	if (run->session.runtime_fd < 0)
		r = runtime_dir_open(true, &run->session.runtime_fd, &err);
	if (r == 0)
		r = metrics_store_add(
			run->session.runtime_fd, &run->session.metrics, &begun_anew, &err);
	if (r < 0)
		run_count_report(run, error_message(&err), err.fix);
	else if (begun_anew)
		audit_send(&run->session.audit,
			&(struct audit_entry){
				.kind = AUDIT_INTERNAL_ERROR,
				.result = "reported",
				.priority = LOG_WARNING,
			},
			"the counters in %s were broken, and begin at zero again", RUNTIME_DIR);
}

static void count_denials(struct run *run, enum finding_code cause)
{
	const struct findings *findings = &run->judgement.findings;

	for (size_t i = 0; i < findings->n; i++) {
		if (findings->items[i].severity != SEVERITY_DENY)
			continue;
		run->session.metrics.denials[findings->items[i].code]++;
		if (findings->items[i].code == cause)
			cause = FINDING_NONE;
	}
	if (cause != FINDING_NONE)
		run->session.metrics.denials[cause]++;
}

void run_count(struct run *run, int exit_code, enum finding_code cause)
{
	uint64_t took;

	if (!run->input.config.metrics_file)
		return;
	took = deadline_now() - run->session.began_usec;
	if (exit_code != EXIT_DONE)
		count_denials(run, cause);
	metrics_note_run(&run->session.metrics, metrics_stage_of(run->session.audit.stage),
		exit_code, took > run->session.gate_usec ? took - run->session.gate_usec : 0);
	run_count_store(run);
}

void run_count_heals(struct run *run)
{
	if (run->input.config.metrics_file && run->session.metrics.heals > 0)
		run_count_store(run);
}
