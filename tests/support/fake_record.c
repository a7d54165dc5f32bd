/* SPDX-License-Identifier: Apache-2.0 */
/* What the hook has recorded of a fake pod: the part of fake_pod.h that reads. */
#include "tests/support/fake_pod.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

char *fake_pod_record_path(const struct fake_pod *pod)
{
	char *path = NULL;

	assert_true(asprintf(&path, FAKE_POD_RECORDS "/pods/%s/topology.json", pod->uid) > 0);
	return path;
}

char *fake_pod_record_text(const struct fake_pod *pod)
{
	cleanup_free char *path = fake_pod_record_path(pod);
	char *text = ns_sandbox_read(path);

	assert_non_null(text);
	return text;
}

/* Parsed; NULL without one. Owned by the caller (json_object_put). */
static struct json_object *read_record(const struct fake_pod *pod)
{
	cleanup_free char *path = fake_pod_record_path(pod);
	cleanup_free char *text = ns_sandbox_read(path);

	return text ? json_tokener_parse(text) : NULL;
}

bool fake_pod_plex_waits(void *pod)
{
	return strcmp(fake_pod_status(pod, "plex"), "waiting") == 0;
}

const char *fake_pod_recorded(const struct fake_pod *pod, const char *pointer)
{
	static char text[4096];
	cleanup_json struct json_object *record = read_record(pod);
	struct json_object *value = NULL;

	if (!record || json_pointer_get(record, pointer, &value) < 0 || !value)
		return NULL;
	snprintf(text, sizeof(text), "%s", json_object_get_string(value));
	return text;
}

const char *fake_pod_status(const struct fake_pod *pod, const char *container)
{
	for (int i = 0;; i++) {
		char pointer[64];
		const char *name;

		snprintf(pointer, sizeof(pointer), "/containers/%d/name", i);
		name = fake_pod_recorded(pod, pointer);
		if (!name)
			return "";
		if (strcmp(name, container) != 0)
			continue;
		snprintf(pointer, sizeof(pointer), "/containers/%d/status", i);
		name = fake_pod_recorded(pod, pointer);
		return name ? name : "";
	}
}

bool fake_pod_has_file(const char *directory, const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), FAKE_POD_RECORDS "/%s/%s", directory, name);
	return lstat(path, &st) == 0;
}

unsigned int fake_pod_count_files(const char *directory)
{
	char path[256];
	unsigned int n = 0;
	struct dirent *entry;
	DIR *stream;

	snprintf(path, sizeof(path), FAKE_POD_RECORDS "/%s", directory);
	stream = opendir(path);
	if (!stream)
		return 0;
	while ((entry = readdir(stream)))
		n += entry->d_name[0] != '.';
	closedir(stream);
	return n;
}
