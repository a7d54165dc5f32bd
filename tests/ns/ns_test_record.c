/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/record/record.h"

#include "hook/record/lock.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "policy/record/topology_limit.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define UID_A "6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11"
#define UID_B "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define POD_DIR RUNTIME_DIR "/pods/" UID_A
#define RECORD POD_DIR "/topology.json"

static int runtime_fd = -EBADF;

static int set_up(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0)
		return -1;
	return runtime_dir_open(true, &runtime_fd, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	close(move_fd(&runtime_fd));
	return 0;
}

static struct topology make_topology(const char *uid, const char *container)
{
	struct topology topology = {
		.pod_name = strdup("plex-0"),
		.pod_namespace = strdup("media"),
		.pod_uid = strdup(uid),
		.updated_usec = 1,
	};
	struct topology_container *added = topology_ensure_container(&topology, container);

	assert_non_null(added);
	added->role = ROLE_CONSUMER;
	return topology;
}

static void commit(const char *uid, const char *container)
{
	cleanup_error struct error err = {0};
	cleanup_topology struct topology topology = make_topology(uid, container);

	assert_int_equal(record_commit(runtime_fd, &topology, &err), 0);
}

/* What record_load() says of UID_A's record. */
static int load(enum finding_code *ret_code)
{
	cleanup_error struct error err = {0};
	cleanup_topology struct topology topology = {0};
	bool found = false;
	int r = record_load(runtime_fd, UID_A, &topology, &found, &err);

	*ret_code = err.code;
	return r < 0 ? r : found;
}

static void a_pod_without_a_record_is_not_found(void **state)
{
	enum finding_code code;

	(void)state;
	assert_int_equal(load(&code), 0);
	assert_int_equal(mkdir(POD_DIR, 0755), 0);
	assert_int_equal(load(&code), 0);
}

static void what_was_committed_is_read_back(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_topology struct topology topology = {0};
	bool found = false;

	(void)state;
	commit(UID_A, "plex");
	assert_int_equal(record_load(runtime_fd, UID_A, &topology, &found, &err), 0);
	assert_true(found);
	assert_string_equal(topology.pod_name, "plex-0");
	assert_int_equal(topology.n_containers, 1);
	assert_string_equal(topology.containers[0].name, "plex");
}

static void root_alone_can_read_and_write_it(void **state)
{
	struct stat st;

	(void)state;
	umask(077);
	commit(UID_A, "plex");
	umask(022);
	assert_int_equal(stat(RECORD, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_uid, 0);
}

static void no_temporary_file_is_left(void **state)
{
	(void)state;
	commit(UID_A, "plex");
	/* An empty directory can be removed. */
	assert_int_equal(rmdir(RUNTIME_DIR "/tmp"), 0);
}

static void what_a_killed_hook_left_in_tmp_is_no_obstacle(void **state)
{
	char stale[128];

	(void)state;
	snprintf(stale, sizeof(stale), RUNTIME_DIR "/tmp/%s", UID_A);
	assert_int_equal(ns_sandbox_write(stale, "half a rec", 0600), 0);
	commit(UID_A, "plex");
	assert_int_equal(rmdir(RUNTIME_DIR "/tmp"), 0);
}

static void a_reader_keeps_the_whole_record_that_it_opened(void **state)
{
	cleanup_file FILE *reader = NULL;
	cleanup_free char *line = NULL;
	size_t size = 0;

	(void)state;
	commit(UID_A, "plex");
	reader = fopen(RECORD, "re");
	assert_non_null(reader);
	commit(UID_A, "sonarr");
	assert_true(getdelim(&line, &size, '\0', reader) > 0);
	assert_non_null(strstr(line, "plex"));
	assert_null(strstr(line, "sonarr"));
}

static int read_until_done(void *data)
{
	(void)data;
	for (;;) {
		cleanup_topology struct topology topology = {0};
		bool found = false;

		if (record_load(runtime_fd, UID_A, &topology, &found, NULL) < 0)
			return 1;
		if (!found || topology.n_containers != 1)
			return 2;
		if (strcmp(topology.containers[0].name, "done") == 0)
			return 0;
	}
}

static void a_reader_without_a_lock_never_sees_half_a_record(void **state)
{
	pid_t reader;

	(void)state;
	commit(UID_A, "plex");
	reader = child_start(read_until_done, NULL);
	for (int i = 0; i < 200; i++)
		commit(UID_A, i % 2 ? "plex" : "a-longer-name-than-that");
	commit(UID_A, "done");
	assert_int_equal(child_wait(reader), 0);
}

static char *name_of(size_t length)
{
	char *name = malloc(length + 1);

	assert_non_null(name);
	memset(name, 'x', length);
	name[length] = '\0';
	return name;
}

static void what_could_not_be_read_back_is_not_written(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_topology struct topology large = make_topology(UID_A, "sonarr");
	enum finding_code code;

	(void)state;
	commit(UID_A, "plex");
	free(large.pod_name);
	large.pod_name = name_of(TOPOLOGY_MAX_SIZE);
	assert_int_equal(record_commit(runtime_fd, &large, &err), -E2BIG);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_int_equal(load(&code), 1);
}

static void a_full_file_system_leaves_the_old_record(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_topology struct topology large = make_topology(UID_A, "sonarr");
	enum finding_code code;

	(void)state;
	commit(UID_A, "plex");
	/* Pages of a tmpfs: room for the record that is there, none for another. */
	assert_int_equal(mount(NULL, "/run", NULL, MS_REMOUNT, "size=64k"), 0);
	free(large.pod_name);
	large.pod_name = name_of(1 << 18);
	assert_int_equal(record_commit(runtime_fd, &large, &err), -ENOSPC);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(err.fix);
	assert_int_equal(load(&code), 1);
	assert_int_equal(rmdir(RUNTIME_DIR "/tmp"), 0);
}

static void a_record_of_another_user_is_refused(void **state)
{
	enum finding_code code;

	(void)state;
	commit(UID_A, "plex");
	assert_int_equal(chown(RECORD, 1000, 1000), 0);
	assert_int_equal(load(&code), -EPERM);
	assert_int_equal(code, FINDING_HOST_IO);
}

static void a_record_that_is_no_regular_file_is_refused(void **state)
{
	enum finding_code code;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(POD_DIR), 0);
	assert_int_equal(symlink("/proc/self/status", RECORD), 0);
	assert_int_equal(load(&code), -ELOOP);
	assert_int_equal(code, FINDING_HOST_IO);
	assert_int_equal(unlink(RECORD), 0);
	assert_int_equal(mkfifo(RECORD, 0644), 0);
	assert_int_equal(load(&code), -EPERM);
}

static void a_record_that_cannot_be_parsed_is_an_error(void **state)
{
	enum finding_code code;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(POD_DIR), 0);
	assert_int_equal(ns_sandbox_write(RECORD, "{\"schema\": ", 0644), 0);
	assert_int_equal(load(&code), -EINVAL);
	assert_int_equal(code, FINDING_HOST_IO);
	assert_int_equal(
		ns_sandbox_write(RECORD, "{\"schema\": \"fuse-sidecar.io/topology/v2\"}", 0644), 0);
	assert_int_equal(load(&code), -EPROTONOSUPPORT);
	assert_int_equal(code, FINDING_HOST_IO);
}

static void the_record_of_another_pod_is_refused(void **state)
{
	enum finding_code code;

	(void)state;
	commit(UID_B, "plex");
	assert_int_equal(ns_sandbox_mkdirs(POD_DIR), 0);
	assert_int_equal(rename(RUNTIME_DIR "/pods/" UID_B "/topology.json", RECORD), 0);
	assert_int_equal(load(&code), -EINVAL);
	assert_int_equal(code, FINDING_HOST_IO);
}

static void each_writing_has_a_stamp_of_its_own(void **state)
{
	struct record_stamp none, first, again, second;

	(void)state;
	record_stamp(runtime_fd, UID_A, &none);
	assert_false(record_stamp_same(&none, &none));
	commit(UID_A, "a");
	record_stamp(runtime_fd, UID_A, &first);
	record_stamp(runtime_fd, UID_A, &again);
	assert_true(record_stamp_same(&first, &again));
	/* Of the same size, and at once. */
	commit(UID_A, "b");
	record_stamp(runtime_fd, UID_A, &second);
	assert_false(record_stamp_same(&first, &second));
	assert_int_equal(record_remove(runtime_fd, UID_A, NULL), 0);
	record_stamp(runtime_fd, UID_A, &second);
	assert_false(record_stamp_same(&first, &second));
}

static void a_record_is_searched_without_being_parsed(void **state)
{
	(void)state;
	assert_false(record_may_name(runtime_fd, UID_A, "a"));
	commit(UID_A, "some-container");
	assert_true(record_may_name(runtime_fd, UID_A, "some-container"));
	assert_false(record_may_name(runtime_fd, UID_A, "another-container"));
	/* It would be written in another way, or may be. */
	assert_true(record_may_name(runtime_fd, UID_A, "a \"quoted\" name"));
	assert_true(record_may_name(runtime_fd, UID_A, "two\nlines"));
	assert_int_equal(ns_sandbox_write(RECORD, "{\"path\": \"\\/mnt\"}", 0644), 0);
	assert_true(record_may_name(runtime_fd, UID_A, "/mnt"));
	/* What cannot be read may have it. */
	assert_int_equal(unlink(RECORD), 0);
	assert_int_equal(mkdir(RECORD, 0755), 0);
	assert_true(record_may_name(runtime_fd, UID_A, "/mnt"));
}

static void removing_takes_the_directory_too(void **state)
{
	cleanup_error struct error err = {0};
	struct stat st;

	(void)state;
	commit(UID_A, "plex");
	assert_int_equal(record_remove(runtime_fd, UID_A, &err), 0);
	assert_int_not_equal(stat(POD_DIR, &st), 0);
}

static void removing_what_is_not_there_is_no_error(void **state)
{
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(record_remove(runtime_fd, UID_A, &err), 0);
}

/* A container that still shows the record: a bind of the directory in its mount namespace. */
static int show_record(void *data)
{
	const int *pipes = data;
	char byte = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount(POD_DIR, NS_SANDBOX_DIR, NULL, MS_BIND, NULL) < 0)
		return 1;
	if (write(pipes[1], &byte, 1) != 1)
		return 2;
	pause();
	return 0;
}

static void removing_works_while_a_container_shows_it(void **state)
{
	cleanup_error struct error err = {0};
	int pipes[2];
	struct stat st;
	char byte;
	pid_t container;

	(void)state;
	commit(UID_A, "plex");
	assert_int_equal(pipe(pipes), 0);
	container = child_start(show_record, pipes);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	assert_int_equal(record_remove(runtime_fd, UID_A, &err), 0);
	assert_int_not_equal(stat(POD_DIR, &st), 0);
	kill(container, SIGKILL);
	assert_int_equal(child_wait(container), 128 + SIGKILL);
}

static void the_list_is_sorted_and_has_pods_only(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_strv struct strv uids = {0};

	(void)state;
	commit(UID_A, "plex");
	commit(UID_B, "plex");
	assert_int_equal(mkdir(RUNTIME_DIR "/pods/lost+found", 0755), 0);
	assert_int_equal(record_list(runtime_fd, &uids, &err), 0);
	assert_int_equal(uids.n, 2);
	assert_string_equal(uids.items[0], UID_B);
	assert_string_equal(uids.items[1], UID_A);
}

/* What each hook of a pod does: lock, read, add itself, write. */
static int add_container(void *data)
{
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_topology struct topology topology = {0};
	char name[32];
	bool found = false;

	snprintf(name, sizeof(name), "container-%d", *(int *)data);
	if (lock_take(runtime_fd, UID_A, LOCK_TIMEOUT_USEC, &lock, NULL) < 0)
		return 1;
	if (record_load(runtime_fd, UID_A, &topology, &found, NULL) < 0 || !found)
		return 2;
	if (!topology_ensure_container(&topology, name))
		return 3;
	return record_commit(runtime_fd, &topology, NULL) < 0 ? 4 : 0;
}

static void twenty_hooks_of_a_pod_at_once_lose_nothing(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_topology struct topology topology = {0};
	pid_t hooks[20];
	bool found = false;

	(void)state;
	commit(UID_A, "plex");
	for (int i = 0; i < (int)ARRAY_SIZE(hooks); i++)
		hooks[i] = child_start(add_container, &i);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		assert_int_equal(child_wait(hooks[i]), 0);
	assert_int_equal(record_load(runtime_fd, UID_A, &topology, &found, &err), 0);
	assert_int_equal(topology.n_containers, 1 + ARRAY_SIZE(hooks));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_pod_without_a_record_is_not_found),
		TEST(what_was_committed_is_read_back),
		TEST(root_alone_can_read_and_write_it),
		TEST(no_temporary_file_is_left),
		TEST(what_a_killed_hook_left_in_tmp_is_no_obstacle),
		TEST(a_reader_keeps_the_whole_record_that_it_opened),
		TEST(a_reader_without_a_lock_never_sees_half_a_record),
		TEST(what_could_not_be_read_back_is_not_written),
		TEST(a_full_file_system_leaves_the_old_record),
		TEST(a_record_of_another_user_is_refused),
		TEST(a_record_that_is_no_regular_file_is_refused),
		TEST(a_record_that_cannot_be_parsed_is_an_error),
		TEST(the_record_of_another_pod_is_refused),
		TEST(each_writing_has_a_stamp_of_its_own),
		TEST(a_record_is_searched_without_being_parsed),
		TEST(removing_takes_the_directory_too),
		TEST(removing_what_is_not_there_is_no_error),
		TEST(removing_works_while_a_container_shows_it),
		TEST(the_list_is_sorted_and_has_pods_only),
		TEST(twenty_hooks_of_a_pod_at_once_lose_nothing),
	};
#undef TEST

	return cmocka_run_group_tests_name("record", tests, ns_sandbox_setup_group, NULL);
}
