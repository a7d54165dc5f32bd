/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An annotation is refused with the text that would have been right where that can be told: the
 * author sees one message, in the events of a pod that does not start.
 */
#include "oci/spec/annotations.h"

#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/ident.h"
#include "oci/base/path.h"
#include "oci/base/strformat.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIR_MODE_DEFAULT 0755
/* mkdir(2) makes directories with permission bits and the sticky bit; what it does with the others
 * depends on the file system. */
#define DIR_MODE_MAX 01777
#define ID_INVALID UINT32_MAX /* (uid_t)-1: "leave it as it is" to chown(2) */

#define MOUNTS_EXPECTED "PROVIDER=PATH entries, separated by commas or line ends"
#define MOUNTS_EXAMPLE "rclone-zurg=/mnt/media/zurg"

static const char blanks[] = " \t\r";

typedef int (*value_parser)(const char *value, struct request *request, struct error *err);

static int annotations_refuse(struct error *err, const char *key, const char *fix,
	const char *value, const char *expected)
{
	return error_set(err, -EINVAL, FINDING_ANNOTATION_INVALID, key, fix,
		"the annotation %s has %s: expected %s", key, text_quote(value), expected);
}

static int parse_wait(const char *value, struct request *request, struct error *err)
{
	if (duration_parse(value, &request->wait_usec) < 0)
		return annotations_refuse(err, ANNOTATION_WAIT, "write it like 30s", value,
			"a duration like 30s or 1m30s");
	request->has_wait = true;
	return 0;
}

static int parse_dir_mode(const char *value, struct request *request, struct error *err)
{
	size_t digits = strspn(value, "01234567");
	unsigned long mode = strtoul(value, NULL, 8);

	/* Six digits leave room for leading zeros. */
	if (digits == 0 || digits > 6 || value[digits] != '\0' || mode > DIR_MODE_MAX)
		return annotations_refuse(err, ANNOTATION_DIR_MODE, "write it like 0755", value,
			"an octal mode from 0 to 1777");
	request->dir_mode = (mode_t)mode;
	return 0;
}

/* The decimal id at *text, which is moved behind it. */
static bool read_id(const char **text, uint32_t *ret)
{
	size_t digits = strspn(*text, "0123456789");
	unsigned long long id;

	if (digits == 0 || digits > 10)
		return false;
	id = strtoull(*text, NULL, 10);
	if (id >= ID_INVALID)
		return false;
	*text += digits;
	*ret = (uint32_t)id;
	return true;
}

static int parse_dir_owner(const char *value, struct request *request, struct error *err)
{
	const char *rest = value;
	bool valid = read_id(&rest, &request->owner_uid);

	request->has_owner = true;
	if (valid && *rest == ':') {
		rest++;
		valid = read_id(&rest, &request->owner_gid);
		request->has_owner_gid = true;
	}
	if (!valid || *rest != '\0')
		return annotations_refuse(err, ANNOTATION_DIR_OWNER, "write it like 1000:1000",
			value, "UID or UID:GID in decimal, below 4294967295");
	return 0;
}

static int parse_expose(const char *value, struct request *request, struct error *err)
{
	request->expose = strcmp(value, "true") == 0;
	if (!request->expose && strcmp(value, "false") != 0)
		return annotations_refuse(
			err, ANNOTATION_EXPOSE, "write true or false", value, "true or false");
	return 0;
}

static int parse_propagation(const char *value, struct request *request, struct error *err)
{
	request->grant = strcmp(value, "grant") == 0;
	if (!request->grant && strcmp(value, "declared") != 0)
		return annotations_refuse(err, ANNOTATION_PROPAGATION, "write declared or grant",
			value, "declared or grant");
	return 0;
}

static int refuse_path(struct error *err, const char *item, const char *path)
{
	cleanup_free char *simple = path_simplify(path);
	cleanup_free char *fix = NULL;

	if (!simple)
		return error_memory(err);
	/* Only where the path differs by slashes and dots is there a path to suggest. */
	if (path_is_normalized(simple) && simple[1] != '\0') {
		fix = strformat("write the path as %s", simple);
		if (!fix)
			return error_memory(err);
	}
	return annotations_refuse(err, ANNOTATION_MOUNTS,
		fix ? fix : "write it like " MOUNTS_EXAMPLE, item,
		"an absolute path below /, without \".\" and \"..\", repeated slashes, a slash at "
		"the end, and control characters, shorter than 4096 bytes");
}

static int check_item(struct error *err, const char *item, const char *provider, const char *path)
{
	if (strcmp(provider, PROVIDER_NODE) != 0 && !ident_is_dns_label(provider))
		return annotations_refuse(err, ANNOTATION_MOUNTS, "name a container of this pod",
			item,
			"a container's name (RFC 1123 label) or " PROVIDER_NODE " before the '='");
	if (!path_is_normalized(path) || path[1] == '\0')
		return refuse_path(err, item, path);
	return 0;
}

static int annotations_add_mount(struct request *request, const char *provider, const char *path)
{
	struct mount_request *mount;

	if (array_grow(&request->mounts, request->n_mounts, sizeof(*request->mounts)) < 0)
		return -ENOMEM;
	mount = &request->mounts[request->n_mounts++];
	mount->provider = strdup(provider);
	mount->path = strdup(path);
	mount->node = strcmp(provider, PROVIDER_NODE) == 0;
	return mount->provider && mount->path ? 0 : -ENOMEM;
}

/* `item` is "PROVIDER=PATH". */
static int parse_item(const char *item, struct request *request, struct error *err)
{
	cleanup_free char *provider = strdup(item);
	char *path;
	int r;

	if (!provider)
		return error_memory(err);
	path = strchr(provider, '=');
	if (!path)
		return annotations_refuse(err, ANNOTATION_MOUNTS, "write it like " MOUNTS_EXAMPLE,
			item, MOUNTS_EXPECTED);
	*path++ = '\0';
	r = check_item(err, item, provider, path);
	if (r < 0)
		return r;
	if (request->n_mounts == ANNOTATION_MAX_MOUNTS)
		return error_set(err, -EINVAL, FINDING_ANNOTATION_INVALID, ANNOTATION_MOUNTS,
			"ask for fewer mounts",
			"the annotation " ANNOTATION_MOUNTS " has more than %d entries",
			ANNOTATION_MAX_MOUNTS);
	return annotations_add_mount(request, provider, path) < 0 ? error_memory(err) : 0;
}

/*
 * The separator at `text`: blanks, at most one comma, and any number of line ends, since people end
 * lines with a comma. Returns its length; two commas are two separators with nothing between.
 */
static size_t separator_span(const char *text)
{
	size_t n = 0;

	for (bool comma = false; text[n]; n++) {
		if (text[n] == ',' && comma)
			break;
		if (text[n] == ',')
			comma = true;
		else if (text[n] != '\n' && !strchr(blanks, text[n]))
			break;
	}
	return n;
}

/* A copy of the item at `text`, `length` bytes with blanks at its end. */
static char *copy_item(const char *text, size_t length)
{
	while (length > 0 && strchr(blanks, text[length - 1]))
		length--;
	return strndup(text, length);
}

static int parse_mounts(const char *value, struct request *request, struct error *err)
{
	const char *at = value + strspn(value, " \t\r\n");

	while (*at) {
		size_t length = strcspn(at, ",\n");
		cleanup_free char *item = copy_item(at, length);
		int r;

		if (!item)
			return error_memory(err);
		if (*item == '\0')
			return annotations_refuse(err, ANNOTATION_MOUNTS, "remove the second comma",
				value, MOUNTS_EXPECTED ", none of them empty");
		r = parse_item(item, request, err);
		if (r < 0)
			return r;
		at += length;
		at += separator_span(at);
	}
	if (request->n_mounts == 0)
		return annotations_refuse(err, ANNOTATION_MOUNTS,
			"name at least one mount, or remove it", value, MOUNTS_EXPECTED);
	return 0;
}

static const struct annotation {
	const char *key;
	value_parser parse;
} known[] = {
	{ANNOTATION_MOUNTS, parse_mounts},
	{ANNOTATION_WAIT, parse_wait},
	{ANNOTATION_DIR_MODE, parse_dir_mode},
	{ANNOTATION_DIR_OWNER, parse_dir_owner},
	{ANNOTATION_EXPOSE, parse_expose},
	{ANNOTATION_PROPAGATION, parse_propagation},
};

static int annotations_refuse_unknown(struct error *err, const char *key)
{
	const char *name = key + strlen(ANNOTATION_PREFIX);
	const struct annotation *nearest = NULL;
	cleanup_free char *fix = NULL;
	size_t least = 3; /* more than two slips are another word */

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t distance =
			text_distance(name, known[i].key + strlen(ANNOTATION_PREFIX), least);

		if (distance >= least)
			continue;
		least = distance;
		nearest = &known[i];
	}
	if (nearest) {
		fix = strformat("rename it to %s", nearest->key);
		if (!fix)
			return error_memory(err);
	}
	return error_set(err, -EINVAL, FINDING_ANNOTATION_INVALID, key, fix ? fix : "remove it",
		"the annotation %s is not known: expected " ANNOTATION_PREFIX
		"mounts, wait, dir-mode, dir-owner, expose or propagation",
		text_quote(key));
}

static int parse_annotation(const struct keyval *item, struct request *request, struct error *err)
{
	const struct annotation *annotation = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].key, item->key) == 0)
			annotation = &known[i];
	if (!annotation)
		return annotations_refuse_unknown(err, item->key);
	if (strlen(item->value) > ANNOTATION_MAX_SIZE)
		return error_set(err, -EINVAL, FINDING_ANNOTATION_INVALID, item->key, "shorten it",
			"the annotation %s has %zu bytes: expected at most %d", item->key,
			strlen(item->value), ANNOTATION_MAX_SIZE);
	return annotation->parse(item->value, request, err);
}

static int refuse_overlap(
	struct error *err, const struct mount_request *outer, const struct mount_request *inner)
{
	if (strcmp(outer->path, inner->path) == 0)
		return error_set(err, -EINVAL, FINDING_MOUNTPOINT_CONFLICT, inner->path,
			"give each mount a path of its own",
			"%s and %s both mount at %s (annotation " ANNOTATION_MOUNTS ")",
			outer->provider, inner->provider, text_quote(inner->path));
	return error_set(err, -EINVAL, FINDING_MOUNTPOINT_CONFLICT, inner->path,
		"mount them side by side",
		"%s of %s is below %s of %s: one mount would hide the other "
		"(annotation " ANNOTATION_MOUNTS ")",
		text_quote(inner->path), inner->provider, text_quote(outer->path), outer->provider);
}

static int check_overlaps(const struct request *request, struct error *err)
{
	for (size_t i = 0; i < request->n_mounts; i++)
		for (size_t j = 0; j < i; j++) {
			const struct mount_request *a = &request->mounts[j];
			const struct mount_request *b = &request->mounts[i];

			if (path_below(b->path, a->path))
				return refuse_overlap(err, a, b);
			if (path_below(a->path, b->path))
				return refuse_overlap(err, b, a);
		}
	return 0;
}

bool annotations_active(const struct keyvals *annotations)
{
	return keyvals_get(annotations, ANNOTATION_MOUNTS) != NULL;
}

int annotations_parse(const struct keyvals *annotations, struct request *ret, struct error *err)
{
	cleanup_request struct request request = {.dir_mode = DIR_MODE_DEFAULT, .expose = true};
	int r;

	for (size_t i = 0; i < annotations->n; i++) {
		const struct keyval *item = &annotations->items[i];

		if (strncmp(item->key, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)) != 0)
			continue;
		r = parse_annotation(item, &request, err);
		if (r < 0)
			return r;
	}
	r = check_overlaps(&request, err);
	if (r < 0)
		return r;
	*ret = move_struct(request);
	return 0;
}

void request_clear(struct request *request)
{
	if (!request)
		return;
	for (size_t i = 0; i < request->n_mounts; i++) {
		free(request->mounts[i].provider);
		free(request->mounts[i].path);
	}
	free(request->mounts);
	*request = (struct request){0};
}
