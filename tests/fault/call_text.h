/* SPDX-License-Identifier: Apache-2.0 */
/* A system call that a traced process stands at, for reports: "openat(/run/x)". */
#ifndef FSH_TESTS_FAULT_CALL_TEXT_H
#define FSH_TESTS_FAULT_CALL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct call_args {
	int number;
	uint64_t values[6];
};

/* Of a process in a seccomp stop. False where there is none. */
bool call_args_read(pid_t pid, struct call_args *ret);

/* Its name, and the file that it is about where there is one. */
void call_text(pid_t pid, const struct call_args *args, char *ret, size_t size);

/* The name alone: "openat". Static storage of the last call. */
const char *call_name(int number);

#endif
