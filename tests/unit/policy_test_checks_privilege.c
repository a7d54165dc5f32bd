/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/checks.h"
#include "tests/support/world.h"

/* One member of a healthy provider's config.json that is changed (NULL: none), and what comes of
 * it. */
struct change {
	const char *path, *json, *summary;
};

static void check_changes(const struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		world_expect_changed(world_provider, changes[i].path, changes[i].json,
			check_privilege, changes[i].summary);
}

#define CHECK_CHANGES(...)                                                                         \
	do {                                                                                       \
		const struct change changes_[] = {__VA_ARGS__};                                    \
		(void)state;                                                                       \
		check_changes(changes_, ARRAY_SIZE(changes_));                                     \
	} while (0)

static void a_privileged_provider_may_mount(void **state)
{
	CHECK_CHANGES({NULL, "unchanged", ""});
}

static void the_effective_set_must_have_sys_admin(void **state)
{
	static const char missing[] = "deny cap-sys-admin-missing process.capabilities.effective";

	CHECK_CHANGES({"process.capabilities.effective", "['CAP_CHOWN', 'cap_sys_admin']", ""},
		{"process.capabilities.effective", "['CAP_CHOWN']", missing},
		{"process.capabilities.effective", "[]", missing},
		{"process.capabilities",
			"{'bounding': ['CAP_SYS_ADMIN'], 'permitted': ['CAP_SYS_ADMIN']}", missing},
		{"process.capabilities", NULL, missing});
}

static void who_is_not_root_needs_fusermount_to_become_root(void **state)
{
	static const struct {
		const char *user, *no_new_privs, *ambient, *summary;
	} cases[] = {
		{"{'uid': 568, 'gid': 568}", "true", "[]",
			"deny no-new-privs process.noNewPrivileges"},
		{"{'uid': 568, 'gid': 568}", "false", "[]", ""},
		{"{'uid': 568, 'gid': 568}", "true", "['CAP_SYS_ADMIN']", ""},
		{"{'uid': 0, 'gid': 0}", "true", "[]", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "process.user", cases[i].user);
		world_set(&world, "process.noNewPrivileges", cases[i].no_new_privs);
		world_set(&world, "process.capabilities.ambient", cases[i].ambient);
		world_expect(&world, check_privilege, cases[i].ambient, cases[i].summary);
	}
}

static void a_user_namespace_makes_mounts_private(void **state)
{
	static const char finding[] = "deny userns-private-mounts linux.namespaces";

	CHECK_CHANGES({"linux.namespaces", "[{'type': 'mount'}, {'type': 'user'}]", finding},
		{"linux.uidMappings", "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]",
			finding},
		{"linux.uidMappings", "[]", ""});
}

#define PROFILE(rules) "{'defaultAction': 'SCMP_ACT_ERRNO', 'syscalls': [" rules "]}"
#define ALLOW(names) "{'names': [" names "], 'action': 'SCMP_ACT_ALLOW'}"

static void the_seccomp_profile_must_let_mount_and_umount_through(void **state)
{
	static const char denied[] = "deny seccomp-blocks-mount linux.seccomp";
	static const char warned[] = "warn seccomp-blocks-mount linux.seccomp";

	CHECK_CHANGES({"linux.seccomp", NULL, ""}, {"linux.seccomp", PROFILE(""), denied},
		{"linux.seccomp", PROFILE(ALLOW("'mount', 'umount2', 'fsopen', 'move_mount'")), ""},
		{"linux.seccomp", PROFILE(ALLOW("'mount', 'fsopen', 'move_mount'")), denied},
		{"linux.seccomp", PROFILE(ALLOW("'umount2', 'fsopen', 'move_mount'")), denied},
		{"linux.seccomp", "{'defaultAction': 'SCMP_ACT_ALLOW'}", ""},
		{"linux.seccomp",
			"{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['mount'],"
			" 'action': 'SCMP_ACT_ERRNO'}]}",
			denied},
		/* under conditions, and by the newer calls only */
		{"linux.seccomp",
			PROFILE("{'names': ['mount'], 'action': 'SCMP_ACT_ALLOW',"
				" 'args': [{'index': 3, 'value': 4096, 'op': "
				"'SCMP_CMP_EQ'}]}, " ALLOW("'umount2'")),
			warned},
		{"linux.seccomp", PROFILE(ALLOW("'mount', 'umount2', 'fsopen'")), warned},
		{"linux.seccomp", PROFILE(ALLOW("'mount', 'umount2', 'move_mount'")), warned});
}

static void the_finding_names_the_call(void **state)
{
	cleanup_findings struct findings findings = {0};
	cleanup_targets struct targets targets = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "linux.seccomp", PROFILE(ALLOW("'mount', 'fsopen', 'move_mount'")));
	assert_int_equal(targets_resolve(world_facts(&world), &targets), 0);
	assert_int_equal(check_privilege(&world.facts, &targets, &findings), 0);
	assert_non_null(strstr(findings.items[0].message, "umount2"));
}

static void security_modules_count_unless_they_are_known_to_be_off(void **state)
{
	static const struct {
		const char *profile, *label;
		enum known apparmor, selinux;
		const char *summary;
	} cases[] = {
		{"'crio-default'", "null", KNOWN_YES, KNOWN_YES,
			"deny apparmor-blocks-mount process.apparmorProfile"},
		{"'crio-default'", "null", KNOWN_NOT, KNOWN_YES,
			"deny apparmor-blocks-mount process.apparmorProfile"},
		{"'crio-default'", "null", KNOWN_NO, KNOWN_YES, ""},
		{"'unconfined'", "null", KNOWN_YES, KNOWN_YES, ""},
		{"null", "'system_u:system_r:container_t:s0:c1,c2'", KNOWN_YES, KNOWN_YES,
			"warn selinux-confined process.selinuxLabel"},
		{"null", "'system_u:system_r:container_t:s0:c1,c2'", KNOWN_YES, KNOWN_NOT,
			"warn selinux-confined process.selinuxLabel"},
		{"null", "'system_u:system_r:container_t:s0:c1,c2'", KNOWN_YES, KNOWN_NO, ""},
		{"null", "'system_u:system_r:spc_t:s0'", KNOWN_YES, KNOWN_YES, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "process.apparmorProfile", cases[i].profile);
		world_set(&world, "process.selinuxLabel", cases[i].label);
		world.facts.apparmor = cases[i].apparmor;
		world.facts.selinux = cases[i].selinux;
		world_expect(&world, check_privilege, cases[i].profile, cases[i].summary);
	}
}

/* A profile of the administrator's own: whether it is in force is known, what its rules are is not.
 */
static void an_own_profile_is_said_to_be_unknown(void **state)
{
	static const struct {
		const char *profile;
		enum known apparmor;
		enum apparmor_mode mode;
		const char *summary;
	} cases[] = {
		{"'my-rclone'", KNOWN_YES, APPARMOR_ENFORCES,
			"warn apparmor-blocks-mount process.apparmorProfile"},
		{"'my-rclone'", KNOWN_YES, APPARMOR_NOT_KNOWN,
			"warn apparmor-blocks-mount process.apparmorProfile"},
		{"'my-rclone'", KNOWN_YES, APPARMOR_LETS, ""},
		{"'my-rclone'", KNOWN_YES, APPARMOR_NOT_LOADED, ""},
		{"'my-rclone'", KNOWN_NO, APPARMOR_NOT_KNOWN, ""},
		{"'my-rclone'", KNOWN_NOT, APPARMOR_NOT_KNOWN, ""},
		{"'crio-default'", KNOWN_YES, APPARMOR_ENFORCES,
			"deny apparmor-blocks-mount process.apparmorProfile"},
		{"'crio-default'", KNOWN_YES, APPARMOR_LETS, ""},
		{"'crio-default'", KNOWN_YES, APPARMOR_NOT_LOADED,
			"deny apparmor-blocks-mount process.apparmorProfile"},
		{"'unconfined'", KNOWN_YES, APPARMOR_ENFORCES, ""},
		{"''", KNOWN_YES, APPARMOR_ENFORCES, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_world struct world world;

		world_begin(&world);
		world_provider(&world);
		world_set(&world, "process.apparmorProfile", cases[i].profile);
		world.facts.apparmor = cases[i].apparmor;
		world.facts.apparmor_mode = cases[i].mode;
		world_expect(&world, check_privilege, cases[i].profile, cases[i].summary);
	}
}

static void a_consumer_needs_no_privilege(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_set(&world, "linux.seccomp", PROFILE(""));
	world_set(&world, "process.noNewPrivileges", "true");
	world_set(&world, "process.apparmorProfile", "'crio-default'");
	world_expect(&world, check_privilege, "consumer", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_privileged_provider_may_mount),
		cmocka_unit_test(the_effective_set_must_have_sys_admin),
		cmocka_unit_test(who_is_not_root_needs_fusermount_to_become_root),
		cmocka_unit_test(a_user_namespace_makes_mounts_private),
		cmocka_unit_test(the_seccomp_profile_must_let_mount_and_umount_through),
		cmocka_unit_test(the_finding_names_the_call),
		cmocka_unit_test(security_modules_count_unless_they_are_known_to_be_off),
		cmocka_unit_test(an_own_profile_is_said_to_be_unknown),
		cmocka_unit_test(a_consumer_needs_no_privilege),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
