/* SPDX-License-Identifier: Apache-2.0 */
/* What the pod's own containers, other pods and broken files do while a hook is at work: it ends in
 * time, and harms nobody. */
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define OTHER_UID "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define RECORD FAKE_POD_RECORDS "/pods/" FAKE_POD_UID "/topology.json"
#define NEWER "{\"schema\":\"fuse-sidecar.io/topology/v9\"}"

/* A hook in the background. */
struct hook {
	pid_t pid; /* 0: it has ended */
	int status;
};

static bool has_ended(void *data)
{
	struct hook *hook = data;
	int status;

	if (waitpid(hook->pid, &status, WNOHANG) != hook->pid)
		return false;
	hook->pid = 0;
	hook->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

/* Its exit status. One that hangs on the daemon's mount fails the test, and is ended with it. */
static int wait_beside(pid_t pid, struct fuse_daemon *daemon)
{
	struct hook hook = {.pid = pid};

	if (!eventually(has_ended, &hook)) {
		kill(pid, SIGKILL);
		/* What it waits for. */
		fuse_daemon_clear(daemon);
		child_wait(pid);
		fail_msg("the hook waits for a FUSE daemon that does not answer");
	}
	return hook.status;
}

/* A FUSE mount on a directory between the volume and the path, which a walk would have to cross. */

struct middle {
	struct fake_pod pod;
	struct fuse_daemon daemon;
	struct fake_member *provider;
	char *between;
};

static void middle_clear(struct middle *middle)
{
	fuse_daemon_clear(&middle->daemon);
	fake_pod_clear(&middle->pod);
	free(middle->between);
}

#define cleanup_middle __attribute__((cleanup(middle_clear)))

static void begin_middle(struct middle *middle)
{
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&middle->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/between/zurg");
	fake_pod_annotate(&middle->pod, "fuse-sidecar.io/wait", "1s");
	middle->between = fake_pod_path(&middle->pod, "between");
	middle->provider = fake_pod_add(&middle->pod,
		&(struct fake_role){.name = "rclone-zurg", .provides = "/mnt/media/between/zurg"});
}

static void a_hung_mount_above_the_path_refuses_a_provider_in_time(void **state)
{
	cleanup_middle struct middle middle = {0};
	pid_t hook;

	(void)state;
	begin_middle(&middle);
	assert_int_equal(ns_sandbox_mkdirs(middle.between), 0);
	assert_int_equal(fuse_daemon_start(middle.between, "--hang", &middle.daemon), 0);
	hook = fake_member_hook_start(middle.provider, "prestart");
	assert_int_not_equal(wait_beside(hook, &middle.daemon), 0);
	assert_string_equal(fake_pod_status(&middle.pod, "rclone-zurg"), "denied");
	assert_int_equal(ns_sandbox_mounts_on(middle.between), 1);
}

static void a_hung_mount_above_the_path_refuses_a_consumer_in_time(void **state)
{
	cleanup_middle struct middle middle = {0};
	struct fake_member *plex;
	pid_t hook;

	(void)state;
	begin_middle(&middle);
	fake_member_expect(middle.provider, "prestart", 0);
	plex = fake_pod_consumer(&middle.pod, "plex");
	assert_int_equal(fuse_daemon_start(middle.between, "--hang", &middle.daemon), 0);
	hook = fake_member_hook_start(plex, "prestart");
	assert_int_not_equal(wait_beside(hook, &middle.daemon), 0);
	assert_int_equal(ns_sandbox_mounts_on(middle.between), 1);
}

/* As every program that writes records does: with the pod's lock, which a gate has let go of. */
static void write_locked(const char *text)
{
	cleanup_close int lock = open(FAKE_POD_RECORDS "/locks/" FAKE_POD_UID, O_RDWR | O_CLOEXEC);

	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(ns_sandbox_write(RECORD, text, 0644), 0);
}

/* By a newer program, say: what it has written is not this one's to replace. */
static void a_record_that_another_program_wrote_meanwhile_stays(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL, *now = NULL;
	struct fake_member *plex;
	pid_t hook;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	plex = fake_pod_consumer(&pod, "plex");
	hook = fake_member_hook_start(plex, "prestart");
	assert_true(eventually(fake_pod_plex_waits, &pod));
	write_locked(NEWER);
	path = fake_pod_path(&pod, "zurg");
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	assert_int_not_equal(wait_beside(hook, &daemon), 0);
	now = ns_sandbox_read(RECORD);
	assert_string_equal(now, NEWER);
}

/* The lock of a volume, as another pod's hook has it. */

static int hold_volume(const char *volume)
{
	char file[128];
	struct stat st;
	int fd;

	assert_int_equal(stat(volume, &st), 0);
	snprintf(file, sizeof(file), FAKE_POD_RECORDS "/locks/volume-%u-%u-%llu", major(st.st_dev),
		minor(st.st_dev), (unsigned long long)st.st_ino);
	fd = open(file, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

/* "1: -> FLOCK ADVISORY WRITE PID …" in /proc/locks (proc(5)) is a process that waits. */
static bool waits_for_a_lock(void *data)
{
	cleanup_free char *locks = ns_sandbox_read("/proc/locks");
	pid_t worker = child_of(*(const pid_t *)data);
	char text[64];

	snprintf(text, sizeof(text), "-> FLOCK  ADVISORY  WRITE %d ", worker);
	return worker > 0 && locks && strstr(locks, text);
}

static void a_bind_that_ends_while_it_is_adopted_refuses_the_container(void **state)
{
	cleanup_fake_pod struct fake_pod first = {0}, second = {0};
	cleanup_close int lock = -EBADF;
	struct fake_member *torbox;
	pid_t hook;

	(void)state;
	fake_pod_init(&first, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_init(&second, OTHER_UID, "rclone-torbox=/mnt/media/torbox");
	fake_member_expect(fake_pod_provider(&first, "zurg"), "prestart", 0);
	torbox = fake_pod_add(&second, &(struct fake_role){.name = "rclone-torbox",
					       .provides = "/mnt/media/torbox",
					       .source = first.volume});
	lock = hold_volume(first.volume);
	hook = fake_member_hook_start(torbox, "prestart");
	assert_true(eventually(waits_for_a_lock, &hook));
	/* What the first pod's poststop does, with the lock held. */
	assert_int_equal(umount2(first.volume, MNT_DETACH), 0);
	assert_int_equal(unlink(RECORD), 0);
	flock(lock, LOCK_UN);
	assert_int_equal(child_wait(hook), 13);
	assert_string_equal(fake_pod_status(&second, "rclone-torbox"), "denied");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(a_hung_mount_above_the_path_refuses_a_provider_in_time),
		TEST(a_hung_mount_above_the_path_refuses_a_consumer_in_time),
		TEST(a_record_that_another_program_wrote_meanwhile_stays),
		TEST(a_bind_that_ends_while_it_is_adopted_refuses_the_container),
	};
#undef TEST

	return cmocka_run_group_tests_name("hostile", tests, ns_sandbox_setup_group, NULL);
}
