/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch to a command, and the only place that exits. */
#include "hook/commands.h"
#include "hook/confine.h"
#include "hook/startup.h"
#include "oci/base/code.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct options options = {0};
	int code = EXIT_INPUT;
	const struct command *command = commands_parse(argc, argv, &options, &code);

	if (command) {
		int r = startup_clean(command->for_people);

		if (r == 0 && !command->for_people)
			r = confine_stage();
		if (r < 0) {
			fprintf(stderr, "fuse-sidecar-hook: cannot start: %s\n", strerror(-r));
			return EXIT_INTERNAL;
		}
		code = command->run(&options);
	}
	/* What nobody could read was not said. */
	if (fflush(stdout) != 0 && code == EXIT_DONE)
		code = EXIT_HOST_IO;
	return code;
}
