/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers with a user namespace (hostUsers: false), whose runtime leaves out of a volume what is
 * mounted in it already, and whose file systems have no room for the node's root. */
#include "oci/base/cleanup.h"
#include "tests/ns/needs.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define ZURG FAKE_POD_MEDIA "/zurg"

/* A provider whose mount is live, and then a consumer. */
static struct fake_member *begin(struct fake_scene *scene)
{
	fake_scene_begin_provider(scene, FAKE_POD_UID);
	assert_int_equal(fuse_daemon_start(scene->path, NULL, &scene->daemon), 0);
	scene->plex = fake_pod_add(
		&scene->pod, &(struct fake_role){.name = "plex", .user_namespace = true});
	assert_int_equal(fake_member_mounts_on(scene->plex, ZURG), 0);
	return scene->plex;
}

/* In the container: its file can be read, by somebody of its user namespace too. */
static int read_film(void *data)
{
	const struct fake_member *member = data;
	char path[256], text[16] = "";
	cleanup_file FILE *film = NULL;

	snprintf(path, sizeof(path), "%s" ZURG "/film", member->root);
	if (setresgid(FAKE_CONTAINER_ROOT_ID, FAKE_CONTAINER_ROOT_ID, FAKE_CONTAINER_ROOT_ID) < 0 ||
		setresuid(FAKE_CONTAINER_ROOT_ID, FAKE_CONTAINER_ROOT_ID, FAKE_CONTAINER_ROOT_ID) <
			0)
		return 2;
	film = fopen(path, "re");
	return film && fgets(text, sizeof(text), film) && strcmp(text, "a film\n") == 0 ? 0 : 1;
}

static int read_in(struct fake_member *member)
{
	return fake_container_run(&member->process, read_film, member);
}

static void a_mount_that_was_there_before_is_put_into_it(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *plex;

	(void)state;
	NEEDS_REPLACEMENT();
	plex = begin(&scene);
	fake_member_expect(plex, "prestart", 0);
	assert_int_equal(fake_member_mounts_on(plex, ZURG), 1);
	assert_int_equal(read_in(plex), 0);
	/* On the node it is what it was. */
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void it_goes_and_comes_with_the_nodes(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *plex, *next;

	(void)state;
	NEEDS_REPLACEMENT();
	plex = begin(&scene);
	fake_member_expect(plex, "prestart", 0);
	fuse_daemon_kill(&scene.daemon);
	fake_member_stop(scene.zurg);
	next = fake_pod_provider(&scene.pod, "zurg");
	fake_member_expect(next, "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	assert_int_equal(fake_member_mounts_on(plex, ZURG), 0);
	fuse_daemon_clear(&scene.daemon);
	assert_int_equal(fuse_daemon_start(scene.path, NULL, &scene.daemon), 0);
	assert_int_equal(fake_member_mounts_on(plex, ZURG), 1);
	assert_int_equal(read_in(plex), 0);
}

static void one_that_comes_while_it_waits_needs_no_help(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *plex;
	pid_t hook;

	(void)state;
	NEEDS_REPLACEMENT();
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	plex = fake_pod_add(
		&scene.pod, &(struct fake_role){.name = "plex", .user_namespace = true});
	scene.plex = plex;
	hook = fake_member_hook_start(plex, "prestart");
	assert_true(eventually(fake_pod_plex_waits, &scene.pod));
	assert_int_equal(fuse_daemon_start(scene.path, NULL, &scene.daemon), 0);
	assert_int_equal(child_wait(hook), 0);
	assert_int_equal(fake_member_mounts_on(plex, ZURG), 1);
	assert_int_equal(read_in(plex), 0);
}

/* In the container's namespace. */
static int cover(void *data)
{
	char path[256];

	snprintf(path, sizeof(path), "%s" ZURG, ((const struct fake_member *)data)->root);
	return mount("tmpfs", path, "tmpfs", 0, NULL) < 0;
}

static void where_it_cannot_be_put_the_container_is_refused(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *plex;

	(void)state;
	NEEDS_REPLACEMENT();
	plex = begin(&scene);
	assert_int_equal(fake_container_run(&plex->process, cover, plex), 0);
	fake_member_expect(plex, "prestart", EXIT_PROPAGATION);
	fake_member_expect_said(plex, "denied [mount-not-in-consumer]");
	assert_string_equal(fake_pod_status(&scene.pod, "plex"), "denied");
}

static int hook_on_an_old_kernel(void *data)
{
	if (hide_syscalls("open_tree,move_mount", ENOSYS) < 0)
		return 126;
	return fake_member_hook_exec(data, "prestart");
}

static void nor_does_an_old_kernel_let_it_see_an_empty_directory(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *plex;

	(void)state;
	NEEDS_REPLACEMENT();
	plex = begin(&scene);
	assert_int_equal(child_run(hook_on_an_old_kernel, plex), EXIT_PROPAGATION);
	assert_string_equal(fake_pod_status(&scene.pod, "plex"), "denied");
}

struct mount_owner {
	const struct fake_member *member;
	const char *path;
};

/* Whether a directory of the container is its root's. */
static int is_its_roots(void *data)
{
	const struct mount_owner *owner = data;
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", owner->member->root, owner->path);
	return lstat(path, &st) < 0 || st.st_uid != FAKE_CONTAINER_ROOT_ID ||
	       st.st_gid != FAKE_CONTAINER_ROOT_ID;
}

/* Its /run is a file system of the user namespace: the node's root has no number there. */
static void the_topology_is_shown_on_a_file_system_of_its_own(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *plex;

	(void)state;
	NEEDS_REPLACEMENT();
	plex = begin(&scene);
	fake_member_expect(plex, "prestart", 0);
	assert_int_equal(fake_member_mounts_on(plex, "/run/fuse-sidecar"), 1);
	fake_member_remove(plex);
}

static int remove_run(void *data)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/run", ((const struct fake_member *)data)->root);
	return rmdir(path) < 0;
}

static void so_it_is_where_the_image_has_no_run(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct fake_member *plex;

	(void)state;
	NEEDS_REPLACEMENT();
	plex = begin(&scene);
	assert_int_equal(fake_container_run(&plex->process, remove_run, plex), 0);
	fake_member_expect(plex, "prestart", 0);
	assert_int_equal(fake_container_run(&plex->process, is_its_roots,
				 &(struct mount_owner){.member = plex, .path = "/run"}),
		0);
	assert_int_equal(fake_member_mounts_on(plex, "/run/fuse-sidecar"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup_shared)
	const struct CMUnitTest tests[] = {
		TEST(a_mount_that_was_there_before_is_put_into_it),
		TEST(it_goes_and_comes_with_the_nodes),
		TEST(one_that_comes_while_it_waits_needs_no_help),
		TEST(where_it_cannot_be_put_the_container_is_refused),
		TEST(nor_does_an_old_kernel_let_it_see_an_empty_directory),
		TEST(the_topology_is_shown_on_a_file_system_of_its_own),
		TEST(so_it_is_where_the_image_has_no_run),
	};
#undef TEST

	return cmocka_run_group_tests_name("userns", tests, ns_sandbox_setup_group, NULL);
}
