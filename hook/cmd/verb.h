/* SPDX-License-Identifier: Apache-2.0 */
/* A command as people see it, and the tables that commands_parse() reads. */
#ifndef FSH_HOOK_CMD_VERB_H
#define FSH_HOOK_CMD_VERB_H

#include "hook/cmd/commands.h"
#include <getopt.h>
#include <stddef.h>

/* Values that getopt_long(3) returns; above every character, so that there are no short options. */
enum option_value {
	OPTION_HELP = 256,
	OPTION_JSON,
	OPTION_STATE,
	OPTION_HOST_MOUNTINFO,
	OPTION_CONTAINER_MOUNTINFO,
	OPTION_DRY_RUN,
	OPTION_FIX,
	OPTION_ROOT,
	OPTION_WRITE,
	OPTION_SARIF,
	OPTION_POLICY,
	OPTION_HOOKS_DIRS,
};

#define HELP_OPTION                                                                                \
	{                                                                                          \
		"help", no_argument, NULL, OPTION_HELP                                             \
	}
#define JSON_OPTION                                                                                \
	{                                                                                          \
		"json", no_argument, NULL, OPTION_JSON                                             \
	}
#define END_OF_OPTIONS                                                                             \
	{                                                                                          \
		NULL, 0, NULL, 0                                                                   \
	}

struct verb {
	struct command command;
	const char *arguments; /* of the usage line: " CONFIG|- [--json]" */
	const char *summary;   /* one line */
	const char *help;      /* what --help adds to that; "" for nothing */
	const struct option *options;
	const char **(*argument)(struct options *options); /* where it goes; NULL: takes none */
	bool argument_required;
};

#define STAGE(verb, function, what, ever)                                                          \
	.command = {                                                                               \
		.name = (verb),                                                                    \
		.run = (function),                                                                 \
		.never_fails = (ever),                                                             \
		.profile = (what),                                                                 \
		.budget_usec = WORKER_STATUS_STAGE_USEC,                                           \
	}
#define COMMAND(verb, function, what, usec)                                                        \
	.command = {                                                                               \
		.name = (verb),                                                                    \
		.run = (function),                                                                 \
		.for_people = true,                                                                \
		.profile = (what),                                                                 \
		.budget_usec = (usec),                                                             \
	}

/* Below the TimeoutStartSec of their units. A person who runs them sees the rest at a terminal, and
 * `check` and `status` have no deadline: they may wait for a reader, or for one who types. */
#define PREPARE_USEC (45 * UINT64_C(1000000))
#define RECONCILE_USEC (270 * UINT64_C(1000000))

struct program {
	const char *name;
	const char *usage;   /* its lines of usage, and what stands above the commands */
	const char *unknown; /* what a word is not: "command" */
	const struct verb *verbs;
	size_t n_verbs;
	const char *const *moved; /* the tool's since there are two programs, up to NULL; or NULL */
	const char *footer;	  /* of its usage; "" for nothing */
};

#endif
