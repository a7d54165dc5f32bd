/* SPDX-License-Identifier: Apache-2.0 */
/* What a crashed provider left on its path: first hook/mount/dead_mount.h by itself, then as the
 * prestart of its next instance meets it. */
#include "hook/mount/dead_mount.h"

#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define SECOND UINT64_C(1000000)
#define VOLUME NS_SANDBOX_DIR "/media"
#define ZURG VOLUME "/zurg"
#define OTHER_UID "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define BOTH "rclone-zurg=/mnt/media/zurg, rclone-torbox=/mnt/media/torbox"

static int reset(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(ZURG) < 0)
		return -1;
	return ns_sandbox_share_kubelet();
}

struct result {
	int r;
	unsigned int detached;
	enum path_state state;
	struct error err;
};

static void result_clear(struct result *result)
{
	error_clear(&result->err);
}

#define cleanup_result __attribute__((cleanup(result_clear)))

static int say_yes(void *data, const struct dead_mount *mount, struct error *err)
{
	(void)data;
	(void)err;
	return mount->id > 0 && mount->minor > 0;
}

/* That many of them. */
static int say_yes_first(void *data, const struct dead_mount *mount, struct error *err)
{
	int *left = data;

	(void)mount;
	(void)err;
	return (*left)-- > 0;
}

static int fail_to_say(void *data, const struct dead_mount *mount, struct error *err)
{
	(void)data;
	(void)mount;
	return error_set(err, -EIO, FINDING_HOST_IO, NULL, NULL, "nobody knows");
}

static struct result detach_as(const char *volume, const char *host_path,
	int (*may_detach)(void *data, const struct dead_mount *mount, struct error *err),
	void *data)
{
	cleanup_close int fd = open(volume, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct dead_mount_search stale = {
		.volume_fd = fd,
		.volume = volume,
		.host_path = host_path,
		.probe_timeout_usec = SECOND / 5,
		.may_detach = may_detach,
		.data = data,
	};
	struct result result = {.detached = 99, .state = PATH_UNKNOWN};

	assert_true(fd >= 0);
	result.r = dead_mount_detach(&stale, &result.detached, &result.state, &result.err);
	return result;
}

static struct result detach(const char *volume, const char *host_path)
{
	return detach_as(volume, host_path, say_yes, NULL);
}

static void assert_result(const struct result *result, unsigned int detached, enum path_state state)
{
	if (result->r < 0)
		fail_msg("%s", error_message(&result->err));
	assert_int_equal(result->detached, detached);
	assert_int_equal(result->state, state);
}

static void start_daemon(const char *path, const char *option, struct fuse_daemon *ret)
{
	assert_int_equal(fuse_daemon_start(path, option, ret), 0);
}

static void a_dead_mount_is_detached(void **state)
{
	cleanup_result struct result result = {0};

	(void)state;
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 1, PATH_ABSENT);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
}

static void all_dead_mounts_of_a_stack_are_detached(void **state)
{
	cleanup_result struct result result = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 5);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 5, PATH_ABSENT);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
}

static void one_that_has_to_stay_keeps_those_below_it(void **state)
{
	cleanup_result struct result result = {0};
	int may = 2;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	result = detach_as(VOLUME, ZURG, say_yes_first, &may);
	assert_result(&result, 2, PATH_DEAD);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 3);
	result_clear(&result);
	result = detach_as(VOLUME, ZURG, fail_to_say, NULL);
	assert_int_equal(result.r, -EIO);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 3);
}

static void a_live_mount_is_left(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_result struct result result = {0};

	(void)state;
	start_daemon(ZURG, NULL, &daemon);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 0, PATH_LIVE);
	assert_int_equal(access(ZURG "/film", F_OK), 0);
}

static void below_a_live_mount_nothing_is_touched(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_result struct result result = {0};

	(void)state;
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	start_daemon(ZURG, NULL, &daemon);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 0, PATH_LIVE);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 2);
	assert_int_equal(access(ZURG "/film", F_OK), 0);
}

static void dead_mounts_above_a_live_one_are_detached_down_to_it(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_result struct result result = {0};

	(void)state;
	start_daemon(ZURG, NULL, &daemon);
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 2, PATH_LIVE);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	assert_int_equal(access(ZURG "/film", F_OK), 0);
}

static void a_mount_that_only_its_cache_keeps_alive_is_dead(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_result struct result result = {0};
	struct stat st;

	(void)state;
	start_daemon(ZURG, "--cache", &daemon);
	assert_int_equal(stat(ZURG, &st), 0);
	fuse_daemon_kill(&daemon);
	assert_int_equal(stat(ZURG, &st), 0);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 1, PATH_ABSENT);
}

static void a_hung_mount_is_reported_in_time_and_left(void **state)
{
	static const char *const options[] = {"--hang", "--swallow"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		cleanup_fuse_daemon struct fuse_daemon daemon = {0};
		cleanup_result struct result result = {0};
		uint64_t began = deadline_now();

		start_daemon(ZURG, options[i], &daemon);
		result = detach(VOLUME, ZURG);
		assert_result(&result, 0, PATH_HUNG);
		assert_true(deadline_now() - began < 5 * SECOND * patience());
		assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	}
}

static void another_file_system_on_the_path_is_left(void **state)
{
	cleanup_result struct result result = {0};

	(void)state;
	assert_int_equal(mount("tmpfs", ZURG, "tmpfs", 0, NULL), 0);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 0, PATH_ABSENT);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
}

static void a_dead_mount_under_another_file_system_is_left(void **state)
{
	cleanup_result struct result result = {0};

	(void)state;
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	assert_int_equal(mount("tmpfs", ZURG, "tmpfs", 0, NULL), 0);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 0, PATH_ABSENT);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 2);
}

/* The kubelet gives a subPath a bind of its own: a peer, which the dead mount has reached. */
static void peers_of_the_volume_lose_it_too(void **state)
{
	cleanup_result struct result result = {0};

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/copy"), 0);
	assert_int_equal(mount(VOLUME, VOLUME, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, VOLUME, NULL, MS_SHARED, NULL), 0);
	assert_int_equal(mount(VOLUME, NS_SANDBOX_DIR "/copy", NULL, MS_BIND, NULL), 0);
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	assert_int_equal(ns_sandbox_mounts_on(NS_SANDBOX_DIR "/copy/zurg"), 1);
	result = detach(VOLUME, ZURG);
	assert_result(&result, 1, PATH_ABSENT);
	assert_int_equal(ns_sandbox_mounts_on(NS_SANDBOX_DIR "/copy/zurg"), 0);
}

static void a_path_that_is_not_there_has_nothing(void **state)
{
	cleanup_result struct result result = {0};

	(void)state;
	result = detach(VOLUME, VOLUME "/new/deep");
	assert_result(&result, 0, PATH_ABSENT);
}

static void a_symlink_on_the_way_is_not_followed(void **state)
{
	cleanup_result struct result result = {0};

	(void)state;
	assert_int_equal(symlink("zurg", VOLUME "/link"), 0);
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	result = detach(VOLUME, VOLUME "/link");
	assert_result(&result, 0, PATH_ABSENT);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	umount2(ZURG, MNT_DETACH);
}

static void nothing_stays_open(void **state)
{
	cleanup_result struct result result = {0};
	unsigned int before;

	(void)state;
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	before = ns_sandbox_open_files();
	result = detach(VOLUME, ZURG);
	assert_result(&result, 1, PATH_ABSENT);
	assert_int_equal(ns_sandbox_open_files(), before);
}

/* From here on: the hook's own program. */

/* A pod whose zurg is mounted and seen by plex; the provider's process and the daemon are two. */
struct scene {
	struct fake_pod pod;
	struct fake_member *zurg, *plex;
	struct fuse_daemon daemon;
	char *path;
};

static void scene_clear(struct scene *scene)
{
	fuse_daemon_clear(&scene->daemon);
	fake_pod_clear(&scene->pod);
	free(scene->path);
}

#define cleanup_scene __attribute__((cleanup(scene_clear)))

static void begin(struct scene *scene)
{
	fake_pod_init(&scene->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	scene->path = fake_pod_path(&scene->pod, "zurg");
	scene->zurg = fake_pod_provider(&scene->pod, "zurg");
	fake_member_expect(scene->zurg, "prestart", 0);
	start_daemon(scene->path, NULL, &scene->daemon);
	scene->plex = fake_pod_consumer(&scene->pod, "plex");
	fake_member_expect(scene->plex, "prestart", 0);
	assert_int_equal(fake_member_mounts_on(scene->plex, "/mnt/media/zurg"), 1);
}

static void the_next_instance_heals_every_consumer(void **state)
{
	cleanup_scene struct scene scene = {0};
	cleanup_fuse_daemon struct fuse_daemon again = {0};
	struct fake_member *next;

	(void)state;
	begin(&scene);
	fuse_daemon_kill(&scene.daemon);
	fake_member_stop(scene.zurg);
	next = fake_pod_provider(&scene.pod, "zurg");
	assert_int_equal(fake_member_mounts_on(next, "/mnt/media/zurg"), 1);
	fake_member_expect(next, "prestart", 0);
	fake_member_expect_said(next, "detached 1 dead mount of rclone-zurg from /mnt/media/zurg");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	assert_int_equal(fake_member_mounts_on(scene.plex, "/mnt/media/zurg"), 0);
	assert_int_equal(fake_member_mounts_on(next, "/mnt/media/zurg"), 0);
	assert_string_equal(fake_pod_recorded(&scene.pod, "/fusePaths/0/heals"), "1");
	assert_string_equal(fake_pod_recorded(&scene.pod, "/fusePaths/0/instances"), "2");
	/* And the new mount arrives in the one that runs. */
	start_daemon(scene.path, NULL, &again);
	assert_int_equal(fake_member_mounts_on(scene.plex, "/mnt/media/zurg"), 1);
}

static void another_providers_live_mount_is_left(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon torbox = {0};
	cleanup_free char *path = NULL;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, BOTH);
	path = fake_pod_path(&pod, "torbox");
	fake_member_expect(fake_pod_provider(&pod, "torbox"), "prestart", 0);
	start_daemon(path, NULL, &torbox);
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(path), 1);
}

static void another_providers_dead_mount_is_left_to_its_next_instance(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *path = NULL;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, BOTH);
	path = fake_pod_path(&pod, "torbox");
	fake_member_expect(fake_pod_provider(&pod, "torbox"), "prestart", 0);
	assert_int_equal(fuse_daemon_leave_dead(path), 0);
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(path), 1);
}

static void a_hung_mount_is_reported_and_the_provider_goes_on(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL;
	struct fake_member *zurg;
	uint64_t began;

	(void)state;
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json",
				 "{\"probeTimeout\": \"200ms\"}", 0644),
		0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	path = fake_pod_path(&pod, "zurg");
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	start_daemon(path, "--swallow", &daemon);
	zurg = fake_pod_provider(&pod, "zurg");
	began = deadline_now();
	fake_member_expect(zurg, "prestart", 0);
	assert_true(deadline_now() - began < 5 * SECOND * patience());
	fake_member_expect_said(zurg, "reported [mount-hung]");
	assert_int_equal(ns_sandbox_mounts_on(path), 1);
	assert_string_equal(fake_pod_recorded(&pod, "/fusePaths/0/state"), "hung");
}

static void a_policy_can_refuse_a_provider_whose_mount_hangs(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL;
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json",
				 "{\"probeTimeout\": \"200ms\", "
				 "\"severity\": {\"mount-hung\": \"deny\"}}",
				 0644),
		0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	path = fake_pod_path(&pod, "zurg");
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	start_daemon(path, "--swallow", &daemon);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", EXIT_HOST_IO);
	fake_member_expect_said(zurg, "denied [mount-hung]");
	assert_int_equal(ns_sandbox_mounts_on(path), 1);
}

/* An sshfs whose server is away answers so, and is somebody's all the same. */
static void a_mount_whose_daemon_says_that_it_is_dead_is_not_detached(void **state)
{
	static const int errors[] = {ENOTCONN, ECONNREFUSED, ECONNABORTED};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		cleanup_fuse_daemon struct fuse_daemon daemon = {0};
		char option[32];

		snprintf(option, sizeof(option), "--error=%d", errors[i]);
		start_daemon(ZURG, option, &daemon);
		for (int n = 0; n < 20; n++) {
			cleanup_result struct result result = detach(VOLUME, ZURG);

			assert_result(&result, 0, PATH_LIVE);
		}
		assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	}
}

static void nor_by_the_next_instances_hook(void **state)
{
	cleanup_scene struct scene scene = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	struct fake_member *next;

	(void)state;
	begin(&scene);
	fuse_daemon_clear(&scene.daemon);
	start_daemon(scene.path, "--error=107", &daemon);
	next = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(next, "prestart", 10);
	fake_member_expect_said(next, "[mountpoint-conflict]");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	fake_member_remove(scene.zurg);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void a_live_mount_of_the_former_instance_is_a_conflict(void **state)
{
	cleanup_scene struct scene scene = {0};
	struct fake_member *next;
	char pid[32];

	(void)state;
	begin(&scene);
	next = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(next, "prestart", 10);
	fake_member_expect_said(next, "[mountpoint-conflict]");
	snprintf(pid, sizeof(pid), "pid %d", (int)scene.zurg->process.pid);
	fake_member_expect_said(next, pid);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	assert_string_equal(fake_pod_status(&scene.pod, "rclone-zurg"), "denied");
}

static void a_live_mount_of_nobody_known_is_a_conflict(void **state)
{
	cleanup_scene struct scene scene = {0};
	struct fake_member *next;

	(void)state;
	begin(&scene);
	/* The container has ended, and something of it answers still. */
	fake_member_stop(scene.zurg);
	next = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(next, "prestart", 10);
	fake_member_expect_said(next, "[mountpoint-conflict]");
	fake_member_expect_said(next, "unmount");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void a_live_mount_of_another_pod_is_a_conflict_that_names_it(void **state)
{
	cleanup_scene struct scene scene = {0};
	cleanup_fake_pod struct fake_pod other = {0};
	struct fake_member *zurg;

	(void)state;
	begin(&scene);
	fake_pod_init(&other, OTHER_UID, "rclone-mine=/mnt/media/zurg");
	zurg = fake_pod_add(&other, &(struct fake_role){
					    .name = "rclone-mine",
					    .provides = "/mnt/media/zurg",
					    .source = scene.pod.volume,
				    });
	fake_member_expect(zurg, "prestart", 10);
	fake_member_expect_said(zurg, "[mountpoint-conflict]");
	fake_member_expect_said(zurg, "rclone-zurg of the pod media/plex-6f0d");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void two_pods_may_use_one_volume_for_different_paths(void **state)
{
	cleanup_scene struct scene scene = {0};
	cleanup_fake_pod struct fake_pod other = {0};

	(void)state;
	begin(&scene);
	fake_pod_init(&other, OTHER_UID, "rclone-mine=/mnt/media/torbox");
	fake_member_expect(fake_pod_add(&other,
				   &(struct fake_role){
					   .name = "rclone-mine",
					   .provides = "/mnt/media/torbox",
					   .source = scene.pod.volume,
				   }),
		"prestart", 0);
}

static void set_policy(const char *text)
{
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json", text, 0644), 0);
}

static void mode_audit_reports_a_conflict_and_goes_on(void **state)
{
	cleanup_scene struct scene scene = {0};
	struct fake_member *next;

	(void)state;
	begin(&scene);
	set_policy("{\"mode\": \"audit\"}");
	next = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(next, "prestart", 0);
	fake_member_expect_said(next, "[mountpoint-conflict]");
	assert_string_equal(fake_pod_status(&scene.pod, "rclone-zurg"), "created");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void a_policy_may_let_a_conflict_pass(void **state)
{
	cleanup_scene struct scene scene = {0};
	struct fake_member *next;

	(void)state;
	begin(&scene);
	set_policy("{\"severity\": {\"mountpoint-conflict\": \"warn\"}}");
	next = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(next, "prestart", 0);
	fake_member_expect_said(next, "warning [mountpoint-conflict]");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void a_conflict_takes_back_what_was_made(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *zurg = NULL, *torbox = NULL;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID,
		"rclone-both=/mnt/media/torbox/deep, rclone-both=/mnt/media/zurg");
	zurg = fake_pod_path(&pod, "zurg");
	torbox = fake_pod_path(&pod, "torbox");
	assert_int_equal(ns_sandbox_mkdirs(zurg), 0);
	start_daemon(zurg, NULL, &daemon);
	fake_member_expect(fake_pod_add(&pod, &(struct fake_role){.name = "rclone-both",
						      .provides = "/mnt/media/zurg"}),
		"prestart", 10);
	assert_int_equal(access(torbox, F_OK), -1);
	assert_int_equal(ns_sandbox_mounts_on(zurg), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_dead_mount_is_detached),
		TEST(all_dead_mounts_of_a_stack_are_detached),
		TEST(one_that_has_to_stay_keeps_those_below_it),
		TEST(a_live_mount_is_left),
		TEST(below_a_live_mount_nothing_is_touched),
		TEST(dead_mounts_above_a_live_one_are_detached_down_to_it),
		TEST(a_mount_that_only_its_cache_keeps_alive_is_dead),
		TEST(a_hung_mount_is_reported_in_time_and_left),
		TEST(another_file_system_on_the_path_is_left),
		TEST(a_dead_mount_under_another_file_system_is_left),
		TEST(peers_of_the_volume_lose_it_too),
		TEST(a_path_that_is_not_there_has_nothing),
		TEST(a_symlink_on_the_way_is_not_followed),
		TEST(nothing_stays_open),
		TEST(the_next_instance_heals_every_consumer),
		TEST(another_providers_live_mount_is_left),
		TEST(another_providers_dead_mount_is_left_to_its_next_instance),
		TEST(a_hung_mount_is_reported_and_the_provider_goes_on),
		TEST(a_policy_can_refuse_a_provider_whose_mount_hangs),
		TEST(a_mount_whose_daemon_says_that_it_is_dead_is_not_detached),
		TEST(nor_by_the_next_instances_hook),
		TEST(a_live_mount_of_the_former_instance_is_a_conflict),
		TEST(a_live_mount_of_nobody_known_is_a_conflict),
		TEST(a_live_mount_of_another_pod_is_a_conflict_that_names_it),
		TEST(two_pods_may_use_one_volume_for_different_paths),
		TEST(mode_audit_reports_a_conflict_and_goes_on),
		TEST(a_policy_may_let_a_conflict_pass),
		TEST(a_conflict_takes_back_what_was_made),
	};
#undef TEST

	return cmocka_run_group_tests_name("stale", tests, ns_sandbox_setup_group, NULL);
}
