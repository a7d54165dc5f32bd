/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes of open descriptors: libselinux would be one more library in each hook, for
 * one attribute, and takes paths where descriptors are at hand.
 */
#include "hook/record/selinux.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ENFORCE "/sys/fs/selinux/enforce"
#define ATTRIBUTE "security.selinux" /* xattr(7), "Security extended attributes" */

bool selinux_enabled(void)
{
	return access(ENFORCE, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int selinux_label_of(int fd, char label[SELINUX_LABEL_SIZE])
{
	ssize_t n = fgetxattr(fd, ATTRIBUTE, label, SELINUX_LABEL_SIZE - 1);

	if (n < 0)
		return -errno;
	/* With its NUL or without: both are there. */
	label[n] = '\0';
	return 0;
}

/* Where the type of "user:role:type:level" begins, and how long it is. */
static const char *selinux_find_type(const char *label, size_t *ret_length)
{
	const char *role = strchr(label, ':');
	const char *type = role ? strchr(role + 1, ':') : NULL;

	if (!type)
		return NULL;
	*ret_length = strcspn(type + 1, ":");
	return type + 1;
}

bool selinux_has_type(const char *label, const char *type)
{
	size_t length = 0;
	const char *found = selinux_find_type(label, &length);

	return found && strlen(type) == length && strncmp(found, type, length) == 0;
}

/* The label with another type. 0 or -EINVAL. */
static int replace_type(const char *label, const char *type, char made[SELINUX_LABEL_SIZE])
{
	size_t length = 0;
	const char *found = selinux_find_type(label, &length);
	int n;

	if (!found)
		return -EINVAL;
	n = snprintf(made, SELINUX_LABEL_SIZE, "%.*s%s%s", (int)(found - label), label, type,
		found + length);
	return n < 0 || n >= SELINUX_LABEL_SIZE ? -EINVAL : 0;
}

static int selinux_error(int r, const char *path, const char *type, struct error *err)
{
	return error_set(err, r, FINDING_HOST_IO, path,
		"install container-selinux, or a policy that lets container_runtime_t label it",
		"cannot give %s the SELinux type %s: %s", path, type, strerror(-r));
}

int selinux_set_type_like(int fd, int like, const char *type, const char *path, struct error *err)
{
	char label[SELINUX_LABEL_SIZE], made[SELINUX_LABEL_SIZE];
	int r;

	if (!selinux_enabled())
		return 0;
	if (selinux_label_of(fd, label) == 0 && selinux_has_type(label, type))
		return 0;
	r = selinux_label_of(like, label);
	if (r == -ENODATA || r == -EOPNOTSUPP)
		return 0;
	if (r == 0)
		r = replace_type(label, type, made);
	if (r == 0 && fsetxattr(fd, ATTRIBUTE, made, strlen(made) + 1, 0) < 0)
		r = -errno;
	return r < 0 ? selinux_error(r, path, type, err) : 0;
}

int selinux_set_type(int fd, const char *type, const char *path, struct error *err)
{
	return selinux_set_type_like(fd, fd, type, path, err);
}
