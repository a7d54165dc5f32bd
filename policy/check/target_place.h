/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory named by its file system: the same through whatever mount it is looked at. The
 * kubelet gives a subPath volume a bind mount of its own, elsewhere than the volume; only this name
 * shows that the two belong together.
 */
#ifndef FSH_POLICY_CHECK_TARGET_PLACE_H
#define FSH_POLICY_CHECK_TARGET_PLACE_H

#include "oci/spec/mountinfo.h"
#include <stdbool.h>

struct target_place {
	unsigned int major, minor;
	char *path; /* from the file system's root; NULL: unknown */
};

/* The place that `path` has on `mount`, which carries or covers it; *ret is left as it is where it
 * has none. 0 or -ENOMEM. */
int target_place_find(const struct mount_entry *mount, const char *path, struct target_place *ret);

/* As path_below(): NULL where `place` is not on the same file system at or below `above`. */
const char *target_place_below(const struct target_place *place, const struct target_place *above);

bool target_place_is(const struct target_place *place, const struct target_place *other);

void target_place_clear(struct target_place *place);

#define cleanup_target_place __attribute__((cleanup(target_place_clear)))

#endif
