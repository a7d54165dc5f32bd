/* SPDX-License-Identifier: Apache-2.0 */
/* poststop: late, twice, for nobody, and whatever is broken. It never fails. */
#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/ns_sandbox.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define POLICY "/etc/fuse-sidecar-hook/policy.json"

/* The provider's next instance, mounted; the one before has ended, and is not removed yet. */
static struct fake_member *restart(struct fake_scene *scene, struct fuse_daemon *ret)
{
	struct fake_member *next;

	fuse_daemon_kill(&scene->daemon);
	fake_member_stop(scene->zurg);
	next = fake_pod_provider(&scene->pod, "zurg");
	fake_member_expect(next, "prestart", 0);
	assert_int_equal(fuse_daemon_start(scene->path, NULL, ret), 0);
	return next;
}

static void one_that_comes_late_changes_nothing(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_fuse_daemon struct fuse_daemon again = {0};
	cleanup_free char *before = NULL, *after = NULL, *file = NULL;
	struct fake_member *next;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	next = restart(&scene, &again);
	before = fake_pod_record_text(&scene.pod);
	fake_member_remove(scene.zurg);
	after = fake_pod_record_text(&scene.pod);
	assert_string_equal(before, after);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	assert_true(asprintf(&file, "%s/film", scene.path) > 0);
	assert_int_equal(access(file, F_OK), 0);
	assert_true(next->process.pid > 0);
}

/* Not even a dead mount: it is the newer instance's by now. */
static void one_that_comes_late_leaves_the_next_ones_dead_mount(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_fuse_daemon struct fuse_daemon again = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	restart(&scene, &again);
	fuse_daemon_kill(&again);
	fake_member_remove(scene.zurg);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void it_takes_its_own_dead_mount_along(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fuse_daemon_kill(&scene.daemon);
	fake_member_remove(scene.zurg);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	assert_int_equal(fake_member_mounts_on(scene.plex, "/mnt/media/zurg"), 0);
	assert_string_equal(fake_pod_status(&scene.pod, "rclone-zurg"), "");
}

static void it_leaves_a_mount_that_answers(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_member_remove(scene.zurg);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void a_consumers_leaves_the_providers_dead_mount(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fuse_daemon_kill(&scene.daemon);
	fake_member_remove(scene.plex);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	assert_string_equal(fake_pod_status(&scene.pod, "plex"), "");
}

static void a_second_one_changes_nothing(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *before = NULL, *after = NULL;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_member_remove(scene.zurg);
	before = fake_pod_record_text(&scene.pod);
	fake_member_expect(scene.zurg, "poststop", 0);
	after = fake_pod_record_text(&scene.pod);
	assert_string_equal(before, after);
	fake_member_remove(scene.plex);
	fake_member_expect(scene.plex, "poststop", 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
}

static void without_a_record_it_makes_none(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;
	struct stat st;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_remove(zurg);
	assert_int_equal(lstat(FAKE_POD_RECORDS, &st), -1);
	/* Nor where other pods have theirs. */
	assert_int_equal(ns_sandbox_mkdirs(FAKE_POD_RECORDS "/pods"), 0);
	assert_int_equal(ns_sandbox_mkdirs(FAKE_POD_RECORDS "/locks"), 0);
	assert_int_equal(ns_sandbox_mkdirs(FAKE_POD_RECORDS "/tmp"), 0);
	fake_member_expect(zurg, "poststop", 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
}

static void without_the_annotation_it_does_nothing(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *before = NULL, *after = NULL;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	before = fake_pod_record_text(&scene.pod);
	fake_member_set(scene.zurg, "/annotations/fuse-sidecar.io~1mounts", NULL);
	fake_member_remove(scene.zurg);
	after = fake_pod_record_text(&scene.pod);
	assert_string_equal(before, after);
}

static void with_a_broken_policy_it_cleans_by_the_defaults(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	assert_int_equal(ns_sandbox_write(POLICY, "{ \"roots\": [", 0644), 0);
	fuse_daemon_kill(&scene.daemon);
	fake_member_remove(scene.plex);
	fake_member_remove(scene.zurg);
	fake_member_expect_said(scene.zurg, "policy-invalid");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

static void with_a_broken_record_it_touches_nothing(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *path = NULL;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	path = fake_pod_record_path(&scene.pod);
	assert_int_equal(ns_sandbox_write(path, "{", 0644), 0);
	fuse_daemon_kill(&scene.daemon);
	fake_member_remove(scene.zurg);
	fake_member_expect_said(scene.zurg, path);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void a_state_that_cannot_be_read_is_said(void **state)
{
	static const char *const states[] = {"", "{", "[]", "{\"id\": 7}", "nonsense"};
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *before = NULL, *after = NULL;
	char path[160];

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	before = fake_pod_record_text(&scene.pod);
	fake_member_stop(scene.zurg);
	snprintf(path, sizeof(path), "%s/stopped.json", scene.zurg->bundle);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		assert_int_equal(ns_sandbox_write(path, states[i], 0644), 0);
		fake_member_expect(scene.zurg, "poststop", 0);
		fake_member_expect_said(scene.zurg, "state-invalid");
	}
	after = fake_pod_record_text(&scene.pod);
	assert_string_equal(before, after);
}

static void the_bundle_may_be_gone(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	char path[160];

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	snprintf(path, sizeof(path), "%s/config.json", scene.zurg->bundle);
	assert_int_equal(unlink(path), 0);
	fake_member_remove(scene.zurg);
	assert_string_equal(fake_pod_status(&scene.pod, "rclone-zurg"), "");
}

/* With runc it comes for a container whose creation the hook has refused. */
static void a_refused_container_leaves_the_record_too(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *sonarr;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	sonarr = fake_pod_add(
		&scene.pod, &(struct fake_role){.name = "sonarr", .propagation = MS_PRIVATE});
	fake_member_set(sonarr, "/mounts/0/options", "['rbind', 'rprivate']");
	fake_member_expect(sonarr, "prestart", 13);
	assert_string_equal(fake_pod_status(&scene.pod, "sonarr"), "denied");
	fake_member_remove(sonarr);
	assert_string_equal(fake_pod_status(&scene.pod, "sonarr"), "");
	assert_string_equal(fake_pod_status(&scene.pod, "plex"), "created");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup_shared)
	const struct CMUnitTest tests[] = {
		TEST(one_that_comes_late_changes_nothing),
		TEST(one_that_comes_late_leaves_the_next_ones_dead_mount),
		TEST(it_takes_its_own_dead_mount_along),
		TEST(it_leaves_a_mount_that_answers),
		TEST(a_consumers_leaves_the_providers_dead_mount),
		TEST(a_second_one_changes_nothing),
		TEST(without_a_record_it_makes_none),
		TEST(without_the_annotation_it_does_nothing),
		TEST(with_a_broken_policy_it_cleans_by_the_defaults),
		TEST(with_a_broken_record_it_touches_nothing),
		TEST(a_state_that_cannot_be_read_is_said),
		TEST(the_bundle_may_be_gone),
		TEST(a_refused_container_leaves_the_record_too),
	};
#undef TEST

	return cmocka_run_group_tests_name("poststop", tests, ns_sandbox_setup_group, NULL);
}
