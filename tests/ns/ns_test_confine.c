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

#define BIT(capability) (UINT64_C(1) << (capability))

/* What each keeps; docs/security.md has the same table. */
static const struct {
	enum confine_profile profile;
	uint64_t kept;
} profiles[] = {
	{CONFINE_NOTHING, 0}, /* the supervisor's */
	{CONFINE_PRESTART, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_PTRACE) |
				   BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER) |
				   BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL)},
	{CONFINE_POSTSTOP, BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETUID) |
				   BIT(CAP_SETGID) | BIT(CAP_KILL)},
	{CONFINE_CHECK, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_PTRACE) |
				BIT(CAP_DAC_OVERRIDE)},
	{CONFINE_STATUS, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_DAC_OVERRIDE) |
				 BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL)},
	{CONFINE_PREPARE, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_DAC_OVERRIDE)},
	{CONFINE_RECONCILE, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_DAC_OVERRIDE) |
				    BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL)},
};

static uint64_t set_of(cap_flag_t flag)
{
	uint64_t set = 0;

	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
		if (has(capability, flag))
			set |= BIT(capability);
	}
	return set;
}

static uint64_t bounding_set(void)
{
	uint64_t set = 0;

	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
		if (cap_get_bound(capability) == 1)
			set |= BIT(capability);
	}
	return set;
}

/* Exit status: 0, or the number of what does not hold. */
static int look_at_the_sets(void *data)
{
	size_t i = *(const size_t *)data;
	uint64_t kept = profiles[i].kept;
	int r = profiles[i].profile == CONFINE_NOTHING ? confine_supervisor()
						       : confine_worker(profiles[i].profile);

	if (r < 0)
		return 1;
	if (set_of(CAP_EFFECTIVE) != kept || set_of(CAP_PERMITTED) != kept)
		return 2;
	if (set_of(CAP_INHERITABLE) != 0)
		return 3;
	if (bounding_set() != kept)
		return 4;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 5;
}

static void only_what_the_command_needs_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		assert_int_equal(child_run(look_at_the_sets, &i), 0);
}

static int try_what_was_given_up(void *data)
{
	cleanup_close int raw = -EBADF;

	(void)data;
	if (confine_worker(CONFINE_PRESTART) < 0)
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
	if (confine_worker(CONFINE_PRESTART) < 0)
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
		.creator.uid = 1000, .owner_uid = 1000, .mode = 01777};
	cleanup_close int fd = open(NS_SANDBOX_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_undo struct undo undo = {0};

	(void)data;
	if (fd < 0 || chmod(NS_SANDBOX_DIR, 0777) < 0 || confine_worker(CONFINE_PRESTART) < 0)
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
	if (confine_worker(CONFINE_PRESTART) < 0)
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
		cmocka_unit_test(only_what_the_command_needs_is_left),
		cmocka_unit_test(what_was_given_up_is_refused),
		cmocka_unit_test(mounts_can_still_be_changed),
		cmocka_unit_test(sticky_directories_of_a_failed_run_are_taken_back),
		cmocka_unit_test(what_was_never_there_is_no_error),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
