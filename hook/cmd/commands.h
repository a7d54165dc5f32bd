/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the command line, each in a file cmd_NAME.c. All return the process's exit code. */
#ifndef FSH_HOOK_CMD_COMMANDS_H
#define FSH_HOOK_CMD_COMMANDS_H

#include "hook/sandbox/drop_privileges.h"
#include "hook/sandbox/worker_status.h"
#include "hook/worker/supervise.h"
#include <stdbool.h>
#include <stdint.h>

/* What the command line says. Strings are borrowed from argv. */
struct options {
	const char *stage; /* "prestart", "createRuntime" or "poststop" */
	bool json;
	const char *config_path;	 /* check: a path, or "-" */
	const char *state_path;		 /* check --state */
	const char *host_mountinfo;	 /* check --host-mountinfo */
	const char *container_mountinfo; /* check --container-mountinfo */
	const char *pod;		 /* status: uid, name, or namespace/name; NULL for all */
	bool dry_run;			 /* reconcile */
	const char *manifest_path;	 /* lint: a path, or "-" */
	const char *policy_path;	 /* lint --policy */
	bool sarif;			 /* lint */
	struct worker_status *progress;	 /* what the supervisor sees; NULL: there is none */
	bool fix;			 /* lint, doctor */
	bool write;			 /* metrics */
	const char *root;		 /* doctor --root */
	bool hooks_dirs;		 /* doctor --hooks-dirs */
};

struct command {
	const char *name; /* args[1] */
	int (*run)(const struct options *options);
	bool for_people;		/* keeps the terminal's environment */
	bool never_fails;		/* whatever becomes of it, the exit code is 0 */
	enum privilege_profile profile; /* PRIVILEGES_NOTHING: in one process, too */
	uint64_t budget_usec;		/* how long its own work may take; 0: any time */
};

/* The command as its supervisor knows it. */
struct supervised command_supervised(const struct command *command);

struct program;

/* Of a command that is the other program's. No finding has it. */
#define EXIT_MOVED 2

/* Parse argv; NULL after having printed usage or version, with *ret_exit set (0 for --help and
 * --version, EXIT_MOVED, else EXIT_INPUT). */
const struct command *commands_parse(
	const struct program *program, int argc, char **argv, struct options *ret, int *ret_exit);

int cmd_prestart(const struct options *options);
int cmd_poststop(const struct options *options);
int cmd_check(const struct options *options);
int cmd_status(const struct options *options);
int cmd_prepare(const struct options *options);
int cmd_reconcile(const struct options *options);
int cmd_doctor(const struct options *options);
int cmd_metrics(const struct options *options);
int cmd_lint(const struct options *options);

#endif
