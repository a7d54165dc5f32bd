/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/kernel_features.h"

#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"
#include <string.h>
#include <sys/utsname.h>

/* What the filter's name for each feature is. */
static const char *hidden_name(enum kernel_feature feature)
{
	if (feature == KERNEL_STATX_MNT_ID)
		return "statx_mnt_id";
	if (feature == KERNEL_STATX_MNT_ID_UNIQUE)
		return "statx_mnt_id_unique";
	return kernel_feature_name(feature);
}

/* Which there are, as a bit each. */
static unsigned int look(void)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < KERNEL_FEATURES; i++)
		found |= kernel_has((enum kernel_feature)i) ? 1U << i : 0;
	return found;
}

static unsigned int look_without(const char *name, int error)
{
	unsigned int found = ~0U;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (hide_syscalls(name, error) == 0)
			found = look();
		_exit(write(ends[1], &found, sizeof(found)) == (ssize_t)sizeof(found) ? 0 : 1);
	}
	assert_int_equal(read(ends[0], &found, sizeof(found)), sizeof(found));
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(child_wait(pid), 0);
	return found;
}

static bool is_release_since(const char *since)
{
	struct utsname name;

	assert_int_equal(uname(&name), 0);
	return strverscmp(name.release, since) >= 0;
}

static void a_release_has_what_it_is_said_to_have(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < KERNEL_FEATURES; i++) {
		enum kernel_feature feature = (enum kernel_feature)i;

		/* Without CAP_SYS_ADMIN nobody can tell. */
		if ((feature == KERNEL_MOVE_MOUNT || feature == KERNEL_FSOPEN) && geteuid() != 0)
			continue;
		if (is_release_since(kernel_feature_since(feature)) && !kernel_has(feature))
			fail_msg("%s is not found", kernel_feature_name(feature));
	}
}

static void what_is_hidden_is_not_there_and_all_else_is(void **state)
{
	static const int errors[] = {ENOSYS, EPERM};
	unsigned int all = look();

	(void)state;
	for (unsigned int i = 0; i < KERNEL_FEATURES; i++) {
		unsigned int without = 1U << i;

		/* Hidden with the other. */
		if (i == KERNEL_STATX_MNT_ID)
			without |= 1U << KERNEL_STATX_MNT_ID_UNIQUE;
		for (size_t j = 0; j < ARRAY_SIZE(errors); j++) {
			const char *name = hidden_name((enum kernel_feature)i);
			unsigned int found = look_without(name, errors[j]);

			if (found != (all & ~without))
				fail_msg("%s hidden by %s: %#x of %#x", name,
					strerrorname_np(errors[j]), found, all);
		}
	}
	assert_int_equal(look_without(HIDE_ALL, ENOSYS), 0);
	assert_int_equal(look_without(HIDE_ALL, EPERM), 0);
}

static void only_a_call_that_is_not_there_is_lacking(void **state)
{
	(void)state;
	if (!kernel_has(KERNEL_OPENAT2)) {
		puts("this kernel has no openat2");
		skip();
	}
	/* A FUSE daemon may answer a lookup with either. */
	assert_false(kernel_lacks(KERNEL_OPENAT2, -ENOSYS));
	assert_false(kernel_lacks(KERNEL_OPENAT2, -EPERM));
	assert_false(kernel_lacks(KERNEL_OPENAT2, 0));
}

static int lack_openat2(void *data)
{
	const int *error = data;

	if (hide_syscalls("openat2", *error) < 0)
		return 2;
	if (sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0) != -*error)
		return 3;
	if (kernel_lacks(KERNEL_OPENAT2, -ENOENT) || kernel_lacks(KERNEL_OPENAT2, 5))
		return 4;
	return kernel_lacks(KERNEL_OPENAT2, -*error) ? 0 : 5;
}

static void a_call_that_is_not_there_is_told_by_either_error(void **state)
{
	int error = ENOSYS;

	(void)state;
	assert_int_equal(child_run(lack_openat2, &error), 0);
	error = EPERM;
	assert_int_equal(child_run(lack_openat2, &error), 0);
}

static void asking_changes_nothing(void **state)
{
	unsigned int before = ns_sandbox_open_files();

	(void)state;
	look();
	assert_int_equal(ns_sandbox_open_files(), before);
}

static void each_feature_has_a_name_and_a_release(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < KERNEL_FEATURES; i++) {
		assert_non_null(kernel_feature_name((enum kernel_feature)i));
		assert_non_null(kernel_feature_since((enum kernel_feature)i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_has_what_it_is_said_to_have),
		cmocka_unit_test(what_is_hidden_is_not_there_and_all_else_is),
		cmocka_unit_test(only_a_call_that_is_not_there_is_lacking),
		cmocka_unit_test(a_call_that_is_not_there_is_told_by_either_error),
		cmocka_unit_test(asking_changes_nothing),
		cmocka_unit_test(each_feature_has_a_name_and_a_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
