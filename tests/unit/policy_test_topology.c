/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/jsondoc.h"
#include "policy/record/timestamp.h"
#include "policy/record/topology.h"
#include "tests/support/cmocka.h"
#include "tests/support/json_schema.h"
#include <stdint.h>
#include <string.h>

#define FILE_NAME "/run/fuse-sidecar-hook/pods/1/topology.json"
#define UPDATED UINT64_C(1700000000123456) /* 2023-11-14T22:13:20.123456Z */
#define POD "\"pod\":{\"name\":\"plex\",\"namespace\":\"media\",\"uid\":\"u\"}"
#define HEAD "{\"schema\":\"" TOPOLOGY_SCHEMA "\"," POD

/* A small model with every member filled. */

static void set_text(char **slot, const char *text)
{
	free(*slot);
	*slot = strdup(text);
	assert_non_null(*slot);
}

static void fill_volume(struct topology *topology)
{
	struct topology_volume *volume = topology_ensure_volume(topology, "/srv/pods/1/media");

	assert_non_null(volume);
	set_text(&volume->anchor, "/srv/pods/1");
	set_text(&volume->fstype, "xfs");
	volume->mount_id = 42;
	volume->mount_id_unique = UINT64_C(4294967297);
	volume->peer_group = 7;
	volume->bound_by_hook = true;
}

static void fill_path(struct topology *topology)
{
	struct topology_path *path = topology_ensure_path(topology, "/mnt/media/zurg");

	assert_non_null(path);
	set_text(&path->provider, "rclone-zurg");
	set_text(&path->host_path, "/srv/pods/1/media/zurg");
	set_text(&path->volume, "/srv/pods/1/media");
	set_text(&path->device, "0:99");
	path->state = PATH_DEAD;
	path->since_usec = UPDATED - 5;
	path->hung_boot_usec = 7;
	path->instances = 3;
	path->heals = 2;
	path->last_heal_usec = UPDATED - 4;
}

static void fill_mount(struct topology_container *container)
{
	assert_int_equal(
		array_grow(&container->mounts, container->n_mounts, sizeof(*container->mounts)), 0);
	container->mounts[container->n_mounts++] = (struct topology_mount){
		.destination = strdup("/mnt/media"),
		.source = strdup("/srv/pods/1/media"),
		.declared = PROPAGATION_SHARED,
		.effective = PROPAGATION_SLAVE,
		.mount_id = 1001,
		.peer_group = 8,
		.master = 7,
	};
}

static void fill_container(struct topology *topology)
{
	struct topology_container *container = topology_ensure_container(topology, "rclone-zurg");

	assert_non_null(container);
	set_text(&container->id, "c0ffee");
	container->role = ROLE_PROVIDER;
	container->status = CONTAINER_WAITING;
	container->pid = 1234;
	container->pid_start_ticks = UINT64_C(99887766);
	container->instance = 3;
	container->restart_count = 2;
	container->fuse_device = true;
	container->privileged = true;
	container->memory_limit = INT64_C(1) << 40;
	container->cpu_quota = 200000;
	container->cpu_period = 100000;
	assert_int_equal(strv_add(&container->rc_addresses, ":5572"), 0);
	assert_int_equal(strv_add(&container->rc_addresses, "[::1]:5573"), 0);
	fill_mount(container);
	assert_int_equal(findings_append(&container->findings,
				 &(struct finding){.code = FINDING_MOUNT_STALE,
					 .severity = SEVERITY_WARN,
					 .message = strdupa("dead \"mount\"\n")}),
		0);
}

static void fill(struct topology *topology)
{
	set_text(&topology->pod_name, "plex-0");
	set_text(&topology->pod_namespace, "media");
	set_text(&topology->pod_uid, "0b4b9f4e-0000-4000-8000-000000000001");
	set_text(&topology->sandbox_id, "5a5a");
	topology->updated_usec = UPDATED;
	fill_volume(topology);
	fill_path(topology);
	fill_container(topology);
	assert_int_equal(topology_add_edge(topology, "/mnt/media/zurg", "container/rclone-zurg",
				 "host", PROPAGATION_SHARED, true),
		0);
	assert_int_equal(topology_add_edge(topology, "/mnt/media/zurg", "host", "container/plex",
				 PROPAGATION_SLAVE, false),
		0);
}

static char *format(const struct topology *topology)
{
	char *text = topology_format(topology);

	assert_non_null(text);
	return text;
}

static int parse(const char *text, struct topology *ret, struct error *err)
{
	return topology_parse(text, strlen(text), FILE_NAME, ret, err);
}

static void assert_parses(const char *text, struct topology *ret)
{
	cleanup_error struct error err = {0};

	if (parse(text, ret, &err) != 0)
		fail_msg("%s\n%s", error_message(&err), text);
}

/* Lookups and changes */

static void names_are_the_published_ones(void **state)
{
	(void)state;
	assert_string_equal(role_name(ROLE_INACTIVE), "inactive");
	assert_string_equal(role_name(ROLE_BYSTANDER), "bystander");
	assert_string_equal(role_name(ROLE_CONSUMER), "consumer");
	assert_string_equal(role_name(ROLE_PROVIDER), "provider");
	assert_string_equal(path_state_name(PATH_UNKNOWN), "unknown");
	assert_string_equal(path_state_name(PATH_ABSENT), "absent");
	assert_string_equal(path_state_name(PATH_LIVE), "live");
	assert_string_equal(path_state_name(PATH_DEAD), "dead");
	assert_string_equal(path_state_name(PATH_HUNG), "hung");
	assert_string_equal(container_status_name(CONTAINER_CREATED), "created");
	assert_string_equal(container_status_name(CONTAINER_DENIED), "denied");
	assert_string_equal(container_status_name(CONTAINER_WAITING), "waiting");
}

static void ensuring_twice_gives_the_same_element(void **state)
{
	cleanup_topology struct topology topology = {0};

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_non_null(topology_ensure_volume(&topology, "/a"));
		assert_non_null(topology_ensure_volume(&topology, "/b"));
		assert_non_null(topology_ensure_path(&topology, "/mnt/a"));
		assert_non_null(topology_ensure_path(&topology, "/mnt/b"));
		assert_non_null(topology_ensure_container(&topology, "one"));
		assert_non_null(topology_ensure_container(&topology, "two"));
	}
	assert_int_equal(topology.n_volumes, 2);
	assert_int_equal(topology.n_paths, 2);
	assert_int_equal(topology.n_containers, 2);
	assert_ptr_equal(topology_ensure_volume(&topology, "/b"), &topology.volumes[1]);
	assert_ptr_equal(topology_path(&topology, "/mnt/b"), &topology.paths[1]);
	assert_ptr_equal(topology_container(&topology, "two"), &topology.containers[1]);
	assert_null(topology_volume(&topology, "/c"));
	assert_null(topology_path(&topology, "/mnt/c"));
	assert_null(topology_container(&topology, "three"));
}

static void a_container_is_found_by_its_id(void **state)
{
	cleanup_topology struct topology topology = {0};

	(void)state;
	assert_non_null(topology_ensure_container(&topology, "without-id"));
	set_text(&topology_ensure_container(&topology, "with-id")->id, "abc");
	assert_ptr_equal(topology_container_by_id(&topology, "abc"), &topology.containers[1]);
	assert_null(topology_container_by_id(&topology, "abd"));
}

static void a_container_leaves_with_its_edges(void **state)
{
	cleanup_topology struct topology topology = {0};

	(void)state;
	fill(&topology);
	assert_non_null(topology_ensure_container(&topology, "plex"));
	assert_non_null(topology_ensure_container(&topology, "plex-exporter"));
	assert_int_equal(topology_add_edge(&topology, "/mnt/media/zurg", "host",
				 "container/plex-exporter", PROPAGATION_SLAVE, false),
		0);
	topology_remove_container(&topology, "plex");
	assert_int_equal(topology.n_containers, 2);
	assert_string_equal(topology.containers[1].name, "plex-exporter");
	assert_int_equal(topology.n_edges, 2);
	assert_string_equal(topology.edges[0].from, "container/rclone-zurg");
	assert_string_equal(topology.edges[1].to, "container/plex-exporter");
	/* By the element's own name, which goes with it. */
	topology_remove_container(&topology, topology.containers[0].name);
	assert_int_equal(topology.n_containers, 1);
	assert_int_equal(topology.n_edges, 1);
	topology_remove_container(&topology, "nobody");
	assert_int_equal(topology.n_containers, 1);
}

static void removing_edges_keeps_the_container(void **state)
{
	cleanup_topology struct topology topology = {0};

	(void)state;
	fill(&topology);
	topology_remove_edges(&topology, "rclone-zurg");
	assert_int_equal(topology.n_edges, 1);
	assert_string_equal(topology.edges[0].to, "container/plex");
	assert_non_null(topology_container(&topology, "rclone-zurg"));
	/* "host" is no container. */
	topology_remove_edges(&topology, "host");
	assert_int_equal(topology.n_edges, 1);
}

static void clearing_nothing_is_allowed(void **state)
{
	(void)state;
	topology_clear(NULL);
	topology_container_clear(NULL);
}

/* JSON */

static void what_is_written_is_read_again(void **state)
{
	cleanup_topology struct topology original = {0}, copy = {0};
	cleanup_free char *first = NULL;
	cleanup_free char *second = NULL;

	(void)state;
	fill(&original);
	first = format(&original);
	assert_int_equal(first[strlen(first) - 1], '\n');
	assert_parses(first, &copy);
	second = format(&copy);
	assert_string_equal(first, second);
}

static void every_member_survives_the_way(void **state)
{
	cleanup_topology struct topology original = {0}, copy = {0};
	cleanup_free char *text = NULL;
	const struct topology_container *container;

	(void)state;
	fill(&original);
	text = format(&original);
	assert_parses(text, &copy);
	assert_string_equal(copy.pod_name, "plex-0");
	assert_string_equal(copy.pod_namespace, "media");
	assert_string_equal(copy.pod_uid, original.pod_uid);
	assert_string_equal(copy.sandbox_id, "5a5a");
	assert_int_equal(copy.updated_usec, UPDATED);
	assert_string_equal(copy.volumes[0].anchor, "/srv/pods/1");
	assert_string_equal(copy.volumes[0].fstype, "xfs");
	assert_int_equal(copy.volumes[0].mount_id, 42);
	assert_true(copy.volumes[0].mount_id_unique == UINT64_C(4294967297));
	assert_int_equal(copy.volumes[0].peer_group, 7);
	assert_true(copy.volumes[0].bound_by_hook);
	assert_false(copy.volumes[0].shared_by_hook);
	container = topology_container(&copy, "rclone-zurg");
	assert_non_null(container);
	assert_int_equal(container->role, ROLE_PROVIDER);
	assert_int_equal(container->status, CONTAINER_WAITING);
	assert_int_equal(container->pid, 1234);
	assert_true(container->memory_limit == INT64_C(1) << 40);
	assert_int_equal(container->cpu_quota, 200000);
	assert_int_equal(container->rc_addresses.n, 2);
	assert_int_equal(container->mounts[0].declared, PROPAGATION_SHARED);
	assert_int_equal(container->mounts[0].effective, PROPAGATION_SLAVE);
	assert_int_equal(container->mounts[0].master, 7);
	assert_int_equal(container->findings.n, 1);
	assert_int_equal(container->findings.items[0].code, FINDING_MOUNT_STALE);
	assert_int_equal(container->findings.items[0].severity, SEVERITY_WARN);
	assert_string_equal(container->findings.items[0].message, "dead \"mount\"\n");
	assert_string_equal(container->findings.items[0].fix, "");
	assert_int_equal(copy.edges[1].kind, PROPAGATION_SLAVE);
	assert_true(copy.edges[0].proven);
}

static void a_path_survives_the_way(void **state)
{
	cleanup_topology struct topology original = {0}, copy = {0};
	cleanup_free char *text = NULL;
	const struct topology_path *path;

	(void)state;
	fill(&original);
	text = format(&original);
	assert_parses(text, &copy);
	path = topology_path(&copy, "/mnt/media/zurg");
	assert_non_null(path);
	assert_string_equal(path->provider, "rclone-zurg");
	assert_string_equal(path->host_path, "/srv/pods/1/media/zurg");
	assert_string_equal(path->volume, "/srv/pods/1/media");
	assert_string_equal(path->device, "0:99");
	assert_int_equal(path->state, PATH_DEAD);
	assert_true(path->since_usec == UPDATED - 5);
	assert_int_equal(path->hung_boot_usec, 7);
	assert_true(path->last_heal_usec == UPDATED - 4);
	assert_int_equal(path->instances, 3);
	assert_int_equal(path->heals, 2);
}

static void values_that_are_not_known_are_left_out(void **state)
{
	static const char *const absent[] = {"null", "\"sandboxId\"", "\"updated\"", "\"anchor\"",
		"\"fsType\"", "\"mountId", "\"peerGroup\"", "\"volumeRoot\"", "\"device\"",
		"\"since\"", "\"lastHeal\"", "\"id\"", "\"pid", "\"limits\"", "Propagation\"",
		"\"master\""};
	cleanup_topology struct topology topology = {0};
	cleanup_free char *text = NULL;

	(void)state;
	assert_non_null(topology_ensure_volume(&topology, "/a"));
	assert_non_null(topology_ensure_path(&topology, "/mnt/a"));
	assert_non_null(topology_ensure_container(&topology, "one"));
	text = format(&topology);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (strstr(text, absent[i]))
			fail_msg("%s is in %s", absent[i], text);
	assert_non_null(strstr(text, "\"heals\""));
	assert_non_null(strstr(text, "\"state\""));
	assert_non_null(strstr(text, "\"rcAddresses\""));
}

static void members_of_a_newer_writer_are_ignored(void **state)
{
	cleanup_topology struct topology topology = {0};

	(void)state;
	assert_parses(HEAD ",\"colour\":[1,{}],"
			   "\"volumeRoots\":[{\"hostPath\":\"/a\",\"new\":null}],"
			   "\"containers\":[{\"name\":\"c\",\"findings\":["
			   "{\"code\":\"not-invented-yet\",\"severity\":\"warn\"},"
			   "{\"code\":\"host-io\",\"severity\":\"deny\"}]}]}",
		&topology);
	assert_int_equal(topology.n_volumes, 1);
	assert_int_equal(topology.containers[0].findings.n, 1);
	assert_int_equal(topology.containers[0].findings.items[0].code, FINDING_HOST_IO);
	assert_string_equal(topology.containers[0].findings.items[0].subject, "");
}

static void optional_members_may_be_missing(void **state)
{
	cleanup_topology struct topology topology = {0};

	(void)state;
	assert_parses(HEAD
		",\"fusePaths\":[{\"provider\":\"@node\",\"path\":\"/mnt/a\"}],"
		"\"containers\":[{\"name\":\"c\",\"mounts\":[{\"destination\":\"/m\"}]}],"
		"\"edges\":[{\"path\":\"/mnt/a\",\"from\":\"host\",\"to\":"
		"\"container/c\",\"kind\":\"slave\"}]}",
		&topology);
	assert_int_equal(topology.paths[0].state, PATH_UNKNOWN);
	assert_null(topology.paths[0].host_path);
	assert_int_equal(topology.containers[0].mounts[0].declared, PROPAGATION_UNSET);
	assert_false(topology.edges[0].proven);
	assert_int_equal(topology.n_volumes, 0);
}

struct refusal {
	const char *text, *message;
};

static void assert_refused(const struct refusal *refusal, int expected)
{
	cleanup_error struct error err = {0};
	struct topology topology, untouched;
	int r;

	memset(&topology, 0x5a, sizeof(topology));
	memset(&untouched, 0x5a, sizeof(untouched));
	r = parse(refusal->text, &topology, &err);
	if (r != expected)
		fail_msg("%d instead of %d: %s", r, expected, refusal->text);
	assert_memory_equal(&topology, &untouched, sizeof(topology));
	assert_int_equal(err.code, FINDING_HOST_IO);
	if (!strstr(error_message(&err), refusal->message) ||
		!strstr(error_message(&err), FILE_NAME))
		fail_msg("\"%s\" lacks \"%s\"", error_message(&err), refusal->message);
}

static void another_schema_is_told_by_its_version(void **state)
{
	static const struct refusal refusals[] = {
		{"{\"schema\":\"fuse-sidecar.io/topology/v2\",\"pod\":7}", "\"v2\""},
		{"{\"schema\":\"fuse-sidecar.io/topology/v10\"}", "reads v1"},
		{"{\"schema\":\"fuse-sidecar.io/check/v1\"}", TOPOLOGY_SCHEMA},
		{"{\"schema\":\"\"}", TOPOLOGY_SCHEMA},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_refused(&refusals[i], -EPROTONOSUPPORT);
}

static void malformed_records_are_refused(void **state)
{
	static const struct refusal refusals[] = {
		{"{}", "schema"},
		{"{\"schema\":1}", "schema"},
		{"{\"schema\":\"" TOPOLOGY_SCHEMA "\"}", "pod"},
		{"{\"schema\":\"" TOPOLOGY_SCHEMA "\",\"pod\":{\"name\":\"a\"}}", "pod.namespace"},
		{HEAD ",\"updated\":\"yesterday\"}", "updated"},
		{HEAD ",\"updated\":7}", "updated"},
		{HEAD ",\"volumeRoots\":{}}", "volumeRoots"},
		{HEAD ",\"volumeRoots\":[7]}", "volumeRoots[0]"},
		{HEAD ",\"volumeRoots\":[{}]}", "volumeRoots[0].hostPath"},
		{HEAD ",\"volumeRoots\":[{\"hostPath\":\"/a\",\"mountId\":\"1\"}]}",
			"volumeRoots[0].mountId"},
		{HEAD ",\"volumeRoots\":[{\"hostPath\":\"/a\",\"mountId\":-1}]}", "out of range"},
		{HEAD ",\"volumeRoots\":[{\"hostPath\":\"/a\",\"mountId\":2147483648}]}",
			"out of range"},
		{HEAD ",\"volumeRoots\":[{\"hostPath\":\"/a\",\"mountIdUnique\":-5}]}",
			"volumeRoots[0].mountIdUnique"},
		{HEAD ",\"volumeRoots\":[{\"hostPath\":\"/a\",\"boundByHook\":1}]}", "boundByHook"},
		{HEAD ",\"fusePaths\":[{\"path\":\"/a\"}]}", "provider"},
		{HEAD ",\"fusePaths\":[{\"provider\":\"a\",\"path\":\"/a\",\"state\":\"fine\"}]}",
			"fine"},
		{HEAD ",\"fusePaths\":[{\"provider\":\"a\",\"path\":\"/a\",\"heals\":-1}]}",
			"heals"},
		{HEAD ",\"containers\":[{\"name\":\"c\",\"role\":\"boss\"}]}", "boss"},
		{HEAD ",\"containers\":[{\"name\":\"c\",\"limits\":[]}]}", "limits"},
		{HEAD ",\"containers\":[{\"name\":\"c\",\"limits\":{\"memoryBytes\":true}}]}",
			"limits.memoryBytes"},
		{HEAD ",\"containers\":[{\"name\":\"c\",\"rcAddresses\":[1]}]}", "rcAddresses"},
		{HEAD ",\"containers\":[{\"name\":\"c\",\"mounts\":[{}]}]}", "destination"},
		{HEAD ",\"containers\":[{\"name\":\"c\",\"findings\":[{\"code\":\"host-io\"}]}]}",
			"severity"},
		{HEAD ",\"edges\":[{\"path\":\"/a\",\"from\":\"host\",\"to\":\"host\"}]}", "kind"},
		{HEAD, "JSON"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_refused(&refusals[i], -EINVAL);
}

/* The published schema */

static void a_full_record_is_what_the_schema_describes(void **state)
{
	cleanup_topology struct topology topology = {0};
	cleanup_json struct json_object *schema = json_schema_topology();
	cleanup_json struct json_object *record = NULL;
	cleanup_free char *text = NULL;
	const char *failed;

	(void)state;
	fill(&topology);
	text = format(&topology);
	record = json_schema_load(text, strlen(text));
	failed = json_schema_validate(schema, record);
	if (failed)
		fail_msg("%s\n%s", failed, text);
}

static void a_bare_record_is_what_the_schema_describes(void **state)
{
	cleanup_topology struct topology topology = {0};
	cleanup_json struct json_object *schema = json_schema_topology();
	cleanup_json struct json_object *record = NULL;
	cleanup_free char *text = NULL;
	const char *failed;

	(void)state;
	assert_non_null(topology_ensure_volume(&topology, "/a"));
	set_text(&topology_ensure_path(&topology, "/mnt/a")->provider, "@node");
	fill_mount(topology_ensure_container(&topology, "one"));
	text = format(&topology);
	record = json_schema_load(text, strlen(text));
	failed = json_schema_validate(schema, record);
	if (failed)
		fail_msg("%s\n%s", failed, text);
}

static void the_schema_refuses_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *keyword;
	} cases[] = {
		{"{}", "required"},
		{"{\"schema\":\"fuse-sidecar.io/topology/v2\"," POD
		 ",\"volumeRoots\":[],\"fusePaths\":[],\"containers\":[],\"edges\":[]}",
			"const"},
		{HEAD ",\"volumeRoots\":[],\"fusePaths\":[],\"containers\":[],\"edges\":7}",
			"type"},
		{HEAD ",\"volumeRoots\":[{\"hostPath\":\"a\",\"boundByHook\":true,"
		      "\"sharedByHook\":true}],\"fusePaths\":[],\"containers\":[],\"edges\":[]}",
			"pattern"},
		{HEAD ",\"volumeRoots\":[],\"fusePaths\":[],\"containers\":[],\"edges\":[{\"path\":"
		      "\"/a\",\"from\":\"host\",\"to\":\"host\",\"kind\":\"private\","
		      "\"proven\":true}]}",
			"enum"},
	};
	cleanup_json struct json_object *schema = json_schema_topology();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_json struct json_object *record =
			json_schema_load(cases[i].text, strlen(cases[i].text));

		assert_string_equal(json_schema_validate(schema, record), cases[i].keyword);
	}
}

/* Times */

static void times_are_rfc_3339_in_utc(void **state)
{
	static const struct {
		uint64_t usec;
		const char *text;
	} cases[] = {
		{UPDATED, "2023-11-14T22:13:20.123456Z"},
		{0, "1970-01-01T00:00:00.000000Z"},
		{UINT64_C(951782400000001), "2000-02-29T00:00:00.000001Z"},
		{UINT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[TIMESTAMP_SIZE];
		uint64_t usec = 1;

		timestamp_format(cases[i].usec, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(timestamp_parse(text, &usec), 0);
		assert_true(usec == cases[i].usec);
	}
}

static void a_time_beyond_four_digit_years_is_the_last_one(void **state)
{
	char text[TIMESTAMP_SIZE];

	(void)state;
	timestamp_format(UINT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void a_fraction_may_be_of_any_length(void **state)
{
	uint64_t usec = 0;

	(void)state;
	assert_int_equal(timestamp_parse("1970-01-01T00:00:01Z", &usec), 0);
	assert_int_equal(usec, 1000000);
	assert_int_equal(timestamp_parse("1970-01-01T00:00:01.5Z", &usec), 0);
	assert_int_equal(usec, 1500000);
	assert_int_equal(timestamp_parse("1970-01-01T00:00:01.123456789Z", &usec), 0);
	assert_int_equal(usec, 1123456);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {"", "now", "2023-11-14", "2023-11-14T22:13:20",
		"2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+00:00", "2023-11-14 22:13:20Z",
		"2023-02-31T00:00:00Z", "2023-13-01T00:00:00Z", "2023-01-01T24:00:00Z",
		"2023-01-01T00:60:00Z", "2023-01-01T00:00:60Z", "1969-12-31T23:59:59Z",
		"2023-1-01T00:00:00Z", "2023-11-14T22:13:20Zulu"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		uint64_t usec = 7;

		if (timestamp_parse(texts[i], &usec) != -EINVAL || usec != 7)
			fail_msg("\"%s\" was read as a time", texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_the_published_ones),
		cmocka_unit_test(ensuring_twice_gives_the_same_element),
		cmocka_unit_test(a_container_is_found_by_its_id),
		cmocka_unit_test(a_container_leaves_with_its_edges),
		cmocka_unit_test(removing_edges_keeps_the_container),
		cmocka_unit_test(clearing_nothing_is_allowed),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(every_member_survives_the_way),
		cmocka_unit_test(a_path_survives_the_way),
		cmocka_unit_test(values_that_are_not_known_are_left_out),
		cmocka_unit_test(members_of_a_newer_writer_are_ignored),
		cmocka_unit_test(optional_members_may_be_missing),
		cmocka_unit_test(another_schema_is_told_by_its_version),
		cmocka_unit_test(malformed_records_are_refused),
		cmocka_unit_test(a_full_record_is_what_the_schema_describes),
		cmocka_unit_test(a_bare_record_is_what_the_schema_describes),
		cmocka_unit_test(the_schema_refuses_what_is_wrong),
		cmocka_unit_test(times_are_rfc_3339_in_utc),
		cmocka_unit_test(a_time_beyond_four_digit_years_is_the_last_one),
		cmocka_unit_test(a_fraction_may_be_of_any_length),
		cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
