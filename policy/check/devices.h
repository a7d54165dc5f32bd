/* SPDX-License-Identifier: Apache-2.0 */
/* The devices cgroup as runtime-spec describes it (config-linux.md, "Allowed Device list"). */
#ifndef FSH_POLICY_CHECK_DEVICES_H
#define FSH_POLICY_CHECK_DEVICES_H

#include "oci/spec/spec.h"
#include <stdbool.h>

#define FUSE_DEVICE_PATH "/dev/fuse"
#define FUSE_DEVICE_MAJOR 10
#define FUSE_DEVICE_MINOR 229

/*
 * True where the rules allow every access bit in `access` on that device: evaluated in order, the
 * last rule that matches wins for each bit; no rule at all is the runtime's default list, which has
 * no fuse.
 */
bool devices_allow(
	const struct spec *spec, char type, int64_t major, int64_t minor, unsigned int access);

/* True where the rules come down to "everything allowed", as for a privileged container. */
bool devices_allow_all(const struct spec *spec);

/* True where /dev/fuse will be in the container: linux.devices has it, or a bind mount shows it (of
 * /dev/fuse itself or of the host's /dev on /dev). */
bool devices_have_fuse(const struct spec *spec);

#endif
