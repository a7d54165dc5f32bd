/* SPDX-License-Identifier: Apache-2.0 */
/* Whose dead mounts a pod may have detached: its own, and those that nobody else has where it could
 * unmount them itself. */
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define OTHER_UID "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define NODE "/var/lib/kubelet/srv" /* a hostPath volume: below a root, and no pod's own */
#define ZURG NODE "/zurg"
#define ROOTS "\"roots\": [\"/var/lib/kubelet/pods\", \"" NODE "\"], \"probeTimeout\": \"1s\""

static void allow(const char *more)
{
	cleanup_free char *policy = NULL;

	assert_true(asprintf(&policy, "{" ROOTS "%s%s}", more ? ", " : "", more ? more : "") > 0);
	assert_int_equal(ns_sandbox_write(POLICY, policy, 0644), 0);
}

static int setup(void **state)
{
	int r = ns_sandbox_setup_shared(state);

	if (r == 0)
		allow(NULL);
	return r < 0 ? r : ns_sandbox_mkdirs(ZURG);
}

/* A pod whose provider mounts on ZURG, and what became of it. */
struct victim {
	struct fake_pod pod;
	struct fake_member *zurg, *plex;
	struct fuse_daemon daemon;
};

static void victim_clear(struct victim *victim)
{
	fuse_daemon_clear(&victim->daemon);
	fake_pod_clear(&victim->pod);
}

#define cleanup_victim __attribute__((cleanup(victim_clear)))

static struct fake_member *add_on(struct fake_pod *pod, const char *name, const char *provides)
{
	return fake_pod_add(
		pod, &(struct fake_role){.name = name, .provides = provides, .source = NODE});
}

/* `annotated` false: no hook runs for it, and nothing is recorded. */
static void begin(struct victim *victim, bool annotated)
{
	fake_pod_init(&victim->pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	victim->zurg = add_on(&victim->pod, "rclone-zurg", "/mnt/media/zurg");
	if (annotated)
		fake_member_expect(victim->zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &victim->daemon), 0);
	victim->plex = add_on(&victim->pod, "plex", NULL);
	if (annotated)
		fake_member_expect(victim->plex, "prestart", 0);
}

/* rclone has crashed: its mount is dead, its consumer lives. */
static void begin_crashed(struct victim *victim, bool annotated)
{
	begin(victim, annotated);
	fuse_daemon_kill(&victim->daemon);
	fake_member_stop(victim->zurg);
}

static int see(void *path)
{
	return access(path, F_OK) == 0 ? 0 : errno;
}

/* The consumer gets the error that says so, and no empty directory. */
static void assert_victim_sees_it(const struct victim *victim)
{
	cleanup_free char *path = path_join(victim->plex->root, "/mnt/media/zurg");

	assert_non_null(path);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	assert_int_equal(fake_container_run(&victim->plex->process, see, path), ENOTCONN);
}

/* What another pod may try, with what it would need for more. */
struct attempt {
	const char *what, *mounts, *provides;
	unsigned long propagation;
	const char *options; /* of the volume; NULL: as declared */
	bool privileged;
	int code;
};

static const struct attempt attempts[] = {
	{"names the path, unprivileged and read-only", "me=/mnt/media/zurg", "/mnt/media/zurg",
		MS_PRIVATE, "['rbind', 'rprivate', 'ro']", false, 13},
	{"names the path, without propagation", "me=/mnt/media/zurg", "/mnt/media/zurg", MS_SLAVE,
		"['rbind', 'rslave', 'ro']", true, 13},
	{"names the path, unprivileged", "me=/mnt/media/zurg", "/mnt/media/zurg", 0, NULL, false,
		15},
	{"reads another path of the volume", "nobody=/mnt/media/other", NULL, MS_SLAVE,
		"['rbind', 'rslave', 'ro']", false, 17},
	{"is a bystander", "nobody=/elsewhere/other", NULL, MS_SLAVE, NULL, false, 0},
};

static struct fake_member *add_attempt(struct fake_pod *pod, const struct attempt *attempt)
{
	struct fake_member *me;

	fake_pod_init(pod, OTHER_UID, attempt->mounts);
	me = fake_pod_add(pod, &(struct fake_role){.name = "me",
				       .provides = attempt->provides,
				       .source = NODE,
				       .propagation = attempt->propagation});
	if (attempt->options)
		fake_member_set(me, "/mounts/0/options", attempt->options);
	if (!attempt->privileged)
		fake_member_set(me, "/process/capabilities", "{}");
	return me;
}

static void no_refused_container_has_anothers_dead_mount_detached(void **state)
{
	(void)state;
	for (int annotated = 0; annotated < 2; annotated++) {
		for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
			cleanup_victim struct victim victim = {0};
			cleanup_fake_pod struct fake_pod pod = {0};
			struct fake_member *me;

			assert_int_equal(setup(NULL), 0);
			begin_crashed(&victim, annotated);
			me = add_attempt(&pod, &attempts[i]);
			fake_member_expect(me, "prestart", attempts[i].code);
			fake_member_remove(me);
			fake_pod_command("reconcile", NULL, NULL);
			assert_victim_sees_it(&victim);
		}
	}
}

/* The same without a poststop: reconcile ends the pod. */
static void nor_has_its_end_by_reconcile(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		cleanup_victim struct victim victim = {0};
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *me;

		assert_int_equal(setup(NULL), 0);
		begin_crashed(&victim, false);
		me = add_attempt(&pod, &attempts[i]);
		fake_member_expect(me, "prestart", attempts[i].code);
		fake_member_stop(me);
		fake_pod_command("reconcile", NULL, NULL);
		assert_int_equal(fake_pod_count_files("pods"), 0);
		assert_victim_sees_it(&victim);
	}
}

/* Mode audit lets them go on as they are: nothing is done for them either. */
static void nor_one_that_only_audit_lets_go_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		cleanup_victim struct victim victim = {0};
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *me;

		assert_int_equal(setup(NULL), 0);
		begin_crashed(&victim, true);
		allow("\"mode\": \"audit\"");
		me = add_attempt(&pod, &attempts[i]);
		fake_member_expect(me, "prestart", 0);
		fake_member_remove(me);
		fake_pod_command("reconcile", NULL, NULL);
		assert_victim_sees_it(&victim);
	}
}

/* One that could unmount it itself: not while the other pod lives, whose it is. */
static void an_allowed_provider_is_refused_on_the_path_of_a_pod_that_lives(void **state)
{
	cleanup_victim struct victim victim = {0};
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *me;

	(void)state;
	begin_crashed(&victim, true);
	fake_pod_init(&pod, OTHER_UID, "me=/mnt/media/zurg");
	me = add_on(&pod, "me", "/mnt/media/zurg");
	fake_member_expect(me, "prestart", 10);
	fake_member_expect_said(me, "[mountpoint-conflict]");
	fake_member_expect_said(me, "has a dead mount");
	fake_member_expect_said(me, "belongs to rclone-zurg of the pod media/");
	fake_member_remove(me);
	assert_victim_sees_it(&victim);
	/* Its own next instance heals it, whoever else has named the path. */
	fake_member_expect(add_on(&victim.pod, "rclone-zurg", "/mnt/media/zurg"), "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
}

/* As the next pod of a DaemonSet does, whose first one's end nobody has seen. */
static void an_allowed_provider_heals_what_no_living_pod_has(void **state)
{
	(void)state;
	for (int recorded = 0; recorded < 2; recorded++) {
		cleanup_victim struct victim victim = {0};
		cleanup_fake_pod struct fake_pod pod = {0};

		assert_int_equal(setup(NULL), 0);
		begin_crashed(&victim, recorded);
		fake_member_stop(victim.plex);
		fake_pod_init(&pod, OTHER_UID, "me=/mnt/media/zurg");
		fake_member_expect(add_on(&pod, "me", "/mnt/media/zurg"), "prestart", 0);
		assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
	}
}

/* The policy takes what is wrong with it lightly: it still gets no more than it could do itself. */
static void one_that_could_not_unmount_it_itself_heals_nothing_there(void **state)
{
	static const struct {
		const char *pointer, *json;
	} weaker[] = {
		{"/mounts/0/options", "['rbind', 'rshared', 'ro']"},
		{"/process/capabilities", "{}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(weaker); i++) {
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *me;

		assert_int_equal(setup(NULL), 0);
		allow("\"severity\": {\"cap-sys-admin-missing\": \"warn\"}");
		assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
		fake_pod_init(&pod, OTHER_UID, "me=/mnt/media/zurg");
		me = add_on(&pod, "me", "/mnt/media/zurg");
		fake_member_set(me, weaker[i].pointer, weaker[i].json);
		fake_member_expect(me, "prestart", 10);
		fake_member_expect_said(me, "no pod's record says whose mount that is");
		fake_member_remove(me);
		assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	}
}

/* In the pod's own volume nobody has to have seen it live. */
static void in_its_own_volume_a_provider_heals_what_nobody_has_seen(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *path = NULL;
	struct fake_member *zurg;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	path = fake_pod_path(&pod, "zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_leave_dead(path), 0);
	fake_member_stop(zurg);
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(path), 0);
	assert_int_equal(fuse_daemon_leave_dead(path), 0);
	fake_member_remove(zurg);
	assert_int_equal(ns_sandbox_mounts_on(path), 0);
}

/*
 * rclone has been restarted and has crashed again, and no hook has seen its second mount. Whoever
 * is removed first of a pod that is over, plex or the first rclone, the right to it is the second
 * rclone's, and comes with its poststop.
 */
static void what_nobody_has_seen_goes_with_its_provider_in_any_order(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		cleanup_victim struct victim victim = {0};
		struct fake_member *next;

		assert_int_equal(setup(NULL), 0);
		begin_crashed(&victim, true);
		next = add_on(&victim.pod, "rclone-zurg", "/mnt/media/zurg");
		fake_member_expect(next, "prestart", 0);
		assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
		fake_member_stop(next);
		fake_member_stop(victim.plex);
		fake_member_remove(first ? victim.plex : victim.zurg);
		assert_true(fake_pod_has_file("pods", victim.pod.uid));
		fake_member_remove(first ? victim.zurg : victim.plex);
		assert_true(fake_pod_has_file("pods", victim.pod.uid));
		fake_member_remove(next);
		assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
		assert_int_equal(fake_pod_count_files("pods"), 0);
		assert_int_equal(fake_pod_count_files("locks"), 0);
	}
}

/* The same of a subPath of it: a mount of the kubelet's in the pod's own directory, and what is
 * mounted there is to be seen in the hostPath, too. */
static void nor_is_it_forgotten_below_a_sub_path(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *sub = NULL, *path = NULL;
	struct fake_member *zurg, *web;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	assert_true(asprintf(&sub, "/var/lib/kubelet/pods/%s/volume-subpaths/srv/rclone-zurg/0",
			    pod.uid) > 0);
	path = path_join(sub, "zurg");
	assert_int_equal(ns_sandbox_mkdirs(sub), 0);
	assert_int_equal(mount(NODE, sub, NULL, MS_BIND, NULL), 0);
	zurg = fake_pod_add(
		&pod, &(struct fake_role){
			      .name = "rclone-zurg", .provides = "/mnt/media/zurg", .source = sub});
	fake_member_expect(zurg, "prestart", 0);
	web = fake_pod_add(&pod, &(struct fake_role){.name = "web", .source = ""});
	fake_member_expect(web, "prestart", 0);
	assert_int_equal(fuse_daemon_leave_dead(path), 0);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	fake_member_stop(zurg);
	fake_member_remove(web);
	assert_true(fake_pod_has_file("pods", pod.uid));
	fake_member_remove(zurg);
	assert_int_equal(ns_sandbox_mounts_on(path), 0);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

/* Of its own volume the kubelet waits for the pod's end: that comes with the first removal. */
static void in_its_own_volume_nobody_is_waited_for(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *path = NULL;
	struct fake_member *zurg, *web;

	(void)state;
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	path = fake_pod_path(&pod, "zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	web = fake_pod_add(&pod, &(struct fake_role){.name = "web", .source = ""});
	fake_member_expect(web, "prestart", 0);
	assert_int_equal(fuse_daemon_leave_dead(path), 0);
	fake_member_stop(zurg);
	fake_member_remove(web);
	assert_int_equal(ns_sandbox_mounts_on(path), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	fake_member_remove(zurg);
}

/* The end of a pod in a volume of the node's, without a poststop. */

static void what_its_provider_was_seen_to_mount_goes_with_the_pod(void **state)
{
	cleanup_victim struct victim victim = {0};

	(void)state;
	begin_crashed(&victim, true);
	assert_string_equal(fake_pod_recorded(&victim.pod, "/fusePaths/0/ownMount"), "true");
	fake_member_stop(victim.plex);
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), 0);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

/* The same path, another mount: somebody else has been there since. */
static void another_mount_on_the_same_path_stays(void **state)
{
	cleanup_victim struct victim victim = {0};

	(void)state;
	begin_crashed(&victim, true);
	assert_int_equal(umount2(ZURG, MNT_DETACH), 0);
	assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
	fake_member_stop(victim.plex);
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), 0);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

/* It was there when the provider came, who was let go on beside it. */
static void a_mount_that_was_there_before_is_not_its_own(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	struct fake_member *me, *plex;

	(void)state;
	allow("\"severity\": {\"mountpoint-conflict\": \"warn\"}");
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &daemon), 0);
	fake_pod_init(&pod, OTHER_UID, "me=/mnt/media/zurg");
	me = add_on(&pod, "me", "/mnt/media/zurg");
	fake_member_expect(me, "prestart", 0);
	plex = add_on(&pod, "plex", NULL);
	fake_member_expect(plex, "prestart", 0);
	assert_string_equal(fake_pod_recorded(&pod, "/fusePaths/0/state"), "live");
	assert_string_equal(fake_pod_recorded(&pod, "/fusePaths/0/ownMount"), "false");
	fuse_daemon_kill(&daemon);
	fake_member_stop(me);
	fake_member_stop(plex);
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), 0);
	assert_int_equal(ns_sandbox_mounts_on(ZURG), 1);
}

/* One claim, which both pods mount: what one mounts appears in the volume of the other. */

static void share_claim(struct fake_pod *pod, const char *claim)
{
	assert_int_equal(mount(claim, pod->volume, NULL, MS_BIND, NULL), 0);
}

static void a_mount_that_came_from_another_pods_volume_is_left(void **state)
{
	cleanup_fake_pod struct fake_pod a = {0}, b = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *in_a = NULL, *in_b = NULL;
	struct fake_member *zurg, *plex, *other;

	(void)state;
	fake_pod_init(&a, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_init(&b, OTHER_UID, "rclone-zurg=/mnt/media/zurg");
	share_claim(&a, NODE);
	share_claim(&b, NODE);
	in_a = fake_pod_path(&a, "zurg");
	in_b = fake_pod_path(&b, "zurg");
	zurg = fake_pod_provider(&a, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_start(in_a, NULL, &daemon), 0);
	plex = fake_pod_consumer(&a, "plex");
	fake_member_expect(plex, "prestart", 0);
	fuse_daemon_kill(&daemon);
	assert_int_equal(ns_sandbox_mounts_on(in_b), 1);
	other = fake_pod_provider(&b, "zurg");
	fake_member_expect(other, "prestart", 10);
	fake_member_expect_said(other, "has a dead mount");
	fake_member_remove(other);
	fake_pod_command("reconcile", NULL, NULL);
	assert_int_equal(ns_sandbox_mounts_on(in_a), 1);
	fake_member_stop(zurg);
	fake_member_expect(fake_pod_provider(&a, "zurg"), "prestart", 0);
	assert_int_equal(ns_sandbox_mounts_on(in_a), 0);
	assert_int_equal(ns_sandbox_mounts_on(in_b), 0);
}

/* Nothing is known of who made it: no hook runs for that pod. */
static void so_it_is_where_the_other_pod_has_no_record(void **state)
{
	cleanup_fake_pod struct fake_pod a = {0}, b = {0};
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *in_a = NULL, *in_b = NULL;
	struct fake_member *me, *reads;

	(void)state;
	fake_pod_init(&a, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	fake_pod_init(&b, OTHER_UID, "me=/mnt/media/zurg");
	share_claim(&a, NODE);
	share_claim(&b, NODE);
	in_a = fake_pod_path(&a, "zurg");
	in_b = fake_pod_path(&b, "zurg");
	assert_int_equal(fuse_daemon_start(in_a, NULL, &daemon), 0);
	fuse_daemon_kill(&daemon);
	me = fake_pod_add(
		&b, &(struct fake_role){
			    .name = "me", .provides = "/mnt/media/zurg", .propagation = MS_SLAVE});
	fake_member_set(me, "/process/capabilities", "{}");
	reads = fake_pod_consumer(&b, "reads");
	fake_member_expect(me, "prestart", 13);
	fake_member_expect(reads, "prestart", 17);
	fake_member_remove(reads);
	fake_member_remove(me);
	assert_int_equal(fake_pod_count_files("pods"), 0);
	assert_int_equal(ns_sandbox_mounts_on(in_a), 1);
	assert_int_equal(ns_sandbox_mounts_on(in_b), 1);
}

/* The volume of a CSI driver is a bind of the plugin's own mount, to which everything travels. */
static void what_only_a_plugin_sees_as_well_goes_with_the_pod(void **state)
{
	static const char global[] = "/var/lib/kubelet/plugins/csi/pv/globalmount";
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *path = NULL;
	struct fake_member *zurg;

	(void)state;
	assert_int_equal(ns_sandbox_mkdirs(global), 0);
	assert_int_equal(mount("pv", global, "tmpfs", 0, NULL), 0);
	assert_int_equal(mount(NULL, global, NULL, MS_SHARED, NULL), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	share_claim(&pod, global);
	path = fake_pod_path(&pod, "zurg");
	zurg = fake_pod_provider(&pod, "zurg");
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_leave_dead(path), 0);
	fake_member_stop(zurg);
	assert_int_equal(fake_pod_command("reconcile", NULL, NULL), 0);
	assert_int_equal(ns_sandbox_mounts_on(path), 0);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

/* On a hostPath volume, and nobody has seen its mount: whoever's poststop finds that none of the
 * pod lives, the provider's own takes the mount away, and the record goes with that. */
static void the_providers_poststop_may_be_the_last(void **state)
{
	(void)state;
	for (int restarted = 0; restarted < 2; restarted++) {
		cleanup_fake_pod struct fake_pod pod = {0};
		struct fake_member *zurg, *other;

		assert_int_equal(setup(NULL), 0);
		fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
		other = restarted ? add_on(&pod, "rclone-zurg", "/mnt/media/zurg")
				  : fake_pod_add(
					    &pod, &(struct fake_role){.name = "by", .source = ""});
		fake_member_expect(other, "prestart", 0);
		fake_member_stop(other);
		zurg = add_on(&pod, "rclone-zurg", "/mnt/media/zurg");
		fake_member_expect(zurg, "prestart", 0);
		assert_int_equal(fuse_daemon_leave_dead(ZURG), 0);
		fake_member_stop(zurg);
		fake_member_remove(other);
		fake_member_remove(zurg);
		assert_int_equal(ns_sandbox_mounts_on(ZURG), 0);
		assert_int_equal(fake_pod_count_files("pods"), 0);
	}
}

/* It is asked for each path whether it could unmount that, with its config.json read once: a
 * sanitizer build tells. */
static void a_container_without_mounts_may_end_last(void **state)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	struct fake_member *by, *zurg, *torbox;

	(void)state;
	fake_pod_init(
		&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg, rclone-torbox=/mnt/media/torbox");
	by = fake_pod_add(&pod, &(struct fake_role){.name = "by", .source = ""});
	zurg = fake_pod_provider(&pod, "zurg");
	torbox = fake_pod_provider(&pod, "torbox");
	fake_member_expect(by, "prestart", 0);
	fake_member_expect(zurg, "prestart", 0);
	fake_member_expect(torbox, "prestart", 0);
	fake_member_stop(zurg);
	fake_member_stop(torbox);
	fake_member_remove(by);
	assert_int_equal(fake_pod_count_files("pods"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(no_refused_container_has_anothers_dead_mount_detached),
		TEST(nor_has_its_end_by_reconcile),
		TEST(nor_one_that_only_audit_lets_go_on),
		TEST(an_allowed_provider_is_refused_on_the_path_of_a_pod_that_lives),
		TEST(an_allowed_provider_heals_what_no_living_pod_has),
		TEST(one_that_could_not_unmount_it_itself_heals_nothing_there),
		TEST(in_its_own_volume_a_provider_heals_what_nobody_has_seen),
		TEST(what_nobody_has_seen_goes_with_its_provider_in_any_order),
		TEST(nor_is_it_forgotten_below_a_sub_path),
		TEST(in_its_own_volume_nobody_is_waited_for),
		TEST(what_its_provider_was_seen_to_mount_goes_with_the_pod),
		TEST(another_mount_on_the_same_path_stays),
		TEST(a_mount_that_was_there_before_is_not_its_own),
		TEST(a_mount_that_came_from_another_pods_volume_is_left),
		TEST(so_it_is_where_the_other_pod_has_no_record),
		TEST(what_only_a_plugin_sees_as_well_goes_with_the_pod),
		TEST(the_providers_poststop_may_be_the_last),
		TEST(a_container_without_mounts_may_end_last),
	};
#undef TEST

	return cmocka_run_group_tests_name("authority", tests, ns_sandbox_setup_group, NULL);
}
