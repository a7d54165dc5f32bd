/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's topology as a tree of lines: volumes, the FUSE paths in them, who mounts and who sees
 * them. */
#ifndef FSH_HOOK_STATUS_TREE_H
#define FSH_HOOK_STATUS_TREE_H

#include "hook/pod_now.h"
#include <stdbool.h>
#include <stdio.h>

/* `utf8`: with box-drawing characters. */
void status_tree_print(FILE *out, const struct pod_now *pod, bool utf8);

#endif
