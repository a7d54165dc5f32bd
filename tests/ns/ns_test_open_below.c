/* SPDX-License-Identifier: Apache-2.0 */
/* What a hook has seen in a volume, opened: through no FUSE mount that has come on the way since,
 * and what has changed is told from what is broken. */
#include "hook/apply/apply_steps.h"
#include "hook/mount/safe_walk.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define VOLUME NS_SANDBOX_DIR "/volume"
#define ZURG VOLUME "/a/zurg"

static const struct claim claim = {.volume = VOLUME, .host_path = ZURG};
/* Of a record that does not know the volume. */
static const struct claim unplaced = {.host_path = ZURG};

static int fresh(void **state)
{
	(void)state;
	return ns_sandbox_reset() < 0 ? -1 : ns_sandbox_mkdirs(ZURG);
}

/* A run whose policy has the sandbox for its one root. */
static int init(struct run *run)
{
	return strv_add(&run->input.config.roots, NS_SANDBOX_DIR);
}

/* 0: each way to the path says that a FUSE mount is in the way. In a child: what fails may be that
 * it never ends. */
static int open_all(void *data)
{
	const struct claim *ways[] = {&claim, &unplaced};
	cleanup_run struct run run = RUN_INIT;
	cleanup_error struct error err = {0};

	(void)data;
	alarm(20);
	if (init(&run) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		cleanup_lock struct lock lock = LOCK_NONE;
		struct dead_mount mount = {0};
		int fd = -EBADF;

		if (authority_identify(&run.input, ways[i], &mount, &err) != -EREMOTE ||
			err.code != FINDING_PATH_UNSAFE)
			return 2;
		if (authority_query(&run.input, ways[i], &mount, &err) != -EREMOTE ||
			err.code != FINDING_PATH_UNSAFE)
			return 3;
		if (apply_open_locked(&run, ways[i]->volume, ZURG, &lock, &fd, &err) != -EREMOTE ||
			err.code != FINDING_PATH_UNSAFE)
			return 4;
	}
	return 0;
}

static void a_hung_mount_on_the_way_holds_nobody(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};

	(void)state;
	assert_int_equal(fuse_daemon_start(VOLUME "/a", NULL, &daemon), 0);
	assert_int_equal(kill(daemon.pid, SIGUSR1), 0);
	assert_int_equal(child_run(open_all, NULL), 0);
}

static void nor_is_a_dead_one_trouble_of_the_node(void **state)
{
	(void)state;
	assert_int_equal(fuse_daemon_leave_dead(VOLUME "/a"), 0);
	assert_int_equal(child_run(open_all, NULL), 0);
	assert_int_equal(umount2(VOLUME "/a", MNT_DETACH), 0);
}

static void a_mount_that_is_there_is_told(void **state)
{
	cleanup_run struct run run = RUN_INIT;
	cleanup_error struct error err = {0};
	struct dead_mount by_id = {0}, whole = {0};
	struct stat st;

	(void)state;
	assert_int_equal(init(&run), 0);
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	assert_int_equal(authority_identify(&run.input, &claim, &by_id, &err), 0);
	assert_int_equal(authority_query(&run.input, &unplaced, &whole, &err), 0);
	assert_true(by_id.id > 0);
	assert_int_equal(by_id.id, whole.id);
	assert_true(whole.minor > 0);
	assert_int_equal(umount2(ZURG, MNT_DETACH), 0);
	assert_int_equal(stat(ZURG, &st), 0);
}

static void what_is_gone_has_changed(void **state)
{
	cleanup_run struct run run = RUN_INIT;
	cleanup_error struct error err = {0};
	struct dead_mount mount = {0};

	(void)state;
	assert_int_equal(init(&run), 0);
	/* The mount, */
	assert_true(safe_walk_has_changed(authority_query(&run.input, &claim, &mount, &err)));
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
	/* and the directory, too. */
	assert_int_equal(rename(VOLUME "/a", VOLUME "/b"), 0);
	assert_true(safe_walk_has_changed(authority_query(&run.input, &claim, &mount, &err)));
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
	assert_true(safe_walk_has_changed(authority_identify(&run.input, &claim, &mount, &err)));
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
}

/* Of a symlink another look would tell nothing else. */
static void a_symlink_is_unsafe_and_no_change(void **state)
{
	cleanup_run struct run run = RUN_INIT;
	cleanup_error struct error err = {0};
	struct dead_mount mount = {0};
	int r;

	(void)state;
	assert_int_equal(init(&run), 0);
	assert_int_equal(rename(VOLUME "/a", VOLUME "/b"), 0);
	assert_int_equal(symlink("b", VOLUME "/a"), 0);
	r = authority_identify(&run.input, &claim, &mount, &err);
	assert_true(r < 0);
	assert_false(safe_walk_has_changed(r));
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_hung_mount_on_the_way_holds_nobody, fresh),
		cmocka_unit_test_setup(nor_is_a_dead_one_trouble_of_the_node, fresh),
		cmocka_unit_test_setup(a_mount_that_is_there_is_told, fresh),
		cmocka_unit_test_setup(what_is_gone_has_changed, fresh),
		cmocka_unit_test_setup(a_symlink_is_unsafe_and_no_change, fresh),
	};

	return cmocka_run_group_tests(tests, ns_sandbox_setup_group, NULL);
}
