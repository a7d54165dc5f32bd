/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private mount namespace for tests that change mounts, /run, /etc/fuse-sidecar-hook or
 * /var/lib/kubelet: the machine's own are never touched.
 */
#ifndef FSH_TESTS_SUPPORT_NS_SANDBOX_H
#define FSH_TESTS_SUPPORT_NS_SANDBOX_H

#define NS_SANDBOX_DIR "/run/sandbox" /* an empty directory for the test itself */

/*
 * Enter a new mount namespace, where KUBENSMNT is not set, make every mount private, and put an
 * empty tmpfs over /run and over what would hold /etc/fuse-sidecar-hook and /var/lib/kubelet (both
 * made, empty). 0 or a negative errno.
 */
int ns_sandbox_enter(void);

/*
 * Empty it again, with every mount below /run, /etc/fuse-sidecar-hook and /var/lib/kubelet: each
 * gets a new tmpfs in the place of the one that ns_sandbox_enter() made. 0 or a negative errno. For
 * between two tests.
 */
int ns_sandbox_reset(void);

/* Make /var/lib/kubelet shared, as it is on a node. 0 or a negative errno. */
int ns_sandbox_share_kubelet(void);

/*
 * cmocka's set-ups: ns_sandbox_enter() for a group, ns_sandbox_reset() for a test, the same with
 * ns_sandbox_share_kubelet(). They take no state and set none.
 */
int ns_sandbox_setup_group(void **state);
int ns_sandbox_setup(void **state);
int ns_sandbox_setup_shared(void **state);

/* Make the directory `path` and those above it, mode 0755. 0 or a negative errno. */
int ns_sandbox_mkdirs(const char *path);

/* Write `text` into the file `path`, made with `mode`. 0 or a negative errno. */
int ns_sandbox_write(const char *path, const char *text, unsigned int mode);

/* What is in the file `path`, owned by the caller; NULL where it cannot be read. */
char *ns_sandbox_read(const char *path);

/* "shared:7", "master:3", "" … : the optional fields of the topmost mount whose mountpoint is
 * `path`, NULL where there is none. Owned by the caller. */
char *ns_sandbox_propagation(const char *path);

/* How many mounts of this process's mount namespace have exactly that mountpoint, one over the
 * other or hidden; and how many there are in all, but for what the hook shows to containers
 * (hook/record/record_copy.h). */
unsigned int ns_sandbox_mounts_on(const char *path);
unsigned int ns_sandbox_mounts(void);

/* How many descriptors this process has open. */
unsigned int ns_sandbox_open_files(void);

#endif
