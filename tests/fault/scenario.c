/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/scenario.h"

#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/fault/call_text.h"
#include "tests/fault/errnos.h"
#include "tests/fault/injector.h"
#include "tests/fault/state.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/json_schema.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define SHOWN 25 /* that many findings in full */

/* What an undisturbed run comes to. */
struct golden {
	char *host, *container; /* owned */
};

/* Of several processes that share a campaign, each takes its part: FAULT_SLICE=2/3. */
struct slice {
	unsigned int mine, all, next;
};

/* All that one scenario has come to. */
struct tally {
	struct slice slice;
	const struct scenario *scenario;
	struct json_object *schema;
	struct golden golden;
	unsigned int runs, found, missed, harmless;
};

/* As systemd sets it on every node: nobody reads the journal's socket while a hook runs. */
static int lengthen_queues(void)
{
	cleanup_close int fd = open("/proc/sys/net/unix/max_dgram_qlen", O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, "512", 3) == 3 ? 0 : -errno;
}

int scenario_enter(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0 || lengthen_queues() < 0)
		return -1;
	return ns_sandbox_enter();
}

static void stage_clear(struct stage *stage)
{
	fuse_daemon_clear(&stage->daemon);
	fake_pod_clear(&stage->pod);
	free(stage->path);
	cleanup_close_fd(&stage->journal);
}

#define cleanup_stage __attribute__((cleanup(stage_clear)))

static void stage_begin(struct stage *stage, const struct scenario *scenario)
{
	*stage = (struct stage){.journal = -EBADF};
	assert_int_equal(ns_sandbox_reset(), 0);
	stage->journal = fake_journal_open();
	assert_true(stage->journal >= 0);
	scenario->begin(stage);
}

struct work {
	const struct fake_member *member;
	const char *verb;
};

static int exec_hook(void *data)
{
	const struct work *work = data;

	if (work->member)
		return fake_member_hook_exec(work->member, work->verb);
	return fake_pod_command_exec(work->verb, NS_SANDBOX_DIR "/output");
}

static char *said_by(const struct work *work)
{
	if (work->member)
		return fake_member_output(work->member);
	return ns_sandbox_read(NS_SANDBOX_DIR "/output");
}

char *scenario_hook(const struct fake_member *member, const char *verb)
{
	struct work work = {.member = member, .verb = verb};
	cleanup_free char *said = NULL;
	char *text = NULL;
	int status = child_run(exec_hook, &work);

	if (status == 0)
		return NULL;
	said = said_by(&work);
	assert_true(asprintf(&text, "%s exits with %d: %s", verb, status, said ? said : "") >= 0);
	return text;
}

/* "… denied [code] …" and the like: one line that says why it ends so. */
static unsigned int count_verdicts(const char *said)
{
	unsigned int n = 0;

	for (const char *line = said; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		cleanup_free char *one = strndup(line, strcspn(line, "\n"));

		assert_non_null(one);
		n += strstr(one, ": denied [") || strstr(one, ": failed [") ||
		     strstr(one, ": cannot ") || strstr(one, "error while loading");
	}
	return n;
}

/* One run with its fault, and what came of it. */
struct trial {
	const struct injector_fault *fault;
	struct injector_outcome outcome;
	const char *before;
	char *after, *said;
};

static bool is_refused(const struct trial *trial)
{
	return trial->outcome.status != 0;
}

/* Not a journal's: one that is not there is no trouble, and what it would have had goes to stderr.
 */
static bool is_about_the_journal(const struct injector_call *call)
{
	static const char *const names[] = {"socket", "connect", "poll", "sendmsg", "timer_create",
		"timer_settime", "rt_sigaction", "memfd_create"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(call_name(call->number), names[i]) == 0)
			return true;
	}
	return strstr(call->text, "socket:") != NULL;
}

/* A child that asks a FUSE mount whether it lives: whatever comes back may be its daemon's word. */
static bool is_daemons_answer(const struct injector_call *call)
{
	return strcmp(call_name(call->number), "statx") == 0 && strchr(call->role, '.');
}

/* Which exit code an error may have: 20 without memory or before there is a run, 19 for all else
 * that the node cannot do. */
static bool is_right_code(const struct trial *trial)
{
	int code = trial->outcome.status;

	if (is_daemons_answer(trial->fault->call) && code == EXIT_INPUT)
		return true;
	/* Of several pods: not what was wrong with one. */
	if (code == EXIT_HOST_IO && strstr(trial->said, " failed\n"))
		return true;
	if (trial->fault->error == ENOMEM || strstr(trial->said, "cannot start"))
		return code == EXIT_INTERNAL;
	return code == EXIT_HOST_IO;
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

/* A path, a process, or what else the line is about. */
static bool names_something(const char *said)
{
	static const char *const words[] = {"/", "pid ", "the pod ", " memory", "timer",
		"cannot start", "standard output", "state: "};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strstr(said, words[i]))
			return true;
	}
	return false;
}

static char *judge_words(const struct tally *tally, const struct trial *trial)
{
	unsigned int verdicts = count_verdicts(trial->said);
	bool prestart = strcmp(tally->scenario->verb, "prestart") == 0;

	if (trial->fault->call->early && is_refused(trial))
		return NULL;
	/* Its words go the same way. */
	if (trial->fault->sticky && strcmp(call_name(trial->fault->call->number), "write") == 0)
		return NULL;
	if (is_refused(trial) && verdicts == 0)
		return strdup("it says nothing of it");
	if (verdicts > 1 && !trial->fault->sticky)
		return strdup("it says more than one thing");
	if (prestart && !is_refused(trial) && verdicts > 0)
		return strdup("it goes on, and says that it failed");
	if (prestart && !is_refused(trial) && trial->said[0] &&
		!is_about_the_journal(trial->fault->call))
		return strdup("it goes on, and says something");
	if (is_refused(trial) && !names_something(trial->said))
		return strdup("it names nothing that it is about");
	return NULL;
}

static char *judge_record(const struct tally *tally, const struct stage *stage)
{
	cleanup_json struct json_object *record = NULL;
	cleanup_free char *path = fake_pod_record_path(&stage->pod);
	cleanup_free char *text = ns_sandbox_read(path);
	const char *failed;
	char *said = NULL;

	if (!text)
		return NULL;
	record = json_schema_load(text, strlen(text));
	failed = json_schema_validate(tally->schema, record);
	if (failed)
		assert_true(asprintf(&said, "the record fails the schema at \"%s\"", failed) >= 0);
	return said;
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

/* A run that has failed leaves what was there before; its pod's record may say why. */
static char *judge_refused(
	const struct tally *tally, const struct stage *stage, const struct trial *trial)
{
	const char *status = status_of(stage);
	cleanup_free char *no_record = NULL, *changed = NULL;
	char *text = NULL;

	/* The supervisor could not do its part, and has killed a worker that was at work already:
	 * as any killed hook, which has tests of its own (tests/ns/ns_test_kill.c). */
	if (strstr(trial->said, "cannot start"))
		return NULL;
	/* What takes it back fails as well: the next run has to do. */
	if (trial->fault->sticky)
		return NULL;
	if (strcmp(status, "created") == 0)
		return strdup("the record calls the container created");
	if (fake_pod_count_files("tmp") > 0)
		return strdup("a temporary file is left");
	if (fake_pod_has_file("pods", stage->pod.uid)) {
		cleanup_free char *path = fake_pod_record_path(&stage->pod);

		if (access(path, F_OK) < 0)
			return strdup("a directory without a record is left");
	}
	/* Whoever could not have it may not remove it either. */
	if (!fake_pod_has_file("pods", stage->pod.uid) && fake_pod_count_files("locks") > 0 &&
		!strstr(trial->fault->call->text, "locks/"))
		return strdup("a lock of no pod is left");
	no_record = state_difference(trial->before, trial->after, "record ");
	if (no_record && tally->scenario->may_change &&
		strstr(no_record, tally->scenario->may_change))
		changed =
			state_difference(trial->before, trial->after, tally->scenario->may_change);
	else
		changed = move_ptr(no_record);
	if (changed && strncmp(changed + 1, "record ", 7) != 0)
		assert_true(asprintf(&text, "changed: %s", changed) >= 0);
	return text;
}

/* A process that cannot be looked at is not gone, and a mount that answers, whatever it is, lives:
 * nothing is cleaned up behind them. */
static bool is_left_alone(const struct trial *trial)
{
	const struct injector_call *call = trial->fault->call;

	return is_daemons_answer(call) || strstr(call->text, "/stat)");
}

static char *judge_gone_on(
	const struct tally *tally, const struct stage *stage, const struct trial *trial)
{
	/* The file of a volume's lock is nobody's: reconcile removes it. */
	cleanup_free char *host =
		state_difference(tally->golden.host, trial->after, "locks/volume-");
	cleanup_free char *container = NULL;
	char *text = NULL;

	if (host) {
		assert_true(asprintf(&text, "not what a good run comes to: %s", host) >= 0);
		return text;
	}
	if (!stage->subject || !tally->golden.container)
		return NULL;
	container = state_of_container(stage->subject);
	host = state_difference(tally->golden.container, container, NULL);
	if (host)
		assert_true(asprintf(&text, "in the container: %s", host) >= 0);
	else if (strcmp(status_of(stage), "created") != 0)
		text = strdup("the record does not call the container created");
	return text;
}

static char *judge(const struct tally *tally, const struct stage *stage, const struct trial *trial)
{
	char *wrong = judge_end(trial);
	bool prestart = strcmp(tally->scenario->verb, "prestart") == 0;

	if (!wrong)
		wrong = judge_words(tally, trial);
	if (!wrong)
		wrong = judge_record(tally, stage);
	if (!wrong && is_refused(trial) && prestart)
		wrong = judge_refused(tally, stage, trial);
	if (!wrong && !is_refused(trial) && count_verdicts(trial->said) == 0 &&
		(prestart || !is_left_alone(trial)))
		wrong = judge_gone_on(tally, stage, trial);
	return wrong;
}

/* Stop and remove every container of the pod: nothing of it may be left then. */
static char *end_pod(struct stage *stage)
{
	char *wrong;

	fuse_daemon_kill(&stage->daemon);
	for (size_t i = 0; i < stage->pod.n_members; i++)
		fake_member_stop(stage->pod.members[i]);
	for (size_t i = 0; i < stage->pod.n_members; i++) {
		wrong = scenario_hook(stage->pod.members[i], "poststop");
		if (wrong)
			return wrong;
	}
	wrong = scenario_hook(NULL, "reconcile");
	if (wrong)
		return wrong;
	if (fake_pod_count_files("pods") + fake_pod_count_files("locks") +
			fake_pod_count_files("tmp") >
		0)
		return strdup("something of the pod's record is left at its end");
	if (ns_sandbox_mounts_on(stage->pod.volume) + ns_sandbox_mounts_on(stage->path) > 0)
		return strdup("a mount is left at the pod's end");
	return NULL;
}

static char *repair(const struct tally *tally, struct stage *stage)
{
	cleanup_free char *host = NULL, *difference = NULL;
	char *text = NULL, *wrong = tally->scenario->repair(stage);

	if (wrong) {
		assert_true(asprintf(&text, "the next run: %s", wrong) >= 0);
		free(wrong);
		return text;
	}
	host = state_of_host(&stage->pod);
	difference = state_difference(tally->golden.host, host, "locks/volume-");
	if (difference)
		assert_true(asprintf(&text, "the next run leaves %s", difference) >= 0);
	return text ? text : end_pod(stage);
}

static void tell(struct tally *tally, const struct trial *trial, const char *wrong)
{
	const struct injector_call *call = trial->fault->call;

	if (wrong)
		tally->found++;
	if (!getenv("FAULT_VERBOSE") && (!wrong || tally->found > SHOWN))
		return;
	print_message("%s%s %s#%u %s%s: exit %d: %s\n%s", wrong ? "WRONG " : "", call->role,
		call->text, call->nth, errno_name(trial->fault->error),
		trial->fault->sticky ? " from there on" : "", trial->outcome.status,
		wrong ? wrong : "ok", trial->said);
}

static bool is_mine(struct slice *slice)
{
	return slice->next++ % slice->all == slice->mine;
}

static struct slice read_slice(void)
{
	struct slice slice = {.all = 1};
	const char *text = getenv("FAULT_SLICE");
	char *end = NULL;

	if (!text)
		return slice;
	slice.mine = (unsigned int)strtoul(text, &end, 10);
	slice.all = *end == '/' ? (unsigned int)strtoul(end + 1, &end, 10) : 0;
	if (*end || slice.mine < 1 || slice.mine > slice.all)
		fail_msg("FAULT_SLICE is \"%s\", expected \"1/2\"", text);
	slice.mine--;
	return slice;
}

static void try_fault(struct tally *tally, const struct injector_fault *fault)
{
	cleanup_stage struct stage stage = {.journal = -EBADF};
	cleanup_free char *before = NULL, *after = NULL, *said = NULL, *wrong = NULL;
	struct trial trial = {.fault = fault};
	struct work work;

	if (!is_mine(&tally->slice))
		return;
	stage_begin(&stage, tally->scenario);
	work = (struct work){.member = stage.subject, .verb = tally->scenario->verb};
	before = state_of_host(&stage.pod);
	if (injector_run(exec_hook, &work, fault, &trial.outcome) < 0)
		fail_msg("the injector does not work");
	after = state_of_host(&stage.pod);
	said = said_by(&work);
	trial.before = before;
	trial.after = after;
	if (!said)
		said = strdup("");
	trial.said = said;
	tally->runs++;
	tally->missed += !trial.outcome.injected;
	tally->harmless += trial.outcome.injected && trial.outcome.status == 0;
	wrong = judge(tally, &stage, &trial);
	if (!wrong)
		wrong = repair(tally, &stage);
	tell(tally, &trial, wrong);
}

/* The same place of the program, about: who, which call, about what but for its numbers. */
static bool is_same_place(const struct injector_call *a, const struct injector_call *b)
{
	const char *x = a->text, *y = b->text;

	if (a->number != b->number || strcmp(a->role, b->role) != 0)
		return false;
	for (;;) {
		x += strspn(x, "0123456789");
		y += strspn(y, "0123456789");
		if (*x != *y)
			return false;
		if (!*x)
			return true;
		x++;
		y++;
	}
}

/* They have no text to tell one place from another: to become another user and root again are the
 * same calls, with a directory made between them. */
static bool changes_user(const struct injector_call *call)
{
	const char *name = call_name(call->number);

	return strcmp(name, "setgroups") == 0 || strcmp(name, "prctl") == 0;
}

static bool is_repeated(const struct injector_calls *calls, size_t i)
{
	if (changes_user(&calls->items[i]))
		return false;
	for (size_t j = 0; j < i; j++) {
		if (is_same_place(&calls->items[j], &calls->items[i]))
			return true;
	}
	return false;
}

/* Up to the first thing that main() does. */
static void mark_early(struct injector_calls *calls)
{
	for (size_t i = 0; i < calls->n && strcmp(call_name(calls->items[i].number), "fcntl") != 0;
		i++)
		calls->items[i].early = true;
}

static bool is_full(void)
{
	const char *full = getenv("FAULT_FULL");

	return full && strcmp(full, "1") == 0;
}

/* FAULT_ONLY=capset: for who looks into one of them. */
static bool is_wanted(const struct injector_call *call)
{
	const char *only = getenv("FAULT_ONLY");

	return !only || strstr(call->text, only);
}

static void try_call(struct tally *tally, const struct injector_call *call)
{
	int errnos[ERRNOS_MAX];
	size_t n = errnos_of(call_name(call->number), errnos);

	for (size_t i = 0; i < n; i++) {
		struct injector_fault fault = {.call = call, .error = errnos[i]};

		try_fault(tally, &fault);
		if (!is_full())
			return;
		fault.sticky = true;
		if (errno_stays(errnos[i]))
			try_fault(tally, &fault);
	}
}

/* An undisturbed run: which calls it makes, and what it comes to. */
static void learn(struct tally *tally, struct injector_calls *ret_calls)
{
	cleanup_stage struct stage stage;
	cleanup_free char *said = NULL, *wrong = NULL;
	struct injector_outcome outcome;
	struct work work;

	stage_begin(&stage, tally->scenario);
	work = (struct work){.member = stage.subject, .verb = tally->scenario->verb};
	assert_int_equal(injector_list(exec_hook, &work, ret_calls, &outcome), 0);
	said = said_by(&work);
	if (outcome.status != 0 || outcome.left > 0)
		fail_msg("undisturbed: exit %d: %s", outcome.status, said ? said : "");
	tally->golden.host = state_of_host(&stage.pod);
	if (stage.subject && stage.subject->process.pid > 0)
		tally->golden.container = state_of_container(stage.subject);
	wrong = repair(tally, &stage);
	if (wrong)
		fail_msg("undisturbed: %s", wrong);
}

static void tally_clear(struct tally *tally)
{
	jsondoc_put(&tally->schema);
	free(tally->golden.host);
	free(tally->golden.container);
}

void scenario_run(const struct scenario *scenario)
{
	__attribute__((cleanup(tally_clear))) struct tally tally = {.scenario = scenario};
	cleanup_injector_calls struct injector_calls calls = {0};

	tally.schema = json_schema_topology();
	tally.slice = read_slice();
	learn(&tally, &calls);
	mark_early(&calls);
	for (size_t i = 0; i < calls.n; i++) {
		if (calls.items[i].early && !scenario->with_early)
			continue;
		if (is_wanted(&calls.items[i]) && (is_full() || !is_repeated(&calls, i)))
			try_call(&tally, &calls.items[i]);
	}
	print_message("%zu calls, %u runs, %u without harm, %u that did not come to the call\n",
		calls.n, tally.runs, tally.harmless, tally.missed);
	if (tally.found > 0)
		fail_msg("%u of %u runs are not as they should be", tally.found, tally.runs);
}
