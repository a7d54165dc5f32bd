/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cmd/program.h"

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
	static char program[] = "fuse-sidecar-hook";
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

static const struct command *parse(const char *text, struct line *line, struct options *options)
{
	int code = -1;

	make_line(line, text);
	return commands_parse(&hook_program, line->argc, line->argv, options, &code);
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
		const char *name;
		int (*run)(const struct options *options);
		bool for_people;
	} cases[] = {
		{"prestart", cmd_prestart, false},
		{"createRuntime", cmd_prestart, false},
		{"poststop", cmd_poststop, false},
		{"status", cmd_status, true},
		{"prepare", cmd_prepare, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct line line;
		struct options options = {0};
		const struct command *command = parse(cases[i].name, &line, &options);

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

		assert_non_null(parse(cases[i].line, &line, &options));
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

/* What a line that starts no command exits with; 100 where it does start one. */
static int run_line(void *data)
{
	struct line line;
	struct options options = {0};
	int code = 101;

	make_line(&line, data);
	return commands_parse(&hook_program, line.argc, line.argv, &options, &code) ? 100 : code;
}

static void what_is_wrong_is_said_with_the_usage(void **state)
{
	static struct {
		char line[64];
		const char *said;
	} cases[] = {
		{"", "usage: fuse-sidecar-hook STAGE"},
		{"prestrat", "no stage or command \"prestrat\""},
		{"prestart now", "unexpected argument \"now\""},
		{"poststop --json", "unknown option \"--json\""},
		{"check", "an argument is missing"},
		{"check a b", "unexpected argument \"b\""},
		{"check --state", "no value for \"--state\""},
		{"check --yaml c", "unknown option \"--yaml\""},
		{"check -j c", "unknown option \"-j\""},
		{"status a b", "unexpected argument \"b\""},
		{"prepare /data", "unexpected argument \"/data\""},
		{"lint", "an argument is missing"},
		{"lint --json --sarif a", "one of --json, --sarif and --fix is possible"},
		{"lint a --policy", "no value for \"--policy\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *output = NULL;

		assert_int_equal(child_capture(run_line, cases[i].line, &output), EXIT_INPUT);
		assert_non_null(strstr(output, cases[i].said));
		assert_non_null(strstr(output, "usage: fuse-sidecar-hook"));
	}
}

static void help_and_version_are_no_errors(void **state)
{
	static struct {
		char line[64];
		const char *said;
	} cases[] = {
		{"--help", "\nCommands:\n"},
		{"--version", "fuse-sidecar-hook "},
		{"check --help", "--container-mountinfo FILE"},
		{"status --help", "NAMESPACE/NAME"},
		{"prestart --help", "on standard input"},
		{"prepare --help", "nodeMounts"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *output = NULL;

		assert_int_equal(child_capture(run_line, cases[i].line, &output), EXIT_DONE);
		assert_non_null(strstr(output, cases[i].said));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_are_for_runtimes_and_commands_for_people),
		cmocka_unit_test(options_stand_anywhere_and_have_their_values),
		cmocka_unit_test(what_is_wrong_is_said_with_the_usage),
		cmocka_unit_test(help_and_version_are_no_errors),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
