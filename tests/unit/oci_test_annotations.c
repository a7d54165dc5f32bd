/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/spec/annotations.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int parse(const char *key, const char *value, struct request *ret, struct error *err)
{
	cleanup_keyvals struct keyvals list = {0};

	assert_int_equal(keyvals_add(&list, "io.kubernetes.pod.name", "not ours"), 0);
	assert_int_equal(keyvals_add(&list, key, value), 0);
	return annotations_parse(&list, ret, err);
}

static void assert_refused(
	const char *key, const char *value, enum finding_code code, const char *message)
{
	struct request untouched = {.n_mounts = 77};
	cleanup_error struct error err = {0};

	if (parse(key, value, &untouched, &err) != -EINVAL)
		fail_msg("accepted: %s: %s", key, value);
	assert_int_equal(err.code, code);
	assert_int_equal(untouched.n_mounts, 77);
	assert_non_null(err.fix);
	if (!strstr(err.message, message))
		fail_msg("%s: \"%s\" lacks \"%s\"", value, err.message, message);
	/* The message names the annotation, whatever is wrong with it. */
	assert_non_null(strstr(err.message, key));
}

static void mounts_come_in_the_order_of_the_annotation(void **state)
{
	static const char *const values[] = {
		"a=/mnt/x,@node=/mnt/y",
		"a=/mnt/x, @node=/mnt/y",
		"a=/mnt/x\n@node=/mnt/y\n",
		"a=/mnt/x,\n@node=/mnt/y,\n",
		"  a=/mnt/x \t,  \r\n\n @node=/mnt/y  ",
		"\na=/mnt/x\r\n@node=/mnt/y\r\n",
		"a=/mnt/x ,@node=/mnt/y , ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		cleanup_request struct request request = {0};
		struct error err = {0};

		assert_int_equal(parse(ANNOTATION_MOUNTS, values[i], &request, &err), 0);
		assert_int_equal(request.n_mounts, 2);
		assert_string_equal(request.mounts[0].provider, "a");
		assert_string_equal(request.mounts[0].path, "/mnt/x");
		assert_false(request.mounts[0].node);
		assert_string_equal(request.mounts[1].provider, PROVIDER_NODE);
		assert_string_equal(request.mounts[1].path, "/mnt/y");
		assert_true(request.mounts[1].node);
	}
}

static void paths_may_have_spaces_and_equals_signs(void **state)
{
	cleanup_request struct request request = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(ANNOTATION_MOUNTS, "a=/mnt/my media=1,a=/mnt/2", &request, &err), 0);
	assert_string_equal(request.mounts[0].path, "/mnt/my media=1");
	assert_string_equal(request.mounts[1].provider, "a");
}

static void defaults_are_those_of_the_contract(void **state)
{
	cleanup_request struct request request = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(ANNOTATION_MOUNTS, "a=/x/y", &request, &err), 0);
	assert_false(request.has_wait || request.has_owner || request.has_owner_gid);
	assert_int_equal(request.dir_mode, 0755);
	assert_true(request.expose);
	assert_false(request.grant);
}

static void malformed_mounts_are_refused(void **state)
{
	static const struct {
		const char *value, *message;
	} cases[] = {
		{"", "\"\": expected PROVIDER=PATH entries"},
		{" \n ", "expected PROVIDER=PATH entries"},
		{",", "none of them empty"},
		{",a=/x/y", "none of them empty"},
		{"a=/x/y,,b=/x/z", "none of them empty"},
		{"a=/x/y,\n,b=/x/z", "none of them empty"},
		{"a=/x/y,,", "none of them empty"},
		{"a", "\"a\": expected PROVIDER=PATH"},
		{"/x/y", "expected PROVIDER=PATH"},
		{"=/x/y", "a container's name"},
		{"A=/x/y", "a container's name"},
		{"a =/x/y", "a container's name"},
		{"a.b=/x/y", "a container's name"},
		{"@nodes=/x/y", "or @node before"},
		{"@=/x/y", "or @node before"},
		{"a=", "an absolute path"},
		{"a=x/y", "an absolute path"},
		{"a= /x/y", "an absolute path"},
		{"a=/", "an absolute path below /"},
		{"a=/x/../y", "an absolute path"},
		{"a=/x/./y", "an absolute path"},
		{"a=/x//y", "an absolute path"},
		{"a=/x/y/", "an absolute path"},
		{"a=/x/\x01", "\"a=/x/\\x01\""},
		{"a=/x/\ty", "\"a=/x/\\ty\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(ANNOTATION_MOUNTS, cases[i].value, FINDING_ANNOTATION_INVALID,
			cases[i].message);
}

static void a_path_that_only_needs_tidying_is_suggested(void **state)
{
	static const struct {
		const char *value, *fix;
	} cases[] = {
		{"a=/x//y/", "write the path as /x/y"},
		{"a=/x/./y", "write the path as /x/y"},
		{"a=/x/../y", "write it like rclone-zurg=/mnt/media/zurg"},
		{"a=//", "write it like rclone-zurg=/mnt/media/zurg"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct request request = {0};
		cleanup_error struct error err = {0};

		assert_int_equal(parse(ANNOTATION_MOUNTS, cases[i].value, &request, &err), -EINVAL);
		assert_string_equal(err.fix, cases[i].fix);
		assert_string_equal(err.subject, ANNOTATION_MOUNTS);
	}
}

static void paths_that_meet_are_a_conflict(void **state)
{
	static const struct {
		const char *value, *message;
	} cases[] = {
		{"a=/x/y,b=/x/y", "a and b both mount at \"/x/y\""},
		{"a=/x/y,a=/x/y", "a and a both mount at \"/x/y\""},
		{"a=/x,b=/x/y", "\"/x/y\" of b is below \"/x\" of a"},
		{"a=/x/y/z,c=/q/r,b=/x", "\"/x/y/z\" of a is below \"/x\" of b"},
		{"@node=/x/y,b=/x/y", "@node and b both mount at"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(ANNOTATION_MOUNTS, cases[i].value, FINDING_MOUNTPOINT_CONFLICT,
			cases[i].message);
}

static void paths_that_only_share_a_beginning_do_not_meet(void **state)
{
	cleanup_request struct request request = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(
		parse(ANNOTATION_MOUNTS, "a=/x/y,b=/x/yz,c=/x/y z,d=/x/y-", &request, &err), 0);
	assert_int_equal(request.n_mounts, 4);
}

static char *many_mounts(size_t n)
{
	char *value = malloc(n * 16 + 1), *at = value;

	assert_non_null(value);
	for (size_t i = 0; i < n; i++)
		at += sprintf(at, "a=/m/%zu,", i);
	return value;
}

static void sixty_four_mounts_are_the_limit(void **state)
{
	cleanup_free char *most = many_mounts(ANNOTATION_MAX_MOUNTS);
	cleanup_free char *more = many_mounts(ANNOTATION_MAX_MOUNTS + 1);
	cleanup_request struct request request = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(ANNOTATION_MOUNTS, most, &request, &err), 0);
	assert_int_equal(request.n_mounts, 64);
	assert_refused(ANNOTATION_MOUNTS, more, FINDING_ANNOTATION_INVALID, "more than 64 entries");
}

static void a_value_may_have_4_kib(void **state)
{
	cleanup_free char *longest = fixture_repeat("a=/x/y", " ", 4096 - 6, "");
	cleanup_free char *longer = fixture_repeat("a=/x/y", " ", 4096 - 5, "");
	cleanup_free char *path = fixture_repeat("a=/", "x", PATH_MAX - 2, "");
	cleanup_request struct request request = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(ANNOTATION_MOUNTS, longest, &request, &err), 0);
	assert_refused(ANNOTATION_MOUNTS, longer, FINDING_ANNOTATION_INVALID,
		"has 4097 bytes: expected at most 4096");
	assert_refused(ANNOTATION_MOUNTS, path, FINDING_ANNOTATION_INVALID, "4097 bytes");
	assert_refused(ANNOTATION_WAIT, longer, FINDING_ANNOTATION_INVALID, "4097 bytes");
}

static void waits_are_go_durations(void **state)
{
	static const char *const bad[] = {"", "30", "-1s", "1 s", "soon", "99999999999999h"};
	cleanup_request struct request request = {0}, zero = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(ANNOTATION_WAIT, "1m30s", &request, &err), 0);
	assert_true(request.has_wait && request.wait_usec == 90000000);
	assert_int_equal(parse(ANNOTATION_WAIT, "0s", &zero, &err), 0);
	assert_true(zero.has_wait && zero.wait_usec == 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(ANNOTATION_WAIT, bad[i], FINDING_ANNOTATION_INVALID,
			"expected a duration like 30s");
}

static void modes_are_octal_permissions_and_the_sticky_bit(void **state)
{
	static const struct {
		const char *value;
		mode_t mode;
	} good[] = {{"0755", 0755}, {"755", 0755}, {"0", 0}, {"0777", 0777}, {"1777", 01777},
		{"01777", 01777}, {"000700", 0700}};
	static const char *const bad[] = {"", "0o755", "789", "-755", "2755", "4755", "02000",
		"rwx", "755 ", " 755", "0000755", "77777777777777777777777", "0x1ff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		cleanup_request struct request request = {0};
		struct error err = {0};

		assert_int_equal(parse(ANNOTATION_DIR_MODE, good[i].value, &request, &err), 0);
		assert_int_equal(request.dir_mode, good[i].mode);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(ANNOTATION_DIR_MODE, bad[i], FINDING_ANNOTATION_INVALID,
			"expected an octal mode from 0 to 1777");
}

static void owners_are_a_uid_and_perhaps_a_gid(void **state)
{
	static const char *const bad[] = {"", ":", "1000:", ":1000", "root", "1000:x", "-1",
		"1000:1000:1000", "1000 ", "4294967295", "0:4294967295", "4294967296", "1e3",
		"99999999999999999999", "+1", "1000.1000"};
	cleanup_request struct request both = {0}, one = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(ANNOTATION_DIR_OWNER, "1000:4294967294", &both, &err), 0);
	assert_true(both.has_owner && both.has_owner_gid);
	assert_int_equal(both.owner_uid, 1000);
	assert_int_equal(both.owner_gid, 4294967294);
	assert_int_equal(parse(ANNOTATION_DIR_OWNER, "0", &one, &err), 0);
	assert_true(one.has_owner && !one.has_owner_gid && one.owner_uid == 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(ANNOTATION_DIR_OWNER, bad[i], FINDING_ANNOTATION_INVALID,
			"expected UID or UID:GID");
}

static void switches_take_their_words_only(void **state)
{
	static const char *const bad[] = {"", "True", "yes", "1", "true ", "granted", "shared"};
	cleanup_request struct request off = {0}, on = {0}, grant = {0}, declared = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(ANNOTATION_EXPOSE, "false", &off, &err), 0);
	assert_false(off.expose);
	assert_int_equal(parse(ANNOTATION_EXPOSE, "true", &on, &err), 0);
	assert_true(on.expose);
	assert_int_equal(parse(ANNOTATION_PROPAGATION, "grant", &grant, &err), 0);
	assert_true(grant.grant);
	assert_int_equal(parse(ANNOTATION_PROPAGATION, "declared", &declared, &err), 0);
	assert_false(declared.grant);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_refused(ANNOTATION_EXPOSE, bad[i], FINDING_ANNOTATION_INVALID,
			"expected true or false");
		assert_refused(ANNOTATION_PROPAGATION, bad[i], FINDING_ANNOTATION_INVALID,
			"expected declared or grant");
	}
}

static void unknown_keys_are_refused_with_the_nearest_known_one(void **state)
{
	static const struct {
		const char *key, *fix;
	} cases[] = {
		{"fuse-sidecar.io/mount", "rename it to fuse-sidecar.io/mounts"},
		{"fuse-sidecar.io/Mounts", "rename it to fuse-sidecar.io/mounts"},
		{"fuse-sidecar.io/dirmode", "rename it to fuse-sidecar.io/dir-mode"},
		{"fuse-sidecar.io/dir_owner", "rename it to fuse-sidecar.io/dir-owner"},
		{"fuse-sidecar.io/exposed", "rename it to fuse-sidecar.io/expose"},
		{"fuse-sidecar.io/cache-size", "remove it"},
		{"fuse-sidecar.io/", "remove it"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct request request = {0};
		cleanup_error struct error err = {0};

		assert_int_equal(parse(cases[i].key, "x", &request, &err), -EINVAL);
		assert_int_equal(err.code, FINDING_ANNOTATION_INVALID);
		assert_string_equal(err.subject, cases[i].key);
		assert_non_null(strstr(err.message, cases[i].key));
		assert_string_equal(err.fix, cases[i].fix);
	}
}

static void keys_of_others_are_none_of_ours(void **state)
{
	static const char *const keys[] = {
		"fuse-sidecar.iox/mounts", "x.fuse-sidecar.io/mounts", "fuse-sidecar.io", "mounts"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		cleanup_request struct request request = {0};
		struct error err = {0};

		assert_int_equal(parse(keys[i], "x", &request, &err), 0);
		assert_int_equal(request.n_mounts, 0);
	}
}

static void only_the_mounts_annotation_activates(void **state)
{
	cleanup_keyvals struct keyvals wait = {0}, empty = {0};

	(void)state;
	assert_int_equal(keyvals_add(&wait, ANNOTATION_WAIT, "30s"), 0);
	assert_false(annotations_active(&wait));
	assert_int_equal(keyvals_add(&empty, ANNOTATION_MOUNTS, ""), 0);
	assert_true(annotations_active(&empty));
}

static void clear_accepts_null_and_twice(void **state)
{
	struct request request = {0};
	struct error err = {0};

	(void)state;
	request_clear(NULL);
	assert_int_equal(parse(ANNOTATION_MOUNTS, "a=/x/y", &request, &err), 0);
	request_clear(&request);
	request_clear(&request);
	assert_null(request.mounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_come_in_the_order_of_the_annotation),
		cmocka_unit_test(paths_may_have_spaces_and_equals_signs),
		cmocka_unit_test(defaults_are_those_of_the_contract),
		cmocka_unit_test(malformed_mounts_are_refused),
		cmocka_unit_test(a_path_that_only_needs_tidying_is_suggested),
		cmocka_unit_test(paths_that_meet_are_a_conflict),
		cmocka_unit_test(paths_that_only_share_a_beginning_do_not_meet),
		cmocka_unit_test(sixty_four_mounts_are_the_limit),
		cmocka_unit_test(a_value_may_have_4_kib),
		cmocka_unit_test(waits_are_go_durations),
		cmocka_unit_test(modes_are_octal_permissions_and_the_sticky_bit),
		cmocka_unit_test(owners_are_a_uid_and_perhaps_a_gid),
		cmocka_unit_test(switches_take_their_words_only),
		cmocka_unit_test(unknown_keys_are_refused_with_the_nearest_known_one),
		cmocka_unit_test(keys_of_others_are_none_of_ours),
		cmocka_unit_test(only_the_mounts_annotation_activates),
		cmocka_unit_test(clear_accepts_null_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
