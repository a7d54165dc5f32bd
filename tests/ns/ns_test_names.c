/* SPDX-License-Identifier: Apache-2.0 */
/* Paths that others have named: what the kernel writes about them in octal, what cannot be said in
 * UTF-8, what would drive a terminal or begin another line, and what is as long as paths can be. */
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/text.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define NAME_255                                                                                   \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"    \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"    \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* U+202E, after which a terminal writes from right to left. */
static const char turned[] = {(char)0xe2, (char)0x80, (char)0xae, 't', 'u', 'r', 'n', '\0'};

/* What a directory may be called. */
static const char *const names[] = {
	"two words",
	"a\ttab",
	"two\nlines",
	"back\\slash",
	"the literal \\040",
	"a \\012 and a \n",
	"#no comment",
	"\"quoted\" 'twice'",
	"\xc3\xa4\xc3\xb6\xc3\xbc \xe6\x98\xa0\xe7\x94\xbb",
	"\x1b[31mred\x1b[0m \x07",
	turned,
	" - tmpfs x rw",
	"0 0 shared:1",
	NAME_255,
};

/* These are no UTF-8: no JSON names them, but mount tables do. */
static const char *const bytes[] = {"\xff\xfe", "latin \xe4", "cut \xe2\x82", "\xc0\xaf"};

/* A mount on a directory of that name; its path is the caller's. */
static char *mount_on(const char *parent, const char *name)
{
	char *path = path_join(parent, name);

	assert_non_null(path);
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	assert_int_equal(mount("a \\040 source\n", path, "tmpfs", 0, NULL), 0);
	return path;
}

static bool table_has(const char *table_path, const char *path)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_error struct error err = {0};

	if (mountinfo_read(table_path, &table, &err) < 0)
		fail_msg("%s", error_message(&err));
	return mounts_at(&table, path) != NULL;
}

static void expect_in_own_table(const char *name)
{
	cleanup_free char *path = mount_on(NS_SANDBOX_DIR, name);

	if (!table_has("/proc/self/mountinfo", path))
		fail_msg("not in the table: %s", path);
	assert_int_equal(umount(path), 0);
}

static void mounts_on_every_name_are_found_on_the_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		expect_in_own_table(names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		expect_in_own_table(bytes[i]);
}

static void expect_in_container(const char *name)
{
	static unsigned int n;
	cleanup_free char *destination = path_join("/mnt", name);
	char root[64], table[64], target[512];
	struct fake_bind bind = {
		.source = "/run", .destination = destination, .propagation = MS_SLAVE};
	struct fake_container container = {0};

	snprintf(root, sizeof(root), NS_SANDBOX_DIR "/root-%u", n++);
	snprintf(target, sizeof(target), "%s%s", root, destination);
	assert_int_equal(ns_sandbox_mkdirs(root), 0);
	assert_int_equal(fake_container_start(root, &bind, 1, &container), 0);
	snprintf(table, sizeof(table), "/proc/%d/mountinfo", (int)container.pid);
	if (!table_has(table, target))
		fail_msg("not in the container's table: %s", target);
	fake_container_stop(&container);
}

static void mounts_on_every_name_are_found_in_a_container(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		expect_in_container(names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		expect_in_container(bytes[i]);
}

/* Each line is the hook's own, and nothing in it moves a cursor. */
static void expect_plain_lines(const char *said)
{
	for (const char *line = said; *line;) {
		size_t length = strcspn(line, "\n");

		if (strncmp(line, "fuse-sidecar-hook: ", 19) != 0)
			fail_msg("a line of its own: %.*s", (int)length, line);
		for (size_t i = 0; i < length; i++) {
			if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
				fail_msg("a control character: %.*s", (int)length, line);
		}
		line += length + (line[length] == '\n');
	}
}

/* Where each entry of the journal has what the hook says, and no field more than it names. */
static void expect_plain_entries(int journal)
{
	for (;;) {
		cleanup_fake_entry struct fake_entry entry = {0};

		if (fake_journal_next(journal, &entry) < 0)
			return;
		for (size_t i = 0; i < entry.n; i++) {
			const char *field = entry.fields[i];

			if (strncmp(field, "FUSE_SIDECAR_", 13) != 0 &&
				strncmp(field, "MESSAGE", 7) != 0 &&
				strncmp(field, "PRIORITY=", 9) != 0 &&
				strncmp(field, "SYSLOG_IDENTIFIER=", 18) != 0 &&
				strncmp(field, "CONTAINER_ID_FULL=", 18) != 0 &&
				strncmp(field, "CODE_", 5) != 0)
				fail_msg("a forged field: %s", field);
			if (strpbrk(field, "\n\x1b\x07\t"))
				fail_msg("a control character: %s", field);
		}
	}
}

/* A pod whose volume has that name. */
static void run_pod_on(const char *name)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *source =
		path_join("/var/lib/kubelet/pods/" FAKE_POD_UID "/volumes", name);
	cleanup_free char *zurg = NULL, *said = NULL;
	cleanup_close int journal = -EBADF;
	struct fake_member *member;
	const char *recorded;
	struct stat st;

	assert_int_equal(ns_sandbox_mkdirs(source), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	member = fake_pod_add(&pod,
		&(struct fake_role){
			.name = "rclone-zurg", .provides = "/mnt/media/zurg", .source = source});
	fake_member_expect(member, "prestart", 0);
	zurg = path_join(source, "zurg");
	assert_int_equal(stat(zurg, &st), 0);
	recorded = fake_pod_recorded(&pod, "/fusePaths/0/hostPath");
	assert_non_null(recorded);
	assert_string_equal(recorded, zurg);
	assert_int_equal(fuse_daemon_leave_dead(zurg), 0);
	fake_member_expect(member, "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(zurg), 0);
	said = fake_member_output(member);
	expect_plain_lines(said);
	journal = fake_journal_open();
	assert_true(journal >= 0);
	fake_member_expect(member, "prestart", 0);
	expect_plain_entries(journal);
	fake_member_remove(member);
	expect_plain_entries(journal);
	assert_int_equal(ns_sandbox_mounts_on(source), 0);
}

static void a_volume_of_every_printable_name_is_served_recorded_and_healed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (text_has_control(names[i]))
			continue;
		assert_int_equal(ns_sandbox_reset(), 0);
		run_pod_on(names[i]);
	}
}

static void refuse_pod_on(const char *name)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *source =
		path_join("/var/lib/kubelet/pods/" FAKE_POD_UID "/volumes", name);
	cleanup_free char *zurg = path_join(source, "zurg"), *said = NULL;
	struct fake_member *member;

	assert_int_equal(ns_sandbox_mkdirs(source), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	member = fake_pod_add(&pod,
		&(struct fake_role){
			.name = "rclone-zurg", .provides = "/mnt/media/zurg", .source = source});
	fake_member_expect(member, "prestart", 18);
	fake_member_expect_said(member, "control characters");
	said = fake_member_output(member);
	expect_plain_lines(said);
	assert_int_equal(access(zurg, F_OK), -1);
	fake_member_remove(member);
}

static void a_volume_whose_name_has_control_characters_is_refused_in_plain_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!text_has_control(names[i]))
			continue;
		assert_int_equal(ns_sandbox_reset(), 0);
		refuse_pod_on(names[i]);
	}
}

/* What another user of the volume has called a directory reaches a terminal only in a harmless
 * form. */
static void what_status_and_reconcile_print_is_plain(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	for (size_t i = 0; i < ARRAY_SIZE(bytes) + ARRAY_SIZE(names); i++) {
		const char *name = i < ARRAY_SIZE(bytes) ? bytes[i] : names[i - ARRAY_SIZE(bytes)];
		cleanup_free char *path = fake_pod_path(&pod, name);

		assert_int_equal(ns_sandbox_mkdirs(path), 0);
		assert_int_equal(fuse_daemon_leave_dead(path), 0);
	}
	fake_member_stop(zurg);
	for (int i = 0; i < 2; i++) {
		cleanup_free char *said = NULL;

		assert_int_equal(
			fake_pod_command(i ? "reconcile" : "status", i ? "--dry-run" : NULL, &said),
			0);
		for (const char *c = said; *c; c++) {
			if (*c != '\n' && ((unsigned char)*c < 0x20 || *c == 0x7f))
				fail_msg("a control character: %s", said);
		}
		assert_null(strstr(said, turned));
		assert_null(strstr(said, "\nlines"));
	}
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), 0);
}

/* Mounts of others, which the hook only reads. */
static void mounts_that_are_no_utf8_disturb_nobody(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		free(mount_on(NS_SANDBOX_DIR, bytes[i]));
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	fake_member_remove(zurg);
}

/* Deeper than a path can be long: only descriptors lead there. */
static void a_mount_deeper_than_path_max_is_read(void **state)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_error struct error err = {0};
	cleanup_close int at = open(NS_SANDBOX_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char link[64];
	size_t longest = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		int next;

		assert_int_equal(mkdirat(at, NAME_255, 0755), 0);
		next = openat(at, NAME_255, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(at);
		at = next;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
	assert_int_equal(mount("deep", link, "tmpfs", 0, NULL), 0);
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &table, &err), 0);
	for (size_t i = 0; i < table.n; i++) {
		size_t length = strlen(table.entries[i].target);

		longest = length > longest ? length : longest;
	}
	assert_true(longest > (size_t)20 * 255);
	close(move_fd(&at));
	assert_int_equal(umount2(link, MNT_DETACH), -1);
}

/* "/mnt/media/xxx…/…", so that its host path has `length` bytes. */
static void long_path(const struct fake_pod *pod, size_t length, char *buffer, size_t size)
{
	size_t rest = length - strlen(pod->volume), n;

	n = (size_t)snprintf(buffer, size, FAKE_POD_MEDIA);
	while (rest > 0) {
		size_t part = rest > 256 ? 256 : rest;

		/* No component of nothing at the end. */
		if (rest - part == 1)
			part--;
		n += (size_t)snprintf(buffer + n, size - n, "/%.*s", (int)part - 1, NAME_255);
		rest -= part;
	}
}

/* `expected` is the exit code of a provider whose path has that length on the host. */
static void run_long(size_t length, int expected)
{
	char mounts[2 * PATH_MAX + 8], path[2 * PATH_MAX];
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;
	cleanup_free char *said = NULL;
	int status;

	fake_pod_init(&pod, FAKE_POD_UID, "");
	long_path(&pod, length, path, sizeof(path));
	snprintf(mounts, sizeof(mounts), "zurg=%s", path);
	fake_pod_annotate(&pod, "fuse-sidecar.io/mounts", mounts);
	zurg = fake_pod_add(&pod, &(struct fake_role){.name = "zurg", .provides = path});
	status = fake_member_hook(zurg, "prestart");
	said = fake_member_output(zurg);
	if (status != expected)
		fail_msg("%zu bytes: exit %d, expected %d: %s", length, status, expected, said);
	expect_plain_lines(said);
	fake_member_remove(zurg);
}

static void paths_up_to_path_max_are_served_and_longer_ones_refused(void **state)
{
	static const struct {
		size_t length;
		int exit;
	} cases[] = {{1000, 0}, {PATH_MAX - 256, 0}, {PATH_MAX - 1, 0}, {PATH_MAX, 10},
		{PATH_MAX + 50, 10}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(ns_sandbox_reset(), 0);
		run_long(cases[i].length, cases[i].exit);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(mounts_on_every_name_are_found_on_the_host),
		TEST(mounts_on_every_name_are_found_in_a_container),
		TEST(a_volume_of_every_printable_name_is_served_recorded_and_healed),
		TEST(a_volume_whose_name_has_control_characters_is_refused_in_plain_words),
		TEST(what_status_and_reconcile_print_is_plain),
		TEST(mounts_that_are_no_utf8_disturb_nobody),
		TEST(a_mount_deeper_than_path_max_is_read),
		TEST(paths_up_to_path_max_are_served_and_longer_ones_refused),
	};
#undef TEST

	return cmocka_run_group_tests_name("names", tests, ns_sandbox_setup_group, NULL);
}
