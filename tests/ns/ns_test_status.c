/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cmd/commands.h"

#include "hook/output/status_tree.h"
#include "hook/record/record.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "oci/base/jsondoc.h"
#include "oci/spec/annotations.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include <signal.h>
#include <string.h>

#define UID_A "6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11"
#define UID_B "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define VOLUME NS_SANDBOX_DIR "/media"
#define ZURG VOLUME "/zurg"
#define TORBOX VOLUME "/torbox"

/* A copy that the topology owns. */
static char *own(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	return copy;
}

static void add_path(
	struct topology *topology, const char *provider, const char *path, const char *host_path)
{
	struct topology_path *added = topology_ensure_path(topology, path);

	assert_non_null(added);
	added->provider = own(provider);
	if (host_path) {
		added->host_path = own(host_path);
		added->volume = own(VOLUME);
	}
	added->state = PATH_LIVE; /* recorded; what is shown comes from the kernel */
}

static struct topology_container *add_container(
	struct topology *topology, const char *name, enum role role, pid_t pid)
{
	struct topology_container *added = topology_ensure_container(topology, name);

	assert_non_null(added);
	added->id = own("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
	added->role = role;
	added->pid = pid;
	added->instance = 1;
	if (process_start(pid, &added->pid_start_ticks) < 0)
		added->pid_start_ticks = 1;
	return added;
}

/* The Plex pod: zurg's provider runs, torbox's is gone, the main container runs. */
static struct topology make_pod(const char *uid, const char *name)
{
	struct topology topology = {
		.pod_name = own(name),
		.pod_namespace = own("media"),
		.pod_uid = own(uid),
		.updated_usec = 1,
	};
	struct topology_volume *volume = topology_ensure_volume(&topology, VOLUME);

	assert_non_null(volume);
	volume->fstype = own("ext4");
	volume->peer_group = 51;
	volume->shared_by_hook = true;
	add_path(&topology, "rclone-zurg", "/mnt/media/zurg", ZURG);
	add_path(&topology, "rclone-torbox", "/mnt/media/torbox", TORBOX);
	add_container(&topology, "rclone-zurg", ROLE_PROVIDER, getpid());
	add_container(&topology, "rclone-torbox", ROLE_PROVIDER, 0);
	add_container(&topology, "plex", ROLE_CONSUMER, getpid());
	assert_int_equal(topology_add_edge(&topology, "/mnt/media/zurg", "container/rclone-zurg",
				 "host", PROPAGATION_SHARED, true),
		0);
	assert_int_equal(topology_add_edge(&topology, "/mnt/media/zurg", "host", "container/plex",
				 PROPAGATION_SLAVE, true),
		0);
	return topology;
}

static void record(struct topology *topology)
{
	cleanup_close int runtime_fd = -EBADF;

	assert_int_equal(runtime_dir_open(true, &runtime_fd, NULL), 0);
	assert_int_equal(record_commit(runtime_fd, topology, NULL), 0);
}

static void record_pod(const char *uid, const char *name)
{
	cleanup_topology struct topology topology = make_pod(uid, name);

	record(&topology);
}

static int enter(void **state)
{
	setenv("TZ", "UTC", 1);
	return ns_sandbox_setup_group(state);
}

static int reset(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(ZURG) < 0)
		return -1;
	return ns_sandbox_mkdirs(TORBOX);
}

static int run_status(void *data)
{
	return cmd_status(data);
}

static char *status(const char *pod, bool json, int expected)
{
	struct options options = {.stage = "status", .pod = pod, .json = json};
	char *output = NULL;

	assert_int_equal(child_capture(run_status, &options, &output), expected);
	assert_non_null(output);
	return output;
}

static void a_node_without_records_says_so(void **state)
{
	cleanup_free char *output = status(NULL, false, EXIT_DONE);

	(void)state;
	assert_string_equal(output, "no pod is recorded on this node\n");
}

static void a_pod_is_shown_as_a_tree(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *output = NULL;
	char expected[1024];

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	record_pod(UID_A, "plex-0");
	output = status(NULL, false, EXIT_DONE);
	snprintf(expected, sizeof(expected),
		"media/plex-0 (" UID_A ")\n"
		"`- volume " VOLUME ": ext4, peer group 51, made shared by the hook\n"
		"   |- /mnt/media/zurg: live, fuse.rclone\n"
		"   |  |- provider rclone-zurg: pid %d, running, shared\n"
		"   |  `- consumer plex: pid %d, running, slave\n"
		"   `- /mnt/media/torbox: absent\n"
		"      `- provider rclone-torbox: not running\n",
		getpid(), getpid());
	assert_string_equal(output, expected);
}

static void the_tree_has_box_characters_where_they_are_wanted(void **state)
{
	cleanup_pod_now struct pod_now pod = {.topology = make_pod(UID_A, "plex-0")};
	struct mount_table empty = {0};
	cleanup_free char *output = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&output, &size);

	(void)state;
	assert_non_null(stream);
	assert_int_equal(pod_now_read(&pod, &empty, 0), 0);
	status_tree_print(stream, &pod, &(struct tree_look){.utf8 = true});
	fclose(stream);
	assert_non_null(strstr(output, "\n   ├─ /mnt/media/zurg: absent\n"));
	assert_non_null(strstr(output, "\n   │  └─ consumer plex"));
	assert_null(strchr(output, '|'));
}

static void states_are_the_kernels_and_not_the_records(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon zurg = {0}, torbox = {0};
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json",
				 "{\"probeTimeout\": \"200ms\"}", 0644),
		0);
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &zurg), 0);
	assert_int_equal(fuse_daemon_start(TORBOX, "--hang", &torbox), 0);
	fuse_daemon_kill(&zurg);
	record_pod(UID_A, "plex-0");
	output = status(NULL, false, EXIT_DONE);
	assert_non_null(strstr(output, "/mnt/media/zurg: dead, fuse.rclone\n"));
	assert_non_null(strstr(output, "/mnt/media/torbox: hung, fuse.rclone\n"));
}

/* What a hook has recorded of a path: its state since a time, instances and heals. */
static void record_history(enum path_state state)
{
	cleanup_topology struct topology topology = make_pod(UID_A, "plex-0");
	struct topology_path *path = topology_path(&topology, "/mnt/media/zurg");

	path->state = state;
	path->since_usec = UINT64_C(1700000000) * 1000000; /* 2023-11-14 22:13:20 UTC */
	path->instances = 3;
	path->heals = 2;
	path->last_heal_usec = path->since_usec + 5000000;
	record(&topology);
}

static void a_path_tells_since_when_and_how_often_it_was_healed(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	record_history(PATH_LIVE);
	output = status(NULL, false, EXIT_DONE);
	assert_non_null(strstr(output,
		"/mnt/media/zurg: live since 2023-11-14 22:13:20, fuse.rclone, instance 3, "
		"healed 2 times, last at 2023-11-14 22:13:25\n"));
}

static void a_change_that_no_hook_has_seen_has_no_exact_time(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	fuse_daemon_kill(&daemon);
	record_history(PATH_LIVE);
	output = status(NULL, false, EXIT_DONE);
	assert_non_null(
		strstr(output, "/mnt/media/zurg: dead since 2023-11-14 22:13:20 or later,"));
}

static void who_is_not_there_yet_is_named_so(void **state)
{
	cleanup_topology struct topology topology = make_pod(UID_A, "plex-0");
	cleanup_free char *output = NULL;

	(void)state;
	add_path(&topology, "rclone-new", "/mnt/other/new", NULL);
	add_path(&topology, PROVIDER_NODE, "/mnt/media/shared", VOLUME "/shared");
	record(&topology);
	output = status(NULL, false, EXIT_DONE);
	assert_non_null(strstr(output, "\n`- /mnt/other/new: no container has mounted it yet\n"
				       "   `- provider rclone-new: not created yet\n"));
	assert_non_null(strstr(output, "/mnt/media/shared: absent\n"));
	assert_non_null(strstr(output, "`- provider: the node, or another pod\n"));
}

static void a_denied_container_has_its_codes(void **state)
{
	cleanup_topology struct topology topology = make_pod(UID_A, "plex-0");
	struct topology_container *sonarr =
		add_container(&topology, "sonarr", ROLE_CONSUMER, getpid());
	struct config config = {0};
	cleanup_free char *output = NULL;

	(void)state;
	sonarr->status = CONTAINER_DENIED;
	config.severity[FINDING_CONSUMER_NO_PROPAGATION] = SEVERITY_DENY;
	config.severity[FINDING_LIMITS_MISSING] = SEVERITY_WARN;
	assert_int_equal(findings_add(&sonarr->findings, &config, FINDING_CONSUMER_NO_PROPAGATION,
				 "/mnt/media", "set it", "it has none"),
		0);
	assert_int_equal(findings_add(&sonarr->findings, &config, FINDING_LIMITS_MISSING, "sonarr",
				 "set them", "it has none"),
		0);
	record(&topology);
	output = status(NULL, false, EXIT_DONE);
	assert_non_null(strstr(output, "\n|- denied sonarr: consumer-no-propagation\n"
				       "`- warning for sonarr: limits-missing\n"));
}

static void a_pod_is_chosen_by_uid_name_or_namespace_and_name(void **state)
{
	static const char *const words[] = {UID_B, "sonarr-0", "media/sonarr-0"};

	(void)state;
	record_pod(UID_A, "plex-0");
	record_pod(UID_B, "sonarr-0");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		cleanup_free char *output = status(words[i], false, EXIT_DONE);

		assert_non_null(strstr(output, "media/sonarr-0"));
		assert_null(strstr(output, "plex-0"));
	}
}

static void an_unknown_pod_is_an_error(void **state)
{
	static const char *const words[] = {"plex", "other/plex-0", "medi/plex-0", "mediax/plex-0"};

	(void)state;
	record_pod(UID_A, "plex-0");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		cleanup_free char *output = status(words[i], false, EXIT_INPUT);

		assert_non_null(strstr(output, words[i]));
	}
}

static void a_record_that_cannot_be_read_hides_no_other(void **state)
{
	cleanup_free char *output = NULL;

	(void)state;
	record_pod(UID_A, "plex-0");
	record_pod(UID_B, "sonarr-0");
	assert_int_equal(
		ns_sandbox_write(RUNTIME_DIR "/pods/" UID_B "/topology.json", "{", 0644), 0);
	output = status(NULL, false, EXIT_HOST_IO);
	assert_non_null(strstr(output, UID_B "/topology.json"));
	assert_non_null(strstr(output, "media/plex-0"));
}

/* The member at a path of keys and array indexes. */
static const char *json_text(struct json_object *root, const char *pointer)
{
	struct json_object *found = NULL;

	return json_pointer_get(root, pointer, &found) == 0 ? json_object_get_string(found) : NULL;
}

static void json_has_the_record_and_now(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *output = NULL;
	cleanup_json struct json_object *root = NULL;

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	record_pod(UID_A, "plex-0");
	output = status("plex-0", true, EXIT_DONE);
	root = json_tokener_parse(output);
	assert_non_null(root);
	assert_string_equal(json_text(root, "/schema"), "fuse-sidecar.io/status/v1");
	assert_string_equal(json_text(root, "/pods/0/schema"), TOPOLOGY_SCHEMA);
	assert_string_equal(json_text(root, "/pods/0/now/paths/0/path"), "/mnt/media/zurg");
	assert_string_equal(json_text(root, "/pods/0/now/paths/0/state"), "live");
	assert_string_equal(json_text(root, "/pods/0/now/paths/0/fstype"), "fuse.rclone");
	assert_string_equal(json_text(root, "/pods/0/now/paths/1/state"), "absent");
	assert_null(json_text(root, "/pods/0/now/paths/1/fstype"));
	assert_string_equal(json_text(root, "/pods/0/now/containers/0/running"), "true");
	assert_string_equal(json_text(root, "/pods/0/now/containers/1/running"), "false");
	assert_null(json_text(root, "/pods/1"));
}

static void json_of_no_pods_is_an_empty_list(void **state)
{
	cleanup_free char *output = status(NULL, true, EXIT_DONE);
	cleanup_json struct json_object *root = json_tokener_parse(output);
	struct json_object *pods = NULL;

	(void)state;
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "pods", &pods));
	assert_int_equal(json_object_array_length(pods), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_node_without_records_says_so),
		TEST(a_pod_is_shown_as_a_tree),
		TEST(the_tree_has_box_characters_where_they_are_wanted),
		TEST(states_are_the_kernels_and_not_the_records),
		TEST(a_path_tells_since_when_and_how_often_it_was_healed),
		TEST(a_change_that_no_hook_has_seen_has_no_exact_time),
		TEST(who_is_not_there_yet_is_named_so),
		TEST(a_denied_container_has_its_codes),
		TEST(a_pod_is_chosen_by_uid_name_or_namespace_and_name),
		TEST(an_unknown_pod_is_an_error),
		TEST(a_record_that_cannot_be_read_hides_no_other),
		TEST(json_has_the_record_and_now),
		TEST(json_of_no_pods_is_an_empty_list),
	};
#undef TEST

	return cmocka_run_group_tests_name("status", tests, enter, NULL);
}
