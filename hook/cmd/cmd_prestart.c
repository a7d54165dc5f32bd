/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage that may refuse a container. All that decides is gathered and judged first, then
 * carried out with the pod's lock; whatever goes wrong on the way ends in one place, which says it
 * once, records it and undoes what was made.
 */
#include "hook/cmd/commands.h"

#include "hook/apply/apply.h"
#include "hook/apply/apply_steps.h"
#include "hook/apply/rollback.h"
#include "hook/run/facts_gather.h"
#include "hook/run/run.h"
#include "hook/run/run_count.h"
#include "hook/sandbox/parser.h"
#include "oci/base/cleanup.h"
#include <string.h>

static const char *verdict_in_words(const struct run *run)
{
	switch (run->judgement.verdict) {
	case VERDICT_ALLOW:
		return "allowed";
	case VERDICT_WARN:
		return "allowed with warnings";
	case VERDICT_DENY:
		break;
	}
	return run->input.config.audit_only ? "would be denied, but the policy's mode is audit"
					    : "denied";
}

static void audit_activated(struct run *run)
{
	audit_send(&run->session.audit,
		&(struct audit_entry){
			.kind = AUDIT_ACTIVATED,
			.result = verdict_name(run->judgement.verdict),
		},
		"%s, %s", role_name(run->judgement.role), verdict_in_words(run));
	audit_findings(
		&run->session.audit, &run->judgement.findings, !run->input.config.audit_only);
}

/* Enter a denial in the record. It is no reason to fail for another cause than the denial's own,
 * which may be NULL and is said already, or will be: not twice. */
static void record_denial(struct run *run, const struct error *cause)
{
	cleanup_error struct error err = {0};
	enum container_status status =
		run->input.config.audit_only ? CONTAINER_CREATED : CONTAINER_DENIED;

	/* The gate has let go of the record and could not have it back: run->session.topology is
	 * not it. */
	if (run->session.lock.fd < 0)
		return;
	if (apply_record(run, status, &err) == 0)
		return;
	if (!cause || strcmp(error_message(cause), error_message(&err)) != 0)
		audit_failure(&run->session.audit, &err);
}

/* A step failed: take back what was made, and let the record say why. */
static void end_failed(struct run *run, const struct error *cause)
{
	unsigned int left = rollback_run(run);

	if (left > 0)
		audit_send(&run->session.audit,
			&(struct audit_entry){.kind = AUDIT_INTERNAL_ERROR, .result = "failed"},
			"%u change%s of the failed run could not be rolled back", left,
			left == 1 ? "" : "s");
	if (findings_add_error(&run->judgement.findings, cause) == 0)
		record_denial(run, cause);
}

static int carry_out_locked(struct run *run, struct error *err)
{
	int r;

	r = facts_gather(run, FACTS_FOR_STAGE, err);
	if (r == 0 && judge(&run->known.facts, &run->judgement) < 0)
		r = error_memory(err);
	if (r < 0)
		return r;
	audit_activated(run);
	if (run->judgement.verdict == VERDICT_DENY) {
		record_denial(run, NULL);
		return 0;
	}
	r = apply_plan(run, err);
	if (r < 0 && !run->session.refused_by_gate)
		end_failed(run, err);
	return r;
}

static int carry_out(struct run *run, struct error *err)
{
	int r;

	r = run_read_spec(run, err);
	if (r < 0)
		return r;
	r = run_open_record(run, true, err);
	if (r < 0)
		return r;
	/* It ends while the container's mounts are looked at. */
	parser_rest();
	r = carry_out_locked(run, err);
	if (r < 0 || run->judgement.verdict == VERDICT_DENY)
		run_leave_no_lock(run);
	return r;
}

/* Say what ended the run, and what the process exits with for it. */
static int prestart_fail(const struct run *run, const struct error *err)
{
	bool enforced = !run->input.config.audit_only;

	if (!run->session.refused_by_gate)
		audit_error(&run->session.audit, err, enforced);
	if (!enforced)
		return EXIT_DONE;
	return (int)error_exit(err);
}

static int run_stage(struct run *run, const char *stage, struct error *err)
{
	cleanup_error struct error policy_err = {0};
	int r;

	r = run_read_state(run, stage, err);
	if (r > 0)
		return EXIT_DONE;
	if (r == 0)
		r = run_read_identity(run, err);
	/* Before bad input is judged: the policy may say that nothing fails a container here. */
	if (run_read_policy(run, &policy_err) < 0)
		return prestart_fail(run, &policy_err);
	if (r == 0)
		r = run_read_request(&run->input, err);
	if (r < 0)
		return prestart_fail(run, err);
	if (run->input.identity.is_sandbox)
		return EXIT_DONE;
	r = carry_out(run, err);
	if (r < 0)
		return prestart_fail(run, err);
	return run->input.config.audit_only ? EXIT_DONE : (int)run->judgement.exit;
}

int cmd_prestart(const struct options *options)
{
	cleanup_run struct run run = RUN_INIT;
	cleanup_error struct error err = {0};
	int code;

	run.session.progress = options->progress;
	code = run_stage(&run, options->stage, &err);
	run_count(&run, code, err.code);
	return code;
}
