/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many mounts: those of one pod that answer at first and then hang, whose time-outs must not add
 * up; and those of the node that come while a gate waits.
 *
 * CROWD_MOUNTS (2000) mounts beside the gate (make check-crowd).
 */
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <signal.h>
#include <string.h>
#include <sys/mount.h>

#define PATHS 63
#define DEFAULT_MOUNTS 2000
#define SECOND UINT64_C(1000000)

/* 63 of them, one after the other, are more than a stage may take: it would be ended by its
 * supervisor, exit 19. */
#define PROBE_TIMEOUT "{\"probeTimeout\": \"300ms\"}"
#define COMMAND_USEC (15 * SECOND) /* and of a command, which has no such limit */

struct crowd {
	struct fake_pod pod;
	struct fake_member *provider;
	struct fuse_daemon daemons[PATHS];
};

static void crowd_clear(struct crowd *crowd)
{
	for (size_t i = 0; i < PATHS; i++)
		fuse_daemon_clear(&crowd->daemons[i]);
	fake_pod_clear(&crowd->pod);
}

#define cleanup_crowd __attribute__((cleanup(crowd_clear)))

static char *annotation(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	for (int i = 0; i < PATHS; i++)
		fprintf(to, "%srclone-m=" FAKE_POD_MEDIA "/m%d", i ? "," : "", i);
	fclose(to);
	return text;
}

static struct fake_member *add_provider(struct crowd *crowd)
{
	return fake_pod_add(&crowd->pod,
		&(struct fake_role){.name = "rclone-m", .provides = FAKE_POD_MEDIA "/m0"});
}

/* Each daemon answers so many requests. */
static void begin(struct crowd *crowd, unsigned int answers)
{
	cleanup_free char *mounts = annotation();
	char option[32];

	snprintf(option, sizeof(option), "--answers=%u", answers);
	assert_int_equal(
		ns_sandbox_write("/etc/fuse-sidecar-hook/policy.json", PROBE_TIMEOUT, 0644), 0);
	fake_pod_init(&crowd->pod, FAKE_POD_UID, mounts);
	fake_pod_annotate(&crowd->pod, "fuse-sidecar.io/wait", "400ms");
	crowd->provider = add_provider(crowd);
	fake_member_expect(crowd->provider, "prestart", 0);
	for (int i = 0; i < PATHS; i++) {
		cleanup_free char *path = NULL;

		assert_true(asprintf(&path, "%s/m%d", crowd->pod.volume, i) > 0);
		assert_int_equal(fuse_daemon_start(path, option, &crowd->daemons[i]), 0);
	}
}

static void expect_still_mounted(const struct crowd *crowd)
{
	for (size_t i = 0; i < PATHS; i++)
		assert_int_equal(ns_sandbox_mounts_on(crowd->daemons[i].path), 1);
}

/* What came of it is one thing or the other, and the hook itself has said so. */
static void expect_own_end(struct fake_member *member, const char *stage, int one, int other)
{
	int status = fake_member_hook_once(member, stage);
	cleanup_free char *said = fake_member_output(member);

	if ((status != one && status != other) ||
		strstr(said, "the hook did not finish its own work"))
		fail_msg("%s of %s: exit %d: %s", stage, member->name, status, said);
}

static void expect_command(const char *verb)
{
	uint64_t began = deadline_now();
	cleanup_free char *said = NULL;
	int status = fake_pod_command(verb, NULL, &said);

	if (status < 0 || status > 19 || deadline_now() - began > COMMAND_USEC)
		fail_msg("%s: exit %d after %llu ms: %s", verb, status,
			(unsigned long long)((deadline_now() - began) / 1000), said);
}

/*
 * The next instance of the provider, whose paths they are (its former one is gone, and the daemons
 * go on elsewhere), a consumer, a look of a person, the end.
 */
static void go_through_all(unsigned int answers)
{
	cleanup_crowd struct crowd crowd = {0};
	struct fake_member *plex, *next;

	begin(&crowd, answers);
	plex = fake_pod_consumer(&crowd.pod, "plex");
	expect_own_end(plex, "prestart", 0, 16);
	expect_still_mounted(&crowd);
	fake_member_stop(crowd.provider);
	next = add_provider(&crowd);
	/* One that still answers belongs to nobody by now: a conflict. */
	expect_own_end(next, "prestart", 0, 10);
	expect_command("status");
	fake_member_stop(plex);
	fake_member_stop(next);
	expect_own_end(next, "poststop", 0, 0);
	expect_command("reconcile");
	expect_still_mounted(&crowd);
}

/* Each number of answers is another place of the hook where they begin to hang. */
static void mounts_that_answer_and_then_hang_cost_one_timeout(void **state)
{
	static const unsigned int answers[] = {0, 1, 3};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		assert_int_equal(ns_sandbox_setup_shared(NULL), 0);
		go_through_all(answers[i]);
	}
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value && *value ? (unsigned int)strtoul(value, NULL, 10) : otherwise;
}

/* On directories of the node; a walk to one goes through whatever is stacked on it. */
static void mount_more(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		char place[64];

		snprintf(place, sizeof(place), NS_SANDBOX_DIR "/crowd/%u", i % 1000);
		assert_int_equal(ns_sandbox_mkdirs(place), 0);
		assert_int_equal(mount(NS_SANDBOX_DIR "/crowd", place, NULL, MS_BIND, NULL), 0);
	}
}

static void a_gate_opens_beside_any_number_of_mounts(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL;
	unsigned int mounts = number("CROWD_MOUNTS", DEFAULT_MOUNTS);
	struct fake_member *plex;
	pid_t hook;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(&pod, "fuse-sidecar.io/wait", "90s");
	path = fake_pod_path(&pod, "zurg");
	fake_member_expect(fake_pod_provider(&pod, "zurg"), "prestart", 0);
	plex = fake_pod_consumer(&pod, "plex");
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/crowd"), 0);
	mount_more(mounts / 2);
	hook = fake_member_hook_start(plex, "prestart");
	assert_true(eventually(fake_pod_plex_waits, &pod));
	mount_more(mounts - mounts / 2);
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	assert_int_equal(child_wait(hook), 0);
	fake_member_expect_said(plex, "the gate opens");
	assert_int_equal(fake_member_mounts_on(plex, "/mnt/media/zurg"), 1);
	assert_true(ns_sandbox_mounts() > mounts);
	print_message("%u mounts beside a waiting gate\n", mounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_that_answer_and_then_hang_cost_one_timeout),
		cmocka_unit_test_setup(
			a_gate_opens_beside_any_number_of_mounts, ns_sandbox_setup_shared),
	};

	return cmocka_run_group_tests_name("crowd", tests, ns_sandbox_setup_group, NULL);
}
