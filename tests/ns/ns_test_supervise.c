/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever becomes of the process that does the work, the hook ends in time, with the right exit
 * code, and the journal says why. */
#include "hook/worker/supervise.h"

#include "hook/cmd/commands.h"
#include "hook/mount/rollback_list.h"
#include "hook/mount/safe_walk.h"
#include "hook/sandbox/drop_privileges.h"
#include "hook/sandbox/sanitize_process.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/expect.h"
#include "tests/support/fake_journal.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define HUNG NS_SANDBOX_DIR "/hung"
#define SECOND UINT64_C(1000000)
#define BRIEFLY (SECOND / 3)
/* More than any of it takes; a process that hangs is not waited for longer. */
#define IN_TIME (10 * SECOND * patience())

static int enter(void **state)
{
	return child_leaves_no_core() < 0 ? -1 : ns_sandbox_setup_group(state);
}

/* A command as main() runs it. */
struct trial {
	struct command command;
	const char *state; /* file for standard input; NULL: the test's own */
};

static int run_trial(void *data)
{
	const struct trial *trial = data;
	cleanup_supervisor struct supervisor supervisor = SUPERVISOR_NONE;
	const struct supervised supervised = command_supervised(&trial->command);
	struct options options = {.stage = trial->command.name};
	int input = STDIN_FILENO;

	if (sanitize_process(trial->command.for_people) < 0)
		return 124;
	if (trial->state)
		input = open(trial->state, O_RDONLY | O_CLOEXEC);
	if (dup2(input, STDIN_FILENO) < 0 || supervise_begin(&supervised, &supervisor) < 0)
		return 125;
	if (supervisor.worker > 0)
		return supervise_end(&supervisor);
	options.progress = supervisor.progress;
	return trial->command.run(&options);
}

/* Its exit code; what it said in *ret_said, owned by the caller. */
static int try_command(const struct trial *trial, char **ret_said)
{
	uint64_t began = deadline_now();
	struct trial copy = *trial;
	int code = child_capture(run_trial, &copy, ret_said);

	assert_true(deadline_now() - began < IN_TIME);
	return code;
}

/* That it ends with that code and says that. */
static void expect_trial(const struct trial *trial, int code, const char *text)
{
	cleanup_free char *said = NULL;
	int status = try_command(trial, &said);

	if (status != code)
		fail_msg("exit %d, expected %d: %s", status, code, said);
	expect_says(said, text);
}

static struct trial stage(int (*run)(const struct options *options))
{
	return (struct trial){.command = {.name = "prestart", .run = run, .budget_usec = BRIEFLY}};
}

static void assert_field(const struct fake_entry *entry, const char *name, const char *value)
{
	const char *found = fake_entry_get(entry, name);

	if (!found || strcmp(found, value) != 0)
		fail_msg("%s is %s, expected %s", name, found ? found : "not there", value);
}

/* Workers. */

static int say_and_end(const struct options *options)
{
	(void)options;
	dprintf(STDERR_FILENO, "said by the worker\n");
	return 13;
}

static int end_by(int number)
{
	signal(number, SIG_DFL);
	raise(number);
	return 0;
}

static int end_by_sigsys(const struct options *options)
{
	worker_status_at(options->progress, "reading", "/somewhere");
	return end_by(SIGSYS);
}

static int end_by_sigsegv(const struct options *options)
{
	(void)options;
	return end_by(SIGSEGV);
}

static int end_by_sigpipe(const struct options *options)
{
	(void)options;
	return end_by(SIGPIPE);
}

static int loop(const struct options *options)
{
	worker_status_at(options->progress, "counting", NULL);
	while (pause() < 0)
		;
	return 0;
}

static int ask_hung(const struct options *options)
{
	struct stat st;

	worker_status_at(options->progress, "walking to", HUNG);
	return stat(HUNG, &st) < 0 ? 1 : 0;
}

static void the_workers_exit_code_and_words_are_the_hooks(void **state)
{
	struct trial trial = stage(say_and_end);
	cleanup_free char *said = NULL;

	(void)state;
	assert_int_equal(try_command(&trial, &said), 13);
	assert_string_equal(said, "said by the worker\n");
}

static void a_system_call_that_is_not_allowed_is_told(void **state)
{
	struct trial trial = stage(end_by_sigsys);
	cleanup_fake_entry struct fake_entry sent = {0};
	cleanup_free char *said = NULL;
	cleanup_close int journal = fake_journal_open();

	(void)state;
	assert_true(journal >= 0);
	assert_int_equal(try_command(&trial, &said), 20);
	expect_says(said, "made a system call that its filter does not allow");
	expect_says(said, "while reading /somewhere");
	assert_int_equal(fake_journal_next(journal, &sent), 0);
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "syscall-refused");
	assert_field(&sent, "MESSAGE_ID", "f37537989905492286e8bd4a77213616");
	assert_field(&sent, "FUSE_SIDECAR_CODE", "internal");
	assert_field(&sent, "PRIORITY", "3");
}

/* Sanitizers and the like: nothing is filtered. */
#ifndef FUSE_SIDECAR_HOOK_UNFILTERED
/* One by a child of the worker, then one by itself: the first is told. */
static int make_unknown_calls(const struct options *options)
{
	pid_t child;
	int unfiltered = 0;

	(void)options;
	if (drop_privileges_worker(PRIVILEGES_PRESTART, &unfiltered) < 0 || unfiltered < 0)
		return 1;
	child = fork();
	if (child == 0)
		_exit(syscall(999, 11, 22) < 0 && errno == ENOSYS ? 0 : 1);
	if (child_wait(child) != 0)
		return 2;
	return ioctl(STDOUT_FILENO, TCSETS, NULL) < 0 && errno == ENOTTY ? 0 : 3;
}

static void a_call_that_is_not_known_is_told_and_no_failure(void **state)
{
	struct trial trial = stage(make_unknown_calls);
	cleanup_fake_entry struct fake_entry sent = {0};
	cleanup_free char *said = NULL;
	cleanup_close int journal = fake_journal_open();
	const char *message;

	(void)state;
	assert_true(journal >= 0);
	assert_int_equal(try_command(&trial, &said), 0);
	assert_string_equal(said, "");
	assert_int_equal(fake_journal_next(journal, &sent), 0);
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "syscall-unknown");
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "reported");
	assert_field(&sent, "PRIORITY", "4");
	message = fake_entry_get(&sent, "MESSAGE");
	assert_non_null(message);
	expect_says(message, "made system call 999 (0xb, 0x16)");
	expect_says(message, "refused (Function not implemented)");
	assert_int_equal(fake_journal_next(journal, &(struct fake_entry){0}), -EAGAIN);
}
#endif

static void a_crash_is_told_by_the_signals_name(void **state)
{
	struct trial trial = stage(end_by_sigsegv);

	(void)state;
	expect_trial(&trial, 20, "was killed by SIGSEGV (11)");
}

static void a_crash_fails_no_poststop(void **state)
{
	struct trial trial = stage(end_by_sigsegv);

	(void)state;
	trial.command.name = "poststop";
	trial.command.never_fails = true;
	expect_trial(&trial, 0, "was killed by SIGSEGV (11)");
}

static void a_reader_that_has_gone_away_is_no_fault(void **state)
{
	struct trial trial = stage(end_by_sigpipe);
	cleanup_free char *said = NULL;

	(void)state;
	trial.command.for_people = true;
	assert_int_equal(try_command(&trial, &said), 128 + SIGPIPE);
	assert_string_equal(said, "");
}

static void one_that_does_not_end_is_killed(void **state)
{
	struct trial trial = stage(loop);

	(void)state;
	expect_trial(&trial, 19, "it was counting, and it was killed");
}

/* What a worker that was taken over could leave there. */
static int forge(const struct options *options)
{
	struct worker_status *progress = options->progress;

	memset(progress->doing, 'a', sizeof(progress->doing));
	memset(progress->path, '\n', sizeof(progress->path));
	memset(&progress->subject, '\x1b', sizeof(progress->subject));
	return end_by(SIGSYS);
}

static void what_a_worker_leaves_forges_no_line(void **state)
{
	struct trial trial = stage(forge);
	cleanup_free char *said = NULL;
	size_t lines = 0;

	(void)state;
	assert_int_equal(try_command(&trial, &said), 20);
	for (const char *c = said; *c; c++) {
		lines += *c == '\n';
		assert_true(*c != '\x1b');
	}
	assert_int_equal(lines, 1);
}

/* The request is with the daemon: not even SIGKILL ends who waits for it. */

struct process {
	pid_t pid;
	char state; /* proc(5) */
};

static void look_at_process(struct process *process)
{
	char path[64];
	cleanup_free char *stat = NULL;
	const char *fields;

	snprintf(path, sizeof(path), "/proc/%d/stat", process->pid);
	stat = ns_sandbox_read(path);
	fields = stat ? strrchr(stat, ')') : NULL;
	process->state = fields ? fields[2] : '\0';
}

static bool is_gone(void *data)
{
	struct process *process = data;

	look_at_process(process);
	return process->state == '\0' || process->state == 'Z';
}

static pid_t stuck_pid(const char *said)
{
	const char *text = strstr(said, "its process ");

	return text ? (pid_t)strtol(text + strlen("its process "), NULL, 10) : 0;
}

/* What was said names a process that not even SIGKILL ends before the daemon does. */
static void expect_stuck(const char *said, struct fuse_daemon *daemon)
{
	struct process stuck = {.pid = stuck_pid(said)};

	assert_true(stuck.pid > 0);
	look_at_process(&stuck);
	assert_int_equal(stuck.state, 'D');
	fuse_daemon_kill(daemon);
	assert_true(eventually(is_gone, &stuck));
}

static void one_that_cannot_be_killed_is_not_waited_for(void **state)
{
	struct trial trial = stage(ask_hung);
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_fake_entry struct fake_entry sent = {0};
	cleanup_free char *said = NULL;
	cleanup_close int journal = fake_journal_open();

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(HUNG), 0);
	assert_int_equal(fuse_daemon_start(HUNG, "--swallow", &daemon), 0);
	assert_int_equal(try_command(&trial, &said), 19);
	expect_says(said, "it was walking to " HUNG);
	assert_int_equal(fake_journal_next(journal, &sent), 0);
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "worker-stuck");
	assert_field(&sent, "MESSAGE_ID", "3053ee28370c4531b11b55abae91a83c");
	assert_field(&sent, "FUSE_SIDECAR_CODE", "host-io");
	assert_field(&sent, "FUSE_SIDECAR_HOST_PATH", HUNG);
	/* It was sent SIGKILL more than half a second ago. */
	expect_stuck(said, &daemon);
}

/* A supervisor that cannot do its part, whose worker the volume holds already. */
static int abandon(void *data)
{
	const struct trial *trial = data;
	cleanup_supervisor struct supervisor supervisor = SUPERVISOR_NONE;
	const struct supervised supervised = command_supervised(&trial->command);
	struct options options = {.stage = trial->command.name};
	struct worker_ending ending = {0};

	/* Ends who waits for ever. */
	alarm((unsigned int)(IN_TIME / SECOND));
	if (sanitize_process(false) < 0 || supervise_begin(&supervised, &supervisor) < 0)
		return 125;
	if (supervise_is_worker(&supervisor)) {
		options.progress = supervisor.progress;
		return ask_hung(&options);
	}
	if (supervise_wait(&supervisor, &ending) < 0 || ending.how != WORKER_STUCK || ending.gone)
		return 124;
	supervise_abandon(&supervisor);
	printf("its process %d\n", supervisor.worker);
	return fflush(stdout) == 0 ? 0 : 123;
}

static void one_that_cannot_be_killed_is_abandoned_in_time(void **state)
{
	struct trial trial = stage(ask_hung);
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *said = NULL;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(HUNG), 0);
	assert_int_equal(fuse_daemon_start(HUNG, "--swallow", &daemon), 0);
	assert_int_equal(child_capture(abandon, &trial, &said), 0);
	expect_stuck(said, &daemon);
}

/* A pod whose volume itself is a FUSE mount that never answers. */
struct scene {
	struct fake_pod pod;
	struct fuse_daemon daemon;
	struct fake_member *zurg;
	char *state;
};

static void scene_clear(struct scene *scene)
{
	fuse_daemon_clear(&scene->daemon);
	fake_pod_clear(&scene->pod);
	free(scene->state);
}

#define cleanup_scene __attribute__((cleanup(scene_clear)))

static void begin(struct scene *scene)
{
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	fake_pod_init(&scene->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	scene->zurg = fake_pod_provider(&scene->pod, "zurg");
	assert_int_equal(fuse_daemon_start(scene->pod.volume, "--swallow", &scene->daemon), 0);
	scene->state = path_join(scene->zurg->bundle, "state.json");
	assert_non_null(scene->state);
}

static struct trial prestart(const struct scene *scene, uint64_t budget_usec)
{
	struct trial trial = stage(cmd_prestart);

	trial.state = scene->state;
	trial.command.budget_usec = budget_usec;
	return trial;
}

static void a_volume_that_hangs_ends_in_19_and_so_does_the_next_hook(void **state)
{
	cleanup_scene struct scene scene = {0};
	cleanup_free char *said = NULL, *later = NULL;
	struct process stuck = {0};
	struct trial trial;
	char holder[64];

	(void)state;
	begin(&scene);
	trial = prestart(&scene, SECOND);
	assert_int_equal(try_command(&trial, &said), 19);
	expect_says(said, "container rclone-zurg: the hook did not finish its own work within 1s");
	expect_says(said, scene.pod.volume);
	stuck.pid = stuck_pid(said);
	assert_true(stuck.pid > 0);
	/* It still has the pod's lock. */
	trial = prestart(&scene, 2 * SECOND);
	assert_int_equal(try_command(&trial, &later), 19);
	expect_says(later, "another hook has held the lock locks/" FAKE_POD_UID);
	snprintf(holder, sizeof(holder), "process %d", stuck.pid);
	expect_says(later, holder);
	assert_int_equal(stuck_pid(later), 0);
	fuse_daemon_kill(&scene.daemon);
	assert_true(eventually(is_gone, &stuck));
}

static void mode_audit_fails_no_container_for_it(void **state)
{
	cleanup_scene struct scene scene = {0};
	cleanup_free char *said = NULL;
	struct process stuck = {0};
	struct trial trial;

	(void)state;
	begin(&scene);
	assert_int_equal(ns_sandbox_write(POLICY, "{\"mode\": \"audit\"}", 0644), 0);
	trial = prestart(&scene, SECOND);
	assert_int_equal(try_command(&trial, &said), 0);
	expect_says(said, "the container starts, as the policy's mode is audit");
	stuck.pid = stuck_pid(said);
	fuse_daemon_kill(&scene.daemon);
	assert_true(stuck.pid > 0 && eventually(is_gone, &stuck));
}

#define OVER_UID "1a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c11"
#define LATER_UID "2a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c11"

/* Two pods that are over, of which the first one's volume is behind a mount that hangs by now. */
static void begin_over(struct scene *scene)
{
	cleanup_fake_pod struct fake_pod later = {0};
	cleanup_free char *volumes = NULL;

	fake_pod_init(&later, LATER_UID, "rclone-zurg=/mnt/media/zurg");
	fake_member_expect(fake_pod_provider(&later, "zurg"), "prestart", 0);
	fake_pod_init(&scene->pod, OVER_UID, "rclone-zurg=/mnt/media/zurg");
	scene->zurg = fake_pod_provider(&scene->pod, "zurg");
	fake_member_expect(scene->zurg, "prestart", 0);
	fake_member_stop(scene->zurg);
	volumes = path_parent(scene->pod.volume);
	assert_non_null(volumes);
	assert_int_equal(fuse_daemon_start(volumes, "--swallow", &scene->daemon), 0);
}

/* The program itself, with the time that it really has. A reconcile meanwhile has a pod that hangs,
 * and does the one behind it. */
static void the_hook_itself_ends_in_time(void **state)
{
	cleanup_scene struct scene scene = {0}, over = {0};
	cleanup_free char *said = NULL;
	uint64_t began = deadline_now(), within = WORKER_STATUS_STAGE_USEC + IN_TIME;
	struct process stuck = {0};
	pid_t hook;

	(void)state;
	begin(&scene);
	begin_over(&over);
	hook = fake_member_hook_start(scene.zurg, "prestart");
	assert_int_equal(fake_pod_command("reconcile", NULL, &said), 19);
	expect_says(said, "1 pod removed, 0 alive, 1 failed");
	expect_says(said, over.pod.volume);
	assert_false(fake_pod_has_file("pods", LATER_UID));
	assert_true(fake_pod_has_file("pods", OVER_UID));
	assert_int_equal(child_wait(hook), 19);
	assert_true(deadline_now() - began < within);
	fake_member_expect_said(scene.zurg, scene.pod.volume);
	free(said);
	said = fake_member_output(scene.zurg);
	stuck.pid = stuck_pid(said);
	assert_true(stuck.pid > 0);
	fuse_daemon_kill(&scene.daemon);
	assert_true(eventually(is_gone, &stuck));
	/* The next good run repairs. */
	fuse_daemon_clear(&scene.daemon);
	fake_member_expect(scene.zurg, "prestart", 0);
}

/* Several paths that hang take one probeTimeout together, not one each. */
static void many_hung_paths_do_not_add_up(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	struct fuse_daemon daemons[ARRAY_SIZE(names)] = {{0}};
	char *paths[ARRAY_SIZE(names)];
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *member;
	char policy[64];
	uint64_t began;

	(void)state;
	assert_int_equal(ns_sandbox_share_kubelet(), 0);
	snprintf(policy, sizeof(policy), "{\"probeTimeout\": \"%us\"}", patience());
	assert_int_equal(ns_sandbox_write(POLICY, policy, 0644), 0);
	fake_pod_init(&pod, FAKE_POD_UID,
		"rclone-a=/mnt/media/a, rclone-a=/mnt/media/b, rclone-a=/mnt/media/c, "
		"rclone-a=/mnt/media/d, rclone-a=/mnt/media/e, rclone-a=/mnt/media/f, "
		"rclone-a=/mnt/media/g, rclone-a=/mnt/media/h");
	member = fake_pod_provider(&pod, "a");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		paths[i] = fake_pod_path(&pod, names[i]);
		assert_int_equal(ns_sandbox_mkdirs(paths[i]), 0);
		assert_int_equal(fuse_daemon_start(paths[i], "--hang", &daemons[i]), 0);
	}
	began = deadline_now();
	fake_member_expect(member, "prestart", 0);
	/* Once before the plan, once for the record; eight timeouts and more if one by one. */
	assert_true(deadline_now() - began < 6 * SECOND * patience());
	began = deadline_now();
	fake_member_remove(member);
	assert_true(deadline_now() - began < 6 * SECOND * patience());
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fuse_daemon_clear(&daemons[i]);
		free(paths[i]);
	}
}

/* A runtime whose time-out is over kills the hook's one process that it knows. */

struct duo {
	pid_t supervisor;
	struct process worker;
};

static bool has_worker(void *data)
{
	struct duo *duo = data;

	duo->worker.pid = child_of(duo->supervisor);
	return duo->worker.pid > 0;
}

/* A hook that waits for a mount that nobody makes. */
static struct duo begin_waiting(struct fake_pod *pod)
{
	struct duo duo = {0};

	fake_pod_init(pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_member_expect(fake_pod_provider(pod, "zurg"), "prestart", 0);
	duo.supervisor = fake_member_hook_start(fake_pod_consumer(pod, "plex"), "prestart");
	assert_true(eventually(fake_pod_plex_waits, pod));
	assert_true(eventually(has_worker, &duo));
	return duo;
}

static void a_killed_hook_leaves_no_worker(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct duo duo;

	(void)state;
	duo = begin_waiting(&pod);
	kill(duo.supervisor, SIGKILL);
	assert_int_equal(child_wait(duo.supervisor), 128 + SIGKILL);
	assert_true(eventually(is_gone, &duo.worker));
}

/* setfsuid(2) takes the death signal away: it has to be asked for again. */
static int make_directories_and_wait(const struct options *options)
{
	static const struct safe_walk_directory directory = {.creator = {.uid = 1000, .gid = 1000},
		.owner_uid = 1000,
		.owner_gid = 1000,
		.mode = 0755};
	cleanup_close int fd = open(NS_SANDBOX_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_rollback_list struct rollback_list rollback = {0};

	(void)options;
	if (fd < 0 || chmod(NS_SANDBOX_DIR, 0777) < 0 ||
		safe_walk_make(fd, NS_SANDBOX_DIR, "made/by/it", &directory, &rollback, NULL) < 0)
		return 1;
	while (pause() < 0)
		;
	return 0;
}

static bool has_made_them(void *data)
{
	(void)data;
	return access(NS_SANDBOX_DIR "/made/by/it", F_OK) == 0;
}

/* By the real supervisor, behind its filter: it may add a line to a file, and little else. */
static void a_killed_worker_is_in_the_metrics(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *counted = NULL, *metrics = NULL;
	struct duo duo;

	(void)state;
	assert_int_equal(ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json",
				 "{\"metricsFile\": \"/run/x.prom\"}", 0644),
		0);
	duo = begin_waiting(&pod);
	kill(duo.worker.pid, SIGKILL);
	assert_int_equal(child_wait(duo.supervisor), 20);
	counted = ns_sandbox_read(FAKE_POD_RECORDS "/metrics.killed");
	assert_non_null(counted);
	assert_string_equal(counted, "prestart\n");
	assert_int_equal(fake_pod_command("metrics", NULL, &metrics), 0);
	expect_says(metrics, "runs_total{stage=\"prestart\",result=\"killed\"} 1\n");
	expect_says(metrics, "runs_total{stage=\"prestart\",result=\"ok\"} 1\n");
}

static void a_worker_that_was_another_user_for_a_moment_dies_too(void **state)
{
	struct trial trial = stage(make_directories_and_wait);
	struct duo duo = {0};

	(void)state;
	trial.command.budget_usec = 0;
	duo.supervisor = child_start(run_trial, &trial);
	assert_true(eventually(has_worker, &duo));
	assert_true(eventually(has_made_them, NULL));
	kill(duo.supervisor, SIGKILL);
	child_wait(duo.supervisor);
	assert_true(eventually(is_gone, &duo.worker));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(the_workers_exit_code_and_words_are_the_hooks),
		TEST(a_system_call_that_is_not_allowed_is_told),
#ifndef FUSE_SIDECAR_HOOK_UNFILTERED
		TEST(a_call_that_is_not_known_is_told_and_no_failure),
#endif
		TEST(a_crash_is_told_by_the_signals_name),
		TEST(a_crash_fails_no_poststop),
		TEST(a_reader_that_has_gone_away_is_no_fault),
		TEST(one_that_does_not_end_is_killed),
		TEST(what_a_worker_leaves_forges_no_line),
		TEST(one_that_cannot_be_killed_is_not_waited_for),
		TEST(one_that_cannot_be_killed_is_abandoned_in_time),
		TEST(a_volume_that_hangs_ends_in_19_and_so_does_the_next_hook),
		TEST(mode_audit_fails_no_container_for_it),
		TEST(the_hook_itself_ends_in_time),
		TEST(many_hung_paths_do_not_add_up),
		TEST(a_killed_hook_leaves_no_worker),
		TEST(a_killed_worker_is_in_the_metrics),
		TEST(a_worker_that_was_another_user_for_a_moment_dies_too),
	};
#undef TEST

	return cmocka_run_group_tests_name("supervise", tests, enter, NULL);
}
