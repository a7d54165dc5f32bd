/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/confine.h"

#include "oci/base/cleanup.h"
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static const cap_value_t needed[] = {
	CAP_SYS_ADMIN,	  /* open_tree, move_mount, mount_setattr, umount2, setns */
	CAP_SYS_CHROOT,	  /* setns into a mount namespace */
	CAP_SYS_PTRACE,	  /* ns/mnt and mountinfo of a container's init, which is another user's */
	CAP_DAC_OVERRIDE, /* walk into volumes whose directories shut root out, make directories as
			     a provider that is root in its container */
	CAP_CHOWN,	  /* fuse-sidecar.io/dir-owner */
	CAP_FOWNER, /* take back a directory that a failed run made in a sticky one of another's
		       (fuse-sidecar.io/dir-mode: 1777) */
	CAP_SETUID, /* file system ids of the provider; a probe as the user of a mount */
	CAP_SETGID, /* the same for groups */
	CAP_KILL,   /* end a probe that has become another user */
};

static void release_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

#define cleanup_caps __attribute__((cleanup(release_caps)))

static bool is_needed(cap_value_t capability)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (needed[i] == capability)
			return true;
	}
	return false;
}

/* The bounding set counts for programs that a process starts; this one starts none. */
static int drop_bounding(void)
{
	for (cap_value_t capability = 0; capability <= cap_max_bits() - 1; capability++) {
		if (is_needed(capability) || cap_get_bound(capability) != 1)
			continue;
		if (cap_drop_bound(capability) < 0)
			return -errno;
	}
	return 0;
}

/* `needed`, as far as `had` has it permitted. */
static int keep_needed(cap_t had, cap_t kept)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		cap_flag_value_t permitted = CAP_CLEAR;

		if (cap_get_flag(had, needed[i], CAP_PERMITTED, &permitted) < 0)
			return -errno;
		if (permitted != CAP_SET)
			continue;
		if (cap_set_flag(kept, CAP_PERMITTED, 1, &needed[i], CAP_SET) < 0 ||
			cap_set_flag(kept, CAP_EFFECTIVE, 1, &needed[i], CAP_SET) < 0)
			return -errno;
	}
	return 0;
}

int confine_stage(void)
{
	cleanup_caps cap_t had = cap_get_proc(), kept = cap_init();
	cap_flag_value_t may_drop = CAP_CLEAR;
	int r;

	if (!had || !kept)
		return -errno;
	if (cap_get_flag(had, CAP_SETPCAP, CAP_EFFECTIVE, &may_drop) < 0)
		return -errno;
	/* First: dropping from the bounding set needs CAP_SETPCAP. */
	r = may_drop == CAP_SET ? drop_bounding() : 0;
	if (r == 0)
		r = keep_needed(had, kept);
	if (r < 0)
		return r;
	/* Setting the inheritable set to nothing empties the ambient set too (capabilities(7)). */
	if (cap_set_proc(kept) < 0)
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
