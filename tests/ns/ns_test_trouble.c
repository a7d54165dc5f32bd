/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks on a node in trouble: what it is told, what is left, and that the next hook is well once
 * the trouble is over. Each with the real thing; single system calls that fail are in tests/fault/.
 */
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/fake_pod.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNTS "rclone-zurg=/mnt/media/zurg"

static void begin(struct fake_pod *pod)
{
	fake_pod_init(pod, FAKE_POD_UID, MOUNTS);
}

static void put_tmpfs(const char *path, const char *options)
{
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(mount("trouble", path, "tmpfs", 0, options), 0);
}

static void remount(const char *path, unsigned long flags, const char *options)
{
	assert_int_equal(mount(NULL, path, NULL, MS_REMOUNT | flags, options), 0);
}

/* Empty files, until there is no inode for another one. */
static void take_inodes(const char *directory)
{
	for (int i = 0;; i++) {
		cleanup_free char *path = NULL;
		cleanup_close int fd = -EBADF;

		assert_true(asprintf(&path, "%s/filler-%d", directory, i) > 0);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0) {
			assert_int_equal(errno, ENOSPC);
			return;
		}
	}
}

static void take_bytes(const char *directory)
{
	static const char page[4096];
	cleanup_free char *path = path_join(directory, "filler");
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* Refused with 19 and in words, and nothing has been made. */
static void expect_refused(
	struct fake_member *member, const char *path, const char *what, const char *fix)
{
	const struct fake_pod *pod = member->pod;
	unsigned int mounts = ns_sandbox_mounts_on(pod->volume);
	cleanup_free char *zurg = fake_pod_path(pod, "zurg");
	bool had = access(zurg, F_OK) == 0;

	fake_member_expect(member, "prestart", EXIT_HOST_IO);
	fake_member_expect_said(member, "denied [host-io] container ");
	fake_member_expect_said(member, path);
	fake_member_expect_said(member, what);
	fake_member_expect_said(member, fix);
	assert_int_equal(access(zurg, F_OK) == 0, had);
	assert_int_equal(ns_sandbox_mounts_on(pod->volume), mounts);
	assert_int_equal(fake_pod_count_files("tmp"), 0);
	assert_true(fake_pod_has_file("pods", pod->uid) || !fake_pod_has_file("locks", pod->uid));
	assert_string_not_equal(fake_pod_status(pod, member->name), "created");
}

/* The kubelet's next try; and the end of the pod, which leaves nothing. */
static void expect_well_now(struct fake_pod *pod, struct fake_member *refused)
{
	struct fake_member *next;

	fake_member_stop(refused);
	next = fake_pod_provider(pod, "zurg");
	fake_member_expect(next, "prestart", EXIT_DONE);
	assert_string_equal(fake_pod_status(pod, "rclone-zurg"), "created");
	fake_member_remove(next);
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), EXIT_DONE);
	assert_int_equal(fake_pod_count_files("pods") + fake_pod_count_files("locks") +
				 fake_pod_count_files("tmp"),
		0);
}

static void a_volume_without_an_inode_left(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *path = NULL, *propagation = NULL;
	struct fake_member *member;

	(void)state;
	begin(&pod);
	path = fake_pod_path(&pod, "zurg");
	put_tmpfs(pod.volume, "nr_inodes=8,mode=0755");
	take_inodes(pod.volume);
	member = fake_pod_provider(&pod, "zurg");
	expect_refused(member, path, "No space left on device",
		"fix: free space and inodes of the volume");
	propagation = ns_sandbox_propagation(pod.volume);
	assert_string_equal(propagation, "");
	remount(pod.volume, 0, "nr_inodes=64");
	expect_well_now(&pod, member);
}

static void a_volume_without_a_byte_left_has_its_directories_made(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *member;

	(void)state;
	begin(&pod);
	put_tmpfs(pod.volume, "size=64k,mode=0755");
	take_bytes(pod.volume);
	member = fake_pod_provider(&pod, "zurg");
	fake_member_expect(member, "prestart", EXIT_DONE);
	fake_member_remove(member);
}

static void a_read_only_volume(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *path = NULL;
	struct fake_member *member;

	(void)state;
	begin(&pod);
	path = fake_pod_path(&pod, "zurg");
	put_tmpfs(pod.volume, "mode=0755");
	remount(pod.volume, MS_RDONLY, NULL);
	member = fake_pod_provider(&pod, "zurg");
	expect_refused(member, path, "Read-only file system", "fix: mount the volume read-write");
	remount(pod.volume, 0, NULL);
	assert_int_equal(mkdir(path, 0755), 0);
	remount(pod.volume, MS_RDONLY, NULL);
	/* With the directory on it, nothing has to be written. */
	expect_well_now(&pod, member);
}

#define RUN_FULL "fix: free memory and inodes of the tmpfs on /run"

/* From none but that of the directory itself, to as many as it takes. */
static void run_without_enough_inodes(void **state)
{
	unsigned int refused = 0;

	(void)state;
	for (int inodes = 1;; inodes++) {
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *member;
		char options[64];

		assert_int_in_range(inodes, 1, 20);
		assert_int_equal(ns_sandbox_reset(), 0);
		begin(&pod);
		snprintf(options, sizeof(options), "nr_inodes=%d,mode=0755", inodes);
		put_tmpfs(FAKE_POD_RECORDS, options);
		member = fake_pod_provider(&pod, "zurg");
		if (fake_member_hook(member, "prestart") == EXIT_DONE)
			break;
		refused++;
		expect_refused(member, FAKE_POD_RECORDS "/", "No space left on device", RUN_FULL);
		remount(FAKE_POD_RECORDS, 0, "nr_inodes=64");
		expect_well_now(&pod, member);
	}
	/* Three directories, a lock, the pod's directory, its record. */
	assert_int_in_range(refused, 6, 10);
}

static void run_without_a_byte_left(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *record = NULL, *said = NULL;
	struct fake_member *member;

	(void)state;
	begin(&pod);
	record = fake_pod_record_path(&pod);
	put_tmpfs(FAKE_POD_RECORDS, "size=64k,mode=0755");
	take_bytes(FAKE_POD_RECORDS);
	member = fake_pod_provider(&pod, "zurg");
	expect_refused(member, record, "No space left on device", RUN_FULL);
	said = fake_member_output(member);
	assert_int_equal(count(said, record), 1);
	remount(FAKE_POD_RECORDS, 0, "size=1m");
	expect_well_now(&pod, member);
}

/* A pod that runs keeps its record, and poststop cannot write either. */
static void run_fills_up_later(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *before = NULL, *after = NULL;
	struct fake_member *provider, *consumer;

	(void)state;
	begin(&pod);
	put_tmpfs(FAKE_POD_RECORDS, "size=64k,mode=0755");
	provider = fake_pod_provider(&pod, "zurg");
	fake_member_expect(provider, "prestart", EXIT_DONE);
	before = fake_pod_record_text(&pod);
	take_bytes(FAKE_POD_RECORDS);
	consumer = fake_pod_consumer(&pod, "plex");
	expect_refused(consumer, FAKE_POD_RECORDS "/pods/", "No space left on device", RUN_FULL);
	after = fake_pod_record_text(&pod);
	assert_string_equal(after, before);
	fake_member_stop(consumer);
	fake_member_remove(provider);
	remount(FAKE_POD_RECORDS, 0, "size=1m");
	expect_well_now(&pod, provider);
}

#define RUN_READ_ONLY "fix: mount /run read-write"

static void a_read_only_run(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *member;

	(void)state;
	begin(&pod);
	put_tmpfs(FAKE_POD_RECORDS, "mode=0755");
	remount(FAKE_POD_RECORDS, MS_RDONLY, NULL);
	member = fake_pod_provider(&pod, "zurg");
	expect_refused(member, FAKE_POD_RECORDS "/pods", "Read-only file system", RUN_READ_ONLY);
	remount(FAKE_POD_RECORDS, 0, NULL);
	expect_well_now(&pod, member);
}

static void run_becomes_read_only_later(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *said = NULL;
	struct fake_member *provider, *consumer;

	(void)state;
	begin(&pod);
	put_tmpfs(FAKE_POD_RECORDS, "mode=0755");
	provider = fake_pod_provider(&pod, "zurg");
	fake_member_expect(provider, "prestart", EXIT_DONE);
	remount(FAKE_POD_RECORDS, MS_RDONLY, NULL);
	consumer = fake_pod_consumer(&pod, "plex");
	expect_refused(
		consumer, FAKE_POD_RECORDS "/locks/", "Read-only file system", RUN_READ_ONLY);
	fake_member_stop(consumer);
	/* It never fails, and says why it did nothing. */
	fake_member_remove(provider);
	fake_member_expect_said(provider, "failed [host-io]");
	fake_member_expect_said(provider, RUN_READ_ONLY);
	assert_int_equal(fake_pod_command("reconcile", NULL, &said), EXIT_HOST_IO);
	assert_non_null(strstr(said, RUN_READ_ONLY));
	remount(FAKE_POD_RECORDS, 0, NULL);
	expect_well_now(&pod, provider);
}

#define MANY NS_SANDBOX_DIR "/many"
/* A hundred thousand are read in a stage's time. */
#define PATIENCE_FOR_MOUNTS 10

/* All that there is at `from`, at a new directory as well. */
static bool copy_mounts(const char *from, int number)
{
	char to[64];

	snprintf(to, sizeof(to), MANY "/%d", number);
	assert_int_equal(mkdir(to, 0755), 0);
	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0)
		return true;
	assert_int_equal(errno, ENOSPC);
	return false;
}

/* Mounts of this namespace until it has as many as it may (fs.mount-max): twice as many each time,
 * until that does not fit, then half of it, and so on to a single one. */
static void take_mounts(void)
{
	int n = 0, last;

	put_tmpfs(MANY, NULL);
	while (copy_mounts(MANY, n))
		n++;
	last = n;
	for (int i = last - 1; i >= 0; i--) {
		char from[64];

		snprintf(from, sizeof(from), MANY "/%d", i);
		while (copy_mounts(from, ++n))
			;
	}
}

static void a_namespace_with_as_many_mounts_as_it_may_have(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *member;

	(void)state;
	if (patience() > PATIENCE_FOR_MOUNTS) {
		print_message("SKIP: this machine is too slow for as many mounts\n");
		skip();
	}
	begin(&pod);
	member = fake_pod_provider(&pod, "zurg");
	take_mounts();
	expect_refused(member, pod.volume, "the node has too many mounts",
		"fix: unmount what is not needed, or raise fs.mount-max");
	assert_int_equal(umount2(MANY, MNT_DETACH), 0);
	expect_well_now(&pod, member);
}

#define PATHS 64

/* One provider of as many paths as a pod may have: each has several entries in the journal. */
static struct fake_member *begin_large(struct fake_pod *pod)
{
	char mounts[4096] = MOUNTS;
	size_t length = strlen(mounts);

	for (int i = 1; i < PATHS; i++)
		length += (size_t)snprintf(
			mounts + length, sizeof(mounts) - length, ",rclone-zurg=/mnt/media/%d", i);
	fake_pod_init(pod, FAKE_POD_UID, mounts);
	return fake_pod_provider(pod, "zurg");
}

/* Everything is said, then, and the stage's time is not waited away entry by entry. */
static void a_journal_that_hangs_refuses_nobody(void **state)
{
	cleanup_close int journal = fake_journal_open();
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *said = NULL;
	struct fake_member *member;

	(void)state;
	assert_true(journal >= 0);
	assert_int_equal(fake_journal_fill(), 0);
	member = begin_large(&pod);
	fake_member_expect(member, "prestart", EXIT_DONE);
	said = fake_member_output(member);
	assert_int_equal(count(said, "created directory /mnt/media/"), PATHS);
	assert_int_equal(count(said, "will reach the host"), PATHS);
	assert_int_equal(count(said, "recorded as provider"), 1);
	fake_member_remove(member);
}

/* Someone sends and sends, for as long as this process lives. */
static int flood(void *data)
{
	(void)data;
	for (;;) {
		if (fake_journal_fill() < 0)
			return 1;
	}
}

/* Reads more slowly than others write, up to LAST_ENTRY, and counts what the hook has proven into
 * a pipe. */
#define LAST_ENTRY "LAST"

struct reader {
	int journal, counts[2];
};

static int read_on(void *data)
{
	const struct reader *reader = data;

	for (;;) {
		cleanup_fake_entry struct fake_entry entry = {0};
		int r = fake_journal_next(reader->journal, &entry);
		const char *action;

		usleep(1000);
		if (r == -EAGAIN)
			continue;
		if (r < 0)
			return 1;
		if (fake_entry_get(&entry, LAST_ENTRY))
			return 0;
		action = fake_entry_get(&entry, "FUSE_SIDECAR_ACTION");
		if (action && strcmp(action, "propagation-verified") == 0 &&
			write(reader->counts[1], "x", 1) != 1)
			return 1;
	}
}

static unsigned int count_read(int fd)
{
	char buffer[4096];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	return n < 0 ? 0 : (unsigned int)n;
}

/* What the hook has proven, one entry for each path, is in the journal or was said. */
static void a_journal_that_is_flooded_loses_nothing_unsaid(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *said = NULL;
	struct reader reader = {.journal = fake_journal_open()};
	struct fake_member *member;
	pid_t flooding, reading;
	unsigned int sent, told;

	(void)state;
	assert_true(reader.journal >= 0);
	assert_int_equal(pipe2(reader.counts, O_CLOEXEC | O_NONBLOCK), 0);
	member = begin_large(&pod);
	flooding = child_start(flood, NULL);
	reading = child_start(read_on, &reader);
	fake_member_expect(member, "prestart", EXIT_DONE);
	said = fake_member_output(member);
	kill(flooding, SIGKILL);
	assert_int_equal(child_wait(flooding), 128 + SIGKILL);
	assert_int_equal(fake_journal_send(LAST_ENTRY "=yes\n"), 0);
	assert_int_equal(child_wait(reading), 0);
	sent = count_read(reader.counts[0]);
	told = count(said, "will reach the host");
	print_message("%u entries in the journal, %u said\n", sent, told);
	assert_int_equal(sent + told, PATHS);
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), EXIT_DONE);
	close(reader.counts[0]);
	close(reader.counts[1]);
	close(reader.journal);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(a_volume_without_an_inode_left),
		TEST(a_volume_without_a_byte_left_has_its_directories_made),
		TEST(a_read_only_volume),
		TEST(run_without_enough_inodes),
		TEST(run_without_a_byte_left),
		TEST(run_fills_up_later),
		TEST(a_read_only_run),
		TEST(run_becomes_read_only_later),
		TEST(a_namespace_with_as_many_mounts_as_it_may_have),
		TEST(a_journal_that_hangs_refuses_nobody),
		TEST(a_journal_that_is_flooded_loses_nothing_unsaid),
	};
#undef TEST

	return cmocka_run_group_tests_name("trouble", tests, ns_sandbox_setup_group, NULL);
}
