/* SPDX-License-Identifier: Apache-2.0 */
/* The first container of a pod on a private host mount: shared propagation made, and its own bind
 * repaired. */
#include "hook/mount/publish_record.h"
#include "hook/mount/rebind.h"
#include "hook/mount/rollback_list.h"
#include "hook/mount/shared_bind.h"
#include "hook/record/runtime_dir.h"
#include "hook/run/load_mounts.h"
#include "hook/run/run.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_ops.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include "tests/ns/needs.h"
#include "tests/ns/roll_back.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_container.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define VOLUME NS_SANDBOX_DIR "/volume"
#define ROOT_A NS_SANDBOX_DIR "/a"
#define ROOT_B NS_SANDBOX_DIR "/b"
#define MEDIA "/mnt/media"

struct pod {
	struct fake_container provider, consumer;
};

static int start(void **state)
{
	static const struct fake_bind shared = {VOLUME, MEDIA, MS_SHARED};
	static const struct fake_bind slave = {VOLUME, MEDIA, MS_SLAVE};
	struct pod *pod = calloc(1, sizeof(*pod));

	if (!pod || ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(VOLUME "/zurg") < 0 ||
		ns_sandbox_mkdirs(ROOT_A) < 0 || ns_sandbox_mkdirs(ROOT_B) < 0)
		return -1;
	*state = pod;
	if (fake_container_start(ROOT_A, &shared, 1, &pod->provider) < 0)
		return -1;
	return fake_container_start(ROOT_B, &slave, 1, &pod->consumer);
}

static int end(void **state)
{
	struct pod *pod = *state;

	fake_container_stop(&pod->provider);
	fake_container_stop(&pod->consumer);
	free(pod);
	return 0;
}

static void table_of(pid_t pid, struct mount_table *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	assert_int_equal(mountinfo_read(path, ret, NULL), 0);
}

static bool has_mount(pid_t pid, const char *path)
{
	cleanup_mount_table struct mount_table table = {0};

	table_of(pid, &table);
	return mounts_at(&table, path) != NULL;
}

static void open_ns(const struct fake_container *container, struct container_ns *ret)
{
	cleanup_error struct error err = {0};
	uint64_t ticks = 0;

	assert_int_equal(process_start(container->pid, &ticks), 0);
	assert_int_equal(container_ns_open(container->pid, ticks, ret, &err), 0);
}

static int replace_as(
	const struct fake_container *container, struct rebind replace, struct error *err)
{
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_mount_table struct mount_table table = {0};
	cleanup_free char *target = NULL;

	assert_true(asprintf(&target, "%s%s", container->root, MEDIA) > 0);
	table_of(container->pid, &table);
	replace.bind = mounts_at(&table, target);
	assert_non_null(replace.bind);
	open_ns(container, &ns);
	return rebind(&ns, &replace, err);
}

static int replace_in(const struct fake_container *container, int anchor_fd,
	enum propagation propagation, struct error *err)
{
	const struct rebind replace = {
		.anchor_fd = anchor_fd, .propagation = propagation, .recursive = true};

	return replace_as(container, replace, err);
}

static int bind_volume(int *ret_anchor)
{
	cleanup_close int fd = open(VOLUME, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : mount_bind_self_shared(fd, ret_anchor);
}

static int mount_zurg(void *data)
{
	return mount("zurg", data, "tmpfs", 0, NULL) < 0 ? errno : 0;
}

/* What the whole replacement is for; and that it is needed. */
static void without_the_repair_a_mount_stays_in_the_provider(void **state)
{
	const struct pod *pod = *state;
	char path[] = ROOT_A MEDIA "/zurg";

	assert_int_equal(fake_container_run(&pod->provider, mount_zurg, path), 0);
	assert_true(has_mount(pod->provider.pid, path));
	assert_false(has_mount(getpid(), VOLUME "/zurg"));
	assert_false(has_mount(pod->consumer.pid, ROOT_B MEDIA "/zurg"));
}

static void a_mount_made_in_the_repaired_provider_reaches_host_and_consumer(void **state)
{
	const struct pod *pod = *state;
	cleanup_close int anchor = -EBADF;
	cleanup_error struct error err = {0};
	char path[] = ROOT_A MEDIA "/zurg";

	NEEDS_REPLACEMENT();
	assert_int_equal(bind_volume(&anchor), 0);
	assert_int_equal(replace_in(&pod->provider, anchor, PROPAGATION_SHARED, &err), 0);
	assert_int_equal(replace_in(&pod->consumer, anchor, PROPAGATION_SLAVE, &err), 0);
	assert_int_equal(fake_container_run(&pod->provider, mount_zurg, path), 0);
	assert_true(has_mount(getpid(), VOLUME "/zurg"));
	assert_true(has_mount(pod->consumer.pid, ROOT_B MEDIA "/zurg"));
}

static void a_mount_made_in_the_repaired_consumer_stays_there(void **state)
{
	const struct pod *pod = *state;
	cleanup_close int anchor = -EBADF;
	cleanup_error struct error err = {0};
	char path[] = ROOT_B MEDIA "/zurg";

	NEEDS_REPLACEMENT();
	assert_int_equal(bind_volume(&anchor), 0);
	assert_int_equal(replace_in(&pod->consumer, anchor, PROPAGATION_SLAVE, &err), 0);
	assert_int_equal(fake_container_run(&pod->consumer, mount_zurg, path), 0);
	assert_false(has_mount(getpid(), VOLUME "/zurg"));
}

static int remount_read_only(void *data)
{
	(void)data;
	return mount(NULL, ROOT_B MEDIA, NULL,
		       MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOSYMFOLLOW, NULL) < 0
		       ? errno
		       : 0;
}

static void the_old_bind_is_gone_and_its_options_are_kept(void **state)
{
	const struct pod *pod = *state;
	cleanup_close int anchor = -EBADF;
	cleanup_error struct error err = {0};
	cleanup_mount_table struct mount_table table = {0};
	size_t n = 0;

	NEEDS_REPLACEMENT();
	assert_int_equal(fake_container_run(&pod->consumer, remount_read_only, NULL), 0);
	assert_int_equal(bind_volume(&anchor), 0);
	assert_int_equal(replace_in(&pod->consumer, anchor, PROPAGATION_SLAVE, &err), 0);
	table_of(pod->consumer.pid, &table);
	for (size_t i = 0; i < table.n; i++) {
		if (strcmp(table.entries[i].target, ROOT_B MEDIA) != 0)
			continue;
		n++;
		assert_non_null(strstr(table.entries[i].vfs_options, "nosuid"));
		assert_non_null(strstr(table.entries[i].vfs_options, "ro"));
		assert_non_null(strstr(table.entries[i].vfs_options, "nosymfollow"));
		assert_true(table.entries[i].master > 0);
		assert_int_equal(table.entries[i].shared, 0);
	}
	assert_int_equal(n, 1);
}

/* Its replacement would have no id map. */
static void an_idmapped_bind_is_left_alone(void **state)
{
	const struct pod *pod = *state;
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_close int anchor = -EBADF;
	cleanup_error struct error err = {0};
	char target[] = ROOT_A MEDIA, options[] = "rw,relatime,idmapped";
	struct mount_entry bind = {.id = 1, .target = target, .vfs_options = options};
	struct rebind replace = {.bind = &bind, .propagation = PROPAGATION_SHARED};

	assert_int_equal(bind_volume(&anchor), 0);
	replace.anchor_fd = anchor;
	open_ns(&pod->provider, &ns);
	assert_int_equal(rebind(&ns, &replace, &err), -EOPNOTSUPP);
	assert_int_equal(err.code, FINDING_PEER_GROUP_MISMATCH);
	assert_non_null(err.fix);
	assert_true(has_mount(pod->provider.pid, target));
}

/* MNT_DETACH of a tree unmounts its children in every peer of the tree's top. */
static void replacing_a_bind_of_the_same_peer_group_keeps_the_mounts_below_it(void **state)
{
	static const struct fake_bind shared = {VOLUME, MEDIA, MS_SHARED};
	cleanup_close int anchor = -EBADF;
	cleanup_error struct error err = {0};
	struct fake_container late = {.root_propagation = MS_SHARED};

	NEEDS_REPLACEMENT();
	(void)state;
	assert_int_equal(bind_volume(&anchor), 0);
	assert_int_equal(mount("zurg", VOLUME "/zurg", "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/late"), 0);
	assert_int_equal(fake_container_start(NS_SANDBOX_DIR "/late", &shared, 1, &late), 0);
	assert_true(has_mount(late.pid, NS_SANDBOX_DIR "/late" MEDIA "/zurg"));
	assert_int_equal(replace_in(&late, anchor, PROPAGATION_SHARED, &err), 0);
	assert_true(has_mount(late.pid, NS_SANDBOX_DIR "/late" MEDIA "/zurg"));
	assert_true(has_mount(getpid(), VOLUME "/zurg"));
	fake_container_stop(&late);
}

static int write_there(void *data)
{
	int fd = open(data, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? errno : 0;
}

/* Two volumes, the second in a directory of the first: /mnt/media and /mnt/media/cache. */
static void a_volume_below_the_replaced_bind_stays_where_it_is(void **state)
{
	static const struct fake_bind binds[] = {
		{VOLUME, MEDIA, MS_SLAVE},
		{NS_SANDBOX_DIR "/cache", MEDIA "/cache", MS_PRIVATE},
	};
	cleanup_close int anchor = -EBADF;
	cleanup_error struct error err = {0};
	struct fake_container both = {0};
	char file[] = NS_SANDBOX_DIR "/both" MEDIA "/cache/piece";
	char cache[] = NS_SANDBOX_DIR "/both" MEDIA "/cache";
	char *items[] = {cache};
	const struct strv nested = {items, 1};
	struct rebind replace = {
		.propagation = PROPAGATION_SLAVE, .recursive = true, .nested = &nested};

	NEEDS_REPLACEMENT();
	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(VOLUME "/cache"), 0);
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/cache"), 0);
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/both"), 0);
	assert_int_equal(fake_container_start(NS_SANDBOX_DIR "/both", binds, 2, &both), 0);
	assert_int_equal(bind_volume(&anchor), 0);
	replace.anchor_fd = anchor;
	assert_int_equal(replace_as(&both, replace, &err), 0);
	assert_int_equal(fake_container_run(&both, write_there, file), 0);
	assert_int_equal(mount("zurg", VOLUME "/zurg", "tmpfs", 0, NULL), 0);
	assert_true(has_mount(both.pid, NS_SANDBOX_DIR "/both" MEDIA "/zurg"));
	fake_container_stop(&both);
	assert_int_equal(access(NS_SANDBOX_DIR "/cache/piece", F_OK), 0);
	assert_int_equal(access(VOLUME "/cache/piece", F_OK), -1);
}

static void another_mount_in_the_binds_place_is_left_alone(void **state)
{
	const struct pod *pod = *state;
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_close int anchor = -EBADF;
	cleanup_error struct error err = {0};
	char target[] = ROOT_A MEDIA, options[] = "rw";
	struct mount_entry stranger = {.id = 999999, .target = target, .vfs_options = options};
	struct rebind replace = {.bind = &stranger, .propagation = PROPAGATION_SHARED};

	NEEDS_REPLACEMENT();
	assert_int_equal(bind_volume(&anchor), 0);
	replace.anchor_fd = anchor;
	open_ns(&pod->provider, &ns);
	assert_int_equal(rebind(&ns, &replace, &err), -ESTALE);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_true(has_mount(pod->provider.pid, ROOT_A MEDIA));
}

static void the_nodes_own_namespace_is_never_entered(void **state)
{
	struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_error struct error err = {0};
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(process_start(getpid(), &ticks), 0);
	assert_int_equal(container_ns_open(getpid(), ticks, &ns, &err), -EINVAL);
	assert_int_equal(err.code, FINDING_STATE_INVALID);
}

static void a_recycled_pid_is_not_taken_for_the_container(void **state)
{
	const struct pod *pod = *state;
	struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_error struct error err = {0};
	uint64_t ticks = 0;

	assert_int_equal(process_start(pod->provider.pid, &ticks), 0);
	assert_int_equal(container_ns_open(pod->provider.pid, ticks + 1, &ns, &err), -ESRCH);
	assert_int_equal(ns.mount_ns, -EBADF);
}

static int read_tables(pid_t pid, uint64_t ticks, struct error *err)
{
	cleanup_run struct run run = RUN_INIT;

	run.input.state.pid = pid;
	run.input.pid_start_ticks = ticks;
	run.input.state.bundle = strdup(ROOT_A);
	run.input.spec.root_path = strdup(ROOT_A);
	run.known.facts.config = &run.input.config;
	run.known.facts.identity = &run.input.identity;
	run.known.facts.request = &run.input.request;
	run.known.facts.spec = &run.input.spec;
	run.known.facts.bundle = run.input.state.bundle;
	return load_mounts(&run, LOAD_MOUNTS_PLACES, err);
}

static void nor_are_its_mounts_for_the_containers(void **state)
{
	const struct pod *pod = *state;
	cleanup_error struct error err = {0};
	uint64_t ticks = 0;

	assert_int_equal(process_start(pod->provider.pid, &ticks), 0);
	assert_int_equal(read_tables(pod->provider.pid, ticks, &err), 0);
	assert_int_equal(read_tables(pod->provider.pid, ticks + 1, &err), -ESRCH);
	assert_int_equal(err.code, FINDING_HOST_IO);
}

static void a_failed_runs_bind_is_taken_back(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_close int anchor = -EBADF;

	(void)state;
	assert_int_equal(bind_volume(&anchor), 0);
	assert_true(has_mount(getpid(), VOLUME));
	assert_int_equal(rollback_list_add(&rollback, ROLLBACK_BIND, anchor, NULL), 0);
	assert_int_equal(roll_back(&rollback), 0);
	assert_false(has_mount(getpid(), VOLUME));
}

/* Of a shared disk the bind has a copy that is the disk's peer, and what is mounted on the disk
 * too.
 */
static void a_failed_runs_bind_takes_no_mount_of_the_host_along(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_close int anchor = -EBADF;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(VOLUME "/disk"), 0);
	assert_int_equal(mount("disk", VOLUME "/disk", "tmpfs", 0, NULL), 0);
	assert_int_equal(mount(NULL, VOLUME "/disk", NULL, MS_SHARED, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs(VOLUME "/disk/inner"), 0);
	assert_int_equal(mount("inner", VOLUME "/disk/inner", "tmpfs", 0, NULL), 0);
	assert_int_equal(bind_volume(&anchor), 0);
	assert_int_equal(rollback_list_add(&rollback, ROLLBACK_BIND, anchor, NULL), 0);
	assert_int_equal(roll_back(&rollback), 0);
	assert_false(has_mount(getpid(), VOLUME));
	assert_true(has_mount(getpid(), VOLUME "/disk/inner"));
}

#define POD_UID "0f3b5b9e-2f4e-4a55-9d0c-0d4d3f1f7a01"

static void pod_with_bind(int anchor, struct topology *ret)
{
	struct topology_volume *volume = topology_ensure_volume(ret, VOLUME);

	assert_non_null(volume);
	ret->pod_uid = strdup(POD_UID);
	ret->pod_name = strdup("plex");
	ret->pod_namespace = strdup("media");
	volume->bound_by_hook = true;
	assert_int_equal(mount_id_of(anchor, &volume->mount_id, &volume->mount_id_unique), 0);
}

static int release(struct topology *pod, int anchor, bool *ret_unmounted)
{
	cleanup_record_index struct record_index index = {0};
	cleanup_close int runtime = -EBADF;
	cleanup_error struct error err = {0};

	assert_int_equal(runtime_dir_open(true, &runtime, &err), 0);
	return shared_bind_release(&(struct shared_bind_end){.runtime_fd = runtime,
					   .index = &index,
					   .topology = pod,
					   .volume = &pod->volumes[0],
					   .fd = anchor},
		ret_unmounted, &err);
}

static void a_bind_that_carries_copies_ends_with_its_pod_and_they_alone(void **state)
{
	cleanup_topology struct topology pod = {0};
	cleanup_close int anchor = -EBADF;
	bool unmounted = false;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(VOLUME "/disk"), 0);
	assert_int_equal(mount("disk", VOLUME "/disk", "tmpfs", 0, NULL), 0);
	assert_int_equal(bind_volume(&anchor), 0);
	pod_with_bind(anchor, &pod);
	assert_int_equal(release(&pod, anchor, &unmounted), 0);
	assert_true(unmounted);
	assert_false(has_mount(getpid(), VOLUME));
	assert_true(has_mount(getpid(), VOLUME "/disk"));
}

static void a_bind_below_which_something_was_mounted_stays(void **state)
{
	cleanup_topology struct topology pod = {0};
	cleanup_close int anchor = -EBADF;
	bool unmounted = false;

	(void)state;
	assert_int_equal(bind_volume(&anchor), 0);
	pod_with_bind(anchor, &pod);
	assert_int_equal(mount("later", VOLUME "/zurg", "tmpfs", 0, NULL), 0);
	assert_int_equal(release(&pod, anchor, &unmounted), -EBUSY);
	assert_true(has_mount(getpid(), VOLUME "/zurg"));
}

static void a_failed_runs_sharing_is_taken_back(void **state)
{
	cleanup_rollback_list struct rollback_list rollback = {0};
	cleanup_close int fd = -EBADF;
	cleanup_free char *before = NULL, *after = NULL;

	(void)state;
	assert_int_equal(mount("volume", VOLUME, "tmpfs", 0, NULL), 0);
	fd = open(VOLUME, O_PATH | O_CLOEXEC);
	assert_int_equal(mount_make_shared(fd), 0);
	before = ns_sandbox_propagation(VOLUME);
	assert_int_equal(strncmp(before, "shared:", 7), 0);
	assert_int_equal(rollback_list_add(&rollback, ROLLBACK_SHARED, fd, NULL), 0);
	assert_int_equal(roll_back(&rollback), 0);
	after = ns_sandbox_propagation(VOLUME);
	assert_string_equal(after, "");
}

static void a_bind_carries_the_mounts_below_it(void **state)
{
	cleanup_close int anchor = -EBADF;

	(void)state;
	assert_int_equal(mount("disk", VOLUME "/zurg", "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_write(VOLUME "/zurg/film", "1", 0644), 0);
	assert_int_equal(bind_volume(&anchor), 0);
	assert_int_equal(access(VOLUME "/zurg/film", F_OK), 0);
}

/* Exposure. */

static int read_there(void *data)
{
	char text[16] = {0};
	int fd;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return errno;
	fd = open(data, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return errno;
	return strcmp(text, "two") == 0 ? 0 : 200;
}

static int expose_to(const struct fake_container *container, struct error *err)
{
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_close int record = -EBADF;

	record = open(NS_SANDBOX_DIR "/record", O_PATH | O_CLOEXEC);
	assert_true(record >= 0);
	open_ns(container, &ns);
	return publish_record(&ns, record, container->root, "/run/fuse-sidecar", err);
}

static void the_record_is_read_only_inside_and_renames_show(void **state)
{
	const struct pod *pod = *state;
	cleanup_error struct error err = {0};
	char file[] = ROOT_B "/run/fuse-sidecar/topology.json",
	     other[] = ROOT_B "/run/fuse-sidecar/x";

	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/record"), 0);
	assert_int_equal(ns_sandbox_write(NS_SANDBOX_DIR "/record/topology.json", "one", 0644), 0);
	assert_int_equal(expose_to(&pod->consumer, &err), 0);
	assert_int_equal(ns_sandbox_write(NS_SANDBOX_DIR "/record/new", "two", 0644), 0);
	assert_int_equal(
		rename(NS_SANDBOX_DIR "/record/new", NS_SANDBOX_DIR "/record/topology.json"), 0);
	assert_int_equal(fake_container_run(&pod->consumer, read_there, file), 0);
	assert_int_equal(fake_container_run(&pod->consumer, write_there, file), EROFS);
	assert_int_equal(fake_container_run(&pod->consumer, write_there, other), EROFS);
	assert_false(has_mount(getpid(), file));
}

static int make_hostile_run(void *data)
{
	const char *const *trap = data;

	return rmdir(ROOT_B "/run") < 0 || symlink(trap[0], ROOT_B "/run") < 0 ? errno : 0;
}

static int make_hostile_name(void *data)
{
	const char *const *trap = data;

	return symlink(trap[0], ROOT_B "/run/fuse-sidecar") < 0 ? errno : 0;
}

static void a_symlink_in_the_records_place_is_refused(void **state)
{
	const struct pod *pod = *state;
	const char *trap = "../../../etc";
	cleanup_error struct error err = {0};

	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/record"), 0);
	assert_int_equal(fake_container_run(&pod->consumer, make_hostile_name, &trap), 0);
	assert_int_equal(expose_to(&pod->consumer, &err), -ELOOP);
	assert_int_equal(err.code, FINDING_PATH_UNSAFE);
	assert_false(has_mount(pod->consumer.pid, ROOT_B "/etc"));
}

static void a_run_that_is_a_symlink_stays_inside_the_image(void **state)
{
	const struct pod *pod = *state;
	const char *trap = "../../../../../";
	cleanup_error struct error err = {0};

	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/record"), 0);
	assert_int_equal(fake_container_run(&pod->consumer, make_hostile_run, &trap), 0);
	assert_int_equal(expose_to(&pod->consumer, &err), 0);
	assert_true(has_mount(pod->consumer.pid, ROOT_B "/fuse-sidecar"));
	assert_false(has_mount(pod->consumer.pid, "/fuse-sidecar"));
}

int main(void)
{
#define POD_TEST(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
		POD_TEST(without_the_repair_a_mount_stays_in_the_provider),
		POD_TEST(a_mount_made_in_the_repaired_provider_reaches_host_and_consumer),
		POD_TEST(a_mount_made_in_the_repaired_consumer_stays_there),
		POD_TEST(the_old_bind_is_gone_and_its_options_are_kept),
		POD_TEST(an_idmapped_bind_is_left_alone),
		POD_TEST(replacing_a_bind_of_the_same_peer_group_keeps_the_mounts_below_it),
		POD_TEST(a_volume_below_the_replaced_bind_stays_where_it_is),
		POD_TEST(another_mount_in_the_binds_place_is_left_alone),
		POD_TEST(the_nodes_own_namespace_is_never_entered),
		POD_TEST(a_recycled_pid_is_not_taken_for_the_container),
		POD_TEST(nor_are_its_mounts_for_the_containers),
		POD_TEST(a_failed_runs_bind_is_taken_back),
		POD_TEST(a_failed_runs_bind_takes_no_mount_of_the_host_along),
		POD_TEST(a_bind_that_carries_copies_ends_with_its_pod_and_they_alone),
		POD_TEST(a_bind_below_which_something_was_mounted_stays),
		POD_TEST(a_failed_runs_sharing_is_taken_back),
		POD_TEST(a_bind_carries_the_mounts_below_it),
		POD_TEST(the_record_is_read_only_inside_and_renames_show),
		POD_TEST(a_symlink_in_the_records_place_is_refused),
		POD_TEST(a_run_that_is_a_symlink_stays_inside_the_image),
	};

	return cmocka_run_group_tests(tests, ns_sandbox_setup_group, NULL);
}
