/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks that count themselves, and the file for node_exporter: also beside one another, and where
 * it cannot be written. */
#include "hook/record/lock.h"
#include "hook/record/metrics_store.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/expect.h"
#include "tests/support/fake_scene.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define DIRECTORY NS_SANDBOX_DIR "/textfile"
#define FILE_PATH DIRECTORY "/fuse.prom"
#define COUNTERS RUNTIME_DIR "/metrics"
#define N_HOOKS 12

static int reset(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(DIRECTORY) < 0)
		return -1;
	if (ns_sandbox_write(POLICY, "{\"metricsFile\": \"" FILE_PATH "\"}", 0644) < 0)
		return -1;
	return ns_sandbox_share_kubelet();
}

static void expect_run(const char *text, const char *stage, const char *result, int n)
{
	char line[160];

	snprintf(line, sizeof(line),
		"fuse_sidecar_hook_runs_total{stage=\"%s\",result=\"%s\"} %d\n", stage, result, n);
	expect_says(text, line);
}

static void the_runs_of_a_pod_are_counted(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL, *text = NULL;
	struct fake_member *zurg, *plex;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	path = fake_pod_path(&pod, "zurg");
	plex = fake_pod_consumer(&pod, "plex");
	fake_member_expect(plex, "prestart", 17);
	fake_member_stop(plex);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	plex = fake_pod_consumer(&pod, "plex");
	fake_member_expect(plex, "createRuntime", 0);
	text = fake_pod_expect_command("metrics", NULL, 0);
	expect_run(text, "prestart", "ok", 1);
	expect_run(text, "prestart", "denied", 1);
	expect_run(text, "createRuntime", "ok", 1);
	expect_run(text, "poststop", "ok", 0);
	expect_says(text, "fuse_sidecar_hook_denials_total{code=\"provider-not-started\"} 1\n");
	expect_says(text, "fuse_sidecar_gate_wait_seconds_count{result=\"opened\"} 1\n");
	expect_says(text, "fuse_sidecar_gate_wait_seconds_count{result=\"refused\"} 1\n");
	expect_says(text, "fuse_sidecar_hook_duration_seconds_count{stage=\"prestart\"} 2\n");
	expect_says(text, "fuse_sidecar_mounts{state=\"live\"} 1\n");
	expect_says(text, "fuse_sidecar_recorded_pods 1\n");
	expect_says(text, "fuse_sidecar_recorded_containers 2\n");
}

static void heals_are_counted_wherever_they_are_made(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *before = NULL, *after = NULL;
	struct fake_member *zurg;

	(void)state;
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	assert_int_equal(fuse_daemon_leave_dead(scene.path), 0);
	fake_member_stop(scene.zurg);
	before = fake_pod_expect_command("metrics", NULL, 0);
	expect_says(before, "fuse_sidecar_mounts{state=\"dead\"} 1\n");
	expect_says(before, "fuse_sidecar_heals_total 0\n");
	zurg = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_leave_dead(scene.path), 0);
	fake_member_stop(zurg);
	free(fake_pod_expect_command("reconcile", NULL, 0));
	after = ns_sandbox_read(FILE_PATH);
	assert_non_null(after);
	expect_says(after, "fuse_sidecar_heals_total 2\n");
	expect_says(after, "fuse_sidecar_mounts{state=\"dead\"} 0\n");
	expect_says(after, "fuse_sidecar_recorded_pods 0\n");
}

/* Files of the collector's directory, hidden ones too. */
static unsigned int count_entries(void)
{
	cleanup_directory DIR *directory = opendir(DIRECTORY);
	const struct dirent *entry;
	unsigned int n = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	return n;
}

static void reconcile_writes_a_file_that_others_can_read(void **state)
{
	struct stat st;
	cleanup_free char *text = NULL;

	(void)state;
	free(fake_pod_expect_command("reconcile", NULL, 0));
	assert_int_equal(stat(FILE_PATH, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	text = ns_sandbox_read(FILE_PATH);
	expect_says(text, "# TYPE fuse_sidecar_hook_runs_total counter\n");
	/* Nothing else: the collector would read it, or it would stay for ever. */
	assert_int_equal(count_entries(), 1);
}

static void a_dry_run_writes_nothing(void **state)
{
	struct stat st;

	(void)state;
	free(fake_pod_expect_command("reconcile", "--dry-run", 0));
	assert_int_equal(stat(FILE_PATH, &st), -1);
}

static void without_the_key_nothing_is_counted(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *said = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(ns_sandbox_write(POLICY, "{}", 0644), 0);
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	assert_int_equal(stat(COUNTERS, &st), -1);
	assert_int_equal(stat(RUNTIME_DIR "/locks/metrics", &st), -1);
	said = fake_pod_expect_command("metrics", "--write", EXIT_NODE_CONFIG);
	expect_says(said, "metricsFile");
}

static void hooks_beside_one_another_lose_nothing(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *members[N_HOOKS];
	pid_t pids[N_HOOKS];
	cleanup_free char *text = NULL;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	for (size_t i = 0; i < N_HOOKS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "other-%zu", i);
		members[i] = fake_pod_add(&pod, &(struct fake_role){.name = name, .source = ""});
	}
	for (size_t i = 0; i < N_HOOKS; i++)
		pids[i] = fake_member_hook_start(members[i], "prestart");
	for (size_t i = 0; i < N_HOOKS; i++)
		assert_int_equal(child_wait(pids[i]), 0);
	text = fake_pod_expect_command("metrics", NULL, 0);
	expect_run(text, "prestart", "ok", N_HOOKS);
}

static void broken_counters_begin_anew_and_say_so(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *text = NULL;
	struct fake_member *zurg;

	(void)state;
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	assert_int_equal(ns_sandbox_write(COUNTERS, "\1\2 what is this", 0644), 0);
	free(fake_pod_expect_command("metrics", NULL, EXIT_HOST_IO));
	zurg = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	fake_member_expect_said(zurg, "begin at zero again");
	text = fake_pod_expect_command("metrics", NULL, 0);
	expect_run(text, "prestart", "ok", 1);
}

static void counters_that_others_could_write_are_not_believed(void **state)
{
	struct metrics metrics = {0}, more = {.heals = 1};
	cleanup_close int runtime = -EBADF;
	bool begun_anew = false;

	(void)state;
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	assert_int_equal(ns_sandbox_write(COUNTERS, "heals 100\n", 0666), 0);
	assert_int_equal(chmod(COUNTERS, 0666), 0);
	assert_int_equal(metrics_store_read(runtime, &metrics, NULL), -EINVAL);
	assert_int_equal(metrics_store_add(runtime, &more, &begun_anew, NULL), 0);
	assert_true(begun_anew);
	assert_int_equal(metrics_store_read(runtime, &metrics, NULL), 0);
	assert_int_equal(metrics.heals, 1);
}

/* Held by somebody: the run ends well and soon, and says that it was not counted. */
static void a_lock_that_is_held_delays_nobody(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_close int runtime = -EBADF;

	(void)state;
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	assert_int_equal(lock_take(runtime, "metrics", 0, &lock, NULL), 0);
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	fake_member_expect_said(scene.zurg, "this run is not in the metrics");
}

static void a_killed_worker_is_counted_by_its_supervisor(void **state)
{
	struct metrics metrics = {0};
	cleanup_close int runtime = -EBADF;

	(void)state;
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	metrics_store_killed("prestart");
	metrics_store_killed("prestart");
	metrics_store_killed("poststop");
	assert_int_equal(metrics_store_read(runtime, &metrics, NULL), 0);
	assert_int_equal(metrics.runs[METRICS_PRESTART][METRICS_KILLED], 2);
	assert_int_equal(metrics.runs[METRICS_POSTSTOP][METRICS_KILLED], 1);
	assert_int_equal(metrics.runs[METRICS_PRESTART][METRICS_OK], 0);
}

/* Numbers without them would be wrong, and nobody would know. */
static void killed_workers_that_cannot_be_read_are_told(void **state)
{
	cleanup_free char *said = NULL, *after = NULL;
	cleanup_close int runtime = -EBADF;

	(void)state;
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	metrics_store_killed("prestart");
	assert_int_equal(chmod(RUNTIME_DIR "/metrics.killed", 0666), 0);
	said = fake_pod_expect_command("metrics", NULL, EXIT_HOST_IO);
	expect_says(said, "cannot read the counters " RUNTIME_DIR "/metrics.killed");
	expect_says(said, "remove the file");
	assert_int_equal(unlink(RUNTIME_DIR "/metrics.killed"), 0);
	after = fake_pod_expect_command("metrics", NULL, 0);
	expect_run(after, "prestart", "killed", 0);
}

/* reconcile says what is wrong, and cleans up all the same. */
static void expect_unwritable(const char *text)
{
	cleanup_free char *said = fake_pod_expect_command("reconcile", NULL, 0);

	expect_says(said, "cannot write metricsFile " FILE_PATH);
	expect_says(said, text);
	expect_says(said, "0 pods removed");
}

static void a_directory_that_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(rmdir(DIRECTORY), 0);
	expect_unwritable("No such file or directory");
}

static void a_file_system_that_is_read_only(void **state)
{
	(void)state;
	assert_int_equal(mount("t", DIRECTORY, "tmpfs", MS_RDONLY, NULL), 0);
	expect_unwritable("Read-only file system");
}

static void a_file_system_that_is_full_keeps_the_old_file(void **state)
{
	cleanup_free char *before = NULL, *after = NULL;

	(void)state;
	assert_int_equal(mount("t", DIRECTORY, "tmpfs", 0, "size=16k"), 0);
	free(fake_pod_expect_command("reconcile", NULL, 0));
	before = ns_sandbox_read(FILE_PATH);
	assert_non_null(before);
	assert_int_equal(mount("t", DIRECTORY, "tmpfs", MS_REMOUNT, "size=16k,nr_inodes=2"), 0);
	expect_unwritable("No space left on device");
	after = ns_sandbox_read(FILE_PATH);
	assert_non_null(after);
	assert_string_equal(before, after);
}

static void what_stands_in_its_place_is_replaced_and_not_followed(void **state)
{
	cleanup_free char *text = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(ns_sandbox_write(NS_SANDBOX_DIR "/elsewhere", "kept", 0600), 0);
	assert_int_equal(symlink(NS_SANDBOX_DIR "/elsewhere", FILE_PATH), 0);
	free(fake_pod_expect_command("metrics", "--write", 0));
	assert_int_equal(lstat(FILE_PATH, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	text = ns_sandbox_read(NS_SANDBOX_DIR "/elsewhere");
	assert_string_equal(text, "kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_runs_of_a_pod_are_counted, reset),
		cmocka_unit_test_setup(heals_are_counted_wherever_they_are_made, reset),
		cmocka_unit_test_setup(reconcile_writes_a_file_that_others_can_read, reset),
		cmocka_unit_test_setup(a_dry_run_writes_nothing, reset),
		cmocka_unit_test_setup(without_the_key_nothing_is_counted, reset),
		cmocka_unit_test_setup(hooks_beside_one_another_lose_nothing, reset),
		cmocka_unit_test_setup(broken_counters_begin_anew_and_say_so, reset),
		cmocka_unit_test_setup(counters_that_others_could_write_are_not_believed, reset),
		cmocka_unit_test_setup(a_lock_that_is_held_delays_nobody, reset),
		cmocka_unit_test_setup(a_killed_worker_is_counted_by_its_supervisor, reset),
		cmocka_unit_test_setup(killed_workers_that_cannot_be_read_are_told, reset),
		cmocka_unit_test_setup(a_directory_that_is_not_there, reset),
		cmocka_unit_test_setup(a_file_system_that_is_read_only, reset),
		cmocka_unit_test_setup(a_file_system_that_is_full_keeps_the_old_file, reset),
		cmocka_unit_test_setup(
			what_stands_in_its_place_is_replaced_and_not_followed, reset),
	};

	return cmocka_run_group_tests_name("metrics", tests, ns_sandbox_setup_group, NULL);
}
