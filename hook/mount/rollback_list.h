/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has made so far on the host, to be taken back where the run fails. */
#ifndef FSH_HOOK_MOUNT_ROLLBACK_LIST_H
#define FSH_HOOK_MOUNT_ROLLBACK_LIST_H

#include "hook/sys/fs_user.h"
#include <stddef.h>

enum undo_kind {
	UNDO_DIRECTORY, /* rmdir `name` in `fd` */
	UNDO_SHARED,	/* make the mount of `fd` private again */
	UNDO_BIND,	/* detach the mount of `fd` */
};

struct undo_step {
	enum undo_kind kind;
	int fd;	    /* owned */
	char *name; /* owned; of the others the host path, for who keeps account; may be NULL */
	struct fs_user creator; /* of a directory */
	gid_t *groups;		/* the creator's; owned */
};

struct undo {
	struct undo_step *steps;
	size_t n;
};

/* Remember a directory that was made as that user, who takes it away again: a volume that refuses
 * root refuses that too. `fd` is duplicated, the rest copied. 0 or a negative errno. */
int undo_add_directory(struct undo *undo, int fd, const char *name, const struct fs_user *creator);

/* Remember another step. `fd` is duplicated, `name` copied. 0 or a negative errno: then the caller
 * takes it back itself. */
int undo_add(struct undo *undo, enum undo_kind kind, int fd, const char *name);

/* Take the last step back, and off the list. 0 or a negative errno; a directory that is used by
 * something else by now is no error. */
int undo_last(struct undo *undo);

/* Take the last step off the list: it stays done. */
void undo_drop_last(struct undo *undo);

/* Forget the mounts that were shared and bound: they stay, also where the run fails. */
void undo_keep_mounts(struct undo *undo);

/* Take everything back, the last thing first, and leave the list empty. Returns how many steps
 * could not be taken back; a directory that is used by something else by now is none of them. */
unsigned int undo_run(struct undo *undo);

/* Forget everything: the run succeeded. NULL is accepted. */
void undo_clear(struct undo *undo);

#define cleanup_undo __attribute__((cleanup(undo_clear)))

#endif
