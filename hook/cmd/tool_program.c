/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the program for people: before a pod is there, while it runs, and when it does not.
 */
#include "hook/cmd/program.h"

#include "hook/sys/program_name.h"
#include "oci/base/cleanup.h"

static const struct option check_options[] = {
	HELP_OPTION,
	JSON_OPTION,
	{"state", required_argument, NULL, OPTION_STATE},
	{"host-mountinfo", required_argument, NULL, OPTION_HOST_MOUNTINFO},
	{"container-mountinfo", required_argument, NULL, OPTION_CONTAINER_MOUNTINFO},
	END_OF_OPTIONS,
};

static const struct option status_options[] = {HELP_OPTION, JSON_OPTION, END_OF_OPTIONS};

static const struct option doctor_options[] = {
	HELP_OPTION,
	JSON_OPTION,
	{"fix", no_argument, NULL, OPTION_FIX},
	{"root", required_argument, NULL, OPTION_ROOT},
	{"hooks-dirs", no_argument, NULL, OPTION_HOOKS_DIRS},
	END_OF_OPTIONS,
};

static const struct option metrics_options[] = {
	HELP_OPTION, {"write", no_argument, NULL, OPTION_WRITE}, END_OF_OPTIONS};

static const struct option lint_options[] = {
	HELP_OPTION,
	JSON_OPTION,
	{"sarif", no_argument, NULL, OPTION_SARIF},
	{"fix", no_argument, NULL, OPTION_FIX},
	{"policy", required_argument, NULL, OPTION_POLICY},
	END_OF_OPTIONS,
};

static const char **config_argument(struct options *options)
{
	return &options->config_path;
}

static const char **manifest_argument(struct options *options)
{
	return &options->manifest_path;
}

static const char **pod_argument(struct options *options)
{
	return &options->pod;
}

static const struct verb verbs[] = {
	{
		COMMAND("lint", cmd_lint, PRIVILEGES_NOTHING, 0),
		.arguments = " MANIFEST|- [--json|--sarif|--fix] [--policy FILE]",
		.summary = "check a manifest before it is applied",
		.help = "Pods and what makes them, in YAML or JSON. Needs neither root nor a "
			"node.\n"
			"Exits with 0 where nothing is worse than a warning, else as the hook "
			"would.\n"
			"  --json                      print schema fuse-sidecar.io/lint/v1\n"
			"  --sarif                     print SARIF 2.1.0, for code review tools\n"
			"  --fix                       print the fixed manifest, and on standard\n"
			"                              error what is left\n"
			"  --policy FILE               judge by this policy, not by the defaults\n",
		.options = lint_options,
		.argument = manifest_argument,
		.argument_required = true,
	},
	{
		COMMAND("check", cmd_check, PRIVILEGES_CHECK, 0),
		.arguments = " CONFIG|- [--json] [--state FILE] [--host-mountinfo FILE]\n"
			     "             [--container-mountinfo FILE]",
		.summary = "print role, verdict, findings and plan for a config.json",
		.help = "Changes nothing. Exits as the hook would.\n"
			"  --json                      print schema fuse-sidecar.io/check/v1\n"
			"  --state FILE                the OCI state that the hook would read\n"
			"  --host-mountinfo FILE       judge this mount table, not the node's\n"
			"  --container-mountinfo FILE  the mount table of the container's init\n",
		.options = check_options,
		.argument = config_argument,
		.argument_required = true,
	},
	{
		COMMAND("status", cmd_status, PRIVILEGES_STATUS, 0),
		.arguments = " [POD] [--json]",
		.summary = "print the topology of this node's pods as it is now",
		.help = "POD is a uid, a name, or NAMESPACE/NAME; all pods without it.\n"
			"  --json                      print schema fuse-sidecar.io/status/v1\n",
		.options = status_options,
		.argument = pod_argument,
	},
	{
		/* It reads what the administrator wrote, and runs programs: modprobe, CRI-O's hook.
		 */
		COMMAND("doctor", cmd_doctor, PRIVILEGES_NOTHING, 0),
		.arguments = " [--json | --hooks-dirs] [--fix | --root DIR]",
		.summary = "check whether this node is ready for annotated pods",
		.help = "One line for each check: ok, warn or fail, with its fix. Exits with the\n"
			"lowest code of the checks that failed.\n"
			"  --json                      print schema fuse-sidecar.io/doctor/v1\n"
			"  --fix                       fix what can be fixed without harm\n"
			"  --root DIR                  check the files of an image, not this node\n"
			"  --hooks-dirs                print the hook directories of CRI-O, only\n",
		.options = doctor_options,
	},
	{
		COMMAND("metrics", cmd_metrics, PRIVILEGES_RECONCILE, RECONCILE_USEC),
		.arguments = " [--write]",
		.summary = "print the node's metrics for Prometheus",
		.help = "Hook runs are counted where the policy has metricsFile.\n"
			"  --write                     write that file, as reconcile does, and "
			"print nothing\n",
		.options = metrics_options,
	},
};

const struct program tool_program = {
	.name = TOOL_PROGRAM,
	.usage = "usage: " TOOL_PROGRAM " COMMAND [OPTION]...\n\n"
		 "Commands:\n",
	.unknown = "command",
	.verbs = verbs,
	.n_verbs = ARRAY_SIZE(verbs),
	.footer = "",
};
