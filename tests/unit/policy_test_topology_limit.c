/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a pod asks for: its record can be read back, and what is refused keeps nobody else out.
 */
#include "policy/record/topology_limit.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/check/checks.h"
#include "policy/check/topology_update.h"
#include "tests/support/json_schema.h"
#include "tests/support/world.h"
#include <string.h>

#define V WORLD_VOLUME

/* Each is written in more bytes than it has. */
static const char hostile[] = {'/', '"', '\\', '\b', '\f', '\n', '\r', '\t', 0x01, 0x1f, 0x7f, '/',
	(char)0xc3, (char)0xa9, '/', (char)0xe2, (char)0x80, (char)0xae, '/', '/', '\0'};

static void set_text(char **slot, const char *text)
{
	free(*slot);
	*slot = strdup(text);
	assert_non_null(*slot);
}

static char *long_text(size_t length, char last)
{
	char *text = malloc(length + 1);

	assert_non_null(text);
	memset(text, 'd', length);
	text[0] = '/';
	text[length - 1] = last;
	text[length] = '\0';
	return text;
}

static void expect_readable(const struct topology *topology)
{
	cleanup_free char *text = topology_format(topology);
	cleanup_json struct json_object *schema = json_schema_topology();
	cleanup_topology struct topology again = {0};
	cleanup_error struct error err = {0};
	cleanup_json struct json_object *record = NULL;
	const char *failed;

	assert_non_null(text);
	assert_true(topology_fits(topology));
	assert_true(strlen(text) <= topology_bound(topology));
	assert_true(strlen(text) <= TOPOLOGY_MAX_SIZE);
	if (topology_parse(text, strlen(text), "the record", &again, &err) < 0)
		fail_msg("%s", error_message(&err));
	assert_int_equal(again.n_containers, topology->n_containers);
	record = json_schema_load(text, strlen(text));
	failed = json_schema_validate(schema, record);
	if (failed)
		fail_msg("fails the schema at \"%s\"", failed);
}

/* ---- the bound ---- */

static void fill_places(struct topology *topology, const char *text)
{
	struct topology_volume *volume = topology_ensure_volume(topology, text);
	struct topology_path *path = topology_ensure_path(topology, text);

	assert_true(volume && path);
	set_text(&volume->anchor, text);
	set_text(&volume->fstype, text);
	volume->mount_id = volume->peer_group = INT32_MAX;
	volume->mount_id_unique = INT64_MAX;
	set_text(&path->provider, text);
	set_text(&path->host_path, text);
	set_text(&path->volume, text);
	set_text(&path->device, text);
	path->state = PATH_UNKNOWN;
	path->since_usec = path->last_heal_usec = INT64_MAX;
	path->hung_boot_usec = INT64_MAX;
	path->instances = path->heals = INT64_MAX;
}

static void fill_container(struct topology *topology, const char *text)
{
	struct topology_container *container = topology_ensure_container(topology, text);
	char *copy = strdupa(text);

	assert_non_null(container);
	set_text(&container->id, text);
	container->role = ROLE_BYSTANDER;
	container->pid = INT32_MAX;
	container->pid_start_ticks = INT64_MAX;
	container->instance = container->restart_count = container->omitted = INT64_MAX;
	container->memory_limit = container->cpu_quota = container->cpu_period = INT64_MAX;
	assert_int_equal(strv_add(&container->rc_addresses, text), 0);
	assert_int_equal(array_grow(&container->mounts, 0, sizeof(*container->mounts)), 0);
	container->n_mounts = 1;
	set_text(&container->mounts[0].destination, text);
	set_text(&container->mounts[0].source, text);
	container->mounts[0].declared = container->mounts[0].effective = PROPAGATION_UNBINDABLE;
	container->mounts[0].mount_id = container->mounts[0].master = INT32_MAX;
	assert_int_equal(findings_append(&container->findings,
				 &(struct finding){FINDING_MOUNTPOINT_IS_VOLUME_ROOT,
					 SEVERITY_IGNORE, copy, copy, copy}),
		0);
	assert_int_equal(
		topology_add_edge(topology, text, text, text, PROPAGATION_SHARED, false), 0);
}

static size_t written(const struct topology *topology)
{
	cleanup_free char *text = topology_format(topology);

	assert_non_null(text);
	return strlen(text);
}

static void no_record_is_larger_than_its_bound(void **state)
{
	const char *const texts[] = {"", "/", hostile, "a text of quite some length, and no more"};
	cleanup_topology struct topology topology = {0};

	(void)state;
	assert_true(written(&topology) <= topology_bound(&topology));
	set_text(&topology.pod_name, hostile);
	set_text(&topology.pod_namespace, hostile);
	set_text(&topology.pod_uid, hostile);
	set_text(&topology.sandbox_id, hostile);
	topology.updated_usec = UINT64_MAX;
	topology.containers_omitted = INT64_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fill_places(&topology, texts[i]);
		assert_true(written(&topology) <= topology_bound(&topology));
		fill_container(&topology, texts[i]);
		assert_true(written(&topology) <= topology_bound(&topology));
	}
}

static void what_may_come_later_is_in_the_bound(void **state)
{
	cleanup_topology struct topology topology = {0};
	struct topology_path *path = topology_ensure_path(&topology, "/mnt/zurg");
	size_t before = topology_bound(&topology);

	(void)state;
	assert_non_null(path);
	set_text(&path->device, "4294967295:4294967295");
	path->hung_boot_usec = path->since_usec = INT64_MAX;
	path->state = PATH_UNKNOWN;
	assert_int_equal(topology_bound(&topology), before);
}

static void the_reader_has_the_writers_limits(void **state)
{
	cleanup_topology struct topology topology = {0}, again = {0};
	cleanup_free char *text = NULL;

	(void)state;
	set_text(&topology.pod_uid, "u");
	for (size_t i = 0; i <= TOPOLOGY_MAX_CONTAINERS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "c%zu", i);
		assert_int_equal(topology_fits(&topology), i <= TOPOLOGY_MAX_CONTAINERS);
		assert_non_null(topology_ensure_container(&topology, name));
	}
	assert_false(topology_fits(&topology));
	text = topology_format(&topology);
	assert_int_equal(topology_parse(text, strlen(text), "the record", &again, NULL), -EINVAL);
	topology_remove_container(&topology, "c0");
	free(text);
	text = topology_format(&topology);
	assert_int_equal(topology_parse(text, strlen(text), "the record", &again, NULL), 0);
}

/* ---- containers ---- */

#define N_PATHS 64

static void annotate(struct world *world)
{
	char value[ANNOTATION_MAX_SIZE] = "";
	size_t n = 0;

	for (int i = 0; i < N_PATHS; i++)
		n += (size_t)snprintf(
			value + n, sizeof(value) - n, "%sp=/m/%02d/x", i > 0 ? "," : "", i);
	world_annotate(world, ANNOTATION_MOUNTS, value);
}

/* A mount of each directory of the volume, at a destination and from a source of that length. */
static void mount_much(struct world *world, size_t length)
{
	cleanup_free char *filler = long_text(length, 'd');
	char *json = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&json, &size);

	assert_non_null(stream);
	for (int i = 0; i < N_PATHS; i++)
		fprintf(stream,
			"%s{'destination': '%s%02d', 'type': 'bind', 'source': '" V "/%02d',"
			" 'options': ['rbind', 'rprivate', 'rw']}",
			i > 0 ? "," : "[", filler, i, i);
	fprintf(stream, "]");
	assert_int_equal(fclose(stream), 0);
	world_set(world, "mounts", json);
	free(json);
}

static void begin(struct world *world, void (*make)(struct world *), const char *name)
{
	make(world);
	annotate(world);
	world_annotate(world, "io.kubernetes.container.name", name);
}

/* What is wrong with each of its paths, at the greatest length that findings have. */
static void complain(struct findings *findings)
{
	cleanup_free char *text = long_text(1500, '"');

	for (int i = 0; i < N_PATHS; i++)
		assert_int_equal(
			findings_append(findings,
				&(struct finding){FINDING_CONSUMER_NO_PROPAGATION,
					i % 2 ? SEVERITY_DENY : SEVERITY_WARN, text, text, text}),
			0);
}

static int note(struct world *world, enum container_status status, const struct findings *findings)
{
	cleanup_targets struct targets targets = {0};
	const struct facts *facts = world_facts(world);
	const struct container_note note = {
		.role = ROLE_CONSUMER,
		.status = status,
		.pid = 4711,
		.pid_start_ticks = 815,
		.findings = findings,
		.now_usec = 1000,
	};

	assert_int_equal(targets_resolve(facts, &targets), 0);
	return topology_note_container(&world->topology, facts, &targets, &note);
}

/* The provider of all paths: from then on the record knows where they are. */
static void note_places(struct world *world)
{
	cleanup_findings struct findings none = {0};

	begin(world, world_provider, "p");
	world_set(world, "mounts.0.destination", "'/m'");
	assert_int_equal(note(world, CONTAINER_CREATED, &none), 0);
	world_clear(world);
}

static void refuse_many(struct world *world, size_t n)
{
	note_places(world);
	for (size_t i = 0; i < n; i++) {
		cleanup_findings struct findings findings = {0};
		char name[32];

		snprintf(name, sizeof(name), "refused-%zu", i);
		begin(world, world_consumer, name);
		mount_much(world, 250);
		complain(&findings);
		assert_int_equal(note(world, CONTAINER_DENIED, &findings), 0);
		assert_true(topology_fits(&world->topology));
		world_clear(world);
	}
	expect_readable(&world->topology);
}

static void any_number_of_refused_containers_can_be_read_back(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	refuse_many(&world, 150);
	/* It was near the limit, or nothing is shown here. */
	assert_true(topology_bound(&world.topology) > TOPOLOGY_MAX_SIZE / 2);
	assert_true(world.topology.n_containers < 151);
	assert_int_equal(
		world.topology.n_containers + (size_t)world.topology.containers_omitted, 151);
}

static void of_a_refused_container_the_denials_are_kept(void **state)
{
	cleanup_findings struct findings findings = {0};
	const struct topology_container *container;
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	begin(&world, world_consumer, "plex");
	complain(&findings);
	assert_int_equal(note(&world, CONTAINER_DENIED, &findings), 0);
	container = topology_container(&world.topology, "plex");
	assert_int_equal(container->findings.n, TOPOLOGY_MAX_FINDINGS);
	assert_int_equal(container->omitted, N_PATHS - TOPOLOGY_MAX_FINDINGS);
	for (size_t i = 0; i < container->findings.n; i++) {
		assert_int_equal(container->findings.items[i].severity, SEVERITY_DENY);
		assert_true(
			strlen(container->findings.items[i].message) < TOPOLOGY_MAX_FINDING_TEXT);
	}
	assert_int_equal(world.topology.n_edges, 0);
}

static size_t judge_room(struct world *world, struct findings *ret)
{
	cleanup_targets struct targets targets = {0};
	const struct facts *facts = world_facts(world);

	assert_int_equal(targets_resolve(facts, &targets), 0);
	assert_int_equal(check_room(facts, &targets, ret), 0);
	return ret->n;
}

static void they_keep_no_other_container_out(void **state)
{
	cleanup_findings struct findings none = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	refuse_many(&world, 100);
	for (int i = 0; i < 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "good-%d", i);
		begin(&world, world_provider, name);
		mount_much(&world, 60);
		assert_int_equal(judge_room(&world, &none), 0);
		assert_int_equal(note(&world, CONTAINER_CREATED, &none), 0);
		expect_readable(&world.topology);
		assert_int_equal(topology_container(&world.topology, name)->n_mounts, N_PATHS);
		world_clear(&world);
	}
}

/* A container that goes on in spite of what denies it (mode audit) is still known by its process.
 */
static void one_that_only_audit_mode_lets_go_on_stays_known(void **state)
{
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	note_places(&world);
	for (size_t i = 0; i < 60; i++) {
		cleanup_findings struct findings findings = {0};
		char name[32];

		snprintf(name, sizeof(name), "audited-%zu", i);
		begin(&world, world_consumer, name);
		mount_much(&world, 250);
		complain(&findings);
		assert_int_equal(note(&world, CONTAINER_CREATED, &findings), 0);
		assert_true(topology_fits(&world.topology));
		assert_int_equal(topology_container(&world.topology, name)->pid, 4711);
		world_clear(&world);
	}
	/* What was left out of it has not made it an allowed one. */
	assert_true(world.topology.containers[1].omitted > N_PATHS);
	for (size_t i = 1; i < world.topology.n_containers; i++)
		assert_false(topology_container_is_allowed(&world.topology.containers[i]));
	expect_readable(&world.topology);
}

/* Allowed ones are entered until the record is full, and then refused before anything is done. */
static size_t fill(struct world *world, struct findings *refusal)
{
	cleanup_findings struct findings none = {0};
	size_t n;

	for (n = 0; n < TOPOLOGY_MAX_CONTAINERS; n++) {
		char name[32];
		bool full;

		snprintf(name, sizeof(name), "good-%zu", n);
		begin(world, world_consumer, name);
		world_set(world, "mounts.0.destination", "'/m'");
		full = judge_room(world, refusal) > 0;
		if (full)
			return n;
		assert_int_equal(note(world, CONTAINER_CREATED, &none), 0);
		assert_true(topology_fits(&world->topology));
		world_clear(world);
	}
	fail_msg("nothing was refused");
	return n;
}

static void what_has_no_room_is_refused_as_input(void **state)
{
	cleanup_findings struct findings refusal = {0}, none = {0};
	cleanup_world struct world world;
	size_t n;

	(void)state;
	world_begin(&world);
	/* It is no matter of taste. */
	world.config.severity[FINDING_ANNOTATION_INVALID] = SEVERITY_IGNORE;
	n = fill(&world, &refusal);
	assert_true(n > 4);
	assert_int_equal(refusal.n, 1);
	assert_int_equal(findings_verdict(&refusal), VERDICT_DENY);
	assert_int_equal(findings_exit(&refusal), EXIT_INPUT);
	assert_string_equal(refusal.items[0].subject, ANNOTATION_MOUNTS);
	assert_non_null(strstr(refusal.items[0].message, "at most 393216"));
	assert_true(*refusal.items[0].fix);
	/* Entered as what it is: refused. */
	assert_int_equal(note(&world, CONTAINER_DENIED, &refusal), 0);
	expect_readable(&world.topology);
	world_clear(&world);
	/* Those that were let in come again. */
	for (size_t i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "good-%zu", i);
		begin(&world, world_consumer, name);
		world_set(&world, "mounts.0.destination", "'/m'");
		assert_int_equal(judge_room(&world, &none), 0);
		assert_int_equal(note(&world, CONTAINER_CREATED, &none), 0);
		world_clear(&world);
	}
	expect_readable(&world.topology);
}

static void there_is_room_for_so_many_containers(void **state)
{
	cleanup_findings struct findings findings = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	for (int i = 0; i < TOPOLOGY_MAX_CONTAINERS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "c%d", i);
		world_annotate(&world, "io.kubernetes.container.name", name);
		assert_int_equal(judge_room(&world, &findings), 0);
		assert_int_equal(note(&world, CONTAINER_CREATED, &findings), 0);
	}
	expect_readable(&world.topology);
	world_annotate(&world, "io.kubernetes.container.name", "one-too-many");
	assert_int_equal(judge_room(&world, &findings), 1);
	assert_int_equal(findings_exit(&findings), EXIT_INPUT);
	assert_non_null(strstr(findings.items[0].message, "at most 128"));
	world_annotate(&world, "io.kubernetes.container.name", "c7");
	findings_clear(&findings);
	assert_int_equal(judge_room(&world, &findings), 0);
}

/* An annotation that changes with each sandbox of the pod. */
static void paths_of_earlier_annotations_make_room(void **state)
{
	cleanup_findings struct findings none = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	for (int round = 0; round < 5; round++) {
		char value[ANNOTATION_MAX_SIZE] = "";
		size_t n = 0;

		for (int i = 0; i < N_PATHS; i++)
			n += (size_t)snprintf(value + n, sizeof(value) - n,
				"%sgone=/mnt/media/%d-%d", i > 0 ? "," : "", round, i);
		world_consumer(&world);
		world_annotate(&world, ANNOTATION_MOUNTS, value);
		assert_int_equal(judge_room(&world, &none), 0);
		assert_int_equal(note(&world, CONTAINER_CREATED, &none), 0);
		expect_readable(&world.topology);
		world_clear(&world);
	}
	assert_non_null(topology_path(&world.topology, "/mnt/media/4-63"));
	assert_null(topology_path(&world.topology, "/mnt/media/0-0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_record_is_larger_than_its_bound),
		cmocka_unit_test(what_may_come_later_is_in_the_bound),
		cmocka_unit_test(the_reader_has_the_writers_limits),
		cmocka_unit_test(any_number_of_refused_containers_can_be_read_back),
		cmocka_unit_test(of_a_refused_container_the_denials_are_kept),
		cmocka_unit_test(they_keep_no_other_container_out),
		cmocka_unit_test(one_that_only_audit_mode_lets_go_on_stays_known),
		cmocka_unit_test(what_has_no_room_is_refused_as_input),
		cmocka_unit_test(there_is_room_for_so_many_containers),
		cmocka_unit_test(paths_of_earlier_annotations_make_room),
	};

	return cmocka_run_group_tests_name("topology limits", tests, NULL, NULL);
}
