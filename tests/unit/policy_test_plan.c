/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/check/plan.h"

#include "oci/base/cleanup.h"
#include "tests/support/world.h"
#include <string.h>

#define V WORLD_VOLUME
#define HOST "1 0 8:1 / / rw - ext4 /dev/a rw\n"
#define PRIVATE HOST "2 1 0:50 / " V " rw - nfs4 nas:/media rw\n"
#define TABLE "11 10 8:1 / / rw - ext4 /dev/a rw\n13 11 0:60 / /c rw - overlay overlay rw\n"

static enum role build(struct world *world, struct plan *ret)
{
	cleanup_targets struct targets targets = {0};
	const struct facts *facts = world_facts(world);
	enum role role;

	assert_int_equal(targets_resolve(facts, &targets), 0);
	role = targets_role(&targets);
	assert_int_equal(plan_build(facts, &targets, role, ret), 0);
	return role;
}

struct expected {
	enum plan_action action;
	const char *host_path;	    /* NULL: none */
	const char *container_path; /* NULL: none */
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_plan(struct world *world, const struct expected *expected, size_t n)
{
	cleanup_plan struct plan plan = {0};

	build(world, &plan);
	for (size_t i = 0; i < plan.n && i < n; i++) {
		const struct plan_step *step = &plan.steps[i];

		if (step->action != expected[i].action ||
			!same(step->host_path, expected[i].host_path) ||
			!same(step->container_path, expected[i].container_path))
			fail_msg("step %zu is %s of %s in %s", i + 1,
				plan_action_name(step->action),
				step->host_path ? step->host_path : "-",
				step->container_path ? step->container_path : "-");
	}
	assert_int_equal(plan.n, n);
}

#define CHECK_PLAN(world, ...)                                                                     \
	do {                                                                                       \
		const struct expected expected_[] = {__VA_ARGS__};                                 \
		check_plan((world), expected_, ARRAY_SIZE(expected_));                             \
	} while (0)

static const struct plan_step *find_step(const struct plan *plan, enum plan_action action)
{
	size_t i = 0;

	while (i < plan->n && plan->steps[i].action != action)
		i++;
	if (i == plan->n)
		fail_msg("no %s in the plan", plan_action_name(action));
	return &plan->steps[i];
}

static void a_provider_on_a_shared_volume_gets_its_directory_and_a_proof(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	CHECK_PLAN(&world, {PLAN_CREATE_DIRECTORY, V "/zurg", NULL},
		{PLAN_VERIFY_PROPAGATION, V "/zurg", "/mnt/media/zurg"},
		{PLAN_DETACH_STALE, V "/zurg", NULL}, {PLAN_RECORD, NULL, NULL},
		{PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH});
}

static void a_consumer_on_a_shared_volume_gets_a_proof_and_waits_last(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	CHECK_PLAN(&world, {PLAN_VERIFY_PROPAGATION, V "/zurg", "/mnt/media/zurg"},
		{PLAN_VERIFY_PROPAGATION, V "/torbox", "/mnt/media/torbox"},
		{PLAN_RECORD, NULL, NULL}, {PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH},
		{PLAN_WAIT, V "/zurg", "/mnt/media/zurg"},
		{PLAN_WAIT, V "/torbox", "/mnt/media/torbox"});
}

static void a_private_mountpoint_is_made_shared_once_and_the_bind_replaced_once(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS,
		"rclone-zurg=/mnt/media/zurg, rclone-zurg=/mnt/media/torbox");
	world_host(&world, PRIVATE);
	CHECK_PLAN(&world, {PLAN_CREATE_DIRECTORY, V "/zurg", NULL},
		{PLAN_CREATE_DIRECTORY, V "/torbox", NULL}, {PLAN_MAKE_SHARED, V, NULL},
		{PLAN_REPLACE_BIND, V, "/mnt/media"},
		{PLAN_VERIFY_PROPAGATION, V "/zurg", "/mnt/media/zurg"},
		{PLAN_VERIFY_PROPAGATION, V "/torbox", "/mnt/media/torbox"},
		{PLAN_DETACH_STALE, V "/zurg", NULL}, {PLAN_DETACH_STALE, V "/torbox", NULL},
		{PLAN_RECORD, NULL, NULL}, {PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH});
}

static void a_directory_of_a_private_mount_is_bound_on_itself(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_host(&world, HOST);
	world_container(&world, TABLE "14 13 8:1 " V " /c/mnt/media rw shared:9 - ext4 a rw\n");
	CHECK_PLAN(&world, {PLAN_CREATE_DIRECTORY, V "/zurg", NULL}, {PLAN_BIND_SHARED, V, NULL},
		{PLAN_REPLACE_BIND, V, "/mnt/media"},
		{PLAN_VERIFY_PROPAGATION, V "/zurg", "/mnt/media/zurg"},
		{PLAN_DETACH_STALE, V "/zurg", NULL}, {PLAN_RECORD, NULL, NULL},
		{PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH});
}

static void a_consumer_that_comes_first_shares_a_private_volume(void **state)
{
	cleanup_plan struct plan plan = {0};
	cleanup_world struct world world;
	const struct plan_step *replace;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_host(&world, PRIVATE);
	world_container(&world, TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n");
	world_set(&world, "mounts.0.options", "['rbind', 'rslave', 'ro']");
	assert_int_equal(build(&world, &plan), ROLE_CONSUMER);
	assert_int_equal(plan.steps[0].action, PLAN_MAKE_SHARED);
	assert_string_equal(plan.steps[0].volume, V);
	replace = find_step(&plan, PLAN_REPLACE_BIND);
	assert_int_equal(replace->propagation, PROPAGATION_SLAVE);
	assert_true(replace->recursive);
	assert_true(replace->readonly);
	assert_string_equal(replace->path, "/mnt/media/zurg");
	assert_string_equal(replace->provider, "rclone-zurg");
}

static void without_the_containers_table_the_hosts_side_decides(void **state)
{
	cleanup_plan struct plan shared = {0}, private = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_container(&world, NULL);
	build(&world, &shared);
	assert_int_equal(shared.n, 5);
	world_host(&world, PRIVATE);
	build(&world, &private);
	assert_int_equal(private.n, 7);
	find_step(&private, PLAN_REPLACE_BIND);
}

static void a_bind_that_was_made_before_the_sharing_is_replaced(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_container(&world, TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n");
	CHECK_PLAN(&world, {PLAN_REPLACE_BIND, V, "/mnt/media"},
		{PLAN_VERIFY_PROPAGATION, V "/zurg", "/mnt/media/zurg"},
		{PLAN_VERIFY_PROPAGATION, V "/torbox", "/mnt/media/torbox"},
		{PLAN_RECORD, NULL, NULL}, {PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH},
		{PLAN_WAIT, V "/zurg", "/mnt/media/zurg"},
		{PLAN_WAIT, V "/torbox", "/mnt/media/torbox"});
}

static void a_bind_of_a_directory_between_is_replaced_by_that_directory(void **state)
{
	cleanup_world struct world world;
	struct topology_path *path;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/sub/zurg");
	world_set(&world, "mounts.0.source", "'" V "/sub'");
	world_container(&world, TABLE "14 13 0:50 /sub /c/mnt/media rw - nfs4 n rw\n");
	path = topology_ensure_path(&world.topology, "/mnt/media/sub/zurg");
	path->host_path = strdup(V "/sub/zurg");
	path->volume = strdup(V);
	CHECK_PLAN(&world, {PLAN_REPLACE_BIND, V "/sub", "/mnt/media"},
		{PLAN_VERIFY_PROPAGATION, V "/sub/zurg", "/mnt/media/zurg"},
		{PLAN_RECORD, NULL, NULL}, {PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH},
		{PLAN_WAIT, V "/sub/zurg", "/mnt/media/zurg"});
}

static void a_mountpoint_below_the_volume_is_shared_and_replaced_in_its_place(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/disk/zurg");
	world_host(&world, HOST "2 1 0:50 / " V " rw shared:2 - nfs4 n rw\n"
				"3 2 0:51 / " V "/disk rw - ext4 d rw\n");
	world_container(&world, TABLE "14 13 0:50 / /c/mnt/media rw shared:2 - nfs4 n rw\n"
				      "15 14 0:51 / /c/mnt/media/disk rw - ext4 d rw\n");
	CHECK_PLAN(&world, {PLAN_CREATE_DIRECTORY, V "/disk/zurg", NULL},
		{PLAN_MAKE_SHARED, V "/disk", NULL},
		{PLAN_REPLACE_BIND, V "/disk", "/mnt/media/disk"},
		{PLAN_VERIFY_PROPAGATION, V "/disk/zurg", "/mnt/media/disk/zurg"},
		{PLAN_DETACH_STALE, V "/disk/zurg", NULL}, {PLAN_RECORD, NULL, NULL},
		{PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH});
}

static void what_a_recursive_clone_brings_along_is_not_replaced_again(void **state)
{
	cleanup_plan struct plan plan = {0};
	cleanup_world struct world world;
	size_t replaced = 0;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS,
		"rclone-zurg=/mnt/media/zurg, rclone-zurg=/mnt/media/disk/zurg");
	world_host(&world, PRIVATE "3 2 0:51 / " V "/disk rw - ext4 d rw\n");
	world_container(&world, TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n"
				      "15 14 0:51 / /c/mnt/media/disk rw - ext4 d rw\n");
	build(&world, &plan);
	for (size_t i = 0; i < plan.n; i++)
		replaced += plan.steps[i].action == PLAN_REPLACE_BIND;
	assert_int_equal(replaced, 1);
	assert_string_equal(find_step(&plan, PLAN_REPLACE_BIND)->container_path, "/mnt/media");
}

/* A host and a container table on which the container's bind is not to be touched. */
static void what_a_clone_would_not_mend_is_left_alone(void **state)
{
	static const struct {
		const char *what, *host, *container, *options;
	} cases[] = {
		{"another file system in the container", NULL,
			TABLE "14 13 0:77 / /c/mnt/media rw - nfs4 n rw\n", NULL},
		{"another directory in the container", NULL,
			TABLE "14 13 0:50 /x /c/mnt/media rw - nfs4 n rw\n", NULL},
		{"a declaration that would not do", NULL,
			TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n",
			"['rbind', 'rprivate']"},
		{"no declaration", PRIVATE, TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n",
			"['rbind']"},
		{"a slave of the host's mount", NULL,
			TABLE "14 13 0:50 / /c/mnt/media rw master:2 - nfs4 n rw\n", NULL},
		{"a peer of the host's mount", NULL,
			TABLE "14 13 0:50 / /c/mnt/media rw shared:2 - nfs4 n rw\n", NULL},
		{"no mount at the anchor", HOST "3 1 0:51 / " V " rw - ext4 d rw\n",
			TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_plan struct plan plan = {0};
		cleanup_world struct world world;

		world_begin(&world);
		world_consumer(&world);
		if (cases[i].host)
			world_host(&world, cases[i].host);
		world_container(&world, cases[i].container);
		if (cases[i].options)
			world_set(&world, "mounts.0.options", cases[i].options);
		build(&world, &plan);
		for (size_t j = 0; j < plan.n; j++)
			if (plan.steps[j].action == PLAN_REPLACE_BIND)
				fail_msg("%s", cases[i].what);
	}
}

static void the_node_leaves_some_mounts_as_they_are(void **state)
{
	static const struct {
		const char *what, *host, *mounts, *source;
	} cases[] = {
		{"@node", PRIVATE, "@node=/mnt/media/zurg", "'" V "'"},
		{"outside the roots", HOST, "rclone-zurg=/mnt/media/zurg", "'/srv/media'"},
		{"not the pod's own", HOST, "rclone-zurg=/mnt/media/zurg",
			"'/var/lib/kubelet/pods/0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22/volumes/x'"},
		{"unbindable", "1 0 8:1 / / rw unbindable - ext4 a rw\n",
			"rclone-zurg=/mnt/media/zurg", "'" V "'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_plan struct plan plan = {0};
		cleanup_world struct world world;

		world_begin(&world);
		world_consumer(&world);
		world_annotate(&world, ANNOTATION_MOUNTS, cases[i].mounts);
		world_set(&world, "mounts.0.source", cases[i].source);
		world_host(&world, cases[i].host);
		world_container(&world, NULL);
		build(&world, &plan);
		if (plan.steps[0].action != PLAN_VERIFY_PROPAGATION)
			fail_msg("%s: %s", cases[i].what, plan_action_name(plan.steps[0].action));
		find_step(&plan, PLAN_WAIT);
	}
}

static void an_unbindable_mountpoint_can_be_made_shared(void **state)
{
	cleanup_plan struct plan plan = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_host(&world, HOST "2 1 0:50 / " V " rw unbindable - nfs4 n rw\n");
	build(&world, &plan);
	assert_string_equal(find_step(&plan, PLAN_MAKE_SHARED)->host_path, V);
}

static void a_directory_is_the_providers_unless_the_pod_says_whose(void **state)
{
	static const struct {
		const char *owner, *mode;
		uid_t uid;
		gid_t gid;
		mode_t want;
	} cases[] = {
		{NULL, NULL, 568, 569, 0755},
		{"1000", NULL, 1000, 569, 0755},
		{"1000:2000", "0770", 1000, 2000, 0770},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_plan struct plan plan = {0};
		cleanup_world struct world world;
		const struct plan_step *step;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "process.user", "{'uid': 568, 'gid': 569}");
		world_annotate(&world, ANNOTATION_DIR_OWNER, cases[i].owner);
		world_annotate(&world, ANNOTATION_DIR_MODE, cases[i].mode);
		build(&world, &plan);
		step = find_step(&plan, PLAN_CREATE_DIRECTORY);
		assert_int_equal(step->uid, cases[i].uid);
		assert_int_equal(step->gid, cases[i].gid);
		assert_int_equal(step->mode, cases[i].want);
		assert_string_equal(step->volume, V);
	}
}

static void the_wait_is_the_pods_or_the_nodes_and_never_above_its_maximum(void **state)
{
	static const struct {
		const char *wait;
		uint64_t seconds;
	} cases[] = {{NULL, 30}, {"5s", 5}, {"0s", 0}, {"10m", 90}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_plan struct plan plan = {0};
		cleanup_world struct world world;

		world_begin(&world);
		world_consumer(&world);
		world_annotate(&world, ANNOTATION_WAIT, cases[i].wait);
		build(&world, &plan);
		assert_int_equal(find_step(&plan, PLAN_WAIT)->timeout_usec,
			cases[i].seconds * UINT64_C(1000000));
	}
}

static void nothing_is_exposed_where_the_pod_says_so(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_EXPOSE, "false");
	CHECK_PLAN(&world, {PLAN_CREATE_DIRECTORY, V "/zurg", NULL},
		{PLAN_VERIFY_PROPAGATION, V "/zurg", "/mnt/media/zurg"},
		{PLAN_DETACH_STALE, V "/zurg", NULL}, {PLAN_RECORD, NULL, NULL});
}

static void a_bystander_is_recorded_and_nothing_else(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[]");
	CHECK_PLAN(&world, {PLAN_RECORD, NULL, NULL});
}

static void an_inactive_container_has_no_plan(void **state)
{
	const struct targets none = {0};
	cleanup_plan struct plan plan = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	assert_int_equal(plan_build(world_facts(&world), &none, ROLE_INACTIVE, &plan), 0);
	assert_int_equal(plan.n, 0);
}

static void a_path_whose_place_is_unknown_has_no_steps(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts.0.source", "'relative'");
	CHECK_PLAN(&world, {PLAN_RECORD, NULL, NULL}, {PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH});
}

static void who_is_inside_a_path_waits_for_it_as_well(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts.0.destination", "'/mnt/media/zurg'");
	CHECK_PLAN(&world, {PLAN_RECORD, NULL, NULL}, {PLAN_EXPOSE, NULL, PLAN_EXPOSE_PATH},
		{PLAN_WAIT, V, NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_on_a_shared_volume_gets_its_directory_and_a_proof),
		cmocka_unit_test(a_consumer_on_a_shared_volume_gets_a_proof_and_waits_last),
		cmocka_unit_test(
			a_private_mountpoint_is_made_shared_once_and_the_bind_replaced_once),
		cmocka_unit_test(a_directory_of_a_private_mount_is_bound_on_itself),
		cmocka_unit_test(a_consumer_that_comes_first_shares_a_private_volume),
		cmocka_unit_test(without_the_containers_table_the_hosts_side_decides),
		cmocka_unit_test(a_bind_that_was_made_before_the_sharing_is_replaced),
		cmocka_unit_test(a_bind_of_a_directory_between_is_replaced_by_that_directory),
		cmocka_unit_test(a_mountpoint_below_the_volume_is_shared_and_replaced_in_its_place),
		cmocka_unit_test(what_a_recursive_clone_brings_along_is_not_replaced_again),
		cmocka_unit_test(what_a_clone_would_not_mend_is_left_alone),
		cmocka_unit_test(the_node_leaves_some_mounts_as_they_are),
		cmocka_unit_test(an_unbindable_mountpoint_can_be_made_shared),
		cmocka_unit_test(a_directory_is_the_providers_unless_the_pod_says_whose),
		cmocka_unit_test(the_wait_is_the_pods_or_the_nodes_and_never_above_its_maximum),
		cmocka_unit_test(nothing_is_exposed_where_the_pod_says_so),
		cmocka_unit_test(a_bystander_is_recorded_and_nothing_else),
		cmocka_unit_test(an_inactive_container_has_no_plan),
		cmocka_unit_test(a_path_whose_place_is_unknown_has_no_steps),
		cmocka_unit_test(who_is_inside_a_path_waits_for_it_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
