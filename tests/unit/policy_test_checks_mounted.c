/* SPDX-License-Identifier: Apache-2.0 */
/* What is on a provider's path already, and what is said of it. */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "policy/check/judge.h"
#include "tests/support/world.h"

#define PATH "/mnt/media/zurg"
#define CONFLICT "deny mountpoint-conflict " PATH

static char path[] = PATH, other_path[] = "/mnt/media/torbox", owner[] = "x of the pod a/b";

static const struct {
	const char *what;
	struct mounted_path found;
	const char *summary, *says;
} cases[] = {
	{"a live one of another pod", {path, PATH_LIVE, false, 0, owner}, CONFLICT,
		"which belongs to x of the pod a/b"},
	{"a live one of nobody", {path, PATH_LIVE, false, 0, NULL}, CONFLICT,
		"no pod's record says whose"},
	{"the former instance's", {path, PATH_LIVE, false, 4711, owner}, CONFLICT, "(pid 4711)"},
	{"a dead one that is the hook's to detach", {path, PATH_DEAD, true, 0, NULL}, "", NULL},
	{"a dead one of another pod", {path, PATH_DEAD, false, 0, owner}, CONFLICT,
		"has a dead mount"},
	{"a dead one of nobody", {path, PATH_DEAD, false, 0, NULL}, CONFLICT, "has a dead mount"},
	{"one that hangs", {path, PATH_HUNG, false, 0, NULL}, "warn mount-hung " PATH,
		"does not answer"},
	{"another provider's path", {other_path, PATH_LIVE, false, 0, NULL}, "", NULL},
};

static void judge_mounted(
	struct world *world, const struct mounted_path *found, struct findings *findings)
{
	struct mounted_path items[] = {*found};
	const struct mounted mounted = {items, 1};
	cleanup_targets struct targets targets = {0};
	struct facts facts = *world_facts(world);

	facts.mounted = &mounted;
	assert_int_equal(targets_resolve(&facts, &targets), 0);
	assert_int_equal(check_mounted(&facts, &targets, findings), 0);
}

static void what_is_not_the_hooks_to_detach_is_in_the_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_findings struct findings findings = {0};
		cleanup_free char *summary = NULL;
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		judge_mounted(&world, &cases[i].found, &findings);
		summary = world_summary(&findings);
		if (strcmp(summary, cases[i].summary) != 0)
			fail_msg("%s: found \"%s\"", cases[i].what, summary);
		if (cases[i].says && !strstr(findings.items[0].message, cases[i].says))
			fail_msg("%s: %s", cases[i].what, findings.items[0].message);
	}
}

/* Whether it is the container's to heal hangs on what that may do. */
static void of_a_container_that_is_denied_nothing_is_said(void **state)
{
	cleanup_findings struct findings findings = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	assert_int_equal(
		findings_add_as(&findings, FINDING_NO_NEW_PRIVS, SEVERITY_DENY, "x", "y", "z"), 0);
	judge_mounted(&world, &cases[0].found, &findings);
	assert_int_equal(findings.n, 1);
}

/* No step is planned for it: nothing is made before it is known. */
static void the_judge_denies_it_with_no_plan(void **state)
{
	struct mounted_path items[] = {cases[0].found};
	const struct mounted mounted = {items, 1};
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;
	struct facts facts;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	facts = *world_facts(&world);
	facts.mounted = &mounted;
	assert_int_equal(judge(&facts, &judgement), 0);
	assert_int_equal(judgement.verdict, VERDICT_DENY);
	assert_int_equal(judgement.exit, EXIT_INPUT);
	assert_int_equal(judgement.plan.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_the_hooks_to_detach_is_in_the_way),
		cmocka_unit_test(of_a_container_that_is_denied_nothing_is_said),
		cmocka_unit_test(the_judge_denies_it_with_no_plan),
	};

	return cmocka_run_group_tests_name("checks_mounted", tests, NULL, NULL);
}
