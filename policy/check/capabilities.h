/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets of config.json; names are parsed by libcap. */
#ifndef FSH_POLICY_CHECK_CAPABILITIES_H
#define FSH_POLICY_CHECK_CAPABILITIES_H

#include "oci/base/strv.h"
#include "oci/spec/spec.h"
#include <stdbool.h>
#include <sys/capability.h>

/* True where `set` ("CAP_SYS_ADMIN", any case) has `capability`. Unknown names are skipped, as
 * runtimes do. */
bool capabilities_contain(const struct strv *set, cap_value_t capability);

/* True for what Kubernetes calls privileged: CAP_SYS_ADMIN effective or bounding, every device
 * allowed, no seccomp filter. */
bool capabilities_privileged(const struct spec *spec);

#endif
