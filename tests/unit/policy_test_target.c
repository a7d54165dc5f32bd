/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/check/target.h"
#include "policy/check/target_source.h"

#include "oci/base/cleanup.h"
#include "tests/support/world.h"
#include <string.h>

#define V WORLD_VOLUME
#define HOST "1 0 8:1 / / rw - ext4 /dev/a rw\n"
#define TABLE "11 10 8:1 / / rw - ext4 /dev/a rw\n13 11 0:60 / /c rw - overlay overlay rw\n"

static void resolve(struct world *world, struct targets *ret)
{
	assert_int_equal(targets_resolve(world_facts(world), ret), 0);
}

/* What the record says of the path of rclone-zurg. */
static void record_zurg(struct world *world, const char *host_path, const char *volume)
{
	struct topology_path *path = topology_ensure_path(&world->topology, "/mnt/media/zurg");

	assert_non_null(path);
	path->host_path = strdup(host_path);
	path->volume = volume ? strdup(volume) : NULL;
	assert_non_null(path->host_path);
}

/* The consumer's mounts, as JSON of world_set(), and what comes of its first target. */
struct view {
	const char *mounts;
	enum target_relation relation;
	const char *seen_path; /* NULL: none */
	const char *source;    /* NULL: none */
	bool exact;
};

static void check_view(struct world *world, const struct view *view)
{
	cleanup_targets struct targets targets = {0};
	const struct target *zurg;

	world_set(world, "mounts", view->mounts);
	resolve(world, &targets);
	zurg = &targets.items[0];
	if (zurg->relation != view->relation || zurg->exact != view->exact ||
		(zurg->seen_path == NULL) != (view->seen_path == NULL) ||
		(zurg->source == NULL) != (view->source == NULL))
		fail_msg("%s: relation %d, seen at %s, of %s", view->mounts, zurg->relation,
			zurg->seen_path ? zurg->seen_path : "-", zurg->source ? zurg->source : "-");
	if (view->seen_path)
		assert_string_equal(zurg->seen_path, view->seen_path);
	if (view->source)
		assert_string_equal(zurg->source, view->source);
}

#define BIND(destination, source)                                                                  \
	"{'destination': '" destination "', 'type': 'bind', 'source': '" source                    \
	"', 'options': ['rbind', 'rslave']}"

static void a_provider_provides_its_own_path(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;
	const struct target *zurg;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	resolve(&world, &targets);
	assert_int_equal(targets.n, 2);
	zurg = &targets.items[0];
	assert_int_equal(zurg->relation, TARGET_PROVIDES);
	assert_string_equal(zurg->mount->destination, "/mnt/media");
	assert_string_equal(zurg->volume, V);
	assert_string_equal(zurg->source, V);
	assert_string_equal(zurg->host_path, V "/zurg");
	assert_string_equal(zurg->seen_path, "/mnt/media/zurg");
	assert_int_equal(zurg->host_carrier->id, 2);
	assert_string_equal(zurg->anchor, V);
	assert_true(zurg->anchor_is_mountpoint);
	assert_false(zurg->anchor_self_bind);
	assert_string_equal(zurg->container_path, "/c/mnt/media/zurg");
	assert_int_equal(zurg->container_carrier->id, 14);
	assert_string_equal(zurg->container_anchor, "/c/mnt/media");
}

static void a_provider_sees_the_paths_of_others(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	resolve(&world, &targets);
	assert_int_equal(targets.items[1].relation, TARGET_SEES);
	assert_int_equal(targets_role(&targets), ROLE_PROVIDER);
}

static void the_longest_destination_holds_a_path_and_of_equals_the_last(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts",
		"[" BIND("/mnt/media", "/one") "," BIND("/mnt/media", "/two") "," BIND(
			"/mnt", "/three") "," BIND("/mnt/med", "/four") "]");
	resolve(&world, &targets);
	assert_string_equal(targets.items[0].volume, "/two");
	assert_string_equal(targets.items[0].host_path, "/two/zurg");
	assert_null(target_spec_mount(world.facts.spec, "/srv"));
}

static void a_file_system_of_the_containers_own_is_no_volume(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts",
		"[" BIND("/mnt", V) ", {'destination': '/mnt/media', 'type': 'tmpfs',"
				    " 'source': 'tmpfs'}]");
	resolve(&world, &targets);
	assert_int_equal(targets.items[0].relation, TARGET_PROVIDES);
	assert_null(targets.items[0].mount);
	assert_null(targets.items[0].host_path);
	assert_int_equal(targets.items[1].relation, TARGET_NONE);
}

static void a_source_is_looked_at_from_the_bundle_and_without_dots(void **state)
{
	static const struct {
		const char *source, *bundle, *host_path;
	} cases[] = {
		{"'/v//x/./'", NULL, "/v/x/zurg"},
		{"'vol'", "/run/b", "/run/b/vol/zurg"},
		{"'vol'", NULL, NULL},
		{"'/v/../etc'", NULL, NULL},
		{"null", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_targets struct targets targets = {0};
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "mounts.0.source", cases[i].source);
		world.facts.bundle = cases[i].bundle;
		resolve(&world, &targets);
		assert_non_null(targets.items[0].mount);
		if (cases[i].host_path)
			assert_string_equal(targets.items[0].host_path, cases[i].host_path);
		else
			assert_null(targets.items[0].host_path);
	}
}

static void who_comes_before_the_provider_goes_by_its_own_paths(void **state)
{
	static const struct view views[] = {
		{"[" BIND("/mnt/media", V) "]", TARGET_SEES, "/mnt/media/zurg", V, false},
		{"[" BIND("/mnt", "/v") "]", TARGET_SEES, "/mnt/media/zurg", "/v", false},
		{"[" BIND("/mnt/media/zurg", "/v") "]", TARGET_INSIDE, NULL, "/v", true},
		{"[" BIND("/mnt/media/zurg/x", "/v") "]", TARGET_NONE, NULL, NULL, false},
		{"[" BIND("/mnt/medi", V) "]", TARGET_NONE, NULL, NULL, false},
		{"[{'destination': '/mnt/media', 'type': 'tmpfs'}]", TARGET_NONE, NULL, NULL,
			false},
		{"[]", TARGET_NONE, NULL, NULL, false},
	};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		check_view(&world, &views[i]);
}

static void who_comes_after_the_provider_sees_its_directory_wherever_it_mounts_it(void **state)
{
	static const struct view views[] = {
		{"[" BIND("/data", V) "]", TARGET_SEES, "/data/sub/zurg", V, false},
		/* a directory above the volume, and one between it and the path */
		{"[" BIND("/data", "/var/lib/kubelet") "]", TARGET_SEES,
			"/data/pods/01234567-89ab-cdef-0123-456789abcdef/volumes/kubernetes.io~nfs/"
			"media/sub/zurg",
			"/var/lib/kubelet", false},
		{"[" BIND("/data", V "/sub") "]", TARGET_SEES, "/data/zurg", V "/sub", false},
		/* beside it */
		{"[" BIND("/data", V "/su") "]", TARGET_NONE, NULL, NULL, false},
		{"[" BIND("/mnt/media", "/elsewhere") "]", TARGET_NONE, NULL, NULL, false},
		/* the path itself, and below it */
		{"[" BIND("/data", V "/sub/zurg") "]", TARGET_INSIDE, NULL, V "/sub/zurg", true},
		{"[" BIND("/data", V "/sub/zurg/films") "]", TARGET_INSIDE, NULL,
			V "/sub/zurg/films", false},
	};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	record_zurg(&world, V "/sub/zurg", V);
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		check_view(&world, &views[i]);
}

static void of_several_mounts_the_one_at_the_annotated_path_counts(void **state)
{
	static const struct view views[] = {
		{"[" BIND("/data", V) "," BIND("/mnt/media", V) "]", TARGET_SEES, "/mnt/media/zurg",
			V, false},
		{"[" BIND("/mnt/media", V) "," BIND("/data", V) "]", TARGET_SEES, "/mnt/media/zurg",
			V, false},
		/* else the one that is closest */
		{"[" BIND("/x", "/var/lib/kubelet/pods") "," BIND("/data", V) "]", TARGET_SEES,
			"/data/zurg", V, false},
		/* what shows the path before what is inside it */
		{"[" BIND("/in", V "/zurg/films") "," BIND("/data", V) "]", TARGET_SEES,
			"/data/zurg", V, false},
		/* a mount over the path hides it */
		{"[" BIND("/data", V) "," BIND("/data/zurg", V "/zurg/films") "]", TARGET_INSIDE,
			NULL, V "/zurg/films", false},
		{"[" BIND("/data", V) ", {'destination': '/data/zurg', 'type': 'tmpfs'}]",
			TARGET_NONE, NULL, NULL, false},
	};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	record_zurg(&world, V "/zurg", V);
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		check_view(&world, &views[i]);
}

static void the_volume_of_a_consumer_is_the_providers(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[" BIND("/data", "/var/lib/kubelet") "]");
	record_zurg(&world, V "/zurg", V);
	resolve(&world, &targets);
	assert_string_equal(targets.items[0].volume, V);
	assert_string_equal(targets.items[0].host_path, V "/zurg");
	/* The host's mount of the volume lies below what is mounted in the container. */
	assert_string_equal(targets.items[0].anchor, V);
	assert_true(targets.items[0].anchor_is_mountpoint);
	assert_int_equal(targets_role(&targets), ROLE_CONSUMER);
}

#define SUBPATH                                                                                    \
	"/var/lib/kubelet/pods/01234567-89ab-cdef-0123-456789abcdef/volume-subpaths/media/plex/0"

static void a_subpath_mount_of_the_kubelet_is_known_by_its_place(void **state)
{
	static const struct view views[] = {
		{"[" BIND("/data", SUBPATH) "]", TARGET_SEES, "/data/zurg", V "/sub", false},
		{"[" BIND("/data", SUBPATH "/zurg") "]", TARGET_INSIDE, NULL, SUBPATH "/zurg",
			true},
		{"[" BIND("/data", SUBPATH "/zurg/films") "]", TARGET_INSIDE, NULL,
			SUBPATH "/zurg/films", false},
		{"[" BIND("/data", SUBPATH "/other") "]", TARGET_NONE, NULL, NULL, false},
		/* the whole export, of which the volume is a directory: seen, but nameless */
		{"[" BIND("/data", "/export") "]", TARGET_SEES, "/data/media/sub/zurg", NULL,
			false},
	};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_host(&world, HOST "2 1 0:50 /media " V " rw shared:2 - nfs4 nas:/ rw\n"
				"3 1 0:50 /media/sub " SUBPATH " rw shared:2 - nfs4 nas:/ rw\n"
				"4 1 0:50 / /export rw shared:2 - nfs4 nas:/ rw\n");
	record_zurg(&world, V "/sub/zurg", V);
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		check_view(&world, &views[i]);
}

static void a_mount_of_a_live_fuse_mount_is_inside_it(void **state)
{
	static const struct view views[] = {
		{"[" BIND("/data", SUBPATH) "]", TARGET_INSIDE, NULL, SUBPATH, false},
		{"[" BIND("/data", SUBPATH "x") "]", TARGET_INSIDE, NULL, SUBPATH "x", true},
	};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_host(&world, HOST "2 1 0:50 / " V " rw shared:2 - nfs4 nas:/ rw\n"
				"3 2 0:70 / " V "/zurg rw shared:3 - fuse.rclone zurg: rw\n"
				"4 1 0:70 /films " SUBPATH " rw shared:3 - fuse.rclone zurg: rw\n"
				"5 1 0:70 / " SUBPATH "x rw shared:3 - fuse.rclone zurg: rw\n");
	record_zurg(&world, V "/zurg", V);
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		check_view(&world, &views[i]);
}

static void a_node_path_is_seen_and_never_provided(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "@node=/mnt/media/zurg");
	/* A record of another pod's path of the same name would not count either. */
	record_zurg(&world, "/elsewhere/zurg", "/elsewhere");
	resolve(&world, &targets);
	assert_int_equal(targets.items[0].relation, TARGET_SEES);
	assert_string_equal(targets.items[0].host_path, V "/zurg");
	assert_int_equal(targets_role(&targets), ROLE_CONSUMER);
}

/* A host table, and what comes of the provider's first target. */
static void the_anchor_is_the_mountpoint_below_the_volume_or_the_volume_itself(void **state)
{
	static const struct {
		const char *host, *anchor;
		bool mountpoint, self_bind;
	} cases[] = {
		{HOST, V, false, false},
		{HOST "2 1 0:50 / " V " rw - nfs4 n rw\n", V, true, false},
		{HOST "2 1 8:1 " V " " V " rw - ext4 a rw\n", V, true, true},
		{HOST "2 1 0:50 / /var/lib/kubelet rw - nfs4 n rw\n", V, false, false},
		{HOST "2 1 0:50 / " V "/deep rw - nfs4 n rw\n", V "/deep", true, false},
		/* the FUSE mount itself carries nothing */
		{HOST "2 1 0:70 / " V "/deep/zurg rw - fuse.rclone z rw\n", V, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_targets struct targets targets = {0};
		cleanup_world struct world world;
		const struct target *target;

		world_begin(&world);
		world_provider(&world);
		world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/deep/zurg");
		world_host(&world, cases[i].host);
		resolve(&world, &targets);
		target = &targets.items[0];
		assert_string_equal(target->anchor, cases[i].anchor);
		assert_int_equal(target->anchor_is_mountpoint, cases[i].mountpoint);
		assert_int_equal(target->anchor_self_bind, cases[i].self_bind);
	}
}

static void an_unknown_host_leaves_the_hosts_side_open(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_host(&world, NULL);
	resolve(&world, &targets);
	assert_string_equal(targets.items[0].host_path, V "/zurg");
	assert_null(targets.items[0].host_carrier);
	assert_null(targets.items[0].anchor);
	assert_int_equal(targets.items[0].container_carrier->id, 14);
	assert_null(targets.items[0].container_anchor);
}

/* The provider's config.json root, a container table, and the ids of the mounts that carry the FUSE
 * path (0: not found) and lie at the anchor. */
static void the_containers_side_is_found_below_its_root(void **state)
{
	static const struct {
		const char *root, *bundle, *container;
		int carrier;
		const char *anchor;
	} cases[] = {
		{"'/c'", NULL, TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n", 14,
			"/c/mnt/media"},
		{"'c/'", "/", TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n", 14,
			"/c/mnt/media"},
		{"'c'", NULL, TABLE "14 13 0:50 / /c/mnt/media rw - nfs4 n rw\n", 0, NULL},
		/* /mnt is a symbolic link in the image: known by what it shows */
		{"'/c'", NULL, TABLE "14 13 0:50 / /c/media/media rw - nfs4 n rw\n", 14,
			"/c/media/media"},
		/* shown twice, or elsewhere than in the container: not to be told */
		{"'/c'", NULL,
			TABLE "14 13 0:50 / /c/a rw - nfs4 n rw\n"
			      "15 13 0:50 / /c/b rw - nfs4 n rw\n",
			0, NULL},
		{"'/c'", NULL, TABLE "12 11 0:50 / " V " rw - nfs4 n rw\n", 0, NULL},
		/* another directory of the same file system */
		{"'/c'", NULL, TABLE "14 13 0:50 /x /c/media/media rw - nfs4 n rw\n", 0, NULL},
		/* a table that was captured after pivot_root */
		{"'/c'", NULL,
			"13 10 0:60 / / rw - overlay overlay rw\n"
			"14 13 0:50 / /mnt/media rw - nfs4 n rw\n",
			14, "/mnt/media"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_targets struct targets targets = {0};
		cleanup_world struct world world;
		const struct target *zurg;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "root.path", cases[i].root);
		world.facts.bundle = cases[i].bundle;
		world_container(&world, cases[i].container);
		resolve(&world, &targets);
		zurg = &targets.items[0];
		if ((zurg->container_carrier ? zurg->container_carrier->id : 0) != cases[i].carrier)
			fail_msg("%s", cases[i].container);
		if (cases[i].anchor)
			assert_string_equal(zurg->container_anchor, cases[i].anchor);
		else
			assert_null(zurg->container_anchor);
	}
}

static void the_canonical_root_of_the_runtime_wins_over_the_written_one(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "root.path", "'/link/to/c'");
	world.facts.container_root = "/c";
	resolve(&world, &targets);
	assert_string_equal(targets.items[0].container_path, "/c/mnt/media/zurg");
}

static void a_mount_inside_the_path_is_its_own_carrier(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[" BIND("/films", V "/zurg/films") "]");
	world_container(&world, TABLE "14 13 0:70 /films /c/films rw - fuse.rclone z rw\n");
	record_zurg(&world, V "/zurg", V);
	resolve(&world, &targets);
	assert_int_equal(targets.items[0].container_carrier->id, 14);
	assert_null(targets.items[0].anchor);
}

static void who_mounts_none_of_it_is_a_bystander(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[" BIND("/config", V "/config") "]");
	record_zurg(&world, V "/zurg", V);
	resolve(&world, &targets);
	assert_int_equal(targets_role(&targets), ROLE_BYSTANDER);
	assert_null(targets_first(&targets, TARGET_SEES));
}

static void who_mounts_only_the_inside_is_a_consumer(void **state)
{
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[" BIND("/films", V "/zurg/films") "]");
	record_zurg(&world, V "/zurg", NULL);
	resolve(&world, &targets);
	assert_int_equal(targets_role(&targets), ROLE_CONSUMER);
	assert_ptr_equal(targets_first(&targets, TARGET_INSIDE), &targets.items[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_provides_its_own_path),
		cmocka_unit_test(a_provider_sees_the_paths_of_others),
		cmocka_unit_test(the_longest_destination_holds_a_path_and_of_equals_the_last),
		cmocka_unit_test(a_file_system_of_the_containers_own_is_no_volume),
		cmocka_unit_test(a_source_is_looked_at_from_the_bundle_and_without_dots),
		cmocka_unit_test(who_comes_before_the_provider_goes_by_its_own_paths),
		cmocka_unit_test(
			who_comes_after_the_provider_sees_its_directory_wherever_it_mounts_it),
		cmocka_unit_test(of_several_mounts_the_one_at_the_annotated_path_counts),
		cmocka_unit_test(the_volume_of_a_consumer_is_the_providers),
		cmocka_unit_test(a_subpath_mount_of_the_kubelet_is_known_by_its_place),
		cmocka_unit_test(a_mount_of_a_live_fuse_mount_is_inside_it),
		cmocka_unit_test(a_node_path_is_seen_and_never_provided),
		cmocka_unit_test(
			the_anchor_is_the_mountpoint_below_the_volume_or_the_volume_itself),
		cmocka_unit_test(an_unknown_host_leaves_the_hosts_side_open),
		cmocka_unit_test(the_containers_side_is_found_below_its_root),
		cmocka_unit_test(the_canonical_root_of_the_runtime_wins_over_the_written_one),
		cmocka_unit_test(a_mount_inside_the_path_is_its_own_carrier),
		cmocka_unit_test(who_mounts_none_of_it_is_a_bystander),
		cmocka_unit_test(who_mounts_only_the_inside_is_a_consumer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
