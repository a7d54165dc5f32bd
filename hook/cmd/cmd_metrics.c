/* SPDX-License-Identifier: Apache-2.0 */
/* `metrics`: the node's numbers in the format of Prometheus. */
#include "hook/cmd/commands.h"

#include "hook/mount/kubens.h"
#include "hook/record/policy_file.h"
#include "hook/run/metrics_file.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include <stdio.h>

static int cmd_metrics_fail(const struct error *err)
{
	fprintf(stderr, TOOL_PROGRAM " metrics: %s%s%s\n", error_message(err),
		err->fix ? "; fix: " : "", err->fix ? err->fix : "");
	return (int)error_exit(err);
}

static int write_file(const struct config *config, struct error *err)
{
	if (!config->metrics_file)
		return error_set(err, -EINVAL, FINDING_POLICY_INVALID, "metricsFile",
			"name the file in metricsFile of " POLICY_FILE,
			"the policy does not name a metricsFile");
	return metrics_file_write(config, err);
}

int cmd_metrics(const struct options *options)
{
	cleanup_config struct config config = {0};
	cleanup_error struct error err = {0};
	cleanup_free char *text = NULL;
	int r = kubens_enter(&err);

	if (r == 0)
		r = policy_file_load(&config, &err);
	if (r == 0 && options->write)
		r = write_file(&config, &err);
	else if (r == 0)
		r = metrics_file_make(&config, &text, &err);
	if (r < 0)
		return cmd_metrics_fail(&err);
	if (text)
		fputs(text, stdout);
	return EXIT_DONE;
}
