/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait loop: one poll set for all paths, and what each event leads to.
 *
 *                  | start            | event                     | then
 * -----------------+------------------+---------------------------+---------------------------
 *  mount table     | opened first     | POLLPRI: it has changed   | each path is read again
 *  mount at a path | read             | another id than before    | a FUSE mount is probed, all
 *                  |                  |                           | new ones by one child
 *  probe           |                  | readable: its answer      | LIVE, DEAD; none: again
 *  batch of probes |                  | 20 ms without an answer   | each by a child of its own
 *  provider        | pinned           | readable: it has ended    | its path is read again, and
 *                  |                  |                           | refused unless it is live
 *  timer           | armed            | readable: time is over    | all are read once more, and
 *                  |                  |                           | the first not live refused
 *
 * It ends once all are live, or one is refused.
 */
#include "hook/apply/gate.h"

#include "hook/apply/gate_watch.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>

/* How long mounts that are asked together may take before each is asked by a child of its own: one
 * of them hangs, or is slow. */
#define GATE_BATCH_USEC (20 * UINT64_C(1000))

/* How often a provider is looked after where nothing tells of its end, in milliseconds. */
#define GATE_POLL_PROVIDER_MSEC 250

/* One wait. */
struct gate_waiting {
	struct gate_watch *watches;
	size_t n;
	int mounts; /* /proc/self/mountinfo: POLLPRI on each change of the mount table (proc(5)) */
	int timer;
	uint64_t batch_until_usec; /* CLOCK_MONOTONIC, while mounts are asked together */
};

static void gate_waiting_clear(struct gate_waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++)
		gate_watch_close(&waiting->watches[i]);
	free(waiting->watches);
	cleanup_close_fd(&waiting->mounts);
	cleanup_close_fd(&waiting->timer);
}

#define cleanup_gate_waiting __attribute__((cleanup(gate_waiting_clear)))

/* 17 at once: a hook that waits holds up the restart of the very provider that it waits for. */
static int gate_check_providers(const struct gate_waiting *waiting, struct error *err)
{
	for (size_t i = 0; i < waiting->n; i++) {
		int r = gate_watch_check_provider(&waiting->watches[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool gate_any_probe(const struct gate_waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].probe.pid > 0)
			return true;
	}
	return false;
}

static bool gate_is_batched(const struct gate_watch *watch)
{
	return watch->to_probe.fd >= 0 && !watch->alone;
}

static size_t gate_count_batched(const struct gate_waiting *waiting)
{
	size_t n = 0;

	for (size_t i = 0; i < waiting->n; i++)
		n += gate_is_batched(&waiting->watches[i]);
	return n;
}

/* One child for all of them: a process each would be most of what an open gate costs. */
static int gate_probe_batch(struct gate_waiting *waiting, struct error *err)
{
	cleanup_free struct probe_mount *mounts = calloc(waiting->n, sizeof(*mounts));
	cleanup_free struct probe *probes = calloc(waiting->n, sizeof(*probes));
	size_t n = 0;
	int r;

	if (!mounts || !probes)
		return error_memory(err);
	for (size_t i = 0; i < waiting->n; i++) {
		if (gate_is_batched(&waiting->watches[i]))
			mounts[n++] = waiting->watches[i].to_probe;
	}
	r = probe_begin_together(mounts, n, probes);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot probe the pod's FUSE paths: %s", strerror(-r));
	waiting->batch_until_usec = deadline_now() + GATE_BATCH_USEC;
	n = 0;
	for (size_t i = 0; i < waiting->n; i++) {
		struct gate_watch *watch = &waiting->watches[i];

		if (!gate_is_batched(watch))
			continue;
		watch->probe = probes[n++];
		gate_watch_close_mount(watch);
	}
	return 0;
}

static int gate_probe_all(struct gate_waiting *waiting, struct error *err)
{
	int r = gate_count_batched(waiting) > 1 ? gate_probe_batch(waiting, err) : 0;

	for (size_t i = 0; r == 0 && i < waiting->n; i++) {
		struct gate_watch *watch = &waiting->watches[i];

		if (watch->to_probe.fd < 0)
			continue;
		r = gate_watch_probe(watch, err);
		gate_watch_close_mount(watch);
	}
	return r;
}

/* `changed` false: the mount table is as it was, and only what is to be looked at again is. */
static int gate_read_all(struct gate_waiting *waiting, bool changed, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};

	for (size_t i = 0; i < waiting->n; i++) {
		int r = changed || waiting->watches[i].again
				? gate_watch_read(&waiting->watches[i], &host, err)
				: 0;

		if (r < 0)
			return r;
	}
	return gate_probe_all(waiting, err);
}

/* The gate ends for another path's sake: no answer yet is none. */
static void gate_forget_unanswered(struct gate_waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].probe.pid > 0)
			waiting->watches[i].path->state = PATH_UNKNOWN;
	}
}

static bool gate_all_live(const struct gate_waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].path->state != PATH_LIVE)
			return false;
	}
	return true;
}

static const char *gate_describe_state(enum path_state state)
{
	switch (state) {
	case PATH_DEAD:
		return "its mount is dead";
	case PATH_HUNG:
		return "its mount does not answer";
	case PATH_UNKNOWN:
	case PATH_ABSENT:
	case PATH_LIVE:
		break;
	}
	return "nothing is mounted there";
}

static int gate_refuse_timeout(
	const struct gate_waiting *waiting, uint64_t timeout_usec, struct error *err)
{
	cleanup_free char *time = duration_format(timeout_usec);

	for (size_t i = 0; i < waiting->n; i++) {
		const struct gate_path *path = waiting->watches[i].path;

		if (path->state != PATH_LIVE)
			return error_set(err, -ETIMEDOUT, FINDING_GATE_TIMEOUT, path->path,
				"see the sidecar's log, or allow more in fuse-sidecar.io/wait",
				"%s of %s is not live after %s: %s", path->path, path->provider,
				time ? time : "the wait", gate_describe_state(path->state));
	}
	return error_set(err, -ETIMEDOUT, FINDING_GATE_TIMEOUT, NULL, NULL, "the wait is over");
}

static int gate_arm_timer(struct gate_waiting *waiting, uint64_t timeout_usec, struct error *err)
{
	struct itimerspec when = {
		.it_value =
			{
				.tv_sec = (time_t)(timeout_usec / 1000000),
				.tv_nsec = (long)(timeout_usec % 1000000) * 1000,
			},
	};

	waiting->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (waiting->timer < 0 || timerfd_settime(waiting->timer, 0, &when, NULL) < 0)
		return error_set(err, -errno, FINDING_INTERNAL, NULL, NULL,
			"cannot make a timer: %s", strerror(errno));
	return 0;
}

/*
 * Everything is opened before anything is looked at: a change from then on is told, however fast.
 * Reading nothing of the mount table is fine, polling marks what has been seen.
 */
static int gate_start(struct gate_waiting *waiting, struct gate *gate, struct error *err)
{
	int r = 0;

	waiting->watches = calloc(gate->n ? gate->n : 1, sizeof(*waiting->watches));
	if (!waiting->watches)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	for (; r == 0 && waiting->n < gate->n; waiting->n++)
		r = gate_watch_open(&gate->paths[waiting->n], &waiting->watches[waiting->n], err);
	if (r < 0)
		return r;
	waiting->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (waiting->mounts < 0)
		return error_set(err, -errno, FINDING_HOST_IO, "/proc/self/mountinfo", NULL,
			"cannot watch /proc/self/mountinfo: %s", strerror(errno));
	return gate_arm_timer(
		waiting, gate->timeout_usec ? gate->timeout_usec : gate->probe_timeout_usec, err);
}

/* The poll set: the mount table, the timer, then provider and probe of each path. */
static size_t gate_fill_poll_set(const struct gate_waiting *waiting, struct pollfd *set)
{
	size_t n = 0;

	set[n++] = (struct pollfd){.fd = waiting->mounts, .events = POLLPRI};
	set[n++] = (struct pollfd){.fd = waiting->timer, .events = POLLIN};
	for (size_t i = 0; i < waiting->n; i++) {
		const struct gate_watch *watch = &waiting->watches[i];

		/* poll(2) skips negative descriptors. */
		set[n++] = (struct pollfd){
			.fd = gate_watch_provider_matters(watch) ? watch->process.pidfd : -1,
			.events = POLLIN};
		set[n++] = (struct pollfd){.fd = watch->probe.fd, .events = POLLIN};
	}
	return n;
}

static bool gate_has_batch(const struct gate_waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].probe.batch)
			return true;
	}
	return false;
}

/* In milliseconds, and none too few. */
static int gate_batch_msec_left(const struct gate_waiting *waiting)
{
	uint64_t now = deadline_now();

	return now < waiting->batch_until_usec ? (int)((waiting->batch_until_usec - now) / 1000) + 1
					       : 0;
}

/* One of those that were asked together gives no answer: each that has none yet is asked on its
 * own. */
static void gate_split_batch(struct gate_waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		struct gate_watch *watch = &waiting->watches[i];

		if (!watch->probe.batch)
			continue;
		probe_cancel(&watch->probe);
		watch->alone = true;
		watch->again = true;
	}
}

/* For poll(2): how long to wait for events, in milliseconds; -1 for ever. */
static int gate_poll_timeout(const struct gate_waiting *waiting)
{
	if (gate_has_batch(waiting))
		return gate_batch_msec_left(waiting);
	for (size_t i = 0; i < waiting->n; i++) {
		if (gate_watch_must_poll_provider(&waiting->watches[i]))
			return GATE_POLL_PROVIDER_MSEC;
	}
	return -1;
}

/* Who has ended, and who has answered. */
static int gate_take_events(
	struct gate_waiting *waiting, const struct pollfd *set, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < waiting->n; i++) {
		const struct pollfd *provider = &set[2 + 2 * i], *probe = provider + 1;

		if (gate_watch_provider_has_ended(&waiting->watches[i], provider->revents != 0))
			gate_watch_note_end(&waiting->watches[i]);
		if (!probe->revents)
			continue;
		/* One more has answered: the next has as long. */
		waiting->batch_until_usec = deadline_now() + GATE_BATCH_USEC;
		r = gate_watch_take_answer(&waiting->watches[i], err);
	}
	return r;
}

/* Wait for one round of events. *ret_over tells that the time is. */
static int gate_next_round(
	struct gate_waiting *waiting, struct pollfd *set, bool *ret_over, struct error *err)
{
	size_t n = gate_fill_poll_set(waiting, set);
	int r;

	if (poll(set, n, gate_poll_timeout(waiting)) < 0 && errno != EINTR)
		return error_set(err, -errno, FINDING_INTERNAL, NULL, NULL,
			"cannot wait for /proc/self/mountinfo to change: poll: %s",
			strerror(errno));
	r = gate_take_events(waiting, set, err);
	if (r < 0)
		return r;
	if (gate_has_batch(waiting) && gate_batch_msec_left(waiting) == 0)
		gate_split_batch(waiting);
	*ret_over = set[1].revents != 0;
	return gate_read_all(waiting, *ret_over || set[0].revents != 0, err);
}

static int gate_run(struct gate_waiting *waiting, struct gate *gate, struct error *err)
{
	cleanup_free struct pollfd *set = NULL;
	bool over = false;
	int r;

	r = gate_start(waiting, gate, err);
	if (r < 0)
		return r;
	set = calloc(2 + 2 * waiting->n, sizeof(*set));
	if (!set)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	r = gate_read_all(waiting, true, err);
	while (r == 0 && !gate_all_live(waiting)) {
		r = gate_check_providers(waiting, err);
		if (r < 0) {
			gate_forget_unanswered(waiting);
			return r;
		}
		if (over || (gate->timeout_usec == 0 && !gate_any_probe(waiting)))
			return gate_refuse_timeout(waiting, gate->timeout_usec, err);
		r = gate_next_round(waiting, set, &over, err);
	}
	return r;
}

int gate_wait(struct gate *gate, uint64_t *ret_waited_usec, struct error *err)
{
	cleanup_gate_waiting struct gate_waiting waiting = {.mounts = -EBADF, .timer = -EBADF};
	uint64_t began = deadline_now();
	int r = gate_run(&waiting, gate, err);

	*ret_waited_usec = deadline_now() - began;
	return r;
}
