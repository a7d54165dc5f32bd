/* SPDX-License-Identifier: Apache-2.0 */
/* fuse-sidecar: what people start, on a node, on a laptop, in a pipeline. */
#include "hook/cmd/program.h"

int main(int argc, char **argv)
{
	program_run(&tool_program, argc, argv);
}
