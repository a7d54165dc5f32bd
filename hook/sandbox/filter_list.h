/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of system calls as a program of BPF: for the build and for tests, not for the hook. */
#ifndef FSH_HOOK_SANDBOX_FILTER_LIST_H
#define FSH_HOOK_SANDBOX_FILTER_LIST_H

#include "hook/sandbox/filter.h"

#include <seccomp.h>
#include <stdint.h>

/*
 * Write the program of BPF that the lists come to into `fd`. `arch` is of libseccomp's SCMP_ARCH_*:
 * this machine's or another. 0, or a negative errno with *ret_name, the system call that was the
 * reason (NULL where none was).
 */
int filter_export(enum filter filter, uint32_t arch, int fd, const char **ret_name);

#endif
