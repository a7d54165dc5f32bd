/* SPDX-License-Identifier: Apache-2.0 */
/* openat2(2) and what takes its place, compared with each other. */
#include "hook/sys/resolve.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/openat2_fallback.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/hide_syscalls.h"
#include "tests/support/ns_sandbox.h"
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY (O_PATH | O_CLOEXEC | O_DIRECTORY)
#define ANYTHING (O_PATH | O_CLOEXEC)

struct tree {
	char path[64];
	int fd;
};

static void make_link(const struct tree *tree, const char *name, const char *to)
{
	assert_int_equal(symlinkat(to, tree->fd, name), 0);
}

/* Every kind of name that a volume or an image can have. */
static int make_tree(void **state)
{
	static struct tree tree;

	strcpy(tree.path, "/tmp/resolve-XXXXXX");
	assert_non_null(mkdtemp(tree.path));
	tree.fd = open(tree.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree.fd >= 0);
	assert_int_equal(mkdirat(tree.fd, "d", 0755), 0);
	assert_int_equal(mkdirat(tree.fd, "d/d", 0755), 0);
	assert_int_equal(mkdirat(tree.fd, "d/d/e", 0755), 0);
	assert_int_equal(mkdirat(tree.fd, "e", 0755), 0);
	assert_int_equal(mknodat(tree.fd, "f", S_IFREG | 0644, 0), 0);
	assert_int_equal(mknodat(tree.fd, "d/f", S_IFREG | 0644, 0), 0);
	assert_int_equal(mknodat(tree.fd, "d/p", S_IFIFO | 0644, 0), 0);
	make_link(&tree, "l", "d");
	make_link(&tree, "d/l", "d/e");
	make_link(&tree, "d/u", "../e");
	make_link(&tree, "d/d/u", "../../d/../../../l/d");
	make_link(&tree, "a", "/d/d");
	make_link(&tree, "d/a", "/");
	make_link(&tree, "o", "/../../etc");
	make_link(&tree, "d/o", "o");
	make_link(&tree, "d/n", "nowhere");
	make_link(&tree, "d/m", "../f");
	make_link(&tree, "d/t", "../f/");
	make_link(&tree, "d/s", "///l//./d/../d/");
	*state = &tree;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int remove_tree(void **state)
{
	const struct tree *tree = *state;

	close(tree->fd);
	return nftw(tree->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Either the same file, or the same error. */
static bool same(int a, int b)
{
	struct stat first, second;

	if (a < 0 || b < 0)
		return a == b;
	assert_int_equal(fstat(a, &first), 0);
	assert_int_equal(fstat(b, &second), 0);
	return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* EAGAIN: something was renamed elsewhere on the machine, which the answer does not depend on. */
static int ask_kernel(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	int fd;

	do
		fd = sys_openat2(dir, path, flags, resolve);
	while (fd == -EAGAIN);
	return fd;
}

static void compare(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	cleanup_close int kernel = -EBADF, hand = -EBADF;

	kernel = ask_kernel(dir, path, flags, resolve);
	hand = openat2_fallback(dir, path, flags, resolve);
	/* Refused by hand, whatever it leads to. */
	if (hand == -EXDEV && !(resolve & SYS_RESOLVE_IN_ROOT) && strstr(path, ".."))
		return;
	if (!same(kernel, hand))
		fail_msg("%s with flags %#lx, resolve %#lx: openat2 gives %d, by hand it is %d",
			path, (unsigned long)flags, (unsigned long)resolve, kernel, hand);
}

static void compare_all_ways(int dir, const char *path)
{
	static const uint64_t flags[] = {
		DIRECTORY, ANYTHING, DIRECTORY | O_NOFOLLOW, ANYTHING | O_NOFOLLOW};
	static const uint64_t ways[] = {
		SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS,
		SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS |
			SYS_RESOLVE_NO_XDEV,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS,
		SYS_RESOLVE_NO_SYMLINKS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ways); j++)
			compare(dir, path, flags[i], ways[j]);
	}
}

/* Repeatable: a test that failed fails again. */
static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 16;
}

static void random_path(unsigned int *seed, char *path)
{
	static const char *const names[] = {"d", "e", "f", "l", "u", "a", "o", "n", "m", "t", "s",
		"p", "..", ".", "", "nowhere"};
	unsigned int n = 1 + next_random(seed) % 6;

	*path = '\0';
	if (next_random(seed) % 4 == 0)
		path = stpcpy(path, "/");
	for (unsigned int i = 0; i < n; i++) {
		if (i > 0)
			path = stpcpy(path, "/");
		path = stpcpy(path, names[next_random(seed) % ARRAY_SIZE(names)]);
	}
}

static void by_hand_it_comes_to_the_same(void **state)
{
	const struct tree *tree = *state;
	unsigned int seed = 1;

	if (!kernel_has(KERNEL_OPENAT2)) {
		puts("this kernel has no openat2 to compare with");
		skip();
	}
	for (unsigned int i = 0; i < 4000; i++) {
		char path[64];

		random_path(&seed, path);
		compare_all_ways(tree->fd, path);
	}
}

static void what_a_path_may_not_do_is_refused(void **state)
{
	static const struct {
		const char *path;
		uint64_t flags, resolve;
		int expected;
	} cases[] = {
		{"l", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ELOOP},
		{"l/d", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ELOOP},
		{"d/m", ANYTHING, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ELOOP},
		{"f", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ENOTDIR},
		{"f/x", ANYTHING, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ENOTDIR},
		{"d/p", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ENOTDIR},
		{"/d", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -EXDEV},
		{"../d", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -EXDEV},
		{"d/../e", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -EXDEV},
		{"nowhere", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ENOENT},
		{"", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS, -ENOENT},
		{"o", DIRECTORY, SYS_RESOLVE_IN_ROOT, -ENOENT},
		{"d/o", DIRECTORY, SYS_RESOLVE_IN_ROOT, -ELOOP},
		{"d", DIRECTORY, SYS_RESOLVE_BENEATH, -EINVAL},
		{"d", O_RDONLY | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS, -EINVAL},
	};
	const struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_close int fd =
			openat2_fallback(tree->fd, cases[i].path, cases[i].flags, cases[i].resolve);

		if (fd != cases[i].expected)
			fail_msg("%s: %d instead of %d", cases[i].path, fd, cases[i].expected);
	}
}

static void a_magic_link_of_proc_is_not_followed(void **state)
{
	cleanup_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = -EBADF, self = -EBADF;

	(void)state;
	assert_true(proc >= 0);
	fd = openat2_fallback(proc, "1/root", DIRECTORY, SYS_RESOLVE_IN_ROOT);
	assert_true(fd == -ELOOP || fd == -EACCES);
	self = openat2_fallback(AT_FDCWD, "/proc/self/fd/0", ANYTHING, SYS_RESOLVE_NO_SYMLINKS);
	assert_int_equal(self, -ELOOP);
}

static void endless_paths_end(void **state)
{
	const struct tree *tree = *state;
	char path[1024] = "d", *end = path + 1;

	compare(tree->fd, "d/o/x", DIRECTORY, SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
	for (int i = 0; i < 60; i++)
		end = stpcpy(end, "/a/d");
	/* More symlinks than path_resolution(7) allows. */
	compare(tree->fd, path, DIRECTORY, SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
	memset(path, 'x', NAME_MAX + 1);
	path[NAME_MAX + 1] = '\0';
	compare(tree->fd, path, DIRECTORY, SYS_RESOLVE_NO_SYMLINKS);
}

static void no_descriptor_is_left(void **state)
{
	const struct tree *tree = *state;
	unsigned int before = ns_sandbox_open_files(), seed = 2;

	for (unsigned int i = 0; i < 1000; i++) {
		char path[64];
		int fd;

		random_path(&seed, path);
		fd = openat2_fallback(tree->fd, path, ANYTHING, SYS_RESOLVE_IN_ROOT);
		if (fd >= 0)
			close(fd);
	}
	assert_int_equal(ns_sandbox_open_files(), before);
}

static int resolve_without_openat2(void *data)
{
	const struct tree *tree = data;
	cleanup_close int fd = -EBADF;

	if (hide_syscalls("openat2", EPERM) < 0)
		return 2;
	fd = resolve_open(
		tree->fd, "d/d", DIRECTORY, SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return 3;
	return resolve_open(tree->fd, "l", DIRECTORY, SYS_RESOLVE_NO_SYMLINKS) == -ELOOP ? 0 : 4;
}

static void without_the_system_call_it_is_done_by_hand(void **state)
{
	assert_int_equal(child_run(resolve_without_openat2, *state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand_it_comes_to_the_same),
		cmocka_unit_test(what_a_path_may_not_do_is_refused),
		cmocka_unit_test(a_magic_link_of_proc_is_not_followed),
		cmocka_unit_test(endless_paths_end),
		cmocka_unit_test(no_descriptor_is_left),
		cmocka_unit_test(without_the_system_call_it_is_done_by_hand),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
