/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/confine.h"

#include "hook/undo.h"
#include "hook/walk.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int enter(void **state)
{
	(void)state;
	return ns_sandbox_enter();
}

static bool has(cap_value_t capability, cap_flag_t set)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();
	bool there = caps && cap_get_flag(caps, capability, set, &value) == 0 && value == CAP_SET;

	cap_free(caps);
	return there;
}

/* Exit status: 0, or the number of what does not hold. */
static int look_at_the_sets(void *data)
{
	static const cap_value_t kept[] = {CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE,
		CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER, CAP_SETUID, CAP_SETGID, CAP_KILL};
	size_t n = 0;

	(void)data;
	if (confine_stage() < 0)
		return 1;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (!has(kept[i], CAP_EFFECTIVE))
			return 2;
	}
	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
		n += has(capability, CAP_PERMITTED);
		if (has(capability, CAP_INHERITABLE))
			return 3;
		if (!has(capability, CAP_PERMITTED) && cap_get_bound(capability) == 1)
			return 4;
	}
	if (n != sizeof(kept) / sizeof(kept[0]))
		return 5;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 6;
}

static void only_what_a_stage_needs_is_left(void **state)
{
	(void)state;
	assert_int_equal(child_run(look_at_the_sets, NULL), 0);
}

static int try_what_was_given_up(void *data)
{
	cleanup_close int raw = -EBADF;

	(void)data;
	if (confine_stage() < 0)
		return 1;
	raw = socket(AF_INET, SOCK_RAW, 1);
	if (raw >= 0 || errno != EPERM)
		return 2;
	if (mknod(NS_SANDBOX_DIR "/null", S_IFCHR | 0600, 0x103) == 0 || errno != EPERM)
		return 3;
	/* An invalid command: EINVAL for whoever may. */
	if (reboot(0) == 0 || errno != EPERM)
		return 4;
	return 0;
}

static void what_was_given_up_is_refused(void **state)
{
	(void)state;
	assert_int_equal(child_run(try_what_was_given_up, NULL), 0);
}

static int mount_and_unmount(void *data)
{
	(void)data;
	if (confine_stage() < 0)
		return 1;
	if (mount("confined", NS_SANDBOX_DIR, "tmpfs", 0, NULL) < 0)
		return 2;
	return umount(NS_SANDBOX_DIR) < 0 ? 3 : 0;
}

static void mounts_can_still_be_changed(void **state)
{
	(void)state;
	assert_int_equal(child_run(mount_and_unmount, NULL), 0);
}

/* In a sticky directory only its owner and the owner of what is in it may remove that. */
static int make_and_take_back(void *data)
{
	static const struct walk_directory sticky = {
		.creator_uid = 1000, .owner_uid = 1000, .mode = 01777};
	cleanup_close int fd = open(NS_SANDBOX_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_undo struct undo undo = {0};

	(void)data;
	if (fd < 0 || chmod(NS_SANDBOX_DIR, 0777) < 0 || confine_stage() < 0)
		return 1;
	if (walk_make(fd, NS_SANDBOX_DIR, "a/zurg", &sticky, &undo, NULL) != 2)
		return 2;
	if (undo_run(&undo) > 0)
		return 3;
	return access(NS_SANDBOX_DIR "/a", F_OK) == 0 ? 4 : 0;
}

static void sticky_directories_of_a_failed_run_are_taken_back(void **state)
{
	(void)state;
	assert_int_equal(child_run(make_and_take_back, NULL), 0);
}

/* As in a runtime that is itself confined. */
static int start_without_some(void *data)
{
	static const cap_value_t chown_only[] = {CAP_CHOWN};
	cap_t caps = cap_init();

	(void)data;
	if (!caps || cap_set_flag(caps, CAP_PERMITTED, 1, chown_only, CAP_SET) < 0 ||
		cap_set_flag(caps, CAP_EFFECTIVE, 1, chown_only, CAP_SET) < 0 ||
		cap_set_proc(caps) < 0)
		return 1;
	cap_free(caps);
	if (confine_stage() < 0)
		return 2;
	return has(CAP_CHOWN, CAP_EFFECTIVE) && !has(CAP_SYS_ADMIN, CAP_PERMITTED) ? 0 : 3;
}

static void what_was_never_there_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(child_run(start_without_some, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_a_stage_needs_is_left),
		cmocka_unit_test(what_was_given_up_is_refused),
		cmocka_unit_test(mounts_can_still_be_changed),
		cmocka_unit_test(sticky_directories_of_a_failed_run_are_taken_back),
		cmocka_unit_test(what_was_never_there_is_no_error),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
