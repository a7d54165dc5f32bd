/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes whose server is not impressed by root: NFS with root_squash, directories that deny
 * everybody but their owner. */
#include "hook/mount/safe_walk.h"
#include "oci/base/cleanup.h"
#include "tests/ns/roll_back.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define VOLUME NS_SANDBOX_DIR "/volume"
#define USER 1000

static const struct safe_walk_directory of_the_user = {
	.creator = {.uid = USER, .gid = USER},
	.owner_uid = USER,
	.owner_gid = USER,
	.mode = 0700,
};

struct volume {
	struct fuse_daemon daemon;
	int fd;
};

static void volume_clear(struct volume *volume)
{
	cleanup_close_fd(&volume->fd);
	fuse_daemon_clear(&volume->daemon);
}

#define cleanup_volume __attribute__((cleanup(volume_clear)))

static void serve(struct volume *volume, const char *option)
{
	volume->fd = -EBADF;
	assert_int_equal(fuse_daemon_start_squash(VOLUME, option, &volume->daemon), 0);
	volume->fd = open(VOLUME, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(volume->fd >= 0);
}

static int make(const struct volume *volume, const struct safe_walk_directory *directory,
	struct rollback_list *rollback, struct error *err)
{
	return safe_walk_make(volume->fd, VOLUME, "a/b/zurg", directory, rollback, err);
}

static int look_for_zurg(void *data)
{
	struct stat st;

	(void)data;
	if (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0)
		return 2;
	return stat(VOLUME "/a/b/zurg", &st) == 0 && st.st_uid == USER ? 0 : 1;
}

static int look_for_anything(void *data)
{
	struct stat st;

	(void)data;
	if (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0)
		return 2;
	return stat(VOLUME "/a", &st) < 0 && errno == ENOENT ? 0 : 1;
}

/* What the tests rest on. */
static void the_volume_refuses_root(void **state)
{
	cleanup_volume struct volume volume = {0};

	(void)state;
	serve(&volume, NULL);
	assert_int_equal(mkdir(VOLUME "/a", 0755), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(access(VOLUME "/a", F_OK), -1);
	assert_int_equal(errno, EACCES);
}

static void directories_are_made_and_opened_with_the_providers_ids(void **state)
{
	cleanup_volume struct volume volume = {0};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	cleanup_close int fd = -EBADF;

	(void)state;
	serve(&volume, NULL);
	assert_int_equal(make(&volume, &of_the_user, &rollback, &err), 3);
	assert_int_equal(child_run(look_for_zurg, NULL), 0);
	/* Nobody says then whose directories these are: a pod's end knows no user. */
	assert_int_equal(safe_walk_below(volume.fd, VOLUME, "a/b/zurg", &fd, &err), 0);
	assert_int_equal(make(&volume, &of_the_user, &rollback, &err), 0);
}

static void what_a_failed_run_made_there_is_taken_back(void **state)
{
	cleanup_volume struct volume volume = {0};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};

	(void)state;
	serve(&volume, NULL);
	assert_int_equal(make(&volume, &of_the_user, &rollback, &err), 3);
	assert_int_equal(roll_back(&rollback), 0);
	assert_int_equal(child_run(look_for_anything, NULL), 0);
}

static void a_provider_that_is_root_is_told_to_be_a_user(void **state)
{
	static const struct safe_walk_directory of_root = {.mode = 0755};
	cleanup_volume struct volume volume = {0};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};

	(void)state;
	serve(&volume, NULL);
	assert_int_equal(make(&volume, &of_root, &rollback, &err), -EACCES);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(err.message, VOLUME "/a as uid 0"));
	assert_non_null(strstr(err.fix, "runAsUser"));
	assert_int_equal(rollback.n, 0);
}

static void an_owner_that_cannot_be_given_is_named(void **state)
{
	struct safe_walk_directory directory = of_the_user;
	cleanup_volume struct volume volume = {0};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};

	(void)state;
	serve(&volume, NULL);
	directory.owner_uid = 2000;
	assert_int_equal(make(&volume, &directory, &rollback, &err), -EPERM);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(err.message, "a/b/zurg to uid 2000"));
	assert_non_null(strstr(err.fix, "dir-owner"));
	assert_int_equal(roll_back(&rollback), 0);
	assert_int_equal(child_run(look_for_anything, NULL), 0);
}

static void a_directory_that_denies_its_owner_too_is_named(void **state)
{
	cleanup_volume struct volume volume = {0};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	int fd = -EBADF;

	(void)state;
	serve(&volume, "--mode=0");
	assert_int_equal(make(&volume, &of_the_user, &rollback, &err), -EACCES);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(err.message, VOLUME "/a"));
	error_clear(&err);
	assert_int_equal(safe_walk_below(volume.fd, VOLUME, "a/b", &fd, &err), -EACCES);
	assert_non_null(strstr(err.message, VOLUME "/a/b"));
}

static void the_hook_is_root_again_afterwards(void **state)
{
	cleanup_volume struct volume volume = {0};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	struct stat st;

	(void)state;
	serve(&volume, NULL);
	make(&volume, &of_the_user, &rollback, &err);
	roll_back(&rollback);
	assert_int_equal(mkdir(NS_SANDBOX_DIR "/mine", 0700), 0);
	assert_int_equal(stat(NS_SANDBOX_DIR "/mine", &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, 0);
	assert_int_equal(getgroups(0, NULL), 0);
}

/* The program, in a pod whose volume is one. */

struct world {
	struct fake_pod pod;
	struct fuse_daemon server;
	struct fake_member *zurg;
	char *path;
};

static void world_clear(struct world *world)
{
	fake_pod_clear(&world->pod);
	fuse_daemon_clear(&world->server);
	free(world->path);
}

#define cleanup_world __attribute__((cleanup(world_clear)))

static void begin(struct world *world)
{
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&world->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/a/zurg");
	fake_pod_annotate(&world->pod, "fuse-sidecar.io/dir-mode", "0700");
	assert_int_equal(fuse_daemon_start_squash(world->pod.volume, "--cache", &world->server), 0);
	world->path = fake_pod_path(&world->pod, "a/zurg");
	world->zurg = fake_pod_add(&world->pod,
		&(struct fake_role){.name = "rclone-zurg", .provides = "/mnt/media/a/zurg"});
	fake_member_set(world->zurg, "/process/user", "{'uid': 1000, 'gid': 1000}");
}

/* Mount as rclone in its container would: by the container's user, in its directory. */
static int leave_dead(void *data)
{
	char options[96], place[64];
	int directory, fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	struct fs_user user = {.uid = USER, .gid = USER};

	if (fuse < 0 || fs_user_become(&user) < 0)
		return 1;
	directory = open(data, O_PATH | O_DIRECTORY);
	if (directory < 0 || fs_user_return() < 0)
		return 2;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		fuse);
	snprintf(place, sizeof(place), "/proc/self/fd/%d", directory);
	return mount("zurg:", place, "fuse.rclone", 0, options) < 0 ? 3 : 0;
}

static void a_pod_on_such_a_volume_starts_heals_and_ends(void **state)
{
	cleanup_world struct world world = {0};

	(void)state;
	begin(&world);
	fake_member_expect(world.zurg, "prestart", 0);
	fake_member_expect_said(world.zurg, "created directory /mnt/media/a/zurg");
	assert_int_equal(child_run(leave_dead, world.path), 0);
	assert_int_equal(ns_sandbox_mounts_on(world.path), 1);
	fake_member_expect(world.zurg, "prestart", 0);
	fake_member_expect_said(world.zurg, "detached 1 dead mount");
	assert_int_equal(ns_sandbox_mounts_on(world.path), 0);
	assert_int_equal(child_run(leave_dead, world.path), 0);
	fake_member_remove(world.zurg);
	assert_int_equal(ns_sandbox_mounts_on(world.path), 0);
}

static int link_run(void *data)
{
	char place[256];

	snprintf(place, sizeof(place), "%s/run/fuse-sidecar", (const char *)data);
	return symlink("/etc", place) < 0 ? 1 : 0;
}

static int is_gone(void *data)
{
	struct stat st;

	if (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0)
		return 2;
	return stat(data, &st) < 0 && errno == ENOENT ? 0 : 1;
}

static void a_failed_run_on_such_a_volume_leaves_nothing(void **state)
{
	cleanup_world struct world world = {0};

	(void)state;
	begin(&world);
	assert_int_equal(fake_container_run(&world.zurg->process, link_run, world.zurg->root), 0);
	fake_member_expect(world.zurg, "prestart", 18);
	fake_member_expect_said(world.zurg, "created directory");
	*strrchr(world.path, '/') = '\0';
	assert_int_equal(child_run(is_gone, world.path), 0);
}

static int fresh(void **state)
{
	(void)state;
	return ns_sandbox_reset() < 0 ? -1 : ns_sandbox_mkdirs(VOLUME);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		TEST(the_volume_refuses_root),
		TEST(directories_are_made_and_opened_with_the_providers_ids),
		TEST(what_a_failed_run_made_there_is_taken_back),
		TEST(a_provider_that_is_root_is_told_to_be_a_user),
		TEST(an_owner_that_cannot_be_given_is_named),
		TEST(a_directory_that_denies_its_owner_too_is_named),
		TEST(the_hook_is_root_again_afterwards),
		TEST(a_pod_on_such_a_volume_starts_heals_and_ends),
		TEST(a_failed_run_on_such_a_volume_leaves_nothing),
	};
#undef TEST

	return cmocka_run_group_tests_name("squash", tests, ns_sandbox_setup_group, NULL);
}
