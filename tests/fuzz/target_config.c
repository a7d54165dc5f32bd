/* SPDX-License-Identifier: Apache-2.0 */
/* A container's config.json. */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/spec/spec.h"
#include <limits.h>
#include <string.h>

static void check_mounts(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		cleanup_free char *simple = path_simplify(mount->destination);

		FUZZ_EXPECT(mount->destination[0] == '/');
		FUZZ_EXPECT(strlen(mount->destination) < PATH_MAX);
		FUZZ_EXPECT(strcmp(simple, mount->destination) == 0);
		FUZZ_EXPECT(mount->bind || !mount->recursive);
		FUZZ_EXPECT(mount->propagation <= PROPAGATION_UNBINDABLE);
		FUZZ_EXPECT(
			mount->propagation != PROPAGATION_UNSET || !mount->propagation_recursive);
	}
}

static void check_devices(const struct spec *spec)
{
	const unsigned int all = DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD;

	for (size_t i = 0; i < spec->n_devices; i++)
		FUZZ_EXPECT(spec->devices[i].path && strchr("cbup", spec->devices[i].type) &&
			    spec->devices[i].type);
	for (size_t i = 0; i < spec->n_device_rules; i++) {
		const struct spec_device_rule *rule = &spec->device_rules[i];

		FUZZ_EXPECT(rule->type && strchr("abc", rule->type));
		FUZZ_EXPECT(rule->access && !(rule->access & ~all));
	}
}

static void check_limits(const struct spec *spec)
{
	FUZZ_EXPECT(spec->memory_limit >= 0 && spec->cpu_quota >= 0 && spec->cpu_period >= 0);
	FUZZ_EXPECT(spec->has_memory_limit || spec->memory_limit == 0);
	FUZZ_EXPECT(spec->has_cpu_limit || spec->cpu_quota == 0);
}

static void check_seccomp(const struct spec_seccomp *seccomp)
{
	FUZZ_EXPECT(seccomp->present ? seccomp->default_action != NULL : seccomp->n_rules == 0);
	for (size_t i = 0; i < seccomp->n_rules; i++)
		FUZZ_EXPECT(seccomp->rules[i].action != NULL);
}

static void check_ids(const struct spec *spec)
{
	FUZZ_EXPECT(spec->uid != (uid_t)-1 && spec->gid != (gid_t)-1);
	for (size_t i = 0; i < spec->n_additional_gids; i++)
		FUZZ_EXPECT(spec->additional_gids[i] != (gid_t)-1);
}

static void check_spec(const struct spec *spec)
{
	FUZZ_EXPECT(spec->root_path && *spec->root_path);
	FUZZ_EXPECT(spec->rootfs_propagation <= PROPAGATION_UNBINDABLE);
	FUZZ_EXPECT(spec->has_capabilities ||
		    (spec->cap_effective.n == 0 && spec->cap_bounding.n == 0 &&
			    spec->cap_ambient.n == 0));
	check_ids(spec);
	check_mounts(spec);
	check_devices(spec);
	check_limits(spec);
	check_seccomp(&spec->seccomp);
}

void fuzz_config(const char *data, size_t size)
{
	cleanup_error struct error err = {0};
	struct spec spec;

	fuzz_poison(&spec, sizeof(spec));
	if (!fuzz_succeeded(spec_parse(data, size, &spec, &err), &err, &spec, sizeof(spec)))
		return;
	FUZZ_EXPECT(size <= SPEC_MAX_SIZE);
	check_spec(&spec);
	spec_clear(&spec);
}
