/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cmd/program.h"

#include "hook/sys/program_name.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include <string.h>

#define MAX_WORDS 8

/* Split by spaces; argv[0] is the program. */
struct line {
	char text[256];
	char *argv[MAX_WORDS + 2];
	int argc;
};

static struct line *make_line(struct line *line, const char *text)
{
	static char program[] = "program";
	char *saved = NULL;

	snprintf(line->text, sizeof(line->text), "%s", text);
	line->argv[0] = program;
	line->argc = 1;
	for (char *word = strtok_r(line->text, " ", &saved); word && line->argc <= MAX_WORDS;
		word = strtok_r(NULL, " ", &saved))
		line->argv[line->argc++] = word;
	line->argv[line->argc] = NULL;
	return line;
}

static const struct command *parse(
	const struct program *program, const char *text, struct line *line, struct options *options)
{
	int code = -1;

	make_line(line, text);
	return commands_parse(program, line->argc, line->argv, options, &code);
}

static void assert_text(const char *found, const char *expected)
{
	if (!expected) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, expected);
}

static void stages_are_for_runtimes_and_commands_for_people(void **state)
{
	static const struct {
		const struct program *program;
		const char *name;
		int (*run)(const struct options *options);
		bool for_people;
	} cases[] = {
		{&hook_program, "prestart", cmd_prestart, false},
		{&hook_program, "createRuntime", cmd_prestart, false},
		{&hook_program, "poststop", cmd_poststop, false},
		{&tool_program, "status", cmd_status, true},
		{&hook_program, "prepare", cmd_prepare, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct line line;
		struct options options = {0};
		const struct command *command =
			parse(cases[i].program, cases[i].name, &line, &options);

		assert_non_null(command);
		assert_true(command->run == cases[i].run);
		assert_int_equal(command->for_people, cases[i].for_people);
		assert_string_equal(options.stage, cases[i].name);
	}
}

static void options_stand_anywhere_and_have_their_values(void **state)
{
	static const struct {
		const char *line;
		struct options expected;
	} cases[] = {
		{"check config.json", {.config_path = "config.json"}},
		{"check - --json", {.config_path = "-", .json = true}},
		{"check --json --state s.json c.json",
			{.config_path = "c.json", .state_path = "s.json", .json = true}},
		{"check --state=s --host-mountinfo=h --container-mountinfo=m c",
			{.config_path = "c",
				.state_path = "s",
				.host_mountinfo = "h",
				.container_mountinfo = "m"}},
		{"check -- --json", {.config_path = "--json"}},
		{"status", {0}},
		{"lint - --sarif", {.manifest_path = "-", .sarif = true}},
		{"lint --fix --policy p m",
			{.manifest_path = "m", .policy_path = "p", .fix = true}},
		{"status media/plex-0 --json", {.pod = "media/plex-0", .json = true}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct line line;
		struct options options = {0};
		const struct options *expected = &cases[i].expected;

		assert_non_null(parse(&tool_program, cases[i].line, &line, &options));
		assert_int_equal(options.json, expected->json);
		assert_text(options.config_path, expected->config_path);
		assert_text(options.state_path, expected->state_path);
		assert_text(options.host_mountinfo, expected->host_mountinfo);
		assert_text(options.container_mountinfo, expected->container_mountinfo);
		assert_text(options.pod, expected->pod);
		assert_text(options.manifest_path, expected->manifest_path);
		assert_text(options.policy_path, expected->policy_path);
		assert_int_equal(options.sarif, expected->sarif);
		assert_int_equal(options.fix, expected->fix);
	}
}

/* A line for one of the programs that starts no command. */
struct refused_line {
	const struct program *program;
	char line[64];
	const char *said;
};

/* What it exits with; 100 where it does start one. */
static int run_line(void *data)
{
	struct refused_line *refused = data;
	struct line line;
	struct options options = {0};
	int code = 101;

	make_line(&line, refused->line);
	program_name_set(refused->program->name);
	return commands_parse(refused->program, line.argc, line.argv, &options, &code) ? 100 : code;
}

static void what_is_wrong_is_said_with_the_usage(void **state)
{
	static struct refused_line cases[] = {
		{&hook_program, "", "usage: fuse-sidecar-hook STAGE"},
		{&tool_program, "", "usage: fuse-sidecar COMMAND"},
		{&tool_program, "prestart", "unknown command \"prestart\""},
		{&tool_program, "reconcile", "unknown command \"reconcile\""},
		{&tool_program, "chek", "unknown command \"chek\"; did you mean \"check\"?"},
		{&hook_program, "prestrat",
			"unknown stage or command \"prestrat\"; did you mean \"prestart\"?"},
		{&hook_program, "prestart now", "unexpected argument \"now\""},
		{&hook_program, "poststop --json", "unknown option \"--json\""},
		{&tool_program, "check", "an argument is missing"},
		{&tool_program, "check a b", "unexpected argument \"b\""},
		{&tool_program, "check --state", "no value for \"--state\""},
		{&tool_program, "check --yaml c", "unknown option \"--yaml\""},
		{&tool_program, "check -j c", "unknown option \"-j\""},
		{&tool_program, "status a b", "unexpected argument \"b\""},
		{&hook_program, "prepare /data", "unexpected argument \"/data\""},
		{&tool_program, "lint", "an argument is missing"},
		{&tool_program, "lint --json --sarif a",
			"one of --json, --sarif and --fix is possible"},
		{&tool_program, "lint a --policy", "no value for \"--policy\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *output = NULL, *usage = NULL;

		assert_int_equal(child_capture(run_line, &cases[i], &output), EXIT_INPUT);
		assert_non_null(strstr(output, cases[i].said));
		assert_true(asprintf(&usage, "usage: %s ", cases[i].program->name) > 0);
		assert_non_null(strstr(output, usage));
	}
}

static void help_and_version_are_no_errors(void **state)
{
	static struct refused_line cases[] = {
		{&hook_program, "--help", "\nCommands, for units:\n"},
		{&hook_program, "--version", "fuse-sidecar-hook "},
		{&tool_program, "--help", "\nCommands:\n"},
		{&tool_program, "--version", "fuse-sidecar "},
		{&tool_program, "check --help", "--container-mountinfo FILE"},
		{&tool_program, "status --help", "NAMESPACE/NAME"},
		{&hook_program, "prestart --help", "on standard input"},
		{&hook_program, "prepare --help", "nodeMounts"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *output = NULL;

		assert_int_equal(child_capture(run_line, &cases[i], &output), EXIT_DONE);
		assert_non_null(strstr(output, cases[i].said));
	}
}

/* Whatever stands behind it: scripts call it with options that are the other program's to judge. */
static void the_hook_says_in_a_line_where_its_old_commands_are(void **state)
{
	static const char *const behind[] = {"", " --help", " --json x y"};

	(void)state;
	for (size_t i = 0; i < tool_program.n_verbs * ARRAY_SIZE(behind); i++) {
		const char *verb = tool_program.verbs[i / ARRAY_SIZE(behind)].command.name;
		struct refused_line line = {.program = &hook_program};
		cleanup_free char *output = NULL, *name = NULL;

		snprintf(
			line.line, sizeof(line.line), "%s%s", verb, behind[i % ARRAY_SIZE(behind)]);
		assert_int_equal(child_capture(run_line, &line, &output), EXIT_MOVED);
		assert_true(asprintf(&name, "`fuse-sidecar %s`", verb) > 0);
		assert_non_null(strstr(output, name));
		assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_are_for_runtimes_and_commands_for_people),
		cmocka_unit_test(options_stand_anywhere_and_have_their_values),
		cmocka_unit_test(what_is_wrong_is_said_with_the_usage),
		cmocka_unit_test(help_and_version_are_no_errors),
		cmocka_unit_test(the_hook_says_in_a_line_where_its_old_commands_are),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
