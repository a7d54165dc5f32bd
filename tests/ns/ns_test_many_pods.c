/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks of many pods at once, as when a node comes back: none fails, none waits for another
 * pod, and each record is whole. MANY_PODS=250 for another number.
 */
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/json_schema.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define DEFAULT_PODS 60

struct crowd {
	struct fake_pod *pods;
	struct fake_member **members;
	pid_t *hooks;
	size_t n;
	struct json_object *schema;
};

static void crowd_clear(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->n; i++)
		fake_pod_clear(&crowd->pods[i]);
	free(crowd->pods);
	free(crowd->members);
	free(crowd->hooks);
	jsondoc_put(&crowd->schema);
}

#define cleanup_crowd __attribute__((cleanup(crowd_clear)))

static void begin(struct crowd *crowd)
{
	const char *number = getenv("MANY_PODS");

	/* Each hook has its stage's time, however long that machine takes for all. */
	crowd->n = number ? (size_t)strtoul(number, NULL, 10) : DEFAULT_PODS / patience();
	assert_true(crowd->n > 0 && crowd->n <= 1000);
	crowd->pods = calloc(crowd->n, sizeof(*crowd->pods));
	crowd->members = calloc(crowd->n, sizeof(*crowd->members));
	crowd->hooks = calloc(crowd->n, sizeof(*crowd->hooks));
	assert_true(crowd->pods && crowd->members && crowd->hooks);
	crowd->schema = json_schema_topology();
	for (size_t i = 0; i < crowd->n; i++) {
		char uid[64];

		snprintf(uid, sizeof(uid), "%08zx-3a53-4f0e-9d3b-2f3f6a1b0c11", i + 1);
		fake_pod_init(&crowd->pods[i], uid, "rclone-zurg=/mnt/media/zurg");
		/* The gate looks once: it is no matter of this test how long a mount takes. */
		fake_pod_annotate(&crowd->pods[i], "fuse-sidecar.io/wait", "0s");
	}
}

/* All of them are started before the first one is waited for. */
static void run_hooks(struct crowd *crowd, const char *what, const char *stage, int expected)
{
	uint64_t began = deadline_now(), usec;

	for (size_t i = 0; i < crowd->n; i++)
		crowd->hooks[i] = fake_member_hook_start(crowd->members[i], stage);
	for (size_t i = 0; i < crowd->n; i++) {
		int status = child_wait(crowd->hooks[i]);
		cleanup_free char *said = fake_member_output(crowd->members[i]);

		if (status != expected)
			fail_msg("%s of pod %zu: exit %d: %s", what, i, status, said);
	}
	usec = deadline_now() - began;
	print_message("%zu hooks at once, %s: %llu ms\n", crowd->n, what,
		(unsigned long long)(usec / 1000));
}

static void expect_record(const struct crowd *crowd, size_t i, const char *container)
{
	const struct fake_pod *pod = &crowd->pods[i];
	cleanup_free char *text = fake_pod_record_text(pod);
	cleanup_json struct json_object *record = json_schema_load(text, strlen(text));
	const char *failed = json_schema_validate(crowd->schema, record);

	if (failed)
		fail_msg("record %zu fails the schema at \"%s\": %s", i, failed, text);
	assert_string_equal(fake_pod_recorded(pod, "/pod/uid"), pod->uid);
	assert_string_equal(fake_pod_recorded(pod, "/volumeRoots/0/hostPath"), pod->volume);
	assert_string_equal(fake_pod_status(pod, container), "created");
}

static void expect_records(const struct crowd *crowd, const char *container)
{
	assert_int_equal(fake_pod_count_files("pods"), crowd->n);
	assert_int_equal(fake_pod_count_files("locks"), crowd->n);
	assert_int_equal(fake_pod_count_files("tmp"), 0);
	for (size_t i = 0; i < crowd->n; i++)
		expect_record(crowd, i, container);
}

static void mount_everywhere(const struct crowd *crowd, struct fuse_daemon *daemons)
{
	for (size_t i = 0; i < crowd->n; i++) {
		cleanup_free char *path = fake_pod_path(&crowd->pods[i], "zurg");

		assert_int_equal(fuse_daemon_start(path, NULL, &daemons[i]), 0);
	}
}

static void a_whole_nodes_pods_at_once(void **state)
{
	cleanup_crowd struct crowd crowd = {0};
	struct fuse_daemon *daemons;

	(void)state;
	begin(&crowd);
	daemons = calloc(crowd.n, sizeof(*daemons));
	assert_non_null(daemons);
	for (size_t i = 0; i < crowd.n; i++)
		crowd.members[i] = fake_pod_provider(&crowd.pods[i], "zurg");
	run_hooks(&crowd, "providers", "prestart", 0);
	expect_records(&crowd, "rclone-zurg");
	mount_everywhere(&crowd, daemons);
	for (size_t i = 0; i < crowd.n; i++)
		crowd.members[i] = fake_pod_consumer(&crowd.pods[i], "plex");
	run_hooks(&crowd, "consumers", "prestart", 0);
	expect_records(&crowd, "plex");
	for (size_t i = 0; i < crowd.n; i++) {
		fuse_daemon_kill(&daemons[i]);
		fake_member_stop(crowd.pods[i].members[0]);
		crowd.members[i] = crowd.pods[i].members[0];
	}
	run_hooks(&crowd, "ends of providers", "poststop", 0);
	for (size_t i = 0; i < crowd.n; i++) {
		fuse_daemon_clear(&daemons[i]);
		crowd.members[i] = crowd.pods[i].members[1];
		fake_member_stop(crowd.members[i]);
	}
	free(daemons);
	run_hooks(&crowd, "ends of pods", "poststop", 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
}

/* With one pod's lock held, and with a broken record among the others, the rest goes on. */
static void a_pod_whose_lock_is_held_keeps_nobody(void **state)
{
	cleanup_crowd struct crowd crowd = {0};
	cleanup_close int lock = -EBADF;
	cleanup_free char *file = NULL;
	uint64_t began;

	(void)state;
	begin(&crowd);
	for (size_t i = 0; i < crowd.n; i++)
		crowd.members[i] = fake_pod_provider(&crowd.pods[i], "zurg");
	fake_member_expect(crowd.members[0], "prestart", 0);
	assert_true(asprintf(&file, FAKE_POD_RECORDS "/locks/%s", crowd.pods[0].uid) > 0);
	lock = open(file, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	began = deadline_now();
	for (size_t i = 1; i < crowd.n; i++)
		crowd.hooks[i] = fake_member_hook_start(crowd.members[i], "prestart");
	for (size_t i = 1; i < crowd.n; i++)
		assert_int_equal(child_wait(crowd.hooks[i]), 0);
	/* A hook that waits for a lock does so for 20 seconds, and fails. */
	print_message("beside a lock that is held: %llu ms\n",
		(unsigned long long)((deadline_now() - began) / 1000));
	for (size_t i = 1; i < crowd.n; i++)
		expect_record(&crowd, i, "rclone-zurg");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup_shared)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_nodes_pods_at_once),
		TEST(a_pod_whose_lock_is_held_keeps_nobody),
	};
#undef TEST

	return cmocka_run_group_tests_name("many_pods", tests, ns_sandbox_setup_group, NULL);
}
