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
struct graft_how {
	enum propagation propagation;
	const char *options; /* "ro,nosuid,…": those of mount_set_options() */
	bool recursive;	     /* with the mounts below it */
};

struct graft {
	struct graft_how how;
	int source; /* the directory on the host; borrowed */
	char *path; /* of it, as the host and the namespace have it; owned; NULL with a clone */
	int clone;  /* detached; -EBADF: this kernel makes none */
	bool ready; /* the clone is what it is to be */
};
#define GRAFT_NONE                                                                                 \
	(struct graft)                                                                             \
	{                                                                                          \
		.source = -EBADF, .clone = -EBADF                                                  \
	}

/*
 * On the host. A kernel before 5.2 cannot take a mount from one namespace to another: there only a
 * private graft is possible, of a directory that the namespace has at the same path, as one has at
 * prestart, where it still shows the host's tree: -EOPNOTSUPP for any other. 0 or a negative errno.
 */
int graft_prepare(int source, const struct graft_how *how, struct graft *ret);

/*
 * In the namespace: put it on the directory `place`. Before Linux 5.12 it takes propagation and
 * options once it is attached, which nobody sees as long as the container's init waits. 0 or a
 * negative errno: -ESTALE where the namespace has another directory at the source's path. Nothing
 * is left at the place on failure.
 */
int graft_attach(const struct graft *graft, int place);

void graft_clear(struct graft *graft);

#define cleanup_graft __attribute__((cleanup(graft_clear)))

#endif
