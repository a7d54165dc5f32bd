/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "tests/support/world.h"

static void a_provider_with_the_device_has_what_it_needs(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world.facts.fuse_module = KNOWN_YES;
	world.facts.fuse_device = KNOWN_YES;
	world_expect(&world, check_fuse_device, "provider", "");
}

static void the_node_must_have_fuse_where_that_was_looked_at(void **state)
{
	static const struct {
		enum known module, device;
		const char *summary;
	} cases[] = {
		{KNOWN_NOT, KNOWN_NOT, ""},
		{KNOWN_NO, KNOWN_YES, "deny fuse-module-missing fuse"},
		{KNOWN_YES, KNOWN_NO, "deny fuse-device-missing /dev/fuse"},
		{KNOWN_NO, KNOWN_NO,
			"deny fuse-module-missing fuse; deny fuse-device-missing /dev/fuse"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world.facts.fuse_module = cases[i].module;
		world.facts.fuse_device = cases[i].device;
		world_expect(&world, check_fuse_device, "node", cases[i].summary);
	}
}

static void the_container_must_have_the_device_and_be_let_use_it(void **state)
{
	static const char fuse[] =
		"[{'path': '/dev/fuse', 'type': 'c', 'major': 10, 'minor': 229}]";
	static const char closed[] = "[{'allow': false, 'access': 'rwm'}]";
	static const struct {
		const char *what, *devices, *rules, *summary;
	} cases[] = {
		{"privileged", fuse, "[{'allow': true, 'access': 'rwm'}]", ""},
		{"by a rule of its own", fuse,
			"[{'allow': false, 'access': 'rwm'},"
			" {'allow': true, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw'}]",
			""},
		{"for reading only", fuse,
			"[{'allow': false, 'access': 'rwm'},"
			" {'allow': true, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'r'}]",
			"deny fuse-device-denied /dev/fuse"},
		{"not allowed", fuse, closed, "deny fuse-device-denied /dev/fuse"},
		{"not there", "[]", "[{'allow': true, 'access': 'rwm'}]",
			"deny fuse-device-missing /dev/fuse"},
		{"neither", "[]", closed,
			"deny fuse-device-missing /dev/fuse; deny fuse-device-denied /dev/fuse"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "linux.devices", cases[i].devices);
		world_set(&world, "linux.resources.devices", cases[i].rules);
		world_expect(&world, check_fuse_device, cases[i].what, cases[i].summary);
	}
}

static void a_consumer_needs_no_device(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world.facts.fuse_module = KNOWN_NO;
	world.facts.fuse_device = KNOWN_NO;
	world_expect(&world, check_fuse_device, "consumer", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_with_the_device_has_what_it_needs),
		cmocka_unit_test(the_node_must_have_fuse_where_that_was_looked_at),
		cmocka_unit_test(the_container_must_have_the_device_and_be_let_use_it),
		cmocka_unit_test(a_consumer_needs_no_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
