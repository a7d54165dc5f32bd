/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels that lack the younger system calls: what mount(2) can do in their place, and what becomes
 * of a pod where it can not. `make check-kernels` runs all other tests on such kernels.
 */
#include "hook/mount/mount_attach.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_legacy.h"
#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define DIRECTORY NS_SANDBOX_DIR "/directory"
#define PLACE NS_SANDBOX_DIR "/place"

static int reset(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0)
		return -1;
	return ns_sandbox_mkdirs(DIRECTORY) < 0 ? -1 : ns_sandbox_mkdirs(PLACE);
}

static int open_path(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void assert_propagation(const char *path, const char *expected)
{
	cleanup_free char *found = ns_sandbox_propagation(path);

	assert_non_null(found);
	if (strncmp(found, expected, strlen(expected)) != 0 || (!*expected && *found))
		fail_msg("%s is \"%s\", not \"%s\"", path, found, expected);
}

static int errno_of_mount(const char *from, const char *to, unsigned long flags)
{
	return mount(from, to, NULL, flags, NULL) < 0 ? errno : 0;
}

/*
 * What makes open_tree(2) and move_mount(2) necessary: the kernel refuses both ends, by descriptor
 * as by path, from either side. Should one of these ever work, there is a fallback to be written.
 */
static void no_mount_call_takes_a_mount_to_another_namespace(void **state)
{
	struct fake_container container = {0};
	char theirs[128], their_link[64], link[64], their_directory[128];
	cleanup_close int fd = -EBADF, their_fd = -EBADF;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/root"), 0);
	assert_int_equal(fake_container_start(NS_SANDBOX_DIR "/root", NULL, 0, &container), 0);
	fd = open_path(DIRECTORY);
	snprintf(theirs, sizeof(theirs), "/proc/%d/root%s", (int)container.pid, PLACE);
	snprintf(their_directory, sizeof(their_directory), "/proc/%d/root%s", (int)container.pid,
		DIRECTORY);
	their_fd = open_path(theirs);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	snprintf(their_link, sizeof(their_link), "/proc/self/fd/%d", their_fd);
	assert_int_equal(errno_of_mount(link, their_link, MS_BIND), EINVAL);
	assert_int_equal(errno_of_mount(DIRECTORY, theirs, MS_BIND), EINVAL);
	assert_int_equal(errno_of_mount(their_link, PLACE, MS_BIND), EINVAL);
	assert_int_equal(errno_of_mount(their_directory, PLACE, MS_BIND), EINVAL);
	assert_int_equal(errno_of_mount(DIRECTORY, DIRECTORY, MS_BIND), 0);
	assert_int_equal(errno_of_mount(DIRECTORY, theirs, MS_MOVE), EINVAL);
	/* And that it is the namespace which is in the way. */
	assert_int_equal(errno_of_mount(link, PLACE, MS_BIND), 0);
	fake_container_stop(&container);
}

static void a_mount_that_is_covered_is_the_one_that_is_changed(void **state)
{
	cleanup_close int fd = -EBADF;

	(void)state;
	assert_int_equal(mount("below", PLACE, "tmpfs", 0, NULL), 0);
	fd = open_path(PLACE);
	assert_int_equal(mount_legacy_propagation(fd, MS_SHARED, false), 0);
	assert_propagation(PLACE, "shared:");
	assert_int_equal(mount("above", PLACE, "tmpfs", 0, NULL), 0);
	assert_int_equal(mount_legacy_propagation(fd, MS_PRIVATE, false), 0);
	assert_propagation(PLACE, "shared:");
	assert_int_equal(umount2(PLACE, 0), 0);
	assert_propagation(PLACE, "");
}

static void a_directory_within_a_mount_has_no_propagation(void **state)
{
	cleanup_close int fd = open_path(PLACE);

	(void)state;
	assert_int_equal(mount_legacy_propagation(fd, MS_SHARED, false), -EINVAL);
}

static void options_are_added_to_those_that_are_there(void **state)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_close int fd = -EBADF;
	const struct mount_entry *mounted;

	(void)state;
	assert_int_equal(
		mount("x", PLACE, "tmpfs", MS_NOEXEC | MS_NODIRATIME | MS_RELATIME, NULL), 0);
	assert_int_equal(mount(PLACE, DIRECTORY, NULL, MS_BIND, NULL), 0);
	fd = open_path(PLACE);
	assert_int_equal(mount_legacy_options(fd, MS_RDONLY | MS_NOSUID | MS_NOATIME), 0);
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &table, NULL), 0);
	mounted = mounts_at(&table, PLACE);
	assert_non_null(mounted);
	assert_string_equal(mounted->vfs_options, "ro,nosuid,noexec,noatime,nodiratime");
	/* The file system itself stays as it was. */
	assert_int_equal(mkdir(DIRECTORY "/writable", 0755), 0);
}

static void strict_times_of_access_are_kept(void **state)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_close int fd = -EBADF;

	(void)state;
	assert_int_equal(mount("x", PLACE, "tmpfs", MS_STRICTATIME, NULL), 0);
	fd = open_path(PLACE);
	assert_int_equal(mount_legacy_options(fd, MS_NODEV), 0);
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &table, NULL), 0);
	assert_string_equal(mounts_at(&table, PLACE)->vfs_options, "rw,nodev");
}

static void a_bind_gives_the_root_of_the_new_mount(void **state)
{
	cleanup_close int from = open_path(DIRECTORY), to = open_path(PLACE), top = -EBADF;
	int below = 0, above = 0;

	(void)state;
	assert_int_equal(mount_legacy_bind(from, to, false, &top), 0);
	assert_int_equal(ns_sandbox_mounts_on(PLACE), 1);
	assert_int_equal(mount_legacy_same(top, from), 1);
	assert_int_equal(mount_legacy_same(top, to), 0);
	assert_int_equal(mount_id_of(to, &below, NULL), 0);
	assert_int_equal(mount_id_of(top, &above, NULL), 0);
	assert_int_not_equal(below, above);
	assert_int_equal(mount_legacy_propagation(top, MS_SHARED, false), 0);
	assert_propagation(PLACE, "shared:");
}

/* The name leads elsewhere: another directory has taken it since it was opened. */
static void a_place_that_has_lost_its_name_is_left_as_it_was(void **state)
{
	cleanup_close int from = open_path(DIRECTORY), to = open_path(PLACE), top = -EBADF;
	unsigned int before = ns_sandbox_mounts();

	(void)state;
	assert_int_equal(rename(PLACE, PLACE "-moved"), 0);
	assert_int_equal(symlink(PLACE "-moved", PLACE), 0);
	assert_int_equal(mount_legacy_bind(from, to, false, &top), 0);
	assert_int_equal(ns_sandbox_mounts_on(PLACE "-moved"), 1);
	close(move_fd(&top));
	assert_int_equal(umount2(PLACE "-moved", 0), 0);
	assert_int_equal(rmdir(PLACE "-moved"), 0);
	assert_true(mount_legacy_bind(from, to, false, &top) < 0);
	assert_int_equal(ns_sandbox_mounts(), before);
}

/* The hook on another kernel. */

struct run {
	const struct fake_member *member;
	const char *stage, *hidden;
	int error;
};

static int run_hook(void *data)
{
	const struct run *run = data;

	if (hide_syscalls(run->hidden, run->error) < 0)
		return 125;
	return fake_member_hook_exec(run->member, run->stage);
}

/* As fake_member_expect(). */
static void expect_without(const struct run *run, int code)
{
	struct run copy = *run;
	int status = child_run(run_hook, &copy);
	cleanup_free char *said = fake_member_output(run->member);

	if (status != code)
		fail_msg("%s of %s without %s: exit %d, expected %d: %s", run->stage,
			run->member->name, run->hidden, status, code, said);
}

static void expect_4_18(const struct fake_member *member, const char *stage, int code)
{
	expect_without(&(struct run){member, stage, HIDE_ALL, ENOSYS}, code);
}

static void the_first_container_is_refused_and_the_next_one_finds_the_volume_shared(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	unsigned int before = ns_sandbox_mounts();
	struct fake_member *first, *second;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	first = fake_pod_provider(&pod, "zurg");
	expect_4_18(first, "prestart", 13);
	fake_member_expect_said(first, "[host-not-shared]");
	fake_member_expect_said(first, "lacks open_tree and move_mount");
	fake_member_expect_said(first, "nodeMounts");
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "denied");
	assert_string_equal(fake_pod_recorded(&pod, "/volumeRoots/0/boundByHook"), "true");
	assert_propagation(pod.volume, "shared:");
	fake_member_stop(first);
	/* As runc does, and crun does not. */
	expect_4_18(first, "poststop", 0);
	assert_propagation(pod.volume, "shared:");
	second = fake_pod_provider(&pod, "zurg");
	expect_4_18(second, "prestart", 0);
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "created");
	assert_string_equal(fake_pod_recorded(&pod, "/volumeRoots/0/boundByHook"), "true");
	fake_member_stop(second);
	expect_4_18(second, "poststop", 0);
	assert_int_equal(ns_sandbox_mounts(), before);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

/* The pod was deleted before the kubelet tried again. */
static void reconcile_takes_back_what_was_shared_for_a_refused_container(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	unsigned int before = ns_sandbox_mounts();
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	expect_4_18(zurg, "prestart", 13);
	assert_int_equal(ns_sandbox_mounts_on(pod.volume), 1);
	fake_member_stop(zurg);
	expect_4_18(zurg, "poststop", 0);
	assert_int_equal(ns_sandbox_mounts_on(pod.volume), 1);
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), 0);
	assert_int_equal(ns_sandbox_mounts(), before);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

static int mount_zurg(void *data)
{
	return mount("zurg", data, "tmpfs", 0, NULL) < 0 ? errno : 0;
}

/* What it is all for: the mount comes out of the provider and into the consumer. */
static void a_pod_works_on_a_kernel_without_any_of_them(void **state)
{
	static const int errors[] = {ENOSYS, EPERM};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		cleanup_fake_pod struct fake_pod pod = {0};
		cleanup_free char *path = NULL, *inside = NULL;
		struct fake_member *zurg, *plex;

		assert_int_equal(reset(NULL), 0);
		assert_int_equal(ns_sandbox_share_kubelet(), 0);
		fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
		fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "0s");
		path = fake_pod_path(&pod, "zurg");
		zurg = fake_pod_provider(&pod, "zurg");
		expect_without(&(struct run){zurg, "prestart", HIDE_ALL, errors[i]}, 0);
		inside = path_join(zurg->root, "/mnt/media/zurg");
		assert_int_equal(fake_container_run(&zurg->process, mount_zurg, inside), 0);
		assert_int_equal(ns_sandbox_mounts_on(path), 1);
		plex = fake_pod_consumer(&pod, "plex");
		assert_int_equal(fake_member_mounts_on(plex, "/mnt/media/zurg"), 1);
		/* It is no FUSE mount. */
		expect_without(&(struct run){plex, "prestart", HIDE_ALL, errors[i]}, 16);
	}
}

static const struct mount_entry *exposed(
	const struct fake_member *member, struct mount_table *ret_table)
{
	cleanup_free char *target = path_join(member->root, "/run/fuse-sidecar");
	char table[64];

	snprintf(table, sizeof(table), "/proc/%d/mountinfo", (int)member->process.pid);
	assert_int_equal(mountinfo_read(table, ret_table, NULL), 0);
	return mounts_at(ret_table, target);
}

static void the_topology_is_shown_read_only_and_private(void **state)
{
	static const char *const hidden[] = {HIDE_ALL, "open_tree", "move_mount", "mount_setattr",
		"fsopen", "fsconfig", "fsmount"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		cleanup_mount_table struct mount_table table = {0};
		cleanup_fake_pod struct fake_pod pod = {0};
		const struct mount_entry *shown;
		struct fake_member *zurg;
		unsigned int before;

		assert_int_equal(reset(NULL), 0);
		/* As on a node that systemd booted: what is mounted below /run travels. */
		assert_int_equal(mount(NULL, "/run", NULL, MS_SHARED, NULL), 0);
		assert_int_equal(ns_sandbox_share_kubelet(), 0);
		fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
		zurg = fake_pod_provider(&pod, "zurg");
		before = ns_sandbox_mounts();
		expect_without(&(struct run){zurg, "prestart", hidden[i], ENOSYS}, 0);
		shown = exposed(zurg, &table);
		assert_non_null(shown);
		assert_int_equal(shown->shared, 0);
		assert_int_equal(shown->master, 0);
		assert_true(mounts_has_option(shown, "ro") && mounts_has_option(shown, "nosuid") &&
			    mounts_has_option(shown, "nodev") &&
			    mounts_has_option(shown, "noexec"));
		assert_int_equal(ns_sandbox_mounts(), before);
	}
}

/* A namespace that shows something else at the place of the hook's directory, as one of a container
 * that runs would. */
static void another_directory_at_the_records_path_is_not_shown(void **state)
{
	static const struct mount_attach_how private = {PROPAGATION_PRIVATE, "ro", false};
	cleanup_mount_attach struct mount_attach attach = MOUNT_ATTACH_NONE;
	cleanup_close int source = open_path(DIRECTORY), place = open_path(PLACE);

	(void)state;
	attach.how = private;
	attach.source = source;
	attach.path = strdup(NS_SANDBOX_DIR);
	assert_int_equal(mount_attach(&attach, place), -ESTALE);
	assert_int_equal(ns_sandbox_mounts_on(PLACE), 0);
}

/* One descriptor tells of the end of a provider; without it the gate looks, and is as right. */
static void the_gate_notices_a_providers_end_without_a_pidfd(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;
	struct run run;
	pid_t hook;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "60s");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	plex = fake_pod_consumer(&pod, "plex");
	run = (struct run){plex, "prestart", "pidfd_open", EPERM};
	hook = child_start(run_hook, &run);
	assert_true(eventually(fake_pod_plex_waits, &pod));
	fake_member_stop(zurg);
	assert_int_equal(child_wait(hook), 17);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(no_mount_call_takes_a_mount_to_another_namespace),
		TEST(a_mount_that_is_covered_is_the_one_that_is_changed),
		TEST(a_directory_within_a_mount_has_no_propagation),
		TEST(options_are_added_to_those_that_are_there),
		TEST(strict_times_of_access_are_kept),
		TEST(a_bind_gives_the_root_of_the_new_mount),
		TEST(a_place_that_has_lost_its_name_is_left_as_it_was),
		TEST(the_first_container_is_refused_and_the_next_one_finds_the_volume_shared),
		TEST(reconcile_takes_back_what_was_shared_for_a_refused_container),
		TEST(a_pod_works_on_a_kernel_without_any_of_them),
		TEST(the_topology_is_shown_read_only_and_private),
		TEST(another_directory_at_the_records_path_is_not_shown),
		TEST(the_gate_notices_a_providers_end_without_a_pidfd),
	};
#undef TEST

	return cmocka_run_group_tests_name("kernels", tests, ns_sandbox_setup_group, NULL);
}
