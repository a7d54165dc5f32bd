/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "policy/check/plan.h"
#include "policy/report/report.h"
#include "tests/support/world.h"

#define MEDIA                                                                                      \
	"{'destination': '/mnt/media', 'type': 'bind', 'source': '" WORLD_VOLUME "',"              \
	" 'options': ['rbind', 'rshared']}"
#define MOUNT(where, options)                                                                      \
	"[" MEDIA ", {'destination': '" where "', 'type': 'bind', 'source': '/srv/x', 'options': " \
	"[" options "]}]"

static const struct {
	const char *mounts, *summary;
	bool shown;
} cases[] = {
	{"[" MEDIA "]", "", true},
	{MOUNT("/run/fuse-sidecar", "'rbind', 'rshared'"),
		"deny topology-place-taken /run/fuse-sidecar", false},
	/* however its mounts travel, and whatever it is */
	{MOUNT("/run/fuse-sidecar", "'rbind', 'rprivate', 'ro'"),
		"deny topology-place-taken /run/fuse-sidecar", false},
	{MOUNT("/run/fuse-sidecar/", "'bind'"), "deny topology-place-taken /run/fuse-sidecar",
		false},
	{"[" MEDIA ", {'destination': '/run/fuse-sidecar', 'type': 'tmpfs', 'source': 'tmpfs'}]",
		"deny topology-place-taken /run/fuse-sidecar", false},
	{MOUNT("/run/fuse-sidecar/topology.json", "'bind'"),
		"deny topology-place-taken /run/fuse-sidecar/topology.json", false},
	{MOUNT("/run/fuse-sidecar/deep/down", "'bind'"),
		"deny topology-place-taken /run/fuse-sidecar/deep/down", false},
	{MOUNT("/var/run/fuse-sidecar", "'bind'"),
		"deny topology-place-taken /var/run/fuse-sidecar", false},
	/* nearly */
	{MOUNT("/run/fuse-sidecar2", "'rbind', 'rshared'"), "", true},
	{MOUNT("/run/fuse", "'rbind', 'rshared'"), "", true},
	{MOUNT("/srv/run/fuse-sidecar", "'rbind', 'rshared'"), "", true},
	{MOUNT("/run/secrets", "'rbind', 'rshared'"), "", true},
	/* what holds the place */
	{MOUNT("/run", "'rbind', 'rshared'"), "warn topology-not-shown /run", false},
	{MOUNT("/run", "'bind', 'shared'"), "warn topology-not-shown /run", false},
	{MOUNT("/var/run", "'rbind', 'rshared'"), "warn topology-not-shown /var/run", false},
	{MOUNT("/run", "'rbind', 'rslave'"), "", true},
	{MOUNT("/run", "'rbind', 'rprivate'"), "", true},
	{MOUNT("/run", "'rbind'"), "", true},
	{MOUNT("/var", "'rbind', 'rshared'"), "", true},
	{"[" MEDIA ", {'destination': '/run', 'type': 'tmpfs', 'source': 'tmpfs',"
	 " 'options': ['shared']}]",
		"", true},
};

static bool is_planned(struct world *world)
{
	cleanup_targets struct targets targets = {0};
	cleanup_plan struct plan plan = {0};
	bool found = false;

	assert_int_equal(targets_resolve(&world->facts, &targets), 0);
	assert_int_equal(plan_build(&world->facts, &targets, targets_role(&targets), &plan), 0);
	for (size_t i = 0; i < plan.n; i++)
		found = found || plan.steps[i].action == PLAN_EXPOSE;
	return found;
}

static void the_place_must_be_the_containers_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "mounts", cases[i].mounts);
		world_expect(&world, check_exposure, cases[i].mounts, cases[i].summary);
		if (is_planned(&world) != cases[i].shown)
			fail_msg("%s: %s", cases[i].mounts,
				cases[i].shown ? "not planned" : "planned all the same");
	}
}

static void no_fuse_path_is_there_either(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts.0.destination", "'/run'");
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/run/fuse-sidecar/zurg");
	world_expect(&world, check_exposure, "a FUSE path",
		"deny topology-place-taken /run/fuse-sidecar/zurg");
	assert_false(is_planned(&world));
}

static void who_is_not_shown_it_may_have_the_place(void **state)
{
	cleanup_world struct world world, other;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts", MOUNT("/run/fuse-sidecar", "'bind'"));
	world_annotate(&world, ANNOTATION_EXPOSE, "false");
	world_expect(&world, check_exposure, "not wanted", "");
	assert_false(is_planned(&world));
	/* A container that has nothing to do with a FUSE path. */
	world_begin(&other);
	world_consumer(&other);
	world_set(&other, "mounts",
		"[{'destination': '/run/fuse-sidecar', 'type': 'bind',"
		" 'source': '/srv/x'}]");
	world_expect(&other, check_exposure, "a bystander", "");
	assert_false(is_planned(&other));
}

/* A policy can let it pass, and then nothing is shown. */
static void what_is_ignored_is_not_planned(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world.config.severity[FINDING_TOPOLOGY_PLACE_TAKEN] = SEVERITY_IGNORE;
	world_set(&world, "mounts", MOUNT("/run/fuse-sidecar", "'bind'"));
	world_expect(&world, check_exposure, "ignored", "");
	assert_false(is_planned(&world));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_place_must_be_the_containers_own),
		cmocka_unit_test(no_fuse_path_is_there_either),
		cmocka_unit_test(who_is_not_shown_it_may_have_the_place),
		cmocka_unit_test(what_is_ignored_is_not_planned),
	};

	return cmocka_run_group_tests_name("checks: exposure", tests, NULL, NULL);
}
