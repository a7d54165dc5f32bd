/* SPDX-License-Identifier: Apache-2.0 */
/* reconcile: pods whose poststop never came, beside hooks that run; and the breaker for mounts that
 * hang for ever. */
#include "hook/record/lock.h"
#include "hook/record/probe_turn.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/expect.h"
#include "tests/support/fake_scene.h"
#include "tests/support/ns_sandbox.h"

#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define OTHER_UID "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define FIRST_UID "00000001-3a53-4f0e-9d3b-2f3f6a1b0c22" /* sorts before the others */
#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define FUSECTL "/sys/fs/fuse/connections"
#define N_HOOKS 20

static void expect_reconcile(const char *option, int code, const char *text)
{
	cleanup_free char *said = fake_pod_expect_command("reconcile", option, code);

	expect_says(said, text);
}

static void without_anything_there_is_nothing_to_do(void **state)
{
	struct stat st;

	(void)state;
	expect_reconcile(NULL, 0, "0 pods removed, 0 alive, 0 failed");
	assert_int_equal(lstat(FAKE_POD_RECORDS, &st), -1);
}

static void a_broken_policy_is_told_though_no_pod_needs_it(void **state)
{
	(void)state;
	assert_int_equal(
		ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json", "{\"rooots\": []}", 0644),
		0);
	expect_reconcile(NULL, EXIT_NODE_CONFIG, "rooots");
}

static void a_pod_that_is_gone_is_cleaned_up(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_scene_crash(&scene);
	expect_reconcile(NULL, 0, "1 pod removed, 0 alive, 0 failed");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
	assert_int_equal(fake_pod_count_files("tmp"), 0);
	expect_reconcile(NULL, 0, "0 pods removed, 0 alive, 0 failed");
}

static void without_the_directory_of_locks_too(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_scene_crash(&scene);
	assert_int_equal(rename(FAKE_POD_RECORDS "/locks", FAKE_POD_RECORDS "/old"), 0);
	expect_reconcile(NULL, 0, "1 pod removed, 0 alive, 0 failed");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 0);
}

static void a_hooks_bind_goes_with_its_pod(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
	fake_scene_begin(&scene, FAKE_POD_UID);
	assert_int_equal(ns_sandbox_mounts_on(scene.pod.volume), 1);
	fake_scene_crash(&scene);
	expect_reconcile(NULL, 0, "1 pod removed");
	assert_int_equal(ns_sandbox_mounts_on(scene.pod.volume), 0);
}

static void with_a_live_container_nothing_is_touched(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *before = NULL, *after = NULL;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	/* The provider has crashed: its next instance heals that. */
	fuse_daemon_kill(&scene.daemon);
	fake_member_stop(scene.zurg);
	before = fake_pod_record_text(&scene.pod);
	expect_reconcile(NULL, 0, "0 pods removed, 1 alive, 0 failed");
	after = fake_pod_record_text(&scene.pod);
	assert_string_equal(before, after);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

static void a_live_mount_of_a_pod_that_is_gone_stays(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_member_stop(scene.zurg);
	fake_member_stop(scene.plex);
	expect_reconcile(NULL, 0, "1 pod removed");
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
}

/* Another process has the pid of the pod's last container by now. */
static void a_pid_that_is_used_again_keeps_no_pod(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *path = NULL, *text = NULL;
	char *ticks;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_member_stop(scene.zurg);
	path = fake_pod_record_path(&scene.pod);
	text = fake_pod_record_text(&scene.pod);
	ticks = strstr(strstr(text, "\"plex\""), "\"pidStartTicks\": ");
	assert_non_null(ticks);
	ticks += strlen("\"pidStartTicks\": ");
	*ticks = *ticks == '9' ? '8' : '9'; /* another one, however long the machine is up */
	assert_int_equal(ns_sandbox_write(path, text, 0644), 0);
	expect_reconcile(NULL, 0, "1 pod removed");
}

static void dry_run_says_it_and_changes_nothing(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	cleanup_free char *before = NULL, *after = NULL, *said = NULL;
	char expected[512];

	(void)state;
	assert_int_equal(mount(NULL, "/var/lib/kubelet", NULL, MS_PRIVATE, NULL), 0);
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_scene_crash(&scene);
	assert_int_equal(ns_sandbox_write(FAKE_POD_RECORDS "/tmp/" OTHER_UID, "x", 0600), 0);
	before = fake_pod_record_text(&scene.pod);
	assert_int_equal(fake_pod_command("reconcile", "--dry-run", &said), 0);
	after = fake_pod_record_text(&scene.pod);
	snprintf(expected, sizeof(expected), "the dead mount on %s would be detached", scene.path);
	assert_non_null(strstr(said, expected));
	snprintf(expected, sizeof(expected), "the bind of %s on itself would be unmounted",
		scene.pod.volume);
	assert_non_null(strstr(said, expected));
	assert_non_null(strstr(said, "media/plex-6f0d (" FAKE_POD_UID "): would be removed"));
	assert_non_null(strstr(said, "1 pod would be removed, 0 alive, 0 failed"));
	assert_string_equal(before, after);
	assert_int_equal(ns_sandbox_mounts_on(scene.path), 1);
	assert_int_equal(ns_sandbox_mounts_on(scene.pod.volume), 1);
	assert_int_equal(fake_pod_count_files("tmp"), 1);
}

static void a_broken_record_keeps_no_other_pod(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0}, other = {0};
	cleanup_free char *path = NULL;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	fake_scene_begin(&other, OTHER_UID);
	fake_scene_crash(&scene);
	fake_scene_crash(&other);
	path = fake_pod_record_path(&other.pod);
	assert_int_equal(ns_sandbox_write(path, "{", 0644), 0);
	expect_reconcile(NULL, 19, "1 pod removed, 0 alive, 1 failed");
	assert_false(fake_pod_has_file("pods", FAKE_POD_UID));
	assert_true(fake_pod_has_file("pods", OTHER_UID));
}

static int remove_all(void *data)
{
	execl("/bin/rm", "rm", "-rf", "--one-file-system", data, NULL);
	return 127;
}

struct breakage {
	const char *name;
	int (*make)(const char *path);
};

static int write_empty(const char *path)
{
	return ns_sandbox_write(path, "", 0644);
}

static int write_half(const char *path)
{
	return truncate(path, 200);
}

static int write_newer(const char *path)
{
	return ns_sandbox_write(path, "{\"schema\":\"fuse-sidecar.io/topology/v9\"}", 0644);
}

static int give_away(const char *path)
{
	return chown(path, 1000, 1000);
}

static int put_directory(const char *path)
{
	return unlink(path) < 0 ? -1 : mkdir(path, 0755);
}

static int put_symlink(const char *path)
{
	return unlink(path) < 0 ? -1 : symlink("/etc/passwd", path);
}

static int put_fifo(const char *path)
{
	return unlink(path) < 0 ? -1 : mkfifo(path, 0644);
}

static const struct breakage breakages[] = {
	{"empty", write_empty},
	{"truncated", write_half},
	{"of a newer schema", write_newer},
	{"of another user", give_away},
	{"a directory", put_directory},
	{"a symlink", put_symlink},
	{"a FIFO", put_fifo},
};

static void break_record(struct fake_scene *scene, const struct breakage *breakage)
{
	cleanup_free char *path = NULL;

	assert_int_equal(ns_sandbox_setup_shared(NULL), 0);
	fake_scene_begin(scene, FAKE_POD_UID);
	path = fake_pod_record_path(&scene->pod);
	if (breakage->make(path) < 0)
		fail_msg("%s: %s", breakage->name, strerror(errno));
}

static int remove_tree(const char *path)
{
	char copy[160];

	snprintf(copy, sizeof(copy), "%s", path);
	return child_run(remove_all, copy);
}

/* Whatever is wrong with it: containers are refused with a line that names it, nothing hangs, and
 * after the advice has been taken the next one starts. */
static void a_broken_record_refuses_until_it_is_removed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(breakages); i++) {
		cleanup_fake_scene struct fake_scene scene = {0};
		struct fake_member *plex;

		break_record(&scene, &breakages[i]);
		plex = fake_pod_consumer(&scene.pod, "plex");
		fake_member_expect(plex, "prestart", 19);
		fake_member_expect_said(plex, "topology.json");
		/* It may live: the kubelet has its directory. */
		expect_reconcile(NULL, 19, "0 pods removed, 0 alive, 1 failed");
		assert_true(fake_pod_has_file("pods", FAKE_POD_UID));
		assert_int_equal(remove_tree(FAKE_POD_RECORDS "/pods/" FAKE_POD_UID), 0);
		plex = fake_pod_consumer(&scene.pod, "plex");
		fake_member_expect(plex, "prestart", 0);
	}
}

static void of_a_pod_that_is_gone_it_is_moved_aside(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(breakages); i++) {
		cleanup_fake_scene struct fake_scene scene = {0};

		break_record(&scene, &breakages[i]);
		fake_scene_crash(&scene);
		fuse_daemon_clear(&scene.daemon);
		assert_int_equal(remove_tree("/var/lib/kubelet/pods/" FAKE_POD_UID), 0);
		expect_reconcile("--dry-run", 0, "would be moved to /run/fuse-sidecar-hook/broken");
		assert_true(fake_pod_has_file("pods", FAKE_POD_UID));
		expect_reconcile(NULL, 0, "1 pod removed, 0 alive, 0 failed");
		assert_int_equal(fake_pod_count_files("pods"), 0);
		assert_int_equal(fake_pod_count_files("locks"), 0);
		assert_int_equal(fake_pod_count_files("broken"), 1);
		expect_reconcile(NULL, 0, "0 pods removed, 0 alive, 0 failed");
	}
}

static void put_broken(const char *name, size_t size)
{
	char directory[120], path[140];
	cleanup_free char *text = calloc(1, size + 1);

	assert_non_null(text);
	memset(text, 'x', size);
	snprintf(directory, sizeof(directory), FAKE_POD_RECORDS "/broken/%s", name);
	snprintf(path, sizeof(path), "%s/topology.json", directory);
	assert_int_equal(ns_sandbox_mkdirs(directory), 0);
	assert_int_equal(ns_sandbox_write(path, text, 0600), 0);
}

static void few_broken_records_are_kept_and_the_oldest_go(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	break_record(&scene, &breakages[1]);
	fake_scene_crash(&scene);
	fuse_daemon_clear(&scene.daemon);
	assert_int_equal(remove_tree("/var/lib/kubelet/pods/" FAKE_POD_UID), 0);
	for (int i = 0; i < 20; i++) {
		char name[80];

		snprintf(name, sizeof(name), OTHER_UID "-%d", 100 + i);
		put_broken(name, 10);
	}
	expect_reconcile(NULL, 0, "1 pod removed, 0 alive, 0 failed");
	assert_int_equal(fake_pod_count_files("broken"), 8);
	assert_true(fake_pod_has_file("broken", OTHER_UID "-119"));
	assert_false(fake_pod_has_file("broken", OTHER_UID "-112"));
}

static void broken_records_take_little_together(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	put_broken(OTHER_UID "-100", 10);
	put_broken(OTHER_UID "-101", 600 << 10);
	put_broken(OTHER_UID "-102", 600 << 10);
	expect_reconcile("--dry-run", 0, "1 alive");
	assert_int_equal(fake_pod_count_files("broken"), 3);
	expect_reconcile(NULL, 0, "1 alive");
	assert_int_equal(fake_pod_count_files("broken"), 1);
	assert_true(fake_pod_has_file("broken", OTHER_UID "-102"));
}

static void what_killed_hooks_have_left_is_removed(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	assert_int_equal(ns_sandbox_mkdirs(FAKE_POD_RECORDS "/pods/" OTHER_UID), 0);
	assert_int_equal(ns_sandbox_write(FAKE_POD_RECORDS "/tmp/" OTHER_UID, "x", 0600), 0);
	assert_int_equal(ns_sandbox_write(FAKE_POD_RECORDS "/tmp/" FAKE_POD_UID, "x", 0600), 0);
	assert_int_equal(ns_sandbox_write(FAKE_POD_RECORDS "/locks/" OTHER_UID, "", 0600), 0);
	assert_int_equal(ns_sandbox_write(FAKE_POD_RECORDS "/locks/volume-0-42-7", "", 0600), 0);
	expect_reconcile(NULL, 0, "1 pod removed, 1 alive, 0 failed");
	assert_int_equal(fake_pod_count_files("tmp"), 0);
	assert_int_equal(fake_pod_count_files("locks"), 1);
	assert_true(fake_pod_has_file("locks", FAKE_POD_UID));
	assert_true(fake_pod_has_file("pods", FAKE_POD_UID));
}

static void what_a_running_hook_holds_is_left(void **state)
{
	cleanup_lock struct lock lock = LOCK_NONE;
	cleanup_close int runtime = -EBADF;

	(void)state;
	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	assert_int_equal(lock_take(runtime, OTHER_UID, 0, &lock, NULL), 0);
	assert_int_equal(ns_sandbox_write(FAKE_POD_RECORDS "/tmp/" OTHER_UID, "x", 0600), 0);
	expect_reconcile(NULL, 0, "0 pods removed");
	assert_int_equal(fake_pod_count_files("tmp"), 1);
	assert_int_equal(fake_pod_count_files("locks"), 1);
}

static int reconcile_on(void *data)
{
	(void)data;
	for (;;) {
		if (fake_pod_command("reconcile", NULL, NULL) != 0)
			return 1;
	}
}

/* Each hook's container lives, so each must be in the record at the end; and the directories of a
 * pod whose record is not written yet must not be pulled away from under its hook. */
static void beside_hooks_it_loses_nothing(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *members[N_HOOKS];
	pid_t hooks[N_HOOKS], reconciler = child_start(reconcile_on, NULL);

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	for (int i = 0; i < N_HOOKS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "side-%d", i);
		members[i] = fake_pod_add(&pod, &(struct fake_role){.name = name, .source = ""});
	}
	for (int i = 0; i < N_HOOKS; i++)
		hooks[i] = fake_member_hook_start(members[i], "prestart");
	for (int i = 0; i < N_HOOKS; i++)
		assert_int_equal(child_wait(hooks[i]), 0);
	assert_int_equal(waitpid(reconciler, NULL, WNOHANG), 0);
	kill(reconciler, SIGKILL);
	child_wait(reconciler);
	for (int i = 0; i < N_HOOKS; i++)
		assert_string_equal(fake_pod_status(&pod, members[i]->name), "created");
}

/* Pods, the first of which keeps reconcile busy: its lock is held. */
struct queue {
	struct fake_scene first, second;
	struct lock lock;
	int runtime;
};

static void begin_queue(struct queue *queue)
{
	*queue = (struct queue){.lock = LOCK_NONE};
	fake_scene_begin(&queue->first, FIRST_UID);
	fake_scene_begin(&queue->second, FAKE_POD_UID);
	fake_scene_crash(&queue->first);
	fake_scene_crash(&queue->second);
	assert_int_equal(runtime_dir_open(true, &queue->runtime, NULL), 0);
	assert_int_equal(lock_take(queue->runtime, FIRST_UID, 0, &queue->lock, NULL), 0);
}

static void end_queue(struct queue *queue)
{
	lock_release(&queue->lock);
	cleanup_close_fd(&queue->runtime);
	fake_scene_clear(&queue->first);
	fake_scene_clear(&queue->second);
}

static int reconcile_once(void *data)
{
	(void)data;
	return fake_pod_command("reconcile", NULL, NULL);
}

static int exec_reconcile(void *data)
{
	const char *program = getenv("HOOK_BINARY");

	(void)data;
	program = program ? program : "build/fuse-sidecar-hook";
	execl(program, program, "reconcile", NULL);
	return 127;
}

static bool is_at_the_first(void *data)
{
	cleanup_free char *text = ns_sandbox_read(FAKE_POD_RECORDS "/turns");

	(void)data;
	return text && strstr(text, "last " FIRST_UID);
}

static bool second_is_gone(void *data)
{
	(void)data;
	return !fake_pod_has_file("pods", FAKE_POD_UID);
}

static void a_pod_that_a_run_was_killed_at_comes_last(void **state)
{
	struct queue queue;
	pid_t run;

	(void)state;
	begin_queue(&queue);
	run = child_start(exec_reconcile, NULL);
	assert_true(eventually(is_at_the_first, NULL));
	kill(run, SIGKILL);
	child_wait(run);
	assert_true(fake_pod_has_file("pods", FAKE_POD_UID));
	run = child_start(reconcile_once, NULL);
	assert_true(eventually(second_is_gone, NULL));
	/* The other one has its turn now, and the run waits for it. */
	assert_int_equal(waitpid(run, NULL, WNOHANG), 0);
	assert_true(fake_pod_has_file("pods", FIRST_UID));
	lock_release(&queue.lock);
	assert_int_equal(child_wait(run), 0);
	assert_false(fake_pod_has_file("pods", FIRST_UID));
	/* In time: it is one of all again. */
	assert_false(is_at_the_first(NULL));
	end_queue(&queue);
}

static void dry_run_takes_no_turn(void **state)
{
	cleanup_fake_scene struct fake_scene scene = {0};
	struct stat st;

	(void)state;
	fake_scene_begin(&scene, FAKE_POD_UID);
	expect_reconcile("--dry-run", 0, "1 alive");
	assert_int_equal(lstat(FAKE_POD_RECORDS "/turns", &st), -1);
}

/* A provider that is gone, and whose connection somebody still holds without answering. */
struct hang {
	struct fake_scene scene;
	pid_t reader;
};

static int read_it(void *data)
{
	struct stat st;

	return stat(data, &st) < 0 ? 1 : 0;
}

static long count_waiting(unsigned int minor)
{
	char path[128];
	cleanup_free char *text = NULL;

	snprintf(path, sizeof(path), FUSECTL "/%u/waiting", minor);
	text = ns_sandbox_read(path);
	return text ? strtol(text, NULL, 10) : 0;
}

static bool requests_wait(void *data)
{
	return count_waiting(*(unsigned int *)data) > 0;
}

static bool two_requests_wait(void *data)
{
	return count_waiting(*(unsigned int *)data) == 2;
}

static bool none_waits(void *data)
{
	return !requests_wait(data);
}

static unsigned int minor_of(const struct fake_pod *pod)
{
	const char *device = fake_pod_recorded(pod, "/fusePaths/0/device");

	assert_non_null(device);
	return (unsigned int)strtoul(strchr(device, ':') + 1, NULL, 10);
}

static void begin_hang(struct hang *hang, const char *policy)
{
	unsigned int minor;

	/* A machine that systemd booted has it there. */
	if (mount("none", FUSECTL, "fusectl", 0, NULL) < 0)
		assert_int_equal(errno, EBUSY);
	assert_int_equal(ns_sandbox_write(POLICY, policy, 0644), 0);
	fake_scene_begin(&hang->scene, FAKE_POD_UID);
	minor = minor_of(&hang->scene.pod);
	kill(hang->scene.daemon.pid, SIGUSR1);
	hang->reader = child_start(read_it, hang->scene.path);
	assert_true(eventually(requests_wait, &minor));
}

static void hang_clear(struct hang *hang)
{
	fake_scene_clear(&hang->scene);
	if (hang->reader > 0)
		child_wait(hang->reader);
	umount2(FUSECTL, MNT_DETACH);
}

#define cleanup_hang __attribute__((cleanup(hang_clear)))

static bool reader_waits(const struct hang *hang)
{
	return waitpid(hang->reader, NULL, WNOHANG) == 0;
}

static bool nobody_asks(void *connection)
{
	return !probe_turn_is_taken(connection);
}

/* The process that asked for the run before was killed, and need not know it yet. */
static void await_end_of_questions(const struct hang *hang)
{
	struct fuse_connection connection = {0, minor_of(&hang->scene.pod)};

	assert_true(eventually(nobody_asks, &connection));
}

static void expect_aborted(struct hang *hang)
{
	await_end_of_questions(hang);
	expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_int_equal(child_wait(hang->reader), 1);
	hang->reader = 0;
}

static void a_mount_that_hangs_too_long_is_aborted(void **state)
{
	cleanup_hang struct hang hang = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"100ms\"}");
	fake_member_stop(hang.scene.zurg);
	/* The first time it is noted that it hangs. */
	expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_string_equal(fake_pod_recorded(&hang.scene.pod, "/fusePaths/0/state"), "hung");
	assert_true(reader_waits(&hang));
	usleep(200 * 1000);
	await_end_of_questions(&hang);
	expect_reconcile("--dry-run", 0, "would be aborted");
	assert_true(reader_waits(&hang));
	expect_aborted(&hang);
}

/* Another wall clock in the record, as when the node's was set in between. */
static void set_since(const struct fake_pod *pod, const char *year)
{
	cleanup_free char *path = fake_pod_record_path(pod), *text = fake_pod_record_text(pod);
	char *since = strstr(text, "\"since\": \"");

	assert_non_null(since);
	since += strlen("\"since\": \"");
	for (size_t i = 0; year[i]; i++)
		since[i] = year[i];
	assert_int_equal(ns_sandbox_write(path, text, 0644), 0);
}

static void a_clock_that_was_set_forward_aborts_nothing(void **state)
{
	cleanup_hang struct hang hang = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1h\"}");
	fake_member_stop(hang.scene.zurg);
	expect_reconcile(NULL, 0, "1 alive, 0 failed");
	set_since(&hang.scene.pod, "1999");
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_true(reader_waits(&hang));
}

static void a_clock_that_was_set_back_delays_nothing(void **state)
{
	cleanup_hang struct hang hang = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}");
	fake_member_stop(hang.scene.zurg);
	expect_reconcile(NULL, 0, "1 alive, 0 failed");
	set_since(&hang.scene.pod, "2099");
	expect_aborted(&hang);
}

static void not_while_its_provider_lives(void **state)
{
	cleanup_hang struct hang hang = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}");
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_true(reader_waits(&hang));
}

static void not_without_the_policys_word(void **state)
{
	cleanup_hang struct hang hang = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\"}");
	fake_member_stop(hang.scene.zurg);
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_true(reader_waits(&hang));
}

static void not_before_its_time(void **state)
{
	cleanup_hang struct hang hang = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1h\"}");
	fake_member_stop(hang.scene.zurg);
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_true(reader_waits(&hang));
}

/* A probe of an earlier run waits there and cannot be ended. That nobody else asks is no reason to
 * break anything. */
static void not_for_the_sake_of_its_own_question(void **state)
{
	cleanup_hang struct hang hang = {0};
	unsigned int minor;

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}");
	kill(hang.reader, SIGKILL);
	child_wait(hang.reader);
	fake_member_stop(hang.scene.zurg);
	kill(hang.scene.daemon.pid, SIGHUP);
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	hang.reader = child_start(read_it, hang.scene.path);
	minor = minor_of(&hang.scene.pod);
	assert_true(eventually(two_requests_wait, &minor));
	assert_true(reader_waits(&hang));
	expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_int_equal(child_wait(hang.reader), 1);
	hang.reader = 0;
}

static int take_and_run_on(void *data)
{
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;

	if (probe_turn_take(data, true, 0, &turn) < 0)
		return 99;
	for (;;)
		__asm__ volatile("");
}

static bool somebody_asks(void *connection)
{
	return probe_turn_is_taken(connection);
}

/* Who asks need not sleep yet, and who was killed need not know it: the one request that waits may
 * be of either. */
static void not_while_a_process_that_runs_may_be_the_one_that_asks(void **state)
{
	cleanup_hang struct hang hang = {0};
	struct fuse_connection connection = {0};
	pid_t asks;

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}");
	connection.minor = minor_of(&hang.scene.pod);
	fake_member_stop(hang.scene.zurg);
	expect_reconcile(NULL, 0, "1 alive, 0 failed");
	await_end_of_questions(&hang);
	asks = child_start(take_and_run_on, &connection);
	assert_true(eventually(somebody_asks, &connection));
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_true(reader_waits(&hang));
	kill(asks, SIGKILL);
	child_wait(asks);
	expect_aborted(&hang);
}

/* A mount that the record does not prove to be the provider's. */
static void not_another_mount_on_the_path(void **state)
{
	cleanup_hang struct hang hang = {0};
	cleanup_fuse_daemon struct fuse_daemon other = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}");
	fake_member_stop(hang.scene.zurg);
	assert_int_equal(fuse_daemon_start(hang.scene.path, "--hang", &other), 0);
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	assert_true(reader_waits(&hang));
	fuse_daemon_clear(&other);
}

/* The pod is over, and nobody reads the mount any more; poststop has come or not. */
static void end_pod(struct hang *hang, bool poststop)
{
	struct fake_member *const members[] = {hang->scene.plex, hang->scene.zurg};

	kill(hang->reader, SIGKILL);
	child_wait(hang->reader);
	hang->reader = 0;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (poststop)
			fake_member_remove(members[i]);
		else
			fake_member_stop(members[i]);
	}
}

static void expect_command(const char *verb, const char *option, const char *text)
{
	cleanup_free char *said = fake_pod_expect_command(verb, option, 0);

	expect_says(said, text);
}

static void its_record_lasts_as_long_as_a_mount_hangs(void **state)
{
	(void)state;
	for (int poststop = 0; poststop < 2; poststop++) {
		cleanup_hang struct hang hang = {0};

		assert_int_equal(ns_sandbox_setup_shared(NULL), 0);
		begin_hang(&hang, "{\"probeTimeout\": \"100ms\"}");
		end_pod(&hang, poststop);
		for (int i = 0; i < 2; i++) {
			expect_reconcile("--dry-run", 0, "the record would stay");
			expect_reconcile(NULL, 0,
				"kept: none of its containers runs, and a mount of it does not");
			assert_string_equal(
				fake_pod_recorded(&hang.scene.pod, "/fusePaths/0/state"), "hung");
		}
		expect_command("status", NULL, "/mnt/media/zurg: hung since");
		expect_command("status", NULL,
			poststop ? "provider rclone-zurg: has ended" : "not running");
		expect_command("metrics", NULL, "fuse_sidecar_mounts{state=\"hung\"} 1");
		expect_command("metrics", NULL, "fuse_sidecar_recorded_pods 1");
		assert_int_equal(ns_sandbox_mounts_on(hang.scene.path), 1);
		/* Then it can be told that it is dead, and by nothing but the record whose. */
		fuse_daemon_kill(&hang.scene.daemon);
		expect_reconcile(NULL, 0, "1 pod removed, 0 alive, 0 failed");
		assert_int_equal(ns_sandbox_mounts_on(hang.scene.path), 0);
		assert_int_equal(fake_pod_count_files("pods"), 0);
	}
}

static void of_a_pod_that_is_over_it_is_aborted_detached_and_forgotten(void **state)
{
	(void)state;
	for (int poststop = 0; poststop < 2; poststop++) {
		cleanup_hang struct hang hang = {0};

		assert_int_equal(ns_sandbox_setup_shared(NULL), 0);
		begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1h\"}");
		end_pod(&hang, poststop);
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
		assert_int_equal(ns_sandbox_mounts_on(hang.scene.path), 1);
		assert_int_equal(
			ns_sandbox_write(POLICY,
				"{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}", 0644),
			0);
		expect_reconcile("--dry-run", 0, "would be aborted");
		expect_reconcile(NULL, 0, "1 pod removed, 0 alive, 0 failed");
		assert_int_equal(ns_sandbox_mounts_on(hang.scene.path), 0);
		assert_int_equal(fake_pod_count_files("pods"), 0);
		assert_int_equal(fake_pod_count_files("locks"), 0);
	}
}

static void but_not_before_its_time(void **state)
{
	cleanup_hang struct hang hang = {0};

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1h\"}");
	end_pod(&hang, true);
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "0 pods removed, 1 alive, 0 failed");
	assert_int_equal(ns_sandbox_mounts_on(hang.scene.path), 1);
}

/* A tree that looks like fusectl, mounted over it. */
static void put_false_fusectl(const char *directory)
{
	char waiting[80], abort_file[80];

	snprintf(waiting, sizeof(waiting), "%s/waiting", directory);
	snprintf(abort_file, sizeof(abort_file), "%s/abort", directory);
	assert_int_equal(mount("none", FUSECTL, "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs(directory), 0);
	assert_int_equal(ns_sandbox_write(waiting, "5\n", 0444), 0);
	assert_int_equal(ns_sandbox_write(abort_file, "", 0644), 0);
}

/* What is mounted over a file of fusectl would be written to in its place. */
static void reconcile_with_false_abort(bool whole_tree)
{
	static const char canary[] = NS_SANDBOX_DIR "/canary";
	cleanup_hang struct hang hang = {0};
	cleanup_free char *text = NULL;
	char directory[64], abort_file[80];

	assert_int_equal(ns_sandbox_write(canary, "do not touch", 0644), 0);
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}");
	fake_member_stop(hang.scene.zurg);
	snprintf(directory, sizeof(directory), FUSECTL "/%u", minor_of(&hang.scene.pod));
	snprintf(abort_file, sizeof(abort_file), "%s/abort", directory);
	if (whole_tree)
		put_false_fusectl(directory);
	assert_int_equal(mount(canary, abort_file, NULL, MS_BIND, NULL), 0);
	for (int i = 0; i < 3; i++)
		fake_pod_command("reconcile", NULL, NULL);
	assert_true(reader_waits(&hang));
	text = ns_sandbox_read(canary);
	assert_string_equal(text, "do not touch");
	assert_int_equal(umount2(whole_tree ? FUSECTL : abort_file, MNT_DETACH), 0);
}

static void nothing_is_written_to_a_false_fusectl(void **state)
{
	(void)state;
	reconcile_with_false_abort(true);
}

static void nothing_is_written_to_what_is_mounted_over_abort(void **state)
{
	(void)state;
	reconcile_with_false_abort(false);
}

static void not_where_no_request_waits(void **state)
{
	cleanup_hang struct hang hang = {0};
	char path[64];
	struct stat st;
	unsigned int minor;

	(void)state;
	begin_hang(&hang, "{\"probeTimeout\": \"100ms\", \"abortHungAfter\": \"1ms\"}");
	fake_member_stop(hang.scene.zurg);
	minor = minor_of(&hang.scene.pod);
	kill(hang.reader, SIGKILL);
	child_wait(hang.reader);
	hang.reader = 0;
	assert_true(eventually(none_waits, &minor));
	for (int i = 0; i < 3; i++)
		expect_reconcile(NULL, 0, "1 alive, 0 failed");
	/* An aborted connection would fail this at once; the daemon answers it. */
	kill(hang.scene.daemon.pid, SIGUSR2);
	assert_int_equal(stat(hang.scene.path, &st), 0);
	snprintf(path, sizeof(path), FUSECTL "/%u", minor);
	assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup_shared)
	const struct CMUnitTest tests[] = {
		TEST(without_anything_there_is_nothing_to_do),
		TEST(a_broken_policy_is_told_though_no_pod_needs_it),
		TEST(a_pod_that_is_gone_is_cleaned_up),
		TEST(without_the_directory_of_locks_too),
		TEST(a_hooks_bind_goes_with_its_pod),
		TEST(with_a_live_container_nothing_is_touched),
		TEST(a_live_mount_of_a_pod_that_is_gone_stays),
		TEST(a_pid_that_is_used_again_keeps_no_pod),
		TEST(dry_run_says_it_and_changes_nothing),
		TEST(a_broken_record_keeps_no_other_pod),
		TEST(a_broken_record_refuses_until_it_is_removed),
		TEST(of_a_pod_that_is_gone_it_is_moved_aside),
		TEST(few_broken_records_are_kept_and_the_oldest_go),
		TEST(broken_records_take_little_together),
		TEST(what_killed_hooks_have_left_is_removed),
		TEST(what_a_running_hook_holds_is_left),
		TEST(beside_hooks_it_loses_nothing),
		TEST(a_pod_that_a_run_was_killed_at_comes_last),
		TEST(dry_run_takes_no_turn),
		TEST(a_mount_that_hangs_too_long_is_aborted),
		TEST(not_for_the_sake_of_its_own_question),
		TEST(not_while_a_process_that_runs_may_be_the_one_that_asks),
		TEST(a_clock_that_was_set_forward_aborts_nothing),
		TEST(a_clock_that_was_set_back_delays_nothing),
		TEST(not_while_its_provider_lives),
		TEST(not_without_the_policys_word),
		TEST(not_before_its_time),
		TEST(not_another_mount_on_the_path),
		TEST(its_record_lasts_as_long_as_a_mount_hangs),
		TEST(of_a_pod_that_is_over_it_is_aborted_detached_and_forgotten),
		TEST(but_not_before_its_time),
		TEST(nothing_is_written_to_a_false_fusectl),
		TEST(nothing_is_written_to_what_is_mounted_over_abort),
		TEST(not_where_no_request_waits),
	};
#undef TEST

	return cmocka_run_group_tests_name("reconcile", tests, ns_sandbox_setup_group, NULL);
}
