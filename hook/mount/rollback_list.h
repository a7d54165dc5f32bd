/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has made so far on the host, to be taken back where the run fails. */
#ifndef FSH_HOOK_MOUNT_ROLLBACK_LIST_H
#define FSH_HOOK_MOUNT_ROLLBACK_LIST_H

#include "hook/sys/fs_user.h"
#include <stddef.h>

enum rollback_kind {
	ROLLBACK_DIRECTORY, /* rmdir `name` in `fd` */
	ROLLBACK_SHARED,    /* make the mount of `fd` private again */
	ROLLBACK_BIND,	    /* detach the mount of `fd` */
};

struct rollback_step {
	enum rollback_kind kind;
	int fd;	    /* owned */
	char *name; /* owned; of the others the host path, for who keeps account; may be NULL */
	struct fs_user creator; /* of a directory */
	gid_t *groups;		/* the creator's; owned */
};

struct rollback_list {
	struct rollback_step *steps;
	size_t n;
};

/* Remember a directory that was made as that user, who takes it away again: a volume that refuses
 * root refuses that too. `fd` is duplicated, the rest copied. 0 or a negative errno. */
int rollback_list_add_directory(
	struct rollback_list *rollback, int fd, const char *name, const struct fs_user *creator);

/* Remember another step. `fd` is duplicated, `name` copied. 0 or a negative errno: then the caller
 * takes it back itself. */
int rollback_list_add(
	struct rollback_list *rollback, enum rollback_kind kind, int fd, const char *name);

/* Take the last step back, and off the list. 0 or a negative errno; a directory that is used by
 * something else by now is no error. */
int rollback_list_last(struct rollback_list *rollback);

/* Take the last step off the list: it stays done. */
void rollback_list_drop_last(struct rollback_list *rollback);

/* Forget the mounts that were shared and bound: they stay, also where the run fails. */
void rollback_list_keep_mounts(struct rollback_list *rollback);

/* Forget everything: the run succeeded. NULL is accepted. */
void rollback_list_clear(struct rollback_list *rollback);

#define cleanup_rollback_list __attribute__((cleanup(rollback_list_clear)))

#endif
