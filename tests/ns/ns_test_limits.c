/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod makes the hook write has limits, and a pod that reaches one hurts nobody but itself.
 */
#include "oci/base/cleanup.h"
#include "policy/record/topology_limit.h"
#include "tests/support/cmocka.h"
#include "tests/support/expect.h"
#include "tests/support/fake_scene.h"
#include "tests/support/ns_sandbox.h"

#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define OTHER_UID "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define N_PATHS 64
#define N_REFUSED 60

/* "rclone-zurg=/mnt/media/zurg" and as many others as an annotation may have. */
static void annotate(struct fake_pod *pod)
{
	char value[ANNOTATION_MAX_SIZE] = "rclone-zurg=/mnt/media/zurg";
	size_t n = strlen(value);

	for (int i = 1; i < N_PATHS; i++)
		n += (size_t)snprintf(
			value + n, sizeof(value) - n, ",rclone-zurg=/mnt/media/%02d/x", i);
	fake_pod_annotate(pod, ANNOTATION_MOUNTS, value);
}

/* A mount of each directory, at a long destination, into which nothing travels. */
static void mount_much(struct fake_member *member)
{
	char *json = NULL, filler[300];
	size_t size = 0;
	FILE *stream = open_memstream(&json, &size);

	assert_non_null(stream);
	memset(filler, 'd', sizeof(filler));
	filler[sizeof(filler) - 1] = '\0';
	for (int i = 1; i < N_PATHS; i++)
		fprintf(stream,
			"%s{'destination': '/%s%02d', 'type': 'bind', 'source': '%s/%02d',"
			" 'options': ['rbind', 'rprivate']}",
			i > 1 ? "," : "[", filler, i, member->pod->volume, i);
	fprintf(stream, "]");
	assert_int_equal(fclose(stream), 0);
	fake_member_set(member, "/mounts", json);
	free(json);
}

static void refuse_many(struct fake_pod *pod)
{
	for (int i = 0; i < N_REFUSED; i++) {
		char name[32];
		struct fake_member *member;

		snprintf(name, sizeof(name), "refused-%d", i);
		member = fake_pod_add(pod, &(struct fake_role){.name = name});
		mount_much(member);
		fake_member_expect(member, "prestart", 13);
		fake_member_stop(member);
	}
}

static void many_refused_containers_keep_no_other_out(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *path = NULL;
	struct fake_member *zurg;
	struct stat st;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	annotate(&pod);
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	refuse_many(&pod);
	path = fake_pod_record_path(&pod);
	assert_int_equal(stat(path, &st), 0);
	assert_true((size_t)st.st_size <= TOPOLOGY_MAX_SIZE);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "created");
}

static void what_is_left_out_is_said(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *said = NULL;
	struct fake_member *member;
	size_t denials = 0;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	annotate(&pod);
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	member = fake_pod_add(&pod, &(struct fake_role){.name = "plex"});
	mount_much(member);
	fake_member_expect(member, "prestart", 13);
	said = fake_member_output(member);
	for (const char *at = said; (at = strstr(at, ": denied [")); at++)
		denials++;
	assert_int_equal(denials, 16);
	expect_says(said, "more findings are not listed");
	expect_says(said, "record does not have room for");
}

static void the_bind_of_another_pod_is_released(void **state)
{
	cleanup_fake_pod struct fake_pod victim = {0}, pod = {0};
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
	fake_pod_init(&victim, OTHER_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&victim, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(victim.volume), 1);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	annotate(&pod);
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	refuse_many(&pod);
	fake_member_remove(zurg);
	assert_int_equal(ns_sandbox_mounts_on(victim.volume), 0);
	assert_false(fake_pod_has_file("pods", OTHER_UID));
}

#define N_OTHERS 5
#define N_DEAD 8

/* A record of another pod that lives as this one does, and whose opening is noticed. */
static void add_other(const struct fake_pod *pod, int i, int watch)
{
	cleanup_free char *text = fake_pod_record_text(pod);
	char uid[37], directory[120], path[140];

	snprintf(uid, sizeof(uid), "%08x-3a53-4f0e-9d3b-2f3f6a1b0c33", i);
	for (char *at = text; (at = strstr(at, pod->uid)); at++)
		memcpy(at, uid, sizeof(uid) - 1);
	snprintf(directory, sizeof(directory), FAKE_POD_RECORDS "/pods/%s", uid);
	snprintf(path, sizeof(path), "%s/topology.json", directory);
	assert_int_equal(ns_sandbox_mkdirs(directory), 0);
	assert_int_equal(ns_sandbox_write(path, text, 0600), 0);
	assert_true(inotify_add_watch(watch, path, IN_OPEN) > 0);
}

static size_t count_events(int watch)
{
	char buffer[4096] __attribute__((aligned(8)));
	size_t n = 0;
	ssize_t size;

	while ((size = read(watch, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + size; n++) {
			struct inotify_event event;

			memcpy(&event, at, sizeof(event));
			at += sizeof(event) + event.len;
		}
	}
	return n;
}

/* However many mounts it has left. */
static void the_end_of_a_pod_reads_each_record_once(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_close int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	(void)state;
	assert_true(watch >= 0);
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
	fake_scene_begin(&scene, FAKE_POD_UID);
	for (int i = 0; i < N_OTHERS; i++)
		add_other(&scene.pod, i, watch);
	for (int i = 0; i < N_DEAD; i++) {
		cleanup_free char *path = NULL;
		char name[32];

		snprintf(name, sizeof(name), "more-%d", i);
		path = fake_pod_path(&scene.pod, name);
		assert_int_equal(ns_sandbox_mkdirs(path), 0);
		assert_int_equal(fuse_daemon_leave_dead(path), 0);
		assert_int_equal(ns_sandbox_mounts_on(path), 1);
	}
	fake_member_remove(scene.zurg);
	fake_scene_crash(&scene);
	count_events(watch);
	fake_member_expect(scene.plex, "poststop", 0);
	assert_false(fake_pod_has_file("pods", FAKE_POD_UID));
	assert_int_equal(count_events(watch), N_OTHERS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup_shared)
	const struct CMUnitTest tests[] = {
		TEST(many_refused_containers_keep_no_other_out),
		TEST(what_is_left_out_is_said),
		TEST(the_bind_of_another_pod_is_released),
		TEST(the_end_of_a_pod_reads_each_record_once),
	};
#undef TEST

	return cmocka_run_group_tests_name("limits", tests, ns_sandbox_setup_group, NULL);
}
