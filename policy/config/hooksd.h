/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of hooks.d by the rules of who reads it: pkg/hooks of containers/common, which CRI-O and
 * podman share (oci-hooks(5), and what its code does beyond that). Go's encoding/json reads it: it
 * ignores keys that it does not know and the case of those that it knows.
 */
#ifndef FSH_POLICY_CONFIG_HOOKSD_H
#define FSH_POLICY_CONFIG_HOOKSD_H

#include "oci/base/error.h"
#include "oci/base/strv.h"
#include "oci/spec/keyval.h"
#include <stdbool.h>
#include <stddef.h>

#define HOOKSD_VERSION "1.0.0"

struct hooksd {
	char *path; /* hook.path, not empty */
	struct strv args;
	long timeout; /* seconds; 0: none, CRI-O's own limit holds */
	bool has_timeout;
	bool has_always, always; /* when.always */
	bool has_bind_mounts;	 /* when.hasBindMounts is there */
	struct keyvals annotations;
	struct strv commands;
	struct strv stages;
	bool old; /* version 0.1.0 or none: read by other rules, nothing above is filled */
};

/*
 * Parse a file. -EINVAL with FINDING_POLICY_INVALID for what the reader refuses, but for what it
 * asks elsewhere: whether hook.path exists, whether the patterns are regular expressions. At the
 * start of CRI-O such a file keeps it from starting; later its hook is gone.
 */
int hooksd_parse(
	const char *data, size_t size, const char *name, struct hooksd *ret, struct error *err);

bool hooksd_has_stage(const struct hooksd *hook, const char *stage);

void hooksd_clear(struct hooksd *hook);

#define cleanup_hooksd __attribute__((cleanup(hooksd_clear)))

#endif
