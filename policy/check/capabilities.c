/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names through libcap, which knows those of newer kernels and their spellings; whole names only,
 * since it takes prefixes and numbers as well.
 */
#include "policy/check/capabilities.h"

#include "policy/check/devices.h"
#include <strings.h>

static void free_name(char **name)
{
	if (*name)
		cap_free(*name);
}

/* True where `text` is the name of a capability and nothing else. */
static bool parse_name(const char *text, cap_value_t *ret)
{
	__attribute__((cleanup(free_name))) char *name = NULL;
	cap_value_t value;

	if (cap_from_name(text, &value) < 0)
		return false;
	/* libcap takes numbers too, and stops at the first character that is none of a name's. */
	name = cap_to_name(value);
	if (!name || strcasecmp(name, text) != 0)
		return false;
	*ret = value;
	return true;
}

bool capabilities_contain(const struct strv *set, cap_value_t capability)
{
	for (size_t i = 0; i < set->n; i++) {
		cap_value_t value = 0;

		if (parse_name(set->items[i], &value) && value == capability)
			return true;
	}
	return false;
}

bool capabilities_privileged(const struct spec *spec)
{
	return (capabilities_contain(&spec->cap_effective, CAP_SYS_ADMIN) ||
		       capabilities_contain(&spec->cap_bounding, CAP_SYS_ADMIN)) &&
	       devices_allow_all(spec) && !spec->seccomp.present;
}
