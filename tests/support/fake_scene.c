/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_scene.h"

#include "tests/support/cmocka.h"

#include <stdlib.h>

void fake_scene_begin_provider(struct fake_scene *scene, const char *uid)
{
	fake_pod_init(&scene->pod, uid, "rclone-zurg=/mnt/media/zurg");
	scene->path = fake_pod_path(&scene->pod, "zurg");
	scene->zurg = fake_pod_provider(&scene->pod, "zurg");
	fake_member_expect(scene->zurg, "prestart", 0);
}

void fake_scene_begin(struct fake_scene *scene, const char *uid)
{
	fake_scene_begin_provider(scene, uid);
	assert_int_equal(fuse_daemon_start(scene->path, NULL, &scene->daemon), 0);
	scene->plex = fake_pod_consumer(&scene->pod, "plex");
	fake_member_expect(scene->plex, "prestart", 0);
}

void fake_scene_crash(struct fake_scene *scene)
{
	fuse_daemon_kill(&scene->daemon);
	fake_member_stop(scene->zurg);
	fake_member_stop(scene->plex);
}

void fake_scene_clear(struct fake_scene *scene)
{
	fuse_daemon_clear(&scene->daemon);
	fake_pod_clear(&scene->pod);
	free(scene->path);
}
