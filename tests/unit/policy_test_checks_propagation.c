/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "tests/support/world.h"

#define ANOTHERS "/var/lib/kubelet/pods/0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22/volumes/e/m"
#define V WORLD_VOLUME
#define HOST "1 0 8:1 / / rw - ext4 /dev/a rw\n"
#define PRIVATE HOST "2 1 0:50 / " V " rw - nfs4 nas:/media rw\n"
#define TABLE "11 10 8:1 / / rw - ext4 /dev/a rw\n13 11 0:60 / /c rw - overlay overlay rw\n"
#define MEDIA(groups) TABLE "14 13 0:50 / /c/mnt/media rw" groups " - nfs4 nas:/media rw\n"

/* A container that is healthy but for its propagation options (JSON), rootfsPropagation (JSON,
 * NULL: none), and its mount table (NULL: unknown). */
struct declared {
	const char *options, *rootfs, *container, *summary;
};

static void check_declared(void (*make)(struct world *), const struct declared *declared)
{
	cleanup_world struct world world;

	world_begin(&world);
	make(&world);
	world_set(&world, "mounts.0.options", declared->options);
	world_set(&world, "linux.rootfsPropagation", declared->rootfs);
	world_container(&world, declared->container);
	world_expect(&world, check_propagation, declared->options, declared->summary);
}

#define CHECK_DECLARED(make, ...)                                                                  \
	do {                                                                                       \
		const struct declared cases[] = {__VA_ARGS__};                                     \
		(void)state;                                                                       \
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                     \
			check_declared((make), &cases[i]);                                         \
	} while (0)

#define NOT_SHARED "deny provider-not-shared /mnt/media"
#define NO_PROPAGATION "deny consumer-no-propagation /mnt/media"

static void a_provider_declares_shared(void **state)
{
	CHECK_DECLARED(world_provider, {"['rbind', 'rshared']", "'rshared'", NULL, ""},
		{"['rbind', 'shared']", "'shared'", NULL, ""},
		{"['rbind', 'rslave']", "'rshared'", NULL, NOT_SHARED},
		{"['rbind', 'rprivate']", "'rshared'", NULL, NOT_SHARED},
		{"['rbind', 'runbindable']", "'rshared'", NULL, NOT_SHARED});
}

static void a_provider_that_declares_nothing_is_judged_by_its_table(void **state)
{
	CHECK_DECLARED(world_provider, {"['rbind']", "'rshared'", MEDIA(" shared:2"), ""},
		{"['rbind']", "'rshared'", MEDIA(" master:2"), NOT_SHARED},
		{"['rbind']", "'rshared'", MEDIA(""), NOT_SHARED},
		{"['rbind']", "'rshared'", NULL, NOT_SHARED});
}

static void a_consumer_declares_slave(void **state)
{
	CHECK_DECLARED(world_consumer, {"['rbind', 'rslave']", "'rslave'", NULL, ""},
		{"['rbind', 'rshared']", "'rshared'", NULL, ""},
		{"['rbind', 'rprivate']", "'rslave'", NULL, NO_PROPAGATION},
		{"['rbind', 'unbindable']", "'rslave'", NULL, NO_PROPAGATION});
}

static void a_consumer_that_declares_nothing_is_judged_by_its_table(void **state)
{
	CHECK_DECLARED(world_consumer, {"['rbind']", "'rslave'", MEDIA(" master:2"), ""},
		{"['rbind']", "'rslave'", MEDIA(" shared:2"), ""},
		{"['rbind']", "'rslave'", MEDIA(""), NO_PROPAGATION},
		{"['rbind']", "'rslave'", NULL, "warn consumer-no-propagation /mnt/media"});
}

static void the_root_of_a_provider_must_stay_shared(void **state)
{
	static const char denied[] = "deny rootfs-propagation linux.rootfsPropagation";

	CHECK_DECLARED(world_provider, {"['rbind', 'rshared']", "'rslave'", NULL, denied},
		{"['rbind', 'rshared']", "'rprivate'", NULL, denied},
		{"['rbind', 'rshared']", NULL, NULL, denied},
		/* what follows from the declared propagation is not said twice */
		{"['rbind', 'rslave']", "'rslave'", NULL, NOT_SHARED});
}

static void the_root_of_a_consumer_must_not_be_made_private(void **state)
{
	static const char denied[] = "deny rootfs-propagation linux.rootfsPropagation";

	CHECK_DECLARED(world_consumer, {"['rbind', 'rslave']", "'rshared'", NULL, ""},
		{"['rbind', 'rslave']", "'rprivate'", NULL, denied},
		{"['rbind', 'rslave']", "'runbindable'", NULL, denied},
		{"['rbind', 'rslave']", NULL, NULL,
			"warn rootfs-propagation linux.rootfsPropagation"},
		{"['rbind', 'rprivate']", NULL, NULL, NO_PROPAGATION});
}

static void a_grant_that_was_asked_for_stands_for_a_missing_declaration(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_PROPAGATION, "grant");
	world_set(&world, "mounts.0.options", "['rbind', 'rslave']");
	world_set(&world, "linux.rootfsPropagation", "'rslave'");
	world_container(&world, MEDIA(" master:2"));
	world_expect(&world, check_propagation, "grant", "");
}

static void one_mount_with_several_paths_is_one_matter(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS,
		"rclone-zurg=/mnt/media/zurg, rclone-zurg=/mnt/media/torbox");
	world_set(&world, "mounts.0.options", "['rbind', 'rprivate']");
	world_expect(&world, check_propagation, "provider", NOT_SHARED);
	world_consumer(&world);
	world_set(&world, "mounts.0.options", "['rbind', 'rprivate']");
	world_expect(&world, check_propagation, "consumer", NO_PROPAGATION);
}

static void two_mounts_are_two_matters(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/a/zurg, rclone-zurg=/b/zurg");
	world_set(&world, "mounts",
		"[{'destination': '/a', 'type': 'bind', 'source': '" V "/a'},"
		" {'destination': '/b', 'type': 'bind', 'source': '" V "/b'}]");
	world_container(&world, NULL);
	world_expect(&world, check_propagation, "two mounts",
		"deny provider-not-shared /a; deny provider-not-shared /b");
}

static void what_a_provider_sees_of_others_is_its_own_affair(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/zurg, other=/data/x");
	world_set(&world, "mounts.1",
		"{'destination': '/data', 'type': 'bind', 'source': '" V "/data',"
		" 'options': ['rprivate']}");
	world_expect(&world, check_propagation, "provider", "");
}

/* A consumer's mount of something at or below /mnt/media/zurg. */
static void a_mount_of_the_path_itself_or_below_it_does_not_follow_the_provider(void **state)
{
	static const char denied[] = "deny consumer-no-propagation /films";
	static const char warned[] = "warn consumer-no-propagation /films";
	static const struct {
		const char *source, *options, *container, *summary;
	} cases[] = {
		{"'" V "/zurg/films'", "['rslave']", NULL, denied},
		/* of a live mount: it shows something, until that dies */
		{"'" V "/zurg/films'", "['rslave']",
			TABLE "14 13 0:70 / /c/films rw - fuse.rclone zurg: rw\n", warned},
		{"'" V "/zurg/films'", "['rslave']",
			TABLE "14 13 0:70 / /c/films rw - fuse zurg: rw\n", warned},
		{"'" V "/zurg/films'", "['rslave']",
			TABLE "14 13 0:70 / /c/films rw - fusectl zurg: rw\n", denied},
		/* of exactly the path: later mounts do come on top, this time */
		{"'" V "/zurg'", "['rslave']", NULL, warned},
		{"'" V "/zurg'", "['rprivate']", NULL, denied},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;
		struct topology_path *path;

		world_begin(&world);
		world_consumer(&world);
		path = topology_ensure_path(&world.topology, "/mnt/media/zurg");
		path->host_path = strdup(V "/zurg");
		world_set(&world, "mounts.0.destination", "'/films'");
		world_set(&world, "mounts.0.source", cases[i].source);
		world_set(&world, "mounts.0.options", cases[i].options);
		world_container(&world, cases[i].container);
		world_expect(&world, check_propagation, cases[i].source, cases[i].summary);
	}
}

static void a_private_host_mount_is_the_hooks_to_mend(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_host(&world, PRIVATE);
	world_container(&world, MEDIA(" shared:9"));
	world_expect(&world, check_propagation, "mountpoint", "");
	world_host(&world, HOST);
	world_expect(&world, check_propagation, "directory of another disk",
		"deny peer-group-mismatch /mnt/media");
	world_container(&world, TABLE "14 13 8:1 " V " /c/mnt/media rw shared:9 - ext4 a rw\n");
	world_expect(&world, check_propagation, "directory", "");
}

static void some_host_mounts_are_not_the_hooks_to_mend(void **state)
{
	static const struct {
		const char *what, *host, *mounts, *source, *summary;
	} cases[] = {
		{"another pod's", "1 0 8:1 / / rw - ext4 a rw\n", "@node=/mnt/media/zurg",
			"'/srv/media'", "deny host-not-shared /srv/media/zurg"},
		{"another pod's, prepared", "1 0 8:1 / / rw shared:1 - ext4 a rw\n",
			"@node=/mnt/media/zurg", "'/srv/media'", ""},
		{"a directory of an unbindable mount", "1 0 8:1 / / rw unbindable - ext4 a rw\n",
			"x=/mnt/media/zurg", "'" V "'", "deny host-not-shared " V "/zurg"},
		{"an unbindable mountpoint", HOST "2 1 0:50 / " V " rw unbindable - nfs4 n rw\n",
			"x=/mnt/media/zurg", "'" V "'", ""},
		/* Below the roots, and no pod's own. */
		{"another pod's volume", HOST, "x=/mnt/media/zurg", "'" ANOTHERS "'",
			"deny host-not-shared " ANOTHERS "/zurg"},
		{"a directory of the node", HOST, "x=/mnt/media/zurg",
			"'/var/lib/kubelet/pods/media'",
			"deny host-not-shared /var/lib/kubelet/pods/media/zurg"},
		/* path-outside-roots says it */
		{"outside the roots", HOST, "x=/mnt/media/zurg", "'/srv/media'", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_consumer(&world);
		world_annotate(&world, ANNOTATION_MOUNTS, cases[i].mounts);
		world_set(&world, "mounts.0.source", cases[i].source);
		world_host(&world, cases[i].host);
		world_container(&world, NULL);
		world_expect(&world, check_propagation, cases[i].what, cases[i].summary);
	}
}

static void a_mount_above_the_roots_is_not_made_shared_for_a_volume_below(void **state)
{
	cleanup_world struct world world;
	struct topology_path *path;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	path = topology_ensure_path(&world.topology, "/mnt/media/zurg");
	path->host_path = strdup(V "/zurg");
	path->volume = strdup(V);
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/zurg");
	world_set(&world, "mounts.0.source", "'/var'");
	world_host(&world, HOST);
	world_container(&world, NULL);
	world_expect(&world, check_propagation, "above", "deny host-not-shared " V "/zurg");
}

static void a_volume_that_is_mounted_from_elsewhere_is_not_made_shared(void **state)
{
	cleanup_world struct world world;
	struct topology_path *path;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	path = topology_ensure_path(&world.topology, "/mnt/media/zurg");
	path->host_path = strdup(V "/zurg");
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/zurg");
	world_set(&world, "mounts.0.source", "'/export'");
	world_host(&world, HOST "2 1 0:50 /media " V " rw - nfs4 n rw\n"
				"3 1 0:50 / /export rw - nfs4 n rw\n");
	world_container(&world, NULL);
	world_expect(&world, check_propagation, "nameless", "deny host-not-shared " V "/zurg");
}

static void tables_that_disprove_the_way_are_a_mismatch(void **state)
{
	static const char mismatch[] = "deny peer-group-mismatch /mnt/media";
	static const struct {
		const char *what, *container, *summary;
	} cases[] = {
		{"a slave", MEDIA(" master:2"), ""},
		{"a shared slave", MEDIA(" shared:7 master:2"), ""},
		{"a peer", MEDIA(" shared:2"), ""},
		{"another group, same directory: replaced", MEDIA(" master:8"), ""},
		{"private, same directory: replaced", MEDIA(""), ""},
		{"another file system", TABLE "14 13 0:77 / /c/mnt/media rw master:8 - ext4 d rw\n",
			mismatch},
		{"another directory", TABLE "14 13 0:50 /x /c/mnt/media rw master:2 - nfs4 n rw\n",
			mismatch},
		{"no mount of it", TABLE, mismatch},
		{"a table of another root", "11 1 0:40 / / rw - overlay overlay rw\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_consumer(&world);
		world_container(&world, cases[i].container);
		world_expect(&world, check_propagation, cases[i].what, cases[i].summary);
	}
}

#define IDMAPPED(groups)                                                                           \
	TABLE "14 13 0:50 / /c/mnt/media rw,relatime,idmapped" groups " - nfs4 nas:/media rw\n"

/* What stands in its place after a replacement would show other owners. */
static void an_idmapped_bind_that_would_be_replaced_is_a_mismatch(void **state)
{
	static const char mismatch[] = "deny peer-group-mismatch /mnt/media";
	static const struct {
		const char *what, *host, *container, *summary;
	} cases[] = {
		{"on a shared host, in another group", NULL, IDMAPPED(" master:8"), mismatch},
		{"on a shared host, private", NULL, IDMAPPED(""), mismatch},
		{"on a private host", PRIVATE, IDMAPPED(""), mismatch},
		{"in the host's group: it stays", NULL, IDMAPPED(" master:2"), ""},
		{"on a private host, without", PRIVATE, MEDIA(""), ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_consumer(&world);
		if (cases[i].host)
			world_host(&world, cases[i].host);
		world_container(&world, cases[i].container);
		world_expect(&world, check_propagation, cases[i].what, cases[i].summary);
	}
}

static void a_node_paths_bind_is_not_replaced(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "@node=/mnt/media/zurg");
	world_container(&world, MEDIA(" master:8"));
	world_expect(
		&world, check_propagation, "other group", "deny peer-group-mismatch /mnt/media");
	world_container(&world, MEDIA(""));
	world_expect(&world, check_propagation, "private", NO_PROPAGATION);
}

static void a_bystander_has_no_way(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[]");
	world_set(&world, "linux.rootfsPropagation", NULL);
	world_expect(&world, check_propagation, "bystander", "");
}

static void a_provider_without_a_volume_is_another_matter(void **state)
{
	(void)state;
	world_expect_changed(world_provider, "mounts", "[]", check_propagation, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_declares_shared),
		cmocka_unit_test(a_provider_that_declares_nothing_is_judged_by_its_table),
		cmocka_unit_test(a_consumer_declares_slave),
		cmocka_unit_test(a_consumer_that_declares_nothing_is_judged_by_its_table),
		cmocka_unit_test(the_root_of_a_provider_must_stay_shared),
		cmocka_unit_test(the_root_of_a_consumer_must_not_be_made_private),
		cmocka_unit_test(a_grant_that_was_asked_for_stands_for_a_missing_declaration),
		cmocka_unit_test(one_mount_with_several_paths_is_one_matter),
		cmocka_unit_test(two_mounts_are_two_matters),
		cmocka_unit_test(what_a_provider_sees_of_others_is_its_own_affair),
		cmocka_unit_test(
			a_mount_of_the_path_itself_or_below_it_does_not_follow_the_provider),
		cmocka_unit_test(a_private_host_mount_is_the_hooks_to_mend),
		cmocka_unit_test(some_host_mounts_are_not_the_hooks_to_mend),
		cmocka_unit_test(a_mount_above_the_roots_is_not_made_shared_for_a_volume_below),
		cmocka_unit_test(a_volume_that_is_mounted_from_elsewhere_is_not_made_shared),
		cmocka_unit_test(tables_that_disprove_the_way_are_a_mismatch),
		cmocka_unit_test(an_idmapped_bind_that_would_be_replaced_is_a_mismatch),
		cmocka_unit_test(a_node_paths_bind_is_not_replaced),
		cmocka_unit_test(a_bystander_has_no_way),
		cmocka_unit_test(a_provider_without_a_volume_is_another_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
