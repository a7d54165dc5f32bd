/* SPDX-License-Identifier: Apache-2.0 */
/* A container that is refused gets nothing: no mount is shared, bound or detached for it, and no
 * directory made, before its refusal, at its poststop, or by reconcile. */
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/ns/needs.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define ADMINISTRATORS "/var/lib/kubelet/srv" /* below a root, and no pod's own */
#define BOTH_ROOTS "\"roots\": [\"/var/lib/kubelet/pods\", \"" ADMINISTRATORS "\"]"

static void allow(const char *policy)
{
	assert_int_equal(ns_sandbox_write(POLICY, policy, 0644), 0);
}

/* A mount of the administrator's, private. */
static void mount_administrators(void)
{
	assert_int_equal(ns_sandbox_mkdirs(ADMINISTRATORS), 0);
	assert_int_equal(mount("srv", ADMINISTRATORS, "tmpfs", 0, NULL), 0);
	assert_int_equal(mount(NULL, ADMINISTRATORS, NULL, MS_PRIVATE, NULL), 0);
}

static bool is_shared(const char *path)
{
	cleanup_free char *propagation = ns_sandbox_propagation(path);

	return propagation && strncmp(propagation, "shared:", 7) == 0;
}

static bool is_empty(const char *path)
{
	return rmdir(path) == 0 && mkdir(path, 0755) == 0;
}

/* All that the hook does for it, from its creation to after its end. */
static void live_and_end(struct fake_member *member, int code)
{
	fake_member_expect(member, "prestart", code);
	fake_member_remove(member);
	fake_pod_command("reconcile", NULL, NULL);
}

static const struct fake_role on_administrators[] = {
	{.name = "me", .source = ADMINISTRATORS},
	{.name = "me", .source = ADMINISTRATORS, .provides = "/mnt/media/x"},
	{.name = "me", .source = ADMINISTRATORS, .propagation = MS_PRIVATE},
	{.name = "me",
		.source = ADMINISTRATORS,
		.provides = "/mnt/media/x",
		.propagation = MS_PRIVATE},
};

/* With the wait that reports only, and with one that denies: none of it is the hook's to share. */
static void an_administrators_private_mount_stays_private(void **state)
{
	static const char *const policies[] = {
		"{" BOTH_ROOTS "}",
		"{" BOTH_ROOTS ", \"severity\": {\"provider-not-started\": \"warn\"}}",
		"{" BOTH_ROOTS ", \"mode\": \"audit\"}",
	};

	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(policies); p++) {
		for (size_t i = 0; i < ARRAY_SIZE(on_administrators); i++) {
			cleanup_fake_pod struct fake_pod pod = {0};
			bool provides = on_administrators[i].provides != NULL;

			assert_int_equal(ns_sandbox_setup(NULL), 0);
			allow(policies[p]);
			mount_administrators();
			fake_pod_init(&pod, FAKE_POD_UID,
				provides ? "me=/mnt/media/x" : "nobody=/mnt/media/x");
			live_and_end(fake_pod_add(&pod, &on_administrators[i]), p == 2 ? 0 : 13);
			assert_false(is_shared(ADMINISTRATORS));
			assert_int_equal(ns_sandbox_mounts_on(ADMINISTRATORS), 1);
			assert_int_equal(access(ADMINISTRATORS "/x", F_OK), -1);
		}
	}
}

/* A directory in it: nor is that bound on itself. */
static void nor_is_a_directory_in_it_bound(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	unsigned int before;

	(void)state;
	allow("{" BOTH_ROOTS "}");
	mount_administrators();
	assert_int_equal(ns_sandbox_mkdirs(ADMINISTRATORS "/films"), 0);
	before = ns_sandbox_mounts();
	fake_pod_init(&pod, FAKE_POD_UID, "me=/mnt/media/x");
	live_and_end(fake_pod_add(&pod, &(struct fake_role){.name = "me",
						.source = ADMINISTRATORS "/films",
						.provides = "/mnt/media/x"}),
		13);
	assert_int_equal(ns_sandbox_mounts(), before);
	assert_true(is_empty(ADMINISTRATORS "/films"));
}

/* In its own volume the hook may share, and does so for those that it lets go on. */
static void one_that_comes_before_its_provider_shares_nothing(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *plex;
	unsigned int before = ns_sandbox_mounts();

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	plex = fake_pod_consumer(&pod, "plex");
	fake_member_expect(plex, "prestart", 17);
	fake_member_expect_said(plex, "its provider rclone-zurg has not been created yet");
	assert_string_equal(fake_pod_status(&pod, "plex"), "denied");
	assert_int_equal(ns_sandbox_mounts(), before);
	assert_int_equal(fake_member_mounts_on(plex, "/run/fuse-sidecar"), 0);
	assert_true(is_empty(pod.volume));
}

static void one_whose_provider_has_died_shares_nothing(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	assert_int_equal(mount("tmpfs", pod.volume, "tmpfs", 0, NULL), 0);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	fake_member_stop(zurg);
	assert_int_equal(mount(NULL, pod.volume, NULL, MS_PRIVATE, NULL), 0);
	plex = fake_pod_consumer(&pod, "plex");
	fake_member_expect(plex, "prestart", 17);
	fake_member_expect_said(plex, "[provider-dead]");
	assert_false(is_shared(pod.volume));
}

/* It was let in, and made the volume shared again; then the gate refuses it. */
static void what_was_shared_for_one_that_the_gate_refuses_is_taken_back(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;
	pid_t hook;

	NEEDS_REPLACEMENT();
	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	assert_int_equal(mount("tmpfs", pod.volume, "tmpfs", 0, NULL), 0);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(mount(NULL, pod.volume, NULL, MS_PRIVATE, NULL), 0);
	plex = fake_pod_consumer(&pod, "plex");
	hook = fake_member_hook_start(plex, "prestart");
	assert_true(eventually(fake_pod_plex_waits, &pod));
	assert_true(is_shared(pod.volume));
	fake_member_stop(zurg);
	assert_int_equal(child_wait(hook), 17);
	assert_string_equal(fake_pod_status(&pod, "plex"), "denied");
	assert_false(is_shared(pod.volume));
}

/* While another container of the pod lives it stays: that one may be waiting in it too. */
static void but_not_from_under_another_container_of_the_pod(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;

	NEEDS_REPLACEMENT();
	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "100ms");
	assert_int_equal(mount("tmpfs", pod.volume, "tmpfs", 0, NULL), 0);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(mount(NULL, pod.volume, NULL, MS_PRIVATE, NULL), 0);
	plex = fake_pod_consumer(&pod, "plex");
	fake_member_expect(plex, "prestart", 16);
	assert_true(is_shared(pod.volume));
}

/* A live mount on its path refuses it before anything is made for it. */
static void a_conflict_is_found_before_anything_is_done(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL, *other = NULL;
	unsigned int before;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID,
		"rclone-both=/mnt/media/made/here, rclone-both=/mnt/media/zurg");
	path = fake_pod_path(&pod, "zurg");
	other = fake_pod_path(&pod, "made");
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	before = ns_sandbox_mounts();
	fake_member_expect(fake_pod_add(&pod, &(struct fake_role){.name = "rclone-both",
						      .provides = "/mnt/media/zurg"}),
		"prestart", 10);
	assert_int_equal(ns_sandbox_mounts(), before);
	assert_int_equal(access(other, F_OK), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(an_administrators_private_mount_stays_private),
		TEST(nor_is_a_directory_in_it_bound),
		TEST(one_that_comes_before_its_provider_shares_nothing),
		TEST(one_whose_provider_has_died_shares_nothing),
		TEST(what_was_shared_for_one_that_the_gate_refuses_is_taken_back),
		TEST(but_not_from_under_another_container_of_the_pod),
		TEST(a_conflict_is_found_before_anything_is_done),
	};
#undef TEST

	return cmocka_run_group_tests_name("refused", tests, ns_sandbox_setup_group, NULL);
}
