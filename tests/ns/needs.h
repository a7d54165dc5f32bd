/* SPDX-License-Identifier: Apache-2.0 */
/* What a test needs of the kernel; tests/ns/ns_test_kernels.c has what happens without. */
#ifndef FSH_TESTS_NS_NEEDS_H
#define FSH_TESTS_NS_NEEDS_H

#include "hook/sys/kernel_features.h"
#include "hook/sys/mount_ops.h"
#include <stdio.h>

/* The test is about a bind that is replaced, or about a run that gets that far. First thing in it.
 */
#define NEEDS_REPLACEMENT()                                                                        \
	do {                                                                                       \
		if (!mount_can_clone()) {                                                          \
			puts("this kernel has no open_tree and move_mount");                       \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* The test's own fixture is made by it. */
#define NEEDS_MOUNT_SETATTR()                                                                      \
	do {                                                                                       \
		if (!kernel_has(KERNEL_MOUNT_SETATTR)) {                                           \
			puts("this kernel has no mount_setattr");                                  \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

#endif
