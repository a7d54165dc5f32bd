/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/spec/spec.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"
#include "tests/support/read_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* A config.json with `mounts`, `process` and `linux` as given. */
#define CONFIG(mounts, process, linux_)                                                            \
	"{\"root\":{\"path\":\"/r\"},\"mounts\":[" mounts "],\"process\":{" process                \
	"},\"linux\":{" linux_ "}}"
#define MOUNT(rest) CONFIG("{\"destination\":\"/m\"" rest "}", "", "")
#define PROCESS(rest) CONFIG("", rest, "")
#define LINUX(rest) CONFIG("", "", rest)
#define RESOURCES(rest) LINUX("\"resources\":{" rest "}")

static int parse(const char *text, struct spec *ret, struct error *err)
{
	return spec_parse(text, strlen(text), ret, err);
}

static void parse_good(const char *text, struct spec *ret)
{
	cleanup_error struct error err = {0};

	if (parse(text, ret, &err) < 0)
		fail_msg("%s: %s", text, error_message(&err));
}

static void assert_refused(const char *text, const char *message)
{
	struct spec untouched = {.uid = 77};
	cleanup_error struct error err = {0};

	if (parse(text, &untouched, &err) != -EINVAL)
		fail_msg("accepted: %s", text);
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
	assert_int_equal(untouched.uid, 77);
	assert_non_null(err.fix);
	if (!strstr(err.message, message))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, err.message, message);
}

static void the_smallest_config_parses_to_nothing(void **state)
{
	cleanup_spec struct spec spec = {0};

	(void)state;
	parse_good("{\"root\":{\"path\":\"rootfs\"},\"process\":{},\"linux\":{}}", &spec);
	assert_string_equal(spec.root_path, "rootfs");
	assert_false(spec.root_readonly || spec.no_new_privileges || spec.has_capabilities);
	assert_false(spec.has_memory_limit || spec.has_cpu_limit || spec.seccomp.present);
	assert_false(spec.user_namespace || spec.mount_namespace);
	assert_int_equal(spec.n_mounts + spec.n_devices + spec.n_device_rules + spec.args.n, 0);
	assert_int_equal(spec.rootfs_propagation, PROPAGATION_UNSET);
	assert_null(spec.apparmor_profile);
	assert_null(spec.selinux_label);
}

static void the_process_is_read(void **state)
{
	cleanup_spec struct spec spec = {0};

	(void)state;
	parse_good(PROCESS("\"args\":[\"rclone\",\"mount\"],\"env\":[\"A=b\"],\"noNewPrivileges\":"
			   "true,\"user\":{\"uid\":1000,\"gid\":4294967294},\"apparmorProfile\":"
			   "\"crio-default\",\"selinuxLabel\":\"u:r:container_t:s0\","
			   "\"capabilities\":{\"effective\":[\"CAP_A\"],\"bounding\":[\"CAP_B\","
			   "\"CAP_C\"],\"ambient\":[\"CAP_D\"],\"permitted\":[\"CAP_E\"]}"),
		&spec);
	assert_string_equal(spec.args.items[1], "mount");
	assert_string_equal(spec.env.items[0], "A=b");
	assert_int_equal(spec.uid, 1000);
	assert_int_equal(spec.gid, 4294967294);
	assert_true(spec.no_new_privileges && spec.has_capabilities);
	assert_true(strv_contains(&spec.cap_effective, "CAP_A") && spec.cap_effective.n == 1);
	assert_int_equal(spec.cap_bounding.n, 2);
	assert_true(strv_contains(&spec.cap_ambient, "CAP_D"));
	assert_string_equal(spec.apparmor_profile, "crio-default");
	assert_string_equal(spec.selinux_label, "u:r:container_t:s0");
}

static void mount_options_are_read_in_order(void **state)
{
	static const struct {
		const char *options;
		bool bind, recursive, readonly;
		enum propagation propagation;
		bool propagation_recursive;
	} cases[] = {
		{"", false, false, false, PROPAGATION_UNSET, false},
		{"\"bind\"", true, false, false, PROPAGATION_UNSET, false},
		{"\"rbind\",\"ro\"", true, true, true, PROPAGATION_UNSET, false},
		{"\"ro\",\"rw\"", false, false, false, PROPAGATION_UNSET, false},
		{"\"rw\",\"ro\"", false, false, true, PROPAGATION_UNSET, false},
		{"\"rro\"", false, false, true, PROPAGATION_UNSET, false},
		{"\"rro\",\"rrw\"", false, false, false, PROPAGATION_UNSET, false},
		{"\"rshared\"", false, false, false, PROPAGATION_SHARED, true},
		{"\"shared\"", false, false, false, PROPAGATION_SHARED, false},
		{"\"rslave\"", false, false, false, PROPAGATION_SLAVE, true},
		{"\"slave\"", false, false, false, PROPAGATION_SLAVE, false},
		{"\"rprivate\"", false, false, false, PROPAGATION_PRIVATE, true},
		{"\"private\"", false, false, false, PROPAGATION_PRIVATE, false},
		{"\"runbindable\"", false, false, false, PROPAGATION_UNBINDABLE, true},
		{"\"unbindable\"", false, false, false, PROPAGATION_UNBINDABLE, false},
		{"\"rshared\",\"slave\"", false, false, false, PROPAGATION_SLAVE, false},
		{"\"nosuid\",\"mode=755\",\"sharedx\",\"RO\"", false, false, false,
			PROPAGATION_UNSET, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_spec struct spec spec = {0};
		cleanup_free char *text = NULL;
		const struct spec_mount *mount;

		assert_true(asprintf(&text, MOUNT(",\"options\":[%s]"), cases[i].options) > 0);
		parse_good(text, &spec);
		mount = &spec.mounts[0];
		assert_int_equal(mount->bind, cases[i].bind);
		assert_int_equal(mount->recursive, cases[i].recursive);
		assert_int_equal(mount->readonly, cases[i].readonly);
		assert_int_equal(mount->propagation, cases[i].propagation);
		assert_int_equal(mount->propagation_recursive, cases[i].propagation_recursive);
	}
}

static void mounts_may_lack_source_and_type(void **state)
{
	cleanup_spec struct spec spec = {0};

	(void)state;
	parse_good(CONFIG("{\"destination\":\"/a//b/\"},{\"destination\":\"/c\",\"type\":\"bind\","
			  "\"source\":\"/src\",\"options\":null}",
			   "", ""),
		&spec);
	assert_int_equal(spec.n_mounts, 2);
	assert_string_equal(spec.mounts[0].destination, "/a/b");
	assert_null(spec.mounts[0].source);
	assert_null(spec.mounts[0].type);
	assert_false(spec.mounts[0].bind);
	assert_true(spec.mounts[1].bind);
	assert_string_equal(spec.mounts[1].source, "/src");
}

static void device_rules_default_to_any(void **state)
{
	cleanup_spec struct spec spec = {0};
	const struct spec_device_rule *rules;

	(void)state;
	parse_good(RESOURCES("\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"\","
			     "\"access\":\"\",\"major\":null},{\"allow\":true,\"type\":\"b\","
			     "\"major\":8,\"minor\":-1,\"access\":\"mr\"}]"),
		&spec);
	assert_int_equal(spec.n_device_rules, 3);
	rules = spec.device_rules;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rules[i].allow, i == 1);
		assert_int_equal(rules[i].type, 'a');
		assert_true(rules[i].major == -1 && rules[i].minor == -1);
		assert_int_equal(rules[i].access, DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD);
	}
	assert_true(rules[2].type == 'b' && rules[2].major == 8 && rules[2].minor == -1);
	assert_int_equal(rules[2].access, DEVICE_READ | DEVICE_MKNOD);
}

static void devices_are_read(void **state)
{
	cleanup_spec struct spec spec = {0};

	(void)state;
	parse_good(LINUX("\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,"
			 "\"minor\":229},{\"path\":\"/dev/p\",\"type\":\"p\"}]"),
		&spec);
	assert_int_equal(spec.n_devices, 2);
	assert_string_equal(spec.devices[0].path, "/dev/fuse");
	assert_true(spec.devices[0].type == 'c' && spec.devices[0].major == 10 &&
		    spec.devices[0].minor == 229);
	assert_int_equal(spec.devices[1].type, 'p');
}

static void namespaces_and_mappings_tell_a_user_namespace(void **state)
{
	static const struct {
		const char *text;
		bool user, mount;
	} cases[] = {
		{LINUX("\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\",\"path\":\"/x\"}]"),
			false, true},
		{LINUX("\"namespaces\":[{\"type\":\"user\"}]"), true, false},
		{LINUX("\"uidMappings\":[{\"containerID\":0}]"), true, false},
		{LINUX("\"uidMappings\":[],\"namespaces\":[]"), false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_spec struct spec spec = {0};

		parse_good(cases[i].text, &spec);
		assert_int_equal(spec.user_namespace, cases[i].user);
		assert_int_equal(spec.mount_namespace, cases[i].mount);
	}
}

static void rootfs_propagation_is_read(void **state)
{
	static const struct {
		const char *text;
		enum propagation propagation;
	} cases[] = {
		{LINUX("\"rootfsPropagation\":\"rslave\""), PROPAGATION_SLAVE},
		{LINUX("\"rootfsPropagation\":\"shared\""), PROPAGATION_SHARED},
		{LINUX("\"rootfsPropagation\":\"private\""), PROPAGATION_PRIVATE},
		{LINUX("\"rootfsPropagation\":\"unbindable\""), PROPAGATION_UNBINDABLE},
		{LINUX("\"rootfsPropagation\":\"\""), PROPAGATION_UNSET},
		{LINUX(""), PROPAGATION_UNSET},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_spec struct spec spec = {0};

		parse_good(cases[i].text, &spec);
		assert_int_equal(spec.rootfs_propagation, cases[i].propagation);
	}
}

static void limits_come_from_v1_names_or_unified(void **state)
{
	static const struct {
		const char *text;
		bool has_memory;
		int64_t memory;
		bool has_cpu;
		int64_t quota, period;
	} cases[] = {
		{RESOURCES("\"memory\":{\"limit\":5},\"cpu\":{\"quota\":6,\"period\":7}"), true, 5,
			true, 6, 7},
		{RESOURCES("\"memory\":{\"limit\":-1},\"cpu\":{\"quota\":-1,\"period\":7}"), false,
			0, false, 0, 7},
		{RESOURCES("\"cpu\":{\"quota\":6,\"period\":-7}"), false, 0, true, 6, 0},
		{RESOURCES("\"memory\":{\"limit\":0},\"cpu\":{\"quota\":0}"), false, 0, false, 0,
			0},
		{RESOURCES("\"memory\":{},\"cpu\":{\"shares\":2}"), false, 0, false, 0, 0},
		{RESOURCES("\"unified\":{\"memory.max\":\"1024\",\"cpu.max\":\"50 100\"}"), true,
			1024, true, 50, 100},
		{RESOURCES("\"unified\":{\"memory.max\":\"1G\",\"cpu.max\":\"50\"}"), true, 0, true,
			50, 0},
		{RESOURCES("\"unified\":{\"memory.max\":\"max\",\"cpu.max\":\"max 100\"}"), false,
			0, false, 0, 100},
		{RESOURCES("\"unified\":{\"memory.max\":\"max\"},\"memory\":{\"limit\":5}"), false,
			0, false, 0, 0},
		{RESOURCES("\"unified\":{\"memory.high\":\"5\"},\"memory\":{\"limit\":9}"), true, 9,
			false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_spec struct spec spec = {0};

		parse_good(cases[i].text, &spec);
		assert_int_equal(spec.has_memory_limit, cases[i].has_memory);
		assert_true(spec.memory_limit == cases[i].memory);
		assert_int_equal(spec.has_cpu_limit, cases[i].has_cpu);
		assert_true(spec.cpu_quota == cases[i].quota);
		assert_true(spec.cpu_period == cases[i].period);
	}
}

static void seccomp_keeps_names_actions_and_counts_conditions(void **state)
{
	cleanup_spec struct spec spec = {0};

	(void)state;
	parse_good(LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":"
			 "[\"SCMP_ARCH_X86_64\"],\"syscalls\":[{\"names\":[\"mount\",\"umount2\"],"
			 "\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"clone\"],\"action\":"
			 "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0},{\"index\":1}]}]}"),
		&spec);
	assert_true(spec.seccomp.present);
	assert_string_equal(spec.seccomp.default_action, "SCMP_ACT_ERRNO");
	assert_string_equal(spec.seccomp.architectures.items[0], "SCMP_ARCH_X86_64");
	assert_int_equal(spec.seccomp.n_rules, 2);
	assert_string_equal(spec.seccomp.rules[0].names.items[1], "umount2");
	assert_string_equal(spec.seccomp.rules[0].action, "SCMP_ACT_ALLOW");
	assert_int_equal(spec.seccomp.rules[0].n_args, 0);
	assert_int_equal(spec.seccomp.rules[1].n_args, 2);
}

static const struct {
	const char *text, *message;
} broken[] = {
	{"{}", "root: "},
	{"{\"root\":{\"path\":\"/r\"},\"linux\":{}}", "process: "},
	{"{\"root\":{\"path\":\"/r\"},\"process\":{}}", "linux: "},
	{"{\"root\":{},\"process\":{},\"linux\":{}}", "root.path: "},
	{"{\"root\":{\"path\":\"\"},\"process\":{},\"linux\":{}}", "root.path: "},
	{"{\"root\":{\"path\":\"/\",\"readonly\":1},\"process\":{},\"linux\":{}}",
		"root.readonly: "},
	{"{\"root\":[],\"process\":{},\"linux\":{}}", "root: "},
	{PROCESS("\"args\":\"x\""), "process.args: "},
	{PROCESS("\"args\":[\"x\",1]"), "process.args[1]: "},
	{PROCESS("\"env\":[null]"), "process.env[0]: "},
	{PROCESS("\"user\":[]"), "process.user: "},
	{PROCESS("\"user\":{\"uid\":-1}"), "process.user.uid: -1"},
	{PROCESS("\"user\":{\"uid\":4294967295}"), "process.user.uid: 4294967295"},
	{PROCESS("\"user\":{\"gid\":\"0\"}"), "process.user.gid: "},
	{PROCESS("\"noNewPrivileges\":\"no\""), "process.noNewPrivileges: "},
	{PROCESS("\"apparmorProfile\":1"), "process.apparmorProfile: "},
	{PROCESS("\"selinuxLabel\":1"), "process.selinuxLabel: "},
	{PROCESS("\"capabilities\":[]"), "process.capabilities: "},
	{PROCESS("\"capabilities\":{\"effective\":1}"), "process.capabilities.effective: "},
	{PROCESS("\"capabilities\":{\"bounding\":1}"), "process.capabilities.bounding: "},
	{PROCESS("\"capabilities\":{\"ambient\":[1]}"), "process.capabilities.ambient[0]: "},
	{CONFIG("7", "", ""), "mounts[0]: "},
	{CONFIG("{\"destination\":\"/a\"},{}", "", ""), "mounts[1].destination: "},
	{CONFIG("{\"destination\":\"a\"}", "", ""), "mounts[0].destination: \"a\""},
	{CONFIG("{\"destination\":\"\"}", "", ""), "mounts[0].destination: \"\""},
	{MOUNT(",\"source\":1"), "mounts[0].source: "},
	{MOUNT(",\"type\":1"), "mounts[0].type: "},
	{MOUNT(",\"options\":\"ro\""), "mounts[0].options: "},
	{MOUNT(",\"options\":[1]"), "mounts[0].options[0]: "},
	{LINUX("\"devices\":[{}]"), "linux.devices[0].path: "},
	{LINUX("\"devices\":[{\"path\":\"/d\"}]"), "linux.devices[0].type: "},
	{LINUX("\"devices\":[{\"path\":\"/d\",\"type\":\"x\"}]"), "linux.devices[0].type: \"x\""},
	{LINUX("\"devices\":[{\"path\":\"/d\",\"type\":\"\"}]"), "linux.devices[0].type: \"\""},
	{LINUX("\"devices\":[{\"path\":\"/d\",\"type\":\"c\"}]"), "devices[0].major: "},
	{LINUX("\"devices\":[{\"path\":\"/d\",\"type\":\"c\",\"major\":1}]"), "devices[0].minor: "},
	{LINUX("\"namespaces\":[{}]"), "linux.namespaces[0].type: "},
	{LINUX("\"uidMappings\":{}"), "linux.uidMappings: "},
	{LINUX("\"rootfsPropagation\":\"rslav\""), "linux.rootfsPropagation: \"rslav\""},
	{LINUX("\"rootfsPropagation\":1"), "linux.rootfsPropagation: "},
	{LINUX("\"resources\":1"), "linux.resources: "},
	{RESOURCES("\"devices\":[{}]"), "linux.resources.devices[0].allow: "},
	{RESOURCES("\"devices\":[{\"allow\":1}]"), "devices[0].allow: "},
	{RESOURCES("\"devices\":[{\"allow\":true},{\"allow\":true},{\"allow\":true},"
		   "{\"allow\":true,\"major\":\"10\"}]"),
		"linux.resources.devices[3].major: "},
	{RESOURCES("\"devices\":[{\"allow\":true,\"minor\":1.0}]"), "devices[0].minor: "},
	{RESOURCES("\"devices\":[{\"allow\":true,\"type\":\"cb\"}]"), "devices[0].type: \"cb\""},
	{RESOURCES("\"devices\":[{\"allow\":true,\"type\":1}]"), "devices[0].type: "},
	{RESOURCES("\"devices\":[{\"allow\":true,\"access\":\"rx\"}]"),
		"devices[0].access: \"rx\""},
	{RESOURCES("\"devices\":[{\"allow\":true,\"access\":1}]"), "devices[0].access: "},
	{RESOURCES("\"memory\":1"), "linux.resources.memory: "},
	{RESOURCES("\"memory\":{\"limit\":\"1\"}"), "linux.resources.memory.limit: "},
	{RESOURCES("\"cpu\":1"), "linux.resources.cpu: "},
	{RESOURCES("\"cpu\":{\"quota\":\"1\"}"), "linux.resources.cpu.quota: "},
	{RESOURCES("\"cpu\":{\"period\":\"1\"}"), "linux.resources.cpu.period: "},
	{RESOURCES("\"unified\":1"), "linux.resources.unified: "},
	{RESOURCES("\"unified\":{\"memory.max\":1}"), "linux.resources.unified.memory.max: must"},
	{RESOURCES("\"unified\":{\"cpu.max\":1}"), "linux.resources.unified.cpu.max: "},
	{LINUX("\"seccomp\":1"), "linux.seccomp: "},
	{LINUX("\"seccomp\":{}"), "linux.seccomp.defaultAction: "},
	{LINUX("\"seccomp\":{\"defaultAction\":\"A\",\"architectures\":1}"), "architectures: must"},
	{LINUX("\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"action\":\"A\"}]}"),
		"linux.seccomp.syscalls[0].names: "},
	{LINUX("\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[]}]}"),
		"linux.seccomp.syscalls[0].action: "},
	{LINUX("\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[],\"action\":\"A\","
	       "\"args\":1}]}"),
		"linux.seccomp.syscalls[0].args: "},
	{"{\"root\":{\"path\":\"/r\"},\"process\":{},\"linux\":{},\"annotations\":{\"a\":1}}",
		"annotations.a: "},
	{"{\"root\":{\"path\":\"/r\"},\"process\":{},\"linux\":{}} 1", "(byte 48)"},
};

static void broken_members_are_refused_by_their_dotted_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		assert_refused(broken[i].text, broken[i].message);
}

/* A config.json of exactly `size` bytes. */
static char *sized_config(size_t size)
{
	static const char head[] =
		"{\"root\":{\"path\":\"/r\"},\"process\":{},\"linux\":{},\"annotations\":{\"a\":\"";
	static const char tail[] = "\"}}";

	return fixture_repeat(head, "x", size - strlen(head) - strlen(tail), tail);
}

static int read_text(const char *text, size_t size, struct spec *ret, struct error *err)
{
	cleanup_close int fd = memfd_create("config", MFD_CLOEXEC);
	cleanup_free char *path = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	assert_true(asprintf(&path, "/proc/self/fd/%d", fd) > 0);
	return spec_read(AT_FDCWD, path, ret, err);
}

static void a_config_may_have_16_mebibytes_and_no_more(void **state)
{
	cleanup_free char *largest = sized_config(SPEC_MAX_SIZE);
	cleanup_free char *larger = sized_config(SPEC_MAX_SIZE + 1);
	cleanup_spec struct spec parsed = {0}, read = {0};
	cleanup_error struct error err = {0};
	struct spec untouched = {0};

	(void)state;
	assert_int_equal(strlen(largest), 16 * 1024 * 1024);
	assert_int_equal(parse(largest, &parsed, &err), 0);
	assert_int_equal(read_text(largest, SPEC_MAX_SIZE, &read, &err), 0);
	assert_int_equal(parse(larger, &untouched, &err), -EFBIG);
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
	assert_int_equal(read_text(larger, SPEC_MAX_SIZE + 1, &untouched, &err), -EFBIG);
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
	assert_null(untouched.root_path);
}

static void a_bundles_config_is_read(void **state)
{
	cleanup_free char *bundle = fixture_path("fixtures/crio/crio-1.33-crun/seed/rclone-zurg");
	cleanup_spec struct spec spec = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(spec_read_bundle(bundle, &spec, &err), 0);
	assert_int_equal(spec.n_mounts, 12);
}

static void a_missing_bundle_or_config_names_the_directory(void **state)
{
	cleanup_free char *empty = fixture_path("fixtures");
	cleanup_error struct error err = {0};
	struct spec untouched = {0};

	(void)state;
	assert_int_equal(spec_read_bundle("/no/such/bundle", &untouched, &err), -ENOENT);
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
	assert_non_null(strstr(err.message, "/no/such/bundle"));
	assert_int_equal(spec_read_bundle(empty, &untouched, &err), -ENOENT);
	assert_int_equal(err.code, FINDING_CONFIG_INVALID);
	assert_non_null(strstr(err.message, empty));
	assert_non_null(strstr(err.message, "config.json: cannot be read"));
	assert_int_equal(spec_read(AT_FDCWD, "/proc", &untouched, &err), -EINVAL);
	assert_non_null(strstr(err.message, "not a regular file"));
}

static void a_dash_reads_standard_input(void **state)
{
	cleanup_close int saved = dup(STDIN_FILENO);
	cleanup_free char *path =
		fixture_path("fixtures/crio/crio-1.26-runc/seed/plex/config.json");
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_spec struct spec spec = {0};
	struct error err = {0};
	int r;

	(void)state;
	assert_true(saved >= 0 && fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	r = spec_read(AT_FDCWD, "-", &spec, &err);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(r, 0);
	assert_int_equal(spec.uid, 1000);
}

static void propagations_have_names(void **state)
{
	(void)state;
	assert_string_equal(propagation_name(PROPAGATION_PRIVATE), "private");
	assert_string_equal(propagation_name(PROPAGATION_SLAVE), "slave");
	assert_string_equal(propagation_name(PROPAGATION_SHARED), "shared");
	assert_string_equal(propagation_name(PROPAGATION_UNBINDABLE), "unbindable");
	assert_string_equal(propagation_name(PROPAGATION_UNSET), "unset");
}

static void clear_accepts_null_and_twice(void **state)
{
	struct spec spec = {0};

	(void)state;
	spec_clear(NULL);
	parse_good(MOUNT(""), &spec);
	spec_clear(&spec);
	spec_clear(&spec);
	assert_null(spec.mounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_config_parses_to_nothing),
		cmocka_unit_test(the_process_is_read),
		cmocka_unit_test(mount_options_are_read_in_order),
		cmocka_unit_test(mounts_may_lack_source_and_type),
		cmocka_unit_test(device_rules_default_to_any),
		cmocka_unit_test(devices_are_read),
		cmocka_unit_test(namespaces_and_mappings_tell_a_user_namespace),
		cmocka_unit_test(rootfs_propagation_is_read),
		cmocka_unit_test(limits_come_from_v1_names_or_unified),
		cmocka_unit_test(seccomp_keeps_names_actions_and_counts_conditions),
		cmocka_unit_test(broken_members_are_refused_by_their_dotted_key),
		cmocka_unit_test(a_config_may_have_16_mebibytes_and_no_more),
		cmocka_unit_test(a_bundles_config_is_read),
		cmocka_unit_test(a_missing_bundle_or_config_names_the_directory),
		cmocka_unit_test(a_dash_reads_standard_input),
		cmocka_unit_test(propagations_have_names),
		cmocka_unit_test(clear_accepts_null_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
