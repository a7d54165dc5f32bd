/* SPDX-License-Identifier: Apache-2.0 */
/* The list of system calls as a filter of libseccomp's: for the build and for tests, not for the
 * hook. */
#ifndef FSH_HOOK_FILTER_LIST_H
#define FSH_HOOK_FILTER_LIST_H

#include "hook/filter.h"

#include <seccomp.h>
#include <stdint.h>

/*
 * *ret_filter is released by seccomp_release(). `arch` is of libseccomp's SCMP_ARCH_*. 0, or a
 * negative errno with *ret_name, the system call that was the reason (NULL where none was).
 */
int filter_build(
	enum filter filter, uint32_t arch, scmp_filter_ctx *ret_filter, const char **ret_name);

/* Write the program of BPF for it into `fd`. The same results. */
int filter_export(enum filter filter, uint32_t arch, int fd, const char **ret_name);

#endif
