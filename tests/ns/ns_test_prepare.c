/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cmd/commands.h"

#include "hook/record/policy_file.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define DATA NS_SANDBOX_DIR "/data"
#define OTHER NS_SANDBOX_DIR "/other"

static int journal = -EBADF;

static int set_up(void **state)
{
	(void)state;
	if (ns_sandbox_reset() < 0 || ns_sandbox_mkdirs(DATA) < 0 || ns_sandbox_mkdirs(OTHER) < 0)
		return -1;
	journal = fake_journal_open();
	return journal < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(move_fd(&journal));
	return 0;
}

static int run_prepare(void *data)
{
	const struct options options = {.stage = "prepare"};

	(void)data;
	return cmd_prepare(&options);
}

/* Run it with those nodeMounts, a JSON array; what it said. */
static char *prepare(const char *node_mounts, int expected)
{
	char policy[512];
	char *output = NULL;

	snprintf(policy, sizeof(policy), "{\"nodeMounts\": %s}", node_mounts);
	assert_int_equal(ns_sandbox_write(POLICY_FILE, policy, 0644), 0);
	assert_int_equal(child_capture(run_prepare, NULL, &output), expected);
	assert_non_null(output);
	return output;
}

static void assert_shared(const char *path)
{
	cleanup_free char *propagation = ns_sandbox_propagation(path);

	assert_non_null(propagation);
	assert_ptr_equal(strstr(propagation, "shared:"), propagation);
}

static void a_private_mount_becomes_shared_as_it_is(void **state)
{
	cleanup_free char *output = NULL;
	cleanup_fake_entry struct fake_entry entry = {0};

	(void)state;
	assert_int_equal(mount("tmpfs", DATA, "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_write(DATA "/kept", "", 0644), 0);
	output = prepare("[\"" DATA "\"]", EXIT_DONE);
	assert_ptr_equal(strstr(output, DATA ": made shared, peer group "), output);
	assert_shared(DATA);
	assert_int_equal(access(DATA "/kept", F_OK), 0);
	assert_int_equal(fake_journal_next(journal, &entry), 0);
	assert_string_equal(fake_entry_get(&entry, "FUSE_SIDECAR_ACTION"), "propagation-changed");
	assert_string_equal(fake_entry_get(&entry, "FUSE_SIDECAR_STAGE"), "prepare");
	assert_string_equal(fake_entry_get(&entry, "FUSE_SIDECAR_HOST_PATH"), DATA);
	assert_non_null(fake_entry_get(&entry, "FUSE_SIDECAR_PEER_GROUP"));
}

static void a_directory_is_bound_on_itself_first(void **state)
{
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(ns_sandbox_write(DATA "/kept", "", 0644), 0);
	output = prepare("[\"" DATA "\"]", EXIT_DONE);
	assert_ptr_equal(
		strstr(output, DATA ": bound on itself and made shared, peer group "), output);
	assert_shared(DATA);
	assert_int_equal(access(DATA "/kept", F_OK), 0);
}

static void run_again_it_finds_nothing_to_do(void **state)
{
	cleanup_free char *again = NULL, *before = NULL, *after = NULL;

	(void)state;
	free(prepare("[\"" DATA "\"]", EXIT_DONE));
	before = ns_sandbox_read("/proc/self/mountinfo");
	again = prepare("[\"" DATA "\"]", EXIT_DONE);
	after = ns_sandbox_read("/proc/self/mountinfo");
	assert_ptr_equal(strstr(again, DATA ": shared already, peer group "), again);
	assert_string_equal(before, after);
}

static void no_lock_file_is_left(void **state)
{
	cleanup_free char *output = prepare("[\"" DATA "\", \"" OTHER "\"]", EXIT_DONE);

	(void)state;
	assert_non_null(strstr(output, DATA));
	/* Only an empty directory can be removed. */
	assert_int_equal(rmdir(RUNTIME_DIR "/locks"), 0);
}

static void a_directory_of_a_shared_mount_needs_nothing(void **state)
{
	cleanup_free char *output = NULL, *propagation = NULL;

	(void)state;
	assert_int_equal(mount(NULL, "/run", NULL, MS_SHARED, NULL), 0);
	output = prepare("[\"" DATA "\"]", EXIT_DONE);
	assert_ptr_equal(strstr(output, DATA ": shared already"), output);
	propagation = ns_sandbox_propagation(DATA);
	assert_null(propagation);
	assert_int_equal(mount(NULL, "/run", NULL, MS_PRIVATE, NULL), 0);
}

/* As systemd starts it: standard error is the journal, or, with `data`, was redirected since. */
static int run_as_unit(void *data)
{
	const char *program = getenv("HOOK_BINARY");
	char stream[80];
	char *const environment[] = {stream, NULL};
	struct stat st;

	if (!program || fstat(data ? STDIN_FILENO : STDERR_FILENO, &st) < 0)
		return EXIT_INTERNAL;
	snprintf(stream, sizeof(stream), "JOURNAL_STREAM=%ju:%ju", (uintmax_t)st.st_dev,
		(uintmax_t)st.st_ino);
	execle(program, program, "prepare", NULL, environment);
	return EXIT_INTERNAL;
}

static void a_unit_says_a_denial_once(void **state)
{
	cleanup_free char *output = NULL;
	cleanup_fake_entry struct fake_entry entry = {0}, none = {0};

	(void)state;
	assert_int_equal(
		ns_sandbox_write(POLICY_FILE, "{\"nodeMounts\": [\"/missing\"]}", 0644), 0);
	assert_int_equal(child_capture(run_as_unit, NULL, &output), EXIT_NODE_CONFIG);
	assert_string_equal(output, "");
	assert_int_equal(fake_journal_next(journal, &entry), 0);
	assert_string_equal(fake_entry_get(&entry, "FUSE_SIDECAR_CODE"), "policy-invalid");
	assert_int_equal(fake_journal_next(journal, &none), -EAGAIN);
}

/* A redirected one is read by somebody else, and without a journal there is no other. */
static void standard_error_says_it_where_it_is_not_the_journal(void **state)
{
	static char redirected[] = "";
	void *const cases[] = {redirected, NULL};

	(void)state;
	assert_int_equal(
		ns_sandbox_write(POLICY_FILE, "{\"nodeMounts\": [\"/missing\"]}", 0644), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *output = NULL;

		if (!cases[i])
			assert_int_equal(unlink(FAKE_JOURNAL_SOCKET), 0);
		assert_int_equal(child_capture(run_as_unit, cases[i], &output), EXIT_NODE_CONFIG);
		assert_non_null(
			strstr(output, "denied [policy-invalid] the policy names /missing"));
	}
}

static void a_path_that_is_not_there_is_named_and_stops_no_other(void **state)
{
	cleanup_free char *output = prepare("[\"/missing\", \"" DATA "\"]", EXIT_NODE_CONFIG);

	(void)state;
	assert_non_null(strstr(output, "denied [policy-invalid] the policy names /missing"));
	assert_non_null(strstr(output, "; fix: "));
	assert_shared(DATA);
}

/* Below it nothing can be looked up: the name is not in the kernel's cache. */
static void a_path_that_hangs_is_reported_and_stops_no_other(void **state)
{
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(fuse_daemon_start(OTHER, "--hang", &daemon), 0);
	output = prepare("[\"" OTHER "/below\", \"" DATA "\"]", EXIT_HOST_IO);
	assert_non_null(strstr(output, "within 10s"));
	assert_non_null(strstr(output, "making shared " OTHER "/below"));
	assert_non_null(strstr(output, DATA ": bound on itself and made shared"));
	assert_shared(DATA);
}

static void two_names_of_one_directory_are_both_served(void **state)
{
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(symlink(DATA, NS_SANDBOX_DIR "/link"), 0);
	output = prepare("[\"" NS_SANDBOX_DIR "/link\", \"" DATA "\"]", EXIT_DONE);
	assert_ptr_equal(strstr(output, DATA ": bound on itself"), output);
	assert_non_null(strstr(output, DATA ": shared already"));
	assert_int_equal(ns_sandbox_mounts_on(DATA), 1);
}

static void a_file_is_no_node_mount(void **state)
{
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(ns_sandbox_write(DATA "/file", "", 0644), 0);
	output = prepare("[\"" DATA "/file\"]", EXIT_NODE_CONFIG);
	assert_non_null(strstr(output, DATA "/file"));
}

static void a_symlink_is_followed_and_done_once(void **state)
{
	cleanup_free char *output = NULL;

	(void)state;
	assert_int_equal(symlink(DATA, NS_SANDBOX_DIR "/link"), 0);
	output = prepare("[\"" NS_SANDBOX_DIR "/link\"]", EXIT_DONE);
	assert_ptr_equal(strstr(output, DATA ": bound on itself"), output);
	assert_null(strstr(output, "already"));
	assert_shared(DATA);
}

static void without_node_mounts_nothing_is_done(void **state)
{
	cleanup_free char *output = prepare("[]", EXIT_DONE);

	(void)state;
	assert_non_null(strstr(output, "nothing to do"));
	assert_int_equal(access("/run/fuse-sidecar-hook", F_OK), -1);
}

static void a_broken_policy_is_an_error(void **state)
{
	cleanup_free char *output = prepare("7", EXIT_NODE_CONFIG);

	(void)state;
	assert_non_null(strstr(output, "failed [policy-invalid]"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_private_mount_becomes_shared_as_it_is),
		TEST(a_directory_is_bound_on_itself_first),
		TEST(run_again_it_finds_nothing_to_do),
		TEST(no_lock_file_is_left),
		TEST(a_directory_of_a_shared_mount_needs_nothing),
		TEST(a_unit_says_a_denial_once),
		TEST(standard_error_says_it_where_it_is_not_the_journal),
		TEST(a_path_that_is_not_there_is_named_and_stops_no_other),
		TEST(a_path_that_hangs_is_reported_and_stops_no_other),
		TEST(two_names_of_one_directory_are_both_served),
		TEST(a_file_is_no_node_mount),
		TEST(a_symlink_is_followed_and_done_once),
		TEST(without_node_mounts_nothing_is_done),
		TEST(a_broken_policy_is_an_error),
	};
#undef TEST

	return cmocka_run_group_tests_name("prepare", tests, ns_sandbox_setup_group, NULL);
}
