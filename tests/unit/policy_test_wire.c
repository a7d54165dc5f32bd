/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process that parses tells its worker of real documents: the same as was parsed, and
 * nothing of it believed. Whatever the bytes are changed to, what is read is refused, or holds what
 * its readers promise.
 */
#include "oci/spec/parsed.h"

#include "oci/base/cleanup.h"
#include "policy/record/topology_wire.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <string.h>

#define ROOM ((size_t)1024 * 1024)
#define CAPTURE "fixtures/crio/crio-1.33-runc/seed/rclone-zurg/"
#define RECORD "fixtures/topology/v1.json"

/* A document: parsed from JSON, and by the wire. */
struct kind {
	size_t size;
	int (*parse)(const char *data, size_t size, void *ret, struct error *err);
	void (*move)(struct wire *wire, void *document);
	void (*clear)(void *document);
};

union document {
	struct parsed_state state;
	struct parsed_config config;
	struct topology record;
};

static int parse_state(const char *data, size_t size, void *ret, struct error *err)
{
	return parsed_state(data, size, ret, err);
}

static void move_state(struct wire *wire, void *document)
{
	parsed_state_wire(wire, document);
}

static void clear_state(void *document)
{
	parsed_state_clear(document);
}

static const struct kind state_kind = {
	sizeof(struct parsed_state), parse_state, move_state, clear_state};

static int parse_config(const char *data, size_t size, void *ret, struct error *err)
{
	return parsed_config(data, size, ret, err);
}

static void move_config(struct wire *wire, void *document)
{
	parsed_config_wire(wire, document);
}

static void clear_config(void *document)
{
	parsed_config_clear(document);
}

static const struct kind config_kind = {
	sizeof(struct parsed_config), parse_config, move_config, clear_config};

static int parse_record(const char *data, size_t size, void *ret, struct error *err)
{
	return topology_parse(data, size, RECORD, ret, err);
}

static void move_record(struct wire *wire, void *document)
{
	topology_wire(wire, document);
}

static void clear_record(void *document)
{
	topology_clear(document);
}

static const struct kind record_kind = {
	sizeof(struct topology), parse_record, move_record, clear_record};

/* What is told of a document. */
static size_t tell(const struct kind *kind, void *document, char *room)
{
	struct wire wire = wire_writer(room, ROOM);

	kind->move(&wire, document);
	assert_int_equal(wire_end(&wire), 0);
	return wire.at;
}

static size_t tell_fixture(const struct kind *kind, const char *name, char *room)
{
	union document document = {0};
	cleanup_error struct error err = {0};
	cleanup_free char *text = NULL;
	size_t size = 0;

	text = fixture_read(name, &size);
	if (kind->parse(text, size, &document, &err) < 0)
		fail_msg("%s: %s", name, error_message(&err));
	size = tell(kind, &document, room);
	kind->clear(&document);
	return size;
}

static int read_told(const struct kind *kind, const char *data, size_t size, void *ret)
{
	struct wire wire = wire_reader(data, size);

	kind->move(&wire, ret);
	return wire_end(&wire);
}

/* Read and told once more it is the same bytes. */
static void expect_same(const struct kind *kind, const char *name)
{
	cleanup_free char *room = malloc(ROOM), *again = malloc(ROOM);
	union document document = {0};
	size_t size;

	assert_true(room && again);
	size = tell_fixture(kind, name, room);
	assert_int_equal(read_told(kind, room, size, &document), 0);
	assert_int_equal(tell(kind, &document, again), size);
	assert_memory_equal(again, room, size);
	kind->clear(&document);
}

static void expect_all_same(const struct kind *kind, const char *pattern)
{
	cleanup_strv struct strv names = {0};

	fixture_glob(pattern, &names);
	for (size_t i = 0; i < names.n; i++)
		expect_same(kind, names.items[i]);
}

static void real_documents_arrive_as_they_were(void **state)
{
	(void)state;
	expect_all_same(&state_kind, "fixtures/crio/*/*/*/state.*.json");
	expect_all_same(&config_kind, "fixtures/crio/*/*/*/config.json");
	expect_all_same(&record_kind, "fixtures/topology/*.json");
}

/* A small generator (xorshift): the same changes in each run. */
static uint32_t draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Sanitizers see what a wrong reader would do; what is read can be told as the bytes that it was.
 */
static void try_changed(const struct kind *kind, const char *data, size_t size, char *again)
{
	union document document = {0};

	if (read_told(kind, data, size, &document) == 0) {
		assert_int_equal(tell(kind, &document, again), size);
		assert_memory_equal(again, data, size);
	}
	kind->clear(&document);
}

static void change_at_random(const struct kind *kind, const char *name)
{
	cleanup_free char *room = malloc(ROOM), *again = malloc(ROOM), *changed = malloc(ROOM);
	uint32_t seed = 20261127;
	size_t size;

	assert_true(room && again && changed);
	size = tell_fixture(kind, name, room);
	for (int i = 0; i < 3000; i++) {
		size_t cut = draw(&seed) % 8 == 0 ? draw(&seed) % size : size;

		memcpy(changed, room, size);
		for (uint32_t n = draw(&seed) % 4; n > 0; n--)
			changed[draw(&seed) % size] = (char)draw(&seed);
		try_changed(kind, changed, cut, again);
	}
}

static void changed_bytes_are_refused_or_mean_themselves(void **state)
{
	(void)state;
	change_at_random(&state_kind, CAPTURE "state.prestart.json");
	change_at_random(&config_kind, CAPTURE "config.json");
	change_at_random(&record_kind, RECORD);
}

/* Put another text of the same length in the place of the first that is told. */
static void expect_refused(
	const struct kind *kind, const char *name, const char *text, const char *forged)
{
	cleanup_free char *room = malloc(ROOM);
	uint32_t length = (uint32_t)strlen(text);
	char told[256] = "t";
	union document document = {0};
	size_t size;
	char *at;

	assert_non_null(room);
	assert_int_equal(strlen(forged), length);
	memcpy(told + 1, &length, sizeof(length));
	snprintf(told + 1 + sizeof(length), sizeof(told) - 1 - sizeof(length), "%s", text);
	size = tell_fixture(kind, name, room);
	at = memmem(room, size, told, 1 + sizeof(length) + length);
	if (!at) {
		fail_msg("%s does not tell %s", name, text);
		return;
	}
	memcpy(at + 1 + sizeof(length), forged, length);
	assert_int_equal(read_told(kind, room, size, &document), -EBADMSG);
	kind->clear(&document);
}

static void what_becomes_a_path_or_a_field_has_its_grammar(void **state)
{
	(void)state;
	expect_refused(&config_kind, CAPTURE "config.json", "/mnt/media", "mnt//media");
	expect_refused(&config_kind, CAPTURE "config.json", "/mnt/media", "/mnt/./med");
	expect_refused(&state_kind, CAPTURE "state.prestart.json", "media-stack", "media/stack");
	expect_refused(&state_kind, CAPTURE "state.prestart.json", "plex-6d5f7c9b8-x7k2p",
		"plex-6d5f7c9b8\nx7k2p");
	expect_refused(
		&state_kind, CAPTURE "state.prestart.json", "rclone-torbox", "rclone\ntorbox");
	expect_refused(
		&state_kind, CAPTURE "state.prestart.json", "/mnt/media/zurg", "/mnt/../../zurg");
}

/* One below the other: the plan takes it for granted that none is. */
static void requests_that_hide_each_other_are_refused(void **state)
{
	(void)state;
	expect_refused(&state_kind, CAPTURE "state.prestart.json", "/mnt/media/torbox",
		"/mnt/media/zurg/x");
}

static void what_is_wrong_with_the_pod_is_told_apart(void **state)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0\",\"id\":\"x\",\"bundle\":\"/b\",\"annotations\":"
		"{\"fuse-sidecar.io/mounts\":\"nonsense\"}}";
	cleanup_free char *room = malloc(ROOM);
	cleanup_parsed_state struct parsed_state parsed = {0}, told = {0};
	size_t size;

	(void)state;
	assert_non_null(room);
	assert_int_equal(parsed_state(text, strlen(text), &parsed, NULL), 0);
	size = tell(&state_kind, &parsed, room);
	assert_int_equal(read_told(&state_kind, room, size, &told), 0);
	assert_true(told.pod.active);
	assert_int_equal(told.pod.identity_result, -EINVAL);
	assert_int_equal(told.pod.identity_error.code, FINDING_STATE_INVALID);
	assert_int_equal(told.pod.request_result, -EINVAL);
	assert_int_equal(told.pod.request_error.code, FINDING_ANNOTATION_INVALID);
	assert_string_equal(
		error_message(&told.pod.request_error), error_message(&parsed.pod.request_error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_documents_arrive_as_they_were),
		cmocka_unit_test(changed_bytes_are_refused_or_mean_themselves),
		cmocka_unit_test(what_becomes_a_path_or_a_field_has_its_grammar),
		cmocka_unit_test(requests_that_hide_each_other_are_refused),
		cmocka_unit_test(what_is_wrong_with_the_pod_is_told_apart),
	};

	return cmocka_run_group_tests_name("parsed and told", tests, NULL, NULL);
}
