/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's topology as a tree of lines: volumes, the FUSE paths in them, who mounts and who sees
 * them. */
#ifndef FSH_HOOK_OUTPUT_STATUS_TREE_H
#define FSH_HOOK_OUTPUT_STATUS_TREE_H

#include "hook/run/pod_now.h"
#include <stdbool.h>
#include <stdio.h>

struct tree_look {
	bool utf8;   /* with box-drawing characters */
	bool colour; /* states of paths and findings */
};

void status_tree_print(FILE *out, const struct pod_now *pod, const struct tree_look *look);

#endif
