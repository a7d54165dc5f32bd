/* SPDX-License-Identifier: Apache-2.0 */
/* poststop and reconcile with one of their system calls failing, each in its turn. */
#include "tests/fault/scenario.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

static void begin_pod(struct stage *stage)
{
	char *wrong;

	fake_pod_init(&stage->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	stage->path = fake_pod_path(&stage->pod, "zurg");
	stage->subject = fake_pod_provider(&stage->pod, "zurg");
	wrong = scenario_hook(stage->subject, "prestart");
	if (wrong)
		fail_msg("%s", wrong);
	assert_int_equal(fuse_daemon_start(stage->path, NULL, &stage->daemon), 0);
}

/* The pod's only container has crashed and is removed: its dead mount, the hook's bind and the
 * record go. */
static void begin_last(struct stage *stage)
{
	begin_pod(stage);
	fuse_daemon_kill(&stage->daemon);
	fake_member_stop(stage->subject);
}

/* Nobody calls it again: what it has not done is reconcile's. */
static char *reconcile(struct stage *stage)
{
	(void)stage;
	return scenario_hook(NULL, "reconcile");
}

static void the_last_containers_poststop(void **state)
{
	static const struct scenario scenario = {.verb = "poststop",
		.begin = begin_last,
		.repair = reconcile,
		.hidden = "media/zurg"};

	(void)state;
	scenario_run(&scenario);
}

/* Another container of the pod goes on. */
static void begin_one(struct stage *stage)
{
	char *wrong;

	begin_pod(stage);
	wrong = scenario_hook(fake_pod_consumer(&stage->pod, "plex"), "prestart");
	if (wrong)
		fail_msg("%s", wrong);
	fuse_daemon_kill(&stage->daemon);
	fake_member_stop(stage->subject);
}

/* Its next instance takes the record over. */
static char *next_instance(struct stage *stage)
{
	struct fake_member *next = fake_pod_provider(&stage->pod, "zurg");
	char *wrong = scenario_hook(next, "prestart");

	/* And leaves as this one should have. */
	fake_member_stop(next);
	return wrong ? wrong : scenario_hook(next, "poststop");
}

static void one_containers_poststop(void **state)
{
	static const struct scenario scenario = {.verb = "poststop",
		.begin = begin_one,
		.repair = next_instance,
		.hidden = "media/zurg"};

	(void)state;
	scenario_run(&scenario);
}

/* The pod's poststop never came. */
static void begin_gone(struct stage *stage)
{
	begin_last(stage);
	stage->subject = NULL;
}

static void a_reconcile(void **state)
{
	static const struct scenario scenario = {.verb = "reconcile",
		.begin = begin_gone,
		.repair = reconcile,
		.hidden = "media/zurg"};

	(void)state;
	scenario_run(&scenario);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_containers_poststop),
		cmocka_unit_test(one_containers_poststop),
		cmocka_unit_test(a_reconcile),
	};

	return cmocka_run_group_tests_name("ends", tests, scenario_enter, NULL);
}
