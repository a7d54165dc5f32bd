/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "tests/support/world.h"

#include <string.h>

#define ROOT "1 0 8:1 / / rw - ext4 /dev/a rw\n"

/* A table, a path, and the ids of the mounts that cover, carry and lie at it (0: none). */
struct walk {
	const char *table, *path;
	int cover, carrier, at;
};

static void check_walk(const struct walk *walk)
{
	cleanup_world struct world world;
	const struct mount_entry *cover, *carrier, *at;

	world_begin(&world);
	world_host(&world, walk->table);
	cover = mounts_cover(&world.host, walk->path);
	carrier = mounts_carrier(&world.host, walk->path);
	at = mounts_at(&world.host, walk->path);
	if ((cover ? cover->id : 0) != walk->cover ||
		(carrier ? carrier->id : 0) != walk->carrier || (at ? at->id : 0) != walk->at)
		fail_msg("%s in\n%s: covered by %d, carried by %d, mounted %d", walk->path,
			walk->table, cover ? cover->id : 0, carrier ? carrier->id : 0,
			at ? at->id : 0);
}

#define CHECK_WALKS(...)                                                                           \
	do {                                                                                       \
		const struct walk walks[] = {__VA_ARGS__};                                         \
		(void)state;                                                                       \
		for (size_t i = 0; i < ARRAY_SIZE(walks); i++)                                     \
			check_walk(&walks[i]);                                                     \
	} while (0)

static void a_walk_ends_on_the_deepest_mount(void **state)
{
	const char *table = ROOT "2 1 8:2 / /a rw - ext4 b rw\n3 2 8:3 / /a/b rw - ext4 c rw\n";

	CHECK_WALKS({table, "/", 1, 1, 1}, {table, "/x", 1, 1, 0}, {table, "/a", 2, 1, 2},
		{table, "/a/x", 2, 2, 0}, {table, "/a/b", 3, 2, 3}, {table, "/a/b/x/y", 3, 3, 0});
}

static void a_path_is_not_below_another_with_the_same_first_letters(void **state)
{
	const char *table = ROOT "2 1 8:2 / /a rw - ext4 b rw\n3 1 8:3 / /a/bc rw - ext4 c rw\n";

	CHECK_WALKS({table, "/ab", 1, 1, 0}, {table, "/ab/c", 1, 1, 0});
}

static void a_mount_over_a_parent_hides_what_was_below(void **state)
{
	/* /a/b was mounted first, then /a over it. */
	const char *table = ROOT "2 1 8:2 / /a/b rw - ext4 b rw\n3 1 8:3 / /a rw - ext4 c rw\n";

	CHECK_WALKS({table, "/a/b", 3, 3, 0}, {table, "/a", 3, 1, 3}, {table, "/a/b/c", 3, 3, 0});
}

static void the_last_of_stacked_mounts_is_on_top(void **state)
{
	const char *table = ROOT "2 1 8:2 / /a rw - ext4 b rw\n3 2 8:3 / /a rw - ext4 c rw\n"
				 "4 3 8:4 / /a rw - ext4 d rw\n5 2 8:5 / /a/x rw - ext4 e rw\n";

	/* 5 is on the lowest of the three, which is hidden. */
	CHECK_WALKS({table, "/a", 4, 1, 4}, {table, "/a/x", 4, 4, 0});
}

static void the_order_of_the_table_does_not_matter(void **state)
{
	const char *table = "3 2 8:3 / /a/b rw - ext4 c rw\n2 1 8:2 / /a rw - ext4 b rw\n" ROOT;

	CHECK_WALKS({table, "/a/b/c", 3, 3, 0}, {table, "/a/b", 3, 2, 3});
}

static void a_root_over_the_root_is_the_root(void **state)
{
	/* As after a switch_root: the initial ramfs is its own parent. */
	const char *table = "1 1 0:2 / / rw - rootfs none rw\n2 1 8:1 / / rw - ext4 /dev/a rw\n"
			    "3 2 8:2 / /a rw - ext4 b rw\n4 1 8:3 / /b rw - ext4 c rw\n";

	CHECK_WALKS({table, "/", 2, 1, 2}, {table, "/a/x", 3, 3, 0}, {table, "/b/x", 2, 2, 0});
}

static void a_root_may_have_its_parent_in_another_table(void **state)
{
	const char *table =
		"76 75 8:1 / / rw - ext4 /dev/a rw\n78 76 0:21 / /proc rw - proc p rw\n";

	CHECK_WALKS({table, "/proc/1", 78, 78, 0}, {table, "/x", 76, 76, 0});
}

static void a_table_without_a_root_covers_nothing(void **state)
{
	CHECK_WALKS({NULL, "/", 0, 0, 0}, {"5 4 8:1 / /a rw - ext4 b rw\n", "/a", 0, 0, 0});
}

static void a_cycle_in_a_forged_table_ends(void **state)
{
	const char *table = ROOT "2 1 8:2 / / rw - ext4 b rw\n3 2 8:3 / / rw - ext4 c rw\n"
				 "2 3 8:4 / / rw - ext4 d rw\n";
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_host(&world, table);
	assert_non_null(mounts_cover(&world.host, "/a"));
}

static void the_place_in_the_file_system_counts_from_the_root_of_the_mount(void **state)
{
	static const struct {
		const char *root, *target, *path, *place;
	} cases[] = {
		{"/", "/", "/a/b", "/a/b"},
		{"/", "/m", "/m/a", "/a"},
		{"/", "/m", "/m", "/"},
		{"/vol/x", "/m", "/m", "/vol/x"},
		{"/vol/x", "/m", "/m/a/b", "/vol/x/a/b"},
		{"/vol", "/m", "/mx", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *root = strdup(cases[i].root), *target = strdup(cases[i].target);
		const struct mount_entry mount = {.root = root, .target = target};
		cleanup_free char *place = mounts_fs_path(&mount, cases[i].path);

		if (cases[i].place)
			assert_string_equal(place, cases[i].place);
		else
			assert_null(place);
	}
}

static void the_propagation_of_a_mount_is_read_from_its_groups(void **state)
{
	static const struct {
		struct mount_entry mount;
		enum propagation propagation;
	} cases[] = {
		{{.shared = 3}, PROPAGATION_SHARED},
		{{.shared = 3, .master = 2}, PROPAGATION_SHARED},
		{{.master = 2}, PROPAGATION_SLAVE},
		{{.unbindable = true}, PROPAGATION_UNBINDABLE},
		{{0}, PROPAGATION_PRIVATE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(mounts_propagation(&cases[i].mount), cases[i].propagation);
}

/* Group 2 sends to 4 and 4 to 6, told in an order that takes two passes; 9 has a hidden master. */
#define CHAIN                                                                                      \
	"1 0 8:1 / / rw shared:6 master:4 - ext4 a rw\n"                                           \
	"2 1 8:1 /v /v rw shared:2 - ext4 a rw\n"                                                  \
	"3 1 8:1 /w /w rw shared:4 master:2 - ext4 a rw\n"                                         \
	"4 1 8:1 /x /x rw master:6 - ext4 a rw\n"                                                  \
	"5 1 8:1 /y /y rw shared:8 - ext4 a rw\n"                                                  \
	"6 1 8:1 /z /z rw shared:9 master:77 propagate_from:2 - ext4 a rw\n"                       \
	"7 1 8:1 /p /p rw - ext4 a rw\n"

static void an_event_reaches_slaves_of_slaves_over_all_tables(void **state)
{
	cleanup_peer_set struct peer_set reach = {0};
	cleanup_world struct world world;
	const struct mount_table *tables[2];

	(void)state;
	world_begin(&world);
	world_host(&world, CHAIN);
	world_container(&world, "1 0 8:1 / / rw shared:11 master:9 - ext4 a rw\n");
	tables[0] = &world.host;
	tables[1] = &world.container;
	assert_int_equal(mounts_reach(2, tables, 2, &reach), 0);
	assert_int_equal(reach.n, 5);
	assert_true(peer_set_contains(&reach, 2) && peer_set_contains(&reach, 4));
	assert_true(peer_set_contains(&reach, 6) && peer_set_contains(&reach, 9));
	assert_true(peer_set_contains(&reach, 11));
	assert_false(peer_set_contains(&reach, 8));
}

static void an_event_does_not_go_back_to_a_master(void **state)
{
	cleanup_peer_set struct peer_set reach = {0};
	cleanup_world struct world world;
	const struct mount_table *table;

	(void)state;
	world_begin(&world);
	world_host(&world, CHAIN);
	table = &world.host;
	assert_int_equal(mounts_reach(4, &table, 1, &reach), 0);
	assert_false(peer_set_contains(&reach, 2));
	assert_false(mounts_receives(mounts_by_id(table, 2), &reach));
	assert_true(mounts_receives(mounts_by_id(table, 1), &reach));
	assert_true(mounts_receives(mounts_by_id(table, 4), &reach));
}

static void peers_and_slaves_receive_and_private_mounts_do_not(void **state)
{
	cleanup_peer_set struct peer_set reach = {0};
	cleanup_world struct world world;
	const struct mount_table *table;
	static const bool receives[] = {true, true, true, true, false, true, false};

	(void)state;
	world_begin(&world);
	world_host(&world, CHAIN);
	table = &world.host;
	assert_int_equal(mounts_reach(2, &table, 1, &reach), 0);
	for (size_t i = 0; i < ARRAY_SIZE(receives); i++)
		assert_int_equal(mounts_receives(&table->entries[i], &reach), receives[i]);
}

static void nothing_is_reached_from_no_group(void **state)
{
	cleanup_peer_set struct peer_set reach = {0};
	cleanup_world struct world world;
	const struct mount_table *table;

	(void)state;
	world_begin(&world);
	world_host(&world, CHAIN);
	table = &world.host;
	assert_int_equal(mounts_reach(0, &table, 1, &reach), 0);
	assert_int_equal(reach.n, 0);
	assert_false(mounts_receives(mounts_by_id(table, 7), &reach));
}

static void a_self_bind_shows_what_its_parent_shows_there(void **state)
{
	static const struct {
		const char *table;
		bool self_bind;
	} cases[] = {
		{ROOT "2 1 8:1 /v /v rw - ext4 a rw\n", true},
		/* of a directory elsewhere, of another file system, and not mounted anywhere */
		{ROOT "2 1 8:1 /w /v rw - ext4 a rw\n", false},
		{ROOT "2 1 8:2 /v /v rw - ext4 a rw\n", false},
		{"2 2 8:1 / / rw - ext4 a rw\n", false},
		{"2 1 8:1 / / rw - ext4 a rw\n", false},
		/* on a mount of a part of a file system; on a mountpoint itself */
		{ROOT "3 1 8:2 /e /m rw - nfs n rw\n2 3 8:2 /e/v /m/v rw - nfs n rw\n", true},
		{ROOT "3 1 8:2 /e /m rw - nfs n rw\n2 3 8:2 /e /m rw - nfs n rw\n", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_host(&world, cases[i].table);
		if (mounts_is_self_bind(&world.host, mounts_by_id(&world.host, 2)) !=
			cases[i].self_bind)
			fail_msg("%s", cases[i].table);
	}
}

static void an_unknown_id_is_no_mount(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_host(&world, ROOT);
	assert_null(mounts_by_id(&world.host, 2));
	assert_int_equal(mounts_by_id(&world.host, 1)->major, 8);
}

static void an_option_is_a_whole_word_of_the_mounts_own(void **state)
{
	char options[] = "rw,nosuid,idmapped", none[] = "";
	struct mount_entry mount = {.vfs_options = options};

	(void)state;
	assert_true(mounts_has_option(&mount, "rw"));
	assert_true(mounts_has_option(&mount, "nosuid"));
	assert_true(mounts_has_option(&mount, MOUNTS_IDMAPPED));
	assert_false(mounts_has_option(&mount, "nosui"));
	assert_false(mounts_has_option(&mount, "mapped"));
	assert_false(mounts_has_option(&mount, "nodev"));
	mount.vfs_options = none;
	assert_false(mounts_has_option(&mount, "rw"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_ends_on_the_deepest_mount),
		cmocka_unit_test(a_path_is_not_below_another_with_the_same_first_letters),
		cmocka_unit_test(a_mount_over_a_parent_hides_what_was_below),
		cmocka_unit_test(the_last_of_stacked_mounts_is_on_top),
		cmocka_unit_test(the_order_of_the_table_does_not_matter),
		cmocka_unit_test(a_root_over_the_root_is_the_root),
		cmocka_unit_test(a_root_may_have_its_parent_in_another_table),
		cmocka_unit_test(a_table_without_a_root_covers_nothing),
		cmocka_unit_test(a_cycle_in_a_forged_table_ends),
		cmocka_unit_test(the_place_in_the_file_system_counts_from_the_root_of_the_mount),
		cmocka_unit_test(the_propagation_of_a_mount_is_read_from_its_groups),
		cmocka_unit_test(an_event_reaches_slaves_of_slaves_over_all_tables),
		cmocka_unit_test(an_event_does_not_go_back_to_a_master),
		cmocka_unit_test(peers_and_slaves_receive_and_private_mounts_do_not),
		cmocka_unit_test(nothing_is_reached_from_no_group),
		cmocka_unit_test(a_self_bind_shows_what_its_parent_shows_there),
		cmocka_unit_test(an_unknown_id_is_no_mount),
		cmocka_unit_test(an_option_is_a_whole_word_of_the_mounts_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
