/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process does that can load no library any more, as a confined stage: it reads whole mount
 * tables without libmount where the kernel tells them, and says what is missing where not.
 */
#include "hook/sys/mnttab_read.h"
#include "oci/base/cleanup.h"
#include "oci/base/library.h"
#include "oci/base/mountlib.h"
#include "policy/check/mounts.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#define VOLUME NS_SANDBOX_DIR "/volume"

static int read_closed(void *data)
{
	cleanup_mount_table struct mount_table table = {0};

	(void)data;
	library_load_no_more();
	if (mountlib_usable() || mnttab_read(0, &table, NULL) < 0)
		return 2;
	return mounts_at(&table, VOLUME) ? 0 : 3;
}

static void the_whole_table_is_read_without_libmount(void **state)
{
	(void)state;
	if (!mnttab_is_listed()) {
		print_message("SKIP: this kernel does not tell all mounts by statmount(2)\n");
		skip();
	}
	assert_int_equal(ns_sandbox_mkdirs(VOLUME), 0);
	assert_int_equal(mount(VOLUME, VOLUME, NULL, MS_BIND, NULL), 0);
	assert_int_equal(child_run(read_closed, NULL), 0);
}

static int read_closed_and_untold(void *data)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_error struct error err = {0};

	(void)data;
	if (hide_syscalls("statmount,listmount", ENOSYS) < 0)
		return 2;
	library_load_no_more();
	if (mnttab_is_listed() || mnttab_read(0, &table, &err) != -EOPNOTSUPP)
		return 3;
	if (err.code != FINDING_HOST_IO || !strstr(err.message, "/proc/self/mountinfo"))
		return 4;
	error_clear(&err);
	if (mountinfo_read("/proc/self/mountinfo", &table, &err) != -EPERM)
		return 5;
	return strcmp(err.fix, "install libmount") == 0 ? 0 : 6;
}

static void what_cannot_be_read_is_said(void **state)
{
	(void)state;
	assert_int_equal(child_run(read_closed_and_untold, NULL), 0);
}

/* Loaded before, it is there after. */
static int read_loaded(void *data)
{
	cleanup_mount_table struct mount_table table = {0};

	(void)data;
	if (mountlib_load(NULL, NULL) < 0 || hide_syscalls("statmount,listmount", ENOSYS) < 0)
		return 2;
	library_load_no_more();
	if (!mountlib_usable() || mnttab_read(0, &table, NULL) < 0)
		return 3;
	return mounts_at(&table, "/") ? 0 : 4;
}

static void a_library_that_was_loaded_before_is_used(void **state)
{
	(void)state;
	assert_int_equal(child_run(read_loaded, NULL), 0);
}

static int enter(void **state)
{
	(void)state;
	return ns_sandbox_enter();
}

static int reset(void **state)
{
	(void)state;
	return ns_sandbox_reset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_whole_table_is_read_without_libmount, reset),
		cmocka_unit_test_setup(what_cannot_be_read_is_said, reset),
		cmocka_unit_test_setup(a_library_that_was_loaded_before_is_used, reset),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
