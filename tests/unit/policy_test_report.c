/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/report/report.h"

#include "oci/base/cleanup.h"
#include "tests/support/world.h"

#define V WORLD_VOLUME

static char *print_judgement(const struct judgement *judgement, const struct identity *identity)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	report_print(out, judgement, identity, false);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* What `check` prints of the world as it is now. Owned by the caller. */
static char *print(struct world *world, bool with_identity)
{
	cleanup_judgement struct judgement judgement = {0};

	assert_int_equal(judge(world_facts(world), &judgement), 0);
	return print_judgement(&judgement, with_identity ? world->facts.identity : NULL);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in\n%s", part, text);
}

static void an_allowed_container_is_shown_with_its_plan(void **state)
{
	cleanup_world struct world world;
	cleanup_free char *text = NULL;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, "rclone-zurg=/mnt/media/zurg");
	text = print(&world, true);
	assert_string_equal(text,
		"container  plex\n"
		"pod        media/plex-0\n"
		"role       consumer\n"
		"verdict    allow\n"
		"\n"
		"findings   none\n"
		"\n"
		"plan\n"
		"   1  verify-propagation  /mnt/media/zurg  (by way of " V "/zurg)\n"
		"   2  record\n"
		"   3  expose              /run/fuse-sidecar\n"
		"   4  wait                /mnt/media/zurg  (at most 30s)\n");
}

static void a_denied_container_is_shown_with_its_findings_in_columns(void **state)
{
	cleanup_world struct world world;
	cleanup_free char *text = NULL;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts.0.options", "['rprivate']");
	world_set(&world, "linux.resources.memory", NULL);
	text = print(&world, true);
	assert_has(text, "verdict    deny (exit code 13)\n");
	assert_has(text, "\nfindings\n  deny  provider-not-shared  the volume ");
	assert_has(text, "\n                             fix: set mountPropagation: ");
	assert_has(text, "\n  warn  limits-missing       container rclone-zurg ");
	assert_has(text, "\nplan       none: the container does not start\n");
}

/* `check` sets the exit code to what mode audit makes of it. */
static void a_denial_of_mode_audit_says_that_the_container_starts(void **state)
{
	cleanup_world struct world world;
	cleanup_judgement struct judgement judgement = {0};
	cleanup_free char *text = NULL;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts.0.options", "['rprivate']");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	judgement.exit = EXIT_DONE;
	text = print_judgement(&judgement, NULL);
	assert_has(text, "verdict    deny (exit code 0: mode audit)\n");
	assert_has(text, "\nplan       none: the container starts as it is\n");
}

static void each_step_says_what_it_is_done_to(void **state)
{
	cleanup_world struct world world;
	cleanup_free char *text = NULL;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts.0.options", "['rbind', 'rshared', 'ro']");
	world_host(&world, "1 0 8:1 / / rw - ext4 a rw\n2 1 0:50 / " V " rw - nfs4 n rw\n");
	text = print(&world, true);
	assert_has(text, "create-directory    " V "/zurg  (mode 0755, owner 0:0)\n");
	assert_has(text, "make-shared         " V "\n");
	assert_has(text,
		"replace-bind        /mnt/media in the container  (rshared, read-only, of " V
		")\n");
	assert_has(text, "detach-stale        " V "/zurg\n");
}

static void an_inactive_container_has_nothing_to_do(void **state)
{
	cleanup_world struct world world;
	cleanup_free char *text = NULL;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, NULL);
	text = print(&world, false);
	assert_string_equal(text, "role       inactive\nverdict    allow\n\nfindings   none\n\n"
				  "plan       nothing to do\n");
}

static void a_sandbox_is_shown_without_a_name(void **state)
{
	cleanup_world struct world world;
	cleanup_free char *text = NULL;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, "io.kubernetes.cri-o.ContainerType", "sandbox");
	world_annotate(&world, "io.kubernetes.container.name", NULL);
	text = print(&world, true);
	assert_has(text, "container  (sandbox)\npod        media/plex-0\nrole       inactive\n");
}

static void a_pod_cannot_write_lines_of_its_own(void **state)
{
	cleanup_world struct world world;
	cleanup_free char *text = NULL;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "process.apparmorProfile", "'crio-default'");
	world_set(&world, "process.selinuxLabel", "'a:b:evil_t\\nverdict allow\\u001b[2J:s0'");
	text = print(&world, true);
	assert_has(text, "selinux-confined");
	assert_null(strstr(text, "\nverdict allow"));
	assert_null(strchr(text, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allowed_container_is_shown_with_its_plan),
		cmocka_unit_test(a_denied_container_is_shown_with_its_findings_in_columns),
		cmocka_unit_test(a_denial_of_mode_audit_says_that_the_container_starts),
		cmocka_unit_test(each_step_says_what_it_is_done_to),
		cmocka_unit_test(an_inactive_container_has_nothing_to_do),
		cmocka_unit_test(a_sandbox_is_shown_without_a_name),
		cmocka_unit_test(a_pod_cannot_write_lines_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
