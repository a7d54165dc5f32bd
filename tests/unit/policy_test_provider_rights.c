/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider could unmount by itself, by its own config.json. */
#include "policy/check/provider_rights.h"

#include "oci/base/cleanup.h"
#include "tests/support/world.h"

#define V WORLD_VOLUME

static bool could(struct world *world, const char *path, const char *host_path)
{
	bool ret = false;

	assert_int_equal(provider_rights_unmount(world_facts(world), path, host_path, &ret), 0);
	return ret;
}

static void a_privileged_provider_could_what_is_on_its_path(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	assert_true(could(&world, "/mnt/media/zurg", V "/zurg"));
	/* Another's path, another directory, no path of the pod's. */
	assert_false(could(&world, "/mnt/media/torbox", V "/torbox"));
	assert_false(could(&world, "/mnt/media/zurg", V "/torbox"));
	assert_false(could(&world, "/mnt/media/zurg", V));
	assert_false(could(&world, "/mnt/media/zurg", "/srv/zurg"));
	assert_false(could(&world, "/mnt/media", V));
}

static void each_of_what_it_takes_is_asked_for(void **state)
{
	static const struct {
		const char *what, *path, *json;
	} cases[] = {
		{"read-only", "mounts.0.options", "['rbind', 'rshared', 'ro']"},
		{"slave", "mounts.0.options", "['rbind', 'rslave', 'rw']"},
		{"private", "mounts.0.options", "['rbind', 'rprivate', 'rw']"},
		{"no propagation", "mounts.0.options", "['rbind', 'rw']"},
		{"no capability", "process.capabilities", "{}"},
		{"another volume", "mounts.0.source", "'/srv/media'"},
		{"a source that is not a path", "mounts.0.source", "'/srv/../srv/media'"},
		{"no bind", "mounts.0.type", "'tmpfs'"},
		{"no volume", "mounts", "[]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, cases[i].path, cases[i].json);
		if (i == 7)
			world_set(&world, "mounts.0.options", "['rshared', 'rw']");
		if (could(&world, "/mnt/media/zurg", V "/zurg"))
			fail_msg("%s", cases[i].what);
	}
}

static void a_consumer_could_nothing(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	assert_false(could(&world, "/mnt/media/zurg", V "/zurg"));
	/* A mount of the node's is no container's. */
	world_annotate(&world, ANNOTATION_MOUNTS, "@node=/mnt/media/zurg");
	assert_false(could(&world, "/mnt/media/zurg", V "/zurg"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_privileged_provider_could_what_is_on_its_path),
		cmocka_unit_test(each_of_what_it_takes_is_asked_for),
		cmocka_unit_test(a_consumer_could_nothing),
	};

	return cmocka_run_group_tests_name("provider_rights", tests, NULL, NULL);
}
