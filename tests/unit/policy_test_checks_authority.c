/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "tests/support/world.h"

#define V WORLD_VOLUME

static void set_list(struct strv *list, const char *item)
{
	strv_clear(list);
	if (item)
		assert_int_equal(strv_add(list, item), 0);
}

static void a_healthy_pod_may_all_that_it_asks(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_expect(&world, check_authority, "provider", "");
	world_consumer(&world);
	world_expect(&world, check_authority, "consumer", "");
}

static void the_policy_decides_which_namespaces_may_use_the_hook(void **state)
{
	static const struct {
		const char *allow, *deny, *summary;
	} cases[] = {
		{"media*", NULL, ""},
		{"other", NULL, "deny namespace-not-allowed media"},
		{NULL, "med?a", "deny namespace-not-allowed media"},
		{NULL, "medias", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		set_list(&world.config.namespace_allow, cases[i].allow);
		set_list(&world.config.namespace_deny, cases[i].deny);
		world_expect(&world, check_authority, "namespaces", cases[i].summary);
	}
}

static void a_bystander_of_a_namespace_that_may_not_is_told_so_too(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "mounts", "[]");
	set_list(&world.config.namespace_deny, "media");
	world_expect(&world, check_authority, "bystander", "deny namespace-not-allowed media");
}

static void a_wait_may_be_as_long_as_the_nodes_maximum(void **state)
{
	static const struct {
		const char *wait, *summary;
	} cases[] = {
		{"0s", ""},
		{"90s", ""},
		{"91s", "deny annotation-invalid fuse-sidecar.io/wait"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_consumer(&world);
		world_annotate(&world, ANNOTATION_WAIT, cases[i].wait);
		world_expect(&world, check_authority, cases[i].wait, cases[i].summary);
	}
}

static void the_message_names_the_maximum(void **state)
{
	cleanup_findings struct findings findings = {0};
	const struct targets none = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_WAIT, "10m");
	assert_int_equal(check_authority(world_facts(&world), &none, &findings), 0);
	assert_non_null(strstr(findings.items[0].message, "10m"));
	assert_non_null(strstr(findings.items[0].message, "1m30s"));
	assert_non_null(strstr(findings.items[0].fix, "1m30s"));
}

static void a_grant_is_refused_to_a_provider_and_no_matter_for_others(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world.config.allow_propagation_grant = true;
	world_provider(&world);
	world_annotate(&world, ANNOTATION_PROPAGATION, "grant");
	world_expect(&world, check_authority, "provider",
		"deny grant-not-allowed fuse-sidecar.io/propagation");
	world_annotate(&world, ANNOTATION_PROPAGATION, "declared");
	world_expect(&world, check_authority, "declared", "");
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_PROPAGATION, "grant");
	world_expect(&world, check_authority, "consumer", "");
}

static void a_volume_lies_below_a_root_by_component(void **state)
{
	static const struct {
		const char *root, *summary;
	} cases[] = {
		{V, ""},
		{"/var", ""},
		{"/", ""},
		{"/var/lib/kube", "deny path-outside-roots " V},
		{V "/zurg", "deny path-outside-roots " V},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		set_list(&world.config.roots, cases[i].root);
		world_provider(&world);
		world_expect(&world, check_authority, cases[i].root, cases[i].summary);
		/* Once for the volume, though the consumer sees two paths on it. */
		world_consumer(&world);
		world_expect(&world, check_authority, cases[i].root, cases[i].summary);
	}
}

static void a_node_path_lies_below_a_node_mount(void **state)
{
	static const struct {
		const char *node_mount, *summary;
	} cases[] = {
		{"/srv/media", ""},
		{"/srv/media/zurg", ""},
		{"/srv/med", "deny path-outside-roots /srv/media/zurg"},
		{NULL, "deny path-outside-roots /srv/media/zurg"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		set_list(&world.config.node_mounts, cases[i].node_mount);
		world_consumer(&world);
		world_annotate(&world, ANNOTATION_MOUNTS, "@node=/mnt/media/zurg");
		world_set(&world, "mounts.0.source", "'/srv/media'");
		world_expect(&world, check_authority, "@node", cases[i].summary);
	}
}

static void a_mount_of_a_node_path_itself_is_one_of_its_node_mount_too(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "@node=/mnt/media");
	world_set(&world, "mounts.0.source", "'/srv/media/zurg'");
	world_expect(
		&world, check_authority, "unlisted", "deny path-outside-roots /srv/media/zurg");
	set_list(&world.config.node_mounts, "/srv/media");
	world_expect(&world, check_authority, "listed", "");
}

static void a_node_mount_is_no_root_for_the_pods_own_volumes(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	set_list(&world.config.node_mounts, "/srv/media");
	world_provider(&world);
	world_set(&world, "mounts.0.source", "'/srv/media'");
	world_expect(&world, check_authority, "own volume", "deny path-outside-roots /srv/media");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_pod_may_all_that_it_asks),
		cmocka_unit_test(the_policy_decides_which_namespaces_may_use_the_hook),
		cmocka_unit_test(a_bystander_of_a_namespace_that_may_not_is_told_so_too),
		cmocka_unit_test(a_wait_may_be_as_long_as_the_nodes_maximum),
		cmocka_unit_test(the_message_names_the_maximum),
		cmocka_unit_test(a_grant_is_refused_to_a_provider_and_no_matter_for_others),
		cmocka_unit_test(a_volume_lies_below_a_root_by_component),
		cmocka_unit_test(a_node_path_lies_below_a_node_mount),
		cmocka_unit_test(a_mount_of_a_node_path_itself_is_one_of_its_node_mount_too),
		cmocka_unit_test(a_node_mount_is_no_root_for_the_pods_own_volumes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
