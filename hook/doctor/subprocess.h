/* SPDX-License-Identifier: Apache-2.0 */
/* Another program, run by a command of people with input and output in memory and an end to its
 * time. The stages start none. */
#ifndef FSH_HOOK_DOCTOR_SUBPROCESS_H
#define FSH_HOOK_DOCTOR_SUBPROCESS_H

#include <stddef.h>

struct subprocess_result {
	int status; /* exit status, or 128 and the number of the signal that ended it */
	char *output;
	size_t output_size;
	char *errors; /* standard error; its first line, without the line's end */
};

/*
 * Run argv[0], a path, with an empty environment but PATH and LC_ALL=C. It is killed after
 * `seconds`, with this process, and where it writes more than 4 MiB. `input` may be NULL. 0, or a
 * negative errno: -ENOENT where the program is not there. The result is the caller's
 * (program_result_clear).
 */
int subprocess_run(char *const argv[], const char *input, size_t input_size, unsigned int seconds,
	struct subprocess_result *ret);

void subprocess_result_clear(struct subprocess_result *result);

#define cleanup_subprocess_result __attribute__((cleanup(subprocess_result_clear)))

#endif
