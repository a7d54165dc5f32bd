/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of the host put into a container's mount namespace: made ready on the host, attached
 * by a child that has entered the namespace (hook/mount/container_ns.h).
 */
#ifndef FSH_HOOK_MOUNT_MOUNT_ATTACH_H
#define FSH_HOOK_MOUNT_MOUNT_ATTACH_H

#include "oci/spec/spec.h"
#include <errno.h>
#include <stdbool.h>

/* What it is to be. Borrowed. */
struct mount_attach_how {
	enum propagation propagation;
	const char *options; /* "ro,nosuid,…": those of mount_set_options() */
	bool recursive;	     /* with the mounts below it */
};

struct mount_attach {
	struct mount_attach_how how;
	int source; /* the directory on the host; borrowed */
	char *path; /* of it, as the host and the namespace have it; owned; NULL with a clone */
	int clone;  /* detached; -EBADF: this kernel makes none */
	bool ready; /* the clone is what it is to be */
};
#define MOUNT_ATTACH_NONE                                                                          \
	(struct mount_attach)                                                                      \
	{                                                                                          \
		.source = -EBADF, .clone = -EBADF                                                  \
	}

/*
 * On the host. A kernel before 5.2 cannot take a mount from one namespace to another: there only a
 * private copy is possible, of a directory that the namespace has at the same path, as one has at
 * prestart, where it still shows the host's tree: -EOPNOTSUPP for any other. 0 or a negative errno.
 */
int mount_attach_prepare(int source, const struct mount_attach_how *how, struct mount_attach *ret);

/*
 * In the namespace: put it on the directory `place`. Before Linux 5.12 it takes propagation and
 * options once it is attached, which nobody sees as long as the container's init waits. 0 or a
 * negative errno: -ESTALE where the namespace has another directory at the source's path. Nothing
 * is left at the place on failure.
 */
int mount_attach(const struct mount_attach *attach, int place);

void mount_attach_clear(struct mount_attach *attach);

#define cleanup_mount_attach __attribute__((cleanup(mount_attach_clear)))

#endif
