/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/spec/identity.h"
#include "tests/support/cmocka.h"

#include <errno.h>
#include <string.h>

#define HEX32 "0123456789abcdef0123456789abcdef"
#define ID HEX32 HEX32
#define OTHER_ID HEX32 "ffffffffffffffffffffffffffffffff"
#define UID "08c49e0d-aeef-4f5d-9755-f096c0ed2483"

/* What podman's users give with --annotation; podman adds the manager itself. */
static const struct {
	const char *key, *value;
} podman[] = {
	{"io.container.manager", "libpod"},
	{"io.kubernetes.pod.name", "plex-0"},
	{"io.kubernetes.pod.namespace", "media"},
	{"io.kubernetes.pod.uid", UID},
	{"io.kubernetes.container.name", "plex"},
};

/* podman's annotations, but `key` as `value` (NULL: without it). */
static void annotate(struct keyvals *list, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(podman); i++)
		if (strcmp(podman[i].key, key) != 0)
			assert_int_equal(keyvals_add(list, podman[i].key, podman[i].value), 0);
	if (value)
		assert_int_equal(keyvals_add(list, key, value), 0);
}

static void podmans_annotations_are_enough(void **state)
{
	cleanup_keyvals struct keyvals list = {0};
	cleanup_identity struct identity identity = {0};
	struct error err = {0};

	(void)state;
	annotate(&list, "", NULL);
	assert_int_equal(identity_load(&list, ID, FINDING_STATE_INVALID, &identity, &err), 0);
	assert_string_equal(identity.pod_name, "plex-0");
	assert_string_equal(identity.pod_namespace, "media");
	assert_string_equal(identity.pod_uid, UID);
	assert_string_equal(identity.container_name, "plex");
	assert_string_equal(identity.container_id, ID);
	assert_null(identity.sandbox_id);
	assert_int_equal(identity.restart_count, 0);
}

static void without_a_state_the_annotation_gives_the_id(void **state)
{
	cleanup_keyvals struct keyvals with = {0}, without = {0};
	cleanup_identity struct identity known = {0}, unknown = {0};
	struct error err = {0};

	(void)state;
	annotate(&with, "io.kubernetes.cri-o.ContainerID", ID);
	assert_int_equal(identity_load(&with, NULL, FINDING_CONFIG_INVALID, &known, &err), 0);
	assert_string_equal(known.container_id, ID);
	annotate(&without, "", NULL);
	assert_int_equal(identity_load(&without, NULL, FINDING_CONFIG_INVALID, &unknown, &err), 0);
	assert_null(unknown.container_id);
}

static void the_sandbox_and_the_count_are_taken_where_given(void **state)
{
	cleanup_keyvals struct keyvals list = {0};
	cleanup_identity struct identity identity = {0};
	struct error err = {0};

	(void)state;
	annotate(&list, "io.kubernetes.cri-o.SandboxID", OTHER_ID);
	assert_int_equal(keyvals_add(&list, "io.kubernetes.container.restartCount", "17"), 0);
	assert_int_equal(keyvals_add(&list, "io.kubernetes.cri-o.ContainerType", "container"), 0);
	assert_int_equal(identity_load(&list, ID, FINDING_STATE_INVALID, &identity, &err), 0);
	assert_string_equal(identity.sandbox_id, OTHER_ID);
	assert_int_equal(identity.restart_count, 17);
	assert_false(identity.is_sandbox);
}

static void a_sandbox_needs_no_containers_name(void **state)
{
	cleanup_keyvals struct keyvals list = {0};
	cleanup_identity struct identity identity = {0};
	struct error err = {0};

	(void)state;
	annotate(&list, "io.kubernetes.container.name", "POD");
	assert_int_equal(keyvals_add(&list, "io.kubernetes.cri-o.ContainerType", "sandbox"), 0);
	assert_int_equal(identity_load(&list, ID, FINDING_STATE_INVALID, &identity, &err), 0);
	assert_true(identity.is_sandbox);
	assert_null(identity.container_name);
}

static void missing_annotations_are_named_with_podmans_way_to_give_them(void **state)
{
	static const char *const keys[] = {"io.kubernetes.pod.name", "io.kubernetes.pod.namespace",
		"io.kubernetes.pod.uid", "io.kubernetes.container.name"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		cleanup_keyvals struct keyvals list = {0};
		cleanup_error struct error err = {0};
		struct identity untouched = {0};

		annotate(&list, keys[i], NULL);
		assert_int_equal(
			identity_load(&list, ID, FINDING_STATE_INVALID, &untouched, &err), -EINVAL);
		assert_int_equal(err.code, FINDING_STATE_INVALID);
		assert_string_equal(err.subject, keys[i]);
		assert_non_null(strstr(err.message, keys[i]));
		assert_non_null(strstr(err.fix, "--annotation"));
		assert_null(untouched.pod_name);
	}
}

static void values_outside_their_grammar_are_refused(void **state)
{
	static const struct {
		const char *key, *value, *shown;
	} cases[] = {
		{"io.kubernetes.pod.name", "../../etc", "\"../../etc\""},
		{"io.kubernetes.pod.name", "", "\"\""},
		{"io.kubernetes.pod.name", "x\nMESSAGE=y", "\"x\\nMESSAGE=y\""},
		{"io.kubernetes.pod.namespace", "a.b", "\"a.b\""},
		{"io.kubernetes.pod.uid", "..", "\"..\""},
		{"io.kubernetes.pod.uid", UID "\n", "\\n\""},
		{"io.kubernetes.container.name", "Plex", "\"Plex\""},
		{"io.kubernetes.cri-o.SandboxID", "abc", "\"abc\""},
		{"io.kubernetes.cri-o.ContainerID", "abc", "\"abc\""},
		{"io.kubernetes.container.restartCount", "-1", "\"-1\""},
		{"io.kubernetes.container.restartCount", "", "\"\""},
		{"io.kubernetes.container.restartCount", "1x", "\"1x\""},
		{"io.kubernetes.container.restartCount", "1000000000000000000", "\"1000"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_keyvals struct keyvals list = {0};
		cleanup_error struct error err = {0};
		struct identity untouched = {0};

		annotate(&list, cases[i].key, cases[i].value);
		assert_int_equal(identity_load(&list, ID, FINDING_CONFIG_INVALID, &untouched, &err),
			-EINVAL);
		assert_int_equal(err.code, FINDING_CONFIG_INVALID);
		assert_string_equal(err.subject, cases[i].key);
		assert_non_null(strstr(err.message, cases[i].shown));
		assert_non_null(strstr(err.message, "expected"));
	}
}

static void ids_must_agree_and_have_their_grammar(void **state)
{
	cleanup_keyvals struct keyvals list = {0};
	cleanup_identity struct identity identity = {0};
	cleanup_error struct error err = {0};
	struct identity untouched = {0};

	(void)state;
	annotate(&list, "io.kubernetes.cri-o.ContainerID", ID);
	assert_int_equal(identity_load(&list, ID, FINDING_STATE_INVALID, &identity, &err), 0);
	assert_int_equal(
		identity_load(&list, OTHER_ID, FINDING_STATE_INVALID, &untouched, &err), -EINVAL);
	assert_non_null(strstr(err.message, ID));
	assert_non_null(strstr(err.message, OTHER_ID));
	assert_int_equal(
		identity_load(&list, "plex", FINDING_STATE_INVALID, &untouched, &err), -EINVAL);
	assert_string_equal(err.subject, "id");
	assert_non_null(strstr(err.message, "\"plex\""));
}

static void clear_accepts_null_and_twice(void **state)
{
	cleanup_keyvals struct keyvals list = {0};
	struct identity identity = {0};
	struct error err = {0};

	(void)state;
	identity_clear(NULL);
	annotate(&list, "", NULL);
	assert_int_equal(identity_load(&list, ID, FINDING_STATE_INVALID, &identity, &err), 0);
	identity_clear(&identity);
	identity_clear(&identity);
	assert_null(identity.pod_name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(podmans_annotations_are_enough),
		cmocka_unit_test(without_a_state_the_annotation_gives_the_id),
		cmocka_unit_test(the_sandbox_and_the_count_are_taken_where_given),
		cmocka_unit_test(a_sandbox_needs_no_containers_name),
		cmocka_unit_test(missing_annotations_are_named_with_podmans_way_to_give_them),
		cmocka_unit_test(values_outside_their_grammar_are_refused),
		cmocka_unit_test(ids_must_agree_and_have_their_grammar),
		cmocka_unit_test(clear_accepts_null_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
