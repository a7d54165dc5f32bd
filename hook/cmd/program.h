/* SPDX-License-Identifier: Apache-2.0 */
/* A program: its table of commands, and how one of them is started and ended. */
#ifndef FSH_HOOK_CMD_PROGRAM_H
#define FSH_HOOK_CMD_PROGRAM_H

#include "hook/cmd/verb.h"

/* What the runtime and the units of a node start: hook/cmd/hook_program.c. */
extern const struct program hook_program;

/* What people start, with or without a node: hook/cmd/tool_program.c. */
extern const struct program tool_program;

/* Parse, confine, carry out, exit: the only place that ends the process. */
_Noreturn void program_run(const struct program *program, int argc, char **argv);

#endif
