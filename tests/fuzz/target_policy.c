/* SPDX-License-Identifier: Apache-2.0 */
/* The node's policy file. */
#include "tests/fuzz/fuzz.h"

#include "oci/base/path.h"
#include "policy/config/config.h"

static void check_paths(const struct strv *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		FUZZ_EXPECT(path_is_normalized(paths->items[i]));
		FUZZ_EXPECT(config_prefix_of(paths, paths->items[i]));
	}
}

static void check_severities(const struct config *config)
{
	for (unsigned int i = FINDING_NONE + 1; i < FINDING_CODE_COUNT; i++)
		FUZZ_EXPECT(config->severity[i] <= SEVERITY_DENY);
	FUZZ_EXPECT(config->severity[FINDING_STATE_INVALID] == SEVERITY_DENY);
	FUZZ_EXPECT(config->severity[FINDING_PATH_UNSAFE] == SEVERITY_DENY);
	FUZZ_EXPECT(config->severity[FINDING_INTERNAL] == SEVERITY_DENY);
}

static void check_config(const struct config *config)
{
	FUZZ_EXPECT(config->roots.n > 0);
	check_paths(&config->roots);
	check_paths(&config->node_mounts);
	check_severities(config);
	FUZZ_EXPECT(config->gate_default_usec <= config->gate_max_usec);
	FUZZ_EXPECT(config->gate_max_usec <= CONFIG_GATE_MAX_USEC);
	FUZZ_EXPECT(config->probe_timeout_usec > 0);
	FUZZ_EXPECT(config->probe_timeout_usec <= CONFIG_GATE_MAX_USEC);
	if (config->namespace_allow.n == 0 && config->namespace_deny.n == 0)
		FUZZ_EXPECT(config_allows_namespace(config, "media"));
}

void fuzz_policy(const char *data, size_t size)
{
	cleanup_error struct error err = {0};
	struct config config;
	int r;

	fuzz_poison(&config, sizeof(config));
	r = config_parse(data, size, "policy.json", &config, &err);
	if (!fuzz_succeeded(r, &err, &config, sizeof(config)))
		return;
	check_config(&config);
	config_clear(&config);
}
