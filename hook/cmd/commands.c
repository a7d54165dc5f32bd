/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cmd/commands.h"

#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "oci/base/text.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "fuse-sidecar-hook"

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

/* A command as people see it. */
struct verb {
	struct command command;
	const char *arguments; /* of the usage line: " CONFIG|- [--json]" */
	const char *summary;   /* one line */
	const char *help;      /* what --help adds to that; "" for nothing */
	const struct option *options;
	const char **(*argument)(struct options *options); /* where it goes; NULL: takes none */
	bool argument_required;
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

static const struct option plain_options[] = {HELP_OPTION, END_OF_OPTIONS};

static const struct option check_options[] = {
	HELP_OPTION,
	JSON_OPTION,
	{"state", required_argument, NULL, OPTION_STATE},
	{"host-mountinfo", required_argument, NULL, OPTION_HOST_MOUNTINFO},
	{"container-mountinfo", required_argument, NULL, OPTION_CONTAINER_MOUNTINFO},
	END_OF_OPTIONS,
};

static const struct option status_options[] = {HELP_OPTION, JSON_OPTION, END_OF_OPTIONS};

static const struct option reconcile_options[] = {
	HELP_OPTION, {"dry-run", no_argument, NULL, OPTION_DRY_RUN}, END_OF_OPTIONS};

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

#define STAGE_HELP                                                                                 \
	"For container runtimes: reads the container's state on standard input\n"                  \
	"(OCI runtime-spec, \"State\"). Registered by a file in hooks.d.\n"

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
		.summary = "the same stage by its current name; register one of the two",
		.help = STAGE_HELP,
		.options = plain_options,
	},
	{
		STAGE("poststop", cmd_poststop, PRIVILEGES_POSTSTOP, true),
		.arguments = "",
		.summary = "take back what a container that is gone still owns",
		.help = STAGE_HELP,
		.options = plain_options,
	},
	{
		COMMAND("check", cmd_check, PRIVILEGES_CHECK, 0),
		.arguments = " CONFIG|- [--json] [--state FILE] [--host-mountinfo FILE]\n"
			     "             [--container-mountinfo FILE]",
		.summary = "role, verdict, findings and plan for a config.json",
		.help = "Changes nothing. Exits with what the hook would exit with.\n"
			"  --json                      print schema fuse-sidecar.io/check/v1\n"
			"  --state FILE                the OCI state that the hook would read\n"
			"  --host-mountinfo FILE       judge this mount table, not the node's\n"
			"  --container-mountinfo FILE  the mount table of the container's init\n",
		.options = check_options,
		.argument = config_argument,
		.argument_required = true,
	},
	{
		COMMAND("lint", cmd_lint, PRIVILEGES_NOTHING, 0),
		.arguments = " MANIFEST|- [--json|--sarif|--fix] [--policy FILE]",
		.summary = "what is wrong with a manifest, before it is applied",
		.help = "Pods and what makes them, in YAML or JSON. Needs no root and no node. "
			"Exits\n"
			"with 0 where nothing is worse than a warning, else as the hook would.\n"
			"  --json                      print schema fuse-sidecar.io/lint/v1\n"
			"  --sarif                     print SARIF 2.1.0, for code review tools\n"
			"  --fix                       print the manifest with what can be mended\n"
			"                              mended, and on standard error what is left\n"
			"  --policy FILE               judge by this policy, not by the defaults\n",
		.options = lint_options,
		.argument = manifest_argument,
		.argument_required = true,
	},
	{
		COMMAND("status", cmd_status, PRIVILEGES_STATUS, 0),
		.arguments = " [POD] [--json]",
		.summary = "the topology of pods on this node, as it is now",
		.help = "POD is a uid, a name, or NAMESPACE/NAME; all pods without it.\n"
			"  --json                      print schema fuse-sidecar.io/status/v1\n",
		.options = status_options,
		.argument = pod_argument,
	},
	{
		COMMAND("prepare", cmd_prepare, PRIVILEGES_PREPARE, PREPARE_USEC),
		.arguments = "",
		.summary = "make the policy's nodeMounts shared (at boot)",
		.help = "Does nothing to a mount that is shared already.\n",
		.options = plain_options,
	},
	{
		COMMAND("reconcile", cmd_reconcile, PRIVILEGES_RECONCILE, RECONCILE_USEC),
		.arguments = " [--dry-run]",
		.summary = "remove what pods that are gone have left (from a timer)",
		.help = "Records whose containers are all gone, dead FUSE mounts below their\n"
			"volumes, and binds that hooks made. Live mounts are never touched.\n"
			"  --dry-run                   only say what would be done\n",
		.options = reconcile_options,
	},
	{
		/* It reads what the administrator wrote, and runs programs: modprobe, CRI-O's hook.
		 */
		COMMAND("doctor", cmd_doctor, PRIVILEGES_NOTHING, 0),
		.arguments = " [--json | --hooks-dirs] [--fix | --root DIR]",
		.summary = "is this node ready for annotated pods?",
		.help = "A line for each matter: ok, warn or fail, with what mends it. Exits with "
			"the\n"
			"lowest code of what failed.\n"
			"  --json                      print schema fuse-sidecar.io/doctor/v1\n"
			"  --fix                       mend what can be mended without harm, and "
			"say so\n"
			"  --root DIR                  look at the files of an image, not at this "
			"node\n"
			"  --hooks-dirs                only print the directories of hooks that "
			"CRI-O reads\n",
		.options = doctor_options,
	},
	{
		COMMAND("metrics", cmd_metrics, PRIVILEGES_RECONCILE, RECONCILE_USEC),
		.arguments = " [--write]",
		.summary = "the node's numbers, as Prometheus reads them",
		.help = "Hook runs are counted where the policy has metricsFile.\n"
			"  --write                     write that file, as reconcile does, and "
			"print nothing\n",
		.options = metrics_options,
	},
};

static void print_usage(FILE *out)
{
	fprintf(out, "usage: %s STAGE\n       %s COMMAND [OPTION]...\n\nStages, for runtimes:\n",
		PROGRAM, PROGRAM);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (i > 0 && verbs[i].command.for_people && !verbs[i - 1].command.for_people)
			fprintf(out, "\nCommands, for people:\n");
		fprintf(out, "  %-15s%s\n", verbs[i].command.name, verbs[i].summary);
	}
	fprintf(out, "\n%s COMMAND --help says more; --version prints the version.\n", PROGRAM);
}

static void print_help(const struct verb *verb)
{
	printf("usage: %s %s%s\n\n%s\n%s%s", PROGRAM, verb->command.name, verb->arguments,
		verb->summary, *verb->help ? "\n" : "", verb->help);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].command.name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static int refuse(const struct verb *verb, const char *problem, const char *word)
{
	fprintf(stderr, "%s %s: %s%s%s\nusage: %s %s%s\n", PROGRAM, verb->command.name, problem,
		word ? " " : "", word ? text_quote(word) : "", PROGRAM, verb->command.name,
		verb->arguments);
	return -1;
}

/* 0, 1 where help was asked for and printed, -1 where the options are wrong, which is said. */
static int parse_options(const struct verb *verb, int argc, char **argv, struct options *ret)
{
	for (;;) {
		int value = getopt_long(argc, argv, ":", verb->options, NULL);

		switch (value) {
		case -1:
			return 0;
		case OPTION_HELP:
			print_help(verb);
			return 1;
		case OPTION_JSON:
			ret->json = true;
			break;
		case OPTION_STATE:
			ret->state_path = optarg;
			break;
		case OPTION_HOST_MOUNTINFO:
			ret->host_mountinfo = optarg;
			break;
		case OPTION_CONTAINER_MOUNTINFO:
			ret->container_mountinfo = optarg;
			break;
		case OPTION_DRY_RUN:
			ret->dry_run = true;
			break;
		case OPTION_FIX:
			ret->fix = true;
			break;
		case OPTION_WRITE:
			ret->write = true;
			break;
		case OPTION_ROOT:
			ret->root = optarg;
			break;
		case OPTION_SARIF:
			ret->sarif = true;
			break;
		case OPTION_HOOKS_DIRS:
			ret->hooks_dirs = true;
			break;
		case OPTION_POLICY:
			ret->policy_path = optarg;
			break;
		case ':':
			return refuse(verb, "no value for", argv[optind - 1]);
		default:
			return refuse(verb, "unknown option", argv[optind - 1]);
		}
	}
}

static int parse_arguments(const struct verb *verb, int n, char **words, struct options *ret)
{
	if (n > 0 && verb->argument)
		*verb->argument(ret) = words[0];
	if (n > (verb->argument ? 1 : 0))
		return refuse(verb, "unexpected argument", words[verb->argument ? 1 : 0]);
	if (n == 0 && verb->argument_required)
		return refuse(verb, "an argument is missing", NULL);
	if (ret->manifest_path && ret->json + ret->sarif + ret->fix > 1)
		return refuse(verb, "one of --json, --sarif and --fix is possible", NULL);
	return 0;
}

static const struct verb *choose_verb(const char *word, int *ret_exit)
{
	const struct verb *verb = word ? find_verb(word) : NULL;

	if (verb)
		return verb;
	*ret_exit = EXIT_DONE;
	if (word && strcmp(word, "--version") == 0) {
		printf("%s %s\n", PROGRAM, FUSE_SIDECAR_HOOK_VERSION);
	} else if (word && strcmp(word, "--help") == 0) {
		print_usage(stdout);
	} else {
		if (word)
			fprintf(stderr, "%s: no stage or command %s\n", PROGRAM, text_quote(word));
		print_usage(stderr);
		*ret_exit = EXIT_INPUT;
	}
	return NULL;
}

struct supervised command_supervised(const struct command *command)
{
	return (struct supervised){
		.name = command->name,
		.for_people = command->for_people,
		.never_fails = command->never_fails,
		.budget_usec = command->budget_usec,
	};
}

const struct command *commands_parse(int argc, char **argv, struct options *ret, int *ret_exit)
{
	const struct verb *verb = choose_verb(argc > 1 ? argv[1] : NULL, ret_exit);
	struct options options = {0};
	int r;

	if (!verb)
		return NULL;
	options.stage = verb->command.name;
	/* The verb takes the place of the program's name. 0: getopt(3) starts afresh. */
	optind = 0;
	opterr = 0;
	r = parse_options(verb, argc - 1, argv + 1, &options);
	if (r == 0)
		r = parse_arguments(verb, argc - 1 - optind, argv + 1 + optind, &options);
	if (r != 0) {
		*ret_exit = r > 0 ? EXIT_DONE : EXIT_INPUT;
		return NULL;
	}
	*ret = options;
	return &verb->command;
}
