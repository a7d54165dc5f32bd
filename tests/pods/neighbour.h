/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another pod on the stage, whose mounts nobody else may touch: one of a daemon that lives, and one
 * that is dead, in its own volume or in a hostPath that the story's pod has as well.
 */
#ifndef FSH_TESTS_PODS_NEIGHBOUR_H
#define FSH_TESTS_PODS_NEIGHBOUR_H

#include "tests/pods/stage.h"

/* The pod alone: its directories on the node. */
void neighbour_init(struct stage *stage);

/* Its container, with its hook and its daemons. */
void neighbour_begin(struct stage *stage);

/* stage_create() while the neighbour's container is created again; nothing without a neighbour. */
void neighbour_restart_beside(struct stage *stage, size_t part);

/* Its end, if it has begun. */
void neighbour_end(struct stage *stage);

#endif
