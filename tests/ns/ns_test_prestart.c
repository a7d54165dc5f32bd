/* SPDX-License-Identifier: Apache-2.0 */
/* prestart as a whole: many at once, many in a row, taken back, and refused before anything is
 * made. */
#include "hook/record/runtime_dir.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/ns/needs.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fixture.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define ZURG "rclone-zurg=/mnt/media/zurg"
#define N_HOOKS 20
#define N_PODS 200

static int read_on(void *data)
{
	const struct fake_pod *pod = data;

	for (;;) {
		char path[160];
		cleanup_free char *text = NULL;
		cleanup_json struct json_object *record = NULL;

		snprintf(path, sizeof(path), FAKE_POD_RECORDS "/pods/%s/topology.json", pod->uid);
		text = ns_sandbox_read(path);
		record = text ? json_tokener_parse(text) : NULL;
		if (text && !record)
			return 1;
	}
}

static void twenty_at_once_are_all_in_the_record(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *members[N_HOOKS];
	pid_t hooks[N_HOOKS], reader;

	NEEDS_REPLACEMENT();
	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "0s");
	members[0] = fake_pod_provider(&pod, "zurg");
	for (int i = 1; i < N_HOOKS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "side-%d", i);
		members[i] = fake_pod_add(&pod, &(struct fake_role){.name = name, .source = ""});
	}
	reader = child_start(read_on, &pod);
	for (int i = 0; i < N_HOOKS; i++)
		hooks[i] = fake_member_hook_start(members[i], "prestart");
	for (int i = 0; i < N_HOOKS; i++)
		assert_int_equal(child_wait(hooks[i]), 0);
	/* A record that could not be parsed would have ended the reader. */
	assert_int_equal(waitpid(reader, NULL, WNOHANG), 0);
	kill(reader, SIGKILL);
	child_wait(reader);
	for (int i = 0; i < N_HOOKS; i++)
		assert_string_equal(fake_pod_status(&pod, members[i]->name), "created");
}

static void two_hundred_pods_leave_the_node_as_it_was(void **state)
{
	unsigned int mounts, files = ns_sandbox_open_files();

	(void)state;
	mounts = ns_sandbox_mounts();
	for (unsigned int i = 0; i < N_PODS; i++) {
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *zurg;
		char uid[37];

		snprintf(uid, sizeof(uid), "6f0d7c7e-3a53-4f0e-9d3b-%012x", i);
		fake_pod_init(&pod, uid, ZURG);
		zurg = fake_pod_provider(&pod, "zurg");
		fake_member_expect(zurg, "prestart", 0);
		fake_member_remove(zurg);
	}
	assert_int_equal(ns_sandbox_mounts(), mounts);
	assert_int_equal(ns_sandbox_open_files(), files);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
	assert_int_equal(fake_pod_count_files("tmp"), 0);
	assert_int_equal(fake_pod_count_files("shown"), 0);
	/* These, and the file of those who ask mounts (hook/record/probe_turn.h). */
	assert_int_equal(fake_pod_count_files(""), 5);
}

static int link_run(void *data)
{
	char place[256];

	snprintf(place, sizeof(place), "%s/run/fuse-sidecar", (const char *)data);
	return symlink("/etc", place) < 0 ? 1 : 0;
}

/* How many entries a directory has. */
static unsigned int entries(const char *path)
{
	unsigned int n = 0;
	struct dirent *entry;
	DIR *stream = opendir(path);

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(stream);
	return n;
}

static void a_failed_run_takes_back_what_it_made(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;
	unsigned int mounts = ns_sandbox_mounts();

	NEEDS_REPLACEMENT();
	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/some/where/zurg");
	zurg = fake_pod_add(&pod, &(struct fake_role){.name = "rclone-zurg",
					  .provides = "/mnt/media/some/where/zurg"});
	assert_int_equal(fake_container_run(&zurg->process, link_run, zurg->root), 0);
	/* Everything but the last step has been done by then. */
	fake_member_expect(zurg, "prestart", 18);
	fake_member_expect_said(zurg, "created directory");
	fake_member_expect_said(zurg, "on itself and made it shared");
	fake_member_expect_said(zurg, "[path-unsafe]");
	assert_int_equal(entries(pod.volume), 0);
	assert_int_equal(ns_sandbox_mounts(), mounts);
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "denied");
	assert_string_equal(
		fake_pod_recorded(&pod, "/containers/0/findings/0/code"), "path-unsafe");
	assert_string_equal(fake_pod_recorded(&pod, "/volumeRoots/0/boundByHook"), "false");
	fake_member_remove(zurg);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

static void what_others_use_by_now_is_not_taken_back(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;
	cleanup_free char *file = NULL;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/some/where/zurg");
	file = fake_pod_path(&pod, "some/mine");
	assert_int_equal(ns_sandbox_mkdirs(file), 0);
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(fake_container_run(&zurg->process, link_run, zurg->root), 0);
	fake_member_expect(zurg, "prestart", 18);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(entries(pod.volume), 1);
}

/* Bad input: a state or a config.json that is refused before anything is looked at. */

struct bad {
	const char *what;
	const char *state;   /* the whole of it; NULL: the member's */
	const char *pointer; /* in config.json, annotations in the state too; NULL: nothing */
	const char *json;    /* NULL: removed */
	const char *policy;
	int exit;
	const char *code;
};

static void take_entries(int journal, unsigned int *ret_n, char *code, size_t size)
{
	*ret_n = 0;
	for (;; (*ret_n)++) {
		cleanup_fake_entry struct fake_entry entry = {0};
		const char *text;

		if (fake_journal_next(journal, &entry) < 0)
			return;
		text = fake_entry_get(&entry, "FUSE_SIDECAR_CODE");
		snprintf(code, size, "%s", text ? text : "");
	}
}

static void try_bad(const struct bad *bad)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_close int journal = fake_journal_open();
	struct fake_member *zurg;
	char code[64] = "", path[160];
	unsigned int n, mounts;
	struct stat st;
	int status;

	assert_true(journal >= 0);
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	zurg = fake_pod_provider(&pod, "zurg");
	if (bad->pointer)
		fake_member_set(zurg, bad->pointer, bad->json);
	snprintf(path, sizeof(path), "%s/state.json", zurg->bundle);
	if (bad->state)
		assert_int_equal(ns_sandbox_write(path, bad->state, 0644), 0);
	if (bad->policy)
		assert_int_equal(ns_sandbox_write(POLICY, bad->policy, 0644), 0);
	mounts = ns_sandbox_mounts();
	status = fake_member_hook(zurg, "prestart");
	take_entries(journal, &n, code, sizeof(code));
	if (status != bad->exit || strcmp(code, bad->code) != 0 || n != 1)
		fail_msg("%s: exit %d with %u journal entries, the last of %s", bad->what, status,
			n, code);
	assert_int_equal(entries(pod.volume), 0);
	assert_int_equal(ns_sandbox_mounts(), mounts);
	assert_int_equal(lstat(RUNTIME_DIR, &st), -1);
	if (bad->policy)
		unlink(POLICY);
}

#define ANNOTATION(key) "/annotations/fuse-sidecar.io~1" key

static void bad_input_is_one_finding_and_nothing_made(void **state)
{
	static const struct bad cases[] = {
		{"an empty state", "", NULL, NULL, NULL, 10, "state-invalid"},
		{"a malformed state", "{\"id\": ", NULL, NULL, NULL, 10, "state-invalid"},
		{"a state that is a list", "[]", NULL, NULL, NULL, 10, "state-invalid"},
		{"no state at all", "{}", NULL, NULL, NULL, 10, "state-invalid"},
		{"a state of wrong types", "{\"id\": 7, \"pid\": \"x\"}", NULL, NULL, NULL, 10,
			"state-invalid"},
		{"a missing bundle", NULL, "/annotations/x", "'y'", NULL, 10, "config-invalid"},
		{"no linux", NULL, "/linux", NULL, NULL, 10, "config-invalid"},
		{"mounts of a wrong type", NULL, "/mounts", "{}", NULL, 10, "config-invalid"},
		{"an argument of a wrong type", NULL, "/process/args/3", "7", NULL, 10,
			"config-invalid"},
		{"an unknown key", NULL, ANNOTATION("mount"), "'x'", NULL, 10,
			"annotation-invalid"},
		{"no path", NULL, ANNOTATION("mounts"), "'rclone-zurg'", NULL, 10,
			"annotation-invalid"},
		{"a path twice", NULL, ANNOTATION("mounts"), "'a=/mnt/m/z,b=/mnt/m/z'", NULL, 10,
			"mountpoint-conflict"},
		{"a path in a path", NULL, ANNOTATION("mounts"), "'a=/mnt/m/z,b=/mnt/m/z/y'", NULL,
			10, "mountpoint-conflict"},
		{"a provider that is not a name", NULL, ANNOTATION("mounts"), "'A_B=/mnt/media/z'",
			NULL, 10, "annotation-invalid"},
		{"a wait that is none", NULL, ANNOTATION("wait"), "'soon'", NULL, 10,
			"annotation-invalid"},
		{"a pod without a uid", NULL, "/annotations/io.kubernetes.pod.uid", NULL, NULL, 10,
			"state-invalid"},
		{"a uid that is a path", NULL, "/annotations/io.kubernetes.pod.uid",
			"'../../../etc'", NULL, 10, "state-invalid"},
		{"another container's id", NULL, "/annotations/io.kubernetes.cri-o.ContainerID",
			"'abc'", NULL, 10, "state-invalid"},
		{"a policy with an unknown key", NULL, NULL, NULL, "{\"rooots\": []}", 12,
			"policy-invalid"},
		{"a policy that is cut", NULL, NULL, NULL, "{\"roots\": [", 12, "policy-invalid"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bad bad = cases[i];

		if (strcmp(bad.what, "a missing bundle") == 0) {
			bad.pointer = NULL;
			bad.state = "{\"ociVersion\": \"1.0.2\", \"pid\": 1, \"status\": "
				    "\"created\", \"bundle\": \"/nowhere\", \"id\": "
				    "\"00000000000000000000000000000000"
				    "00000000000000000000000000000001\", \"annotations\": {"
				    "\"fuse-sidecar.io/mounts\": \"a=/mnt/media/z\", "
				    "\"io.kubernetes.pod.name\": \"p\", "
				    "\"io.kubernetes.pod.namespace\": \"n\", "
				    "\"io.kubernetes.pod.uid\": \"" FAKE_POD_UID "\", "
				    "\"io.kubernetes.container.name\": \"a\"}}";
		}
		try_bad(&bad);
	}
}

static void input_at_its_limits_is_one_finding_and_nothing_made(void **state)
{
	struct {
		const char *what, *head, *unit;
		size_t n;
		const char *tail;
	} cases[] = {
		{"a state of more than 1 MiB", "{\"x\": \"", "0123456789abcdef", 65536, "\"}"},
		{"a deep state", "{\"x\": ", "[", 100000, ""},
		{"a state with more behind it", "{}", " {}", 1, ""},
		{"a state in another encoding", "{\"x\": \"", "\xff\xfe", 1, "\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *text =
			fixture_repeat(cases[i].head, cases[i].unit, cases[i].n, cases[i].tail);

		try_bad(&(struct bad){
			.what = cases[i].what, .state = text, .exit = 10, .code = "state-invalid"});
	}
}

/* What the policy refuses is recorded too; one entry tells why. */
static void a_denial_is_said_once(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_close int journal = fake_journal_open();
	unsigned int denied = 0;
	struct fake_member *zurg;

	(void)state;
	assert_true(journal >= 0);
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_set(zurg, "/process/capabilities", "{}");
	fake_member_expect(zurg, "prestart", 15);
	for (;;) {
		cleanup_fake_entry struct fake_entry entry = {0};
		const char *code;

		if (fake_journal_next(journal, &entry) < 0)
			break;
		code = fake_entry_get(&entry, "FUSE_SIDECAR_CODE");
		denied += code && strcmp(code, "cap-sys-admin-missing") == 0;
	}
	assert_int_equal(denied, 1);
	assert_int_equal(entries(pod.volume), 0);
	assert_int_equal(ns_sandbox_mounts_on(pod.volume), 0);
}

static void a_pod_without_the_annotation_is_left_alone(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_close int journal = fake_journal_open();
	cleanup_free char *said = NULL;
	struct fake_member *zurg;
	struct fake_entry entry = {0};
	struct stat st;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_set(zurg, ANNOTATION("mounts"), NULL);
	fake_member_expect(zurg, "prestart", 0);
	said = fake_member_output(zurg);
	assert_string_equal(said, "");
	assert_int_equal(fake_journal_next(journal, &entry), -EAGAIN);
	assert_int_equal(lstat(RUNTIME_DIR, &st), -1);
	assert_int_equal(entries(pod.volume), 0);
}

static void a_container_that_has_just_ended_leaves_nothing(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_stop(zurg);
	fake_member_expect(zurg, "prestart", 10);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
	assert_int_equal(entries(pod.volume), 0);
}

/* Consumers that mount a part of the volume. The provider's path is remote/zurg in it. */

struct part {
	struct fake_pod pod;
	struct fuse_daemon daemon;
	char *path, *shown;
	struct fake_member *consumer;
};

static void part_clear(struct part *part)
{
	fuse_daemon_clear(&part->daemon);
	fake_pod_clear(&part->pod);
	free(part->path);
	free(part->shown);
}

#define cleanup_part __attribute__((cleanup(part_clear)))

/* With a consumer that mounts the directory `shown` of the volume at /data. */
static void begin_part(struct part *part, const char *shown)
{
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&part->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/remote/zurg");
	part->path = fake_pod_path(&part->pod, "remote/zurg");
	part->shown = fake_pod_path(&part->pod, shown);
	assert_int_equal(ns_sandbox_mkdirs(part->shown), 0);
	fake_member_expect(fake_pod_add(&part->pod, &(struct fake_role){.name = "rclone-zurg",
							    .provides = "/mnt/media/remote/zurg"}),
		"prestart", 0);
	part->consumer = fake_pod_add(&part->pod,
		&(struct fake_role){.name = "plex", .source = part->shown, .destination = "/data"});
}

static void a_part_above_the_path_sees_it(void **state)
{
	cleanup_part struct part part = {0};

	(void)state;
	begin_part(&part, "remote");
	assert_int_equal(fuse_daemon_start(part.path, NULL, &part.daemon), 0);
	fake_member_expect(part.consumer, "prestart", 0);
	fake_member_expect_said(part.consumer, "will appear at /data/zurg in the container");
	fake_member_expect_said(part.consumer, "1 mount is live");
	assert_int_equal(fake_member_mounts_on(part.consumer, "/data/zurg"), 1);
	assert_string_equal(fake_pod_recorded(&part.pod, "/containers/1/role"), "consumer");
}

static void a_part_beside_the_path_is_a_bystanders(void **state)
{
	cleanup_part struct part part = {0};

	(void)state;
	begin_part(&part, "config");
	/* Nothing is mounted, and nobody waits for it. */
	fake_member_expect(part.consumer, "prestart", 0);
	assert_string_equal(fake_pod_recorded(&part.pod, "/containers/1/role"), "bystander");
}

static void a_part_below_the_path_would_stay_empty(void **state)
{
	cleanup_part struct part part = {0};

	(void)state;
	begin_part(&part, "remote/zurg/films");
	fake_member_expect(part.consumer, "prestart", 13);
	fake_member_expect_said(part.consumer, "[consumer-no-propagation]");
	assert_string_equal(fake_pod_status(&part.pod, "plex"), "denied");
}

/* A mount on the root of the consumer's mount arrives there like any other. */
static void a_part_at_the_path_is_warned_of_and_sees_it(void **state)
{
	cleanup_part struct part part = {0};
	pid_t hook;

	(void)state;
	begin_part(&part, "remote/zurg");
	hook = fake_member_hook_start(part.consumer, "prestart");
	assert_true(eventually(fake_pod_plex_waits, &part.pod));
	assert_int_equal(fuse_daemon_start(part.path, NULL, &part.daemon), 0);
	assert_int_equal(child_wait(hook), 0);
	fake_member_expect_said(part.consumer, "warning [consumer-no-propagation]");
	assert_int_equal(fake_member_mounts_on(part.consumer, "/data"), 2);
}

/* The way between host and container. */

static void another_directory_than_the_hosts_is_a_mismatch(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *other = NULL, *json = NULL;
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	other = fake_pod_path(&pod, "../other");
	assert_int_equal(mkdir(other, 0755), 0);
	zurg = fake_pod_add(&pod,
		&(struct fake_role){
			.name = "rclone-zurg", .provides = "/mnt/media/zurg", .source = other});
	/* config.json says the volume; the container has what was there before, say. */
	assert_true(asprintf(&json, "'%s'", pod.volume) > 0);
	fake_member_set(zurg, "/mounts/0/source", json);
	fake_member_expect(zurg, "prestart", 13);
	fake_member_expect_said(zurg, "[peer-group-mismatch]");
	assert_int_equal(entries(pod.volume), 0);
}

/* Mounted on the private host after the container's bind had been made. */
static void a_volume_mounted_later_is_a_mismatch(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(mount("tmpfs", pod.volume, "tmpfs", 0, NULL), 0);
	fake_member_expect(zurg, "prestart", 13);
	fake_member_expect_said(zurg, "[peer-group-mismatch]");
}

/* The same directory in another group: the container's bind is replaced, and then it is the host's.
 */
static void a_bind_of_another_group_is_mended(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL;
	struct fake_member *zurg;

	NEEDS_REPLACEMENT();
	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	path = fake_pod_path(&pod, "zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_member_expect(zurg, "prestart", 0);
	fake_member_expect_said(zurg, "replaced the container's bind");
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	assert_int_equal(fake_member_mounts_on(zurg, "/mnt/media/zurg"), 1);
}

/* An id map, as the runtime makes one for the volumes of a pod with hostUsers: false. */

static int unshare_users(void *data)
{
	int ready = *(int *)data;

	if (unshare(CLONE_NEWUSER) < 0 || write(ready, "u", 1) != 1)
		return 1;
	pause();
	return 0;
}

static bool write_map(pid_t pid, const char *name)
{
	static const char map[] = "0 100000 65536";
	cleanup_close int fd = -EBADF;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
}

/* A user namespace whose ids start at 100000 outside; it outlives its process. */
static int open_users(void)
{
	char path[64], byte;
	int ready[2], fd = -EBADF;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	pid = child_start(unshare_users, &ready[1]);
	close(ready[1]);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	if (pid > 0 && read(ready[0], &byte, 1) == 1 && write_map(pid, "gid_map") &&
		write_map(pid, "uid_map"))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	close(ready[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		child_wait(pid);
	}
	return fd;
}

#define NO_ID_MAPS 77 /* of the kernel, on this file system */

/* In the container: its bind at that path becomes an idmapped one of the same directory. */
static int map_ids(void *data)
{
	struct sys_mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	cleanup_close int users = open_users(), place = -EBADF;
	cleanup_close int clone =
		sys_open_tree(AT_FDCWD, data, SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC);
	int r;

	if (users < 0 || clone < 0)
		return 1;
	attr.userns_fd = (uint64_t)users;
	r = sys_mount_setattr(clone, 0, &attr);
	if (r < 0)
		return r == -EINVAL ? NO_ID_MAPS : 2;
	if (umount2(data, MNT_DETACH) < 0)
		return 3;
	place = open(data, O_PATH | O_CLOEXEC);
	return place < 0 || sys_move_mount(clone, place) < 0 ? 4 : 0;
}

static void an_idmapped_bind_on_a_private_host_is_refused(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *bind = NULL;
	struct fake_member *zurg;
	unsigned int mounts = ns_sandbox_mounts();
	int mapped;

	NEEDS_REPLACEMENT();
	NEEDS_MOUNT_SETATTR();
	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	zurg = fake_pod_provider(&pod, "zurg");
	bind = path_join(zurg->root, FAKE_POD_MEDIA);
	assert_non_null(bind);
	mapped = fake_container_run(&zurg->process, map_ids, bind);
	if (mapped == NO_ID_MAPS) {
		print_message("this kernel maps no ids on tmpfs (Linux 6.3)\n");
		skip();
	}
	assert_int_equal(mapped, 0);
	fake_member_expect(zurg, "prestart", 13);
	fake_member_expect_said(zurg, "[peer-group-mismatch]");
	fake_member_expect_said(zurg, "is idmapped");
	assert_int_equal(entries(pod.volume), 0);
	assert_int_equal(ns_sandbox_mounts(), mounts);
}

/* "master:1 shared:2": a slave of the host's group that is a group of its own. */
static void a_slave_of_the_hosts_peer_is_good_enough_for_a_consumer(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL, *copy = NULL;
	struct fake_member *plex;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, ZURG);
	path = fake_pod_path(&pod, "zurg");
	copy = fake_pod_path(&pod, "../copy");
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	assert_int_equal(mkdir(copy, 0755), 0);
	assert_int_equal(mount(pod.volume, copy, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, copy, NULL, MS_SLAVE, NULL), 0);
	assert_int_equal(mount(NULL, copy, NULL, MS_SHARED, NULL), 0);
	plex = fake_pod_add(&pod, &(struct fake_role){.name = "plex", .source = copy});
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	fake_member_expect(plex, "prestart", 0);
	assert_int_equal(fake_member_mounts_on(plex, "/mnt/media/zurg"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(twenty_at_once_are_all_in_the_record),
		TEST(two_hundred_pods_leave_the_node_as_it_was),
		TEST(a_failed_run_takes_back_what_it_made),
		TEST(what_others_use_by_now_is_not_taken_back),
		TEST(bad_input_is_one_finding_and_nothing_made),
		TEST(input_at_its_limits_is_one_finding_and_nothing_made),
		TEST(a_denial_is_said_once),
		TEST(a_pod_without_the_annotation_is_left_alone),
		TEST(a_container_that_has_just_ended_leaves_nothing),
		TEST(a_part_above_the_path_sees_it),
		TEST(a_part_beside_the_path_is_a_bystanders),
		TEST(a_part_below_the_path_would_stay_empty),
		TEST(a_part_at_the_path_is_warned_of_and_sees_it),
		TEST(another_directory_than_the_hosts_is_a_mismatch),
		TEST(a_volume_mounted_later_is_a_mismatch),
		TEST(a_bind_of_another_group_is_mended),
		TEST(an_idmapped_bind_on_a_private_host_is_refused),
		TEST(a_slave_of_the_hosts_peer_is_good_enough_for_a_consumer),
	};
#undef TEST

	return cmocka_run_group_tests_name("prestart", tests, ns_sandbox_setup_group, NULL);
}
