/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `lint`: what is wrong with a manifest before it is applied. Reads the files that its user names,
 * needs no node and no privilege.
 */
#include "hook/cmd/commands.h"

#include "hook/output/lint_print.h"
#include "hook/output/terminal.h"
#include "hook/sandbox/drop_privileges.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/text.h"
#include "oci/kube/yamllib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *data;
	size_t size;
};

static void text_clear(struct text *text)
{
	free(text->data);
}

#define cleanup_text __attribute__((cleanup(text_clear)))

/* Not input_read_file(): a shell's <(command) is a pipe. */
static int read_file(const char *path, size_t limit, struct text *ret)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : input_read_fd(fd, limit, &ret->data, &ret->size);
}

static int read_manifest(const char *path, struct text *ret, struct error *err)
{
	int r = strcmp(path, "-") == 0
			? input_read_fd(STDIN_FILENO, MANIFEST_MAX_SIZE, &ret->data, &ret->size)
			: read_file(path, MANIFEST_MAX_SIZE, ret);

	if (r == 0)
		return 0;
	if (r == -EFBIG)
		return error_set(err, r, FINDING_MANIFEST_INVALID, path, "split the manifest",
			"larger than %lu bytes", MANIFEST_MAX_SIZE);
	return error_set(err, r, FINDING_MANIFEST_INVALID, path, "name a file that can be read",
		"cannot read it: %s", strerror(-r));
}

/* Nothing where no policy is named. */
static int read_policy(const char *path, struct text *ret, struct error *err)
{
	int r = path ? read_file(path, CONFIG_MAX_SIZE, ret) : 0;

	if (r == 0)
		return 0;
	return error_set(err, r, FINDING_POLICY_INVALID, path,
		"name a policy file that can be read", "%s: cannot read it: %s", path,
		r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r));
}

static int parse_policy(
	const char *path, const struct text *text, struct config *ret, struct error *err)
{
	if (!path)
		return config_defaults(ret) < 0 ? error_memory(err) : 0;
	return config_parse(text->data, text->size, path, ret, err);
}

/*
 * Before a byte is looked at: from now on what was read can be judged and printed. libyaml comes
 * first, for nothing becomes code any more; where it is not there, that is said when it is asked
 * for. Where the kernel takes no filter there is none: without a privilege there is little to keep.
 */
static int lint_drop_privileges(struct error *err)
{
	struct yamllib yaml;
	const char *reason;
	int r;

	yamllib_load(&yaml, &reason);
	r = drop_privileges_worker(PRIVILEGES_NOTHING, &(int){0});
	return r < 0 ? error_set(err, r, FINDING_INTERNAL, NULL, NULL, "cannot drop privileges: %s",
			       strerror(-r))
		     : 0;
}

/* What keeps the manifest from being looked at. */
static int lint_refuse(const char *file, const struct error *err)
{
	fprintf(stderr, "%s: error: %s [%s]\n", file, error_message(err), code_name(err->code));
	if (err->fix)
		fprintf(stderr, "    fix: %s\n", err->fix);
	return (int)error_exit(err);
}

static int lint_print(const struct options *options, const struct lint_report *report)
{
	bool colour = terminal_wants_colour(STDOUT_FILENO);
	int r = 0;

	if (options->sarif)
		r = lint_print_sarif(stdout, report);
	else if (options->json)
		r = lint_print_json(stdout, report);
	else
		lint_print_text(stdout, report, colour, false);
	return r;
}

static int lint_judge(
	const struct options *options, const struct lint_input *input, struct error *err)
{
	cleanup_lint struct lint lint = {0};
	const struct lint_report report = {options->manifest_path, input->data, input->size, &lint};

	if (lint_run(input, &lint) < 0 || lint_print(options, &report) < 0)
		return error_memory(err);
	return (int)lint_exit(&lint);
}

/* The manifest on standard output, what is left to be done on standard error. One that cannot be
 * read is not printed: who puts the output in its place must not lose it. */
static int lint_fix_text(
	const struct options *options, const struct lint_input *input, struct error *err)
{
	cleanup_lint struct lint lint = {0};
	cleanup_text struct text text = {0};
	struct lint_report report = {.file = options->manifest_path, .lint = &lint};
	int r = lint_fix(input, &text.data, &text.size, &lint, err);

	if (r < 0)
		return r;
	report.data = text.data;
	report.size = text.size;
	if (!lint_is_unreadable(&lint))
		fwrite(text.data, 1, text.size, stdout);
	lint_print_text(stderr, &report, terminal_wants_colour(STDERR_FILENO), true);
	return (int)lint_exit(&lint);
}

int cmd_lint(const struct options *options)
{
	cleanup_config struct config config = {0};
	cleanup_text struct text text = {0}, policy = {0};
	cleanup_error struct error err = {0};
	struct lint_input input = {.config = &config, .assumed = !options->policy_path};
	char name[TEXT_QUOTED_SIZE];
	int r = read_policy(options->policy_path, &policy, &err);

	text_escape(strcmp(options->manifest_path, "-") == 0 ? "<stdin>" : options->manifest_path,
		name, sizeof(name));
	if (r == 0)
		r = read_manifest(options->manifest_path, &text, &err);
	if (r == 0)
		r = lint_drop_privileges(&err);
	if (r == 0)
		r = parse_policy(options->policy_path, &policy, &config, &err);
	if (r < 0)
		return lint_refuse(name, &err);
	input.data = text.data;
	input.size = text.size;
	r = options->fix ? lint_fix_text(options, &input, &err) : lint_judge(options, &input, &err);
	return r < 0 ? lint_refuse(name, &err) : r;
}
