/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals to any process of a hook, at any moment, beside a mount that lives: the mount is not
 * lost, no lock stays held, and the next hook does what this one could not.
 *
 * SIGNALS_COUNT (100) signals from SIGNALS_SEED (1) on (make check-signals). The seed says who gets
 * which signal, and when; where the hook is by then is the machine's to say.
 */
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define DEFAULT_COUNT 100
#define DEPTH 3 /* supervisor, worker, the worker's child */
#define HANGS_USEC (60 * UINT64_C(1000000))

/* A pod whose zurg crashes again and again, while torbox is live. */
struct scene {
	struct fake_pod pod;
	struct fake_member *zurg;
	struct fuse_daemon torbox;
	char *zurg_path, *torbox_path;
	unsigned int seed;
	uint64_t usual_usec; /* how long a hook takes here that nobody disturbs */
	unsigned int hit[DEPTH], missed;
};

static void scene_clear(struct scene *scene)
{
	fuse_daemon_clear(&scene->torbox);
	fake_pod_clear(&scene->pod);
	free(scene->zurg_path);
	free(scene->torbox_path);
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value && *value ? (unsigned int)strtoul(value, NULL, 10) : otherwise;
}

static unsigned int draw(struct scene *scene, unsigned int below)
{
	return (unsigned int)rand_r(&scene->seed) % below;
}

static void replace_zurg(struct scene *scene)
{
	if (scene->zurg)
		fake_member_stop(scene->zurg);
	scene->zurg = fake_pod_provider(&scene->pod, "zurg");
}

/* How long the prestart of a provider takes that heals its path. */
static void measure(struct scene *scene)
{
	uint64_t began;

	assert_int_equal(fuse_daemon_leave_dead(scene->zurg_path), 0);
	replace_zurg(scene);
	began = deadline_now();
	fake_member_expect(scene->zurg, "prestart", 0);
	scene->usual_usec = deadline_now() - began;
}

static void begin(struct scene *scene)
{
	fake_pod_init(&scene->pod, FAKE_POD_UID,
		"rclone-zurg=/mnt/media/zurg, rclone-torbox=/mnt/media/torbox");
	fake_pod_annotate(&scene->pod, "fuse-sidecar.io/wait", "0s");
	scene->zurg_path = fake_pod_path(&scene->pod, "zurg");
	scene->torbox_path = fake_pod_path(&scene->pod, "torbox");
	fake_member_expect(fake_pod_provider(&scene->pod, "torbox"), "prestart", 0);
	replace_zurg(scene);
	fake_member_expect(scene->zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_start(scene->torbox_path, NULL, &scene->torbox), 0);
	measure(scene);
}

static void assert_live(const struct scene *scene)
{
	cleanup_free char *film = NULL;

	assert_true(asprintf(&film, "%s/film", scene->torbox_path) > 0);
	assert_int_equal(ns_sandbox_mounts_on(scene->torbox_path), 1);
	assert_int_equal(access(film, R_OK), 0);
}

/* child_of() without a look at all processes, where the kernel has it (CONFIG_PROC_CHILDREN). */
static pid_t first_child(pid_t parent)
{
	cleanup_free char *children = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	children = ns_sandbox_read(path);
	return children ? (pid_t)strtol(children, NULL, 10) : child_of(parent);
}

/* As far down as there is anybody just now. */
static pid_t pick_victim(pid_t hook, unsigned int *depth)
{
	pid_t victim = hook, below;
	unsigned int at = 0;

	while (at < *depth && (below = first_child(victim)) > 0) {
		victim = below;
		at++;
	}
	*depth = at;
	return victim;
}

static bool has_ended(pid_t hook)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)hook, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == hook;
}

/* One signal, or a stop and the end some time after it. */
static void send_signal(struct scene *scene, pid_t victim)
{
	static const int signals[] = {SIGTERM, SIGKILL, SIGHUP, SIGINT, SIGSTOP};
	int number_of = signals[draw(scene, ARRAY_SIZE(signals))];

	/* It may be gone by now. */
	kill(victim, number_of);
	if (number_of != SIGSTOP)
		return;
	usleep(draw(scene, 3000));
	kill(victim, SIGKILL);
}

/* The hook ends, whatever was done to it. */
static void await_end(const struct scene *scene, pid_t hook, unsigned int nth)
{
	uint64_t until = deadline_now() + HANGS_USEC;

	while (waitpid(hook, NULL, WNOHANG) == 0) {
		if (deadline_now() > until)
			fail_msg("hook %u (pid %d) does not end", nth, (int)hook);
		usleep(200);
	}
	assert_live(scene);
}

static void disturb(
	struct scene *scene, const struct fake_member *member, const char *stage, unsigned int nth)
{
	pid_t hook = fake_member_hook_start(member, stage), victim;
	unsigned int depth = draw(scene, DEPTH);

	usleep(draw(scene, (unsigned int)scene->usual_usec + 1));
	if (has_ended(hook)) {
		scene->missed++;
	} else {
		victim = pick_victim(hook, &depth);
		send_signal(scene, victim);
		scene->hit[depth]++;
	}
	await_end(scene, hook, nth);
}

/* Nobody holds the pod's lock who does not run. */
static bool is_free(void *data)
{
	const struct scene *scene = data;
	char file[160];
	cleanup_close int fd = -EBADF;

	snprintf(file, sizeof(file), FAKE_POD_RECORDS "/locks/%s", scene->pod.uid);
	fd = open(file, O_RDWR | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void expect_next_to_pass(struct scene *scene)
{
	uint64_t began;

	if (!eventually(is_free, scene))
		fail_msg("the lock of the pod stays held");
	replace_zurg(scene);
	began = deadline_now();
	fake_member_expect(scene->zurg, "prestart", 0);
	/* The machine may be busier or less so than at the beginning. */
	scene->usual_usec = (3 * scene->usual_usec + deadline_now() - began) / 4;
	assert_int_equal(ns_sandbox_mounts_on(scene->zurg_path), 0);
	assert_string_equal(fake_pod_status(&scene->pod, "rclone-zurg"), "created");
	assert_string_equal(fake_pod_status(&scene->pod, "rclone-torbox"), "created");
	assert_int_equal(fake_pod_count_files("tmp"), 0);
	assert_live(scene);
}

/* A heal, the end of a container whose mount is dead, a consumer at the gate. */
static void run_one(struct scene *scene, unsigned int nth)
{
	struct fake_member *former = scene->zurg, *plex;

	assert_int_equal(fuse_daemon_leave_dead(scene->zurg_path), 0);
	switch (draw(scene, 3)) {
	case 0:
		replace_zurg(scene);
		disturb(scene, scene->zurg, "prestart", nth);
		break;
	case 1:
		fake_member_stop(former);
		disturb(scene, former, "poststop", nth);
		break;
	default:
		plex = fake_pod_consumer(&scene->pod, "plex");
		disturb(scene, plex, "prestart", nth);
		fake_member_stop(plex);
		break;
	}
	expect_next_to_pass(scene);
}

/* Orphans are this process's children (PR_SET_CHILD_SUBREAPER). */
static bool is_alone(void *data)
{
	(void)data;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return errno == ECHILD;
}

static void no_signal_costs_a_mount_or_a_lock(void **state)
{
	unsigned int count = number("SIGNALS_COUNT", DEFAULT_COUNT);
	struct scene scene = {.seed = number("SIGNALS_SEED", 1)};

	(void)state;
	print_message("%u signals, seed %u\n", count, scene.seed);
	begin(&scene);
	/* Those that came too late do not count, within reason. */
	for (unsigned int i = 0; i - scene.missed < count && i < 4 * count; i++)
		run_one(&scene, i);
	print_message("signals: supervisor %u, worker %u, its child %u; too late: %u\n",
		scene.hit[0], scene.hit[1], scene.hit[2], scene.missed);
	assert_true(scene.hit[0] > 0 && scene.hit[1] > 0 && scene.hit[2] > 0);
	scene_clear(&scene);
	assert_true(eventually(is_alone, NULL));
}

/*
 * What hooks leave behind is seen here. A hook of a sanitizer build looks for no leaks: at its end
 * it would start a child for that, and wait for one that was killed for ever.
 */
static int enter(void **state)
{
	const char *options = getenv("ASAN_OPTIONS");
	cleanup_free char *without = NULL;

	if (asprintf(&without, "%s:detect_leaks=0", options ? options : "") < 0 ||
		setenv("ASAN_OPTIONS", without, 1) < 0)
		return -1;
	return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -1 : ns_sandbox_setup_group(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_signal_costs_a_mount_or_a_lock, ns_sandbox_setup_shared),
	};

	return cmocka_run_group_tests_name("signals", tests, enter, NULL);
}
