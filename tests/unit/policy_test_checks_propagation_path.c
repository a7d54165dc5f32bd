/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "tests/support/world.h"

#define V WORLD_VOLUME
#define HOST "1 0 8:1 / / rw - ext4 /dev/a rw\n"
#define VOLUME(groups) HOST "2 1 0:50 / " V " rw" groups " - nfs4 nas:/media rw\n"
#define TABLE "11 10 8:1 / / rw - ext4 /dev/a rw\n13 11 0:60 / /c rw - overlay overlay rw\n"
#define MEDIA(groups) TABLE "14 13 0:50 / /c/mnt/media rw" groups " - nfs4 nas:/media rw\n"

/* The proof for every target, as the hook asks for it after it has acted. */
static int check_ways(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	for (size_t i = 0; i < targets->n; i++) {
		int r = check_propagation_path(facts, &targets->items[i], findings);

		if (r < 0)
			return r;
	}
	return 0;
}

struct way_case {
	const char *what, *host, *container, *summary;
};

static void check_cases(
	void (*make)(struct world *), const char *mounts, const struct way_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_world struct world world;

		world_begin(&world);
		make(&world);
		world_annotate(&world, ANNOTATION_MOUNTS, mounts);
		world_host(&world, cases[i].host);
		world_container(&world, cases[i].container);
		world_expect(&world, check_ways, cases[i].what, cases[i].summary);
	}
}

#define MISMATCH "deny peer-group-mismatch /mnt/media"

static void a_mount_leaves_a_provider_through_a_peer_or_a_slave_on_the_host(void **state)
{
	static const struct way_case cases[] = {
		{"peers", VOLUME(" shared:2"), MEDIA(" shared:2"), ""},
		{"the host is a slave of the container", VOLUME(" shared:2 master:7"),
			MEDIA(" shared:7"), ""},
		{"by way of a slave that is shared in turn",
			VOLUME(" shared:2 master:8") "3 1 8:1 /y /y rw shared:8 master:7 - ext4 a "
						     "rw\n",
			MEDIA(" shared:7"), ""},
		{"by way of a mount of another namespace",
			VOLUME(" shared:2 master:99 propagate_from:7"), MEDIA(" shared:7"), ""},
		{"another group", VOLUME(" shared:2"), MEDIA(" shared:7"), MISMATCH},
		{"the container is a slave, and shares its own", VOLUME(" shared:2"),
			MEDIA(" shared:7 master:2"), MISMATCH},
		{"a slave only", VOLUME(" shared:2"), MEDIA(" master:2"),
			"deny provider-not-shared /mnt/media"},
		{"private", VOLUME(" shared:2"), MEDIA(""), "deny provider-not-shared /mnt/media"},
		{"the host private", VOLUME(""), MEDIA(" shared:2"),
			"deny host-not-shared " V "/zurg"},
	};

	(void)state;
	check_cases(world_provider, "rclone-zurg=/mnt/media/zurg", cases, ARRAY_SIZE(cases));
}

static void a_mount_arrives_at_a_consumer_that_is_a_peer_or_a_slave(void **state)
{
	static const struct way_case cases[] = {
		{"a slave", VOLUME(" shared:2"), MEDIA(" master:2"), ""},
		{"a peer", VOLUME(" shared:2"), MEDIA(" shared:2"), ""},
		{"a slave of a slave",
			VOLUME(" shared:2") "3 1 8:1 /y /y rw shared:8 master:2 - ext4 a rw\n",
			MEDIA(" master:8"), ""},
		{"a slave of a slave in the container's table", VOLUME(" shared:2"),
			MEDIA(" master:8") "15 11 0:50 / /host rw shared:8 master:2 - nfs4 n rw\n",
			""},
		{"a slave of another", VOLUME(" shared:2"), MEDIA(" master:8"), MISMATCH},
		{"the host's master, not its slave", VOLUME(" shared:2 master:7"),
			MEDIA(" shared:7"), MISMATCH},
		{"private", VOLUME(" shared:2"), MEDIA(""),
			"deny consumer-no-propagation /mnt/media"},
		{"the host a slave only", VOLUME(" master:2"), MEDIA(" master:2"),
			"deny host-not-shared " V "/zurg"},
	};

	(void)state;
	check_cases(world_consumer, "rclone-zurg=/mnt/media/zurg", cases, ARRAY_SIZE(cases));
}

static void both_sides_must_show_the_same_directory(void **state)
{
	static const struct way_case cases[] = {
		{"a directory of the volume above the path", VOLUME(" shared:2"),
			TABLE "14 13 0:50 / /c/mnt/media rw master:2 - nfs4 n rw\n", ""},
		{"another directory of it", VOLUME(" shared:2"),
			TABLE "14 13 0:50 /x /c/mnt/media rw master:2 - nfs4 n rw\n", MISMATCH},
		{"another file system", VOLUME(" shared:2"),
			TABLE "14 13 0:51 / /c/mnt/media rw master:2 - nfs4 n rw\n", MISMATCH},
		{"a mount below the volume on one side only",
			VOLUME(" shared:2") "3 2 0:55 / " V "/disk rw shared:3 - ext4 d rw\n",
			MEDIA(" master:2"), MISMATCH},
		{"not mounted", VOLUME(" shared:2"), TABLE, MISMATCH},
	};

	(void)state;
	check_cases(world_consumer, "x=/mnt/media/disk/zurg", cases, ARRAY_SIZE(cases));
}

static void a_subdirectory_of_the_volume_above_the_path_will_do(void **state)
{
	cleanup_world struct world world;
	struct topology_path *path;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "x=/mnt/media/sub/zurg");
	path = topology_ensure_path(&world.topology, "/mnt/media/sub/zurg");
	path->host_path = strdup(V "/sub/zurg");
	world_set(&world, "mounts.0.source", "'" V "/sub'");
	world_container(&world, TABLE "14 13 0:50 /sub /c/mnt/media rw master:2 - nfs4 n rw\n");
	world_expect(&world, check_ways, "subdirectory", "");
	world_container(&world, TABLE "14 13 0:50 /su /c/mnt/media rw master:2 - nfs4 n rw\n");
	world_expect(&world, check_ways, "another", MISMATCH);
}

static void a_live_mount_on_the_path_does_not_matter(void **state)
{
	static const struct way_case cases[] = {
		{"live on both sides",
			VOLUME(" shared:2") "3 2 0:70 / " V
					    "/zurg rw shared:5 - fuse.rclone z rw\n",
			MEDIA(" master:2") "15 14 0:70 / /c/mnt/media/zurg rw master:5 - fuse z "
					   "rw\n",
			""},
	};

	(void)state;
	check_cases(world_consumer, "x=/mnt/media/zurg", cases, ARRAY_SIZE(cases));
}

static void every_path_has_a_proof_of_its_own(void **state)
{
	static const struct way_case cases[] = {
		{"both", VOLUME(""), MEDIA(" master:2"),
			"deny host-not-shared " V "/a; deny host-not-shared " V "/b"},
	};

	(void)state;
	check_cases(world_consumer, "x=/mnt/media/a, y=/mnt/media/b", cases, ARRAY_SIZE(cases));
}

static void an_unknown_table_proves_nothing_and_disproves_nothing(void **state)
{
	static const struct way_case cases[] = {
		{"no host table", NULL, MEDIA(""), ""},
		{"no container table", VOLUME(""), NULL, ""},
	};

	(void)state;
	check_cases(world_consumer, "x=/mnt/media/zurg", cases, ARRAY_SIZE(cases));
}

static void what_is_not_on_the_way_needs_no_proof(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_host(&world, VOLUME(""));
	world_set(&world, "mounts.0.destination", "'/mnt/media/zurg'");
	world_expect(&world, check_ways, "inside", "");
	world_set(&world, "mounts", "[]");
	world_expect(&world, check_ways, "none", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mount_leaves_a_provider_through_a_peer_or_a_slave_on_the_host),
		cmocka_unit_test(a_mount_arrives_at_a_consumer_that_is_a_peer_or_a_slave),
		cmocka_unit_test(both_sides_must_show_the_same_directory),
		cmocka_unit_test(a_subdirectory_of_the_volume_above_the_path_will_do),
		cmocka_unit_test(a_live_mount_on_the_path_does_not_matter),
		cmocka_unit_test(every_path_has_a_proof_of_its_own),
		cmocka_unit_test(an_unknown_table_proves_nothing_and_disproves_nothing),
		cmocka_unit_test(what_is_not_on_the_way_needs_no_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
