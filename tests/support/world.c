/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/world.h"

#include "oci/base/cleanup.h"
#include "tests/support/fixture.h"

#include <string.h>

static struct json_object *parse_json(const char *text)
{
	cleanup_free char *json = strdup(text);
	struct json_object *value;

	assert_non_null(json);
	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_tokener_parse(json);
	if (!value && strcmp(json, "null") != 0)
		fail_msg("not JSON: %s", json);
	return value;
}

static void set_document(struct world *world, struct json_object *document)
{
	jsondoc_put(&world->document);
	world->document = document;
}

static char *read_part(const char *name, const char *file)
{
	cleanup_free char *path = NULL;

	assert_true(asprintf(&path, "fixtures/%s/%s", name, file) > 0);
	return fixture_read(path, NULL);
}

void world_load(struct world *world, const char *name)
{
	cleanup_free char *config = read_part(name, "config.json");
	cleanup_free char *host = read_part(name, "host.mountinfo");
	cleanup_free char *container = read_part(name, "container.mountinfo");
	struct json_object *document = json_tokener_parse(config);

	assert_non_null(document);
	set_document(world, document);
	world_host(world, host);
	world_container(world, container);
}

void world_provider(struct world *world)
{
	world_load(world, "world/provider");
}

void world_consumer(struct world *world)
{
	world_load(world, "world/consumer");
}

static struct json_object *find_member(struct json_object *value, const char *key)
{
	struct json_object *member;

	if (json_object_is_type(value, json_type_array))
		return json_object_array_get_idx(value, (size_t)strtoul(key, NULL, 10));
	return json_object_object_get_ex(value, key, &member) ? member : NULL;
}

static void set_member(struct json_object *value, const char *key, struct json_object *member)
{
	if (json_object_is_type(value, json_type_array))
		assert_int_equal(
			json_object_array_put_idx(value, (size_t)strtoul(key, NULL, 10), member),
			0);
	else
		assert_int_equal(json_object_object_add(value, key, member), 0);
}

void world_set(struct world *world, const char *path, const char *json)
{
	cleanup_free char *keys = strdup(path);
	struct json_object *value = world->document;
	char *rest = keys, *key = strsep(&rest, ".");

	for (; rest; key = strsep(&rest, ".")) {
		value = find_member(value, key);
		if (!value)
			fail_msg("config.json has no %s on the way to %s", key, path);
	}
	if (json)
		set_member(value, key, parse_json(json));
	else
		json_object_object_del(value, key);
}

void world_annotate(struct world *world, const char *key, const char *text)
{
	struct json_object *annotations = find_member(world->document, "annotations");

	if (text)
		set_member(annotations, key, json_object_new_string(text));
	else
		json_object_object_del(annotations, key);
}

static void set_table(struct mount_table *table, const char *text)
{
	cleanup_error struct error err = {0};
	cleanup_free char *copy = NULL;
	cleanup_file FILE *stream = NULL;

	mount_table_clear(table);
	*table = (struct mount_table){0};
	if (!text)
		return;
	copy = strdup(text);
	assert_non_null(copy);
	stream = fmemopen(copy, strlen(copy), "r");
	assert_non_null(stream);
	if (mountinfo_read_stream(stream, "the test's table", table, &err) < 0)
		fail_msg("%s", error_message(&err));
}

void world_host(struct world *world, const char *text)
{
	set_table(&world->host, text);
}

void world_container(struct world *world, const char *text)
{
	set_table(&world->container, text);
}

static void clear_parsed(struct world *world)
{
	identity_clear(&world->identity);
	request_clear(&world->request);
	spec_clear(&world->spec);
	world->identity = (struct identity){0};
	world->request = (struct request){0};
	world->spec = (struct spec){0};
}

const struct facts *world_facts(struct world *world)
{
	const char *text = json_object_to_json_string(world->document);
	cleanup_error struct error err = {0};
	int r;

	clear_parsed(world);
	r = spec_parse(text, strlen(text), &world->spec, &err);
	if (r == 0)
		r = identity_load(&world->spec.annotations, NULL, FINDING_CONFIG_INVALID,
			&world->identity, &err);
	if (r == 0)
		r = annotations_parse(&world->spec.annotations, &world->request, &err);
	if (r < 0)
		fail_msg("%s", error_message(&err));
	world->facts.config = &world->config;
	world->facts.identity = &world->identity;
	world->facts.request = &world->request;
	world->facts.spec = &world->spec;
	world->facts.host = world->host.n ? &world->host : NULL;
	world->facts.container = world->container.n ? &world->container : NULL;
	world->facts.topology = &world->topology;
	return &world->facts;
}

char *world_summary(const struct findings *findings)
{
	char *summary = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&summary, &size);

	assert_non_null(stream);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];

		fprintf(stream, "%s%s %s %s", i ? "; " : "", severity_name(finding->severity),
			code_name(finding->code), finding->subject);
		if (!*finding->message || !*finding->fix)
			fail_msg("%s without a message or a fix", code_name(finding->code));
	}
	assert_int_equal(fclose(stream), 0);
	return summary;
}

void world_clear(struct world *world)
{
	clear_parsed(world);
	mount_table_clear(&world->host);
	mount_table_clear(&world->container);
	jsondoc_put(&world->document);
	world->document = NULL;
}
