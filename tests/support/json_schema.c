/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/json_schema.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <regex.h>
#include <string.h>

static const char *validate(
	struct json_object *root, struct json_object *schema, struct json_object *value);

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *found = NULL;

	json_object_object_get_ex(object, key, &found);
	return found;
}

static bool has_type(struct json_object *value, const char *type)
{
	static const struct {
		const char *name;
		enum json_type type;
	} types[] = {
		{"object", json_type_object},
		{"array", json_type_array},
		{"string", json_type_string},
		{"boolean", json_type_boolean},
		{"integer", json_type_int},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, type) == 0)
			return json_object_is_type(value, types[i].type);
	return false;
}

static bool matches(const char *text, const char *pattern)
{
	regex_t regex;
	bool good;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	good = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return good;
}

static bool is_one_of(struct json_object *value, struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (json_object_equal(value, json_object_array_get_idx(list, i)))
			return true;
	return false;
}

static bool has_required(struct json_object *value, struct json_object *names)
{
	for (size_t i = 0; i < json_object_array_length(names); i++)
		if (!member(value, json_object_get_string(json_object_array_get_idx(names, i))))
			return false;
	return true;
}

/* JSON Schema lets unknown members pass. What the hook writes must all be documented. */
static const char *validate_members(
	struct json_object *root, struct json_object *properties, struct json_object *value)
{
	json_object_object_foreach(value, key, child)
	{
		const char *failed = "an undocumented member";

		if (member(properties, key))
			failed = validate(root, member(properties, key), child);
		if (failed)
			return failed;
	}
	return NULL;
}

static const char *validate_items(
	struct json_object *root, struct json_object *items, struct json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		const char *failed = validate(root, items, json_object_array_get_idx(value, i));

		if (failed)
			return failed;
	}
	return NULL;
}

static const char *validate_reference(
	struct json_object *root, const char *reference, struct json_object *value)
{
	static const char prefix[] = "#/$defs/";
	struct json_object *definition;

	assert_int_equal(strncmp(reference, prefix, strlen(prefix)), 0);
	definition = member(member(root, "$defs"), reference + strlen(prefix));
	assert_non_null(definition);
	return validate(root, definition, value);
}

static bool is_annotation(const char *keyword)
{
	static const char *const annotations[] = {
		"$schema", "$id", "$defs", "title", "description"};

	for (size_t i = 0; i < ARRAY_SIZE(annotations); i++)
		if (strcmp(annotations[i], keyword) == 0)
			return true;
	return false;
}

static const char *validate_keyword(struct json_object *root, const char *keyword,
	struct json_object *operand, struct json_object *value)
{
	const char *text = json_object_get_string(operand);
	bool good = false;

	if (strcmp(keyword, "$ref") == 0)
		return validate_reference(root, text, value);
	if (strcmp(keyword, "properties") == 0)
		return validate_members(root, operand, value);
	if (strcmp(keyword, "items") == 0)
		return validate_items(root, operand, value);
	if (strcmp(keyword, "type") == 0)
		good = has_type(value, text);
	else if (strcmp(keyword, "const") == 0)
		good = json_object_equal(value, operand) == 1;
	else if (strcmp(keyword, "enum") == 0)
		good = is_one_of(value, operand);
	else if (strcmp(keyword, "pattern") == 0)
		good = matches(json_object_get_string(value), text);
	else if (strcmp(keyword, "minimum") == 0)
		good = json_object_get_int64(value) >= json_object_get_int64(operand);
	else if (strcmp(keyword, "maxItems") == 0)
		good = json_object_array_length(value) <= json_object_get_uint64(operand);
	else if (strcmp(keyword, "maxLength") == 0)
		/* In bytes, which are no fewer than characters. */
		good = strlen(json_object_get_string(value)) <= json_object_get_uint64(operand);
	else if (strcmp(keyword, "required") == 0)
		good = has_required(value, operand);
	else
		good = is_annotation(keyword);
	return good ? NULL : keyword;
}

static const char *validate(
	struct json_object *root, struct json_object *schema, struct json_object *value)
{
	struct json_object *type = member(schema, "type");

	/* First: the other keywords rely on it. */
	if (type && !has_type(value, json_object_get_string(type)))
		return "type";
	json_object_object_foreach(schema, keyword, operand)
	{
		const char *failed = validate_keyword(root, keyword, operand, value);

		if (failed)
			return failed;
	}
	return NULL;
}

const char *json_schema_validate(struct json_object *schema, struct json_object *value)
{
	return validate(schema, schema, value);
}

struct json_object *json_schema_load(const char *text, size_t size)
{
	static const struct jsondoc_context context = {"test", FINDING_INTERNAL};
	cleanup_error struct error err = {0};
	struct json_object *object = NULL;

	if (jsondoc_parse(text, size, JSONDOC_STRICT, &context, &object, &err) < 0)
		fail_msg("%s", error_message(&err));
	return object;
}

struct json_object *json_schema_topology(void)
{
	size_t size = 0;
	cleanup_free char *text = fixture_read("../docs/topology.schema.json", &size);

	return json_schema_load(text, size);
}
