/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every stage needs in the same order: state, policy, identity, request, config.json, record.
 * Each is read at most once and only by the stage that asks, under the limits of the parser's
 * process.
 */
#include "hook/run/run.h"

#include "hook/record/policy_file.h"
#include "hook/record/record.h"
#include "hook/record/record_copy.h"
#include "hook/record/runtime_dir.h"
#include "hook/sandbox/parser.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include <string.h>
#include <time.h>

void run_audit_as(struct run *run, const char *stage)
{
	run->session.audit = (struct audit){
		.stage = stage,
		.identity = &run->input.identity,
		.quiet = true,
		.journal = &run->session.journal,
	};
}

int run_read_state(struct run *run, const char *stage, struct error *err)
{
	cleanup_parsed_state struct parsed_state parsed = {0};
	cleanup_free char *data = NULL;
	size_t size;
	int r;

	run->session.began_usec = deadline_now();
	run_audit_as(run, stage);
	worker_status_at(run->session.progress, "reading the state from standard input", NULL);
	r = state_fetch(STDIN_FILENO, &data, &size, err);
	if (r == 0)
		r = parser_state(data, size, &parsed, err);
	if (r < 0)
		return r;
	run->input.state = move_struct(parsed.state);
	run->input.pod = move_struct(parsed.pod);
	return run->input.pod.active ? 0 : 1;
}

int run_read_policy(struct run *run, struct error *err)
{
	int r;

	worker_status_at(run->session.progress, "reading", POLICY_FILE);
	r = policy_file_read(&run->input.config, err);
	if (r == 0) {
		worker_status_mode(run->session.progress, run->input.config.audit_only);
		worker_status_counted(
			run->session.progress, run->input.config.metrics_file != NULL);
		worker_status_at(run->session.progress, "opening the directories of", POLICY_FILE);
		r = policy_file_resolve(&run->input.config, err);
	}
	if (r == 0)
		return 0;
	config_clear(&run->input.config);
	/* A broken file: what cleaning up needs, and nothing that the administrator did not write.
	 */
	if (config_defaults(&run->input.config) < 0)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	return r;
}

/* An outcome is asked for once. */
static int take_outcome(int r, struct error *outcome, struct error *err)
{
	if (r < 0 && err)
		*err = move_struct(*outcome);
	return r;
}

int run_read_identity(struct run *run, struct error *err)
{
	int r = take_outcome(run->input.pod.identity_result, &run->input.pod.identity_error, err);

	if (r < 0) {
		/* The id is the runtime's own word: the journal can name the container by it. */
		if (ident_is_container_id(run->input.state.id))
			run->input.identity.container_id = strdup(run->input.state.id);
		return r;
	}
	run->input.identity = move_struct(run->input.pod.identity);
	worker_status_subject(run->session.progress, &run->input.identity);
	return 0;
}

int run_read_request(struct run_input *input, struct error *err)
{
	int r = take_outcome(input->pod.request_result, &input->pod.request_error, err);

	if (r == 0)
		input->request = move_struct(input->pod.request);
	return r;
}

int run_read_spec(struct run *run, struct error *err)
{
	cleanup_parsed_config struct parsed_config parsed = {0};
	cleanup_free char *data = NULL;
	size_t size;
	int r;

	worker_status_at(run->session.progress, "reading config.json of", run->input.state.bundle);
	r = spec_fetch_bundle(run->input.state.bundle, &data, &size, err);
	if (r < 0)
		return r;
	r = parser_config(data, size, &parsed, err);
	if (r < 0)
		return error_wrap(err, r, "bundle %s", run->input.state.bundle);
	run->input.spec = move_struct(parsed.spec);
	return 0;
}

static int take_lock(struct run *run, struct error *err)
{
	worker_status_at(
		run->session.progress, "waiting for the lock of pod", run->input.identity.pod_uid);
	return lock_take(run->session.runtime_fd, run->input.identity.pod_uid,
		worker_status_left(run->session.progress, LOCK_TIMEOUT_USEC), &run->session.lock,
		err);
}

/* Somebody has removed the directory of locks and left the records. */
static int take_lock_anew(struct run *run, struct error *err)
{
	int r;

	error_clear(err);
	r = runtime_dir_complete(run->session.runtime_fd, err);
	return r < 0 ? r : take_lock(run, err);
}

void run_leave_no_lock(const struct run *run)
{
	if (run->session.lock.fd >= 0 &&
		!record_is_there(run->session.runtime_fd, run->input.identity.pod_uid))
		lock_remove_file(&run->session.lock);
}

static int load_record(struct run *run, struct error *err)
{
	int r = record_load(run->session.runtime_fd, run->input.identity.pod_uid,
		&run->session.topology, &run->session.has_record, err);

	if (r < 0) {
		run_leave_no_lock(run);
		lock_release(&run->session.lock);
	}
	return r;
}

static int lock_record(struct run *run, struct error *err)
{
	int r = take_lock(run, err);

	if (r == -ENOENT)
		r = take_lock_anew(run, err);
	return r < 0 ? r : load_record(run, err);
}

static int run_make_index(struct run_session *session, struct error *err)
{
	if (!session->index)
		session->index = calloc(1, sizeof(*session->index));
	return session->index ? 0 : error_memory(err);
}

int run_peek_record(struct run *run, struct error *err)
{
	int r = run_make_index(&run->session, err);

	if (r == 0)
		r = runtime_dir_open(false, &run->session.runtime_fd, err);
	if (r == 0)
		r = record_load(run->session.runtime_fd, run->input.identity.pod_uid,
			&run->session.topology, &run->session.has_record, err);
	if (r != -ENOENT && r != -EACCES)
		return r;
	error_clear(err);
	return 0;
}

int run_open_record(struct run *run, bool create, struct error *err)
{
	int r = run_make_index(&run->session, err);

	if (r < 0)
		return r;
	r = runtime_dir_open(create, &run->session.runtime_fd, err);
	if (r < 0)
		return r;
	return lock_record(run, err);
}

int run_lock_record_again(struct run *run, struct error *err)
{
	struct record_stamp now;
	int r = take_lock(run, err);

	if (r == 0)
		record_stamp(run->session.runtime_fd, run->input.identity.pod_uid, &now);
	if (r == 0 && record_stamp_same(&now, &run->session.committed))
		return 0;
	topology_clear(&run->session.topology);
	return r < 0 ? r : load_record(run, err);
}

/* Nothing is read from it: no container is refused for it. */
static void run_update_copy(struct run_session *session, const char *text)
{
	cleanup_error struct error err = {0};

	if (record_copy_update(session->runtime_fd, session->topology.pod_uid, text, &err) < 0)
		audit_failure(&session->audit, &err);
}

int run_commit(struct run_session *session, struct error *err)
{
	cleanup_free char *text = NULL;
	int r = record_format(&session->topology, &text, err);

	if (r < 0)
		return r;
	r = record_commit_text(
		session->runtime_fd, session->topology.pod_uid, text, &session->committed, err);
	if (r == 0)
		run_update_copy(session, text);
	return r;
}

uint64_t run_realtime_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t run_boottime_usec(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t run_probe_timeout(const struct run *run)
{
	return worker_status_left(run->session.progress, run->input.config.probe_timeout_usec);
}

void run_clear(struct run *run)
{
	if (!run)
		return;
	lock_release(&run->session.lock);
	record_index_clear(run->session.index);
	free(run->session.index);
	rollback_list_clear(&run->session.rollback);
	strv_clear(&run->session.hung);
	mounted_clear(&run->known.mounted);
	strv_clear(&run->session.hung_own);
	judgement_clear(&run->judgement);
	topology_clear(&run->session.topology);
	node_clear(&run->known.node);
	spec_clear(&run->input.spec);
	parsed_pod_clear(&run->input.pod);
	request_clear(&run->input.request);
	identity_clear(&run->input.identity);
	config_clear(&run->input.config);
	state_clear(&run->input.state);
	cleanup_close_fd(&run->session.runtime_fd);
	*run = RUN_INIT;
}
