/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/judge.h"

#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/fault/call_text.h"
#include "tests/fault/said.h"
#include "tests/fault/state.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/json_schema.h"
#include "tests/support/ns_sandbox.h"

#include <errno.h>
#include <string.h>

#define COPIES FAKE_POD_RECORDS "/shown/"

void trial_clear(struct trial *trial)
{
	free(trial->before);
	free(trial->after);
	free(trial->said);
	free(trial->told);
}

static bool is_call(const struct injector_call *call, const char *name)
{
	return strcmp(call_name(call->number), name) == 0;
}

static bool is_refused(const struct trial *trial)
{
	return trial->outcome.status != 0;
}

static bool is_prestart(const struct trial *trial)
{
	return strcmp(trial->scenario->verb, "prestart") == 0;
}

static bool has_not_started(const struct trial *trial)
{
	return strstr(trial->said, "fuse-sidecar-hook: cannot start: ") != NULL;
}

/* The supervisor could not do its part, and has killed a worker that was at work already: as any
 * killed hook, which has tests of its own (tests/ns/ns_test_kill.c). A fault that lasts may have
 * met the worker first, which goes on, and then the supervisor. */
static bool is_killed(const struct trial *trial)
{
	return has_not_started(trial) &&
	       (trial->fault->sticky || strcmp(trial->fault->call->role, "0") == 0);
}

/* Not a journal's: one that is not there is no trouble, and what it would have had goes to stderr.
 */
static bool is_about_the_journal(const struct injector_fault *fault)
{
	const struct injector_call *call = fault->call;

	/* One that lasts meets the journal too, whoever it has met first. */
	if (fault->sticky && is_call(call, "sendto"))
		return true;
	return is_call(call, "socket") || is_call(call, "connect") ||
	       strstr(call->text, FAKE_JOURNAL_SOCKET);
}

/* What containers see is a copy that nobody reads back: no container is refused where it cannot be
 * written, which is said, and nothing else. */
static bool has_told_of_the_copy_alone(const struct trial *trial)
{
	return said_all_name(trial->said, COPIES) && said_all_name(trial->told, COPIES);
}

/* A child that asks a FUSE mount whether it lives: whatever comes back may be its daemon's word. */
static bool is_daemons_answer(const struct trial *trial)
{
	const struct injector_call *call = trial->fault->call;

	return is_call(call, "statx") && strncmp(call->role, "0.1.", 4) == 0 &&
	       strstr(call->text, trial->stage->path);
}

/* Its words go the same way as what it wanted to write: only the journal has them. */
static bool is_speechless(const struct trial *trial)
{
	return trial->fault->sticky && is_call(trial->fault->call, "write");
}

/* reconcile ends with 19 where any of its pods has failed, whatever was wrong with that one, and
 * any command whose standard output nobody takes. */
static bool is_a_count_of_failures(const struct trial *trial)
{
	return !is_prestart(trial) &&
	       (is_speechless(trial) || strstr(trial->said, " failed\n") ||
		       strstr(trial->said, "cannot write to standard output: "));
}

/* Which exit code an error may have: 20 without memory or before there is a run, 19 for all else
 * that the node cannot do. */
static bool is_right_code(const struct trial *trial)
{
	int code = trial->outcome.status;

	/* The dead mount seems to live, and another one is in its place then. */
	if (is_daemons_answer(trial) && code == EXIT_INPUT)
		return true;
	if (has_not_started(trial))
		return code == EXIT_INTERNAL;
	if (is_a_count_of_failures(trial))
		return code == EXIT_HOST_IO;
	/* What a child could not tell. */
	if (strstr(trial->said, strerror(EPIPE)) || strstr(trial->told, strerror(EPIPE)))
		return code == EXIT_HOST_IO;
	return code == (trial->fault->error == ENOMEM ? EXIT_INTERNAL : EXIT_HOST_IO);
}

static char *judge_end(const struct trial *trial)
{
	char *text = NULL;

	/* The loader's and the libraries' own, before there is a hook. */
	if (trial->fault->call->early && is_refused(trial))
		return NULL;
	if (trial->outcome.hangs)
		return strdup("it hangs");
	if (trial->outcome.left > 0)
		return strdup("a process is left");
	if (trial->outcome.status >= 128) {
		assert_true(
			asprintf(&text, "ended by signal %d", trial->outcome.status - 128) >= 0);
		return text;
	}
	if (is_refused(trial) && !is_right_code(trial))
		assert_true(asprintf(&text, "exit code %d", trial->outcome.status) >= 0);
	return text;
}

static bool has_told(const struct trial *trial)
{
	return said_verdicts(trial->said) + said_lines(trial->told) > 0;
}

static char *judge_refusals_words(const struct trial *trial)
{
	if (trial->fault->call->early)
		return NULL;
	/* That reconcile's own output cannot be written is nothing for the journal. */
	if (is_speechless(trial) && strcmp(trial->scenario->verb, "reconcile") == 0)
		return NULL;
	if (!has_told(trial))
		return strdup("it says nothing of it");
	if (!is_speechless(trial) && said_verdicts(trial->said) == 0)
		return strdup("it says nothing of it but to the journal");
	if (!said_names_something(trial->said) && !said_names_something(trial->told))
		return strdup("it names nothing that it is about");
	return NULL;
}

static char *judge_words(const struct trial *trial)
{
	if (said_verdicts(trial->said) > 1 && !trial->fault->sticky)
		return strdup("it says more than one thing");
	if (is_refused(trial))
		return judge_refusals_words(trial);
	if (is_prestart(trial) && has_told(trial))
		return has_told_of_the_copy_alone(trial)
			       ? NULL
			       : strdup("it goes on, and says that it failed");
	if (is_prestart(trial) && trial->said[0] && !is_about_the_journal(trial->fault))
		return strdup("it goes on, and says something");
	return NULL;
}

static char *judge_record(const struct trial *trial)
{
	cleanup_json struct json_object *record = NULL;
	cleanup_free char *path = fake_pod_record_path(&trial->stage->pod);
	cleanup_free char *text = ns_sandbox_read(path);
	const char *failed;
	char *said = NULL;

	if (!text)
		return NULL;
	record = json_schema_load(text, strlen(text));
	failed = json_schema_validate(trial->schema, record);
	if (failed)
		assert_true(asprintf(&said, "the record fails the schema at \"%s\"", failed) >= 0);
	return said;
}

static bool is_seen_by_somebody(const struct fake_pod *pod)
{
	for (size_t i = 0; i < pod->n_members; i++) {
		if (pod->members[i]->process.pid > 0)
			return true;
	}
	return false;
}

/* What containers see is what the record says, unless it is said that it could not be written. */
static char *judge_copy(const struct trial *trial)
{
	cleanup_free char *path = fake_pod_record_path(&trial->stage->pod);
	cleanup_free char *shown = NULL, *record = NULL, *copy = NULL;

	assert_true(asprintf(&shown, COPIES "%s/topology.json", trial->stage->pod.uid) >= 0);
	record = ns_sandbox_read(path);
	copy = ns_sandbox_read(shown);
	if (!copy || !record || strcmp(copy, record) == 0 || is_killed(trial) ||
		!is_seen_by_somebody(&trial->stage->pod) || strstr(trial->said, COPIES) ||
		strstr(trial->told, COPIES))
		return NULL;
	return strdup("what containers see is not what the record says");
}

/* The subject as the record has it: "" where it has it not. */
static const char *status_of(const struct stage *stage)
{
	for (int i = 0; stage->subject; i++) {
		char pointer[64];
		const char *id;

		snprintf(pointer, sizeof(pointer), "/containers/%d/id", i);
		id = fake_pod_recorded(&stage->pod, pointer);
		if (!id)
			return "";
		if (strcmp(id, stage->subject->id) == 0)
			return fake_pod_status(&stage->pod, stage->subject->name);
	}
	return "";
}

/* Whether the record calls the mount of that line of state_of_host() a bind of the hook's, so that
 * the pod's end undoes it. */
static bool is_recorded_bind(const struct fake_pod *pod, const char *line)
{
	const char *path = line + strlen("mount ");
	size_t length = strcspn(path, " ");

	for (int i = 0;; i++) {
		char pointer[64];
		const char *text;

		snprintf(pointer, sizeof(pointer), "/volumeRoots/%d/hostPath", i);
		text = fake_pod_recorded(pod, pointer);
		if (!text)
			return false;
		if (strlen(text) != length || strncmp(text, path, length) != 0)
			continue;
		snprintf(pointer, sizeof(pointer), "/volumeRoots/%d/boundByHook", i);
		text = fake_pod_recorded(pod, pointer);
		return text && strcmp(text, "true") == 0;
	}
}

/* A private mount that is shared now harms nobody, and the next hook wants it so. */
static bool is_made_shared(const struct trial *trial, const char *line)
{
	char was[512];
	const char *kind = strrchr(line, ' ');

	if (strcmp(kind, " shared") != 0)
		return false;
	snprintf(was, sizeof(was), "%.*s private", (int)(kind - line), line);
	return state_has_line(trial->before, was);
}

/* What a fault that lasts, or a death, may leave of a run: only what could not be rolled back. */
static bool may_be_left(const struct trial *trial, const char *line)
{
	bool cannot_unlink = trial->fault->sticky && is_call(trial->fault->call, "unlinkat");

	/* At the pod's end a bind is made private before it is detached. */
	if (!trial->fault->sticky && !is_killed(trial) && is_prestart(trial))
		return false;
	if (strncmp(line, "mount ", 6) == 0)
		return is_made_shared(trial, line) || is_recorded_bind(&trial->stage->pod, line);
	return cannot_unlink || is_killed(trial);
}

/* What was there, and would be there after a good run too, is there. */
static char *judge_lost(const struct trial *trial)
{
	cleanup_free char *line =
		state_common_line_missing(trial->after, trial->before, trial->golden->host);
	char *text = NULL;

	if (line)
		assert_true(asprintf(&text, "lost: %s", line) >= 0);
	return text;
}

/* Nothing has come to be that was not there before, but the pod's record. */
static char *judge_new(const struct trial *trial)
{
	char *text = NULL;

	for (const char *line = trial->after; *line; line = strchr(line, '\n') + 1) {
		cleanup_free char *one = strndup(line, strcspn(line, "\n"));
		const char *hidden = trial->scenario->hidden;

		assert_non_null(one);
		if (state_has_line(trial->before, one) || strncmp(one, "record ", 7) == 0 ||
			(hidden && strstr(one, hidden)) || may_be_left(trial, one))
			continue;
		assert_true(asprintf(&text, "new: %s", one) >= 0);
		return text;
	}
	return NULL;
}

/* Of the pod's record there is the whole, which may say why, or nothing. */
static char *judge_files(const struct trial *trial)
{
	const struct fake_pod *pod = &trial->stage->pod;
	cleanup_free char *record = fake_pod_record_path(pod);
	bool cannot_see = trial->fault->sticky && is_call(trial->fault->call, "newfstatat");

	if (may_be_left(trial, "record"))
		return NULL;
	if (fake_pod_count_files("tmp") > 0)
		return strdup("a temporary file is left");
	if (fake_pod_has_file("pods", pod->uid) && access(record, F_OK) < 0)
		return strdup("a directory without a record is left");
	/* Whoever could not have it may not remove it either, nor who cannot see whether there is a
	 * record that it belongs to. */
	if (!fake_pod_has_file("pods", pod->uid) && fake_pod_count_files("locks") > 0 &&
		!cannot_see && !strstr(trial->fault->call->text, "locks/"))
		return strdup("a lock of no pod is left");
	return NULL;
}

static bool names_the_record(const char *said)
{
	return strstr(said, FAKE_POD_RECORDS "/") || strstr(said, "out of memory");
}

/* The record called it created already, and then could not be written again, which is said too, or
 * nobody was left to do so. Its process will have ended, which the next hook sees. */
static bool could_not_record(const struct trial *trial)
{
	return is_killed(trial) || (trial->fault->sticky && (names_the_record(trial->said) ||
								    names_the_record(trial->told)));
}

/* A run that has failed leaves what was there before; its pod's record may say why. */
static char *judge_refused(const struct trial *trial)
{
	char *wrong;

	if (strcmp(status_of(trial->stage), "created") == 0 && !could_not_record(trial))
		return strdup("the record calls the container created");
	wrong = judge_files(trial);
	return wrong ? wrong : judge_new(trial);
}

/* A process that cannot be looked at is not gone, and a mount that answers, whatever it is, lives:
 * nothing is cleaned up behind them. */
static bool is_left_alone(const struct trial *trial)
{
	return is_daemons_answer(trial) || strstr(trial->fault->call->text, "/stat)");
}

/* Nothing can be made at the container's /run: it is not shown the topology, and not refused. */
static bool is_not_shown(const struct trial *trial)
{
	return is_call(trial->fault->call, "mkdirat") && trial->fault->error == EROFS &&
	       strstr(trial->fault->call->text, "/run/fuse-sidecar)");
}

/* A run that goes on comes to what a good run comes to. */
static char *judge_gone_on(const struct trial *trial)
{
	const struct stage *stage = trial->stage;
	/* The file of a volume's lock, or of a directory's, is nobody's: reconcile removes it. */
	cleanup_free char *host = state_difference(trial->golden->host, trial->after, "locks/");
	cleanup_free char *container = NULL;
	char *text = NULL;

	if (host) {
		assert_true(asprintf(&text, "not what a good run comes to: %s", host) >= 0);
		return text;
	}
	if (!stage->subject || !trial->golden->container)
		return NULL;
	container = state_of_container(stage->subject);
	host = state_difference(trial->golden->container, container,
		is_not_shown(trial) ? "/run/fuse-sidecar" : NULL);
	if (host)
		assert_true(asprintf(&text, "in the container: %s", host) >= 0);
	else if (strcmp(status_of(stage), "created") != 0)
		text = strdup("the record does not call the container created");
	return text;
}

/* poststop and reconcile end something: nothing comes to be by a failed one either. */
static char *judge_ended(const struct trial *trial)
{
	return has_told(trial) || is_refused(trial) ? judge_new(trial) : NULL;
}

char *judge_trial(const struct trial *trial)
{
	char *wrong = judge_end(trial);

	if (!wrong)
		wrong = judge_words(trial);
	if (!wrong)
		wrong = judge_record(trial);
	if (!wrong)
		wrong = judge_copy(trial);
	if (!wrong)
		wrong = judge_lost(trial);
	if (!wrong && is_refused(trial) && is_prestart(trial))
		wrong = judge_refused(trial);
	if (!wrong && !is_prestart(trial))
		wrong = judge_ended(trial);
	if (!wrong && !is_refused(trial) && (is_prestart(trial) || !has_told(trial)) &&
		(is_prestart(trial) || !is_left_alone(trial)))
		wrong = judge_gone_on(trial);
	return wrong;
}
