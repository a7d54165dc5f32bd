/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#define HEX32 "0123456789abcdef0123456789abcdef"

static void assert_all(bool (*check)(const char *), const char *const *texts, size_t n, bool good)
{
	for (size_t i = 0; i < n; i++)
		if (check(texts[i]) != good)
			fail_msg("\"%s\" is %s", texts[i], good ? "refused" : "accepted");
}

static void labels_follow_rfc_1123(void **state)
{
	static const char *const good[] = {"a", "0", "rclone-zurg", "a--b", "1a"};
	static const char *const bad[] = {"", "-", "-a", "a-", "A", "a_b", "a.b", "a b", "a/b",
		"a\nb", "\xc3\xa9", "..", "@node"};
	cleanup_free char *longest = fixture_repeat("", "x", 63, "");
	cleanup_free char *longer = fixture_repeat("", "x", 64, "");

	(void)state;
	assert_all(ident_is_dns_label, good, ARRAY_SIZE(good), true);
	assert_all(ident_is_dns_label, bad, ARRAY_SIZE(bad), false);
	assert_true(ident_is_dns_label(longest));
	assert_false(ident_is_dns_label(longer));
}

static void subdomains_are_labels_joined_by_dots(void **state)
{
	static const char *const good[] = {"a", "plex-6d5f7c9b8-x7k2p", "a.b", "plex-0.node-1.x"};
	static const char *const bad[] = {
		"", ".", "a.", ".a", "a..b", "a.-b", "a-.b", "A.b", "../x", "a/b", "a.b\n"};
	cleanup_free char *longest = fixture_repeat("xxx", ".x", 125, "");
	cleanup_free char *longer = fixture_repeat("xxxx", ".x", 125, "");

	(void)state;
	assert_all(ident_is_dns_subdomain, good, ARRAY_SIZE(good), true);
	assert_all(ident_is_dns_subdomain, bad, ARRAY_SIZE(bad), false);
	assert_true(ident_is_dns_subdomain(longest));
	assert_false(ident_is_dns_subdomain(longer));
}

static void pod_uids_are_uuids_or_a_static_pods_hash(void **state)
{
	static const char *const good[] = {"08c49e0d-aeef-4f5d-9755-f096c0ed2483",
		"08C49E0D-AEEF-4F5D-9755-F096C0ED2483", HEX32};
	static const char *const bad[] = {"", "08c49e0d", "08c49e0d-aeef-4f5d-9755-f096c0ed248",
		"08c49e0d-aeef-4f5d-9755-f096c0ed24833", "08c49e0daeef-4f5d-9755-f096c0ed2483-",
		"08c49e0d-aeef-4f5d-9755_f096c0ed2483", "g8c49e0d-aeef-4f5d-9755-f096c0ed2483",
		"../../../../../../../../../../etc/x", HEX32 "0",
		"0123456789abcdef0123456789abcde/", "08c49e0d-aeef-4f5d-9755-f096c0ed2483\n"};

	(void)state;
	assert_all(ident_is_pod_uid, good, ARRAY_SIZE(good), true);
	assert_all(ident_is_pod_uid, bad, ARRAY_SIZE(bad), false);
}

static void container_ids_are_64_lower_case_hex_digits(void **state)
{
	static const char *const good[] = {HEX32 HEX32};
	static const char *const bad[] = {"", HEX32, HEX32 HEX32 "0",
		HEX32 "0123456789ABCDEF0123456789abcdef", HEX32 "0123456789abcdeg0123456789abcdef",
		HEX32 "0123456789abcdef0123456789abcde/"};

	(void)state;
	assert_all(ident_is_container_id, good, ARRAY_SIZE(good), true);
	assert_all(ident_is_container_id, bad, ARRAY_SIZE(bad), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_follow_rfc_1123),
		cmocka_unit_test(subdomains_are_labels_joined_by_dots),
		cmocka_unit_test(pod_uids_are_uuids_or_a_static_pods_hash),
		cmocka_unit_test(container_ids_are_64_lower_case_hex_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
