/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cmd/commands.h"

#include "hook/record/policy_file.h"
#include "hook/record/record.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_container.h"
#include "tests/support/fixture.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/mount.h>

#define CRIO "fixtures/crio/"
#define CASES CRIO "crio-1.33-crun/"
#define BUNDLE NS_SANDBOX_DIR "/bundle"
#define ROOTFS BUNDLE "/rootfs"
#define VOLUME "/var/lib/kubelet/pods/6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11/volumes/media"
#define POD_UID "6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11"
#define CONTAINER_ID "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

/* A consumer of the pod "media/plex-0", with one mount of VOLUME; root.path and propagation vary.
 */
#define ANNOTATIONS                                                                                \
	"\"annotations\": {\"fuse-sidecar.io/mounts\": \"rclone-zurg=/mnt/media/zurg\","           \
	"\"io.kubernetes.pod.name\": \"plex-0\", \"io.kubernetes.pod.namespace\": \"media\","      \
	"\"io.kubernetes.pod.uid\": \"" POD_UID "\","                                              \
	"\"io.kubernetes.container.name\": \"plex\"}"
#define CONFIG                                                                                     \
	"{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"rootfs\"},"                            \
	"\"process\": {\"args\": [\"plex\"], \"cwd\": \"/\"},"                                     \
	"\"mounts\": [{\"destination\": \"/mnt/media\", \"type\": \"bind\","                       \
	"\"source\": \"" VOLUME "\", \"options\": [\"rbind\", \"rslave\"]}],"                      \
	"\"linux\": {\"rootfsPropagation\": \"rslave\", \"namespaces\": [{\"type\": \"mount\"}],"  \
	"\"resources\": {\"memory\": {\"limit\": 1073741824},"                                     \
	"\"cpu\": {\"quota\": 100000, \"period\": 100000}}}," ANNOTATIONS "}"

static int reset(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(ROOTFS) < 0 ||
		ns_sandbox_mkdirs(VOLUME "/zurg") < 0)
		return -1;
	return ns_sandbox_write(BUNDLE "/config.json", CONFIG, 0644);
}

static int run_check(void *data)
{
	return cmd_check(data);
}

/* Run with --json; what it printed, parsed. */
static struct json_object *check(struct options *options, int expected)
{
	cleanup_free char *output = NULL;
	struct json_object *root;

	options->stage = "check";
	options->json = true;
	assert_int_equal(child_capture(run_check, options, &output), expected);
	root = json_tokener_parse(output);
	assert_non_null(root);
	return root;
}

static const char *text_at(struct json_object *root, const char *pointer)
{
	struct json_object *found = NULL;

	return json_pointer_get(root, pointer, &found) == 0 ? json_object_get_string(found) : NULL;
}

static void assert_at(struct json_object *root, const char *pointer, const char *expected)
{
	const char *found = text_at(root, pointer);

	assert_non_null(found);
	assert_string_equal(found, expected);
}

static bool has_step(struct json_object *root, const char *action)
{
	struct json_object *plan = NULL;

	assert_int_equal(json_pointer_get(root, "/plan", &plan), 0);
	for (size_t i = 0; i < json_object_array_length(plan); i++) {
		if (strcmp(text_at(json_object_array_get_idx(plan, i), "/action"), action) == 0)
			return true;
	}
	return false;
}

static void captured_facts_are_allowed(const char *pod)
{
	static const char *const containers[] = {"rclone-zurg", "rclone-torbox", "plex"};

	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		char name[128];
		cleanup_free char *config = NULL, *oci_state = NULL, *host = NULL, *inside = NULL;
		cleanup_json struct json_object *root = NULL;

		snprintf(name, sizeof(name), CRIO "%s/%s/config.json", pod, containers[i]);
		config = fixture_path(name);
		snprintf(name, sizeof(name), CRIO "%s/%s/state.prestart.json", pod, containers[i]);
		oci_state = fixture_path(name);
		snprintf(name, sizeof(name), CRIO "%s/%s/host.mountinfo", pod, containers[i]);
		host = fixture_path(name);
		snprintf(name, sizeof(name), CRIO "%s/%s/container.mountinfo", pod, containers[i]);
		inside = fixture_path(name);
		root = check(&(struct options){.config_path = config,
				     .state_path = oci_state,
				     .host_mountinfo = host,
				     .container_mountinfo = inside},
			EXIT_DONE);
		assert_at(root, "/container", containers[i]);
		assert_at(root, "/exit", "0");
		assert_string_not_equal(text_at(root, "/verdict"), "deny");
	}
}

static void captured_facts_of_good_pods_are_allowed(void **state)
{
	(void)state;
	captured_facts_are_allowed("crio-1.33-crun/seed");
	captured_facts_are_allowed("crio-1.33-runc/seed");
	captured_facts_are_allowed("crio-1.26-runc/seed");
	captured_facts_are_allowed("crio-1.36-crun/kubelet-1.36");
	captured_facts_are_allowed("crio-1.36-runc/kubelet-1.36");
}

static void a_denial_exits_as_the_hook_would(void **state)
{
	cleanup_free char *config = fixture_path(CASES "mistakes/plex/config.json");
	cleanup_json struct json_object *root =
		check(&(struct options){.config_path = config}, EXIT_PROPAGATION);

	(void)state;
	assert_at(root, "/schema", "fuse-sidecar.io/check/v1");
	assert_at(root, "/role", "consumer");
	assert_at(root, "/verdict", "deny");
	assert_at(root, "/exit", "13");
	assert_at(root, "/findings/0/code", "consumer-no-propagation");
}

static void in_mode_audit_a_denial_exits_as_the_hook_would_too(void **state)
{
	cleanup_free char *config = fixture_path(CASES "mistakes/plex/config.json");
	cleanup_json struct json_object *root = NULL;

	(void)state;
	assert_int_equal(ns_sandbox_write(POLICY_FILE, "{\"mode\": \"audit\"}", 0644), 0);
	root = check(&(struct options){.config_path = config}, EXIT_DONE);
	assert_at(root, "/verdict", "deny");
	assert_at(root, "/exit", "0");
}

static void a_broken_policy_is_the_finding(void **state)
{
	cleanup_json struct json_object *root = NULL;

	(void)state;
	assert_int_equal(ns_sandbox_write(POLICY_FILE, "{\"moed\": 1}", 0644), 0);
	root = check(&(struct options){.config_path = BUNDLE "/config.json"}, EXIT_NODE_CONFIG);
	assert_at(root, "/findings/0/code", "policy-invalid");
}

static void input_that_cannot_be_read_is_a_finding(void **state)
{
	static const struct {
		const char *config, *state_path;
		const char *code;
	} cases[] = {
		{"/missing", NULL, "config-invalid"},
		{BUNDLE "/config.json", "/missing", "state-invalid"},
		{BUNDLE "/config.json", BUNDLE "/config.json", "state-invalid"},
		{"/dev/null", NULL, "config-invalid"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options options = {
			.config_path = cases[i].config, .state_path = cases[i].state_path};
		cleanup_json struct json_object *root = check(&options, EXIT_INPUT);

		assert_at(root, "/verdict", "deny");
		assert_at(root, "/findings/0/code", cases[i].code);
		assert_int_equal(has_step(root, "record"), false);
	}
}

static void a_pod_without_the_annotation_is_inactive(void **state)
{
	cleanup_json struct json_object *root = NULL;

	(void)state;
	assert_int_equal(
		ns_sandbox_write(NS_SANDBOX_DIR "/plain.json",
			"{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"rootfs\"},"
			"\"process\": {\"args\": [\"sh\"], \"cwd\": \"/\"}, \"linux\": {}}",
			0644),
		0);
	root = check(&(struct options){.config_path = NS_SANDBOX_DIR "/plain.json"}, EXIT_DONE);
	assert_at(root, "/role", "inactive");
	assert_at(root, "/verdict", "allow");
}

static void without_captured_facts_this_nodes_mounts_are_judged(void **state)
{
	struct options options = {.config_path = BUNDLE "/config.json"};
	cleanup_json struct json_object *private = NULL, *shared = NULL;

	(void)state;
	private = check(&options, EXIT_DONE);
	assert_true(has_step(private, "bind-shared"));
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	shared = check(&options, EXIT_DONE);
	assert_false(has_step(shared, "bind-shared"));
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
}

static void nothing_is_changed(void **state)
{
	cleanup_free char *before = ns_sandbox_read("/proc/self/mountinfo"), *after = NULL;
	cleanup_json struct json_object *root =
		check(&(struct options){.config_path = BUNDLE "/config.json"}, EXIT_DONE);

	(void)state;
	assert_at(root, "/role", "consumer");
	after = ns_sandbox_read("/proc/self/mountinfo");
	assert_string_equal(before, after);
	assert_int_equal(access(RUNTIME_DIR, F_OK), -1);
}

static void standard_input_is_a_config_too(void **state)
{
	cleanup_close int saved = dup(STDIN_FILENO), config = -EBADF;
	cleanup_json struct json_object *root = NULL;

	(void)state;
	config = open(BUNDLE "/config.json", O_RDONLY | O_CLOEXEC);
	assert_true(config >= 0 && dup2(config, STDIN_FILENO) == STDIN_FILENO);
	root = check(&(struct options){.config_path = "-"}, EXIT_DONE);
	assert_true(saved < 0 || dup2(saved, STDIN_FILENO) == STDIN_FILENO);
	assert_at(root, "/container", "plex");
}

static void write_state(pid_t pid)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"{\"ociVersion\": \"1.0\", \"id\": \"" CONTAINER_ID "\", \"pid\": %d,"
		"\"status\": \"created\", \"bundle\": \"" BUNDLE "\"," ANNOTATIONS "}",
		(int)pid);
	assert_int_equal(ns_sandbox_write(NS_SANDBOX_DIR "/state.json", text, 0644), 0);
}

/* The container's bind was made while VOLUME was private, and VOLUME is shared now. */
static void a_live_states_mount_table_is_judged(void **state)
{
	const struct fake_bind bind = {VOLUME, "/mnt/media", MS_SLAVE};
	struct options options = {
		.config_path = BUNDLE "/config.json",
		.state_path = NS_SANDBOX_DIR "/state.json",
	};
	struct fake_container container = {0};
	cleanup_json struct json_object *root = NULL;

	(void)state;
	assert_int_equal(fake_container_start(ROOTFS, &bind, 1, &container), 0);
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	write_state(container.pid);
	root = check(&options, EXIT_DONE);
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
	fake_container_stop(&container);
	assert_true(has_step(root, "replace-bind"));
}

static void the_pid_of_something_else_is_not_judged(void **state)
{
	struct options options = {
		.config_path = BUNDLE "/config.json",
		.state_path = NS_SANDBOX_DIR "/state.json",
	};
	cleanup_json struct json_object *root = NULL;

	(void)state;
	/* The test itself: its mount table has no container's root. */
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	write_state(getpid());
	root = check(&options, EXIT_DONE);
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
	assert_false(has_step(root, "replace-bind"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(captured_facts_of_good_pods_are_allowed),
		TEST(a_denial_exits_as_the_hook_would),
		TEST(in_mode_audit_a_denial_exits_as_the_hook_would_too),
		TEST(a_broken_policy_is_the_finding),
		TEST(input_that_cannot_be_read_is_a_finding),
		TEST(a_pod_without_the_annotation_is_inactive),
		TEST(without_captured_facts_this_nodes_mounts_are_judged),
		TEST(nothing_is_changed),
		TEST(standard_input_is_a_config_too),
		TEST(a_live_states_mount_table_is_judged),
		TEST(the_pid_of_something_else_is_not_judged),
	};
#undef TEST

	return cmocka_run_group_tests_name("check", tests, ns_sandbox_setup_group, NULL);
}
