/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that says what is not so, in each of its members: what it has of another pod's and of
 * the administrator's is left as it is by every hook and command that reads it.
 */
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"

#include <json-c/json.h>
#include <json-c/json_pointer.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define POLICY "/etc/fuse-sidecar-hook/policy.json"
#define FORGER_UID "0a1b2c3d-3a53-4f0e-9d3b-2f3f6a1b0c22"
#define BOUND_UID "1b2c3d4e-3a53-4f0e-9d3b-2f3f6a1b0c33"
#define NODE "/var/lib/kubelet/srv" /* a hostPath volume, shared */
#define ZURG NODE "/zurg"
#define ADMINISTRATORS "/var/lib/kubelet/adm" /* bound on itself, by hand, with a file in it */
#define FILM ADMINISTRATORS "/film"
#define ROOTS                                                                                      \
	"{\"roots\": [\"/var/lib/kubelet/pods\", \"" NODE "\", \"" ADMINISTRATORS "\"],"           \
	" \"probeTimeout\": \"30ms\", \"abortHungAfter\": \"1ms\"}"

/*
 * What a forged record may name: a victim on a hostPath volume, whose mount is dead; one whose own
 * volume a hook has bound, and in which a mount hangs; the administrator's bind. And the pod whose
 * record is forged, which has nothing of them but the hostPath volumes, read-only.
 */
struct node {
	struct fake_pod victim, bound, forger;
	struct fuse_daemon dead, hung;
	struct fake_member *me;
	char *hung_path, *record, *honest;
};

static void node_clear(struct node *node)
{
	fuse_daemon_clear(&node->dead);
	fuse_daemon_clear(&node->hung);
	fake_pod_clear(&node->victim);
	fake_pod_clear(&node->bound);
	fake_pod_clear(&node->forger);
	free(node->hung_path);
	free(node->record);
	free(node->honest);
}

#define cleanup_node __attribute__((cleanup(node_clear)))

static void begin_victim(struct node *node)
{
	struct fake_member *zurg;

	fake_pod_init(&node->victim, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	zurg = fake_pod_add(&node->victim,
		&(struct fake_role){
			.name = "rclone-zurg", .provides = "/mnt/media/zurg", .source = NODE});
	fake_member_expect(zurg, "prestart", 0);
	assert_int_equal(fuse_daemon_start(ZURG, NULL, &node->dead), 0);
	fake_member_expect(
		fake_pod_add(&node->victim, &(struct fake_role){.name = "plex", .source = NODE}),
		"prestart", 0);
	fuse_daemon_kill(&node->dead);
	fake_member_stop(zurg);
}

static void begin_bound(struct node *node)
{
	struct fake_member *slow;

	fake_pod_init(&node->bound, BOUND_UID, "rclone-slow=/mnt/media/slow");
	slow = fake_pod_provider(&node->bound, "slow");
	fake_member_expect(slow, "prestart", 0);
	node->hung_path = fake_pod_path(&node->bound, "slow");
	assert_int_equal(fuse_daemon_start(node->hung_path, NULL, &node->hung), 0);
	fake_member_expect(fake_pod_consumer(&node->bound, "plex"), "prestart", 0);
	kill(node->hung.pid, SIGUSR1);
	fake_member_stop(slow);
}

static const struct fake_bind hostpaths[] = {
	{NODE, "/node", MS_SLAVE},
	{ADMINISTRATORS, "/adm", MS_SLAVE},
};

static struct fake_member *add_forger(struct fake_pod *pod)
{
	return fake_pod_add(pod, &(struct fake_role){.name = "me",
					 .provides = "/mnt/media/x",
					 .more = hostpaths,
					 .n_more = ARRAY_SIZE(hostpaths)});
}

static void begin_forger(struct node *node)
{
	struct fake_member *reads;
	cleanup_fuse_daemon struct fuse_daemon daemon = {0};
	cleanup_free char *path = NULL;

	fake_pod_init(&node->forger, FORGER_UID, "me=/mnt/media/x");
	node->me = add_forger(&node->forger);
	fake_member_expect(node->me, "prestart", 0);
	path = fake_pod_path(&node->forger, "x");
	assert_int_equal(fuse_daemon_start(path, NULL, &daemon), 0);
	reads = fake_pod_consumer(&node->forger, "reads");
	fake_member_expect(reads, "prestart", 0);
	fake_member_stop(reads);
	fake_member_stop(node->me);
	node->record = fake_pod_record_path(&node->forger);
	node->honest = fake_pod_record_text(&node->forger);
}

static void begin(struct node *node)
{
	assert_int_equal(ns_sandbox_write(POLICY, ROOTS, 0644), 0);
	assert_int_equal(ns_sandbox_mkdirs(NODE), 0);
	assert_int_equal(mount("srv", NODE, "tmpfs", 0, NULL), 0);
	assert_int_equal(mount(NULL, NODE, NULL, MS_SHARED, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs(ADMINISTRATORS), 0);
	assert_int_equal(mount(ADMINISTRATORS, ADMINISTRATORS, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, ADMINISTRATORS, NULL, MS_SHARED, NULL), 0);
	assert_int_equal(ns_sandbox_write(FILM, "film", 0600), 0);
	begin_victim(node);
	begin_bound(node);
	begin_forger(node);
}

/* Nothing of theirs has changed. */
static void assert_untouched(const struct node *node, const char *after)
{
	cleanup_free char *propagation = ns_sandbox_propagation(ADMINISTRATORS);
	cleanup_free char *film = ns_sandbox_read(FILM);

	if (ns_sandbox_mounts_on(ZURG) != 1)
		fail_msg("%s: the victim's dead mount is gone", after);
	if (ns_sandbox_mounts_on(node->bound.volume) != 1 ||
		ns_sandbox_mounts_on(node->hung_path) != 1)
		fail_msg("%s: a mount of the other victim's is gone", after);
	if (ns_sandbox_mounts_on(ADMINISTRATORS) != 1 || !propagation ||
		strncmp(propagation, "shared:", 7) != 0)
		fail_msg("%s: the administrator's bind is not as it was", after);
	if (!film || strcmp(film, "film") != 0)
		fail_msg("%s: the administrator's file is not as it was", after);
	if (!fake_pod_has_file("pods", FAKE_POD_UID) || !fake_pod_has_file("pods", BOUND_UID))
		fail_msg("%s: another pod's record is gone", after);
}

static void write_record(const struct node *node, const char *text)
{
	char directory[160];

	snprintf(directory, sizeof(directory), "%s", node->record);
	*strrchr(directory, '/') = '\0';
	assert_int_equal(ns_sandbox_mkdirs(directory), 0);
	assert_int_equal(ns_sandbox_write(node->record, text, 0644), 0);
}

/* A crash is exit 20, or a signal's. */
static void expect_sound(int code, const char *what, const char *after)
{
	if (code < 0 || code >= 20)
		fail_msg("%s: %s: exit %d", after, what, code);
}

/* Everything that reads a record, each with the forged one. */
static void run_all(struct node *node, const char *text, const char *what)
{
	static const char *const commands[] = {"status", "metrics", "reconcile"};
	struct fake_member *next;

	write_record(node, text);
	expect_sound(fake_member_hook_once(node->me, "poststop"), "poststop", what);
	assert_untouched(node, what);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		write_record(node, text);
		expect_sound(fake_pod_command(commands[i], NULL, NULL), commands[i], what);
		assert_untouched(node, what);
	}
	write_record(node, text);
	next = add_forger(&node->forger);
	expect_sound(fake_member_hook_once(next, "prestart"), "prestart", what);
	assert_untouched(node, what);
	fake_member_stop(next);
}

static void forge(struct node *node, const char *pointer, struct json_object *value)
{
	struct json_object *record = json_tokener_parse(node->honest);
	char what[200];

	assert_non_null(record);
	assert_int_equal(json_pointer_set(&record, pointer, value), 0);
	snprintf(what, sizeof(what), "%s is %s", pointer, json_object_to_json_string(value));
	run_all(node, json_object_to_json_string(record), what);
	json_object_put(record);
}

/* The member of that place in another pod's record, NULL without: a copy. */
static struct json_object *member_of(const struct fake_pod *pod, const char *pointer)
{
	cleanup_free char *text = fake_pod_record_text(pod);
	struct json_object *record = json_tokener_parse(text), *found = NULL, *copy = NULL;

	assert_non_null(record);
	if (json_pointer_get(record, pointer, &found) == 0)
		json_object_deep_copy(found, &copy, NULL);
	json_object_put(record);
	return copy;
}

static bool is_path(const char *text)
{
	return text[0] == '/';
}

static void forge_text(struct node *node, const char *pointer, const char *text)
{
	static const char *const paths[] = {
		ADMINISTRATORS, FILM, ZURG, "/var/lib/kubelet/pods/" FORGER_UID "/../../adm"};

	for (size_t i = 0; is_path(text) && i < ARRAY_SIZE(paths); i++)
		forge(node, pointer, json_object_new_string(paths[i]));
	if (!is_path(text))
		forge(node, pointer, json_object_new_string(BOUND_UID));
}

/* Of a member that is no list and no object: each other value that it may be given. */
static void forge_leaf(struct node *node, const char *pointer, struct json_object *leaf)
{
	const struct fake_pod *const others[] = {&node->victim, &node->bound};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct json_object *theirs = member_of(others[i], pointer);

		if (theirs && !json_object_equal(theirs, leaf))
			forge(node, pointer, theirs);
		else
			json_object_put(theirs);
	}
	if (json_object_is_type(leaf, json_type_string))
		forge_text(node, pointer, json_object_get_string(leaf));
	else if (json_object_is_type(leaf, json_type_boolean))
		forge(node, pointer, json_object_new_boolean(!json_object_get_boolean(leaf)));
	else if (json_object_is_type(leaf, json_type_int))
		forge(node, pointer, json_object_new_int64(0));
}

/* Every member below `value`, which is at `pointer`. */
static void walk(struct node *node, const char *pointer, struct json_object *value)
{
	char inner[160];

	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			snprintf(inner, sizeof(inner), "%s/%s", pointer, key);
			walk(node, inner, member);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			snprintf(inner, sizeof(inner), "%s/%zu", pointer, i);
			walk(node, inner, json_object_array_get_idx(value, i));
		}
	} else {
		forge_leaf(node, pointer, value);
	}
}

static void any_one_member(void **state)
{
	static const char *const parts[] = {"/volumeRoots", "/fusePaths", "/pod", "/containers/0",
		"/edges/0", "/schema", "/updated"};
	cleanup_node struct node node = {0};
	struct json_object *record;

	(void)state;
	begin(&node);
	record = json_tokener_parse(node.honest);
	assert_non_null(record);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct json_object *part = NULL;

		assert_int_equal(json_pointer_get(record, parts[i], &part), 0);
		walk(&node, parts[i], part);
	}
	json_object_put(record);
	/* Nobody has aborted the connection that hangs. */
	kill(node.hung.pid, SIGUSR2);
	assert_int_equal(access(node.hung_path, F_OK), 0);
}

/* Members that fit together: a forger who knows what a hook writes. */

static struct json_object *parse(const char *text)
{
	cleanup_free char *copy = strdup(text);
	struct json_object *value;

	for (char *quote = strchr(copy, '\''); quote; quote = strchr(quote, '\''))
		*quote = '"';
	value = json_tokener_parse(copy);
	assert_non_null(value);
	return value;
}

static struct json_object *append_to(
	const struct fake_pod *pod, const char *list, const char *first)
{
	struct json_object *mine = member_of(pod, list);

	assert_non_null(mine);
	json_object_array_add(mine, parse(first));
	return mine;
}

static void a_volume_that_a_hook_is_said_to_have_bound(void **state)
{
	static const char *const volumes[] = {
		"{'hostPath': '" ADMINISTRATORS "', 'anchor': '" ADMINISTRATORS
		"', 'boundByHook': true, 'sharedByHook': true}",
		"{'hostPath': '" NODE "', 'boundByHook': true, 'sharedByHook': true}",
	};
	cleanup_node struct node node = {0};
	struct stat st;

	(void)state;
	begin(&node);
	assert_int_equal(stat(NODE, &st), 0);
	for (size_t i = 0; i < ARRAY_SIZE(volumes); i++)
		forge(&node, "/volumeRoots", append_to(&node.forger, "/volumeRoots", volumes[i]));
	/* With the ids that it has, and as the other pod has it. */
	forge(&node, "/volumeRoots", member_of(&node.bound, "/volumeRoots"));
	forge(&node, "/volumeRoots", member_of(&node.victim, "/volumeRoots"));
}

static void the_volumes_and_paths_of_another_pod(void **state)
{
	cleanup_node struct node node = {0};
	const struct fake_pod *const others[] = {&node.victim, &node.bound};

	(void)state;
	begin(&node);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		cleanup_free char *text = NULL;
		struct json_object *record = json_tokener_parse(node.honest);

		json_object_object_add(record, "volumeRoots", member_of(others[i], "/volumeRoots"));
		json_object_object_add(record, "fusePaths", member_of(others[i], "/fusePaths"));
		text = strdup(json_object_to_json_string(record));
		json_object_put(record);
		run_all(&node, text, others[i]->uid);
	}
	kill(node.hung.pid, SIGUSR2);
	assert_int_equal(access(node.hung_path, F_OK), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(any_one_member),
		TEST(a_volume_that_a_hook_is_said_to_have_bound),
		TEST(the_volumes_and_paths_of_another_pod),
	};
#undef TEST

	return cmocka_run_group_tests_name("forged", tests, ns_sandbox_setup_group, NULL);
}
