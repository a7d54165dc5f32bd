/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's policy: /etc/fuse-sidecar-hook/policy.json, design section 5. */
#ifndef FSH_POLICY_CONFIG_CONFIG_H
#define FSH_POLICY_CONFIG_CONFIG_H

#include "oci/base/code.h"
#include "oci/base/error.h"
#include "oci/base/strv.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_MAX_SIZE (1024UL * 1024) /* bytes */
#define CONFIG_GATE_MAX_USEC (90 * UINT64_C(1000000))

struct config {
	bool audit_only;	     /* mode: audit */
	struct strv namespace_allow; /* fnmatch(3) patterns; empty: all */
	struct strv namespace_deny;  /* wins over allow */
	struct strv roots;	     /* host path prefixes; never empty */
	uint64_t gate_default_usec, gate_max_usec;
	uint64_t probe_timeout_usec;
	enum severity severity[FINDING_CODE_COUNT]; /* code_default_severity() unless overridden */
	bool allow_propagation_grant;
	struct strv node_mounts;
	uint64_t abort_hung_after_usec; /* 0: off */
	char *metrics_file;		/* for node_exporter; NULL: nothing is counted */
};

/* The policy of a node without a file. 0 or -ENOMEM. Owned by the caller (config_clear). */
int config_defaults(struct config *ret);

/*
 * Parse a policy file; `name` is its path, for messages. Unknown keys, wrong types, relative or
 * unnormalized paths, a gate default above the maximum or a maximum above 90 s, unknown finding
 * codes, and a severity below deny for a code that is no matter of taste (annotation-, state-,
 * config-, policy-invalid, path-unsafe, host-io, internal) are -EINVAL with FINDING_POLICY_INVALID
 * and a message with the key; an unknown name also with the nearest known one. A gate.max below the
 * built-in default lowers the default too, where that is not given. probeTimeout: above 0, to 90 s.
 */
int config_parse(
	const char *data, size_t size, const char *name, struct config *ret, struct error *err);

/* True where the policy lets the hook act for pods of this namespace. */
bool config_allows_namespace(const struct config *config, const char *name);

/* The entry of `prefixes` that `path` is equal to or below, by component; NULL without one.
 * Borrowed. */
const char *config_prefix_of(const struct strv *prefixes, const char *path);

void config_clear(struct config *config);

#define cleanup_config __attribute__((cleanup(config_clear)))

#endif
