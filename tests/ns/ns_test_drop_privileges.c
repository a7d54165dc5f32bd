/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sandbox/drop_privileges.h"

#include "hook/mount/rollback_list.h"
#include "hook/mount/safe_walk.h"
#include "oci/base/cleanup.h"
#include "tests/ns/roll_back.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/* What each keeps; docs/security.md has the same table. */
static const struct {
	enum privilege_profile profile;
	uint64_t kept;
} profiles[] = {
	{PRIVILEGES_NOTHING, 0}, /* the supervisor's */
	{PRIVILEGES_PRESTART, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_PTRACE) |
				      BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER) |
				      BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL)},
	{PRIVILEGES_POSTSTOP, BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETUID) |
				      BIT(CAP_SETGID) | BIT(CAP_KILL)},
	{PRIVILEGES_CHECK, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_PTRACE) |
				   BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
				   BIT(CAP_KILL)},
	{PRIVILEGES_STATUS, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_DAC_OVERRIDE) |
				    BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL)},
	{PRIVILEGES_PREPARE, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_DAC_OVERRIDE)},
	{PRIVILEGES_RECONCILE, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_DAC_OVERRIDE) |
				       BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL)},
	{PRIVILEGES_DOCTOR, BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_PTRACE) |
				    BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
				    BIT(CAP_KILL) | BIT(CAP_SYS_MODULE) | BIT(CAP_SETPCAP)},
};

/* A line of /proc/PID/status, proc(5): no filter allows capget(2). */
static uint64_t status_of(pid_t pid, const char *name)
{
	char path[64];
	cleanup_free char *status = NULL;
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	status = ns_sandbox_read(path);
	line = status ? strstr(status, name) : NULL;
	return line ? strtoull(line + strlen(name), NULL, 16) : UINT64_MAX;
}

static int drop_privileges_and_stop(void *data)
{
	enum privilege_profile profile = *(const enum privilege_profile *)data;
	int unfiltered = 0, r;

	r = profile == PRIVILEGES_NOTHING ? drop_privileges_supervisor()
					  : drop_privileges_worker(profile, &unfiltered);
	if (r < 0 || unfiltered < 0)
		return 1;
	raise(SIGSTOP);
	return 0;
}

static void only_what_the_command_needs_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		enum privilege_profile profile = profiles[i].profile;
		pid_t pid = child_start(drop_privileges_and_stop, &profile);
		int status = 0;

		assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(status_of(pid, "CapEff:"), profiles[i].kept);
		assert_int_equal(status_of(pid, "CapPrm:"), profiles[i].kept);
		if (profile != PRIVILEGES_NOTHING)
			assert_int_equal(status_of(pid, "CapBnd:"), profiles[i].kept);
		assert_int_equal(status_of(pid, "CapInh:"), 0);
		assert_int_equal(status_of(pid, "CapAmb:"), 0);
		assert_int_equal(status_of(pid, "NoNewPrivs:"), 1);
		kill(pid, SIGKILL);
		child_wait(pid);
	}
}

static uint64_t kept_by(enum privilege_profile profile)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (profiles[i].profile == profile)
			return profiles[i].kept;
	}
	return 0;
}

/* systemd.exec(5), CapabilityBoundingSet= */
static uint64_t bounding_set_of(const char *unit)
{
	const char *tests = getenv("TESTS_DIR");
	cleanup_free char *path = NULL, *text = NULL;
	uint64_t set = 0;
	char *line, *end, *rest = NULL;

	assert_true(asprintf(&path, "%s/../install/%s", tests ? tests : "tests", unit) > 0);
	text = ns_sandbox_read(path);
	assert_non_null(text);
	line = strstr(text, "\nCapabilityBoundingSet=");
	assert_non_null(line);
	line += strlen("\nCapabilityBoundingSet=");
	end = strchr(line, '\n');
	assert_non_null(end);
	*end = '\0';
	for (char *name = strtok_r(line, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		cap_value_t capability;

		assert_int_equal(cap_from_name(name, &capability), 0);
		set |= BIT(capability);
	}
	return set;
}

/* SETPCAP: to drop the rest. */
static void units_have_what_their_commands_keep(void **state)
{
	(void)state;
	assert_int_equal(bounding_set_of("fuse-sidecar-prepare.service"),
		kept_by(PRIVILEGES_PREPARE) | BIT(CAP_SETPCAP));
	assert_int_equal(bounding_set_of("fuse-sidecar-reconcile.service"),
		kept_by(PRIVILEGES_RECONCILE) | BIT(CAP_SETPCAP));
}

static int bind_and_unmount(void *data)
{
	(void)data;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	if (mount("/proc", NS_SANDBOX_DIR, NULL, MS_BIND, NULL) < 0)
		return 2;
	return umount2(NS_SANDBOX_DIR, 0) < 0 ? 3 : 0;
}

static void mounts_can_still_be_changed(void **state)
{
	(void)state;
	assert_int_equal(child_run(bind_and_unmount, NULL), 0);
}

/* In a sticky directory only its owner and the owner of what is in it may remove that. */
static int make_and_take_back(void *data)
{
	static const struct safe_walk_directory sticky = {
		.creator.uid = 1000, .owner_uid = 1000, .mode = 01777};
	cleanup_close int fd = open(NS_SANDBOX_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_rollback_list struct rollback_list rollback = {0};

	(void)data;
	if (fd < 0 || chmod(NS_SANDBOX_DIR, 0777) < 0 ||
		drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 1;
	if (safe_walk_make(fd, NS_SANDBOX_DIR, "a/zurg", &sticky, &rollback, NULL) != 2)
		return 2;
	if (roll_back(&rollback) > 0)
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
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &(int){0}) < 0)
		return 2;
	return status_of(getpid(), "CapEff:") == BIT(CAP_CHOWN) ? 0 : 3;
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
		cmocka_unit_test(units_have_what_their_commands_keep),
		cmocka_unit_test(mounts_can_still_be_changed),
		cmocka_unit_test(sticky_directories_of_a_failed_run_are_taken_back),
		cmocka_unit_test(what_was_never_there_is_no_error),
	};

	return cmocka_run_group_tests(tests, ns_sandbox_setup_group, NULL);
}
