/* SPDX-License-Identifier: Apache-2.0 */
/* doctor beside pods that were recorded: tests/install/doctor.sh has the rest. */
#include "hook/reclaim/reconcile_stamp.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/cmocka.h"
#include "tests/support/expect.h"
#include "tests/support/fake_journal.h"
#include "tests/support/fake_scene.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include <string.h>
#include <sys/mount.h>

static char *doctor(const char *option)
{
	char *said = NULL;

	fake_pod_command("doctor", option, &said);
	assert_non_null(said);
	return said;
}

static void a_crashed_pods_dead_mount_is_mended_by_reconcile(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *told = NULL, *mended = NULL;

	(void)state;
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	assert_int_equal(fuse_daemon_leave_dead(scene.path), 0);
	fake_member_stop(scene.zurg);
	told = doctor(NULL);
	expect_says(told, "1 FUSE mount is dead");
	expect_says(told, "1 pod recorded");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	mended = doctor("--fix");
	expect_says(mended, "fixed: reconcile detached 1 dead FUSE mount");
	expect_says(mended, "1 pod removed, 0 alive, 0 failed");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

/* The program that has the verb, at another place. */
static void put_program(const char *verb, const char *path)
{
	cleanup_free char *program = realpath(fake_pod_program(verb), NULL);
	cleanup_free char *directory = path_parent(path);

	assert_non_null(program);
	assert_int_equal(ns_sandbox_mkdirs(directory), 0);
	assert_int_equal(ns_sandbox_write(path, "", 0755), 0);
	assert_int_equal(mount(program, path, NULL, MS_BIND, NULL), 0);
}

/* What `doctor --fix` of a tool at that place says. */
static char *doctor_at(const char *place)
{
	const char *tool = getenv("TOOL_BINARY");
	cleanup_free char *before = tool ? strdup(tool) : NULL;
	char *said;

	assert_int_equal(setenv("TOOL_BINARY", place, 1), 0);
	said = doctor("--fix");
	if (before)
		setenv("TOOL_BINARY", before, 1);
	else
		unsetenv("TOOL_BINARY");
	return said;
}

#define LIBEXEC NS_SANDBOX_DIR "/libexec"
#define INSTALLED_TOOL LIBEXEC "/fuse-sidecar/fuse-sidecar"
#define INSTALLED_HOOK LIBEXEC "/oci/hooks.d/fuse-sidecar-hook"

static void the_hook_is_found_where_installations_put_it(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *alone = NULL, *installed = NULL;

	(void)state;
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	assert_int_equal(fuse_daemon_leave_dead(scene.path), 0);
	fake_member_stop(scene.zurg);
	put_program("doctor", INSTALLED_TOOL);
	alone = doctor_at(INSTALLED_TOOL);
	expect_says(alone, "fail  dead-mounts ");
	expect_says(alone, "package fuse-sidecar-hook");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	put_program("reconcile", INSTALLED_HOOK);
	installed = doctor_at(INSTALLED_TOOL);
	expect_says(installed, "ok    dead-mounts ");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	umount2(INSTALLED_TOOL, MNT_DETACH);
	umount2(INSTALLED_HOOK, MNT_DETACH);
}

static void a_live_pod_is_left_alone(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *mended = NULL;

	(void)state;
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	assert_int_equal(fuse_daemon_start(scene.path, NULL, &scene.daemon), 0);
	mended = doctor("--fix");
	expect_says(mended, "none; 1 live FUSE mount below the roots");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	assert_int_equal(fake_pod_count_files("pods"), 1);
}

static void a_mount_that_hangs_is_told_in_time(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *told = NULL;
	const char *path = "/var/lib/kubelet/pods/p/hung";

	(void)state;
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json",
				 "{\"probeTimeout\": \"100ms\"}", 0644),
		0);
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(fuse_daemon_start(path, "--hang", &daemon), 0);
	told = doctor(NULL);
	expect_says(told, "1 FUSE mount does not answer: /var/lib/kubelet/pods/p/hung");
}

/* The process that asked cannot be ended, and whoever finds it wants to know what it is. */
static void a_probe_that_is_left_waiting_is_named(void **state)
{
	cleanup_close int runtime_fd = -EBADF;
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *first = NULL, *told = NULL;
	const char *path = "/var/lib/kubelet/pods/p/hung";

	(void)state;
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json",
				 "{\"probeTimeout\": \"100ms\"}", 0644),
		0);
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(runtime_dir_open(true, &runtime_fd, NULL), 0);
	assert_int_equal(fuse_daemon_start(path, "--swallow", &daemon), 0);
	first = doctor(NULL);
	assert_non_null(first);
	told = doctor(NULL);
	expect_says(told, "/var/lib/kubelet/pods/p/hung; process ");
	expect_says(told, ", a probe of the hook, has waited there since 20");
}

static void the_journal_gets_an_entry_that_says_why(void **state)
{
	cleanup_fake_entry struct fake_entry entry = {0};
	cleanup_close int journal = fake_journal_open();
	cleanup_free char *told = NULL;

	(void)state;
	assert_true(journal >= 0);
	told = doctor(NULL);
	expect_says(told, "the journal took an entry");
	assert_int_equal(fake_journal_next(journal, &entry), 0);
	assert_string_equal(fake_entry_get(&entry, "PRIORITY"), "7");
	assert_non_null(strstr(fake_entry_get(&entry, "MESSAGE"), "doctor"));
}

static void a_journal_that_does_not_read_is_told(void **state)
{
	cleanup_close int journal = fake_journal_open();
	cleanup_free char *told = NULL;

	(void)state;
	assert_true(journal >= 0);
	assert_int_equal(fake_journal_fill(), 0);
	told = doctor(NULL);
	expect_says(told, "systemd-journald does not read what it is sent");
}

static void the_stamp_of_reconcile_is_read_whole_or_not_at_all(void **state)
{
	struct reconcile_stamp now = reconcile_stamp_now(), read = {0};
	cleanup_close int runtime = -EBADF;

	(void)state;
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	assert_int_equal(reconcile_stamp_read(runtime, &read), -ENOENT);
	assert_int_equal(reconcile_stamp_write(runtime, &now), 0);
	assert_int_equal(reconcile_stamp_read(runtime, &read), 0);
	assert_int_equal(read.realtime_usec, now.realtime_usec);
	assert_int_equal(read.boottime_usec, now.boottime_usec);
	assert_int_equal(ns_sandbox_write(RUNTIME_DIR "/reconciled", "12 34\n", 0644), 0);
	assert_int_equal(reconcile_stamp_read(runtime, &read), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_crashed_pods_dead_mount_is_mended_by_reconcile, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(
			the_hook_is_found_where_installations_put_it, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(a_live_pod_is_left_alone, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(a_mount_that_hangs_is_told_in_time, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(
			a_probe_that_is_left_waiting_is_named, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(
			the_journal_gets_an_entry_that_says_why, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(
			a_journal_that_does_not_read_is_told, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(the_stamp_of_reconcile_is_read_whole_or_not_at_all,
			ns_sandbox_setup_shared),
	};

	return cmocka_run_group_tests_name("doctor", tests, ns_sandbox_setup_group, NULL);
}
