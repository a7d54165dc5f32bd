/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/devices.h"
#include "tests/support/read_input.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define R DEVICE_READ
#define W DEVICE_WRITE
#define M DEVICE_MKNOD
#define RW (R | W)
#define RWM (R | W | M)
#define MAX_RULES 4

static bool allow_fuse(const struct spec *spec, unsigned int access)
{
	return devices_allow(spec, 'c', FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR, access);
}

/* A spec that borrows the rules up to the first without access. */
static struct spec with_rules(struct spec_device_rule rules[MAX_RULES])
{
	struct spec spec = {.device_rules = rules};

	while (spec.n_device_rules < MAX_RULES && rules[spec.n_device_rules].access)
		spec.n_device_rules++;
	return spec;
}

static void without_rules_fuse_is_denied(void **state)
{
	struct spec spec = {0};

	(void)state;
	assert_false(allow_fuse(&spec, RW));
	assert_false(allow_fuse(&spec, R));
	assert_false(devices_allow_all(&spec));
}

static void the_last_rule_that_matches_wins(void **state)
{
	static struct {
		struct spec_device_rule rules[MAX_RULES];
		bool expected;
	} cases[] = {
		{{{false, 'a', -1, -1, RWM}}, false},
		{{{true, 'a', -1, -1, RWM}}, true},
		{{{false, 'a', -1, -1, RWM}, {true, 'c', 10, 229, RWM}}, true},
		{{{true, 'c', 10, 229, RWM}, {false, 'a', -1, -1, RWM}}, false},
		{{{true, 'a', -1, -1, RWM}, {false, 'c', 10, 229, RWM}}, false},
		{{{true, 'c', 10, 229, RWM}, {false, 'c', 10, 200, RWM}}, true},
		{{{false, 'c', 10, 229, RWM}, {true, 'c', 10, -1, RWM}}, true},
		{{{true, 'c', -1, 229, RWM}}, true},
		{{{true, 'c', -1, -1, RWM}}, true},
		{{{true, 'c', 11, -1, RWM}}, false},
		{{{true, 'c', -1, 228, RWM}}, false},
		{{{true, 'b', -1, -1, RWM}}, false},
		{{{true, 'b', 10, 229, RWM}}, false},
		/* The type 'a' makes numbers meaningless. */
		{{{true, 'a', 8, 0, RWM}}, true},
		{{{true, 'c', 10, 229, RWM}, {false, 'a', 8, 0, RWM}}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec spec = with_rules(cases[i].rules);

		if (allow_fuse(&spec, RW) != cases[i].expected)
			fail_msg("case %zu", i);
	}
}

static void each_access_is_decided_by_itself(void **state)
{
	static struct {
		struct spec_device_rule rules[MAX_RULES];
		unsigned int allowed;
	} cases[] = {
		{{{true, 'c', 10, 229, R}}, R},
		{{{true, 'c', 10, 229, R}, {true, 'c', 10, 229, W}}, RW},
		{{{true, 'a', -1, -1, RWM}, {false, 'c', 10, 229, W}}, R | M},
		{{{true, 'a', -1, -1, RWM}, {false, 'c', 10, 229, M}}, RW},
		{{{false, 'a', -1, -1, RWM}, {true, 'c', 10, 229, RWM}, {false, 'c', -1, -1, R}},
			W | M},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec spec = with_rules(cases[i].rules);

		for (unsigned int access = 1; access <= RWM; access++)
			if (allow_fuse(&spec, access) != ((access & ~cases[i].allowed) == 0))
				fail_msg("case %zu, access %u", i, access);
	}
}

static void everything_is_allowed_only_where_no_exception_is_left(void **state)
{
	static struct {
		struct spec_device_rule rules[MAX_RULES];
		bool expected;
	} cases[] = {
		{{{true, 'a', -1, -1, RWM}}, true},
		{{{true, 'a', -1, -1, RW}}, false},
		{{{true, 'a', -1, -1, RW}, {true, 'a', -1, -1, M}}, true},
		{{{true, 'c', -1, -1, RWM}}, false},
		{{{true, 'c', -1, -1, RWM}, {true, 'b', -1, -1, RWM}}, true},
		{{{true, 'a', -1, -1, RWM}, {false, 'c', 10, 229, W}}, false},
		{{{true, 'a', -1, -1, RWM}, {false, 'b', 8, -1, R}}, false},
		{{{false, 'b', 8, 0, RWM}, {true, 'a', -1, -1, RWM}}, true},
		{{{false, 'a', -1, -1, RWM}, {true, 'c', 10, 229, RWM}}, false},
		{{{true, 'c', 10, 229, RWM}}, false},
		{{{true, 'c', 10, -1, RWM}, {true, 'b', -1, -1, RWM}}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec spec = with_rules(cases[i].rules);

		if (devices_allow_all(&spec) != cases[i].expected)
			fail_msg("case %zu", i);
	}
}

static char *text(const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	assert_true(!value || copy);
	return copy;
}

static void a_device_entry_brings_fuse(void **state)
{
	struct spec spec = {0};

	(void)state;
	assert_int_equal(array_grow(&spec.devices, 0, sizeof(*spec.devices)), 0);
	spec.n_devices = 1;
	spec.devices[0].path = text("/dev/fuse");
	assert_true(devices_have_fuse(&spec));
	spec.devices[0].path[5] = 'F';
	assert_false(devices_have_fuse(&spec));
	spec_clear(&spec);
}

static void a_bind_mount_may_bring_fuse(void **state)
{
	static const struct {
		const char *source, *destination;
		bool bind, expected;
	} cases[] = {
		{"/dev/fuse", "/dev/fuse", true, true},
		{"/dev", "/dev", true, true},
		{"/dev/null", "/dev/fuse", true, false},
		{"/dev/fuse", "/dev/null", true, false},
		{"/dev/fuse", "/dev/fuse", false, false},
		{"tmpfs", "/dev", false, false},
		{"/srv/dev", "/dev", true, false},
		{NULL, "/dev", true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_spec struct spec spec = {0};

		assert_int_equal(array_grow(&spec.mounts, 0, sizeof(*spec.mounts)), 0);
		spec.n_mounts = 1;
		spec.mounts[0].source = text(cases[i].source);
		spec.mounts[0].destination = text(cases[i].destination);
		spec.mounts[0].bind = cases[i].bind;
		if (devices_have_fuse(&spec) != cases[i].expected)
			fail_msg("case %zu", i);
	}
}

/* What CRI-O writes: privileged; the Devices annotation; neither. */
static void captured_containers_are_judged_rightly(void **state)
{
	static const struct {
		const char *path;
		bool has, allowed, all;
	} cases[] = {
		{"crio-1.33-crun/seed/rclone-zurg", true, true, true},
		{"crio-1.26-runc/seed/rclone-torbox", true, true, true},
		{"crio-1.33-crun/unprivileged/rclone-zurg", true, true, false},
		{"crio-1.33-crun/mistakes/rclone-zurg", false, false, false},
		{"crio-1.33-runc/seed/plex", false, false, false},
	};
	const char *tests = getenv("TESTS_DIR");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *path = NULL;
		cleanup_spec struct spec spec = {0};
		cleanup_error struct error err = {0};

		assert_true(asprintf(&path, "%s/fixtures/crio/%s/config.json",
				    tests ? tests : "tests", cases[i].path) > 0);
		if (spec_read(AT_FDCWD, path, &spec, &err) < 0)
			fail_msg("%s", error_message(&err));
		if (devices_have_fuse(&spec) != cases[i].has ||
			allow_fuse(&spec, RW) != cases[i].allowed ||
			devices_allow_all(&spec) != cases[i].all)
			fail_msg("%s", path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_fuse_is_denied),
		cmocka_unit_test(the_last_rule_that_matches_wins),
		cmocka_unit_test(each_access_is_decided_by_itself),
		cmocka_unit_test(everything_is_allowed_only_where_no_exception_is_left),
		cmocka_unit_test(a_device_entry_brings_fuse),
		cmocka_unit_test(a_bind_mount_may_bring_fuse),
		cmocka_unit_test(captured_containers_are_judged_rightly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
