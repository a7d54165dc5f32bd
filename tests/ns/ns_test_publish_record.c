/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The topology shown inside containers whose images, or whose pod's other containers, are hostile:
 * it appears where the image's own root has it or the container is refused, and the host sees
 * nothing of it.
 */
#include "hook/mount/publish_record.h"
#include "hook/sys/fd_path.h"
#include "hook/sys/mount_ops.h"
#include "hook/sys/process.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_scene.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define CANARY NS_SANDBOX_DIR "/canary"
#define SWAPS 300

static int reset(void **state)
{
	(void)state;
	return ns_sandbox_reset() < 0 ? -1 : ns_sandbox_mkdirs(CANARY);
}

/* One thing of an image; `path` is in it. */
struct thing {
	char kind; /* l: symlink, f: file, p: FIFO, c: device, d: directory, r: /run removed,
		      b: bind of `target` */
	const char *path, *target;
};

struct image {
	const char *what;
	int exit;
	const char *shown; /* where the topology is then, in the container; NULL: nowhere */
	const char *says;  /* the hook, where it refuses: this|or this */
	struct thing things[4];
};

struct arrangement {
	const struct image *image;
	const char *root;
};

static int arrange_one(const char *path, const struct thing *thing)
{
	switch (thing->kind) {
	case 'l':
		return symlink(thing->target, path);
	case 'f':
		return ns_sandbox_write(path, "a file of the image\n", 0644);
	case 'p':
		return mkfifo(path, 0666);
	case 'c':
		return mknod(path, S_IFCHR | 0666, makedev(1, 3));
	case 'd':
		return ns_sandbox_mkdirs(path);
	case 'r':
		return rmdir(path);
	case 'b':
		if (ns_sandbox_mkdirs(path) < 0)
			return -1;
		return mount(thing->target, path, NULL, MS_BIND | MS_REC, NULL);
	default:
		return -1;
	}
}

static int arrange(void *data)
{
	const struct arrangement *arrangement = data;

	for (const struct thing *thing = arrangement->image->things; thing->kind; thing++) {
		char path[512];

		snprintf(path, sizeof(path), "%s%s", arrangement->root, thing->path);
		if (arrange_one(path, thing) < 0)
			return 1;
	}
	return 0;
}

/* As a process of the image would. */
static int read_topology(void *data)
{
	cleanup_free char *text = ns_sandbox_read(data);

	return text && strstr(text, "fuse-sidecar.io/topology") ? 0 : 1;
}

static bool is_shown(const struct fake_member *member, const char *where)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s/topology.json", member->root, where);
	return fake_container_run(&member->process, read_topology, path) == 0;
}

static void expect_said(const struct fake_member *member, const struct image *image)
{
	cleanup_free char *said = fake_member_output(member);
	cleanup_free char *any = strdup(image->says);
	char *saved = NULL;

	assert_non_null(any);
	for (char *one = strtok_r(any, "|", &saved); one; one = strtok_r(NULL, "|", &saved)) {
		if (strstr(said, one))
			return;
	}
	fail_msg("%s: no \"%s\" in: %s", image->what, image->says, said);
}

static void check_image(const struct image *image)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;
	unsigned int mounts;
	int status;

	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(fake_container_run(&zurg->process, arrange,
				 &(struct arrangement){.image = image, .root = zurg->root}),
		0);
	mounts = ns_sandbox_mounts();
	status = fake_member_hook(zurg, "prestart");
	if (status != image->exit) {
		cleanup_free char *said = fake_member_output(zurg);

		fail_msg("%s: exit %d, expected %d: %s", image->what, status, image->exit, said);
	}
	if (image->shown && !is_shown(zurg, image->shown))
		fail_msg("%s: no topology at %s", image->what, image->shown);
	if (image->says)
		expect_said(zurg, image);
	if (ns_sandbox_mounts() != mounts)
		fail_msg("%s: another number of mounts on the host", image->what);
	fake_member_remove(zurg);
}

static void expect_nothing_outside(void)
{
	static const char *const places[] = {"/fuse-sidecar", "/etc/fuse-sidecar",
		CANARY "/fuse-sidecar", NS_SANDBOX_DIR "/fuse-sidecar"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (lstat(places[i], &st) == 0)
			fail_msg("%s is there", places[i]);
	}
}

static void a_hostile_image_gets_no_mount_outside_its_root(void **state)
{
	static const struct image images[] = {
		{"/run is the root", 0, "/fuse-sidecar", NULL,
			{{'r', "/run", NULL}, {'l', "/run", "/"}}},
		{"/run leads up and out", 0, "/etc/fuse-sidecar", NULL,
			{{'d', "/etc", NULL}, {'r', "/run", NULL},
				{'l', "/run", "../../../../../../etc"}}},
		{"/run leads to a directory of the host", 18, NULL, "leads nowhere",
			{{'r', "/run", NULL}, {'l', "/run", "/var/lib/kubelet"}}},
		{"/run leads through proc", 18, NULL, "symlink",
			{{'b', "/proc", "/proc"}, {'r', "/run", NULL},
				{'l', "/run", "/proc/self/root"}}},
		/* Which, is up to what the machine's init is allowed more than a stage. */
		{"/run leads through the working directory of init", 18, NULL, "entered|symlink",
			{{'b', "/proc", "/proc"}, {'r', "/run", NULL},
				{'l', "/run", "/proc/1/cwd"}}},
		{"/run is not there", 0, "/run/fuse-sidecar", NULL, {{'r', "/run", NULL}}},
	};

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(images); i++)
		check_image(&images[i]);
	expect_nothing_outside();
}

static void what_is_no_directory_in_the_image_is_unsafe(void **state)
{
	static const struct image images[] = {
		{"/run is a file", 18, NULL, "not a directory",
			{{'r', "/run", NULL}, {'f', "/run", NULL}}},
		{"/run is a FIFO", 18, NULL, "not a directory",
			{{'r', "/run", NULL}, {'p', "/run", NULL}}},
		{"/run leads to itself", 18, NULL, "symlink",
			{{'r', "/run", NULL}, {'l', "/run", "run"}}},
		{"the place leads up", 18, NULL, "symlink",
			{{'l', "/run/fuse-sidecar", "../../etc"}}},
		{"the place leads through proc", 18, NULL, "symlink",
			{{'b', "/proc", "/proc"},
				{'l', "/run/fuse-sidecar", "/proc/self/root/etc"}}},
		{"the place leads nowhere", 18, NULL, "symlink",
			{{'l', "/run/fuse-sidecar", "nowhere"}}},
		{"the place is a FIFO", 18, NULL, "not a directory",
			{{'p', "/run/fuse-sidecar", NULL}}},
		{"the place is a file", 18, NULL, "not a directory",
			{{'f', "/run/fuse-sidecar", NULL}}},
		{"the place is a device", 18, NULL, "not a directory",
			{{'c', "/run/fuse-sidecar", NULL}}},
	};

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(images); i++)
		check_image(&images[i]);
	expect_nothing_outside();
}

/* It is mounted over: nothing of the image's is opened. */
static void what_the_image_has_in_the_place_is_hidden(void **state)
{
	static const struct image images[] = {
		{"the topology is a symlink", 0, "/run/fuse-sidecar", NULL,
			{{'d', "/run/fuse-sidecar", NULL},
				{'l', "/run/fuse-sidecar/topology.json", CANARY "/file"}}},
		{"the topology is a FIFO", 0, "/run/fuse-sidecar", NULL,
			{{'d', "/run/fuse-sidecar", NULL},
				{'p', "/run/fuse-sidecar/topology.json", NULL}}},
		{"the topology is a device", 0, "/run/fuse-sidecar", NULL,
			{{'d', "/run/fuse-sidecar", NULL},
				{'c', "/run/fuse-sidecar/topology.json", NULL}}},
		{"the topology is a directory", 0, "/run/fuse-sidecar", NULL,
			{{'d', "/run/fuse-sidecar/topology.json", NULL}}},
	};
	struct stat st;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	assert_int_equal(ns_sandbox_write(CANARY "/file", "do not touch\n", 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(images); i++)
		check_image(&images[i]);
	assert_int_equal(stat(CANARY "/file", &st), 0);
	assert_int_equal(st.st_size, strlen("do not touch\n"));
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* The host, and every pod with that volume, would see what is mounted there. */
static void a_run_that_leads_into_a_shared_volume_is_unsafe(void **state)
{
	static const struct image image = {"/run leads into the volume", 18, NULL,
		"a volume that the host sees", {{'r', "/run", NULL}, {'l', "/run", "/mnt/media"}}};
	cleanup_free char *place = NULL;
	struct fake_pod pod = {0};
	struct stat st;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	check_image(&image);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	place = fake_pod_path(&pod, "fuse-sidecar");
	fake_pod_clear(&pod);
	assert_int_equal(lstat(place, &st), -1);
}

static void a_run_that_leads_into_a_fuse_mount_is_unsafe(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	static const struct image image = {"/run leads into the FUSE mount", 18, NULL, NULL,
		{{'r', "/run", NULL}, {'l', "/run", "/mnt/media/zurg"}}};
	struct fake_member *plex;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_scene_begin_provider(&scene, FAKE_POD_UID);
	assert_int_equal(fuse_daemon_start(scene.path, NULL, &scene.daemon), 0);
	plex = fake_pod_consumer(&scene.pod, "plex");
	assert_int_equal(fake_container_run(&plex->process, arrange,
				 &(struct arrangement){.image = &image, .root = plex->root}),
		0);
	fake_member_expect(plex, "prestart", 18);
	fake_member_expect_said(plex, "in a FUSE mount");
}

/* /run is a volume of the container, and another container of the pod swaps the place in it. */

static int swap_on(void *data)
{
	cleanup_close int fd = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (mkdirat(fd, "fuse-sidecar", 0755) < 0 || symlinkat(CANARY, fd, "link") < 0 ||
		mknodat(fd, "fifo", S_IFIFO | 0644, 0) < 0)
		return 1;
	for (unsigned int i = 0; i < UINT32_MAX; i++) {
		const char *other = i % 2 ? "link" : "fifo";

		renameat2(fd, "fuse-sidecar", fd, other, RENAME_EXCHANGE);
		renameat2(fd, "fuse-sidecar", fd, other, RENAME_EXCHANGE);
	}
	return 0;
}

static bool is_there(void *data)
{
	return access(data, F_OK) == 0;
}

static int expose_once(const struct fake_member *member, struct error *err)
{
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_close int record = open(CANARY, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t start = 0;

	assert_int_equal(process_start(member->process.pid, &start), 0);
	assert_int_equal(container_ns_open(member->process.pid, start, &ns, err), 0);
	return publish_record(&ns, record, member->root, "/run/fuse-sidecar", err);
}

static void a_place_that_is_swapped_meanwhile_is_used_or_unsafe(void **state)
{
	char run[] = NS_SANDBOX_DIR "/shared-run";
	static const struct image image = {
		"/run is a volume", 0, NULL, NULL, {{'b', "/run", NS_SANDBOX_DIR "/shared-run"}}};
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;
	char fifo[] = NS_SANDBOX_DIR "/shared-run/fifo", place[] = CANARY "/fuse-sidecar";
	unsigned int mounts = 0, shown = 0, refused = 0;
	pid_t swapper;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(run), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(fake_container_run(&zurg->process, arrange,
				 &(struct arrangement){.image = &image, .root = zurg->root}),
		0);
	swapper = child_start(swap_on, run);
	assert_true(eventually(is_there, fifo));
	mounts = ns_sandbox_mounts();
	for (int i = 0; i < SWAPS; i++) {
		cleanup_error struct error err = {0};
		int r = expose_once(zurg, &err);

		shown += r == 0;
		refused += r < 0 && err.code == FINDING_PATH_UNSAFE;
		if (r < 0 && err.code != FINDING_PATH_UNSAFE)
			fail_msg("%s", error_message(&err));
	}
	kill(swapper, SIGKILL);
	child_wait(swapper);
	assert_int_equal(shown + refused, SWAPS);
	assert_int_equal(ns_sandbox_mounts(), mounts);
	assert_false(is_there(place));
}

/* The pod's own volumes at the place, or around it. */

struct own_volume {
	const char *what, *mounts, *provides, *destination;
	unsigned long propagation;
	int exit;
	const char *says; /* NULL: nothing that is about the place */
	bool shown;
};

/* What the host, and whoever else has the volume, sees of it. */
static void expect_clean_volume(const struct own_volume *volume, const struct fake_pod *pod)
{
	static const char *const names[] = {"topology.json", "fuse-sidecar/topology.json"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = fake_pod_path(pod, names[i]);

		if (lstat(path, &st) == 0)
			fail_msg("%s: %s is on the host", volume->what, names[i]);
	}
}

static void check_volume(const struct own_volume *volume)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *member;
	unsigned int mounts;

	assert_int_equal(reset(NULL), 0);
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, volume->mounts);
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "0s");
	member = fake_pod_add(
		&pod, &(struct fake_role){.name = volume->provides ? "rclone-zurg" : "plex",
			      .provides = volume->provides,
			      .destination = volume->destination,
			      .propagation = volume->propagation});
	mounts = ns_sandbox_mounts();
	fake_member_expect(member, "prestart", volume->exit);
	if (volume->says)
		fake_member_expect_said(member, volume->says);
	if (is_shown(member, "/run/fuse-sidecar") != volume->shown)
		fail_msg("%s: the topology is %s", volume->what,
			volume->shown ? "not shown" : "shown");
	assert_int_equal(ns_sandbox_mounts(), mounts);
	expect_clean_volume(volume, &pod);
	fake_member_remove(member);
	assert_int_equal(ns_sandbox_mounts(), mounts);
}

static void a_volume_at_the_place_is_refused_and_nothing_is_mounted_there(void **state)
{
#define TAKEN "[topology-place-taken]"
	static const struct own_volume volumes[] = {
		{"a provider's", "rclone-zurg=/run/fuse-sidecar/zurg", "/run/fuse-sidecar/zurg",
			"/run/fuse-sidecar", MS_SHARED, 10, TAKEN, false},
		{"a provider's below it", "rclone-zurg=/run/fuse-sidecar/media/zurg",
			"/run/fuse-sidecar/media/zurg", "/run/fuse-sidecar/media", MS_SHARED, 10,
			TAKEN, false},
		{"a provider's by the other name", "rclone-zurg=/var/run/fuse-sidecar/zurg",
			"/var/run/fuse-sidecar/zurg", "/var/run/fuse-sidecar", MS_SHARED, 10, TAKEN,
			false},
		{"a consumer's", "rclone-zurg=/run/fuse-sidecar/zurg", NULL, "/run/fuse-sidecar",
			MS_SLAVE, 10, TAKEN, false},
		{"a FUSE path", "rclone-zurg=/run/fuse-sidecar/zurg", "/run/fuse-sidecar/zurg",
			"/run", MS_SHARED, 10, TAKEN, false},
		{"a name that begins like it", "rclone-zurg=/run/fuse-sidecar2/zurg",
			"/run/fuse-sidecar2/zurg", "/run/fuse-sidecar2", MS_SHARED, 0, NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(volumes); i++)
		check_volume(&volumes[i]);
}

/* It would appear on the host, and in whoever else has the volume. */
static void in_a_shared_volume_at_run_nothing_is_shown(void **state)
{
	static const struct own_volume volume = {"a provider's", "rclone-zurg=/run/zurg",
		"/run/zurg", "/run", MS_SHARED, 0, "warning [topology-not-shown]", false};

	(void)state;
	check_volume(&volume);
}

/* An ordinary emptyDir, say: an empty directory is all that others see of it. */
static void in_any_other_volume_at_run_the_container_alone_sees_it(void **state)
{
	static const unsigned long kinds[] = {MS_PRIVATE, MS_SLAVE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct fake_bind run = {CANARY, "/run", kinds[i]};
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *zurg;
		unsigned int mounts;

		assert_int_equal(reset(NULL), 0);
		assert_int_equal(ns_sandbox_share_kubelet(), 0);
		/* What is mounted in it by a peer would travel. */
		assert_int_equal(mount(CANARY, CANARY, NULL, MS_BIND, NULL), 0);
		assert_int_equal(mount(NULL, CANARY, NULL, MS_SHARED, NULL), 0);
		fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
		zurg = fake_pod_add(&pod, &(struct fake_role){.name = "rclone-zurg",
						  .provides = "/mnt/media/zurg",
						  .more = &run,
						  .n_more = 1});
		mounts = ns_sandbox_mounts();
		fake_member_expect(zurg, "prestart", 0);
		assert_true(is_shown(zurg, "/run/fuse-sidecar"));
		assert_int_equal(ns_sandbox_mounts(), mounts);
		assert_int_equal(access(CANARY "/fuse-sidecar", F_OK), 0);
		assert_int_equal(access(CANARY "/fuse-sidecar/topology.json", F_OK), -1);
	}
}

/* What the policy lets pass is not mounted all the same. */
static void a_policy_that_ignores_it_has_nothing_mounted_there(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json",
				 "{\"severity\": {\"topology-place-taken\": \"ignore\"}}", 0644),
		0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/run/fuse-sidecar/zurg");
	zurg = fake_pod_add(&pod, &(struct fake_role){.name = "rclone-zurg",
					  .provides = "/run/fuse-sidecar/zurg",
					  .destination = "/run/fuse-sidecar"});
	fake_member_expect(zurg, "prestart", 0);
	assert_false(is_shown(zurg, "/run/fuse-sidecar"));
}

/* As a volume at /var/run/fuse-sidecar is mounted by a runtime that follows the image's symlinks:
 * the pod's words are not what it comes to. */
static void what_is_mounted_at_the_place_is_left(void **state)
{
	static const unsigned long kinds[] = {MS_SHARED, MS_SLAVE, MS_PRIVATE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		cleanup_fake_pod struct fake_pod pod = {0};
		cleanup_error struct error err = {0};
		cleanup_free char *file = NULL;
		struct fake_member *member;
		unsigned int mounts;

		assert_int_equal(reset(NULL), 0);
		assert_int_equal(ns_sandbox_share_kubelet(), 0);
		fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
		/* A provider's is a peer of the host's. */
		member = fake_pod_add(&pod,
			&(struct fake_role){.name = "rclone-zurg",
				.provides = kinds[i] == MS_SHARED ? "/run/fuse-sidecar/zurg" : NULL,
				.destination = "/run/fuse-sidecar",
				.propagation = kinds[i]});
		file = fake_pod_path(&pod, "library");
		assert_int_equal(ns_sandbox_write(file, "the pod's\n", 0644), 0);
		mounts = ns_sandbox_mounts();
		assert_true(expose_once(member, &err) < 0);
		assert_int_equal(err.code, FINDING_PATH_UNSAFE);
		if (!strstr(error_message(&err), kinds[i] == MS_SHARED
							 ? "a volume that the host sees"
							 : "mounted there"))
			fail_msg("%s", error_message(&err));
		assert_int_equal(ns_sandbox_mounts(), mounts);
		assert_int_equal(fake_member_mounts_on(member, "/run/fuse-sidecar"), 1);
		assert_int_equal(access(file, F_OK), 0);
	}
}

static int make_read_only(void *data)
{
	char run[256];

	snprintf(run, sizeof(run), "%s/run", (const char *)data);
	return mount(NULL, run, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0 ? 1 : 0;
}

static void a_read_only_volume_at_run_refuses_no_container(void **state)
{
	static const struct image image = {
		"/run is a volume", 0, NULL, NULL, {{'b', "/run", CANARY}}};
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(fake_container_run(&zurg->process, arrange,
				 &(struct arrangement){.image = &image, .root = zurg->root}),
		0);
	assert_int_equal(fake_container_run(&zurg->process, make_read_only, zurg->root), 0);
	fake_member_expect(zurg, "prestart", 0);
	fake_member_expect_said(zurg, "the file system there is read-only");
	assert_int_equal(access(CANARY "/fuse-sidecar", F_OK), -1);
}

static void a_hook_that_runs_twice_shows_it_once(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	fake_member_expect(zurg, "createRuntime", 0);
	assert_true(is_shown(zurg, "/run/fuse-sidecar"));
	assert_int_equal(fake_member_mounts_on(zurg, "/run/fuse-sidecar"), 1);
}

/* A /proc that is none. */

static int hide_proc(void)
{
	return unshare(CLONE_NEWNS) < 0 || mount("none", "/proc", "tmpfs", 0, NULL) < 0 ? -1 : 0;
}

/* With a descriptor's link that leads elsewhere, as whoever can mount over /proc would put it. */
static int unmount_through_a_false_proc(void *data)
{
	cleanup_close int fd = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char link[64];
	char *path = NULL;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fd < 0 || hide_proc() < 0 || ns_sandbox_mkdirs("/proc/self/fd") < 0 ||
		symlink(CANARY, link) < 0)
		return 1;
	if (mount_detach(fd) != -ENODEV || ns_sandbox_mkdirs(CANARY "/still/there") < 0)
		return 2;
	return fd_path(fd, &path) == -ENODEV ? 0 : 3;
}

static void nothing_is_unmounted_through_a_false_proc(void **state)
{
	char place[] = NS_SANDBOX_DIR "/mounted";

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(place), 0);
	assert_int_equal(mount("disk", place, "tmpfs", 0, NULL), 0);
	assert_int_equal(mount("canary", CANARY, "tmpfs", 0, NULL), 0);
	assert_int_equal(child_run(unmount_through_a_false_proc, place), 0);
	assert_int_equal(ns_sandbox_mounts_on(CANARY), 1);
	assert_int_equal(ns_sandbox_mounts_on(place), 1);
}

/* AddressSanitizer reads its own maps in /proc before main: its hook would not come to the
 * question. */
#ifndef __SANITIZE_ADDRESS__
static int hook_with_a_false_proc(void *data)
{
	return hide_proc() < 0 ? 126 : fake_member_hook_exec(data, "prestart");
}

static void a_stage_does_not_believe_a_false_proc(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(child_run(hook_with_a_false_proc, zurg), 20);
	fake_member_expect_said(zurg, "/proc is not a proc file system");
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_hostile_image_gets_no_mount_outside_its_root),
		TEST(what_is_no_directory_in_the_image_is_unsafe),
		TEST(what_the_image_has_in_the_place_is_hidden),
		TEST(a_run_that_leads_into_a_shared_volume_is_unsafe),
		TEST(a_run_that_leads_into_a_fuse_mount_is_unsafe),
		TEST(a_place_that_is_swapped_meanwhile_is_used_or_unsafe),
		TEST(a_volume_at_the_place_is_refused_and_nothing_is_mounted_there),
		TEST(in_a_shared_volume_at_run_nothing_is_shown),
		TEST(in_any_other_volume_at_run_the_container_alone_sees_it),
		TEST(a_policy_that_ignores_it_has_nothing_mounted_there),
		TEST(what_is_mounted_at_the_place_is_left),
		TEST(a_read_only_volume_at_run_refuses_no_container),
		TEST(a_hook_that_runs_twice_shows_it_once),
		TEST(nothing_is_unmounted_through_a_false_proc),
#ifndef __SANITIZE_ADDRESS__
		TEST(a_stage_does_not_believe_a_false_proc),
#endif
	};
#undef TEST

	return cmocka_run_group_tests_name("expose", tests, ns_sandbox_setup_group, NULL);
}
