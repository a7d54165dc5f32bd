/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers see of their pod's record. They have CAP_SYS_ADMIN here, as a privileged sidecar
 * has: they can make their bind writable again, and even the file system behind it. What they write
 * there nobody believes, and no container of the pod is held up by it.
 */
#include "hook/sandbox/fs_context.h"

#include "hook/record/lock.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/ns/needs.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SHOWN RUNTIME_DIR "/shown"
#define COPY SHOWN "/" FAKE_POD_UID
#define RECORDS RUNTIME_DIR "/pods/" FAKE_POD_UID
#define UID_B "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define FORGED "{\"schema\": \"forged\"}"
#define PLACE "/run/fuse-sidecar"

static int reset(void **state)
{
	(void)state;
	return ns_sandbox_reset() < 0 || ns_sandbox_share_kubelet() < 0 ? -1 : 0;
}

#define NEEDS_FILE_SYSTEMS()                                                                       \
	do {                                                                                       \
		NEEDS_REPLACEMENT();                                                               \
		if (!kernel_has(KERNEL_FSOPEN)) {                                                  \
			puts("this kernel has no fsopen");                                         \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* In the container's mount namespace, with what its place is called from outside its root. */
struct inside {
	char place[256], file[256];
};

static struct inside inside_of(const struct fake_member *member)
{
	struct inside inside;

	snprintf(inside.place, sizeof(inside.place), "%s" PLACE, member->root);
	snprintf(inside.file, sizeof(inside.file), "%s" PLACE "/topology.json", member->root);
	return inside;
}

static int try_in(const struct fake_member *member, int (*work)(void *data))
{
	struct inside inside = inside_of(member);

	return fake_container_run(&member->process, work, &inside);
}

static struct fake_member *begin_zurg(struct fake_pod *pod)
{
	struct fake_member *zurg;

	fake_pod_init(pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(pod, "fuse-sidecar.io/wait", "0s");
	zurg = fake_pod_provider(pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	return zurg;
}

static struct fake_member *add_bystander(struct fake_pod *pod, const char *name)
{
	return fake_pod_add(pod, &(struct fake_role){.name = name, .source = ""});
}

/* A consumer that the gate refuses at once, for want of a daemon: it is shown the topology, and
 * the record changes. */
static struct fake_member *expect_consumer(struct fake_pod *pod, const char *name)
{
	struct fake_member *member = fake_pod_consumer(pod, name);

	fake_member_expect(member, "prestart", 16);
	return member;
}

static void expect_shown(const struct fake_member *member, const char *text)
{
	struct inside inside = inside_of(member);
	char path[300];
	cleanup_free char *shown = NULL;

	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)member->process.pid, inside.file);
	shown = ns_sandbox_read(path);
	if (!shown || !strstr(shown, text))
		fail_msg("\"%s\" is not in what %s sees: %s", text, member->name,
			shown ? shown : "nothing");
}

static void expect_not_forged(const struct fake_pod *pod)
{
	cleanup_free char *text = fake_pod_record_text(pod);

	assert_null(strstr(text, "forged"));
}

static int write_to(const char *path)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	return write(fd, FORGED, strlen(FORGED)) == (ssize_t)strlen(FORGED) ? 0 : errno;
}

static int forge_by_bind(void *data)
{
	const struct inside *inside = data;
	char another[300];

	if (write_to(inside->file) != EROFS)
		return 1;
	if (mount(NULL, inside->place, NULL, MS_REMOUNT | MS_BIND, NULL) < 0)
		return 2;
	snprintf(another, sizeof(another), "%s/another", inside->place);
	if (write_to(inside->file) != EROFS || write_to(another) != EROFS)
		return 3;
	return unlink(inside->file) < 0 && errno == EROFS ? 0 : 4;
}

static void a_bind_that_is_made_writable_again_is_read_only_all_the_same(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	NEEDS_FILE_SYSTEMS();
	(void)state;
	zurg = begin_zurg(&pod);
	assert_int_equal(try_in(zurg, forge_by_bind), 0);
	/* And after the next writing. */
	add_bystander(&pod, "side");
	expect_consumer(&pod, "plex");
	assert_int_equal(try_in(zurg, forge_by_bind), 0);
	expect_shown(zurg, "\"plex\"");
	expect_not_forged(&pod);
}

/* Not by the bind, but the file system: the kernel leaves that to CAP_SYS_ADMIN of the node's user
 * namespace. */
static int open_up(void *data)
{
	const struct inside *inside = data;

	return mount(NULL, inside->place, NULL, MS_REMOUNT, NULL) < 0 ? 1 : 0;
}

static int forge(void *data)
{
	const struct inside *inside = data;

	return open_up(data) == 0 ? write_to(inside->file) : 1;
}

static void what_a_container_writes_there_is_read_by_nobody(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *before = NULL, *after = NULL;
	struct fake_member *zurg;

	NEEDS_FILE_SYSTEMS();
	(void)state;
	zurg = begin_zurg(&pod);
	before = fake_pod_record_text(&pod);
	assert_int_equal(try_in(zurg, forge), 0);
	expect_shown(zurg, "forged");
	after = fake_pod_record_text(&pod);
	assert_string_equal(before, after);
	expect_consumer(&pod, "plex");
	expect_not_forged(&pod);
	expect_shown(zurg, "\"plex\"");
	/* The whole is read-only again. */
	assert_int_equal(try_in(zurg, forge_by_bind), 0);
}

static int hold_open(void *data)
{
	const struct inside *inside = data;
	int fd = open_up(data) == 0 ? open(inside->file, O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0 || ns_sandbox_write("/run/holds", "", 0644) < 0)
		return 1;
	pause();
	return 0;
}

static bool is_there(void *data)
{
	return access(data, F_OK) == 0;
}

static void a_container_that_holds_it_open_for_writing_holds_up_nobody(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;
	struct inside inside;
	char table[64];
	pid_t holder;
	cleanup_close int ns = -EBADF;

	NEEDS_FILE_SYSTEMS();
	(void)state;
	zurg = begin_zurg(&pod);
	inside = inside_of(zurg);
	snprintf(table, sizeof(table), "/proc/%d/ns/mnt", (int)zurg->process.pid);
	ns = open(table, O_RDONLY | O_CLOEXEC);
	holder = fork();
	if (holder == 0)
		_exit(setns(ns, CLONE_NEWNS) < 0 ? 2 : hold_open(&inside));
	assert_true(eventually(is_there, (char[]){"/run/holds"}));
	plex = expect_consumer(&pod, "plex");
	fake_member_expect_said(plex, "open for writing");
	expect_shown(plex, "\"plex\"");
	expect_shown(zurg, "\"plex\"");
	kill(holder, SIGKILL);
	assert_int_equal(child_wait(holder), 128 + SIGKILL);
	/* Nobody does any more: the next one makes it read-only. */
	expect_consumer(&pod, "jellyfin");
	assert_int_equal(try_in(zurg, forge_by_bind), 0);
	assert_int_equal(try_in(plex, forge_by_bind), 0);
	fake_member_remove(plex);
	fake_member_remove(zurg);
	expect_not_forged(&pod);
}

static int fill(void *data)
{
	const struct inside *inside = data;

	if (open_up(data) != 0 || unlink(inside->file) < 0 || mkdir(inside->file, 0755) < 0)
		return 1;
	for (int i = 0; i < 100; i++) {
		char path[300];

		snprintf(path, sizeof(path), "%s/%d", inside->file, i);
		if (write_to(path) != 0)
			return errno == ENOSPC ? 0 : 2;
	}
	return 3;
}

/* With a directory in the copy's place, and no inode left. */
static void a_copy_that_cannot_be_written_is_given_up_and_made_anew(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;

	NEEDS_FILE_SYSTEMS();
	(void)state;
	zurg = begin_zurg(&pod);
	assert_int_equal(try_in(zurg, fill), 0);
	plex = expect_consumer(&pod, "plex");
	fake_member_expect_said(plex, "cannot write the copy");
	expect_shown(plex, "\"plex\"");
	assert_int_equal(ns_sandbox_mounts_on(COPY), 1);
	fake_member_remove(plex);
	fake_member_remove(zurg);
	assert_int_equal(ns_sandbox_mounts_on(COPY), 0);
	assert_int_equal(fake_pod_count_files("shown"), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

/* A file of eight megabytes and a half would fit into /run. */
static int write_much(void *data)
{
	const struct inside *inside = data;
	static char megabyte[1 << 20];
	cleanup_close int fd = open_up(data) == 0 ? open(inside->file, O_WRONLY | O_CLOEXEC) : -1;

	for (int i = 0; i < 64; i++) {
		if (write(fd, megabyte, sizeof(megabyte)) != (ssize_t)sizeof(megabyte))
			return i <= FS_CONTEXT_SHOWN_KIB / 1024 ? 0 : 1;
	}
	return 2;
}

static void what_a_container_can_write_there_is_little(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	NEEDS_FILE_SYSTEMS();
	(void)state;
	zurg = begin_zurg(&pod);
	assert_int_equal(try_in(zurg, write_much), 0);
}

static int read_on(void *data)
{
	for (;;) {
		cleanup_free char *text = ns_sandbox_read(data);
		size_t length = text ? strlen(text) : 0;

		if (length < 2 || strncmp(text + length - 2, "}\n", 2) != 0)
			return 1;
	}
}

static void readers_never_see_half_a_copy(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;
	char path[300];
	pid_t reader;

	(void)state;
	zurg = begin_zurg(&pod);
	snprintf(path, sizeof(path), "/proc/%d/root%s" PLACE "/topology.json",
		(int)zurg->process.pid, zurg->root);
	reader = child_start(read_on, path);
	for (int i = 0; i < 20; i++) {
		char name[24];

		snprintf(name, sizeof(name), "side-%d", i);
		fake_member_expect(add_bystander(&pod, name), "prestart", 0);
		expect_shown(zurg, name);
	}
	assert_int_equal(waitpid(reader, NULL, WNOHANG), 0);
	kill(reader, SIGKILL);
	child_wait(reader);
}

/* As on a node that systemd booted, where /run is shared: with another mount namespace that gets
 * what is mounted there. */
struct listener {
	int ready[2], done[2];
};

static int listen_for_mounts(void *data)
{
	const struct listener *listener = data;
	char byte = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/run", NULL, MS_SLAVE, NULL) < 0 ||
		write(listener->ready[1], &byte, 1) != 1 || read(listener->done[0], &byte, 1) != 1)
		return 1;
	return ns_sandbox_mounts_on(COPY) == 0 ? 0 : 2;
}

static void no_copy_leaves_the_nodes_own_mount_namespace(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct listener listener;
	char byte = 0;
	pid_t child;

	NEEDS_FILE_SYSTEMS();
	(void)state;
	assert_int_equal(mount(NULL, "/run", NULL, MS_SHARED, NULL), 0);
	assert_int_equal(pipe(listener.ready), 0);
	assert_int_equal(pipe(listener.done), 0);
	child = child_start(listen_for_mounts, &listener);
	assert_int_equal(read(listener.ready[0], &byte, 1), 1);
	begin_zurg(&pod);
	assert_int_equal(ns_sandbox_mounts_on(SHOWN), 1);
	assert_int_equal(ns_sandbox_mounts_on(COPY), 1);
	assert_int_equal(write(listener.done[1], &byte, 1), 1);
	assert_int_equal(child_wait(child), 0);
	for (int i = 0; i < 2; i++) {
		close(listener.ready[i]);
		close(listener.done[i]);
	}
	/* A container that has the node's /run as a volume. */
	assert_int_equal(mount("/run", NS_SANDBOX_DIR, NULL, MS_BIND | MS_REC, NULL), 0);
	assert_int_equal(ns_sandbox_mounts_on(NS_SANDBOX_DIR "/fuse-sidecar-hook/shown"), 0);
	assert_int_equal(
		ns_sandbox_mounts_on(NS_SANDBOX_DIR "/fuse-sidecar-hook/shown/" FAKE_POD_UID), 0);
	assert_int_equal(umount2(NS_SANDBOX_DIR, MNT_DETACH), 0);
}

static void the_first_hooks_of_many_pods_make_one_mount_of_the_directory(void **state)
{
	struct fake_pod pods[8] = {0};
	pid_t hooks[ARRAY_SIZE(pods)];

	NEEDS_FILE_SYSTEMS();
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(pods); i++) {
		char uid[37];

		snprintf(uid, sizeof(uid), "6f0d7c7e-3a53-4f0e-9d3b-%012x", i);
		fake_pod_init(&pods[i], uid, "rclone-zurg=/mnt/media/zurg");
		fake_pod_provider(&pods[i], "zurg");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(pods); i++)
		hooks[i] = fake_member_hook_start(pods[i].members[0], "prestart");
	for (unsigned int i = 0; i < ARRAY_SIZE(pods); i++)
		assert_int_equal(child_wait(hooks[i]), 0);
	assert_int_equal(ns_sandbox_mounts_on(SHOWN), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(pods); i++) {
		expect_shown(pods[i].members[0], "fuse-sidecar.io/topology");
		fake_member_remove(pods[i].members[0]);
		fake_pod_clear(&pods[i]);
	}
	assert_int_equal(fake_pod_count_files("shown"), 0);
}

static void a_pod_that_wants_none_has_no_copy(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(&pod, "fuse-sidecar.io/expose", "false");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(COPY), 0);
	assert_int_equal(access(COPY "/topology.json", F_OK), -1);
	fake_member_remove(zurg);
	assert_int_equal(fake_pod_count_files("shown"), 0);
}

/* Killed after each of the steps that make a copy. */
static void what_a_killed_hook_has_left_is_mended_or_removed(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_close int runtime = -EBADF;
	struct fake_member *zurg;

	NEEDS_FILE_SYSTEMS();
	(void)state;
	/* The directory, an empty tmpfs that is writable. */
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs(COPY), 0);
	assert_int_equal(mount("left", COPY, "tmpfs", 0, "size=64k"), 0);
	zurg = begin_zurg(&pod);
	expect_shown(zurg, "rclone-zurg");
	assert_int_equal(try_in(zurg, forge_by_bind), 0);
	assert_int_equal(ns_sandbox_mounts_on(COPY), 1);
	fake_member_remove(zurg);
	assert_int_equal(ns_sandbox_mounts_on(COPY), 0);
	/* Of a pod whose record went, and one that never had one. */
	assert_int_equal(ns_sandbox_mkdirs(COPY), 0);
	assert_int_equal(ns_sandbox_mkdirs(SHOWN "/" UID_B), 0);
	assert_int_equal(mount("left", COPY, "tmpfs", MS_RDONLY, "size=64k"), 0);
	free(fake_pod_expect_command("reconcile", NULL, 0));
	assert_int_equal(ns_sandbox_mounts_on(COPY), 0);
	assert_int_equal(fake_pod_count_files("shown"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
}

/* A container of a hook that showed it the directory of the record itself: with a bind that is
 * writable by now. */
static void show_as_before(const struct fake_pod *pod, const struct fake_member *member)
{
	struct inside inside = inside_of(member);
	cleanup_close int ns = -EBADF;
	char path[64];
	pid_t child;

	(void)pod;
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)member->process.pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	child = fork();
	if (child == 0)
		_exit(setns(ns, CLONE_NEWNS) < 0 || mkdir(inside.place, 0755) < 0 ||
					mount(RECORDS, inside.place, NULL, MS_BIND, NULL) < 0
				? 1
				: 0);
	assert_int_equal(child_wait(child), 0);
	/* shown/UID is not there for a pod of such a hook. */
	assert_int_equal(rmdir(COPY), 0);
}

static int forge_old(void *data)
{
	const struct inside *inside = data;
	char junk[300];

	snprintf(junk, sizeof(junk), "%s/junk", inside->place);
	return write_to(inside->file) + write_to(junk);
}

static struct fake_member *begin_as_before(struct fake_pod *pod)
{
	struct fake_member *zurg;

	fake_pod_init(pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(pod, "fuse-sidecar.io/expose", "false");
	zurg = fake_pod_provider(pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	show_as_before(pod, zurg);
	fake_pod_annotate(pod, "fuse-sidecar.io/expose", "true");
	fake_pod_annotate(pod, "fuse-sidecar.io/wait", "0s");
	return zurg;
}

static void expect_apart(const struct fake_pod *pod, const struct fake_member *old)
{
	struct inside inside = inside_of(old);
	char path[300];

	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)old->process.pid, inside.file);
	/* Emptied, and nothing can be made in a directory that is removed. */
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(try_in(old, forge_old), 2 * ENOENT);
	expect_not_forged(pod);
	assert_int_equal(fake_pod_count_files("tmp"), 0);
}

static void what_an_older_hooks_container_can_write_is_not_read_any_more(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;

	(void)state;
	zurg = begin_as_before(&pod);
	plex = expect_consumer(&pod, "plex");
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "created");
	expect_apart(&pod, zurg);
	expect_shown(plex, "\"plex\"");
	fake_member_remove(plex);
	fake_member_remove(zurg);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("shown"), 0);
}

static void reconcile_takes_records_out_of_older_hooks_containers(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	zurg = begin_as_before(&pod);
	free(fake_pod_expect_command("reconcile", "--dry-run", 0));
	assert_int_equal(access(COPY, F_OK), -1);
	free(fake_pod_expect_command("reconcile", NULL, 0));
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "created");
	expect_apart(&pod, zurg);
}

/* On a kernel that has no file system for it: a directory of /run, and a bind. */
static int hook_without(void *data)
{
	return hide_syscalls("fsopen", ENOSYS) < 0 ? 125 : fake_member_hook_exec(data, "prestart");
}

static int forge_plain(void *data)
{
	const struct inside *inside = data;
	char junk[300];

	snprintf(junk, sizeof(junk), "%s/junk", inside->place);
	if (mount(NULL, inside->place, NULL, MS_REMOUNT | MS_BIND, NULL) < 0)
		return 1;
	return write_to(inside->file) + write_to(junk);
}

static void without_a_file_system_of_its_own_it_is_a_copy_too(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(child_run(hook_without, zurg), 0);
	assert_int_equal(ns_sandbox_mounts_on(COPY), 0);
	expect_shown(zurg, "rclone-zurg");
	assert_int_equal(try_in(zurg, forge_plain), 0);
	expect_shown(zurg, "forged");
	expect_not_forged(&pod);
	assert_int_equal(child_run(hook_without, add_bystander(&pod, "side")), 0);
	expect_shown(zurg, "\"side\"");
	expect_not_forged(&pod);
	for (size_t i = 0; i < pod.n_members; i++)
		fake_member_remove(pod.members[i]);
	assert_int_equal(fake_pod_count_files("shown"), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_bind_that_is_made_writable_again_is_read_only_all_the_same),
		TEST(what_a_container_writes_there_is_read_by_nobody),
		TEST(a_container_that_holds_it_open_for_writing_holds_up_nobody),
		TEST(a_copy_that_cannot_be_written_is_given_up_and_made_anew),
		TEST(what_a_container_can_write_there_is_little),
		TEST(readers_never_see_half_a_copy),
		TEST(no_copy_leaves_the_nodes_own_mount_namespace),
		TEST(the_first_hooks_of_many_pods_make_one_mount_of_the_directory),
		TEST(a_pod_that_wants_none_has_no_copy),
		TEST(what_a_killed_hook_has_left_is_mended_or_removed),
		TEST(what_an_older_hooks_container_can_write_is_not_read_any_more),
		TEST(reconcile_takes_records_out_of_older_hooks_containers),
		TEST(without_a_file_system_of_its_own_it_is_a_copy_too),
	};
#undef TEST

	return cmocka_run_group_tests_name("shown", tests, ns_sandbox_setup_group, NULL);
}
