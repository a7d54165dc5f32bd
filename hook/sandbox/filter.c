/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The finished program is handed to the kernel: to build it in each run would take libseccomp
 * along, and its time.
 */
#include "hook/sandbox/filter.h"

#include "hook/sandbox/refused_call.h"
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sanitizers, coverage and valgrind make system calls of their own; the Makefile says when. */
#ifdef FUSE_SIDECAR_HOOK_UNFILTERED
int filter_install(enum filter filter)
{
	return filter < FILTER_COUNT ? 0 : -EINVAL;
}
#else
int filter_install(enum filter filter)
{
	int r;

	if (filter_programs[filter].len == 0)
		return -EOPNOTSUPP;
	r = refused_call_answer();
	if (r < 0)
		return r;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &filter_programs[filter]) < 0
		       ? -errno
		       : 0;
}
#endif
