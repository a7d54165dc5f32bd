/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hide_syscalls ENOSYS|EPERM NAME[,NAME…] -- PROGRAM [ARGUMENT…]
 *
 * Runs PROGRAM on a kernel that seems not to have these system calls; tests/support/hide_syscalls.h
 * has the names, "all" is Linux 4.18. Exits with 125 where that cannot be had, 127 without PROGRAM.
 */
#include "tests/support/hide_syscalls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int error = 0, r;

	if (argc > 1 && strcmp(argv[1], "ENOSYS") == 0)
		error = ENOSYS;
	if (argc > 1 && strcmp(argv[1], "EPERM") == 0)
		error = EPERM;
	if (argc < 5 || error == 0 || strcmp(argv[3], "--") != 0) {
		fprintf(stderr, "usage: hide_syscalls ENOSYS|EPERM NAME[,NAME...] -- PROGRAM...\n");
		return 125;
	}
	r = hide_syscalls(argv[2], error);
	if (r < 0) {
		fprintf(stderr, "hide_syscalls: %s: %s\n", argv[2], strerror(-r));
		return 125;
	}
	execv(argv[4], argv + 4);
	fprintf(stderr, "hide_syscalls: %s: %s\n", argv[4], strerror(errno));
	return 127;
}
