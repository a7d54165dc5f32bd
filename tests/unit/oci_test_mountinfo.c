/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/spec/mountinfo.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <string.h>

#define LINE "36 35 98:0 /a /mnt rw - ext3 src rw\n"

static int parse(const char *text, struct mount_table *ret, struct error *err)
{
	/* fmemopen(3) takes no constant, and reads only. */
	cleanup_free char *copy = strdup(text);
	cleanup_file FILE *stream = fmemopen(copy, strlen(copy) + (*copy ? 0 : 1), "r");

	assert_non_null(stream);
	if (!*copy)
		assert_int_equal(fgetc(stream), 0);
	return mountinfo_read_stream(stream, "table", ret, err);
}

static void parse_good(const char *text, struct mount_table *ret)
{
	cleanup_error struct error err = {0};

	if (parse(text, ret, &err) < 0)
		fail_msg("%s: %s", text, error_message(&err));
}

static void every_field_is_read(void **state)
{
	cleanup_mount_table struct mount_table table = {0};
	const struct mount_entry *entry;

	(void)state;
	parse_good("36 35 98:7 /mnt1 /mnt2 rw,noatime master:1 shared:2 propagate_from:3 - "
		   "fuse.rclone zurg: rw,user_id=0\n",
		&table);
	assert_int_equal(table.n, 1);
	entry = &table.entries[0];
	assert_int_equal(entry->id, 36);
	assert_int_equal(entry->parent, 35);
	assert_int_equal(entry->major, 98);
	assert_int_equal(entry->minor, 7);
	assert_string_equal(entry->root, "/mnt1");
	assert_string_equal(entry->target, "/mnt2");
	assert_string_equal(entry->vfs_options, "rw,noatime");
	assert_int_equal(entry->fuse_user, 0);
	assert_int_equal(entry->fuse_group, -1);
	assert_string_equal(entry->fstype, "fuse.rclone");
	assert_int_equal(entry->master, 1);
	assert_int_equal(entry->shared, 2);
	assert_int_equal(entry->propagate_from, 3);
	assert_false(entry->unbindable);
}

static void optional_fields_are_compared_whole(void **state)
{
	static const struct {
		const char *fields;
		int shared, master, from;
		bool unbindable;
	} cases[] = {
		{"", 0, 0, 0, false},
		{"shared:5 ", 5, 0, 0, false},
		{"unbindable ", 0, 0, 0, true},
		{"unbindables xshared:1 master shared ", 0, 0, 0, false},
		{"new:1 shared:2147483647 other ", 2147483647, 0, 0, false},
		{"master:7 propagate_from:2 ", 0, 7, 2, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_mount_table struct mount_table table = {0};
		cleanup_free char *line = NULL;

		assert_true(asprintf(&line, "36 35 98:0 /a /mnt rw %s- ext3 src rw\n",
				    cases[i].fields) > 0);
		parse_good(line, &table);
		assert_int_equal(table.entries[0].shared, cases[i].shared);
		assert_int_equal(table.entries[0].master, cases[i].master);
		assert_int_equal(table.entries[0].propagate_from, cases[i].from);
		assert_int_equal(table.entries[0].unbindable, cases[i].unbindable);
	}
}

static void names_are_decoded_and_otherwise_left_alone(void **state)
{
	static const struct {
		const char *written, *target;
	} cases[] = {
		{"/a\\040b", "/a b"},
		{"/a\\011\\012\\134", "/a\t\n\\"},
		{"/\xff\xfe", "/\xff\xfe"},
		{"/caf\xc3\xa9", "/caf\xc3\xa9"},
		{"/-", "/-"},
		{"/no/such/../dir", "/no/such/../dir"},
		{"/a\\043b", "/a#b"},
		{"/x\\040(deleted)", "/x (deleted)"},
		{"/x//deleted", "/x//deleted"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_mount_table struct mount_table table = {0};
		cleanup_free char *line = NULL;

		assert_true(asprintf(&line, "36 35 98:0 %s %s rw - ext3 %s rw\n", cases[i].written,
				    cases[i].written, cases[i].written) > 0);
		parse_good(line, &table);
		assert_string_equal(table.entries[0].target, cases[i].target);
		assert_string_equal(table.entries[0].root, cases[i].target);
	}
}

static void types_become_one_line_of_utf8(void **state)
{
	static const struct {
		const char *written, *type;
	} cases[] = {
		{"fuse.\xff", "fuse.\\xff"},
		{"fuse.\033[2Ja", "fuse.\\x1b[2Ja"},
		{"fuse.a\\012b", "fuse.a\\nb"},
		{"fuse.caf\xc3\xa9", "fuse.caf\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_mount_table struct mount_table table = {0};
		cleanup_free char *line = NULL;

		assert_true(asprintf(&line, "36 35 98:0 / /mnt rw - %s src rw\n",
				    cases[i].written) > 0);
		parse_good(line, &table);
		assert_string_equal(table.entries[0].fstype, cases[i].type);
	}
}

static void a_source_may_be_empty_and_a_root_no_path(void **state)
{
	cleanup_mount_table struct mount_table table = {0};

	(void)state;
	parse_good("36 35 0:4 net:[4026532179] /run/netns/x rw - nsfs  rw\n", &table);
	assert_string_equal(table.entries[0].root, "net:[4026532179]");
}

static void entries_keep_the_order_of_the_file(void **state)
{
	cleanup_mount_table struct mount_table table = {0};

	(void)state;
	parse_good("9 1 0:1 / / rw - a b rw\n3 9 0:2 / /x rw - a b rw\n7 3 0:3 / /x rw - a b rw",
		&table);
	assert_int_equal(table.n, 3);
	assert_int_equal(table.entries[0].id, 9);
	assert_int_equal(table.entries[1].id, 3);
	assert_int_equal(table.entries[2].id, 7);
}

static void an_empty_table_has_no_entries(void **state)
{
	cleanup_mount_table struct mount_table table = {0};

	(void)state;
	parse_good("", &table);
	assert_int_equal(table.n, 0);
}

static void broken_lines_are_errors_with_their_number(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{LINE LINE "garbage\n" LINE, "line 3 "},
		{LINE "36 35 98 /a /mnt rw - ext3 src rw\n", "line 2 "},
		{LINE "36 35 98:0 /a /mnt rw ext3 src rw\n", "line 2 "},
		{LINE "36 35 98:0 /a /mnt rw -\n", "line 2 "},
		{LINE "36 35 98:0 /a /mnt rw - ext3 src\n", "line 2 "},
		{LINE "36 35\n", "line 2 "},
		{LINE "36 35 98:0 /a", "line 2 "},
		{"garbage\n" LINE, "line 1 "},
		{"/dev/sda1 /boot ext4 defaults 0 2\n", "table: "},
		{LINE "-1 35 98:0 /a /mnt rw - ext3 src rw\n", "mount id -1: "},
		{LINE "37 -9 98:0 /a /mnt rw - ext3 src rw\n", "mount id 37: "},
		{"36 35 98:0 /a mnt rw - ext3 src rw\n", "mount id 36: "},
		{"36 35 98:0 /a /m rw shared:x - a b rw\n", "mount id 36: "},
		{"36 35 98:0 /a /m rw shared: - a b rw\n", "mount id 36: "},
		{"36 35 98:0 /a /m rw master:0 - a b rw\n", "mount id 36: "},
		{"36 35 98:0 /a /m rw master:-1 - a b rw\n", "mount id 36: "},
		{"36 35 98:0 /a /m rw shared:99999999999 - a b rw\n", "mount id 36: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mount_table untouched = {.n = 77};
		cleanup_error struct error err = {0};

		if (parse(cases[i].text, &untouched, &err) != -EINVAL)
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.code, FINDING_HOST_IO);
		assert_int_equal(untouched.n, 77);
		if (!strstr(err.message, cases[i].message))
			fail_msg("\"%s\" lacks \"%s\"", err.message, cases[i].message);
		assert_string_equal(err.subject, "table");
	}
}

static void this_process_own_table_is_read(void **state)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_error struct error err = {0};
	bool root = false;

	(void)state;
	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &table, &err), 0);
	for (size_t i = 0; i < table.n; i++)
		root = root || strcmp(table.entries[i].target, "/") == 0;
	assert_true(root);
}

static void what_is_no_regular_file_is_refused(void **state)
{
	struct mount_table untouched = {0};
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(mountinfo_read("/no/such/file", &untouched, &err), -ENOENT);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_non_null(strstr(err.message, "/no/such/file"));
	assert_int_equal(mountinfo_read("/proc", &untouched, &err), -EINVAL);
	assert_non_null(strstr(err.message, "not a regular file"));
	assert_int_equal(mountinfo_read("/dev/null", &untouched, &err), -EINVAL);
}

/* A busy node's table has some thousand lines. */
static void large_tables_are_read_whole(void **state)
{
	cleanup_free char *text = fixture_repeat("", LINE, 10000, "");
	cleanup_mount_table struct mount_table table = {0};

	(void)state;
	parse_good(text, &table);
	assert_int_equal(table.n, 10000);
}

static void clear_accepts_null_and_twice(void **state)
{
	struct mount_table table = {0};

	(void)state;
	mount_table_clear(NULL);
	parse_good(LINE, &table);
	mount_table_clear(&table);
	mount_table_clear(&table);
	assert_int_equal(table.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(optional_fields_are_compared_whole),
		cmocka_unit_test(names_are_decoded_and_otherwise_left_alone),
		cmocka_unit_test(types_become_one_line_of_utf8),
		cmocka_unit_test(a_source_may_be_empty_and_a_root_no_path),
		cmocka_unit_test(entries_keep_the_order_of_the_file),
		cmocka_unit_test(an_empty_table_has_no_entries),
		cmocka_unit_test(broken_lines_are_errors_with_their_number),
		cmocka_unit_test(this_process_own_table_is_read),
		cmocka_unit_test(what_is_no_regular_file_is_refused),
		cmocka_unit_test(large_tables_are_read_whole),
		cmocka_unit_test(clear_accepts_null_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
