/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/pods/neighbour.h"

#include "oci/base/cleanup.h"
#include "tests/pods/oracle.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/ns_sandbox.h"

#define OTHER_UID "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"

void neighbour_init(struct stage *stage)
{
	fake_pod_init(&stage->other, OTHER_UID,
		"rclone-other=/mnt/o/other-live,rclone-other=/mnt/o/other-dead");
}

/* A pod that uses the first hostPath volume as well, where there is one that it can. */
static const char *neighbours_volume(const struct stage *stage)
{
	/* What the administrator has not shared is of no use to it. */
	for (size_t i = 0; stage->story->shared_node && i < stage->story->n_volumes; i++) {
		if (stage->story->volumes[i].kind == VOLUME_HOST)
			return stage->story->volumes[i].host;
	}
	return stage->other.volume;
}

static struct fake_member *add_neighbour(struct stage *stage)
{
	return fake_pod_add(&stage->other, &(struct fake_role){.name = "rclone-other",
						   .provides = "/mnt/o/other-live",
						   .source = neighbours_volume(stage),
						   .destination = "/mnt/o"});
}

/* Its hook has let it start: its mounts are of daemons in its container, one lives, one is dead. */
static void settle_neighbour(struct stage *stage, struct fake_member *member)
{
	static const char *const names[] = {"other-live", "other-dead"};
	struct inner_daemon *daemons[] = {&stage->other_live, &stage->other_dead};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *inside = NULL;

		assert_true(asprintf(&inside, "%s/mnt/o/%s", member->root, names[i]) > 0);
		if (ns_sandbox_mounts_on(stage->other_paths[i]) != 0)
			stage_fail(stage, "the neighbour was let start, and a mount is on %s",
				stage->other_paths[i]);
		assert_int_equal(inner_daemon_start(member->process.pid, inside,
					 i == 0 ? DAEMON_LIVE : DAEMON_DIES, daemons[i]),
			0);
	}
	stage->other_member = member;
}

void neighbour_begin(struct stage *stage)
{
	static const char *const names[] = {"other-live", "other-dead"};
	struct fake_member *member = add_neighbour(stage);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(asprintf(&stage->other_paths[i], "%s/%s", neighbours_volume(stage),
				    names[i]) > 0);
		assert_int_equal(strv_add(&stage->directories, stage->other_paths[i]), 0);
	}
	fake_member_expect(member, "prestart", 0);
	settle_neighbour(stage, member);
}

void neighbour_restart_beside(struct stage *stage, size_t part)
{
	struct fake_member *former = stage->other_member, *next;
	pid_t hook;

	if (!former)
		return;
	stage_note(stage, "the neighbour is restarted meanwhile");
	stage->other_member = NULL;
	inner_daemon_kill(&stage->other_live);
	fake_member_stop(former);
	next = add_neighbour(stage);
	hook = fake_member_hook_start(next, "prestart");
	stage_create(stage, part);
	oracle_expect_exit(stage, next, "prestart", child_wait(hook), 1);
	settle_neighbour(stage, next);
	fake_member_expect(former, "poststop", 0);
	oracle_expect_live(stage);
}

void neighbour_end(struct stage *stage)
{
	struct fake_member *member = stage->other_member;

	if (!member)
		return;
	inner_daemon_kill(&stage->other_live);
	fake_member_stop(member);
	stage->other_member = NULL;
	stage_note(stage, "poststop of the neighbour");
	fake_member_expect(member, "poststop", 0);
}
