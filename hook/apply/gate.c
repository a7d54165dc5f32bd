/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/apply/gate.h"

#include "hook/mount/mnttab_query.h"
#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "hook/sys/deadline.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/process.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/path.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>

/* How long mounts that are asked together may take before each is asked by a child of its own: one
 * of them hangs, or is slow. */
#define GATE_TOGETHER_USEC (20 * UINT64_C(1000))

/* How many children in a row may end without having told what they were sent to ask. */
#define GATE_UNANSWERED_MAX 4

/* How often a provider is looked after where nothing tells of its end, in milliseconds. */
#define GATE_LOOK_AFTER_MSEC 250

/* What the gate holds for one path while it waits. */
struct watch {
	struct gate_path *path;
	int volume;		/* path->volume, pinned; -EBADF: none */
	struct process process; /* the provider, until it has ended; PROCESS_NONE too without one */
	struct probe probe;	/* under way */
	struct {
		int id;		 /* 0: the path could not be reached */
		uint64_t unique; /* ids are used again, at once; this one is not (Linux 6.8) */
	} mount;		 /* at the path when it was last looked at */
	bool again;		 /* look at it even if that is the same */
	bool alone; /* its mount is asked by a child of its own: together with others it gave no
		       answer */
	struct probe_mount asked; /* a mount that is to be asked now; its fd -EBADF: none */
	unsigned int unanswered;  /* children in a row that did not tell */
};

struct waiting {
	struct watch *watches;
	size_t n;
	int mounts; /* /proc/self/mountinfo: POLLPRI on each change of the mount table (proc(5)) */
	int timer;
	uint64_t together_until_usec; /* CLOCK_MONOTONIC, while mounts are asked together */
};

static void waiting_clear(struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		probe_cancel(&waiting->watches[i].probe);
		cleanup_close_fd(&waiting->watches[i].asked.fd);
		process_close(&waiting->watches[i].process);
		cleanup_close_fd(&waiting->watches[i].volume);
	}
	free(waiting->watches);
	cleanup_close_fd(&waiting->mounts);
	cleanup_close_fd(&waiting->timer);
}

#define cleanup_waiting __attribute__((cleanup(waiting_clear)))

static int refuse_not_started(const struct gate_path *path, struct error *err)
{
	return error_set(err, -ESRCH, FINDING_PROVIDER_NOT_STARTED, path->path,
		"list the sidecar before this container, or make it a native sidecar "
		"(restartPolicy: Always)",
		"%s: its provider %s has not been created yet; waiting would hold it up",
		path->path, path->provider);
}

static int refuse_dead(const struct gate_path *path, struct error *err)
{
	return error_set(err, -ESRCH, FINDING_PROVIDER_DEAD, path->path,
		"see the sidecar's log; the kubelet tries again when it has restarted it",
		"%s: its provider %s (pid %d) has ended; waiting would hold up its restart",
		path->path, path->provider, (int)path->pid);
}

/*
 * Whether the provider's end would say anything: not while its mount is being asked, since the
 * answer says more. A path that is live depends on it too, for as long as another one is waited
 * for.
 */
static bool provider_matters(const struct watch *watch)
{
	return !watch->path->node && watch->path->created && watch->probe.pid <= 0;
}

/* Its mount has ended with it, or belongs to somebody else: it is looked at again, whatever it was.
 */
static void note_end(struct watch *watch)
{
	process_close(&watch->process);
	watch->again = true;
}

static int check_provider(const struct watch *watch, struct error *err)
{
	const struct gate_path *path = watch->path;

	if (path->state == PATH_LIVE)
		return 0;
	if (!path->created)
		return refuse_not_started(path, err);
	return watch->process.dir < 0 || process_has_ended(&watch->process) ? refuse_dead(path, err)
									    : 0;
}

/* 17 at once: a hook that waits holds up the restart of the very provider that it waits for. */
static int check_providers(const struct waiting *waiting, struct error *err)
{
	for (size_t i = 0; i < waiting->n; i++) {
		const struct watch *watch = &waiting->watches[i];
		int r;

		if (watch->path->node || watch->probe.pid > 0)
			continue;
		r = check_provider(watch, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool any_probe(const struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].probe.pid > 0)
			return true;
	}
	return false;
}

static int open_path(const struct watch *watch)
{
	const struct gate_path *path = watch->path;
	const char *rest = path->volume ? path_below(path->host_path, path->volume) : NULL;
	int fd = -EBADF, r;

	if (!rest || watch->volume < 0)
		return resolve_open(AT_FDCWD, path->host_path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
			SYS_RESOLVE_NO_SYMLINKS);
	/* Not through a FUSE mount of the pod's on the way, which could hold the hook. */
	r = safe_walk_below(watch->volume, path->volume, rest, &fd, NULL);
	return r < 0 ? r : fd;
}

/* That it cannot be reached is nothing new as long as nothing is mounted there: somebody may be
 * making the directory, or a mount on the way to it. Of any other error, that the node is out of
 * descriptors, say, no event would tell that it is over. */
static bool is_trouble(int r)
{
	switch (-r) {
	case 0:
	case EACCES:
	case ECONNABORTED:
	case ECONNREFUSED:
	case ELOOP:
	case ENOENT:
	case ENOTCONN:
	case ENOTDIR:
	case EPERM:
	case EREMOTE:
	case ESTALE:
	case EXDEV:
		return false;
	default:
		return true;
	}
}

/* Opened, O_PATH, with the ids of the mount that it is on. A descriptor or a negative errno. */
static int open_and_identify(const struct watch *watch, int *ret_id, uint64_t *ret_unique)
{
	cleanup_close int fd = -EBADF;
	int r;

	do
		fd = open_path(watch);
	while (fd == -EINTR);
	r = fd < 0 ? fd : mount_id_of(fd, ret_id, ret_unique);
	return r < 0 ? r : move_fd(&fd);
}

/*
 * The mount at the path, without reading the mount table: opening asks no file system, and the id
 * tells whether anything has changed. *ret_fd is -EBADF where the path cannot be reached now. 1
 * where there is something new, 0, or a negative errno.
 */
static int look(struct watch *watch, int *ret_fd)
{
	uint64_t unique = 0;
	int id = 0, fd = open_and_identify(watch, &id, &unique);
	bool changed;

	*ret_fd = -EBADF;
	if (fd < 0 && is_trouble(fd))
		return fd;
	if (fd >= 0)
		*ret_fd = fd;
	changed = watch->again || id != watch->mount.id || unique != watch->mount.unique;
	watch->again = false;
	watch->mount.id = id;
	watch->mount.unique = unique;
	return changed;
}

/* A FUSE mount on the path itself, and not the one that carries it. */
static bool is_waited_for(const struct gate_path *path, const struct mount_entry *mount)
{
	return mount_entry_is_fuse(mount) && strcmp(mount->target, path->host_path) == 0;
}

/* Whether the mount at `*fd` is one to wait for; then it is to be asked, and *fd is the watch's.
 * Where the mount table has to be read for that, `host` keeps it for all paths. */
static int choose(struct watch *watch, int *fd, struct mount_table *host, struct error *err)
{
	cleanup_mount_entry struct mount_entry mount = {0};
	struct gate_path *path = watch->path;
	int r = mnttab_query_of(*fd, host, &mount, err);

	if (r == -ENOENT) {
		/* Unmounted meanwhile, or mounted since the table was read for another path:
		 * poll(2) tells of it yet. */
		watch->again = true;
		error_clear(err);
		return 0;
	}
	if (r < 0 || !is_waited_for(path, &mount))
		return r;
	watch->asked =
		(struct probe_mount){.fd = move_fd(fd), .connection = probe_connection(&mount)};
	snprintf(path->device, sizeof(path->device), "%u:%u", mount.major, mount.minor);
	path->mount_id = watch->mount.id;
	path->mount_id_unique = watch->mount.unique;
	/* Until it answers. */
	path->state = PATH_HUNG;
	return 0;
}

/* Look at one path: is there a FUSE mount to be asked? */
static int look_at(struct watch *watch, struct mount_table *host, struct error *err)
{
	cleanup_close int fd = -EBADF;
	int r = look(watch, &fd);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, watch->path->host_path, NULL,
			"cannot look at %s: %s", watch->path->host_path, strerror(-r));
	if (r == 0)
		return 0;
	probe_cancel(&watch->probe);
	watch->path->state = PATH_ABSENT;
	watch->path->device[0] = '\0';
	watch->path->mount_id = 0;
	watch->path->mount_id_unique = 0;
	return fd < 0 ? 0 : choose(watch, &fd, host, err);
}

static void close_asked(struct watch *watch)
{
	cleanup_close_fd(&watch->asked.fd);
	watch->asked.fd = -EBADF;
}

static int ask_alone(struct watch *watch, struct error *err)
{
	int r = probe_begin(&watch->asked, &watch->probe);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, watch->path->host_path, NULL,
			"cannot probe %s: %s", watch->path->host_path, strerror(-r));
	return 0;
}

static bool is_for_all(const struct watch *watch)
{
	return watch->asked.fd >= 0 && !watch->alone;
}

static size_t count_for_all(const struct waiting *waiting)
{
	size_t n = 0;

	for (size_t i = 0; i < waiting->n; i++)
		n += is_for_all(&waiting->watches[i]);
	return n;
}

/* One child for all of them: a process each would be most of what an open gate costs. */
static int ask_together(struct waiting *waiting, struct error *err)
{
	cleanup_free struct probe_mount *mounts = calloc(waiting->n, sizeof(*mounts));
	cleanup_free struct probe *probes = calloc(waiting->n, sizeof(*probes));
	size_t n = 0;
	int r;

	if (!mounts || !probes)
		return error_memory(err);
	for (size_t i = 0; i < waiting->n; i++) {
		if (is_for_all(&waiting->watches[i]))
			mounts[n++] = waiting->watches[i].asked;
	}
	r = probe_begin_together(mounts, n, probes);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot probe the pod's FUSE paths: %s", strerror(-r));
	waiting->together_until_usec = deadline_now() + GATE_TOGETHER_USEC;
	n = 0;
	for (size_t i = 0; i < waiting->n; i++) {
		struct watch *watch = &waiting->watches[i];

		if (!is_for_all(watch))
			continue;
		watch->probe = probes[n++];
		close_asked(watch);
	}
	return 0;
}

static int ask_all(struct waiting *waiting, struct error *err)
{
	int r = count_for_all(waiting) > 1 ? ask_together(waiting, err) : 0;

	for (size_t i = 0; r == 0 && i < waiting->n; i++) {
		struct watch *watch = &waiting->watches[i];

		if (watch->asked.fd < 0)
			continue;
		r = ask_alone(watch, err);
		close_asked(watch);
	}
	return r;
}

/* `changed` false: the mount table is as it was, and only what is to be looked at again is. */
static int look_at_all(struct waiting *waiting, bool changed, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};

	for (size_t i = 0; i < waiting->n; i++) {
		int r = changed || waiting->watches[i].again
				? look_at(&waiting->watches[i], &host, err)
				: 0;

		if (r < 0)
			return r;
	}
	return ask_all(waiting, err);
}

/* The gate ends for another path's sake: no answer yet is none. */
static void forget_unanswered(struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].probe.pid > 0)
			waiting->watches[i].path->state = PATH_UNKNOWN;
	}
}

static bool all_live(const struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].path->state != PATH_LIVE)
			return false;
	}
	return true;
}

static const char *state_in_words(enum path_state state)
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

static int refuse_timeout(const struct waiting *waiting, uint64_t timeout_usec, struct error *err)
{
	cleanup_free char *time = duration_format(timeout_usec);

	for (size_t i = 0; i < waiting->n; i++) {
		const struct gate_path *path = waiting->watches[i].path;

		if (path->state != PATH_LIVE)
			return error_set(err, -ETIMEDOUT, FINDING_GATE_TIMEOUT, path->path,
				"see the sidecar's log, or allow more in fuse-sidecar.io/wait",
				"%s of %s is not live after %s: %s", path->path, path->provider,
				time ? time : "the wait", state_in_words(path->state));
	}
	return error_set(err, -ETIMEDOUT, FINDING_GATE_TIMEOUT, NULL, NULL, "the wait is over");
}

static int arm(struct waiting *waiting, uint64_t timeout_usec, struct error *err)
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

static int watch_provider(struct watch *watch, struct error *err)
{
	const struct gate_path *path = watch->path;
	int r;

	if (path->node || !path->created)
		return 0;
	r = process_open(path->pid, path->pid_start_ticks, &watch->process);
	if (r < 0 && r != -ESRCH)
		return error_set(err, r, FINDING_HOST_IO, path->provider, NULL,
			"cannot watch provider %s: %s", path->provider, strerror(-r));
	return 0;
}

static int open_volume(const struct gate_path *path)
{
	if (!path->volume)
		return -EBADF;
	return resolve_open(
		AT_FDCWD, path->volume, O_PATH | O_DIRECTORY | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS);
}

/*
 * Everything is opened before anything is looked at: a change from then on is told, however fast.
 * Reading nothing of the mount table is fine, polling marks what has been seen.
 */
static int start(struct waiting *waiting, struct gate *gate, struct error *err)
{
	int r = 0;

	waiting->watches = calloc(gate->n ? gate->n : 1, sizeof(*waiting->watches));
	if (!waiting->watches)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	for (; r == 0 && waiting->n < gate->n; waiting->n++) {
		struct watch *watch = &waiting->watches[waiting->n];

		gate->paths[waiting->n].state = PATH_ABSENT;
		*watch = (struct watch){
			.path = &gate->paths[waiting->n],
			.volume = open_volume(&gate->paths[waiting->n]),
			.process = PROCESS_NONE,
			.probe = PROBE_NONE,
			.asked.fd = -EBADF,
		};
		r = watch_provider(watch, err);
	}
	if (r < 0)
		return r;
	waiting->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (waiting->mounts < 0)
		return error_set(err, -errno, FINDING_HOST_IO, "/proc/self/mountinfo", NULL,
			"cannot watch /proc/self/mountinfo: %s", strerror(errno));
	return arm(
		waiting, gate->timeout_usec ? gate->timeout_usec : gate->probe_timeout_usec, err);
}

/* The poll set: the mount table, the timer, then provider and probe of each path. */
static size_t fill(const struct waiting *waiting, struct pollfd *set)
{
	size_t n = 0;

	set[n++] = (struct pollfd){.fd = waiting->mounts, .events = POLLPRI};
	set[n++] = (struct pollfd){.fd = waiting->timer, .events = POLLIN};
	for (size_t i = 0; i < waiting->n; i++) {
		const struct watch *watch = &waiting->watches[i];

		/* poll(2) skips negative descriptors. */
		set[n++] =
			(struct pollfd){.fd = provider_matters(watch) ? watch->process.pidfd : -1,
				.events = POLLIN};
		set[n++] = (struct pollfd){.fd = watch->probe.fd, .events = POLLIN};
	}
	return n;
}

/* Before Linux 5.3 no descriptor tells of a provider's end: it is looked after. */
static bool must_look_after(const struct watch *watch)
{
	return provider_matters(watch) && watch->process.dir >= 0 && watch->process.pidfd < 0;
}

static bool any_together(const struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		if (waiting->watches[i].probe.crew)
			return true;
	}
	return false;
}

/* In milliseconds, and none too few. */
static int left_together(const struct waiting *waiting)
{
	uint64_t now = deadline_now();

	return now < waiting->together_until_usec
		       ? (int)((waiting->together_until_usec - now) / 1000) + 1
		       : 0;
}

/* One of those that were asked together gives no answer: each that has none yet is asked on its
 * own. */
static void part(struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->n; i++) {
		struct watch *watch = &waiting->watches[i];

		if (!watch->probe.crew)
			continue;
		probe_cancel(&watch->probe);
		watch->alone = true;
		watch->again = true;
	}
}

/* For poll(2): how long to wait for events, in milliseconds; -1 for ever. */
static int longest_wait(const struct waiting *waiting)
{
	if (any_together(waiting))
		return left_together(waiting);
	for (size_t i = 0; i < waiting->n; i++) {
		if (must_look_after(&waiting->watches[i]))
			return GATE_LOOK_AFTER_MSEC;
	}
	return -1;
}

static bool provider_has_ended(const struct watch *watch, const struct pollfd *event)
{
	return event->revents || (must_look_after(watch) && process_has_ended(&watch->process));
}

/* A probe that died without an answer says nothing: the mount is looked at again, unless that goes
 * on. */
static int take_answer(struct watch *watch, struct error *err)
{
	enum path_state state = PATH_UNKNOWN;
	bool together = watch->probe.crew != NULL;
	int r = probe_end(&watch->probe, &state);

	if (r == 0) {
		watch->path->state = state;
		watch->unanswered = 0;
		return 0;
	}
	if (++watch->unanswered >= GATE_UNANSWERED_MAX)
		return error_set(err, r, FINDING_HOST_IO, watch->path->host_path,
			"see whether the node or the cgroup is out of memory",
			"cannot probe %s: %u children in a row could not tell: %s",
			watch->path->host_path, watch->unanswered, strerror(-r));
	watch->again = true;
	watch->alone = together;
	return 0;
}

/* Who has ended, and who has answered. */
static int take_events(struct waiting *waiting, const struct pollfd *set, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < waiting->n; i++) {
		const struct pollfd *provider = &set[2 + 2 * i], *probe = provider + 1;

		if (provider_has_ended(&waiting->watches[i], provider))
			note_end(&waiting->watches[i]);
		if (!probe->revents)
			continue;
		/* One more has answered: the next has as long. */
		waiting->together_until_usec = deadline_now() + GATE_TOGETHER_USEC;
		r = take_answer(&waiting->watches[i], err);
	}
	return r;
}

/* Wait for one round of events. *ret_over tells that the time is. */
static int next_round(
	struct waiting *waiting, struct pollfd *set, bool *ret_over, struct error *err)
{
	size_t n = fill(waiting, set);
	int r;

	if (poll(set, n, longest_wait(waiting)) < 0 && errno != EINTR)
		return error_set(err, -errno, FINDING_INTERNAL, NULL, NULL,
			"cannot wait for /proc/self/mountinfo to change: poll: %s",
			strerror(errno));
	r = take_events(waiting, set, err);
	if (r < 0)
		return r;
	if (any_together(waiting) && left_together(waiting) == 0)
		part(waiting);
	*ret_over = set[1].revents != 0;
	return look_at_all(waiting, *ret_over || set[0].revents != 0, err);
}

static int gate_run(struct waiting *waiting, struct gate *gate, struct error *err)
{
	cleanup_free struct pollfd *set = NULL;
	bool over = false;
	int r;

	r = start(waiting, gate, err);
	if (r < 0)
		return r;
	set = calloc(2 + 2 * waiting->n, sizeof(*set));
	if (!set)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	r = look_at_all(waiting, true, err);
	while (r == 0 && !all_live(waiting)) {
		r = check_providers(waiting, err);
		if (r < 0) {
			forget_unanswered(waiting);
			return r;
		}
		if (over || (gate->timeout_usec == 0 && !any_probe(waiting)))
			return refuse_timeout(waiting, gate->timeout_usec, err);
		r = next_round(waiting, set, &over, err);
	}
	return r;
}

int gate_wait(struct gate *gate, uint64_t *ret_waited_usec, struct error *err)
{
	cleanup_waiting struct waiting waiting = {.mounts = -EBADF, .timer = -EBADF};
	uint64_t began = deadline_now();
	int r = gate_run(&waiting, gate, err);

	*ret_waited_usec = deadline_now() - began;
	return r;
}
