/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts asked for one by one are those of the table as text: the same entries to the byte, and the
 * same answers about every path. Over random trees of mounts, in this namespace and in others.
 *
 * MOUNTS_COUNT (20) trees, from MOUNTS_SEED on (make check-mounts). Each tree's seed is named where
 * it fails.
 */
#include "hook/mount/mnttab_query.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/statmount.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define TREE NS_SANDBOX_DIR "/tree"
#define OTHERS 2 /* further mount namespaces of a tree */

/* Numbers that a seed repeats (xorshift64). */
struct chance {
	uint64_t state;
};

static unsigned int draw(struct chance *chance, unsigned int below)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return (unsigned int)(chance->state % below);
}

struct tree {
	struct chance chance;
	uint64_t seed;
	struct strv paths; /* directories that were made, and where more might be */
	pid_t others[OTHERS];
};

static void tree_clear(struct tree *tree)
{
	for (size_t i = 0; i < OTHERS; i++) {
		if (tree->others[i] > 0) {
			kill(tree->others[i], SIGKILL);
			child_wait(tree->others[i]);
		}
	}
	strv_clear(&tree->paths);
}

#define cleanup_tree __attribute__((cleanup(tree_clear)))

static const char *pick(struct tree *tree)
{
	return tree->paths.items[draw(&tree->chance, (unsigned int)tree->paths.n)];
}

static void add_directory(struct tree *tree)
{
	static const char *const names[] = {
		"a",
		"b",
		"ab",
		"a b",
		" ",
		"new\nline",
		"tab\there",
		"\\040",
		"\\",
		"back\\slash",
		"\xc3\xa4\xe2\x82\xac",
		"\xff\xfe",
		"#",
		"(deleted)",
		&"x//y"[1],
		"\x01",
		"\"quoted\"",
		"a,b=c",
	};
	const char *name = names[draw(&tree->chance, ARRAY_SIZE(names))];
	cleanup_free char *path = path_join(pick(tree), name + (*name == '/'));

	assert_non_null(path);
	if (strlen(path) > 1500)
		return;
	/* Under a symbolic link, in a directory that is hidden by now, read-only: then it is not
	 * there. */
	mkdir(path, 0755);
	if (!strv_contains(&tree->paths, path))
		assert_int_equal(strv_add(&tree->paths, path), 0);
}

static void add_link(struct tree *tree)
{
	cleanup_free char *path = path_join(pick(tree), "link");

	assert_non_null(path);
	if (symlink(pick(tree), path) == 0)
		assert_int_equal(strv_add(&tree->paths, path), 0);
}

static void mount_new(struct tree *tree)
{
	static const unsigned long flags[] = {0, MS_RDONLY, MS_NOSUID | MS_NODEV | MS_NOEXEC,
		MS_NOATIME, MS_NODIRATIME | MS_STRICTATIME, MS_RELATIME, 256 /* nosymfollow */};

	mount("source of it", pick(tree), "tmpfs", flags[draw(&tree->chance, ARRAY_SIZE(flags))],
		"size=1m");
}

static void bind(struct tree *tree)
{
	static const unsigned long flags[] = {MS_BIND, MS_BIND, MS_BIND | MS_REC};
	const char *from = pick(tree);

	mount(from, pick(tree), NULL, flags[draw(&tree->chance, ARRAY_SIZE(flags))], NULL);
}

static void bind_on_itself(struct tree *tree)
{
	const char *path = pick(tree);

	mount(path, path, NULL, MS_BIND, NULL);
}

static void set_propagation(struct tree *tree)
{
	static const unsigned long flags[] = {
		MS_SHARED, MS_SHARED, MS_SHARED, MS_SLAVE, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE};
	unsigned long recursive = draw(&tree->chance, 3) == 0 ? MS_REC : 0;

	mount(NULL, pick(tree), NULL, flags[draw(&tree->chance, ARRAY_SIZE(flags))] | recursive,
		NULL);
}

static void move(struct tree *tree)
{
	const char *from = pick(tree);

	mount(from, pick(tree), NULL, MS_MOVE, NULL);
}

static void unmount(struct tree *tree)
{
	umount2(pick(tree), MNT_DETACH | UMOUNT_NOFOLLOW);
}

static void remove_directory(struct tree *tree)
{
	rmdir(pick(tree));
}

/* A process in a namespace of its own, which changes the tree there. */
static int live_elsewhere(void *data)
{
	struct tree *tree = data;
	unsigned int n = draw(&tree->chance, 10);

	if (unshare(CLONE_NEWNS) < 0)
		return 1;
	if (draw(&tree->chance, 2))
		mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	while (n-- > 0) {
		bind(tree);
		set_propagation(tree);
	}
	kill(getpid(), SIGSTOP);
	pause();
	return 0;
}

static void fork_namespace(struct tree *tree)
{
	size_t i = 0;
	int status;

	while (i < OTHERS && tree->others[i] > 0)
		i++;
	if (i == OTHERS)
		return;
	tree->others[i] = child_start(live_elsewhere, tree);
	assert_true(tree->others[i] > 0);
	assert_int_equal(waitpid(tree->others[i], &status, WUNTRACED), tree->others[i]);
	assert_true(WIFSTOPPED(status));
}

static void grow(struct tree *tree)
{
	static void (*const acts[])(struct tree *) = {
		add_directory,
		add_directory,
		add_directory,
		add_directory,
		add_directory,
		add_link,
		mount_new,
		mount_new,
		bind,
		bind,
		bind,
		bind_on_itself,
		set_propagation,
		set_propagation,
		set_propagation,
		move,
		unmount,
		remove_directory,
		fork_namespace,
	};
	unsigned int n = 20 + draw(&tree->chance, 80);

	while (n-- > 0)
		acts[draw(&tree->chance, ARRAY_SIZE(acts))](tree);
}

/* ---- what is compared
 * ---------------------------------------------------------------------------- */

/* Everything that an entry holds. */
static char *serialise(const struct mount_entry *entry)
{
	char *text = NULL;

	if (!entry)
		return strdup("no mount");
	if (asprintf(&text,
		    "id %d parent %d device %u:%u root '%s' target '%s' options '%s' type '%s' "
		    "user %ld group %ld shared %d master %d from %d%s",
		    entry->id, entry->parent, entry->major, entry->minor, entry->root,
		    entry->target, entry->vfs_options, entry->fstype, entry->fuse_user,
		    entry->fuse_group, entry->shared, entry->master, entry->propagate_from,
		    entry->unbindable ? " unbindable" : "") < 0)
		return NULL;
	return text;
}

static void expect_same(const struct mount_entry *asked, const struct mount_entry *read,
	const char *what, const char *path, uint64_t seed)
{
	cleanup_free char *a = serialise(asked), *b = serialise(read);

	assert_non_null(a);
	assert_non_null(b);
	if (strcmp(a, b) != 0)
		fail_msg("seed %llu: %s of '%s'\nasked: %s\ntext:  %s", (unsigned long long)seed,
			what, path, a, b);
}

static void compare_path(const struct mount_table *asked, const struct mount_table *text,
	const char *path, uint64_t seed)
{
	const struct mount_entry *at = mounts_at(asked, path);

	expect_same(mounts_cover(asked, path), mounts_cover(text, path), "cover", path, seed);
	expect_same(mounts_carrier(asked, path), mounts_carrier(text, path), "carrier", path, seed);
	expect_same(at, mounts_at(text, path), "mount at", path, seed);
	if (at && mounts_is_self_bind(asked, at) != mounts_is_self_bind(text, at))
		fail_msg("seed %llu: self bind at '%s'", (unsigned long long)seed, path);
}

/* Each path and each above it: what a walk to a path needs, a walk to a shorter one needs too. */
static void compare_upwards(const struct mount_table *asked, const struct mount_table *text,
	const char *path, uint64_t seed)
{
	cleanup_free char *at = strdup(path);

	while (strlen(at) > 1) {
		char *above;

		compare_path(asked, text, at, seed);
		above = path_parent(at);
		free(at);
		at = above;
	}
	compare_path(asked, text, "/", seed);
}

static void compare_tables(const struct mount_table *asked, const struct mount_table *text,
	const struct strv *paths, uint64_t seed)
{
	if (!asked->partial)
		fail_msg("seed %llu: the mounts were not asked for one by one",
			(unsigned long long)seed);
	for (size_t i = 0; i < asked->n; i++)
		expect_same(&asked->entries[i], mounts_by_id(text, asked->entries[i].id), "entry",
			asked->entries[i].target, seed);
	for (size_t i = 0; i < paths->n; i++)
		compare_upwards(asked, text, paths->items[i], seed);
}

static void read_with(
	pid_t pid, enum mnttab_query_how how, const struct strv *paths, struct mount_table *ret)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;

	mnttab_query_open(pid, how, &now);
	assert_int_equal(mnttab_query_add(&now, paths, ret, NULL), 0);
}

/* All mounts, in the order of the text. */
static void compare_lists(pid_t pid, const struct mount_table *text, uint64_t seed)
{
	cleanup_mount_table struct mount_table listed = {0};

	if (!mnttab_is_listed())
		return;
	assert_int_equal(mnttab_list(pid, &listed), 0);
	for (size_t i = 0; i < listed.n && i < text->n; i++)
		expect_same(&listed.entries[i], &text->entries[i], "line", text->entries[i].target,
			seed);
	assert_int_equal(listed.n, text->n);
}

static void compare_namespace(pid_t pid, const struct strv *paths, uint64_t seed)
{
	cleanup_mount_table struct mount_table asked = {0}, text = {0};

	read_with(pid, MNTTAB_QUERY_ANY, paths, &asked);
	/* A mount or a rename anywhere on the machine makes the kernel decline a cached look-up. */
	for (int i = 0; i < 20 && !asked.partial; i++) {
		mount_table_clear(&asked);
		read_with(pid, MNTTAB_QUERY_ANY, paths, &asked);
	}
	read_with(pid, MNTTAB_QUERY_WHOLE, paths, &text);
	assert_false(text.partial);
	compare_lists(pid, &text, seed);
	compare_tables(&asked, &text, paths, seed);
}

static void compare_descriptors(const struct strv *paths, uint64_t seed)
{
	cleanup_mount_table struct mount_table text = {0}, kept = {0};

	read_with(0, MNTTAB_QUERY_WHOLE, paths, &text);
	for (size_t i = 0; i < paths->n; i++) {
		cleanup_close int fd = open(paths->items[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		cleanup_mount_entry struct mount_entry entry = {0};

		if (fd < 0)
			continue;
		assert_int_equal(mnttab_query_of(fd, &kept, &entry, NULL), 0);
		expect_same(
			&entry, mounts_by_id(&text, entry.id), "mount of", paths->items[i], seed);
	}
	assert_int_equal(kept.n, 0);
}

/* Paths that are not there, under those that are. */
static void add_absent(struct strv *paths)
{
	size_t n = paths->n;

	for (size_t i = 0; i < n; i += 3) {
		cleanup_free char *path = path_join(paths->items[i], "absent/below it");

		assert_int_equal(strv_add(paths, path), 0);
	}
}

/* Whether the mounts of the process (0: of this one) are asked for one by one: Linux 6.8, of
 * another namespace 6.11. Paths are looked up by openat2(2). */
static bool are_asked(pid_t pid)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;

	mnttab_query_open(pid, MNTTAB_QUERY_ANY, &now);
	return now.root.fd >= 0 && kernel_has(KERNEL_OPENAT2);
}

static void check_tree(uint64_t seed)
{
	cleanup_tree struct tree tree = {.chance = {seed * 2654435761U + 1}, .seed = seed};

	assert_int_equal(ns_sandbox_reset(), 0);
	assert_int_equal(ns_sandbox_mkdirs(TREE), 0);
	assert_int_equal(mount("tree", TREE, "tmpfs", 0, NULL), 0);
	assert_int_equal(strv_add(&tree.paths, TREE), 0);
	grow(&tree);
	add_absent(&tree.paths);
	compare_namespace(0, &tree.paths, seed);
	compare_descriptors(&tree.paths, seed);
	for (size_t i = 0; i < OTHERS; i++) {
		if (tree.others[i] > 0 && are_asked(tree.others[i]))
			compare_namespace(tree.others[i], &tree.paths, seed);
	}
}

static unsigned long long number(const char *name, unsigned long long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

/* Before, there is only the text, and nothing to compare. */
static void skip_unless_asked(void)
{
	if (!are_asked(0)) {
		print_message("SKIP: this kernel has no statmount(2) that tells enough\n");
		skip();
	}
}

/* Linux 6.15: with the subtype of a FUSE mount (6.13), and with whether one that has none would be
 * told it. Before, the text is read as soon as there is one. */
static void skip_unless_fuse_is_asked(void)
{
	cleanup_close int root = open("/", O_PATH | O_CLOEXEC);
	uint64_t id;

	skip_unless_asked();
	if (statmount_id_of(root, &id) < 0 || !statmount_is_complete(id)) {
		print_message("SKIP: this kernel's statmount(2) does not tell FUSE subtypes\n");
		skip();
	}
}

static void mounts_asked_one_by_one_are_those_of_the_text(void **state)
{
	uint64_t first = number("MOUNTS_SEED", (unsigned long long)time(NULL));
	uint64_t n = number("MOUNTS_COUNT", 20);

	(void)state;
	skip_unless_asked();
	print_message("seeds %llu to %llu\n", (unsigned long long)first,
		(unsigned long long)(first + n - 1));
	for (uint64_t seed = first; seed < first + n; seed++)
		check_tree(seed);
}

/* ---- file systems that answer late or never
 * ------------------------------------------------------ */

#define VOLUME NS_SANDBOX_DIR "/volume"
#define ZURG VOLUME "/zurg"
#define FUSECTL NS_SANDBOX_DIR "/connections"
#define HUNG_SECONDS 20 /* then a lookup has been waiting for the daemon */

static void make_volume(void)
{
	assert_int_equal(ns_sandbox_mkdirs(ZURG), 0);
	assert_int_equal(mount(VOLUME, VOLUME, NULL, MS_BIND, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs(FUSECTL), 0);
	assert_int_equal(mount("none", FUSECTL, "fusectl", 0, NULL), 0);
}

/* The requests that wait in the connection of the mount on ZURG, as text. */
static char *waiting(void)
{
	cleanup_mount_table struct mount_table table = {0};
	char path[128];

	assert_int_equal(mountinfo_read("/proc/self/mountinfo", &table, NULL), 0);
	snprintf(path, sizeof(path), FUSECTL "/%u/waiting", mounts_at(&table, ZURG)->minor);
	return ns_sandbox_read(path);
}

/* In a child, with a bound: cmocka does not work here. 0 where all is the same. */
static int compare_zurg(void *data)
{
	cleanup_mount_table struct mount_table asked = {0}, text = {0};
	cleanup_strv struct strv paths = {0};
	struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_close int fd = open(ZURG, O_PATH | O_CLOEXEC);
	cleanup_mount_entry struct mount_entry entry = {0};

	(void)data;
	alarm(HUNG_SECONDS);
	if (fd < 0 || strv_add(&paths, ZURG) < 0 || strv_add(&paths, ZURG "/films/below") < 0 ||
		strv_add(&paths, VOLUME "/absent") < 0)
		return 2;
	mnttab_query_open(0, MNTTAB_QUERY_ANY, &now);
	if (mnttab_query_add(&now, &paths, &asked, NULL) < 0 ||
		mountinfo_read("/proc/self/mountinfo", &text, NULL) < 0 ||
		mnttab_query_of(fd, NULL, &entry, NULL) < 0)
		return 3;
	mnttab_query_close(&now);
	if (!asked.partial)
		return 4;
	for (size_t i = 0; i < paths.n; i++) {
		const struct mount_entry *cover = mounts_cover(&asked, paths.items[i]);
		cleanup_free char *a = serialise(cover);
		cleanup_free char *b = serialise(mounts_cover(&text, paths.items[i]));

		if (!a || !b || strcmp(a, b) != 0)
			return 5 + (int)i;
	}
	return entry.id == mounts_at(&text, ZURG)->id ? 0 : 9;
}

static void check_zurg(const char *option)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *before = NULL, *after = NULL;

	assert_int_equal(fuse_daemon_start(ZURG, option, &daemon), 0);
	before = waiting();
	assert_int_equal(child_run(compare_zurg, NULL), 0);
	after = waiting();
	assert_string_equal(before, after);
}

static void no_request_is_sent_to_a_daemon_that_hangs(void **state)
{
	(void)state;
	skip_unless_fuse_is_asked();
	make_volume();
	check_zurg("--hang");
	check_zurg("--swallow");
}

static void mounts_of_one_user_or_of_any_type_are_told(void **state)
{
	(void)state;
	skip_unless_fuse_is_asked();
	make_volume();
	check_zurg("--live");
	check_zurg("--user=1000");
	check_zurg("--type=fuse");
	check_zurg("--type=fuse.a b#c");
}

static void a_dead_mount_is_told(void **state)
{
	(void)state;
	skip_unless_fuse_is_asked();
	make_volume();
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	assert_int_equal(child_run(compare_zurg, NULL), 0);
}

/* ---- where the kernel does not answer
 * ------------------------------------------------------------ */

struct hidden {
	const char *names;
	int error;
};

/* 0 where the whole table was read instead, by either way to a mount. */
static int read_without(void *data)
{
	const struct hidden *hidden = data;
	cleanup_mount_table struct mount_table table = {0}, kept = {0};
	cleanup_strv struct strv paths = {0};
	struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_mount_entry struct mount_entry entry = {0};
	cleanup_close int fd = open(VOLUME, O_PATH | O_CLOEXEC);

	if (fd < 0 || strv_add(&paths, ZURG) < 0 || hide_syscalls(hidden->names, hidden->error) < 0)
		return 2;
	mnttab_query_open(0, MNTTAB_QUERY_ANY, &now);
	if (mnttab_query_add(&now, &paths, &table, NULL) < 0 ||
		mnttab_query_of(fd, &kept, &entry, NULL) < 0)
		return 3;
	mnttab_query_close(&now);
	if (table.partial || !mounts_at(&table, VOLUME))
		return 4;
	return mounts_at(&table, VOLUME)->id == entry.id ? 0 : 5;
}

static void without_the_system_calls_the_text_is_read(void **state)
{
	static const struct hidden cases[] = {
		{"statmount", ENOSYS},
		{"statmount,listmount", EPERM},
		{"statx_mnt_id_unique", ENOSYS},
	};

	(void)state;
	make_volume();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hidden hidden = cases[i];
		int code = child_run(read_without, &hidden);

		if (code != 0)
			fail_msg("without %s: %d", hidden.names, code);
	}
}

/* In another root than the namespace's, mountpoints are told from there. 0 where they are. */
static int read_in_a_root(void *data)
{
	cleanup_mount_table struct mount_table before = {0}, asked = {0}, text = {0};
	cleanup_strv struct strv paths = {0};
	struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_free char *a = NULL, *b = NULL;

	/* Without statmount(2) it reads the text, by a library that is not in that root. */
	if (mountinfo_read("/proc/self/mountinfo", &before, NULL) < 0)
		return 1;
	if (chroot(data) < 0 || chdir("/") < 0 || strv_add(&paths, "/zurg/x") < 0)
		return 2;
	if (mkdir("/proc", 0555) < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0)
		return 3;
	mnttab_query_open(0, MNTTAB_QUERY_ANY, &now);
	if (mnttab_query_add(&now, &paths, &asked, NULL) < 0 ||
		mountinfo_read("/proc/self/mountinfo", &text, NULL) < 0)
		return 4;
	mnttab_query_close(&now);
	a = serialise(mounts_at(&asked, "/zurg"));
	b = serialise(mounts_at(&text, "/zurg"));
	return a && b && strcmp(a, b) == 0 ? 0 : 5;
}

static void a_process_in_another_root_sees_what_its_table_says(void **state)
{
	/* The root of a mount, and a directory somewhere below one, which no table shows. */
	char mountpoint[] = VOLUME, directory[] = VOLUME "/directory";

	(void)state;
	make_volume();
	assert_int_equal(mount("t", ZURG, "tmpfs", 0, NULL), 0);
	assert_int_equal(child_run(read_in_a_root, mountpoint), 0);
	assert_int_equal(ns_sandbox_mkdirs(VOLUME "/directory/zurg"), 0);
	assert_int_equal(mount("t", VOLUME "/directory/zurg", "tmpfs", 0, NULL), 0);
	assert_int_equal(child_run(read_in_a_root, directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			mounts_asked_one_by_one_are_those_of_the_text, ns_sandbox_setup),
		cmocka_unit_test_setup(no_request_is_sent_to_a_daemon_that_hangs, ns_sandbox_setup),
		cmocka_unit_test_setup(
			mounts_of_one_user_or_of_any_type_are_told, ns_sandbox_setup),
		cmocka_unit_test_setup(a_dead_mount_is_told, ns_sandbox_setup),
		cmocka_unit_test_setup(without_the_system_calls_the_text_is_read, ns_sandbox_setup),
		cmocka_unit_test_setup(
			a_process_in_another_root_sees_what_its_table_says, ns_sandbox_setup),
	};

	return cmocka_run_group_tests(tests, ns_sandbox_setup_group, NULL);
}
