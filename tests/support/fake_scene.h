/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod that is up, in an ns_sandbox whose kubelet directory is shared: the provider rclone-zurg
 * with its daemon, and the consumer plex. What cannot be made fails the running test.
 */
#ifndef FSH_TESTS_SUPPORT_FAKE_SCENE_H
#define FSH_TESTS_SUPPORT_FAKE_SCENE_H

#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"

struct fake_scene {
	struct fake_pod pod;
	struct fake_member *zurg, *plex;
	struct fuse_daemon daemon;
	char *path; /* where zurg mounts, on the host; owned */
};

/* The pod and its provider alone, with its prestart run, no daemon yet. */
void fake_scene_begin_provider(struct fake_scene *scene, const char *uid);

/* Both containers, each with its prestart run, and the daemon. */
void fake_scene_begin(struct fake_scene *scene, const char *uid);

/* As when the node has lost power, but for what the kernel would have lost too. */
void fake_scene_crash(struct fake_scene *scene);

/* An all-zero one is accepted. */
void fake_scene_clear(struct fake_scene *scene);

#define cleanup_fake_scene __attribute__((cleanup(fake_scene_clear)))

#endif
