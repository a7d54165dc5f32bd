/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules in order, as the kernel's controller heeds them: each one changes what the ones before
 * it allowed.
 */
#include "policy/check/devices.h"

#include "oci/base/cleanup.h"
#include <string.h>

#define DEV_DIRECTORY "/dev"
#define ACCESS_ALL (DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD)

/*
 * Type 'a' is every device, whatever numbers stand beside it: so the cgroup v1 controller and runc
 * read it. (crun on cgroup v2 heeds the numbers; CRI-O and podman write none.)
 */
static bool device_is_for_all(const struct spec_device_rule *rule)
{
	return rule->type == 'a';
}

static bool has_any_number(const struct spec_device_rule *rule)
{
	return device_is_for_all(rule) || (rule->major < 0 && rule->minor < 0);
}

static bool device_matches(
	const struct spec_device_rule *rule, char type, int64_t device_major, int64_t device_minor)
{
	if (device_is_for_all(rule))
		return true;
	return rule->type == type && (rule->major < 0 || rule->major == device_major) &&
	       (rule->minor < 0 || rule->minor == device_minor);
}

bool devices_allow(
	const struct spec *spec, char type, int64_t major, int64_t minor, unsigned int access)
{
	unsigned int allowed = 0;

	for (size_t i = 0; i < spec->n_device_rules; i++) {
		const struct spec_device_rule *rule = &spec->device_rules[i];

		if (!device_matches(rule, type, major, minor))
			continue;
		if (rule->allow)
			allowed |= rule->access;
		else
			allowed &= ~rule->access;
	}
	return (access & ~allowed) == 0;
}

/* True where every device of that type is allowed: a denial of any single one takes that away
 * until a later rule allows all again. */
static bool allows_all_of(const struct spec *spec, char type)
{
	unsigned int allowed = 0;

	for (size_t i = 0; i < spec->n_device_rules; i++) {
		const struct spec_device_rule *rule = &spec->device_rules[i];

		if (!device_is_for_all(rule) && rule->type != type)
			continue;
		if (!rule->allow)
			allowed &= ~rule->access;
		else if (has_any_number(rule))
			allowed |= rule->access;
	}
	return allowed == ACCESS_ALL;
}

bool devices_allow_all(const struct spec *spec)
{
	return allows_all_of(spec, 'c') && allows_all_of(spec, 'b');
}

static bool is_bind_of(const struct spec_mount *mount, const char *path)
{
	return mount->bind && mount->source && strcmp(mount->source, path) == 0 &&
	       strcmp(mount->destination, path) == 0;
}

bool devices_have_fuse(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_devices; i++)
		if (strcmp(spec->devices[i].path, FUSE_DEVICE_PATH) == 0)
			return true;
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (is_bind_of(&spec->mounts[i], FUSE_DEVICE_PATH) ||
			is_bind_of(&spec->mounts[i], DEV_DIRECTORY))
			return true;
	return false;
}
