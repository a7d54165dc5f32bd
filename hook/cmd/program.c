/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to the exit code: the processes of a command, and the only place that exits. */
#include "hook/cmd/program.h"

#include "hook/sandbox/drop_privileges.h"
#include "hook/sandbox/fs_context.h"
#include "hook/sandbox/parser.h"
#include "hook/sandbox/sanitize_process.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/program_name.h"
#include "hook/worker/supervise.h"
#include "oci/base/code.h"
#include "oci/base/library.h"
#include "oci/base/mountlib.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_PROC                                                                                    \
	"/proc is not a proc file system; run the hook where the node's is: mount -t proc proc "   \
	"/proc"

/*
 * What the process has open and allocated ends with it. Without the destructors of its libraries,
 * which would only touch, and so copy, the pages that were shared with the parent. Sanitizers and
 * coverage report from such a destructor.
 */
static _Noreturn void program_end(int code)
{
#ifdef FUSE_SIDECAR_HOOK_UNFILTERED
	exit(code);
#else
	_exit(code);
#endif
}

/*
 * Once confined, nothing more can be loaded. A stage, whose cost every container pays, needs
 * libmount only where the kernel does not tell it all mounts.
 */
static int program_load_libraries(const struct command *command)
{
	bool is_stage =
		command->profile == PRIVILEGES_PRESTART || command->profile == PRIVILEGES_POSTSTOP;
	const char *reason = NULL;

	if (!(is_stage && mnttab_is_listed()) && mountlib_load(NULL, &reason) < 0) {
		fprintf(stderr, "%s: %s; install libmount\n", program_name(), reason);
		return -ELIBACC;
	}
	library_load_no_more();
	return 0;
}

/* Fork and confine, before anything is read. On return there are two processes, unless the command
 * is none that is confined. */
static int program_start(const struct command *command, struct supervisor *supervisor)
{
	const struct supervised supervised = command_supervised(command);
	int unfiltered = 0, r = sanitize_process(command->for_people);

	if (r < 0 || command->profile == PRIVILEGES_NOTHING)
		return r;
	r = supervise_begin(&supervised, supervisor);
	if (r < 0)
		return r;
	if (supervisor->worker > 0) {
		r = drop_privileges_supervisor();
		if (r < 0)
			supervise_abandon(supervisor);
		return r;
	}
	r = parser_begin(supervisor->progress);
	if (r == 0)
		r = program_load_libraries(command);
	if (r < 0)
		return r;
	fs_context_prepare(command->profile);
	r = drop_privileges_worker(command->profile, &unfiltered);
	supervisor->progress->unfiltered = unfiltered;
	return r;
}

void program_run(const struct program *program, int argc, char **argv)
{
	cleanup_supervisor struct supervisor supervisor = SUPERVISOR_NONE;
	struct options options = {0};
	int code = EXIT_INPUT;
	const struct command *command;

	program_name_set(program->name);
	command = commands_parse(program, argc, argv, &options, &code);

	if (command) {
		int r = program_start(command, &supervisor);

		if (r < 0) {
			fprintf(stderr, "%s: cannot start: %s\n", program->name,
				r == -ENODEV ? NO_PROC : strerror(-r));
			program_end(EXIT_INTERNAL);
		}
		if (supervisor.worker > 0)
			program_end(supervise_end(&supervisor));
		options.progress = supervisor.progress;
		code = command->run(&options);
		parser_end();
	}
	/* What nobody could read was not said. */
	if (fflush(stdout) != 0 && code == EXIT_DONE) {
		fprintf(stderr, "%s: cannot write to standard output: %s\n", program->name,
			strerror(errno));
		code = EXIT_HOST_IO;
	}
	program_end(code);
}
