/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of profiles is the whole of what each process may keep, with the reason beside each
 * capability. Everything else follows from it: bounding set, keep, no_new_privs, filter.
 */
#include "hook/sandbox/drop_privileges.h"

#include "hook/sandbox/filter.h"
#include "oci/base/cleanup.h"
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#define PRESTART (1U << PRIVILEGES_PRESTART)
#define POSTSTOP (1U << PRIVILEGES_POSTSTOP)
#define CHECK (1U << PRIVILEGES_CHECK)
#define STATUS (1U << PRIVILEGES_STATUS)
#define PREPARE (1U << PRIVILEGES_PREPARE)
#define RECONCILE (1U << PRIVILEGES_RECONCILE)
#define DOCTOR (1U << PRIVILEGES_DOCTOR)
#define PROBING (PRESTART | POSTSTOP | CHECK | STATUS | RECONCILE | DOCTOR)
#define PEOPLES (CHECK | STATUS | PREPARE | RECONCILE | DOCTOR)

/* docs/security.md has the same as a table. */
static const struct {
	cap_value_t capability;
	unsigned int profiles;
} needed[] = {
	/* open_tree, move_mount, mount_setattr, umount2; setns */
	{CAP_SYS_ADMIN, PRESTART | POSTSTOP | PEOPLES},
	/* setns into a mount namespace: a container's, or the kubelet's (hook/mount/kubens.h) */
	{CAP_SYS_CHROOT, PRESTART | PEOPLES},
	/* ns/mnt and mountinfo of a container's init, which is another user's; CRI-O's and the
	 * kubelet's process, which have more capabilities */
	{CAP_SYS_PTRACE, PRESTART | CHECK | DOCTOR},
	/* walk into volumes whose directories shut root out; make directories as a provider that
	 * is root in its container; read what people name */
	{CAP_DAC_OVERRIDE, PRESTART | POSTSTOP | PEOPLES},
	/* fuse-sidecar.io/dir-owner */
	{CAP_CHOWN, PRESTART},
	/* take back a directory that a failed run made in a sticky one of another's
	 * (fuse-sidecar.io/dir-mode: 1777) */
	{CAP_FOWNER, PRESTART},
	/* file system ids of the provider; a probe as the user of a mount */
	{CAP_SETUID, PROBING},
	/* the same for groups */
	{CAP_SETGID, PROBING},
	/* end a probe that has become another user */
	{CAP_KILL, PROBING},
	/* modprobe, of --fix */
	{CAP_SYS_MODULE, DOCTOR},
	/* `reconcile`, which --fix runs, gives up more */
	{CAP_SETPCAP, DOCTOR},
};

static void release_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

#define cleanup_caps __attribute__((cleanup(release_caps)))

static bool drop_privileges_keeps(enum privilege_profile profile, cap_value_t capability)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (needed[i].capability == capability)
			return (needed[i].profiles & 1U << profile) != 0;
	}
	return false;
}

/* The bounding set counts for programs that a process starts; `doctor` alone starts any. Each is a
 * system call: that a capability is not there is not asked before. */
static int drop_bounding(enum privilege_profile profile)
{
	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
		if (!drop_privileges_keeps(profile, capability) && cap_drop_bound(capability) < 0)
			return -errno;
	}
	return 0;
}

/* What the profile needs, as far as `had` has it permitted. */
static int keep_needed(enum privilege_profile profile, cap_t had, cap_t kept)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		const cap_value_t capability = needed[i].capability;
		cap_flag_value_t permitted = CAP_CLEAR;

		if (!drop_privileges_keeps(profile, capability))
			continue;
		if (cap_get_flag(had, capability, CAP_PERMITTED, &permitted) < 0)
			return -errno;
		if (permitted != CAP_SET)
			continue;
		if (cap_set_flag(kept, CAP_PERMITTED, 1, &capability, CAP_SET) < 0 ||
			cap_set_flag(kept, CAP_EFFECTIVE, 1, &capability, CAP_SET) < 0)
			return -errno;
	}
	return 0;
}

static int drop_privileges_apply(enum privilege_profile profile)
{
	cleanup_caps cap_t had = cap_get_proc(), kept = cap_init();
	cap_flag_value_t may_drop = CAP_CLEAR;
	int r;

	if (!had || !kept)
		return -errno;
	if (cap_get_flag(had, CAP_SETPCAP, CAP_EFFECTIVE, &may_drop) < 0)
		return -errno;
	/*
	 * First: dropping from the bounding set needs CAP_SETPCAP. A supervisor keeps the set: with
	 * no_new_privs no program would get anything from it.
	 */
	r = may_drop == CAP_SET && profile != PRIVILEGES_NOTHING ? drop_bounding(profile) : 0;
	if (r == 0)
		r = keep_needed(profile, had, kept);
	if (r < 0)
		return r;
	/* Setting the inheritable set to nothing empties the ambient set too (capabilities(7)). */
	if (cap_set_proc(kept) < 0)
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static enum filter filter_of(enum privilege_profile profile)
{
	switch (profile) {
	case PRIVILEGES_PRESTART:
	case PRIVILEGES_POSTSTOP:
	case PRIVILEGES_DOCTOR: /* has none */
		return FILTER_STAGE;
	case PRIVILEGES_PREPARE:
	case PRIVILEGES_RECONCILE:
		return FILTER_KEEPER;
	case PRIVILEGES_CHECK:
	case PRIVILEGES_STATUS:
		return FILTER_READER;
	case PRIVILEGES_NOTHING:
		break;
	}
	return FILTER_LINT;
}

int drop_privileges_worker(enum privilege_profile profile, int *ret_unfiltered)
{
	int r = drop_privileges_apply(profile);

	if (r == 0)
		*ret_unfiltered = filter_install(filter_of(profile));
	return r;
}

int drop_privileges_with_programs(enum privilege_profile profile)
{
	return drop_privileges_apply(profile);
}

int drop_privileges_supervisor(void)
{
	int r = drop_privileges_apply(PRIVILEGES_NOTHING);

	/* Without a filter it goes on as its worker does, which says so. */
	if (r == 0)
		filter_install(FILTER_SUPERVISOR);
	return r;
}

int drop_privileges_parser(void)
{
	int r = drop_privileges_apply(PRIVILEGES_NOTHING);

	/* Without a filter, see above. */
	if (r == 0)
		filter_install(FILTER_PARSER);
	return r;
}

int drop_privileges_drop_ptrace(void)
{
	static const cap_value_t ptrace[] = {CAP_SYS_PTRACE};
	cleanup_caps cap_t caps = cap_get_proc();

	if (!caps || cap_set_flag(caps, CAP_EFFECTIVE, 1, ptrace, CAP_CLEAR) < 0 ||
		cap_set_flag(caps, CAP_PERMITTED, 1, ptrace, CAP_CLEAR) < 0)
		return -errno;
	return cap_set_proc(caps) < 0 ? -errno : 0;
}
