/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mount/safe_walk.h"

#include "oci/base/cleanup.h"
#include "tests/ns/roll_back.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define VOLUME NS_SANDBOX_DIR "/volume"

static int fresh(void **state)
{
	(void)state;
	return ns_sandbox_reset() < 0 ? -1 : ns_sandbox_mkdirs(VOLUME);
}

static const struct safe_walk_directory root_made = {.mode = 0755};

static int make(const char *rest, const struct safe_walk_directory *directory,
	struct rollback_list *rollback, unsigned int *made, struct error *err)
{
	cleanup_close int fd = -EBADF;
	int r = safe_walk_open(NS_SANDBOX_DIR, VOLUME, &fd, err);

	*made = 0;
	if (r == 0)
		r = safe_walk_make(fd, VOLUME, rest, directory, rollback, err);
	if (r < 0)
		return r;
	*made = (unsigned int)r;
	return 0;
}

static void assert_directory(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
}

static void assert_nothing_at(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static void each_missing_component_is_made_with_mode_and_owner(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	struct safe_walk_directory directory = {
		.mode = 01775, .owner_uid = 1000, .owner_gid = 2000};
	unsigned int made;

	(void)state;
	assert_int_equal(make("a/b/zurg", &directory, &rollback, &made, &err), 0);
	assert_int_equal(made, 3);
	assert_directory(VOLUME "/a", 01775, 1000, 2000);
	assert_directory(VOLUME "/a/b/zurg", 01775, 1000, 2000);
}

static void an_existing_directory_keeps_mode_and_owner(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	struct safe_walk_directory directory = {.mode = 0700, .owner_uid = 1000};
	unsigned int made;

	(void)state;
	assert_int_equal(mkdir(VOLUME "/zurg", 0751), 0);
	assert_int_equal(chmod(VOLUME "/zurg", 0751), 0);
	assert_int_equal(make("zurg", &directory, &rollback, &made, &err), 0);
	assert_int_equal(made, 0);
	assert_directory(VOLUME "/zurg", 0751, 0, 0);
}

static void a_provider_that_is_not_root_makes_what_it_could_make_itself(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	struct safe_walk_directory directory = {.mode = 0755,
		.creator = {.uid = 1000, .gid = 1000},
		.owner_uid = 1000,
		.owner_gid = 1000};
	unsigned int made;

	(void)state;
	assert_int_equal(chmod(VOLUME, 0777), 0);
	assert_int_equal(make("zurg", &directory, &rollback, &made, &err), 0);
	assert_directory(VOLUME "/zurg", 0755, 1000, 1000);
}

/* Not before the last one is made: in one that is not its own any more it could make nothing. */
static void an_owner_is_given_to_nested_directories_of_a_user(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	struct safe_walk_directory directory = {
		.mode = 0755, .creator.uid = 1000, .owner_uid = 2000, .owner_gid = 3000};
	unsigned int made;

	(void)state;
	assert_int_equal(chmod(VOLUME, 0777), 0);
	assert_int_equal(make("a/b/zurg", &directory, &rollback, &made, &err), 0);
	assert_int_equal(made, 3);
	assert_directory(VOLUME "/a", 0755, 2000, 3000);
	assert_directory(VOLUME "/a/b/zurg", 0755, 2000, 3000);
	assert_int_equal(roll_back(&rollback), 0);
	assert_nothing_at(VOLUME "/a");
}

/* The volume's other user removes the directory that the walk stands in. */
static void a_directory_that_is_taken_away_meanwhile_is_unsafe(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	cleanup_close int fd = open(VOLUME, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(rmdir(VOLUME), 0);
	assert_int_equal(safe_walk_make(fd, VOLUME, "zurg", &root_made, &rollback, &err), -ENOENT);
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
	assert_non_null(strstr(err.message, VOLUME "/zurg"));
}

static void a_provider_that_may_not_write_there_is_refused(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	struct safe_walk_directory directory = {
		.mode = 0755, .creator = {.uid = 1000, .gid = 1000}};
	unsigned int made;

	(void)state;
	assert_int_equal(make("zurg", &directory, &rollback, &made, &err), -EACCES);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(err.message, VOLUME "/zurg"));
	assert_non_null(strstr(err.message, "uid 1000"));
	assert_non_null(strstr(err.fix, "fsGroup"));
	assert_nothing_at(VOLUME "/zurg");
}

static void a_supplementary_group_lets_a_provider_write(void **state)
{
	static const gid_t groups[] = {3000};
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	struct safe_walk_directory directory = {.mode = 0755,
		.creator = {.uid = 1000, .gid = 1000, .groups = groups, .n_groups = 1},
		.owner_uid = 1000,
		.owner_gid = 1000};
	unsigned int made;

	(void)state;
	assert_int_equal(chown(VOLUME, 0, 3000), 0);
	assert_int_equal(chmod(VOLUME, 0770), 0);
	assert_int_equal(make("zurg", &directory, &rollback, &made, &err), 0);
	assert_directory(VOLUME "/zurg", 0755, 1000, 1000);
}

static void a_symlink_on_the_way_is_unsafe(void **state)
{
	static const struct {
		const char *target, *link, *rest;
	} cases[] = {
		{"/etc", VOLUME "/zurg", "zurg"},
		{"/etc", VOLUME "/zurg", "zurg/below"},
		{"/nowhere", VOLUME "/zurg", "zurg"},
		{".", VOLUME "/zurg", "zurg/below"},
		{"/proc/self/root", VOLUME "/zurg", "zurg/tmp"},
		{"..", VOLUME "/zurg", "zurg/other"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_rollback_list struct rollback_list rollback = {0};
		cleanup_error struct error err = {0};
		unsigned int made;

		assert_int_equal(symlink(cases[i].target, cases[i].link), 0);
		assert_int_equal(make(cases[i].rest, &root_made, &rollback, &made, &err), -ELOOP);
		assert_int_equal(err.code, FINDING_PATH_UNSAFE);
		assert_non_null(strstr(err.message, VOLUME "/zurg"));
		assert_int_equal(rollback.n, 0);
		assert_int_equal(unlink(cases[i].link), 0);
	}
	assert_nothing_at(NS_SANDBOX_DIR "/other");
	assert_nothing_at("/etc/below");
}

static void a_file_in_the_way_is_unsafe(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	unsigned int made;

	(void)state;
	assert_int_equal(ns_sandbox_write(VOLUME "/zurg", "movies", 0644), 0);
	assert_int_equal(make("zurg", &root_made, &rollback, &made, &err), -ENOTDIR);
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
	assert_non_null(strstr(err.message, VOLUME "/zurg"));
}

static void a_fifo_in_the_way_does_not_block(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	unsigned int made;

	(void)state;
	assert_int_equal(mkfifo(VOLUME "/zurg", 0644), 0);
	assert_int_equal(make("zurg/below", &root_made, &rollback, &made, &err), -ENOTDIR);
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
}

struct hung {
	const char *path;
	int volume_fd;
};

/* In a child: what fails is that it never ends. */
static int walk_and_make(void *data)
{
	const struct hung *hung = data;
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	cleanup_close int fd = -EBADF;

	alarm(20);
	if (safe_walk_below(hung->volume_fd, VOLUME, hung->path, &fd, &err) != -EREMOTE ||
		err.code != FINDING_PATH_UNSAFE)
		return 1;
	error_clear(&err);
	if (safe_walk_make(hung->volume_fd, VOLUME, hung->path, &root_made, &rollback, &err) !=
			-EREMOTE ||
		err.code != FINDING_PATH_UNSAFE)
		return 2;
	error_clear(&err);
	/* The mount itself may be what a walk ends on. */
	return safe_walk_below(hung->volume_fd, VOLUME, "a", &fd, &err) == 0 ? 0 : 3;
}

static void a_hung_fuse_mount_on_the_way_is_unsafe_and_holds_nobody(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_close int fd = -EBADF;
	struct hung hung = {.path = "a/b/zurg"};

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(VOLUME "/a"), 0);
	fd = open(VOLUME, O_PATH | O_CLOEXEC);
	hung.volume_fd = fd;
	assert_int_equal(fuse_daemon_start(VOLUME "/a", NULL, &daemon), 0);
	assert_int_equal(kill(daemon.pid, SIGUSR1), 0);
	assert_int_equal(child_run(walk_and_make, &hung), 0);
}

/* The volume may be one, and other mounts may be on the way. */
static void mounts_on_the_way_are_crossed(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	cleanup_close int volume = open(VOLUME, O_PATH | O_CLOEXEC), fd = -EBADF;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(VOLUME "/a"), 0);
	assert_int_equal(mount("disk", VOLUME "/a", "tmpfs", 0, NULL), 0);
	assert_int_equal(
		safe_walk_make(volume, VOLUME, "a/b/zurg", &root_made, &rollback, &err), 2);
	assert_int_equal(safe_walk_below(volume, VOLUME, "a/b/zurg", &fd, &err), 0);
	assert_int_equal(umount2(VOLUME "/a", MNT_DETACH), 0);
}

static void the_administrators_part_may_go_through_a_symlink(void **state)
{
	cleanup_close int fd = -EBADF;
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(symlink("volume", NS_SANDBOX_DIR "/pods"), 0);
	assert_int_equal(mkdir(VOLUME "/one", 0755), 0);
	assert_int_equal(
		safe_walk_open(NS_SANDBOX_DIR "/pods", NS_SANDBOX_DIR "/pods/one", &fd, &err), 0);
}

static void a_path_outside_is_refused_before_it_is_opened(void **state)
{
	int fd = -EBADF;
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(safe_walk_open(VOLUME, NS_SANDBOX_DIR "/volume2", &fd, &err), -EINVAL);
	assert_int_equal(err.code, FINDING_PATH_OUTSIDE_ROOTS);
}

static void a_missing_volume_is_named(void **state)
{
	int fd = -EBADF;
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(
		safe_walk_open(NS_SANDBOX_DIR, NS_SANDBOX_DIR "/gone/volume", &fd, &err), -ENOENT);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(err.message, NS_SANDBOX_DIR "/gone/volume"));
}

static void what_a_failed_run_made_is_taken_back(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	unsigned int made;

	(void)state;
	assert_int_equal(make("a/b/zurg", &root_made, &rollback, &made, &err), 0);
	assert_int_equal(roll_back(&rollback), 0);
	assert_nothing_at(VOLUME "/a");
}

static void a_directory_that_something_else_uses_stays(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	unsigned int made;

	(void)state;
	assert_int_equal(make("a/zurg", &root_made, &rollback, &made, &err), 0);
	assert_int_equal(mkdir(VOLUME "/a/other", 0755), 0);
	assert_int_equal(roll_back(&rollback), 0);
	assert_directory(VOLUME "/a/other", 0755, 0, 0);
	assert_nothing_at(VOLUME "/a/zurg");
}

static void a_read_only_volume_says_so(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_error struct error err = {0};
	unsigned int made;

	(void)state;
	assert_int_equal(mount("ro", VOLUME, "tmpfs", MS_RDONLY, NULL), 0);
	assert_int_equal(make("zurg", &root_made, &rollback, &made, &err), -EROFS);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(err.message, "Read-only"));
	assert_int_equal(umount(VOLUME), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_missing_component_is_made_with_mode_and_owner, fresh),
		cmocka_unit_test_setup(an_existing_directory_keeps_mode_and_owner, fresh),
		cmocka_unit_test_setup(
			a_provider_that_is_not_root_makes_what_it_could_make_itself, fresh),
		cmocka_unit_test_setup(an_owner_is_given_to_nested_directories_of_a_user, fresh),
		cmocka_unit_test_setup(a_directory_that_is_taken_away_meanwhile_is_unsafe, fresh),
		cmocka_unit_test_setup(a_provider_that_may_not_write_there_is_refused, fresh),
		cmocka_unit_test_setup(a_supplementary_group_lets_a_provider_write, fresh),
		cmocka_unit_test_setup(a_symlink_on_the_way_is_unsafe, fresh),
		cmocka_unit_test_setup(a_file_in_the_way_is_unsafe, fresh),
		cmocka_unit_test_setup(a_fifo_in_the_way_does_not_block, fresh),
		cmocka_unit_test_setup(
			a_hung_fuse_mount_on_the_way_is_unsafe_and_holds_nobody, fresh),
		cmocka_unit_test_setup(mounts_on_the_way_are_crossed, fresh),
		cmocka_unit_test_setup(the_administrators_part_may_go_through_a_symlink, fresh),
		cmocka_unit_test_setup(a_path_outside_is_refused_before_it_is_opened, fresh),
		cmocka_unit_test_setup(a_missing_volume_is_named, fresh),
		cmocka_unit_test_setup(what_a_failed_run_made_is_taken_back, fresh),
		cmocka_unit_test_setup(a_directory_that_something_else_uses_stays, fresh),
		cmocka_unit_test_setup(a_read_only_volume_says_so, fresh),
	};

	return cmocka_run_group_tests(tests, ns_sandbox_setup_group, NULL);
}
