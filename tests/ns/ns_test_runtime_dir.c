/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/record/runtime_dir.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define UID_A "6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11"

static unsigned int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? 0 : st.st_mode;
}

static int open_runtime(bool create, struct error *err)
{
	int fd = -EBADF;
	int r = runtime_dir_open(create, &fd, err);

	return r < 0 ? r : fd;
}

static void it_is_made_with_its_subdirectories(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_close int fd = open_runtime(true, &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(mode_of(RUNTIME_DIR), S_IFDIR | 0755);
	assert_int_equal(mode_of(RUNTIME_DIR "/pods"), S_IFDIR | 0700);
	assert_int_equal(mode_of(RUNTIME_DIR "/shown"), S_IFDIR | 0755);
	assert_int_equal(mode_of(RUNTIME_DIR "/locks"), S_IFDIR | 0700);
	assert_int_equal(mode_of(RUNTIME_DIR "/tmp"), S_IFDIR | 0700);
}

static void making_it_twice_is_no_error(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_close int first = open_runtime(true, &err);
	cleanup_close int second = open_runtime(true, &err);

	(void)state;
	assert_true(first >= 0 && second >= 0);
}

static void a_missing_one_is_enoent_unless_it_is_to_be_made(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(open_runtime(false, &err), -ENOENT);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(error_message(&err), RUNTIME_DIR));
	assert_int_equal(mode_of(RUNTIME_DIR), 0);
}

static void one_of_another_user_is_refused(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(mkdir(RUNTIME_DIR, 0755), 0);
	assert_int_equal(chown(RUNTIME_DIR, 1000, 0), 0);
	assert_int_equal(open_runtime(true, &err), -EPERM);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_int_equal(mode_of(RUNTIME_DIR "/pods"), 0);
}

static void an_older_hooks_directories_are_closed_to_others(void **state)
{
	cleanup_close int fd = -EBADF;

	(void)state;
	assert_int_equal(mkdir(RUNTIME_DIR, 0755), 0);
	assert_int_equal(mkdir(RUNTIME_DIR "/pods", 0755), 0);
	/* What an administrator has closed stays closed. */
	assert_int_equal(mkdir(RUNTIME_DIR "/shown", 0700), 0);
	assert_int_equal(runtime_dir_open(true, &fd, NULL), 0);
	assert_int_equal(mode_of(RUNTIME_DIR "/pods"), S_IFDIR | 0700);
	assert_int_equal(mode_of(RUNTIME_DIR "/shown"), S_IFDIR | 0700);
}

static void one_that_others_can_write_is_refused(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(mkdir(RUNTIME_DIR, 0755), 0);
	assert_int_equal(chmod(RUNTIME_DIR, 0775), 0);
	assert_int_equal(open_runtime(true, &err), -EPERM);
	assert_int_equal(err.code, FINDING_HOST_IO);
}

static void a_symlink_in_its_place_is_refused(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("/run/elsewhere", 0755), 0);
	assert_int_equal(symlink("/run/elsewhere", RUNTIME_DIR), 0);
	assert_true(open_runtime(true, &err) < 0);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_int_equal(mode_of("/run/elsewhere/pods"), 0);
}

static void a_symlink_in_a_subdirectorys_place_is_refused(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("/run/elsewhere", 0755), 0);
	assert_int_equal(mkdir(RUNTIME_DIR, 0755), 0);
	assert_int_equal(symlink("/run/elsewhere", RUNTIME_DIR "/locks"), 0);
	assert_true(open_runtime(true, &err) < 0);
	assert_non_null(strstr(error_message(&err), RUNTIME_DIR "/locks"));
}

static void a_pods_directory_is_made_and_found_again(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_close int fd = open_runtime(true, &err);
	cleanup_close int made = -EBADF, found = -EBADF;

	(void)state;
	assert_int_equal(runtime_dir_open_pod(fd, UID_A, true, &made, &err), 0);
	assert_int_equal(mode_of(RUNTIME_DIR "/pods/" UID_A), S_IFDIR | 0700);
	assert_int_equal(runtime_dir_open_pod(fd, UID_A, false, &found, &err), 0);
}

static void a_missing_pods_directory_is_enoent(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_close int fd = open_runtime(true, &err);
	int pod = -EBADF;

	(void)state;
	assert_int_equal(runtime_dir_open_pod(fd, UID_A, false, &pod, &err), -ENOENT);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_int_equal(pod, -EBADF);
}

static void what_is_no_pod_uid_never_becomes_a_path(void **state)
{
	static const char *const bad[] = {"", ".", "..", "../tmp", "plex", UID_A "/..", "/etc"};
	cleanup_error struct error err = {0};
	cleanup_close int fd = open_runtime(true, &err);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int pod = -EBADF;

		assert_int_equal(runtime_dir_open_pod(fd, bad[i], true, &pod, &err), -EINVAL);
		assert_int_equal(pod, -EBADF);
	}
}

static void a_symlink_in_a_pods_place_is_refused(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_close int fd = open_runtime(true, &err);
	int pod = -EBADF;

	(void)state;
	assert_int_equal(symlink("/etc", RUNTIME_DIR "/pods/" UID_A), 0);
	assert_true(runtime_dir_open_pod(fd, UID_A, true, &pod, &err) < 0);
	assert_int_equal(pod, -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_is_made_with_its_subdirectories, ns_sandbox_setup),
		cmocka_unit_test_setup(making_it_twice_is_no_error, ns_sandbox_setup),
		cmocka_unit_test_setup(
			a_missing_one_is_enoent_unless_it_is_to_be_made, ns_sandbox_setup),
		cmocka_unit_test_setup(one_of_another_user_is_refused, ns_sandbox_setup),
		cmocka_unit_test_setup(
			an_older_hooks_directories_are_closed_to_others, ns_sandbox_setup),
		cmocka_unit_test_setup(one_that_others_can_write_is_refused, ns_sandbox_setup),
		cmocka_unit_test_setup(a_symlink_in_its_place_is_refused, ns_sandbox_setup),
		cmocka_unit_test_setup(
			a_symlink_in_a_subdirectorys_place_is_refused, ns_sandbox_setup),
		cmocka_unit_test_setup(a_pods_directory_is_made_and_found_again, ns_sandbox_setup),
		cmocka_unit_test_setup(a_missing_pods_directory_is_enoent, ns_sandbox_setup),
		cmocka_unit_test_setup(what_is_no_pod_uid_never_becomes_a_path, ns_sandbox_setup),
		cmocka_unit_test_setup(a_symlink_in_a_pods_place_is_refused, ns_sandbox_setup),
	};

	return cmocka_run_group_tests_name("runtime_dir", tests, ns_sandbox_setup_group, NULL);
}
