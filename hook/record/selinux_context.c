/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's text files are read as far as a directory needs them; where a pattern is beyond
 * that, nothing is said in place of a guess.
 */
#include "hook/record/selinux_context.h"

#include "hook/record/runtime_path.h"
#include "hook/record/selinux.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CONFIG "/etc/selinux/config"
#define CONFIG_MAX (64UL * 1024)
#define CONTEXTS_MAX (16UL * 1024 * 1024)
#define RUNTIMES_STATE "/run/containers"
#define BLANKS " \t"

/* SELINUXTYPE of selinux_config(5), the directory of the policy. */
static int read_policy_name(char ret_name[NAME_MAX + 1])
{
	static const char key[] = "SELINUXTYPE=";
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = input_read_file(AT_FDCWD, CONFIG, CONFIG_MAX, &text, &size);

	if (r < 0)
		return r;
	for (char *line = text, *rest = NULL; (line = strtok_r(line, "\n", &rest)); line = NULL) {
		line += strspn(line, BLANKS);
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		line += strlen(key);
		line[strcspn(line, BLANKS "\r")] = '\0';
		if (!*line || strchr(line, '/') || strlen(line) > NAME_MAX)
			return -EINVAL;
		strcpy(ret_name, line);
		return 0;
	}
	return -ENOENT;
}

/* The pattern is for the directory and, perhaps, for what is below it. */
static bool is_pattern_of(const char *pattern, size_t length, const char *path)
{
	static const char *const ends[] = {"", "/.*", "(/.*)?"};
	static const char alias[] = "/var";
	size_t n = strlen(path);

	if (length > strlen(alias) && strncmp(pattern, alias, strlen(alias)) == 0) {
		pattern += strlen(alias);
		length -= strlen(alias);
	}
	if (length < n || strncmp(pattern, path, n) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (length - n == strlen(ends[i]) &&
			strncmp(pattern + n, ends[i], strlen(ends[i])) == 0)
			return true;
	}
	return false;
}

/* The third part of "user:role:type[:level]"; "<<none>>" has none. */
static int take_type(const char *context, char ret_type[SELINUX_TYPE_SIZE])
{
	size_t length;

	for (int i = 0; i < 2; i++) {
		context = strchr(context, ':');
		if (!context)
			return -ENOENT;
		context++;
	}
	length = strcspn(context, ":" BLANKS);
	if (length == 0 || length >= SELINUX_TYPE_SIZE)
		return -EINVAL;
	memcpy(ret_type, context, length);
	ret_type[length] = '\0';
	return 0;
}

/* "PATTERN [-d] CONTEXT"; of several lines the last counts. */
static int find_in(char *text, const char *path, char ret_type[SELINUX_TYPE_SIZE])
{
	int found = -ENOENT;

	for (char *line = text, *rest = NULL; (line = strtok_r(line, "\n", &rest)); line = NULL) {
		size_t length;
		const char *next;

		line += strspn(line, BLANKS);
		length = strcspn(line, BLANKS);
		if (!is_pattern_of(line, length, path))
			continue;
		next = line + length + strspn(line + length, BLANKS);
		if (*next == '-') {
			if (next[1] != 'd')
				continue;
			next += 2 + strspn(next + 2, BLANKS);
		}
		found = take_type(next, ret_type);
	}
	return found;
}

static int find_in_file(
	const char *policy, const char *suffix, const char *path, char ret_type[SELINUX_TYPE_SIZE])
{
	cleanup_free char *text = NULL;
	char file[NAME_MAX + 80];
	size_t size = 0;
	int r;

	snprintf(file, sizeof(file), "/etc/selinux/%s/contexts/files/file_contexts%s", policy,
		suffix);
	r = input_read_file(AT_FDCWD, file, CONTEXTS_MAX, &text, &size);
	return r < 0 ? r : find_in(text, path, ret_type);
}

/*
 * The type that the file contexts give to the directory `path`, which begins with /run: the
 * administrator's count before the policy's, and /var/run is the same. 0, -ENOENT where they have
 * none for it, or a negative errno where they cannot be read.
 */
static int find_type(const char *path, char ret_type[SELINUX_TYPE_SIZE])
{
	static const char *const suffixes[] = {".local", ""};
	char policy[NAME_MAX + 1];
	int r = read_policy_name(policy);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		r = find_in_file(policy, suffixes[i], path, ret_type);
		if (r != -ENOENT)
			return r;
	}
	return r;
}

int selinux_context_own(const char *path, char ret_type[SELINUX_TYPE_SIZE])
{
	const char *const paths[] = {path, RUNTIME_DIR, RUNTIMES_STATE};
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(paths); i++)
		r = find_type(paths[i], ret_type);
	return r;
}

int selinux_context_label(int fd, const char *path, struct error *err)
{
	char type[SELINUX_TYPE_SIZE];
	int r;

	if (!selinux_enabled())
		return 0;
	r = selinux_context_own(path, type);
	if (r == 0)
		return selinux_set_type(fd, type, path, err);
	return error_set(err, r, FINDING_HOST_IO, path,
		"install container-selinux, or run selinux-context add (docs/selinux.md)",
		"cannot tell the SELinux type of %s: the policy's file contexts %s", path,
		r == -ENOENT ? "have none for it, nor for " RUNTIMES_STATE : strerror(-r));
}
