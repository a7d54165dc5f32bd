/* SPDX-License-Identifier: Apache-2.0 */
/* fuse-sidecar-inspect (hook/doctor/inspect.cc), which lies beside this program. */
#ifndef FSH_HOOK_DOCTOR_INSPECT_H
#define FSH_HOOK_DOCTOR_INSPECT_H

#include "oci/base/error.h"
#include "oci/base/programs.h"
#include <json-c/json.h>
#include <stddef.h>

#define INSPECT_PROGRAM "fuse-sidecar-inspect"
#define INSPECT_FIX                                                                                \
	"install the package " TOOL_PACKAGE ", or run `make install`: it puts " INSPECT_PROGRAM    \
	" beside " TOOL_PROGRAM

/*
 * A TOML file's text as a JSON object, the caller's. `name` is for messages. -EINVAL with
 * FINDING_POLICY_INVALID where it is no TOML; -ENOENT with FINDING_HOST_IO where the program is not
 * installed, -EIO where it cannot run.
 */
int inspect_toml(const char *text, size_t size, const char *name, struct json_object **ret,
	struct error *err);

/*
 * 1 where `text` has a match of the pattern, as Go's regexp.MatchString() tells it, 0 where not.
 * -EINVAL with FINDING_POLICY_INVALID where that is no regular expression; -ENOENT, -EIO as above.
 */
int inspect_match(const char *pattern, const char *text, struct error *err);

#endif
