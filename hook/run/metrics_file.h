/* SPDX-License-Identifier: Apache-2.0 */
/* The node's numbers as Prometheus reads them: counters of the hooks, and what is so now. */
#ifndef FSH_HOOK_RUN_METRICS_FILE_H
#define FSH_HOOK_RUN_METRICS_FILE_H

#include "oci/base/error.h"
#include "policy/config/config.h"

/* Text of the exposition format. Each mount that hangs takes the policy's probeTimeout. Owned by
 * the caller. */
int metrics_file_make(const struct config *config, char **ret_text, struct error *err);

/* The same, written whole to the policy's metricsFile: a temporary file beside it, mode 0644,
 * rename(2). FINDING_HOST_IO where that cannot be had. */
int metrics_file_write(const struct config *config, struct error *err);

#endif
