/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories of the host are a pod's own: by their path alone. */
#include "policy/config/own_volume.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"

#include <string.h>

#define UID "01234567-89ab-cdef-0123-456789abcdef"
#define OTHER "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define PODS "/var/lib/kubelet/pods"

static void check(const char *root, const char *path, bool own, bool some_pods)
{
	cleanup_config struct config config = {0};

	assert_int_equal(config_defaults(&config), 0);
	if (root)
		assert_int_equal(strv_add(&config.roots, root), 0);
	if (own_volume_is(&config, UID, path) != own)
		fail_msg("%s is %s", path, own ? "not its own" : "its own");
	if (own_volume_is_some_pods(&config, path) != some_pods)
		fail_msg("%s is %s", path, some_pods ? "no pod's" : "some pod's");
}

static void below_the_directory_with_its_uid(void **state)
{
	(void)state;
	check(NULL, PODS "/" UID "/volumes/kubernetes.io~empty-dir/media", true, true);
	check(NULL, PODS "/" UID "/volume-subpaths/media/plex/0", true, true);
	check(NULL, PODS "/" OTHER "/volumes/kubernetes.io~empty-dir/media", false, true);
	/* Whatever others called what is in it. */
	check(NULL, PODS "/" UID "/volumes/media/two\nlines\x1b[31m", true, true);
	/* The directory itself is no volume. */
	check(NULL, PODS "/" UID, false, false);
	check(NULL, PODS, false, false);
	check(NULL, "/", false, false);
}

static void the_uid_is_a_whole_component_in_its_place(void **state)
{
	(void)state;
	check(NULL, PODS "/x" UID "/volumes/media", false, true);
	check(NULL, PODS "/" UID "x/volumes/media", false, true);
	check(NULL, PODS "/" OTHER "/" UID "/media", false, true);
	check(NULL, "/srv/" UID "/media", false, false);
	check(NULL, "/srv/pods/" UID "/media", false, false);
	check("/srv", "/srv/pods/" UID "/media", false, false);
}

static void what_is_not_normalized_is_nobodys(void **state)
{
	(void)state;
	check(NULL, PODS "/" UID "/../" OTHER "/volumes/media", false, false);
	check(NULL, PODS "//" UID "/volumes/media", false, false);
	check(NULL, PODS "/" UID "/./media", false, false);
	check(NULL, PODS "/" UID "/media/", false, false);
	check(NULL, "var/lib/kubelet/pods/" UID "/media", false, false);
	check(NULL, "", false, false);
}

/* A kubelet with another root directory: the policy has its pods for a root. */
static void another_directory_of_pods_is_named_by_the_policy(void **state)
{
	(void)state;
	check("/data/kubelet/pods", "/data/kubelet/pods/" UID "/volumes/media", true, true);
	check("/data/kubelet", "/data/kubelet/pods/" UID "/volumes/media", false, false);
	check("/data/kubelet/mypods", "/data/kubelet/mypods/" UID "/volumes/media", false, false);
}

static void what_plugins_keep_is_beside_the_pods(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(config_defaults(&config), 0);
	assert_int_equal(strv_add(&config.roots, "/data/kubelet/pods"), 0);
	assert_true(own_volume_is_plugins(&config, "/var/lib/kubelet/plugins/csi/pv/globalmount"));
	assert_true(own_volume_is_plugins(&config, "/data/kubelet/plugins/csi/pv/globalmount"));
	assert_false(own_volume_is_plugins(&config, "/var/lib/kubelet/plugins"));
	assert_false(own_volume_is_plugins(&config, "/var/lib/kubelet/plugins/../pods/x"));
	assert_false(own_volume_is_plugins(&config, "/var/lib/kubelet/plugins2/x"));
	assert_false(own_volume_is_plugins(&config, "/srv/plugins/x"));
	assert_false(own_volume_is_plugins(&config, PODS "/" UID "/plugins/x"));
	assert_false(own_volume_is_plugins(&config, NULL));
}

static void without_a_uid_or_a_path_nothing_is(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(config_defaults(&config), 0);
	assert_false(own_volume_is(&config, NULL, PODS "/" UID "/volumes/media"));
	assert_false(own_volume_is(&config, "", PODS "//volumes/media"));
	assert_false(own_volume_is(&config, UID, NULL));
	assert_false(own_volume_is_some_pods(&config, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(below_the_directory_with_its_uid),
		cmocka_unit_test(the_uid_is_a_whole_component_in_its_place),
		cmocka_unit_test(what_is_not_normalized_is_nobodys),
		cmocka_unit_test(another_directory_of_pods_is_named_by_the_policy),
		cmocka_unit_test(what_plugins_keep_is_beside_the_pods),
		cmocka_unit_test(without_a_uid_or_a_path_nothing_is),
	};

	return cmocka_run_group_tests_name("own_volume", tests, NULL, NULL);
}
