/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured by whether the process had to stop: a daemon runs in another process, so that its
 * answer makes one wait, and the kernel's own refusal does not. No error number is one that only
 * one of both gives.
 */
#include "hook/mount/liveness.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/process.h"
#include "hook/sys/syscalls.h"
#include <errno.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/vfs.h>

/* So many answers in a row that were the kernel's own: the connection is dead. One could be a
 * daemon's that was incredibly fast. */
#define LIVENESS_CERTAIN 3

/* So many that came from elsewhere: the daemon lives, whatever it says. During the first it may
 * have ended; then the next one is the kernel's. */
#define LIVENESS_ENOUGH 2

/* On a machine that is too busy to tell, a mount is not called dead. */
#define LIVENESS_TRIES 64

/*
 * What the kernel answers by itself (fs/fuse/dev.c, fuse_get_req(), fuse_abort_conn()). ENOTCONN:
 * the daemon has closed /dev/fuse, or the connection was aborted. ECONNABORTED: that happened while
 * the question waited. ECONNREFUSED: INIT went wrong, to which a daemon's end before INIT belongs
 * since Linux 7.2. A daemon may say each of them too, of a server that it has lost, say.
 */
static bool may_be_dead(int r)
{
	return r == -ENOTCONN || r == -ECONNABORTED || r == -ECONNREFUSED;
}

/* How often this process has stopped running: since it waited, and for others' sake. */
struct stops {
	long waited, preempted;
};

static struct stops count_stops(void)
{
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	return (struct stops){.waited = usage.ru_nvcsw, .preempted = usage.ru_nivcsw};
}

struct answer {
	int r;		/* 0 or a negative errno */
	bool waited;	/* for somebody else's */
	bool by_kernel; /* nobody else can have given it: this process ran all the time */
};

/*
 * A request that goes to a daemon makes the process wait, or, on one processor, give way. One that
 * the kernel refuses does not. Measured on Linux 5.10, 6.1, 6.12, 6.18 and 7.2: docs/kernels.md.
 */
static struct answer liveness_was_answered(int r, const struct stops *before)
{
	const struct stops now = count_stops();

	return (struct answer){
		.r = r,
		.waited = now.waited != before->waited,
		.by_kernel = now.waited == before->waited && now.preempted == before->preempted,
	};
}

static struct answer liveness_statfs(int fd, const struct stops *before)
{
	struct statfs fs;

	return liveness_was_answered(fstatfs(fd, &fs) < 0 ? -errno : 0, before);
}

/*
 * FORCE_SYNC: attributes that the kernel still has in its cache would make a dead mount look live.
 * FUSE heeds that since Linux 4.20. Before, and 5.8 is what can be told, it is asked for what is
 * never cached as well; and where the kernel has an opinion of its own on the root (EIO once its
 * daemon has called it a file), which it gives without a look at the connection.
 */
static struct answer liveness_probe(int fd)
{
	const struct stops before = count_stops();
	struct statx attributes;
	struct answer answer = liveness_was_answered(
		sys_statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC | AT_NO_AUTOMOUNT,
			STATX_BASIC_STATS, &attributes),
		&before);

	if (may_be_dead(answer.r) || answer.r == -EACCES)
		return answer;
	if (kernel_has(KERNEL_STATX_MNT_ID) && (answer.r == 0 || !answer.by_kernel))
		return answer;
	return liveness_statfs(fd, &before);
}

/*
 * strace(1) stops the process at each call, and then each answer looks like a daemon's: the errors
 * alone decide, or nothing would heal while somebody looks.
 */
static enum path_state judge_unless_traced(bool suspect)
{
	return suspect && process_is_traced() ? PATH_DEAD : PATH_LIVE;
}

int liveness_query(int fd, enum path_state *ret_state)
{
	unsigned int by_kernel = 0, waited = 0;
	bool suspect = false;

	for (int i = 0; i < LIVENESS_TRIES && waited < LIVENESS_ENOUGH; i++) {
		const struct answer answer = liveness_probe(fd);

		if (answer.r == -EACCES)
			return -EACCES;
		suspect = may_be_dead(answer.r);
		if (!suspect)
			break;
		waited += answer.waited;
		by_kernel = answer.by_kernel ? by_kernel + 1 : 0;
		if (by_kernel == LIVENESS_CERTAIN) {
			*ret_state = PATH_DEAD;
			return 0;
		}
	}
	*ret_state = judge_unless_traced(suspect);
	return 0;
}
