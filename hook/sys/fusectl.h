/* SPDX-License-Identifier: Apache-2.0 */
/* The control file system of FUSE (Documentation/filesystems/fuse.rst of the kernel): a directory
 * for each connection, with what waits in it and a way to end it. */
#ifndef FSH_HOOK_SYS_FUSECTL_H
#define FSH_HOOK_SYS_FUSECTL_H

#define FUSECTL_DIR "/sys/fs/fuse/connections"

/* A FUSE connection is known by the device number that its mounts have (mountinfo, st_dev). */
struct fuse_connection {
	unsigned int major, minor;
};

/* Its directory, O_PATH. A descriptor, or a negative errno: -ENODEV where that is no fusectl, or
 * something is mounted over it. */
int fusectl_open(const struct fuse_connection *connection);

/* A file of such a directory, with the flags of open(2). A descriptor, or a negative errno as of
 * fusectl_open(). */
int fusectl_open_file(int directory, const char *name, int flags);

/* How many requests wait in it, for being read or for being answered. 0 or a negative errno. */
int fusectl_waiting(int directory, long *ret);

/* End it: every request, those that wait too, fails from now on. 0 or a negative errno. */
int fusectl_abort(int directory);

#endif
