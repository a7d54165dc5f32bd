/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a story on its stage. Each function fails the running test where it does not.
 */
#ifndef FSH_TESTS_PODS_ORACLE_H
#define FSH_TESTS_PODS_ORACLE_H

#include "tests/pods/stage.h"

#include <stdint.h>

/* Exit codes that a container's prestart may have now, a bit for each. */
uint32_t oracle_exits(const struct stage *stage, size_t part);

/* Others that it may have where `other` is created at the same time. */
uint32_t oracle_exits_beside(const struct stage *stage, size_t part, size_t other);

/* The hook has ended with that, for that container. */
void oracle_expect_exit(struct stage *stage, const struct fake_member *member,
	const char *stage_name, int status, uint32_t allowed);

/* The paths that this container has been promised to see, a bit for each: it is a consumer that is
 * let start, and their providers were recorded. */
uint32_t oracle_promised(const struct stage *stage, size_t part);

/* No dead mount is on the path of a provider that has just been let start. */
void oracle_expect_healed(struct stage *stage, size_t part);

/* Nobody holds the lock of the pod, of which no hook runs. */
void oracle_expect_free(struct stage *stage);

/* Whatever lives is still mounted, on the host and where it was promised. */
void oracle_expect_live(struct stage *stage);

/* The record is there as long as a container runs; where it has gone its providers are forgotten.
 */
void oracle_follow_record(struct stage *stage, bool by_reconcile);

/* Of the pods that have ended nothing is left. */
void oracle_expect_end(struct stage *stage);

/* The mounts of this namespace, one line each, without their propagation. Owned by the caller. */
char *oracle_mounts(void);

/* Add each directory below `path` to `ret`. */
void oracle_directories(const char *path, struct strv *ret);

#endif
