/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: first hook/apply/gate.h by itself, then as a consumer's prestart goes through it. */
#include "hook/apply/gate.h"

#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define SECOND UINT64_C(1000000)
/* Nobody waits that long: what has to be at once is well below. */
#define LONG (30 * SECOND * patience())
#define AT_ONCE (5 * SECOND * patience())
#define SOON (10 * SECOND * patience())
#define ZURG NS_SANDBOX_DIR "/media/zurg"
#define TORBOX NS_SANDBOX_DIR "/media/torbox"
#define BOTH "rclone-zurg=/mnt/media/zurg, rclone-torbox=/mnt/media/torbox"

static int reset(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(ZURG) < 0 || ns_sandbox_mkdirs(TORBOX) < 0)
		return -1;
	return ns_sandbox_share_kubelet();
}

static int sleep_on(void *data)
{
	(void)data;
	for (;;)
		pause();
	return 0;
}

/* A process that stands for a provider's init. */
static pid_t start_provider(void)
{
	pid_t pid = child_start(sleep_on, NULL);

	assert_true(pid > 0);
	return pid;
}

static void end_provider(pid_t pid)
{
	kill(pid, SIGKILL);
	child_wait(pid);
}

static struct gate_path provided(const char *host_path, pid_t pid)
{
	struct gate_path path = {
		.path = host_path, .host_path = host_path, .provider = "rclone-zurg"};

	if (pid > 0) {
		path.created = true;
		path.pid = pid;
		assert_int_equal(process_start(pid, &path.pid_start_ticks), 0);
	}
	return path;
}

/* What came of a gate on up to two paths. */
struct outcome {
	int result;
	struct error err;
	uint64_t waited_usec;
	enum path_state states[2];
};

static void outcome_clear(struct outcome *outcome)
{
	error_clear(&outcome->err);
}

#define cleanup_outcome __attribute__((cleanup(outcome_clear)))

static struct outcome wait_for(struct gate_path *paths, size_t n, uint64_t timeout_usec)
{
	struct gate gate = {
		.paths = paths,
		.n = n,
		.timeout_usec = timeout_usec,
		.probe_timeout_usec = SECOND / 5,
	};
	struct outcome outcome = {0};

	outcome.result = gate_wait(&gate, &outcome.waited_usec, &outcome.err);
	for (size_t i = 0; i < n && i < ARRAY_SIZE(outcome.states); i++)
		outcome.states[i] = paths[i].state;
	return outcome;
}

static void assert_opened(const struct outcome *outcome)
{
	if (outcome->result != 0)
		fail_msg("%s: %s", strerror(-outcome->result), error_message(&outcome->err));
}

static void assert_refused(const struct outcome *outcome, enum finding_code code)
{
	assert_true(outcome->result < 0);
	if (outcome->err.code != code)
		fail_msg("refused with %s, expected %s: %s", code_name(outcome->err.code),
			code_name(code), error_message(&outcome->err));
}

/* Something that happens while the test waits in the gate. */
struct later {
	unsigned int after_ms;
	pid_t pid;
	int signal;
	const char *unmount;
};

static int do_later(void *data)
{
	const struct later *later = data;

	usleep(later->after_ms * 1000);
	if (later->pid > 0)
		kill(later->pid, later->signal);
	if (later->unmount)
		umount2(later->unmount, MNT_DETACH);
	return 0;
}

static pid_t start_later(struct later later)
{
	return child_start(do_later, &later);
}

struct holder {
	const char *path;
	unsigned int after_ms;
};

/* The directory too comes only then. */
static int exec_holder(void *data)
{
	const struct holder *holder = data;
	const char *build = getenv("BUILD_DIR");
	char program[256];
	int output = open("/dev/null", O_WRONLY | O_CLOEXEC);

	usleep(holder->after_ms * 1000);
	snprintf(program, sizeof(program), "%s/tests/fuse_holder", build ? build : "build");
	if (ns_sandbox_mkdirs(holder->path) < 0 || dup2(output, STDOUT_FILENO) < 0)
		return 126;
	execl(program, program, holder->path, NULL);
	return 127;
}

/* A daemon that nobody waits for: fuse_daemon_start() would, until it is mounted. */
static pid_t start_holder(const char *path, unsigned int after_ms)
{
	pid_t pid = child_start(exec_holder, &(struct holder){.path = path, .after_ms = after_ms});

	assert_true(pid > 0);
	return pid;
}

static void a_live_mount_opens_it_at_once(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	outcome = wait_for(&path, 1, LONG);
	assert_opened(&outcome);
	assert_int_equal(path.state, PATH_LIVE);
	assert_true(outcome.waited_usec < AT_ONCE);
	end_provider(provider);
}

static void a_mount_that_comes_later_opens_it(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider(), holder = start_holder(ZURG, 300);
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	outcome = wait_for(&path, 1, LONG);
	end_provider(holder);
	end_provider(provider);
	assert_opened(&outcome);
	/* The holder started somewhat before the gate. */
	assert_int_in_range(outcome.waited_usec, SECOND / 10, SOON);
	assert_true(*path.device != '\0');
}

static void a_path_whose_directory_comes_later_is_seen(void **state)
{
	static const char path_name[] = NS_SANDBOX_DIR "/media/new/zurg";
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider(), holder = start_holder(path_name, 200);
	struct gate_path path = provided(path_name, provider);

	(void)state;
	outcome = wait_for(&path, 1, LONG);
	end_provider(holder);
	end_provider(provider);
	assert_opened(&outcome);
}

static void a_provider_that_was_never_created_is_refused_at_once(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	struct gate_path path = provided(ZURG, 0);

	(void)state;
	outcome = wait_for(&path, 1, LONG);
	assert_refused(&outcome, FINDING_PROVIDER_NOT_STARTED);
	assert_non_null(strstr(outcome.err.message, "rclone-zurg"));
	assert_true(outcome.waited_usec < AT_ONCE);
}

static void a_provider_that_died_before_is_refused_at_once(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	/* With its dead mount, as a crash leaves it. */
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	end_provider(provider);
	outcome = wait_for(&path, 1, LONG);
	assert_refused(&outcome, FINDING_PROVIDER_DEAD);
	assert_true(outcome.waited_usec < AT_ONCE);
}

static void a_provider_that_is_a_zombie_is_dead(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	kill(provider, SIGKILL);
	outcome = wait_for(&path, 1, LONG);
	child_wait(provider);
	assert_refused(&outcome, FINDING_PROVIDER_DEAD);
	assert_true(outcome.waited_usec < AT_ONCE);
}

static void a_provider_that_dies_meanwhile_is_refused_at_once(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);
	pid_t later = start_later((struct later){200, provider, SIGKILL, NULL});

	(void)state;
	outcome = wait_for(&path, 1, LONG);
	child_wait(later);
	child_wait(provider);
	assert_refused(&outcome, FINDING_PROVIDER_DEAD);
	assert_int_in_range(outcome.waited_usec, SECOND / 20, SOON);
}

static void another_process_of_that_pid_is_not_the_provider(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	path.pid_start_ticks--;
	outcome = wait_for(&path, 1, LONG);
	end_provider(provider);
	assert_refused(&outcome, FINDING_PROVIDER_DEAD);
	assert_true(outcome.waited_usec < AT_ONCE);
}

static void a_dead_mount_of_a_provider_that_lives_is_waited_for(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	outcome = wait_for(&path, 1, SECOND / 5);
	end_provider(provider);
	assert_refused(&outcome, FINDING_GATE_TIMEOUT);
	assert_non_null(strstr(outcome.err.message, "its mount is dead"));
	assert_int_equal(outcome.states[0], PATH_DEAD);
}

static void a_mount_over_a_dead_one_opens_it(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider(), holder;
	struct gate_path path = provided(ZURG, provider);
	pid_t later = start_later((struct later){.after_ms = 150, .unmount = ZURG});

	(void)state;
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	holder = start_holder(ZURG, 300);
	outcome = wait_for(&path, 1, LONG);
	child_wait(later);
	end_provider(holder);
	end_provider(provider);
	assert_opened(&outcome);
}

static void a_hung_mount_ends_with_the_time_and_says_so(void **state)
{
	static const char *const options[] = {"--hang", "--swallow"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		cleanup_fuse_daemon struct fuse_daemon daemon = {0};
		cleanup_outcome struct outcome outcome = {0};
		pid_t provider = start_provider();
		struct gate_path path = provided(ZURG, provider);

		assert_int_equal(fuse_daemon_start(ZURG, options[i], &daemon), 0);
		outcome = wait_for(&path, 1, SECOND / 5);
		end_provider(provider);
		assert_refused(&outcome, FINDING_GATE_TIMEOUT);
		assert_non_null(strstr(outcome.err.message, "does not answer"));
		assert_int_equal(outcome.states[0], PATH_HUNG);
		assert_int_in_range(outcome.waited_usec, SECOND / 5, SOON);
	}
}

static void a_hung_mount_that_answers_later_opens_it(void **state)
{
	static const char *const options[] = {"--hang", "--swallow"};

	(void)state;
	/* No mount appears or goes: the probe's own answer is the event. A request that was read
	 * and dropped is never answered, so one that was swallowed stays hung. */
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		cleanup_fuse_daemon struct fuse_daemon daemon = {0};
		cleanup_outcome struct outcome outcome = {0};
		pid_t provider = start_provider(), later;
		struct gate_path path = provided(ZURG, provider);

		assert_int_equal(fuse_daemon_start(ZURG, options[i], &daemon), 0);
		later = start_later((struct later){200, daemon.pid, SIGUSR2, NULL});
		outcome = wait_for(&path, 1, i == 0 ? LONG : SECOND / 2);
		child_wait(later);
		end_provider(provider);
		if (i > 0)
			assert_refused(&outcome, FINDING_GATE_TIMEOUT);
		else
			assert_opened(&outcome);
	}
}

static void of_two_providers_the_dead_one_is_named(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_outcome struct outcome outcome = {0};
	pid_t zurg = start_provider(), torbox = start_provider();
	struct gate_path paths[] = {provided(ZURG, zurg), provided(TORBOX, torbox)};

	(void)state;
	paths[1].provider = "rclone-torbox";
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	end_provider(torbox);
	outcome = wait_for(paths, 2, LONG);
	end_provider(zurg);
	assert_refused(&outcome, FINDING_PROVIDER_DEAD);
	assert_non_null(strstr(outcome.err.message, "rclone-torbox"));
	assert_int_not_equal(outcome.states[0], PATH_HUNG);
}

/* Its mount was live, and dies with it while the other one is waited for. */
static void a_live_providers_death_while_another_is_waited_for_is_seen(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_outcome struct outcome outcome = {0};
	pid_t torbox = start_provider(), later;
	struct gate_path paths[2];

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	paths[0] = provided(ZURG, daemon.pid);
	paths[1] = provided(TORBOX, torbox);
	later = start_later((struct later){200, daemon.pid, SIGKILL, NULL});
	outcome = wait_for(paths, 2, LONG);
	child_wait(later);
	end_provider(torbox);
	assert_refused(&outcome, FINDING_PROVIDER_DEAD);
	assert_string_equal(outcome.err.subject, ZURG);
	assert_true(outcome.waited_usec < SOON);
}

static void a_live_mount_that_goes_while_another_is_waited_for_is_seen(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider(), later;
	struct gate_path paths[] = {provided(ZURG, provider), provided(TORBOX, provider)};

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	later = start_later((struct later){.after_ms = 100, .unmount = ZURG});
	outcome = wait_for(paths, 2, SECOND / 2);
	child_wait(later);
	end_provider(provider);
	assert_refused(&outcome, FINDING_GATE_TIMEOUT);
	assert_string_equal(outcome.err.subject, ZURG);
	assert_int_equal(outcome.states[0], PATH_ABSENT);
}

static void a_live_mount_of_a_provider_that_is_gone_is_good_enough(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	end_provider(provider);
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	outcome = wait_for(&path, 1, LONG);
	assert_opened(&outcome);
}

static void without_time_it_looks_once(void **state)
{
	cleanup_outcome struct outcome absent = {0}, never = {0}, live = {0}, hung = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0}, other = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider), none = provided(ZURG, 0);
	struct gate_path torbox = provided(TORBOX, provider);

	(void)state;
	absent = wait_for(&path, 1, 0);
	assert_refused(&absent, FINDING_GATE_TIMEOUT);
	assert_true(absent.waited_usec < AT_ONCE);
	never = wait_for(&none, 1, 0);
	assert_refused(&never, FINDING_PROVIDER_NOT_STARTED);
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	live = wait_for(&path, 1, 0);
	assert_opened(&live);
	/* It takes the probe's time to tell this. */
	assert_int_equal(fuse_daemon_start(TORBOX, "--hang", &other), 0);
	hung = wait_for(&torbox, 1, 0);
	end_provider(provider);
	assert_refused(&hung, FINDING_GATE_TIMEOUT);
	assert_non_null(strstr(hung.err.message, "does not answer"));
}

static void a_path_of_the_node_waits_for_its_mount_alone(void **state)
{
	cleanup_outcome struct outcome absent = {0}, live = {0};
	struct gate_path path = {
		.path = ZURG, .host_path = ZURG, .provider = "@node", .node = true};
	pid_t holder;

	(void)state;
	absent = wait_for(&path, 1, SECOND / 10);
	assert_refused(&absent, FINDING_GATE_TIMEOUT);
	assert_true(absent.waited_usec >= SECOND / 10);
	holder = start_holder(ZURG, 200);
	live = wait_for(&path, 1, LONG);
	end_provider(holder);
	assert_opened(&live);
}

static void a_mount_of_another_kind_is_no_provider(void **state)
{
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path path = provided(ZURG, provider);

	(void)state;
	assert_int_equal(mount("tmpfs", ZURG, "tmpfs", 0, NULL), 0);
	outcome = wait_for(&path, 1, SECOND / 10);
	end_provider(provider);
	assert_refused(&outcome, FINDING_GATE_TIMEOUT);
	assert_int_equal(outcome.states[0], PATH_ABSENT);
}

static uint64_t cpu_usec(int who)
{
	struct rusage usage;

	assert_int_equal(getrusage(who, &usage), 0);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * SECOND +
	       (uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec;
}

/* A provider that is alive, one that has ended behind a live mount, one whose mount hangs: nothing
 * of it may turn the poll into a loop. */
static void waiting_costs_no_processor_time(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon live = {0}, hung = {0};
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider(), ended = start_provider();
	struct gate_path paths[] = {provided(ZURG, ended), provided(TORBOX, provider)};
	uint64_t before;

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &live), 0);
	assert_int_equal(fuse_daemon_start(TORBOX, "--hang", &hung), 0);
	kill(ended, SIGKILL);
	before = cpu_usec(RUSAGE_SELF) + cpu_usec(RUSAGE_CHILDREN);
	outcome = wait_for(paths, 2, SECOND);
	before = cpu_usec(RUSAGE_SELF) + cpu_usec(RUSAGE_CHILDREN) - before;
	child_wait(ended);
	end_provider(provider);
	assert_refused(&outcome, FINDING_GATE_TIMEOUT);
	assert_true(outcome.waited_usec >= SECOND);
	assert_int_in_range(before, 0, SECOND / 50 * patience());
}

static void nothing_stays_open(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_outcome struct outcome outcome = {0};
	pid_t provider = start_provider();
	struct gate_path paths[] = {provided(ZURG, provider), provided(TORBOX, provider)};
	unsigned int before;

	(void)state;
	assert_int_equal(fuse_daemon_start(ZURG, "--hang", &daemon), 0);
	before = ns_sandbox_open_files();
	outcome = wait_for(paths, 2, SECOND / 10);
	assert_refused(&outcome, FINDING_GATE_TIMEOUT);
	assert_int_equal(ns_sandbox_open_files(), before);
	end_provider(provider);
}

/* From here on: the hook's own program. */

static bool status_is(const struct fake_pod *pod, const char *container, const char *status)
{
	return strcmp(fake_pod_status(pod, container), status) == 0;
}

static void a_consumer_waits_recorded_and_without_the_lock(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL;
	struct fake_member *plex;
	pid_t hook;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	path = fake_pod_path(&pod, "zurg");
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	plex = fake_pod_consumer(&pod, "plex");
	hook = fake_member_hook_start(plex, "prestart");
	assert_true(eventually(fake_pod_plex_waits, &pod));
	/* Another hook of the pod runs meanwhile. */
	fake_member_expect(fake_pod_add(&pod, &(struct fake_role){.name = "init", .source = ""}),
		"prestart", 0);
	assert_true(status_is(&pod, "plex", "waiting"));
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	assert_int_equal(child_wait(hook), 0);
	assert_true(status_is(&pod, "plex", "created"));
	assert_string_equal(fake_pod_recorded(&pod, "/fusePaths/0/state"), "live");
	assert_non_null(fake_pod_recorded(&pod, "/fusePaths/0/device"));
	fake_member_expect_said(plex, "1 mount is live");
}

static const char *plex_code(const struct fake_pod *pod)
{
	const char *code = fake_pod_recorded(pod, "/containers/0/findings/0/code");

	return code ? code : "";
}

static void a_consumer_before_its_provider_is_denied_and_recorded(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, BOTH);
	fake_member_expect(fake_pod_consumer(&pod, "plex"), "prestart", 17);
	assert_true(status_is(&pod, "plex", "denied"));
	assert_string_equal(plex_code(&pod), "provider-not-started");
}

static void a_consumer_of_a_refused_provider_is_denied(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_set(zurg, "/process/capabilities", "{}");
	fake_member_expect(zurg, "prestart", 15);
	fake_member_expect(fake_pod_consumer(&pod, "plex"), "prestart", 17);
}

static void a_provider_that_dies_fails_the_waiting_consumer(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *zurg, *plex;
	pid_t hook;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	plex = fake_pod_consumer(&pod, "plex");
	hook = fake_member_hook_start(plex, "prestart");
	assert_true(eventually(fake_pod_plex_waits, &pod));
	fake_member_stop(zurg);
	assert_int_equal(child_wait(hook), 17);
	assert_true(status_is(&pod, "plex", "denied"));
	assert_string_equal(
		fake_pod_recorded(&pod, "/containers/1/findings/0/code"), "provider-dead");
}

static void the_wait_of_the_pod_ends_with_16(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "100ms");
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	fake_member_expect(fake_pod_consumer(&pod, "plex"), "prestart", 16);
	assert_true(status_is(&pod, "plex", "denied"));
	assert_string_equal(
		fake_pod_recorded(&pod, "/containers/1/findings/0/code"), "gate-timeout");
}

/* Under that policy plex is created without its mount, and that is reported. */
static void expect_reported(const char *policy, const char *wait)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *plex;

	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json", policy, 0644), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", wait);
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	plex = fake_pod_consumer(&pod, "plex");
	fake_member_expect(plex, "prestart", 0);
	assert_true(status_is(&pod, "plex", "created"));
	fake_member_expect_said(plex, "reported [gate-timeout]");
}

static void mode_audit_reports_and_delays_nobody(void **state)
{
	(void)state;
	/* 90 seconds are the suite's end: it has not waited. */
	expect_reported("{\"mode\": \"audit\"}", "90s");
}

static void a_policy_can_let_a_consumer_start_without_its_mounts(void **state)
{
	(void)state;
	expect_reported("{\"severity\": {\"gate-timeout\": \"warn\"}}", "10ms");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_live_mount_opens_it_at_once),
		TEST(a_mount_that_comes_later_opens_it),
		TEST(a_path_whose_directory_comes_later_is_seen),
		TEST(a_provider_that_was_never_created_is_refused_at_once),
		TEST(a_provider_that_died_before_is_refused_at_once),
		TEST(a_provider_that_is_a_zombie_is_dead),
		TEST(a_provider_that_dies_meanwhile_is_refused_at_once),
		TEST(another_process_of_that_pid_is_not_the_provider),
		TEST(a_dead_mount_of_a_provider_that_lives_is_waited_for),
		TEST(a_mount_over_a_dead_one_opens_it),
		TEST(a_hung_mount_ends_with_the_time_and_says_so),
		TEST(a_hung_mount_that_answers_later_opens_it),
		TEST(of_two_providers_the_dead_one_is_named),
		TEST(a_live_providers_death_while_another_is_waited_for_is_seen),
		TEST(a_live_mount_that_goes_while_another_is_waited_for_is_seen),
		TEST(a_live_mount_of_a_provider_that_is_gone_is_good_enough),
		TEST(without_time_it_looks_once),
		TEST(a_path_of_the_node_waits_for_its_mount_alone),
		TEST(a_mount_of_another_kind_is_no_provider),
		TEST(waiting_costs_no_processor_time),
		TEST(nothing_stays_open),
		TEST(a_consumer_waits_recorded_and_without_the_lock),
		TEST(a_consumer_before_its_provider_is_denied_and_recorded),
		TEST(a_consumer_of_a_refused_provider_is_denied),
		TEST(a_provider_that_dies_fails_the_waiting_consumer),
		TEST(the_wait_of_the_pod_ends_with_16),
		TEST(mode_audit_reports_and_delays_nobody),
		TEST(a_policy_can_let_a_consumer_start_without_its_mounts),
	};
#undef TEST

	return cmocka_run_group_tests_name("gate", tests, ns_sandbox_setup_group, NULL);
}
