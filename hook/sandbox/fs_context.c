/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of what may be mounted, by which profile and with which parameters: what a process that
 * was taken over could still make is this, and once.
 */
#include "hook/sandbox/fs_context.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include <stddef.h>

#define MAX_PARAMETERS 4
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

static const struct {
	const char *type;
	unsigned int profiles; /* who may make one */
	struct {
		const char *name, *value;
	} parameters[MAX_PARAMETERS];
} kinds[FS_CONTEXTS] = {
	[FS_CONTEXT_SHOWN] = {"tmpfs", 1U << PRIVILEGES_PRESTART,
		{{"source", HOOK_PROGRAM}, {"mode", "0755"},
			{"size", TEXT(FS_CONTEXT_SHOWN_KIB) "k"}, {"nr_inodes", "8"}}},
};

/* Of this process; -EBADF: none. */
static int contexts[FS_CONTEXTS] = {[FS_CONTEXT_SHOWN] = -EBADF};

static int fs_context_open(enum fs_context which)
{
	cleanup_close int fd = sys_fsopen(kinds[which].type);
	int r = fd < 0 ? fd : 0;

	for (size_t i = 0; r >= 0 && i < MAX_PARAMETERS && kinds[which].parameters[i].name; i++)
		r = sys_fsconfig_string(
			fd, kinds[which].parameters[i].name, kinds[which].parameters[i].value);
	if (r >= 0)
		contexts[which] = move_fd(&fd);
	return r;
}

void fs_context_prepare(enum privilege_profile profile)
{
	for (int i = 0; i < FS_CONTEXTS; i++) {
		if (kinds[i].profiles & 1U << profile)
			(void)fs_context_open((enum fs_context)i);
	}
}

int fs_context_mount(enum fs_context which, int *ret_fd)
{
	cleanup_close int fd = contexts[which];
	int r;

	contexts[which] = -EBADF;
	if (fd < 0)
		return -EOPNOTSUPP;
	r = sys_fsconfig_create(fd);
	if (r == 0)
		r = sys_fsmount(
			fd, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC);
	if (r < 0)
		/* Hidden one by one: the kernel that has fsopen(2) has both. */
		return r == -ENOSYS || r == -EPERM ? -EOPNOTSUPP : r;
	*ret_fd = r;
	return 0;
}
