/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/apply/gate.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>

#define VOLUME NS_SANDBOX_DIR "/media"
#define N_PATHS 4
#define ROUNDS 50

static const char *const paths[N_PATHS] = {
	VOLUME "/a",
	VOLUME "/b",
	VOLUME "/c",
	VOLUME "/d",
};

/* A fuse_holder that mounts when its standard input ends. */
struct holder {
	const char *path;
	int input;
};

static int hold(void *data)
{
	const struct holder *holder = data;
	cleanup_close int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const char *build = getenv("BUILD_DIR");
	cleanup_free char *program = path_join(build ? build : "build", "tests/fuse_holder");

	if (!program || dup2(holder->input, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
		return 126;
	execl(program, program, "--on-input", holder->path, NULL);
	return 127;
}

/* Start one for each path; all mount at once when *ret_trigger is closed. */
static void start_holders(pid_t *pids, int *ret_trigger)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (size_t i = 0; i < N_PATHS; i++) {
		struct holder holder = {.path = paths[i], .input = ends[0]};

		pids[i] = child_start(hold, &holder);
		assert_true(pids[i] > 0);
	}
	close(ends[0]);
	*ret_trigger = ends[1];
}

static void stop_holders(const pid_t *pids)
{
	for (size_t i = 0; i < N_PATHS; i++) {
		kill(pids[i], SIGKILL);
		child_wait(pids[i]);
		umount2(paths[i], MNT_DETACH);
	}
}

static int wait_for_all(struct error *err)
{
	struct gate_path waited[N_PATHS] = {{0}};
	struct gate gate = {
		.paths = waited,
		.n = N_PATHS,
		.timeout_usec = 10000000,
		.probe_timeout_usec = 2000000,
	};
	uint64_t waited_usec;

	for (size_t i = 0; i < N_PATHS; i++)
		waited[i] = (struct gate_path){
			.path = paths[i],
			.host_path = paths[i],
			.provider = "@node",
			.node = true,
		};
	return gate_wait(&gate, &waited_usec, err);
}

/* One that appears while the mount table is read for another must not be taken for no FUSE mount.
 */
static void mounts_that_appear_together_open_the_gate(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		cleanup_error struct error err = {0};
		pid_t pids[N_PATHS];
		int trigger = -EBADF, r;

		start_holders(pids, &trigger);
		close(trigger);
		r = wait_for_all(&err);
		stop_holders(pids);
		if (r < 0)
			fail_msg("round %d: %s", round, error_message(&err));
	}
}

static int enter(void **state)
{
	int r;

	(void)state;
	r = ns_sandbox_enter();
	for (size_t i = 0; r == 0 && i < N_PATHS; i++)
		r = ns_sandbox_mkdirs(paths[i]);
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_that_appear_together_open_the_gate),
	};

	return cmocka_run_group_tests_name("gate race", tests, enter, NULL);
}
