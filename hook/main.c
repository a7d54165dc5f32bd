/* SPDX-License-Identifier: Apache-2.0 */
/* fuse-sidecar-hook: what runtimes and the units of a node start, as root. */
#include "hook/cmd/program.h"

int main(int argc, char **argv)
{
	program_run(&hook_program, argc, argv);
}
