/* SPDX-License-Identifier: Apache-2.0 */
/* prestart with one of its system calls failing, each in its turn. */
#include "tests/fault/scenario.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#include <string.h>
#include <sys/mount.h>

static void begin_pod(struct stage *stage)
{
	fake_pod_init(&stage->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_annotate(&stage->pod, "fuse-sidecar.io/wait", "2s");
	stage->path = fake_pod_path(&stage->pod, "zurg");
}

/* The kubelet's next try is another container of the same name. */
static char *try_again(struct stage *stage)
{
	bool provides = strcmp(stage->subject->name, "rclone-zurg") == 0;

	fake_member_stop(stage->subject);
	stage->subject = provides ? fake_pod_provider(&stage->pod, "zurg")
				  : fake_pod_consumer(&stage->pod, stage->subject->name);
	return scenario_hook(stage->subject, "prestart");
}

/* The host is private and the volume empty: directories, a bind, the container's own bind replaced.
 */
static void begin_first(struct stage *stage)
{
	begin_pod(stage);
	stage->subject = fake_pod_provider(&stage->pod, "zurg");
}

static void a_pods_first_provider(void **state)
{
	static const struct scenario scenario = {
		.verb = "prestart", .begin = begin_first, .repair = try_again, .with_early = true};

	(void)state;
	scenario_run(&scenario);
}

/* The volume is a mount of its own that is private. */
static void begin_own_mount(struct stage *stage)
{
	begin_pod(stage);
	assert_int_equal(mount("media", stage->pod.volume, "tmpfs", 0, NULL), 0);
	stage->volume_mounts = 1;
	stage->subject = fake_pod_provider(&stage->pod, "zurg");
}

static void a_private_mounts_first_provider(void **state)
{
	static const struct scenario scenario = {
		.verb = "prestart", .begin = begin_own_mount, .repair = try_again};

	(void)state;
	scenario_run(&scenario);
}

static void begin_consumer(struct stage *stage)
{
	struct fake_member *zurg;
	char *wrong;

	begin_pod(stage);
	zurg = fake_pod_provider(&stage->pod, "zurg");
	wrong = scenario_hook(zurg, "prestart");
	if (wrong)
		fail_msg("%s", wrong);
	assert_int_equal(fuse_daemon_start(stage->path, NULL, &stage->daemon), 0);
	stage->subject = fake_pod_consumer(&stage->pod, "plex");
}

static void a_consumer_at_the_gate(void **state)
{
	static const struct scenario scenario = {
		.verb = "prestart", .begin = begin_consumer, .repair = try_again};

	(void)state;
	scenario_run(&scenario);
}

/* The provider has crashed; its mount is dead. */
static void begin_heal(struct stage *stage)
{
	begin_consumer(stage);
	fuse_daemon_kill(&stage->daemon);
	fake_member_stop(stage->pod.members[0]);
	stage->subject = fake_pod_provider(&stage->pod, "zurg");
}

static void a_heal(void **state)
{
	static const struct scenario scenario = {.verb = "prestart",
		.begin = begin_heal,
		.repair = try_again,
		.hidden = "media/zurg"};

	(void)state;
	scenario_run(&scenario);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pods_first_provider),
		cmocka_unit_test(a_private_mounts_first_provider),
		cmocka_unit_test(a_consumer_at_the_gate),
		cmocka_unit_test(a_heal),
	};

	return cmocka_run_group_tests_name("prestart", tests, scenario_enter, NULL);
}
