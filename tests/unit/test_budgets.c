/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stage may take at most, against the timeout that its file of hooks.d names: a runtime that
 * ends the hook itself leaves its children, and tells nobody why.
 */
#include "hook/cmd/program.h"
#include "hook/record/lock.h"
#include "hook/sandbox/worker_status.h"
#include "hook/worker/supervise.h"
#include "oci/base/cleanup.h"
#include "policy/config/config.h"
#include "policy/config/hooksd.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <string.h>

#define SECOND UINT64_C(1000000)

/* For saying it: the journal's entry, the count for metrics, the runtime's own start. */
#define REPORT_USEC (2 * SECOND)

/* The kubelet gives up a request after two minutes. */
#define REQUEST_USEC (120 * SECOND)

static const struct command *find_command(const char *stage)
{
	char program[] = "fuse-sidecar-hook", verb[32];
	char *argv[] = {program, verb, NULL};
	struct options options = {0};
	const struct command *command;
	int code = -1;

	snprintf(verb, sizeof(verb), "%s", stage);
	command = commands_parse(&hook_program, 2, argv, &options, &code);
	assert_non_null(command);
	return command;
}

/* The gate holds a container for as long as its pod asks, a look that does not wait for as long as
 * a probe may take; the policy's limits are these. */
static uint64_t longest_wait(const struct command *command)
{
	return command->never_fails ? 0 : CONFIG_GATE_MAX_USEC;
}

static uint64_t longest_run(const struct command *command)
{
	return command->budget_usec + longest_wait(command) + SUPERVISE_DEATH_USEC;
}

static void expect_within(const char *name, const struct hooksd *hook)
{
	uint64_t timeout_usec = (uint64_t)hook->timeout * SECOND;

	assert_true(hook->has_timeout && hook->timeout > 0);
	assert_int_equal(hook->args.n, 2);
	for (size_t i = 0; i < hook->stages.n; i++) {
		const struct command *command = find_command(hook->stages.items[i]);

		assert_string_equal(hook->args.items[1], hook->stages.items[i]);
		if (longest_run(command) + REPORT_USEC > timeout_usec)
			fail_msg("%s: %s may take %llu us, and its timeout is %ld s", name,
				hook->stages.items[i], (unsigned long long)longest_run(command),
				hook->timeout);
	}
	assert_true(timeout_usec < REQUEST_USEC);
}

static void the_longest_run_ends_before_the_runtimes_patience(void **state)
{
	cleanup_strv struct strv names = {0};

	(void)state;
	fixture_glob("../crio-hooks.d/*.json", &names);
	assert_int_equal(names.n, 2);
	for (size_t i = 0; i < names.n; i++) {
		cleanup_hooksd struct hooksd hook = {0};
		cleanup_free char *text = fixture_read(names.items[i], NULL);

		assert_int_equal(hooksd_parse(text, strlen(text), names.items[i], &hook, NULL), 0);
		expect_within(names.items[i], &hook);
	}
}

/* Both stages under every name have the budget that the two files were written for. */
static void every_stage_has_a_budget(void **state)
{
	static const char *const stages[] = {"prestart", "createRuntime", "poststop"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		const struct command *command = find_command(stages[i]);

		assert_false(command->for_people);
		assert_int_equal(command->budget_usec, WORKER_STATUS_STAGE_USEC);
	}
}

/* Who waits for a lock in vain still says so itself, and with time for the rest of its run. */
static void a_lock_is_given_up_before_the_run_is(void **state)
{
	(void)state;
	assert_true(LOCK_TIMEOUT_USEC + 2 * SECOND < WORKER_STATUS_STAGE_USEC);
}

/* What a probe may be given by the policy is no more than a gate. */
static void no_policy_asks_for_more(void **state)
{
	static const char *const refused[] = {
		"{\"gate\": {\"max\": \"91s\"}}", "{\"probeTimeout\": \"91s\"}"};
	static const char longest[] = "{\"gate\": {\"max\": \"90s\"}, \"probeTimeout\": \"90s\"}";
	cleanup_config struct config config = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		cleanup_config struct config other = {0};
		cleanup_error struct error err = {0};

		assert_true(config_parse(refused[i], strlen(refused[i]), "policy.json", &other,
				    &err) < 0);
	}
	assert_int_equal(config_parse(longest, strlen(longest), "policy.json", &config, NULL), 0);
	assert_true(config.gate_max_usec <= CONFIG_GATE_MAX_USEC);
	assert_true(config.probe_timeout_usec <= CONFIG_GATE_MAX_USEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_run_ends_before_the_runtimes_patience),
		cmocka_unit_test(every_stage_has_a_budget),
		cmocka_unit_test(a_lock_is_given_up_before_the_run_is),
		cmocka_unit_test(no_policy_asks_for_more),
	};

	return cmocka_run_group_tests_name("budgets", tests, NULL, NULL);
}
