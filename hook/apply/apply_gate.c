/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes into the gate and what comes of its answer. The pod's lock is let go while the gate
 * waits, so that providers can start: whatever is done afterwards goes by the record as it is
 * then, not as this run left it.
 */
#include "hook/apply/apply_steps.h"

#include "hook/apply/consumer_mount.h"
#include "hook/apply/gate.h"
#include "hook/apply/rollback.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/strformat.h"
#include <stdio.h>
#include <string.h>

static void gate_clear(struct gate *gate)
{
	free(gate->paths);
}

#define cleanup_gate __attribute__((cleanup(gate_clear)))

/* Who the record says provides it now. */
static void name_provider(const struct topology *topology, struct gate_path *path)
{
	const struct topology_container *provider = topology_container(topology, path->provider);

	if (!provider || provider->status == CONTAINER_DENIED)
		return;
	path->created = true;
	path->pid = provider->pid;
	path->pid_start_ticks = provider->pid_start_ticks;
}

/* Every wait step of the plan, as one gate. */
static int apply_gate_build(const struct run *run, struct gate *ret)
{
	const struct plan *plan = &run->judgement.plan;

	ret->paths = calloc(plan->n ? plan->n : 1, sizeof(*ret->paths));
	if (!ret->paths)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];
		struct gate_path *path = &ret->paths[ret->n];

		if (step->action != PLAN_WAIT)
			continue;
		*path = (struct gate_path){
			.path = step->path,
			.host_path = step->host_path,
			.volume = step->volume,
			.provider = step->provider,
			.node = strcmp(step->provider, PROVIDER_NODE) == 0,
		};
		if (!path->node)
			name_provider(&run->session.topology, path);
		ret->timeout_usec = step->timeout_usec;
		ret->n++;
	}
	ret->probe_timeout_usec = run->input.config.probe_timeout_usec;
	/* Mode audit reports what would be waited for, and delays nobody. */
	if (run->input.config.audit_only)
		ret->timeout_usec = 0;
	return 0;
}

/* "after 3.127s"; FUSE_SIDECAR_DURATION_USEC is exact. */
static char *describe_wait(uint64_t usec)
{
	cleanup_free char *time = duration_format((usec + 500) / 1000 * 1000);

	if (usec < 1000)
		return strdup("at once");
	return time ? strformat("after %s", time) : NULL;
}

/* What a shut gate means here: a denial, unless the policy takes its code lighter. */
static enum severity shut_severity(const struct run_input *input, const struct error *err)
{
	enum severity severity = input->config.severity[err->code];

	if (input->config.audit_only && severity == SEVERITY_DENY)
		return SEVERITY_WARN;
	return severity;
}

static void audit_gate(
	struct run *run, const struct gate *gate, const struct error *err, uint64_t waited_usec)
{
	cleanup_free char *wait = describe_wait(waited_usec);
	struct audit_entry entry = {
		.kind = err ? AUDIT_GATE_REFUSED : AUDIT_GATE_OPENED,
		.result = !err						     ? "ok"
			  : shut_severity(&run->input, err) == SEVERITY_DENY ? "denied"
									     : "reported",
		.code = err ? err->code : FINDING_NONE,
		.path = err ? err->subject : NULL,
		.duration_usec = waited_usec ? waited_usec : 1,
	};

	if (err)
		audit_send(&run->session.audit, &entry, "the gate refuses it %s: %s%s%s",
			wait ? wait : "", error_message(err), err->fix ? "; fix: " : "",
			err->fix ? err->fix : "");
	else
		audit_send(&run->session.audit, &entry, "the gate opens %s: %zu mount%s live",
			wait ? wait : "", gate->n, gate->n == 1 ? " is" : "s are");
}

static int apply_gate_note_state(struct run *run, const struct gate_path *path, uint64_t now_usec)
{
	return topology_note_path(&run->session.topology, path->path,
		&(struct path_note){
			.state = path->state,
			.device = path->device[0] ? path->device : NULL,
			.mount_id = path->mount_id,
			.mount_id_unique = path->mount_id_unique,
			.provider_runs = apply_provider_runs(run, path->provider),
			.now_usec = now_usec,
			.boottime_usec = run_boottime_usec(),
		});
}

/* A container of the pod for which what was shared may still be needed. */
static bool has_other_user(const struct run *run)
{
	for (size_t i = 0; i < run->session.topology.n_containers; i++) {
		const struct topology_container *other = &run->session.topology.containers[i];

		if (strcmp(other->name, run->input.identity.container_name) != 0 &&
			other->status != CONTAINER_DENIED &&
			process_is_alive(other->pid, other->pid_start_ticks))
			return true;
	}
	return false;
}

/* Nothing stays shared for a container that was refused. */
static void apply_gate_unshare(struct run *run)
{
	unsigned int left = has_other_user(run) ? 0 : rollback_run(run);

	if (left > 0)
		audit_send(&run->session.audit,
			&(struct audit_entry){.kind = AUDIT_INTERNAL_ERROR, .result = "failed"},
			"%u change%s of the refused run could not be rolled back", left,
			left == 1 ? "" : "s");
	rollback_list_clear(&run->session.rollback);
}

/* The record again, with the lock: others may have written it while this run waited. */
static int note_outcome(struct run *run, const struct gate *gate, enum container_status status,
	const struct error *refusal, struct error *err)
{
	struct topology_container *container;
	uint64_t now_usec = run_realtime_usec();
	int r;

	r = run_lock_record_again(run, err);
	if (r < 0)
		return r;
	container = topology_container(&run->session.topology, run->input.identity.container_name);
	/* A newer instance of this container has come meanwhile: the record is that one's. */
	if (!container || strcmp(container->id, run->input.identity.container_id) != 0)
		return 0;
	container->status = status;
	if (status == CONTAINER_DENIED)
		apply_gate_unshare(run);
	if (refusal)
		r = findings_add_as(&container->findings, refusal->code,
			shut_severity(&run->input, refusal), refusal->subject, refusal->fix, "%s",
			error_message(refusal));
	for (size_t i = 0; r == 0 && i < gate->n; i++) {
		const struct gate_path *path = &gate->paths[i];

		if (path->state != PATH_UNKNOWN)
			r = apply_gate_note_state(run, path, now_usec);
	}
	if (r < 0)
		return error_set(err, r, FINDING_INTERNAL, NULL, NULL, "out of memory");
	run->session.topology.updated_usec = now_usec;
	return run_commit(&run->session, err);
}

/* The wait is the pod author's to choose, and no part of what the stage itself may take. */
static int wait_at_gate(struct run_session *session, struct gate *gate, uint64_t *ret_waited_usec,
	struct error *err)
{
	uint64_t allowed = gate->timeout_usec ? gate->timeout_usec : gate->probe_timeout_usec;
	int r;

	worker_status_at(session->progress, "waiting at the gate for",
		gate->n ? gate->paths[0].host_path : NULL);
	worker_status_extend(session->progress, (int64_t)allowed);
	r = gate_wait(gate, ret_waited_usec, err);
	worker_status_extend(session->progress,
		*ret_waited_usec < allowed ? (int64_t)*ret_waited_usec - (int64_t)allowed : 0);
	return r;
}

/* Leave those in the gate whose provider is not there. */
static void keep_missing(struct gate *gate)
{
	size_t kept = 0;

	for (size_t i = 0; i < gate->n; i++) {
		const struct gate_path *path = &gate->paths[i];

		if (!path->node &&
			(!path->created || !process_is_alive(path->pid, path->pid_start_ticks)))
			gate->paths[kept++] = *path;
	}
	gate->n = kept;
}

static bool is_for_want_of_provider(const struct error *err)
{
	return err->code == FINDING_PROVIDER_NOT_STARTED || err->code == FINDING_PROVIDER_DEAD;
}

/* Said as the gate says it, and recorded. */
static int refuse_ahead(
	struct run *run, const struct gate *gate, uint64_t waited_usec, const struct error *refusal)
{
	cleanup_error struct error err = {0};

	audit_gate(run, gate, refusal, waited_usec);
	metrics_note_gate(&run->session.metrics, false, waited_usec);
	run->session.gate_usec += waited_usec;
	run->session.refused_by_gate = true;
	if (findings_add_error(&run->judgement.findings, refusal) < 0)
		return -ENOMEM;
	if (apply_record(run, CONTAINER_DENIED, &err) < 0)
		audit_failure(&run->session.audit, &err);
	return 0;
}

int apply_probe_gate(struct run *run, struct error *err)
{
	cleanup_gate struct gate gate = {0};
	cleanup_error struct error refusal = {0};
	uint64_t waited_usec = 0;
	int r;

	if (apply_gate_build(run, &gate) < 0)
		return error_memory(err);
	keep_missing(&gate);
	if (gate.n == 0)
		return 0;
	gate.timeout_usec = 0;
	r = wait_at_gate(&run->session, &gate, &waited_usec, &refusal);
	/* The rest is for the gate itself to say, when it has waited. */
	if (r == 0 || !is_for_want_of_provider(&refusal) ||
		shut_severity(&run->input, &refusal) != SEVERITY_DENY)
		return 0;
	if (refuse_ahead(run, &gate, waited_usec, &refusal) < 0)
		return error_memory(err);
	*err = refusal;
	refusal = (struct error){0};
	return r;
}

static void audit_arrival(
	struct run_session *session, const struct gate_path *path, const char *seen_path)
{
	audit_send(&session->audit,
		&(struct audit_entry){
			.kind = AUDIT_PROPAGATION_CHANGED,
			.result = "ok",
			.code = FINDING_MOUNT_NOT_IN_CONSUMER,
			.path = path->path,
			.host_path = path->host_path,
		},
		"attached the mount of %s in the container at %s: it is older than the container, "
		"and the runtime's bind did not include it",
		path->path, seen_path);
}

/* What is live on the node is to be seen in the container. */
static int bring_all(struct run *run, const struct gate *gate, struct error *err)
{
	for (size_t i = 0; i < gate->n; i++) {
		const struct gate_path *path = &gate->paths[i];
		const struct target *target = apply_target(&run->judgement, path->path);
		int r = target && path->state == PATH_LIVE && path->device[0]
				? consumer_mount_ensure(&run->input, target, path->device, err)
				: 0;

		if (r < 0)
			return r;
		if (r > 0)
			audit_arrival(&run->session, path, target->seen_path);
	}
	return 0;
}

int apply_wait(struct run *run, struct error *err)
{
	cleanup_gate struct gate gate = {0};
	cleanup_error struct error refusal = {0};
	uint64_t waited_usec = 0;
	bool denied;
	int r, noted;

	r = apply_gate_build(run, &gate);
	if (r < 0)
		return error_set(err, r, FINDING_INTERNAL, NULL, NULL, "out of memory");
	/* Other hooks of the pod may use what was made so far: it is in the record. */
	lock_release(&run->session.lock);
	r = wait_at_gate(&run->session, &gate, &waited_usec, &refusal);
	if (r == 0)
		r = bring_all(run, &gate, &refusal);
	audit_gate(run, &gate, r < 0 ? &refusal : NULL, waited_usec);
	metrics_note_gate(&run->session.metrics, r >= 0, waited_usec);
	run->session.gate_usec += waited_usec;
	denied = r < 0 && shut_severity(&run->input, &refusal) == SEVERITY_DENY;
	noted = note_outcome(run, &gate, denied ? CONTAINER_DENIED : CONTAINER_CREATED,
		r < 0 ? &refusal : NULL, err);
	rollback_list_clear(&run->session.rollback);
	if (denied) {
		run->session.refused_by_gate = true;
		if (noted < 0)
			audit_failure(&run->session.audit, err);
		error_clear(err);
		*err = refusal;
		refusal = (struct error){0};
		return r;
	}
	return noted;
}
