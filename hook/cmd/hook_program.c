/* SPDX-License-Identifier: Apache-2.0 */
/* The hook's own table: the stages that a runtime starts, and the commands of a node's units. */
#include "hook/cmd/program.h"

#include "hook/sys/program_name.h"
#include "oci/base/cleanup.h"

static const struct option plain_options[] = {HELP_OPTION, END_OF_OPTIONS};

static const struct option reconcile_options[] = {
	HELP_OPTION, {"dry-run", no_argument, NULL, OPTION_DRY_RUN}, END_OF_OPTIONS};

#define STAGE_HELP                                                                                 \
	"For container runtimes: reads the container's state on standard input\n"                  \
	"(OCI runtime-spec, \"State\"). Registered by a file in hooks.d.\n"

static const struct verb verbs[] = {
	{
		STAGE("prestart", cmd_prestart, PRIVILEGES_PRESTART, false),
		.arguments = "",
		.summary = "prepare and verify a container's mounts, before it starts",
		.help = STAGE_HELP,
		.options = plain_options,
	},
	{
		STAGE("createRuntime", cmd_prestart, PRIVILEGES_PRESTART, false),
		.arguments = "",
		.summary = "the same stage by its current name: register one of the two",
		.help = STAGE_HELP,
		.options = plain_options,
	},
	{
		STAGE("poststop", cmd_poststop, PRIVILEGES_POSTSTOP, true),
		.arguments = "",
		.summary = "clean up after a container that has ended",
		.help = STAGE_HELP,
		.options = plain_options,
	},
	{
		COMMAND("prepare", cmd_prepare, PRIVILEGES_PREPARE, PREPARE_USEC),
		.arguments = "",
		.summary = "make the policy's nodeMounts shared (at boot)",
		.help = "Leaves a mount that is shared as it is.\n",
		.options = plain_options,
	},
	{
		COMMAND("reconcile", cmd_reconcile, PRIVILEGES_RECONCILE, RECONCILE_USEC),
		.arguments = " [--dry-run]",
		.summary = "clean up after deleted pods (from a timer)",
		.help = "Records whose containers are all gone, dead FUSE mounts below their\n"
			"volumes, and binds that hooks made. Live mounts are never touched.\n"
			"  --dry-run                   print what would be done, and do nothing\n",
		.options = reconcile_options,
	},
};

/* In version 0.1 this program had them. */
static const char *const moved[] = {"check", "lint", "status", "doctor", "metrics", NULL};

const struct program hook_program = {
	.name = HOOK_PROGRAM,
	.usage = "usage: " HOOK_PROGRAM " STAGE\n"
		 "       " HOOK_PROGRAM " COMMAND [OPTION]...\n\n"
		 "Stages, for runtimes:\n",
	.unknown = "stage or command",
	.verbs = verbs,
	.n_verbs = ARRAY_SIZE(verbs),
	.moved = moved,
	.footer = "Commands for people are in " TOOL_PROGRAM "(1).\n",
};
