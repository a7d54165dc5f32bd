/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "tests/support/world.h"

#define V WORLD_VOLUME

static void a_path_below_a_volume_has_its_place(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_expect(&world, check_volumes, "provider", "");
}

static void a_path_on_no_volume_is_missing_one(void **state)
{
	static const struct {
		const char *what, *mounts;
	} cases[] = {
		{"no mount", "[]"},
		{"a mount of another name",
			"[{'destination': '/mnt/medi', 'type': 'bind', 'source': '/v'}]"},
		{"a tmpfs", "[{'destination': '/mnt/media', 'type': 'tmpfs', 'source': 'tmpfs'}]"},
		{"a tmpfs over a volume",
			"[{'destination': '/mnt', 'type': 'bind', 'source': '/v'},"
			" {'destination': '/mnt/media', 'type': 'tmpfs', 'source': 'tmpfs'}]"},
		{"no type", "[{'destination': '/mnt/media', 'source': '/v'}]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "mounts", cases[i].mounts);
		world_expect(&world, check_volumes, cases[i].what,
			"deny volume-missing /mnt/media/zurg");
	}
}

static void the_message_says_what_lies_there_instead(void **state)
{
	cleanup_findings struct findings findings = {0};
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts.0.type", "'tmpfs'");
	world_set(&world, "mounts.0.options", "[]");
	assert_int_equal(targets_resolve(world_facts(&world), &targets), 0);
	assert_int_equal(check_volumes(&world.facts, &targets, &findings), 0);
	assert_non_null(strstr(findings.items[0].message, "tmpfs"));
	assert_non_null(strstr(findings.items[0].message, "at /mnt/media,"));
}

static void a_source_must_be_a_name_that_can_be_compared(void **state)
{
	static const struct {
		const char *source, *summary;
	} cases[] = {
		{"'/v/../etc'", "deny path-unsafe /v/../etc"},
		{"null", "deny volume-missing /mnt/media"},
		/* relative to a bundle that nobody named: not known, and no finding */
		{"'vol'", ""},
		{"'/v//x/'", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		world_expect_changed(world_provider, "mounts.0.source", cases[i].source,
			check_volumes, cases[i].summary);
}

static void a_relative_source_may_not_climb_out_of_the_bundle(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world.facts.bundle = "/run/b";
	world_set(&world, "mounts.0.source", "'../../etc'");
	world_expect(&world, check_volumes, "climbing", "deny path-unsafe ../../etc");
}

static void the_root_of_a_volume_is_no_mountpoint(void **state)
{
	static const struct {
		const char *destination, *summary;
	} cases[] = {
		{"'/mnt/media/zurg'", "deny mountpoint-is-volume-root /mnt/media/zurg"},
		{"'/mnt/media'", ""},
		{"'/mnt'", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		world_expect_changed(world_provider, "mounts.0.destination", cases[i].destination,
			check_volumes, cases[i].summary);
}

static void two_mounts_of_one_volume_may_not_lead_to_one_directory(void **state)
{
	static const struct {
		const char *source, *summary;
	} cases[] = {
		{V, "deny mountpoint-conflict /data/zurg"},
		{V "/zurg", "deny mountpoint-conflict /data/zurg"},
		{V "/other", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *mounts = NULL;
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_annotate(&world, ANNOTATION_MOUNTS,
			"rclone-zurg=/mnt/media/zurg, rclone-zurg=/data/zurg");
		assert_true(asprintf(&mounts,
				    "[{'destination': '/mnt/media', 'type': 'bind', 'source': '" V
				    "'}, {'destination': '/data', 'type': 'bind', 'source': '%s'}]",
				    cases[i].source) > 0);
		world_set(&world, "mounts", mounts);
		world_expect(&world, check_volumes, cases[i].source, cases[i].summary);
	}
}

static void record(struct world *world, const char *path, const char *host_path)
{
	struct topology_path *other = topology_ensure_path(&world->topology, path);

	assert_non_null(other);
	other->provider = strdup("rclone-torbox");
	other->host_path = host_path ? strdup(host_path) : NULL;
	assert_non_null(other->provider);
}

static void two_providers_may_not_come_to_one_directory_of_the_host(void **state)
{
	static const struct {
		const char *host_path, *summary;
	} cases[] = {
		{V "/zurg", "deny mountpoint-conflict /mnt/media/zurg"},
		{V "/zurg/deep", "deny mountpoint-conflict /mnt/media/zurg"},
		{V, "deny mountpoint-conflict /mnt/media/zurg"},
		{V "/zurg2", ""},
		{V "/torbox", ""},
		{NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		record(&world, "/mnt/media/torbox", cases[i].host_path);
		world_expect(&world, check_volumes, cases[i].host_path ? cases[i].host_path : "-",
			cases[i].summary);
	}
}

static void the_record_of_the_path_itself_is_no_conflict(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	record(&world, "/mnt/media/zurg", V "/zurg");
	world_expect(&world, check_volumes, "its own", "");
}

static void a_consumer_needs_no_place(void **state)
{
	(void)state;
	world_expect_changed(world_consumer, "mounts", "[]", check_volumes, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_below_a_volume_has_its_place),
		cmocka_unit_test(a_path_on_no_volume_is_missing_one),
		cmocka_unit_test(the_message_says_what_lies_there_instead),
		cmocka_unit_test(a_source_must_be_a_name_that_can_be_compared),
		cmocka_unit_test(a_relative_source_may_not_climb_out_of_the_bundle),
		cmocka_unit_test(the_root_of_a_volume_is_no_mountpoint),
		cmocka_unit_test(two_mounts_of_one_volume_may_not_lead_to_one_directory),
		cmocka_unit_test(two_providers_may_not_come_to_one_directory_of_the_host),
		cmocka_unit_test(the_record_of_the_path_itself_is_no_conflict),
		cmocka_unit_test(a_consumer_needs_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
