/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By the names that container engines give. An AppArmor profile of another name may allow
 * mount(2), and is not said to deny it; an SELinux type that is not known confines.
 */
#include "policy/config/lsm.h"

#include "oci/base/cleanup.h"
#include <string.h>

/* Names may have blanks and brackets: the mode is behind the last ones. */
static bool is_line_of(const char *line, size_t length, const char *name)
{
	size_t n = strlen(name);

	return length > n + 2 && strncmp(line, name, n) == 0 && line[n] == ' ' &&
	       line[n + 1] == '(' && line[length - 1] == ')' &&
	       !memchr(line + n + 2, ' ', length - n - 2);
}

static bool has_mode(const char *mode, const char *expected)
{
	return strncmp(mode, expected, strlen(expected)) == 0 && mode[strlen(expected)] == ')';
}

enum apparmor_mode lsm_apparmor_mode(const char *profiles, const char *name)
{
	for (const char *line = profiles; *line;) {
		size_t length = strcspn(line, "\n");
		const char *mode = line + strlen(name) + 2;

		if (!is_line_of(line, length, name)) {
			line += length + (line[length] == '\n');
			continue;
		}
		if (has_mode(mode, "complain") || has_mode(mode, "unconfined"))
			return APPARMOR_LETS;
		/* One that is not known yet confines, too. */
		return APPARMOR_ENFORCES;
	}
	return APPARMOR_NOT_LOADED;
}

bool lsm_apparmor_is_none(const char *profile)
{
	return !profile || !*profile || strcmp(profile, "unconfined") == 0;
}

bool lsm_apparmor_denies_mount(const char *profile)
{
	static const char *const names[] = {
		"crio-default",		     /* CRI-O */
		"docker-default",	     /* Docker */
		"cri-containerd.apparmor.d", /* containerd */
	};
	/* containers/common puts its version behind: podman, and CRI-O of late. */
	static const char prefix[] = "containers-default-";

	if (!profile)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(profile, names[i]) == 0)
			return true;
	return strncmp(profile, prefix, strlen(prefix)) == 0;
}

/* The third field of a label; *ret_length is 0 where there is none. */
static const char *lsm_find_type(const char *label, size_t *ret_length)
{
	for (int i = 0; i < 2; i++) {
		label = strchr(label, ':');
		if (!label) {
			*ret_length = 0;
			return "";
		}
		label++;
	}
	*ret_length = strcspn(label, ":");
	return label;
}

bool lsm_selinux_may_mount(const char *label)
{
	static const char *const types[] = {"spc_t", "unconfined_t", "container_runtime_t",
		"container_engine_t", "unconfined_service_t"};
	const char *type;
	size_t length;

	if (!label || !*label)
		return true;
	type = lsm_find_type(label, &length);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i]) == length && strncmp(types[i], type, length) == 0)
			return true;
	return false;
}
