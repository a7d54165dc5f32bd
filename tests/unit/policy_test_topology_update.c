/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/check/topology_update.h"

#include "oci/base/cleanup.h"
#include "tests/support/world.h"
#include <string.h>

#define V WORLD_VOLUME
#define CONTAINER_ID "io.kubernetes.cri-o.ContainerID"
#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* What a run of the hook does: resolve with what the record has so far, then enter the container.
 */
static void note_as(struct world *world, enum role role, enum container_status status)
{
	cleanup_targets struct targets targets = {0};
	cleanup_findings struct findings findings = {0};
	const struct facts *facts = world_facts(world);
	const struct container_note note = {
		.role = role,
		.status = status,
		.pid = 4711,
		.pid_start_ticks = 815,
		.findings = &findings,
		.now_usec = 1000,
	};

	assert_int_equal(targets_resolve(facts, &targets), 0);
	assert_int_equal(topology_note_container(&world->topology, facts, &targets, &note), 0);
}

static void note_provider(struct world *world)
{
	note_as(world, ROLE_PROVIDER, CONTAINER_CREATED);
}

static void note_consumer(struct world *world)
{
	note_as(world, ROLE_CONSUMER, CONTAINER_CREATED);
}

static const struct topology_container *find(const struct world *world, const char *name)
{
	const struct topology_container *container = topology_container(&world->topology, name);

	if (!container)
		fail_msg("no container %s in the record", name);
	return container;
}

static const struct topology_path *find_path(const struct world *world, const char *path)
{
	const struct topology_path *found = topology_path(&world->topology, path);

	if (!found)
		fail_msg("no path %s in the record", path);
	return found;
}

/* "PATH: FROM -> TO KIND proven; …" in order. Owned by the caller. */
static char *edges_summary(const struct topology *topology)
{
	char *summary = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&summary, &size);

	assert_non_null(stream);
	for (size_t i = 0; i < topology->n_edges; i++) {
		const struct topology_edge *edge = &topology->edges[i];

		fprintf(stream, "%s%s: %s -> %s %s%s", i ? "; " : "", edge->path, edge->from,
			edge->to, propagation_name(edge->kind), edge->proven ? " proven" : "");
	}
	assert_int_equal(fclose(stream), 0);
	return summary;
}

static void expect_edges(const struct world *world, const char *expected)
{
	cleanup_free char *edges = edges_summary(&world->topology);

	assert_string_equal(edges, expected);
}

static void the_pod_is_named_by_its_identity(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, "io.kubernetes.cri-o.SandboxID", ID_B);
	note_provider(&world);
	assert_string_equal(world.topology.pod_name, "plex-0");
	assert_string_equal(world.topology.pod_namespace, "media");
	assert_string_equal(world.topology.pod_uid, "01234567-89ab-cdef-0123-456789abcdef");
	assert_string_equal(world.topology.sandbox_id, ID_B);
	assert_int_equal(world.topology.updated_usec, 1000);
	/* Somebody who does not know the sandbox does not make it unknown. */
	world_annotate(&world, "io.kubernetes.cri-o.SandboxID", NULL);
	note_provider(&world);
	assert_string_equal(world.topology.sandbox_id, ID_B);
}

static void a_provider_is_entered_with_what_its_spec_says(void **state)
{
	cleanup_world struct world world;
	const struct topology_container *zurg;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, CONTAINER_ID, ID_A);
	world_annotate(&world, "io.kubernetes.container.restartCount", "3");
	note_provider(&world);
	assert_int_equal(world.topology.n_containers, 1);
	zurg = find(&world, "rclone-zurg");
	assert_string_equal(zurg->id, ID_A);
	assert_int_equal(zurg->role, ROLE_PROVIDER);
	assert_int_equal(zurg->status, CONTAINER_CREATED);
	assert_int_equal(zurg->pid, 4711);
	assert_int_equal(zurg->pid_start_ticks, 815);
	assert_int_equal(zurg->restart_count, 3);
	assert_true(zurg->fuse_device);
	assert_int_equal(zurg->memory_limit, 1073741824);
	assert_int_equal(zurg->cpu_quota, 50000);
	assert_int_equal(zurg->cpu_period, 100000);
	assert_int_equal(zurg->rc_addresses.n, 1);
	assert_string_equal(zurg->rc_addresses.items[0], ":5572");
}

static void a_consumer_has_no_device_and_no_server(void **state)
{
	cleanup_world struct world world;
	const struct topology_container *plex;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	note_as(&world, ROLE_CONSUMER, CONTAINER_WAITING);
	plex = find(&world, "plex");
	assert_int_equal(plex->status, CONTAINER_WAITING);
	assert_false(plex->fuse_device);
	assert_false(plex->privileged);
	assert_int_equal(plex->memory_limit, 0);
	assert_int_equal(plex->rc_addresses.n, 0);
}

static void the_mount_of_a_volume_is_entered_once_for_all_of_its_paths(void **state)
{
	cleanup_world struct world world;
	const struct topology_container *plex;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	note_consumer(&world);
	plex = find(&world, "plex");
	assert_int_equal(plex->n_mounts, 1);
	assert_string_equal(plex->mounts[0].destination, "/mnt/media");
	assert_string_equal(plex->mounts[0].source, V);
	assert_int_equal(plex->mounts[0].declared, PROPAGATION_SLAVE);
	assert_int_equal(plex->mounts[0].effective, PROPAGATION_SLAVE);
	assert_int_equal(plex->mounts[0].mount_id, 14);
	assert_int_equal(plex->mounts[0].peer_group, 0);
	assert_int_equal(plex->mounts[0].master, 2);
	/* The same container once more: it has no second mount for that. */
	note_consumer(&world);
	assert_int_equal(find(&world, "plex")->n_mounts, 1);
}

static void without_the_containers_table_only_what_is_declared_is_known(void **state)
{
	cleanup_world struct world world;
	const struct topology_container *zurg;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_container(&world, NULL);
	note_provider(&world);
	zurg = find(&world, "rclone-zurg");
	assert_int_equal(zurg->n_mounts, 1);
	assert_int_equal(zurg->mounts[0].declared, PROPAGATION_SHARED);
	assert_int_equal(zurg->mounts[0].effective, PROPAGATION_UNSET);
	assert_int_equal(zurg->mounts[0].mount_id, 0);
	expect_edges(&world, "/mnt/media/zurg: container/rclone-zurg -> host shared; "
			     "/mnt/media/torbox: host -> container/rclone-zurg shared");
}

static void volumes_and_paths_are_entered_where_the_host_has_them(void **state)
{
	cleanup_world struct world world;
	const struct topology_volume *volume;
	const struct topology_path *zurg;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	note_provider(&world);
	assert_int_equal(world.topology.n_volumes, 1);
	volume = topology_volume(&world.topology, V);
	assert_non_null(volume);
	assert_string_equal(volume->anchor, V);
	assert_string_equal(volume->fstype, "nfs4");
	assert_int_equal(volume->mount_id, 2);
	assert_int_equal(volume->peer_group, 2);
	assert_int_equal(world.topology.n_paths, 2);
	zurg = find_path(&world, "/mnt/media/zurg");
	assert_string_equal(zurg->provider, "rclone-zurg");
	assert_string_equal(zurg->host_path, V "/zurg");
	assert_string_equal(zurg->volume, V);
	assert_int_equal(zurg->state, PATH_UNKNOWN);
	assert_string_equal(find_path(&world, "/mnt/media/torbox")->provider, "rclone-torbox");
}

static void what_a_hook_did_to_a_volume_stays_noted(void **state)
{
	cleanup_world struct world world;
	struct topology_volume *volume;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	note_provider(&world);
	volume = topology_volume(&world.topology, V);
	volume->bound_by_hook = true;
	volume->shared_by_hook = true;
	volume->mount_id_unique = 77;
	world_consumer(&world);
	note_consumer(&world);
	volume = topology_volume(&world.topology, V);
	assert_true(volume->bound_by_hook);
	assert_true(volume->shared_by_hook);
	assert_int_equal(volume->mount_id_unique, 77);
	assert_int_equal(world.topology.n_containers, 2);
}

static void a_path_counts_the_instances_of_its_provider_alone(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, CONTAINER_ID, ID_A);
	note_provider(&world);
	note_provider(&world);
	assert_int_equal(find(&world, "rclone-zurg")->instance, 1);
	assert_int_equal(find_path(&world, "/mnt/media/zurg")->instances, 1);
	world_annotate(&world, CONTAINER_ID, ID_B);
	note_provider(&world);
	assert_int_equal(find(&world, "rclone-zurg")->instance, 2);
	assert_string_equal(find(&world, "rclone-zurg")->id, ID_B);
	assert_int_equal(find_path(&world, "/mnt/media/zurg")->instances, 2);
	assert_int_equal(find_path(&world, "/mnt/media/torbox")->instances, 0);
	world_consumer(&world);
	note_consumer(&world);
	assert_int_equal(find(&world, "plex")->instance, 1);
	assert_int_equal(find_path(&world, "/mnt/media/zurg")->instances, 2);
}

static void a_new_instance_replaces_what_the_last_one_had(void **state)
{
	cleanup_world struct world world;
	const struct topology_container *zurg;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, CONTAINER_ID, ID_A);
	note_provider(&world);
	world_annotate(&world, CONTAINER_ID, ID_B);
	world_set(&world, "process.args", "['sleep', '1']");
	world_set(&world, "mounts", "[]");
	world_set(&world, "linux.resources.memory", NULL);
	note_as(&world, ROLE_BYSTANDER, CONTAINER_CREATED);
	zurg = find(&world, "rclone-zurg");
	assert_int_equal(zurg->role, ROLE_BYSTANDER);
	assert_int_equal(zurg->rc_addresses.n, 0);
	assert_int_equal(zurg->memory_limit, 0);
	assert_int_equal(zurg->n_mounts, 0);
	expect_edges(&world, "");
}

static void the_findings_are_those_of_the_last_check(void **state)
{
	cleanup_world struct world world;
	cleanup_targets struct targets targets = {0};
	cleanup_findings struct findings findings = {0};
	const struct facts *facts;
	const struct container_note note = {.role = ROLE_PROVIDER, .findings = &findings};

	(void)state;
	world_begin(&world);
	world_provider(&world);
	facts = world_facts(&world);
	assert_int_equal(targets_resolve(facts, &targets), 0);
	assert_int_equal(findings_add_as(&findings, FINDING_LIMITS_MISSING, SEVERITY_WARN, "zurg",
				 "set them", "no limits"),
		0);
	assert_int_equal(topology_note_container(&world.topology, facts, &targets, &note), 0);
	assert_int_equal(find(&world, "rclone-zurg")->findings.n, 1);
	assert_string_equal(find(&world, "rclone-zurg")->findings.items[0].subject, "zurg");
	findings_clear(&findings);
	assert_int_equal(topology_note_container(&world.topology, facts, &targets, &note), 0);
	assert_int_equal(find(&world, "rclone-zurg")->findings.n, 0);
}

static void edges_lead_from_the_provider_over_the_host_to_the_consumer(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	note_provider(&world);
	expect_edges(&world, "/mnt/media/zurg: container/rclone-zurg -> host shared proven; "
			     "/mnt/media/torbox: host -> container/rclone-zurg shared proven");
	world_consumer(&world);
	note_consumer(&world);
	note_consumer(&world);
	expect_edges(&world, "/mnt/media/zurg: container/rclone-zurg -> host shared proven; "
			     "/mnt/media/torbox: host -> container/rclone-zurg shared proven; "
			     "/mnt/media/zurg: host -> container/plex slave proven; "
			     "/mnt/media/torbox: host -> container/plex slave proven");
}

/* As of a container that was denied for just that: the schema knows no private way. */
static void a_private_mount_is_no_way(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_container(&world, NULL);
	world_set(&world, "mounts.0.options", "['rbind', 'rprivate']");
	note_as(&world, ROLE_CONSUMER, CONTAINER_DENIED);
	assert_string_equal(find(&world, "plex")->mounts[0].destination, "/mnt/media");
	expect_edges(&world, "");
}

static void a_bystander_is_entered_without_any_way(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[]");
	note_as(&world, ROLE_BYSTANDER, CONTAINER_CREATED);
	assert_int_equal(find(&world, "plex")->n_mounts, 0);
	assert_int_equal(world.topology.n_volumes, 0);
	assert_int_equal(world.topology.n_paths, 2);
	assert_null(find_path(&world, "/mnt/media/zurg")->host_path);
	assert_null(find_path(&world, "/mnt/media/zurg")->volume);
	expect_edges(&world, "");
}

static void a_bystander_does_not_unlearn_where_a_path_is(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	note_provider(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[]");
	note_as(&world, ROLE_BYSTANDER, CONTAINER_CREATED);
	assert_string_equal(find_path(&world, "/mnt/media/zurg")->host_path, V "/zurg");
	assert_string_equal(find_path(&world, "/mnt/media/zurg")->volume, V);
}

static void note_state(struct world *world, enum path_state state, const char *device, uint64_t now)
{
	const struct path_note note = {
		.state = state,
		.device = device,
		.now_usec = now,
		.boottime_usec = now + 1000,
	};

	assert_int_equal(topology_note_path(&world->topology, "/mnt/media/zurg", &note), 0);
}

static void a_state_has_the_time_since_when_it_was_seen(void **state)
{
	cleanup_world struct world world;
	const struct topology_path *zurg;

	(void)state;
	world_begin(&world);
	note_state(&world, PATH_UNKNOWN, NULL, 5);
	assert_int_equal(find_path(&world, "/mnt/media/zurg")->since_usec, 5);
	note_state(&world, PATH_LIVE, "0:55", 10);
	note_state(&world, PATH_LIVE, "0:55", 20);
	zurg = find_path(&world, "/mnt/media/zurg");
	assert_int_equal(zurg->state, PATH_LIVE);
	assert_int_equal(zurg->since_usec, 10);
	assert_string_equal(zurg->device, "0:55");
	/* As callers do that keep the device: it is the record's own text. */
	note_state(&world, PATH_DEAD, zurg->device, 30);
	assert_int_equal(zurg->since_usec, 30);
	assert_string_equal(zurg->device, "0:55");
	note_state(&world, PATH_ABSENT, NULL, 40);
	assert_null(zurg->device);
	assert_int_equal(world.topology.n_paths, 1);
}

/* A step of a path's life, and whether its mount is the pod's own then. */
struct sight {
	enum path_state state;
	const char *device;
	int id;
	uint64_t unique;
	bool provider_runs, own;
};

static void check_sights(const char *what, const struct sight *sights, size_t n)
{
	cleanup_world struct world world;

	world_begin(&world);
	for (size_t i = 0; i < n; i++) {
		const struct path_note note = {.state = sights[i].state,
			.device = sights[i].device,
			.mount_id = sights[i].id,
			.mount_id_unique = sights[i].unique,
			.provider_runs = sights[i].provider_runs};

		assert_int_equal(topology_note_path(&world.topology, "/mnt/media/zurg", &note), 0);
		if (find_path(&world, "/mnt/media/zurg")->own_mount != sights[i].own)
			fail_msg("%s: step %zu", what, i + 1);
	}
}

#define CHECK_SIGHTS(what, ...)                                                                    \
	do {                                                                                       \
		const struct sight sights_[] = {__VA_ARGS__};                                      \
		check_sights(what, sights_, ARRAY_SIZE(sights_));                                  \
	} while (0)

static void a_mount_is_the_pods_own_if_it_answers_when_it_is_first_seen(void **state)
{
	(void)state;
	CHECK_SIGHTS("live, dead, gone", {PATH_LIVE, "0:55", 9, 900, true, true},
		{PATH_DEAD, "0:55", 9, 900, false, true}, {PATH_ABSENT, NULL, 0, 0, true, false},
		{PATH_DEAD, "0:55", 9, 900, true, false});
	CHECK_SIGHTS("dead when it is first seen", {PATH_DEAD, "0:55", 9, 900, true, false},
		{PATH_DEAD, "0:55", 9, 900, true, false});
	CHECK_SIGHTS("hung when it is first seen", {PATH_HUNG, "0:55", 9, 900, true, false},
		{PATH_LIVE, "0:55", 9, 900, true, false});
	CHECK_SIGHTS("there before the provider", {PATH_LIVE, "0:55", 9, 900, false, false},
		{PATH_LIVE, "0:55", 9, 900, true, false}, {PATH_LIVE, "0:56", 10, 901, true, true});
	CHECK_SIGHTS("the ids are used again", {PATH_LIVE, "0:55", 9, 900, true, true},
		{PATH_DEAD, "0:55", 9, 901, true, false});
	CHECK_SIGHTS("without unique ids", {PATH_LIVE, "0:55", 9, 0, true, true},
		{PATH_DEAD, "0:55", 9, 0, false, true}, {PATH_DEAD, "0:55", 10, 0, true, false},
		{PATH_DEAD, "0:56", 10, 0, true, false});
	/* It was noted by an older kernel, or could not be told. */
	CHECK_SIGHTS("unique ids that were not noted", {PATH_LIVE, "0:55", 9, 0, true, true},
		{PATH_DEAD, "0:55", 9, 900, true, false});
}

static void a_hang_is_counted_from_when_it_was_first_seen(void **state)
{
	cleanup_world struct world world;
	const struct topology_path *zurg;

	(void)state;
	world_begin(&world);
	note_state(&world, PATH_LIVE, "0:55", 5);
	zurg = find_path(&world, "/mnt/media/zurg");
	assert_int_equal(zurg->hung_boot_usec, 0);
	note_state(&world, PATH_HUNG, "0:55", 10);
	note_state(&world, PATH_HUNG, "0:55", 20);
	assert_int_equal(zurg->hung_boot_usec, 1010);
	/* Another mount's hang is another one. */
	note_state(&world, PATH_HUNG, "0:56", 30);
	assert_int_equal(zurg->hung_boot_usec, 1030);
	note_state(&world, PATH_LIVE, "0:56", 40);
	assert_int_equal(zurg->hung_boot_usec, 0);
	note_state(&world, PATH_HUNG, "0:56", 50);
	assert_int_equal(zurg->hung_boot_usec, 1050);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pod_is_named_by_its_identity),
		cmocka_unit_test(a_provider_is_entered_with_what_its_spec_says),
		cmocka_unit_test(a_consumer_has_no_device_and_no_server),
		cmocka_unit_test(the_mount_of_a_volume_is_entered_once_for_all_of_its_paths),
		cmocka_unit_test(without_the_containers_table_only_what_is_declared_is_known),
		cmocka_unit_test(volumes_and_paths_are_entered_where_the_host_has_them),
		cmocka_unit_test(what_a_hook_did_to_a_volume_stays_noted),
		cmocka_unit_test(a_path_counts_the_instances_of_its_provider_alone),
		cmocka_unit_test(a_new_instance_replaces_what_the_last_one_had),
		cmocka_unit_test(the_findings_are_those_of_the_last_check),
		cmocka_unit_test(edges_lead_from_the_provider_over_the_host_to_the_consumer),
		cmocka_unit_test(a_private_mount_is_no_way),
		cmocka_unit_test(a_bystander_is_entered_without_any_way),
		cmocka_unit_test(a_bystander_does_not_unlearn_where_a_path_is),
		cmocka_unit_test(a_state_has_the_time_since_when_it_was_seen),
		cmocka_unit_test(a_mount_is_the_pods_own_if_it_answers_when_it_is_first_seen),
		cmocka_unit_test(a_hang_is_counted_from_when_it_was_first_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
