/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/hide_syscalls.h"

#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>

#define MNT_ID_UNIQUE 0x4000U /* STATX_MNT_ID_UNIQUE of linux/stat.h, Linux 6.8 */

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

#define cleanup_filter __attribute__((cleanup(release_filter)))

static const char *const unknown_to_4_18[] = {"open_tree", "move_mount", "fsopen", "fsconfig",
	"fsmount", "pidfd_open", "openat2", "statx_mnt_id", "close_range", "mount_setattr",
	"statmount", "listmount"};

/* libseccomp of Debian 12 does not know the last two by name. */
static int number_of(const char *name)
{
	if (strcmp(name, "statmount") == 0)
		return 457;
	if (strcmp(name, "listmount") == 0)
		return 458;
	return seccomp_syscall_resolve_name(name);
}

/* statx(2): the third argument are the flags, the fourth is the mask. */
static int hide_of_statx(scmp_filter_ctx filter, uint32_t action, struct scmp_arg_cmp what)
{
	return seccomp_rule_add(filter, action, SCMP_SYS(statx), 1, what);
}

static int hide_one(scmp_filter_ctx filter, uint32_t action, const char *name)
{
	const struct scmp_arg_cmp nothing = SCMP_A3(SCMP_CMP_EQ, 0, 0);
	const struct scmp_arg_cmp unique =
		SCMP_A3(SCMP_CMP_MASKED_EQ, MNT_ID_UNIQUE, MNT_ID_UNIQUE);
	const struct scmp_arg_cmp forced =
		SCMP_A2(SCMP_CMP_MASKED_EQ, AT_STATX_FORCE_SYNC, AT_STATX_FORCE_SYNC);
	int number;

	if (strcmp(name, "statx_mnt_id") == 0) {
		int r = hide_of_statx(filter, action, nothing);

		return r < 0 ? r : hide_of_statx(filter, action, unique);
	}
	if (strcmp(name, "statx_mnt_id_unique") == 0)
		return hide_of_statx(filter, action, unique);
	if (strcmp(name, "statx_force_sync") == 0)
		return hide_of_statx(filter, action, forced);
	number = number_of(name);
	return number < 0 ? -EINVAL : seccomp_rule_add(filter, action, number, 0);
}

static int hide_all(scmp_filter_ctx filter, uint32_t action)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(unknown_to_4_18); i++)
		r = hide_one(filter, action, unknown_to_4_18[i]);
	return r;
}

static int hide_each(scmp_filter_ctx filter, uint32_t action, const char *names)
{
	cleanup_free char *copy = strdup(names);
	char *rest = copy, *name;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && (name = strsep(&rest, ",")))
		r = strcmp(name, HIDE_ALL) == 0 ? hide_all(filter, action)
						: hide_one(filter, action, name);
	return r;
}

int hide_syscalls(const char *names, int error)
{
	cleanup_filter scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!filter)
		return -ENOMEM;
	/* Root needs no no_new_privs for it, which some tests look at. */
	r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	if (r == 0)
		r = hide_each(filter, SCMP_ACT_ERRNO((uint32_t)error), names);
	return r < 0 ? r : seccomp_load(filter);
}
