/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/journal/audit.h"

#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"
#include "tests/support/ns_sandbox.h"
#include "tests/support/patience.h"
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

#define CONTAINER_ID "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define STDERR_FILE NS_SANDBOX_DIR "/stderr"

static int journal = -EBADF;
static int saved_stderr = -EBADF;

static char pod_name[] = "plex-0", pod_namespace[] = "media";
static char pod_uid[] = "6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11";
static char container_name[] = "rclone-zurg", container_id[] = CONTAINER_ID;
static const struct identity identity = {
	.pod_name = pod_name,
	.pod_namespace = pod_namespace,
	.pod_uid = pod_uid,
	.container_name = container_name,
	.container_id = container_id,
};
static const struct audit loud = {.stage = "prestart", .identity = &identity};
static const struct audit quiet = {.stage = "prestart", .identity = &identity, .quiet = true};

/* A journal, and standard error into a file. */
static int set_up(void **state)
{
	cleanup_close int said = -EBADF;

	(void)state;
	if (ns_sandbox_reset() < 0)
		return -1;
	journal = fake_journal_open();
	saved_stderr = dup(STDERR_FILENO);
	if (journal < 0 || ns_sandbox_write(STDERR_FILE, "", 0600) < 0)
		return -1;
	said = open(STDERR_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);
	return said >= 0 && dup2(said, STDERR_FILENO) == STDERR_FILENO ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(move_fd(&saved_stderr));
	if (journal >= 0)
		close(move_fd(&journal));
	return 0;
}

static struct fake_entry next_entry(void)
{
	struct fake_entry entry = {0};

	assert_int_equal(fake_journal_next(journal, &entry), 0);
	return entry;
}

static void assert_field(const struct fake_entry *entry, const char *name, const char *value)
{
	const char *found = fake_entry_get(entry, name);

	if (!value) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, value);
}

static void assert_stderr(const char *expected)
{
	cleanup_free char *said = ns_sandbox_read(STDERR_FILE);

	assert_non_null(said);
	assert_string_equal(said, expected);
}

static void an_entry_has_the_fields_of_the_design(void **state)
{
	const struct audit_entry entry = {
		.kind = AUDIT_DIRECTORY_CREATED,
		.result = "ok",
		.path = "/mnt/media/zurg",
		.host_path = "/var/lib/kubelet/pods/x/zurg",
		.peer_group = 51,
		.duration_usec = 1234,
	};
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	audit_send(&loud, &entry, "made %s, mode %04o", "/mnt/media/zurg", 0755);
	sent = next_entry();
	assert_field(&sent, "MESSAGE", "container rclone-zurg: made /mnt/media/zurg, mode 0755");
	assert_field(&sent, "MESSAGE_ID", "d6f9122ebca744ff84d194128cc03f16");
	assert_field(&sent, "PRIORITY", "6");
	assert_field(&sent, "SYSLOG_IDENTIFIER", "fuse-sidecar-hook");
	assert_field(&sent, "FUSE_SIDECAR_STAGE", "prestart");
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "directory-created");
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "ok");
	assert_field(&sent, "FUSE_SIDECAR_CODE", NULL);
	assert_field(&sent, "FUSE_SIDECAR_POD", "plex-0");
	assert_field(&sent, "FUSE_SIDECAR_NAMESPACE", "media");
	assert_field(&sent, "FUSE_SIDECAR_POD_UID", pod_uid);
	assert_field(&sent, "FUSE_SIDECAR_CONTAINER", "rclone-zurg");
	assert_field(&sent, "FUSE_SIDECAR_PATH", "/mnt/media/zurg");
	assert_field(&sent, "FUSE_SIDECAR_HOST_PATH", "/var/lib/kubelet/pods/x/zurg");
	assert_field(&sent, "FUSE_SIDECAR_PEER_GROUP", "51");
	assert_field(&sent, "FUSE_SIDECAR_DURATION_USEC", "1234");
	assert_field(&sent, "CONTAINER_ID_FULL", CONTAINER_ID);
}

static void fields_that_say_nothing_are_left_out(void **state)
{
	const struct audit audit = {.stage = "prepare"};
	const struct audit_entry entry = {.kind = AUDIT_PROPAGATION_CHANGED};
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	audit_send(&audit, &entry, "done");
	sent = next_entry();
	assert_field(&sent, "MESSAGE", "done");
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "propagation-changed");
	assert_field(&sent, "FUSE_SIDECAR_POD", NULL);
	assert_field(&sent, "CONTAINER_ID_FULL", NULL);
	assert_field(&sent, "FUSE_SIDECAR_PEER_GROUP", NULL);
	assert_field(&sent, "FUSE_SIDECAR_DURATION_USEC", NULL);
}

static void a_value_cannot_begin_another_field(void **state)
{
	char forged[] = "plex\nFUSE_SIDECAR_RESULT=ok\nPRIORITY=7";
	const struct identity forger = {.pod_name = forged, .container_name = container_name};
	const struct audit audit = {.stage = "prestart", .identity = &forger};
	const struct audit_entry entry = {.kind = AUDIT_DENIED, .result = "denied", .path = forged};
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	audit_send(&audit, &entry, "about %s", forged);
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "denied");
	assert_field(&sent, "PRIORITY", "3");
	for (unsigned int i = 0; i < sent.n; i++)
		assert_null(strchr(sent.fields[i], '\n'));
	assert_stderr("fuse-sidecar-hook: prestart: container rclone-zurg: about "
		      "plex\\nFUSE_SIDECAR_RESULT=ok\\nPRIORITY=7\n");
}

static void a_value_without_end_is_cut(void **state)
{
	const struct audit_entry entry = {.kind = AUDIT_RECORDED};
	cleanup_free char *large = malloc(1 << 20);
	cleanup_fake_entry struct fake_entry sent = {0};
	const char *message;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 1 << 20);
	large[(1 << 20) - 1] = '\0';
	audit_send(&loud, &entry, "%s", large);
	sent = next_entry();
	message = fake_entry_get(&sent, "MESSAGE");
	assert_non_null(message);
	assert_int_in_range((int)strlen(message), 1000, 8192);
}

/* Findings as the policy makes them, with the severity that is wanted. */
static struct findings make_findings(enum finding_code code, enum severity severity)
{
	struct config config = {0};
	struct findings findings = {0};

	config.severity[code] = severity;
	assert_int_equal(findings_add(&findings, &config, code, "/mnt/media/zurg",
				 "declare Bidirectional", "the mount is not shared"),
		0);
	return findings;
}

static void a_denial_is_sent_and_said(void **state)
{
	cleanup_findings struct findings findings =
		make_findings(FINDING_PROVIDER_NOT_SHARED, SEVERITY_DENY);
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	audit_findings(&quiet, &findings, true);
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "denied");
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "denied");
	assert_field(&sent, "FUSE_SIDECAR_CODE", "provider-not-shared");
	assert_field(&sent, "FUSE_SIDECAR_PATH", "/mnt/media/zurg");
	assert_field(&sent, "PRIORITY", "3");
	assert_stderr("fuse-sidecar-hook: prestart: denied [provider-not-shared] container "
		      "rclone-zurg: the mount is not shared; fix: declare Bidirectional\n");
}

static void mode_audit_says_what_would_have_been(void **state)
{
	cleanup_findings struct findings findings =
		make_findings(FINDING_PROVIDER_NOT_SHARED, SEVERITY_DENY);
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	audit_findings(&loud, &findings, false);
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "reported");
	assert_field(&sent, "PRIORITY", "4");
	assert_stderr(
		"fuse-sidecar-hook: prestart: would be denied [provider-not-shared] container "
		"rclone-zurg: the mount is not shared; fix: declare Bidirectional\n");
}

static void a_warning_is_reported_and_not_said_when_quiet(void **state)
{
	cleanup_findings struct findings findings =
		make_findings(FINDING_LIMITS_MISSING, SEVERITY_WARN);
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	audit_findings(&quiet, &findings, true);
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "reported");
	assert_field(&sent, "FUSE_SIDECAR_CODE", "limits-missing");
	assert_field(&sent, "PRIORITY", "4");
	assert_stderr("");
}

static void an_error_of_the_hook_itself_is_an_internal_error(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	error_memory(&err);
	audit_error(&quiet, &err, true);
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "internal-error");
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "failed");
	assert_field(&sent, "FUSE_SIDECAR_CODE", "internal");
	assert_stderr("fuse-sidecar-hook: prestart: failed [internal] container rclone-zurg: "
		      "out of memory\n");
}

static void an_error_of_the_input_is_a_denial(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	error_set(&err, -EINVAL, FINDING_STATE_INVALID, "pid", NULL, "pid is not a number");
	audit_error(&quiet, &err, true);
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "denied");
	assert_field(&sent, "FUSE_SIDECAR_CODE", "state-invalid");
	/* A key is no path. */
	assert_field(&sent, "FUSE_SIDECAR_PATH", NULL);
}

static void a_failure_denies_nobody_anything(void **state)
{
	cleanup_error struct error err = {0};
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	error_set(&err, -EINVAL, FINDING_POLICY_INVALID, "/etc/x", "mend it", "/etc/x is broken");
	audit_failure(&quiet, &err);
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "internal-error");
	assert_field(&sent, "FUSE_SIDECAR_RESULT", "failed");
	assert_field(&sent, "FUSE_SIDECAR_CODE", "policy-invalid");
	assert_field(&sent, "FUSE_SIDECAR_PATH", "/etc/x");
	assert_stderr("fuse-sidecar-hook: prestart: failed [policy-invalid] container "
		      "rclone-zurg: /etc/x is broken; fix: mend it\n");
}

static void say_recorded(void)
{
	const struct audit_entry entry = {.kind = AUDIT_RECORDED, .result = "ok"};

	audit_send(&quiet, &entry, "recorded");
}

#define SAID_RECORDED "fuse-sidecar-hook: prestart: container rclone-zurg: recorded\n"

static void what_the_journal_takes_is_not_said_when_quiet(void **state)
{
	cleanup_fake_entry struct fake_entry sent = {0};

	(void)state;
	say_recorded();
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "recorded");
	assert_stderr("");
}

static void without_a_journal_everything_is_said(void **state)
{
	(void)state;
	assert_int_equal(unlink(FAKE_JOURNAL_SOCKET), 0);
	say_recorded();
	assert_stderr(SAID_RECORDED);
}

static void with_a_dead_journal_everything_is_said(void **state)
{
	(void)state;
	close(move_fd(&journal));
	say_recorded();
	assert_stderr(SAID_RECORDED);
}

static void a_journal_that_does_not_read_holds_nobody_up(void **state)
{
	uint64_t start;

	(void)state;
	assert_int_equal(fake_journal_fill(), 0);
	start = deadline_now();
	say_recorded();
	assert_int_in_range(deadline_now() - start, 0, 2000000 * patience());
	assert_stderr(SAID_RECORDED);
}

/* A provider of 64 paths has 133 entries, and 15 seconds for all that it does. */
static void a_run_waits_once_for_a_journal_that_does_not_read(void **state)
{
	const struct audit_entry entry = {.kind = AUDIT_RECORDED, .result = "ok"};
	struct journal learned = {0};
	const struct audit audit = {
		.stage = "prestart", .identity = &identity, .quiet = true, .journal = &learned};
	cleanup_fake_entry struct fake_entry sent = {0};
	uint64_t start;

	(void)state;
	assert_int_equal(fake_journal_fill(), 0);
	start = deadline_now();
	for (int i = 0; i < 300; i++)
		audit_send(&audit, &entry, "recorded");
	assert_true(learned.full);
	assert_int_in_range(deadline_now() - start, 0, 10000000 * patience());
	/* It reads again. */
	while (fake_journal_next(journal, &sent) == 0)
		fake_entry_clear(&sent);
	audit_send(&audit, &entry, "recorded");
	sent = next_entry();
	assert_field(&sent, "FUSE_SIDECAR_ACTION", "recorded");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_has_the_fields_of_the_design),
		TEST(fields_that_say_nothing_are_left_out),
		TEST(a_value_cannot_begin_another_field),
		TEST(a_value_without_end_is_cut),
		TEST(a_denial_is_sent_and_said),
		TEST(mode_audit_says_what_would_have_been),
		TEST(a_warning_is_reported_and_not_said_when_quiet),
		TEST(an_error_of_the_hook_itself_is_an_internal_error),
		TEST(an_error_of_the_input_is_a_denial),
		TEST(a_failure_denies_nobody_anything),
		TEST(what_the_journal_takes_is_not_said_when_quiet),
		TEST(without_a_journal_everything_is_said),
		TEST(with_a_dead_journal_everything_is_said),
		TEST(a_journal_that_does_not_read_holds_nobody_up),
		TEST(a_run_waits_once_for_a_journal_that_does_not_read),
	};
#undef TEST

	return cmocka_run_group_tests_name("audit", tests, ns_sandbox_setup_group, NULL);
}
