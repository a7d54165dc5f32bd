/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/race/swapper.h"

#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define POOL ".swaps"
#define LEVELS_MAX 4
#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
#define STAY (SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS)
#define SPIN_MAX 20000 /* turns of a loop that does nothing, between two swaps */

/* What a component becomes. A directory is one that the volume's other user has made. */
static const struct kind {
	const char *name, *target; /* target: of a symlink */
	mode_t mode;
} kinds[] = {
	{.name = "etc", .target = "/etc"},
	{.name = "root", .target = "/proc/self/root"},
	{.name = "up", .target = "../../../../../../../../../../etc"},
	{.name = "fifo", .mode = S_IFIFO | 0666},
	{.name = "file", .mode = S_IFREG | 0666},
	{.name = "directory", .mode = S_IFDIR | 0777},
};

static int make_kind(int pool, const struct kind *kind)
{
	if (kind->target)
		return symlinkat(kind->target, pool, kind->name);
	if (S_ISDIR(kind->mode))
		return mkdirat(pool, kind->name, kind->mode & 0777);
	return mknodat(pool, kind->name, kind->mode, 0);
}

static void make_pools(const struct swapper *swapper)
{
	for (unsigned int level = 0; level < swapper->levels; level++) {
		char path[256];
		cleanup_close int fd = -EBADF;

		snprintf(path, sizeof(path), "%s/" POOL "/%u", swapper->volume, level);
		assert_int_equal(ns_sandbox_mkdirs(path), 0);
		assert_int_equal(chown(path, swapper->uid, swapper->uid), 0);
		fd = open(path, DIRECTORY_FLAGS);
		assert_true(fd >= 0);
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			assert_int_equal(make_kind(fd, &kinds[i]), 0);
	}
}

/* At work: descriptors of the volume and of the pools, and a generator of random numbers. */
struct work {
	const struct swapper *swapper;
	int volume, pools[LEVELS_MAX];
	unsigned int seed;
};

static int move_in(const struct swapper *swapper)
{
	if (swapper->own_namespace &&
		(unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return -errno;
	if (swapper->uid == 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(swapper->uid, swapper->uid, swapper->uid) < 0 ||
		setresuid(swapper->uid, swapper->uid, swapper->uid) < 0)
		return -errno;
	/* The change of user has taken this away (prctl(2)). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static int open_all(struct work *work)
{
	work->volume = open(work->swapper->volume, DIRECTORY_FLAGS);
	if (work->volume < 0)
		return -errno;
	for (unsigned int level = 0; level < work->swapper->levels; level++) {
		char pool[32];

		snprintf(pool, sizeof(pool), POOL "/%u", level);
		work->pools[level] = openat(work->volume, pool, DIRECTORY_FLAGS);
		if (work->pools[level] < 0)
			return -errno;
	}
	return 0;
}

static unsigned int draw(struct work *work, unsigned int below)
{
	return (unsigned int)rand_r(&work->seed) % below;
}

static void spin(unsigned int turns)
{
	for (volatile unsigned int i = 0; i < turns; i++)
		;
}

/* The directory that holds the component of that level; never through a symlink of its own. */
static int open_holder(const struct work *work, unsigned int level)
{
	char path[256] = "";
	size_t n = 0;

	if (level == 0)
		return dup(work->volume);
	for (unsigned int i = 0; i < level; i++)
		n += (size_t)snprintf(
			path + n, sizeof(path) - n, "%s%s", i ? "/" : "", work->swapper->names[i]);
	return sys_openat2(work->volume, path, DIRECTORY_FLAGS, STAY);
}

static bool exchange(int holder, const char *name, int pool, const char *kind)
{
	return renameat2(holder, name, pool, kind, RENAME_EXCHANGE) == 0;
}

/* Somebody has mounted on the directory just as it was swapped away: it could never come back. */
static void free_kind(const struct work *work, unsigned int level, const char *kind)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" POOL "/%u/%s", work->swapper->volume, level, kind);
	umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* There and back again. */
static void swap(struct work *work, unsigned int level)
{
	const char *name = work->swapper->names[level];
	const char *kind = kinds[draw(work, ARRAY_SIZE(kinds))].name;
	cleanup_close int holder = open_holder(work, level);

	if (holder < 0)
		return;
	if (!exchange(holder, name, work->pools[level], kind)) {
		if (errno == ENOENT && draw(work, 2) == 0)
			mkdirat(holder, name, 0777);
		return;
	}
	spin(draw(work, SPIN_MAX));
	if (!exchange(holder, name, work->pools[level], kind) && errno == EBUSY) {
		free_kind(work, level, kind);
		exchange(holder, name, work->pools[level], kind);
	}
	*work->swapper->swaps += 2;
}

/* The last components, so that there is something to make again. */
static void remove_some(struct work *work)
{
	unsigned int last = 0;

	while (work->swapper->names[last + 1])
		last++;
	for (unsigned int level = last; level > 0; level--) {
		cleanup_close int holder = open_holder(work, level);

		if (holder >= 0)
			unlinkat(holder, work->swapper->names[level], AT_REMOVEDIR);
		if (draw(work, 2) == 0)
			return;
	}
}

static int swap_on(void *data)
{
	struct work work = {.swapper = data, .seed = (unsigned int)getpid()};

	if (move_in(work.swapper) < 0 || open_all(&work) < 0)
		return 1;
	for (;;) {
		swap(&work, draw(&work, work.swapper->levels));
		if (work.swapper->removes && draw(&work, 4) == 0)
			remove_some(&work);
		spin(draw(&work, 2 * SPIN_MAX));
	}
}

void swapper_start(struct swapper *swapper)
{
	make_pools(swapper);
	swapper->swaps = mmap(NULL, sizeof(*swapper->swaps), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(swapper->swaps != MAP_FAILED);
	swapper->pid = child_start(swap_on, swapper);
	assert_true(swapper->pid > 0);
}

bool swapper_stop(struct swapper *swapper)
{
	bool alive;

	if (swapper->pid <= 0)
		return false;
	alive = waitpid(swapper->pid, NULL, WNOHANG) == 0;
	if (alive) {
		kill(swapper->pid, SIGKILL);
		child_wait(swapper->pid);
	}
	munmap(swapper->swaps, sizeof(*swapper->swaps));
	*swapper = (struct swapper){0};
	return alive;
}
