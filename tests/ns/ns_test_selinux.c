/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The labels that the hook writes, on a kernel without SELinux: a directory stands for selinuxfs,
 * and root may write the attribute, which a tmpfs keeps. What a policy makes of them is not tried.
 */
#include "hook/record/selinux.h"

#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define ATTRIBUTE "security.selinux"
#define PLAIN "system_u:object_r:container_var_run_t:s0"
#define READABLE "system_u:object_r:container_ro_file_t:s0"

/* This is the last of this mount namespace: the real /sys/fs is below. */
static void pretend_selinux(void)
{
	assert_int_equal(mount("sys", "/sys/fs", "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs("/sys/fs/selinux"), 0);
	assert_int_equal(ns_sandbox_write("/sys/fs/selinux/enforce", "1", 0644), 0);
}

static void stop_pretending(void)
{
	assert_int_equal(umount("/sys/fs"), 0);
}

static void set_label(const char *path, const char *label)
{
	assert_int_equal(setxattr(path, ATTRIBUTE, label, strlen(label) + 1, 0), 0);
}

static void expect_label(const char *path, const char *label)
{
	char found[SELINUX_LABEL_SIZE] = "";

	assert_true(getxattr(path, ATTRIBUTE, found, sizeof(found) - 1) >= 0);
	assert_string_equal(found, label);
}

static void without_selinux_nothing_is_labelled(void **state)
{
	cleanup_close int fd = -EBADF;
	const char *path = NS_SANDBOX_DIR "/file";

	(void)state;
	assert_int_equal(ns_sandbox_write(path, "", 0644), 0);
	set_label(path, PLAIN);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_false(selinux_enabled());
	assert_int_equal(selinux_set_type(fd, SELINUX_RECORD_TYPE, path, NULL), 0);
	expect_label(path, PLAIN);
}

static void only_the_type_is_replaced(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{PLAIN, READABLE},
		{READABLE, READABLE},
		{"u:r:t:s0:c1,c2", "u:r:container_ro_file_t:s0:c1,c2"},
		{"u:r:t", "u:r:container_ro_file_t"},
	};
	const char *path = NS_SANDBOX_DIR "/file";

	(void)state;
	pretend_selinux();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_close int fd = -EBADF;

		assert_int_equal(ns_sandbox_write(path, "", 0644), 0);
		set_label(path, cases[i].before);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_int_equal(selinux_set_type(fd, SELINUX_RECORD_TYPE, path, NULL), 0);
		expect_label(path, cases[i].after);
	}
	stop_pretending();
}

static void what_is_no_label_is_an_error_that_names_the_file(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_close int fd = -EBADF;
	const char *path = NS_SANDBOX_DIR "/file";

	(void)state;
	pretend_selinux();
	assert_int_equal(ns_sandbox_write(path, "", 0644), 0);
	set_label(path, "nonsense");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(selinux_set_type(fd, SELINUX_RECORD_TYPE, path, &err), -EINVAL);
	assert_non_null(strstr(err.message, path));
	expect_label(path, "nonsense");
	stop_pretending();
}

static void a_file_without_a_label_stays_so(void **state)
{
	cleanup_close int fd = -EBADF;
	char label[SELINUX_LABEL_SIZE];
	const char *path = NS_SANDBOX_DIR "/file";

	(void)state;
	pretend_selinux();
	assert_int_equal(ns_sandbox_write(path, "", 0644), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(selinux_set_type(fd, SELINUX_RECORD_TYPE, path, NULL), 0);
	assert_int_equal(selinux_label_of(fd, label), -ENODATA);
	stop_pretending();
}

#define POD RUNTIME_DIR "/shown/" FAKE_POD_UID

/* A new tmpfs has no label here, and gets that of the directory below it. */
static void begin(struct fake_scene *scene, const char *label)
{
	cleanup_close int runtime = -EBADF;

	pretend_selinux();
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	set_label(RUNTIME_DIR "/pods", PLAIN);
	assert_int_equal(mkdir(POD, 0755), 0);
	set_label(POD, label);
	fake_scene_begin_provider(scene, FAKE_POD_UID);
}

static void a_hook_labels_what_containers_read(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	begin(&scene, PLAIN);
	expect_label(POD, READABLE);
	expect_label(RUNTIME_DIR "/pods", PLAIN);
	stop_pretending();
}

static void a_label_that_cannot_be_set_fails_no_container(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	begin(&scene, "nonsense");
	fake_member_expect_said(scene.zurg, "SELinux type " SELINUX_RECORD_TYPE);
	stop_pretending();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			without_selinux_nothing_is_labelled, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(only_the_type_is_replaced, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(
			what_is_no_label_is_an_error_that_names_the_file, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(a_file_without_a_label_stays_so, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(a_hook_labels_what_containers_read, ns_sandbox_setup_shared),
		cmocka_unit_test_setup(
			a_label_that_cannot_be_set_fails_no_container, ns_sandbox_setup_shared),
	};

	return cmocka_run_group_tests_name("selinux", tests, ns_sandbox_setup_group, NULL);
}
