/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/race/mover.h"

#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

int mover_leave_dead(const char *path)
{
	cleanup_close int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[96];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		fuse);
	return fuse < 0 || mount("dead:", path, "fuse.rclone", 0, options) < 0 ? -errno : 0;
}

/* Paths of the volume. */
struct places {
	char a[256], b[256], zurg[256], x[256], x_zurg[256];
};

static struct places places_of(const char *volume)
{
	struct places places;

	snprintf(places.a, sizeof(places.a), "%s/a", volume);
	snprintf(places.b, sizeof(places.b), "%s/a/b", volume);
	snprintf(places.zurg, sizeof(places.zurg), "%s/a/b/zurg", volume);
	snprintf(places.x, sizeof(places.x), "%s/x", volume);
	snprintf(places.x_zurg, sizeof(places.x_zurg), "%s/x/b/zurg", volume);
	return places;
}

/* Up to a millisecond: a walk is to meet each of the states. */
static void stay(unsigned int *seed)
{
	usleep((unsigned int)rand_r(seed) % 1000);
}

/* To and fro; the dead mount in it is put again where somebody has detached it. */
static int move_on(const struct mover *mover)
{
	struct places places = places_of(mover->volume);
	unsigned int seed = (unsigned int)getpid();

	for (;;) {
		if (ns_sandbox_mounts_on(places.x_zurg) == 0 && mover_leave_dead(places.x_zurg) < 0)
			return 1;
		if (mount(places.x, places.a, NULL, MS_MOVE, NULL) < 0)
			return 2;
		stay(&seed);
		if (mount(places.a, places.x, NULL, MS_MOVE, NULL) < 0)
			return 3;
		*mover->changes += 2;
	}
}

/* What does not work just now, since the hook has detached it, is left out. */
_Noreturn static void come_and_go(const struct mover *mover)
{
	struct places places = places_of(mover->volume);
	unsigned int seed = (unsigned int)getpid();

	for (;;) {
		*mover->changes += mount("disk", places.b, "tmpfs", 0, "mode=0777") == 0;
		mkdir(places.zurg, 0777);
		mover_leave_dead(places.zurg);
		stay(&seed);
		umount2(places.zurg, MNT_DETACH);
		umount2(places.b, MNT_DETACH);
		mover_leave_dead(places.a);
		stay(&seed);
		*mover->changes += umount2(places.a, MNT_DETACH) == 0;
	}
}

static int work_on(void *data)
{
	const struct mover *mover = data;

	if (!mover->moves)
		come_and_go(mover);
	return move_on(mover);
}

void mover_start(struct mover *mover)
{
	struct places places = places_of(mover->volume);

	assert_int_equal(ns_sandbox_mkdirs(places.b), 0);
	assert_int_equal(ns_sandbox_mkdirs(places.x), 0);
	if (mover->moves) {
		assert_int_equal(mount("disk", places.x, "tmpfs", 0, NULL), 0);
		assert_int_equal(ns_sandbox_mkdirs(places.x_zurg), 0);
	}
	mover->changes = mmap(NULL, sizeof(*mover->changes), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(mover->changes != MAP_FAILED);
	mover->pid = child_start(work_on, mover);
	assert_true(mover->pid > 0);
}

bool mover_stop(struct mover *mover)
{
	bool alive;

	if (mover->pid <= 0)
		return false;
	alive = waitpid(mover->pid, NULL, WNOHANG) == 0;
	if (alive) {
		kill(mover->pid, SIGKILL);
		child_wait(mover->pid);
	}
	munmap(mover->changes, sizeof(*mover->changes));
	*mover = (struct mover){0};
	return alive;
}
