/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: what the hook would say and do for a container's config.json. Reads files that people
 * name, and this node where nothing captured is given in its place; changes nothing.
 */
#include "hook/cmd/commands.h"

#include "hook/mount/kubens.h"
#include "hook/output/terminal.h"
#include "hook/run/facts_gather.h"
#include "hook/run/run.h"
#include "hook/sandbox/parser.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include "oci/base/text.h"
#include "policy/report/report.h"
#include <fcntl.h>
#include <string.h>

static int read_state(struct run_input *input, const char *path, struct error *err)
{
	cleanup_parsed_state struct parsed_state parsed = {0};
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_free char *data = NULL;
	size_t size;
	int r;

	if (fd < 0)
		return error_set(err, -errno, FINDING_STATE_INVALID, path, NULL,
			"cannot open the state %s: %s", text_quote(path), strerror(errno));
	r = state_fetch(fd, &data, &size, err);
	if (r == 0)
		r = parser_state(data, size, &parsed, err);
	if (r < 0)
		return error_wrap(err, r, "%s", path);
	input->state = move_struct(parsed.state);
	input->pod = move_struct(parsed.pod);
	return 0;
}

/* config.json as it was read, before another mount namespace is entered. */
struct check_config {
	char *data;
	size_t size;
};

static void check_config_clear(struct check_config *config)
{
	free(config->data);
}

/* Who the container is stands in the state, else in config.json, which has the same annotations. */
static int parse_config(struct run_input *input, const struct check_config *config, bool has_state,
	struct error *err)
{
	cleanup_parsed_config struct parsed_config parsed = {0};
	int r = parser_config(config->data, config->size, &parsed, err);

	if (r < 0)
		return r;
	input->spec = move_struct(parsed.spec);
	if (!has_state)
		input->pod = move_struct(parsed.pod);
	return 0;
}

/* The files that the command line names: before another mount namespace is entered. */
static int read_files(struct run *run, const struct options *options, struct check_config *config,
	struct error *err)
{
	int r = 0;

	if (options->state_path)
		r = read_state(&run->input, options->state_path, err);
	if (r == 0)
		r = spec_fetch(AT_FDCWD, options->config_path, &config->data, &config->size, err);
	if (r == 0 && !options->state_path)
		r = parse_config(&run->input, config, false, err);
	if (r == 0 && options->host_mountinfo) {
		r = mountinfo_read(options->host_mountinfo, &run->known.node.host, err);
		run->known.facts.host = &run->known.node.host;
	}
	if (r == 0 && options->container_mountinfo) {
		r = mountinfo_read(options->container_mountinfo, &run->known.node.container, err);
		run->known.facts.container = &run->known.node.container;
	}
	return r;
}

/* 1 where the hook would do nothing. */
static int read_request(struct run *run, struct error *err)
{
	int r = run_read_identity(run, err);

	if (r < 0)
		return r;
	r = run_read_request(&run->input, err);
	if (r < 0)
		return r;
	return run->input.identity.is_sandbox ? 1 : 0;
}

/* True where the input is of this node and of now. */
static bool is_live(const struct run_input *input, const struct options *options)
{
	uint64_t ticks;

	if (options->host_mountinfo || options->container_mountinfo)
		return false;
	return !options->state_path || process_start(input->state.pid, &ticks) == 0;
}

/* What a captured state has no more need of: a process. */
static int check_gather(struct run *run, const struct options *options, struct error *err)
{
	int r = options->state_path ? facts_require_pid(run, err) : 0;

	if (r == 0 && is_live(&run->input, options)) {
		r = kubens_enter(err);
		if (r == 0)
			r = run_peek_record(run, err);
		return r < 0 ? r : facts_gather(run, FACTS_FOR_CHECK, err);
	}
	facts_of_input(run);
	return r;
}

/* In the order of the hook, which reads config.json only of containers that it may refuse. */
static int judge_container(struct run *run, const struct options *options,
	const struct check_config *config, struct error *err)
{
	int r = read_request(run, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if (options->state_path)
		r = parse_config(&run->input, config, true, err);
	if (r == 0)
		r = check_gather(run, options, err);
	if (r < 0)
		return r;
	return judge(&run->known.facts, &run->judgement) < 0 ? error_memory(err) : 0;
}

/* An input that cannot be judged is a denial too, as it is for the hook. */
static int check_deny(struct judgement *judgement, const struct error *err)
{
	if (findings_add_error(&judgement->findings, err) < 0)
		return -ENOMEM;
	judgement->verdict = VERDICT_DENY;
	judgement->exit = findings_exit(&judgement->findings);
	return 0;
}

static int check_print(const struct run *run, bool json)
{
	const struct identity *identity = run->input.identity.pod_uid ? &run->input.identity : NULL;
	cleanup_free char *text = NULL;

	if (!json) {
		report_print(
			stdout, &run->judgement, identity, terminal_wants_colour(STDOUT_FILENO));
		return 0;
	}
	text = judgement_format(&run->judgement, identity);
	if (!text)
		return -ENOMEM;
	fputs(text, stdout);
	return 0;
}

int cmd_check(const struct options *options)
{
	cleanup_run struct run run = RUN_INIT;
	cleanup_error struct error err = {0}, policy_err = {0};
	__attribute__((cleanup(check_config_clear))) struct check_config config = {0};
	int r = read_files(&run, options, &config, &err);

	/* As in the hook: one that is not annotated is let go before anything else is asked; what a
	 * broken policy would have said of the rest is not known. */
	if (r == 0 && !run.input.pod.active)
		;
	else if (run_read_policy(&run, &policy_err) < 0)
		r = check_deny(&run.judgement, &policy_err);
	else if (r < 0 || judge_container(&run, options, &config, &err) < 0)
		r = check_deny(&run.judgement, &err);
	/* In mode audit no container fails. */
	if (run.input.config.audit_only)
		run.judgement.exit = EXIT_DONE;
	if (r == 0)
		r = check_print(&run, options->json);
	if (r < 0) {
		fprintf(stderr, TOOL_PROGRAM " check: out of memory\n");
		return EXIT_INTERNAL;
	}
	return (int)run.judgement.exit;
}
