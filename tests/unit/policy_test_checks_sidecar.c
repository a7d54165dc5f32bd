/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "tests/support/world.h"

static void a_healthy_pod_is_well_made(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_expect(&world, check_sidecar, "provider", "");
	world_consumer(&world);
	world_expect(&world, check_sidecar, "consumer", "");
}

static void a_consumer_needs_one_direction_only(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts.0.options", "['rbind', 'rshared']");
	world_expect(
		&world, check_sidecar, "bidirectional", "warn consumer-bidirectional /mnt/media");
	/* A volume that has nothing to do with the FUSE paths may be what it likes. */
	world_set(&world, "mounts.0.destination", "'/other'");
	world_expect(&world, check_sidecar, "another volume", "");
}

static void a_consumer_needs_no_privilege(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "process.capabilities.effective", "['CAP_SYS_ADMIN']");
	world_expect(&world, check_sidecar, "one capability", "");
	world_set(&world, "linux.resources.devices", "[{'allow': true, 'access': 'rwm'}]");
	world_expect(&world, check_sidecar, "privileged", "warn consumer-privileged plex");
}

static void a_provider_has_both_limits(void **state)
{
	static const struct {
		const char *memory, *cpu, *summary, *missing;
	} cases[] = {
		{"{'limit': 1}", "{'quota': 1, 'period': 1}", "", NULL},
		{NULL, "{'quota': 1, 'period': 1}", "warn limits-missing rclone-zurg", "memory"},
		{"{'limit': 1}", NULL, "warn limits-missing rclone-zurg", "CPU"},
		{"{'limit': 1}", "{'shares': 2}", "warn limits-missing rclone-zurg", "CPU"},
		{NULL, NULL, "warn limits-missing rclone-zurg", "memory and CPU"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_findings struct findings findings = {0};
		cleanup_targets struct targets targets = {0};
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "linux.resources.memory", cases[i].memory);
		world_set(&world, "linux.resources.cpu", cases[i].cpu);
		world_expect(&world, check_sidecar, "limits", cases[i].summary);
		if (!cases[i].missing)
			continue;
		assert_int_equal(targets_resolve(&world.facts, &targets), 0);
		assert_int_equal(check_sidecar(&world.facts, &targets, &findings), 0);
		assert_non_null(strstr(findings.items[0].message, cases[i].missing));
	}
}

static void a_consumer_may_be_without_limits(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "linux.resources.memory", NULL);
	world_set(&world, "linux.resources.cpu", NULL);
	world_expect(&world, check_sidecar, "consumer", "");
}

/* Another container of the pod whose remote control listens there. */
static struct topology_container *record(struct world *world, const char *name, const char *address)
{
	struct topology_container *other = topology_ensure_container(&world->topology, name);

	assert_non_null(other);
	other->status = CONTAINER_CREATED;
	assert_int_equal(strv_add(&other->rc_addresses, address), 0);
	return other;
}

static void two_containers_of_a_pod_may_not_have_one_port(void **state)
{
	static const struct {
		const char *other, *args, *summary;
	} cases[] = {
		{":5572", "['rclone', 'mount', 'z:', '/mnt/media/zurg', '--rc']",
			"deny rc-port-conflict localhost:5572"},
		{"127.0.0.1:5572", "['rclone', 'mount', 'z:', '/mnt/media/zurg', '--rc']",
			"deny rc-port-conflict localhost:5572"},
		{":5573", "['rclone', 'mount', 'z:', '/mnt/media/zurg', '--rc']", ""},
		{"127.0.0.2:5572", "['rclone', 'mount', 'z:', '/mnt/media/zurg', '--rc']", ""},
		{":5572", "['rclone', 'mount', 'z:', '/mnt/media/zurg']", ""},
		{":5573",
			"['rclone', 'mount', 'z:', '/mnt/media/zurg', '--rc',"
			" '--rc-addr', ':5572', '--rc-addr=:5573']",
			"deny rc-port-conflict :5573"},
		{"nonsense", "['rclone', 'mount', 'z:', '/mnt/media/zurg', '--rc']", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "process.args", cases[i].args);
		record(&world, "rclone-torbox", cases[i].other);
		world_expect(&world, check_sidecar, cases[i].other, cases[i].summary);
	}
}

static void every_pair_of_addresses_is_named_once(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "process.args",
		"['rclone', 'mount', 'z:', '/mnt/media/zurg', '--rc',"
		" '--rc-addr=:5572', '--rc-addr=:5573']");
	record(&world, "a", ":5572");
	record(&world, "b", ":5573");
	record(&world, "b", ":5574");
	world_expect(&world, check_sidecar, "pairs",
		"deny rc-port-conflict :5572; deny rc-port-conflict :5573");
}

static void the_former_instance_of_a_container_is_not_in_its_way(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	record(&world, "rclone-zurg", ":5572");
	world_expect(&world, check_sidecar, "itself", "");
}

static void a_container_that_was_not_let_start_stops_nobody_else(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	record(&world, "rclone-torbox", ":5572")->status = CONTAINER_DENIED;
	world_expect(&world, check_sidecar, "denied", "warn rc-port-conflict :5572");
}

static void a_conflict_names_both_containers_and_a_port_that_is_free(void **state)
{
	cleanup_findings struct findings findings = {0};
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	record(&world, "rclone-torbox", ":5572");
	record(&world, "rclone-third", "127.0.0.1:5573");
	assert_int_equal(targets_resolve(world_facts(&world), &targets), 0);
	assert_int_equal(check_sidecar(&world.facts, &targets, &findings), 0);
	assert_int_equal(findings.n, 1);
	assert_non_null(strstr(findings.items[0].message, "rclone-zurg"));
	assert_non_null(strstr(findings.items[0].message, "rclone-torbox"));
	assert_non_null(strstr(findings.items[0].fix, "--rc-addr=:5574"));
}

static void a_consumer_with_a_remote_control_is_in_the_way_as_well(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "process.args", "['rclone', 'rcd']");
	record(&world, "rclone-torbox", ":5572");
	world_expect(&world, check_sidecar, "consumer", "deny rc-port-conflict localhost:5572");
}

static void the_command_line_mounts_what_is_annotated(void **state)
{
	static const struct {
		const char *args, *summary;
	} cases[] = {
		{"['rclone', 'mount', 'z:', '/mnt/media/zurg/']", ""},
		{"['rclone', 'mount', 'z:', '/mnt/media/zurgg']",
			"warn mountpoint-mismatch /mnt/media/zurgg"},
		{"['rclone', 'mount', 'z:', '/mnt/media/torbox']",
			"warn mountpoint-mismatch /mnt/media/torbox"},
		/* nothing to be told from these */
		{"['sh', '-c', 'rclone mount z: /elsewhere']", ""},
		{"['rclone', 'copy', 'z:', '/elsewhere']", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		world_expect_changed(world_provider, "process.args", cases[i].args, check_sidecar,
			cases[i].summary);
}

static void a_provider_of_several_paths_may_mount_any_of_them(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(
		&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/a, rclone-zurg=/mnt/media/zurg");
	world_expect(&world, check_sidecar, "the second", "");
}

static void who_mounts_a_path_of_another_is_not_whom_the_annotation_names(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zrug=/mnt/media/zurg");
	/* It was made for a provider, and is none any more. */
	world_expect(&world, check_sidecar, "misspelt",
		"warn consumer-bidirectional /mnt/media; warn consumer-privileged rclone-zurg; "
		"warn mountpoint-mismatch /mnt/media/zurg");
	world_set(&world, "process.args", "['rclone', 'mount', 'z:', '/elsewhere']");
	world_expect(&world, check_sidecar, "another path",
		"warn consumer-bidirectional /mnt/media; warn consumer-privileged rclone-zurg");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_pod_is_well_made),
		cmocka_unit_test(a_consumer_needs_one_direction_only),
		cmocka_unit_test(a_consumer_needs_no_privilege),
		cmocka_unit_test(a_provider_has_both_limits),
		cmocka_unit_test(a_consumer_may_be_without_limits),
		cmocka_unit_test(two_containers_of_a_pod_may_not_have_one_port),
		cmocka_unit_test(every_pair_of_addresses_is_named_once),
		cmocka_unit_test(the_former_instance_of_a_container_is_not_in_its_way),
		cmocka_unit_test(a_container_that_was_not_let_start_stops_nobody_else),
		cmocka_unit_test(a_conflict_names_both_containers_and_a_port_that_is_free),
		cmocka_unit_test(a_consumer_with_a_remote_control_is_in_the_way_as_well),
		cmocka_unit_test(the_command_line_mounts_what_is_annotated),
		cmocka_unit_test(a_provider_of_several_paths_may_mount_any_of_them),
		cmocka_unit_test(who_mounts_a_path_of_another_is_not_whom_the_annotation_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
