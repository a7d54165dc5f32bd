/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of mounts, by the mount table and by probes that have so long to answer: absent
 * where the table has no FUSE mount, hung where there is no answer, or where another process waits
 * for one too long already.
 */
#include "hook/mount/probe.h"

#include "hook/mount/probe_child.h"
#include "hook/mount/probe_parts.h"
#include "hook/record/probe_turn.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include <poll.h>

/* 1: readable, 0: the time is over, or a negative errno. */
static int probe_wait_readable(int fd, uint64_t timeout_usec)
{
	uint64_t deadline = deadline_now() + timeout_usec;
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	for (;;) {
		uint64_t now = deadline_now();
		uint64_t left = now < deadline ? deadline - now : 0;
		struct timespec time = {
			.tv_sec = (time_t)(left / 1000000),
			.tv_nsec = (long)(left % 1000000) * 1000,
		};
		int r = ppoll(&readable, 1, &time, NULL);

		if (r >= 0)
			return r > 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* Another process has waited for its answer for as long as this one would: no further one comes to
 * wait there. */
static bool probe_is_known_to_hang(const struct fuse_connection *connection, uint64_t timeout_usec)
{
	struct probe_waiter waiter;

	return probe_turn_waiter(connection, &waiter) && waiter.since_usec > 0 &&
	       deadline_now() >= waiter.since_usec + timeout_usec;
}

static int probe_within(
	const struct probe_child *question, uint64_t timeout_usec, enum path_state *ret_state)
{
	cleanup_probe struct probe probe = PROBE_NONE;
	int r;

	if (probe_is_known_to_hang(&question->connection, timeout_usec)) {
		*ret_state = PATH_HUNG;
		return 0;
	}
	r = probe_start(question, &probe);
	if (r < 0)
		return r;
	r = probe_wait_readable(probe.fd, timeout_usec);
	if (r < 0)
		return r;
	if (r == 0) {
		*ret_state = PATH_HUNG;
		return 0;
	}
	return probe_end(&probe, ret_state);
}

int probe_fd(const struct probe_mount *mount, uint64_t timeout_usec, enum path_state *ret_state)
{
	const struct probe_child question = {.fd = mount->fd, .connection = mount->connection};

	return probe_within(&question, timeout_usec, ret_state);
}

int probe_path(const struct mount_table *host, const char *host_path, uint64_t timeout_usec,
	enum path_state *ret_state, const struct mount_entry **ret_mount)
{
	const struct mount_entry *mount = mounts_at(host, host_path);

	if (ret_mount)
		*ret_mount = mount && mount_entry_is_fuse(mount) ? mount : NULL;
	if (!mount || !mount_entry_is_fuse(mount)) {
		*ret_state = PATH_ABSENT;
		return 0;
	}
	return probe_within(&(const struct probe_child){.fd = -EBADF,
				    .path = host_path,
				    .mount_id = mount->id,
				    .connection = probe_connection(mount)},
		timeout_usec, ret_state);
}

/* Probes under way, one for each question. */
struct round {
	struct probe *probes;
	size_t n;
};

static void probe_round_clear(struct round *round)
{
	for (size_t i = 0; i < round->n; i++)
		probe_cancel(&round->probes[i]);
	free(round->probes);
}

#define cleanup_round __attribute__((cleanup(probe_round_clear)))

static int probe_begin_question(const struct mount_table *host, struct probe_question *question,
	uint64_t timeout_usec, struct probe *ret)
{
	const struct mount_entry *mount;
	struct probe_child asked = {.fd = -EBADF, .path = question->host_path};

	question->state = PATH_UNKNOWN;
	question->mount = NULL;
	if (!question->host_path)
		return 0;
	mount = mounts_at(host, question->host_path);
	if (!mount || !mount_entry_is_fuse(mount)) {
		question->state = PATH_ABSENT;
		return 0;
	}
	question->mount = mount;
	asked.mount_id = mount->id;
	asked.connection = probe_connection(mount);
	if (!probe_is_known_to_hang(&asked.connection, timeout_usec))
		return probe_start(&asked, ret);
	question->state = PATH_HUNG;
	return 0;
}

/* One after the other, but with one deadline: whoever has answered meanwhile is not waited for. */
static int probe_take_answers(
	struct round *round, struct probe_question *questions, uint64_t until_usec)
{
	for (size_t i = 0; i < round->n; i++) {
		struct probe *probe = &round->probes[i];
		uint64_t now = deadline_now();
		int r;

		if (probe->pid <= 0)
			continue;
		r = probe_wait_readable(probe->fd, now < until_usec ? until_usec - now : 0);
		if (r < 0)
			return r;
		questions[i].state = PATH_HUNG;
		if (r > 0 && probe_end(probe, &questions[i].state) < 0)
			questions[i].state = PATH_UNKNOWN;
	}
	return 0;
}

int probe_paths(const struct mount_table *host, struct probe_question *questions, size_t n,
	uint64_t timeout_usec)
{
	cleanup_round struct round round = {0};
	uint64_t until_usec = deadline_now() + timeout_usec;
	int r = 0;

	round.probes = calloc(n ? n : 1, sizeof(*round.probes));
	if (!round.probes)
		return -ENOMEM;
	for (; r == 0 && round.n < n; round.n++) {
		round.probes[round.n] = PROBE_NONE;
		r = probe_begin_question(
			host, &questions[round.n], timeout_usec, &round.probes[round.n]);
	}
	return r < 0 ? r : probe_take_answers(&round, questions, until_usec);
}
