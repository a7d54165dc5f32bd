/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods of several volumes: each container mounts some of them, and each hook meets FUSE paths whose
 * volume its container does not have.
 */
#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/ns_sandbox.h"

#include <string.h>
#include <sys/mount.h>

/* Two sidecars with a volume each. */
struct pair {
	struct fake_pod pod;
	char *second;	/* host path of the other volume */
	char *paths[2]; /* of the FUSE mounts, on the host */
	struct fuse_daemon daemons[2];
};

static const struct fake_role zurg = {.name = "rclone-zurg", .provides = "/mnt/media/zurg"};

static void pair_clear(struct pair *pair)
{
	for (size_t i = 0; i < ARRAY_SIZE(pair->daemons); i++) {
		fuse_daemon_clear(&pair->daemons[i]);
		free(pair->paths[i]);
	}
	fake_pod_clear(&pair->pod);
	free(pair->second);
}

#define cleanup_pair __attribute__((cleanup(pair_clear)))

static void begin(struct pair *pair, const char *mounts)
{
	fake_pod_init(&pair->pod, FAKE_POD_UID, mounts);
	fake_pod_annotate(&pair->pod, "fuse-sidecar.io/wait", "0s");
	pair->second = fake_pod_volume(&pair->pod, "music");
	pair->paths[0] = fake_pod_path(&pair->pod, "zurg");
	assert_true(asprintf(&pair->paths[1], "%s/tor", pair->second) > 0);
}

static struct fake_member *add_zurg(struct pair *pair)
{
	return fake_pod_add(&pair->pod, &zurg);
}

static struct fake_member *add_tor(struct pair *pair)
{
	return fake_pod_add(&pair->pod, &(struct fake_role){.name = "rclone-tor",
						.provides = "/mnt/music/tor",
						.source = pair->second,
						.destination = "/mnt/music"});
}

static void start_daemons(struct pair *pair)
{
	for (size_t i = 0; i < ARRAY_SIZE(pair->daemons); i++)
		assert_int_equal(fuse_daemon_start(pair->paths[i], NULL, &pair->daemons[i]), 0);
}

/* The mount arrives in that container. */
static void expect_seen(const struct fake_member *member, const char *path)
{
	if (fake_member_mounts_on(member, path) != 1)
		fail_msg("%s does not see the mount at %s", member->name, path);
}

static void end(struct pair *pair)
{
	for (size_t i = 0; i < ARRAY_SIZE(pair->daemons); i++)
		fuse_daemon_kill(&pair->daemons[i]);
	for (size_t i = 0; i < pair->pod.n_members; i++)
		fake_member_remove(pair->pod.members[i]);
	assert_false(fake_pod_has_file("pods", pair->pod.uid));
	for (size_t i = 0; i < ARRAY_SIZE(pair->paths); i++)
		assert_int_equal(ns_sandbox_mounts_on(pair->paths[i]), 0);
	assert_int_equal(ns_sandbox_mounts_on(pair->pod.volume), 0);
	assert_int_equal(ns_sandbox_mounts_on(pair->second), 0);
}

static const char in_order[] = "rclone-zurg=/mnt/media/zurg, rclone-tor=/mnt/music/tor";
static const char in_other_order[] = "rclone-tor=/mnt/music/tor, rclone-zurg=/mnt/media/zurg";

/* One that has the first volume, the second, both. */
static void run_pod(const char *mounts)
{
	cleanup_pair struct pair pair = {0};
	struct fake_member *radio, *both, *plex;

	begin(&pair, mounts);
	fake_member_expect(add_zurg(&pair), "prestart", 0);
	fake_member_expect(add_tor(&pair), "prestart", 0);
	start_daemons(&pair);
	plex = fake_pod_consumer(&pair.pod, "plex");
	fake_member_expect(plex, "prestart", 0);
	radio = fake_pod_add(&pair.pod,
		&(struct fake_role){
			.name = "radio", .source = pair.second, .destination = "/mnt/music"});
	fake_member_expect(radio, "prestart", 0);
	both = fake_pod_add(&pair.pod, &(struct fake_role){.name = "both",
					       .more = &(struct fake_bind){.source = pair.second,
						       .destination = "/mnt/music",
						       .propagation = MS_SLAVE | MS_RDONLY},
					       .n_more = 1});
	fake_member_expect(both, "prestart", 0);
	expect_seen(plex, "/mnt/media/zurg");
	expect_seen(radio, "/mnt/music/tor");
	expect_seen(both, "/mnt/media/zurg");
	expect_seen(both, "/mnt/music/tor");
	end(&pair);
}

static void each_sidecar_has_a_volume_of_its_own(void **state)
{
	(void)state;
	run_pod(in_order);
}

static void and_in_the_other_order(void **state)
{
	(void)state;
	run_pod(in_other_order);
}

static void a_container_with_none_of_the_volumes_passes(void **state)
{
	cleanup_pair struct pair pair = {0};

	(void)state;
	begin(&pair, in_order);
	fake_member_expect(add_zurg(&pair), "prestart", 0);
	fake_member_expect(
		fake_pod_add(&pair.pod, &(struct fake_role){.name = "web", .source = ""}),
		"prestart", 0);
	fake_member_expect(add_tor(&pair), "prestart", 0);
	start_daemons(&pair);
	end(&pair);
}

/* Where the provider is not there yet, nothing is known of its volume but the consumer's text. */
static void a_main_container_first_is_told_to_come_again(void **state)
{
	cleanup_pair struct pair pair = {0};
	struct fake_member *plex;

	(void)state;
	begin(&pair, in_order);
	plex = fake_pod_consumer(&pair.pod, "plex");
	fake_member_expect(plex, "prestart", 17);
	fake_member_expect_said(plex, "rclone-zurg has not been created yet");
	fake_member_expect(add_tor(&pair), "prestart", 0);
	fake_member_expect(add_zurg(&pair), "prestart", 0);
	start_daemons(&pair);
	fake_member_expect(fake_pod_consumer(&pair.pod, "plex"), "prestart", 0);
	end(&pair);
}

int main(void)
{
#define ON_SHARED(name)                                                                            \
	{                                                                                          \
#name " (shared node)", name, ns_sandbox_setup_shared, NULL, NULL                  \
	}
#define ON_PRIVATE(name)                                                                           \
	{                                                                                          \
#name " (private node)", name, ns_sandbox_setup, NULL, NULL                        \
	}
	const struct CMUnitTest tests[] = {
		ON_SHARED(each_sidecar_has_a_volume_of_its_own),
		ON_PRIVATE(each_sidecar_has_a_volume_of_its_own),
		ON_SHARED(and_in_the_other_order),
		ON_PRIVATE(and_in_the_other_order),
		ON_SHARED(a_container_with_none_of_the_volumes_passes),
		ON_PRIVATE(a_container_with_none_of_the_volumes_passes),
		ON_SHARED(a_main_container_first_is_told_to_come_again),
		ON_PRIVATE(a_main_container_first_is_told_to_come_again),
	};
#undef ON_SHARED
#undef ON_PRIVATE

	return cmocka_run_group_tests_name("volumes", tests, ns_sandbox_setup_group, NULL);
}
