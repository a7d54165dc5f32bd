/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/scenario.h"

#include "oci/base/cleanup.h"
#include "tests/fault/call_text.h"
#include "tests/fault/errnos.h"
#include "tests/fault/injector.h"
#include "tests/fault/judge.h"
#include "tests/fault/said.h"
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
	if (ns_sandbox_mounts_on(stage->pod.volume) > stage->volume_mounts ||
		ns_sandbox_mounts_on(stage->path) > 0)
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
	difference = state_difference(tally->golden.host, host, "locks/");
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

static void run_trial(struct trial *trial)
{
	struct stage *stage = trial->stage;
	struct work work = {.member = stage->subject, .verb = trial->scenario->verb};

	trial->before = state_of_host(&stage->pod);
	if (injector_run(exec_hook, &work, trial->fault, &trial->outcome) < 0)
		fail_msg("the injector does not work");
	trial->after = state_of_host(&stage->pod);
	trial->said = said_by(&work);
	/* It did not come to the program: the loader's calls are among those that fail. */
	if (!trial->said)
		trial->said = strdup("");
	assert_non_null(trial->said);
	trial->told = said_to_journal(stage->journal);
}

static void try_fault(struct tally *tally, const struct injector_fault *fault)
{
	cleanup_stage struct stage stage = {.journal = -EBADF};
	cleanup_free char *wrong = NULL;
	cleanup_trial struct trial trial = {
		.scenario = tally->scenario,
		.golden = &tally->golden,
		.schema = tally->schema,
		.stage = &stage,
		.fault = fault,
	};

	if (!is_mine(&tally->slice))
		return;
	stage_begin(&stage, tally->scenario);
	run_trial(&trial);
	tally->runs++;
	tally->missed += !trial.outcome.injected;
	tally->harmless += trial.outcome.injected && trial.outcome.status == 0;
	wrong = judge_trial(&trial);
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
