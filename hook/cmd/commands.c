/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a program, by its table: commands, options, usage, help. */
#include "hook/cmd/commands.h"

#include "hook/cmd/verb.h"
#include "hook/sys/program_name.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "oci/base/text.h"
#include "policy/config/did_you_mean.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_commands(FILE *out, const struct program *program)
{
	const struct verb *verbs = program->verbs;

	for (size_t i = 0; i < program->n_verbs; i++) {
		if (i > 0 && verbs[i].command.for_people && !verbs[i - 1].command.for_people)
			fprintf(out, "\nCommands, for units:\n");
		fprintf(out, "  %-15s%s\n", verbs[i].command.name, verbs[i].summary);
	}
}

static void print_usage(FILE *out, const struct program *program)
{
	fputs(program->usage, out);
	print_commands(out, program);
	fprintf(out, "\n%s COMMAND --help says more; --version prints the version.\n%s",
		program->name, program->footer);
}

static void print_help(const struct verb *verb)
{
	printf("usage: %s %s%s\n\n%s\n%s%s", program_name(), verb->command.name, verb->arguments,
		verb->summary, *verb->help ? "\n" : "", verb->help);
}

static const struct verb *find_verb(const struct program *program, const char *name)
{
	for (size_t i = 0; i < program->n_verbs; i++) {
		if (strcmp(program->verbs[i].command.name, name) == 0)
			return &program->verbs[i];
	}
	return NULL;
}

static bool has_moved(const struct program *program, const char *name)
{
	for (size_t i = 0; program->moved && program->moved[i]; i++) {
		if (strcmp(program->moved[i], name) == 0)
			return true;
	}
	return false;
}

static int commands_refuse(const struct verb *verb, const char *problem, const char *word)
{
	fprintf(stderr, "%s %s: %s%s%s\nusage: %s %s%s\n", program_name(), verb->command.name,
		problem, word ? " " : "", word ? text_quote(word) : "", program_name(),
		verb->command.name, verb->arguments);
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
			return commands_refuse(verb, "no value for", argv[optind - 1]);
		default:
			return commands_refuse(verb, "unknown option", argv[optind - 1]);
		}
	}
}

static int parse_arguments(const struct verb *verb, int n, char **words, struct options *ret)
{
	if (n > 0 && verb->argument)
		*verb->argument(ret) = words[0];
	if (n > (verb->argument ? 1 : 0))
		return commands_refuse(verb, "unexpected argument", words[verb->argument ? 1 : 0]);
	if (n == 0 && verb->argument_required)
		return commands_refuse(verb, "an argument is missing", NULL);
	if (ret->manifest_path && ret->json + ret->sarif + ret->fix > 1)
		return commands_refuse(verb, "one of --json, --sarif and --fix is possible", NULL);
	return 0;
}

static void print_unknown(const struct program *program, const char *word)
{
	cleanup_free const char **names = calloc(program->n_verbs, sizeof(*names));
	const char *near = NULL;

	for (size_t i = 0; names && i < program->n_verbs; i++)
		names[i] = program->verbs[i].command.name;
	if (names)
		near = did_you_mean(word, names, program->n_verbs);
	fprintf(stderr, "%s: unknown %s %s", program->name, program->unknown, text_quote(word));
	if (near)
		fprintf(stderr, "; did you mean %s?", text_quote(near));
	fputc('\n', stderr);
}

static const struct verb *choose_verb(
	const struct program *program, const char *word, int *ret_exit)
{
	const struct verb *verb = word ? find_verb(program, word) : NULL;

	if (verb)
		return verb;
	*ret_exit = EXIT_DONE;
	if (word && strcmp(word, "--version") == 0) {
		printf("%s %s\n", program->name, FUSE_SIDECAR_HOOK_VERSION);
	} else if (word && strcmp(word, "--help") == 0) {
		print_usage(stdout, program);
	} else if (word && has_moved(program, word)) {
		fprintf(stderr,
			"%s: %s is a command of " TOOL_PROGRAM ": run `" TOOL_PROGRAM
			" %s`, of the package " TOOL_PACKAGE "\n",
			program->name, word, word);
		*ret_exit = EXIT_MOVED;
	} else {
		if (word)
			print_unknown(program, word);
		print_usage(stderr, program);
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

const struct command *commands_parse(
	const struct program *program, int argc, char **argv, struct options *ret, int *ret_exit)
{
	const struct verb *verb = choose_verb(program, argc > 1 ? argv[1] : NULL, ret_exit);
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
