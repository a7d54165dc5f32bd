/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text alone is compared: no file system is asked, since these paths are of another namespace, of
 * a captured node, or of a mount that hangs.
 */
#include "oci/base/path.h"

#include "oci/base/strformat.h"
#include "oci/base/text.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A component that a normalized path must not have: "", "." or "..". */
static bool is_special(const char *component, size_t length)
{
	return length == 0 || (length == 1 && component[0] == '.') ||
	       (length == 2 && component[0] == '.' && component[1] == '.');
}

bool path_is_normalized(const char *path)
{
	return path_is_straight(path) && !text_has_control(path);
}

bool path_is_straight(const char *path)
{
	if (path[0] != '/' || strnlen(path, PATH_MAX) == PATH_MAX)
		return false;
	if (path[1] == '\0')
		return true;
	for (const char *slash = path; *slash;) {
		size_t n = strcspn(slash + 1, "/");

		if (is_special(slash + 1, n))
			return false;
		slash += 1 + n;
	}
	return true;
}

const char *path_below(const char *path, const char *prefix)
{
	size_t length = strlen(prefix);

	/* Below "/" is every absolute path; its slash already ends the prefix. */
	if (length == 1)
		return path[0] == '/' ? path + 1 : NULL;
	if (strncmp(path, prefix, length) != 0)
		return NULL;
	if (path[length] == '\0')
		return path + length;
	return path[length] == '/' ? path + length + 1 : NULL;
}

char *path_join(const char *prefix, const char *rest)
{
	size_t length = strlen(prefix);

	rest += strspn(rest, "/");
	while (length > 0 && prefix[length - 1] == '/')
		length--;
	if (*rest == '\0' && length > 0)
		return strndup(prefix, length);
	return strformat("%.*s/%s", (int)length, prefix, rest);
}

char *path_simplify(const char *path)
{
	size_t n = 0;
	char *simple = malloc(strlen(path) + 2);

	if (!simple)
		return NULL;
	if (path[0] == '/')
		simple[n++] = '/';
	for (const char *component = path; *component;) {
		size_t length;

		component += strspn(component, "/");
		length = strcspn(component, "/");
		if (length > 0 && !(length == 1 && component[0] == '.')) {
			if (n > 0 && simple[n - 1] != '/')
				simple[n++] = '/';
			memcpy(simple + n, component, length);
			n += length;
		}
		component += length;
	}
	if (n == 0 && path[0] != '\0')
		simple[n++] = '.';
	simple[n] = '\0';
	return simple;
}

char *path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash > path ? strndup(path, (size_t)(slash - path)) : strdup("/");
}
