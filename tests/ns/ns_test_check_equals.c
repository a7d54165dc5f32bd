/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check --state` says of a container what its prestart does: the same findings, the same verdict,
 * the same exit. Each container that real runtimes have handed to a hook (tests/fixtures) is made
 * again in a sandbox, changed in one place, and asked both. What only carrying out can tell is left
 * out: the gate's findings.
 */
#include "hook/record/policy_file.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strv.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/fixture.h"
#include "tests/support/fuse_daemon.h"
#include "tests/support/ns_sandbox.h"
#include <json-c/json.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUNDLE NS_SANDBOX_DIR "/bundle"
#define ROOT NS_SANDBOX_DIR "/root"
#define VOLUMES "/var/lib/kubelet/pods"
#define BINDS 16

/* What the node is like beside the container. */
enum node {
	NODE_SHARED, /* the kubelet's directory, as it is */
	NODE_PRIVATE,
	NODE_LIVE, /* somebody's mount answers on the path that the container provides */
	NODE_DEAD,
	NODE_HUNG,
	NODE_RECORD_BROKEN,
	NODE_RUN_OPEN, /* others may write to the hook's directory */
	NODE_UNBOUND,  /* the runtime has not made the container's mounts */
};

/* One change: of config.json and state.json at a JSON pointer (annotations are in both), where '
 * stands for "; of the policy; of the node. */
struct change {
	const char *what;
	const char *pointer, *json; /* json NULL: removed */
	const char *state_pointer, *state_json;
	const char *config_text; /* in the place of config.json */
	const char *policy;
	enum node node;
};

#define CONFIG(what_, pointer_, json_)                                                             \
	{                                                                                          \
		.what = (what_), .pointer = (pointer_), .json = (json_)                            \
	}

static const struct change changes[] = {
	{.what = "nothing"},
	{.what = "a private volume", .node = NODE_PRIVATE},
	{.what = "a live mount on its path", .node = NODE_LIVE},
	{.what = "a live mount on its path, of which the policy warns",
		.node = NODE_LIVE,
		.policy = "{\"severity\": {\"mountpoint-conflict\": \"warn\"}}"},
	{.what = "a live mount on its path, in mode audit",
		.node = NODE_LIVE,
		.policy = "{\"mode\": \"audit\"}"},
	{.what = "a dead mount on its path", .node = NODE_DEAD},
	{.what = "a hung mount on its path",
		.node = NODE_HUNG,
		.policy = "{\"probeTimeout\": \"50ms\"}"},
	{.what = "a hung mount on its path, which the policy denies",
		.node = NODE_HUNG,
		.policy = "{\"probeTimeout\": \"50ms\", \"severity\": {\"mount-hung\": "
			  "\"deny\"}}"},
	{.what = "mounts that are not there", .node = NODE_UNBOUND},
	{.what = "mounts that are not there, in mode audit",
		.node = NODE_UNBOUND,
		.policy = "{\"mode\": \"audit\"}"},
	{.what = "a broken record", .node = NODE_RECORD_BROKEN},
	{.what = "a directory of records that others may write to", .node = NODE_RUN_OPEN},
	{.what = "a broken policy", .policy = "{\"moed\": 1}"},
	{.what = "no roots", .policy = "{\"roots\": [\"/srv\"]}"},
	{.what = "a namespace that is not allowed",
		.policy = "{\"namespaces\": {\"allow\": [\"x\"]}}"},
	{.what = "a short gate", .policy = "{\"gate\": {\"default\": \"1s\", \"max\": \"1s\"}}"},
	CONFIG("no capabilities", "/process/capabilities", "{}"),
	CONFIG("no_new_privileges", "/process/noNewPrivileges", "true"),
	CONFIG("no devices", "/linux/resources/devices", "[{'allow': false, 'access': 'rwm'}]"),
	CONFIG("no limits", "/linux/resources", "{}"),
	CONFIG("a private root", "/linux/rootfsPropagation", "'private'"),
	CONFIG("a seccomp filter", "/linux/seccomp", "{'defaultAction': 'SCMP_ACT_ERRNO'}"),
	CONFIG("no mounts", "/mounts", "[]"),
	CONFIG("mounts that are none", "/mounts", "7"),
	CONFIG("no root", "/root", NULL),
	CONFIG("a root that is not there", "/root/path", "'/no/such/root'"),
	CONFIG("no process", "/process", NULL),
	{.what = "a config.json that is none", .config_text = "{"},
	CONFIG("an AppArmor profile", "/process/apparmorProfile", "'crio-default'"),
	CONFIG("an SELinux label", "/process/selinuxLabel",
		"'system_u:system_r:container_t:s0:c1,c2'"),
	CONFIG("no annotation", "/annotations/fuse-sidecar.io~1mounts", NULL),
	CONFIG("an empty annotation", "/annotations/fuse-sidecar.io~1mounts", "''"),
	CONFIG("an annotation that is none", "/annotations/fuse-sidecar.io~1mounts", "'zurg'"),
	CONFIG("another provider", "/annotations/fuse-sidecar.io~1mounts",
		"'nobody=/mnt/media/zurg'"),
	CONFIG("the volume itself", "/annotations/fuse-sidecar.io~1mounts",
		"'rclone-zurg=/mnt/media'"),
	CONFIG("a path in no volume", "/annotations/fuse-sidecar.io~1mounts",
		"'rclone-zurg=/srv/x'"),
	CONFIG("a path below another", "/annotations/fuse-sidecar.io~1mounts",
		"'rclone-zurg=/mnt/media/a, rclone-zurg=/mnt/media/a/b'"),
	CONFIG("a mount of the node", "/annotations/fuse-sidecar.io~1mounts",
		"'@node=/mnt/media/x'"),
	CONFIG("a wait that is too long", "/annotations/fuse-sidecar.io~1wait", "'1h'"),
	CONFIG("a wait that is none", "/annotations/fuse-sidecar.io~1wait", "'soon'"),
	CONFIG("a grant", "/annotations/fuse-sidecar.io~1propagation", "'grant'"),
	CONFIG("an unknown key", "/annotations/fuse-sidecar.io~1moutns", "'x'"),
	CONFIG("no pod uid", "/annotations/io.kubernetes.pod.uid", "''"),
	CONFIG("a sandbox", "/annotations/io.kubernetes.cri-o.ContainerType", "'sandbox'"),
	{.what = "no pid", .state_pointer = "/pid", .state_json = "0"},
	{.what = "no id", .state_pointer = "/id", .state_json = NULL},
	{.what = "no bundle", .state_pointer = "/bundle", .state_json = NULL},
};

/* One container, made again. */
struct scene {
	struct json_object *config, *state;
	struct fake_member member;
	struct fake_bind binds[BINDS];
	size_t n_binds;
	char *path; /* on the host, where rclone-NAME would mount; NULL for others */
	struct fuse_daemon daemon;
};

static void scene_clear(struct scene *scene)
{
	fuse_daemon_clear(&scene->daemon);
	fake_member_stop(&scene->member);
	json_object_put(scene->config);
	json_object_put(scene->state);
	free(scene->path);
}

#define cleanup_scene __attribute__((cleanup(scene_clear)))

static struct json_object *read_json(const char *capture, const char *file)
{
	cleanup_free char *name = path_join(capture, file), *text = NULL;
	struct json_object *object;

	assert_non_null(name);
	text = fixture_read(name, NULL);
	object = json_tokener_parse(text);
	assert_non_null(object);
	return object;
}

static const char *text_at(struct json_object *root, const char *pointer)
{
	struct json_object *found = NULL;

	return json_pointer_get(root, pointer, &found) == 0 ? json_object_get_string(found) : NULL;
}

static bool has_option(struct json_object *mount, const char *word)
{
	struct json_object *options = NULL;

	if (!json_object_object_get_ex(mount, "options", &options))
		return false;
	for (size_t i = 0; i < json_object_array_length(options); i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(options, i)), word) ==
			0)
			return true;
	}
	return false;
}

/* The volumes of the capture, as binds of the container. */
static void add_binds(struct scene *scene)
{
	struct json_object *mounts = NULL;

	assert_true(json_object_object_get_ex(scene->config, "mounts", &mounts));
	for (size_t i = 0; i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		const char *source = text_at(mount, "/source");
		struct fake_bind bind = {source, text_at(mount, "/destination"), MS_PRIVATE};

		if (!source || !path_below(source, VOLUMES) || !strstr(source, "/volumes/"))
			continue;
		if (has_option(mount, "rshared"))
			bind.propagation = MS_SHARED;
		else if (has_option(mount, "rslave"))
			bind.propagation = MS_SLAVE;
		if (has_option(mount, "ro"))
			bind.propagation |= MS_RDONLY;
		assert_true(scene->n_binds < BINDS);
		assert_int_equal(ns_sandbox_mkdirs(source), 0);
		scene->binds[scene->n_binds++] = bind;
	}
}

/* As CRI-O calls it, or containerd. */
static const char *annotation(const struct scene *scene, const char *crio, const char *containerd)
{
	struct json_object *annotations = NULL, *value = NULL;

	assert_true(json_object_object_get_ex(scene->config, "annotations", &annotations));
	if (!json_object_object_get_ex(annotations, crio, &value))
		assert_true(json_object_object_get_ex(annotations, containerd, &value));
	return json_object_get_string(value);
}

static void find_path(struct scene *scene)
{
	const char *name = annotation(
		scene, "io.kubernetes.container.name", "io.kubernetes.cri.container-name");

	if (!name || strncmp(name, "rclone-", 7) != 0)
		return;
	for (size_t i = 0; i < scene->n_binds; i++) {
		if (strcmp(scene->binds[i].destination, "/mnt/media") == 0)
			scene->path = path_join(scene->binds[i].source, name + 7);
	}
	assert_non_null(scene->path);
}

static struct json_object *parse_quoted(const char *text)
{
	cleanup_free char *json = strdup(text);
	struct json_object *value;

	assert_non_null(json);
	for (char *c = json; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	value = json_tokener_parse(json);
	assert_non_null(value);
	return value;
}

static void set(struct json_object *root, const char *pointer, const char *json)
{
	cleanup_free char *above = strdup(pointer);
	struct json_object *holder = NULL;
	char *key = strrchr(above, '/'), *slash;

	*key++ = '\0';
	if (json_pointer_get(root, above, &holder) < 0)
		return;
	/* "~1" is a slash (RFC 6901). */
	slash = strstr(key, "~1");
	if (slash) {
		*slash = '/';
		memmove(slash + 1, slash + 2, strlen(slash + 2) + 1);
	}
	if (json)
		json_object_object_add(holder, key, parse_quoted(json));
	else
		json_object_object_del(holder, key);
}

static void write_files(const struct scene *scene, const struct change *change)
{
	const char *config = change->config_text ? change->config_text
						 : json_object_to_json_string(scene->config);

	assert_int_equal(ns_sandbox_write(BUNDLE "/config.json", config, 0644), 0);
	assert_int_equal(ns_sandbox_write(BUNDLE "/state.json",
				 json_object_to_json_string(scene->state), 0644),
		0);
}

static void apply_change(struct scene *scene, const struct change *change)
{
	if (change->pointer)
		set(scene->config, change->pointer, change->json);
	if (change->pointer && strncmp(change->pointer, "/annotations/", 13) == 0)
		set(scene->state, change->pointer, change->json);
	if (change->state_pointer)
		set(scene->state, change->state_pointer, change->state_json);
	if (change->policy)
		assert_int_equal(ns_sandbox_write(POLICY_FILE, change->policy, 0644), 0);
	write_files(scene, change);
}

static void start_mount(struct scene *scene, const char *option)
{
	if (!scene->path)
		return;
	assert_int_equal(ns_sandbox_mkdirs(scene->path), 0);
	assert_int_equal(fuse_daemon_start(scene->path, option, &scene->daemon), 0);
}

static void break_record(const struct scene *scene)
{
	const char *uid =
		annotation(scene, "io.kubernetes.pod.uid", "io.kubernetes.cri.sandbox-uid");
	cleanup_free char *directory = path_join(FAKE_POD_RECORDS "/pods", uid), *file = NULL;

	assert_int_equal(ns_sandbox_mkdirs(directory), 0);
	file = path_join(directory, "topology.json");
	assert_int_equal(ns_sandbox_write(file, "{\"schema\"", 0600), 0);
}

static void apply_node(struct scene *scene, enum node node)
{
	switch (node) {
	case NODE_SHARED:
	case NODE_PRIVATE:
	case NODE_UNBOUND:
		return;
	case NODE_LIVE:
		start_mount(scene, NULL);
		return;
	case NODE_DEAD:
		start_mount(scene, NULL);
		fuse_daemon_kill(&scene->daemon);
		return;
	case NODE_HUNG:
		start_mount(scene, "--swallow");
		return;
	case NODE_RECORD_BROKEN:
		break_record(scene);
		return;
	case NODE_RUN_OPEN:
		assert_int_equal(ns_sandbox_mkdirs(FAKE_POD_RECORDS), 0);
		assert_int_equal(chmod(FAKE_POD_RECORDS, 0777), 0);
		return;
	}
}

static void begin(struct scene *scene, const char *capture, const struct change *change)
{
	struct fake_member *member = &scene->member;

	assert_int_equal(ns_sandbox_reset(), 0);
	assert_int_equal(ns_sandbox_mkdirs(BUNDLE), 0);
	assert_int_equal(ns_sandbox_mkdirs(ROOT), 0);
	if (change->node != NODE_PRIVATE)
		assert_int_equal(ns_sandbox_share_kubelet(), 0);
	scene->config = read_json(capture, "config.json");
	scene->state = read_json(capture, "state.prestart.json");
	add_binds(scene);
	find_path(scene);
	snprintf(member->bundle, sizeof(member->bundle), "%s", BUNDLE);
	member->process.root_propagation = MS_SHARED;
	assert_int_equal(
		fake_container_start(ROOT, scene->binds,
			change->node == NODE_UNBOUND ? 0 : scene->n_binds, &member->process),
		0);
	set(scene->config, "/root/path", "'" ROOT "'");
	set(scene->state, "/bundle", "'" BUNDLE "'");
	json_object_object_add(scene->state, "pid", json_object_new_int(member->process.pid));
	apply_node(scene, change->node);
	apply_change(scene, change);
}

/* The program beside the hook's, confined as it is. */
static int run_check(void *unused)
{
	const char *named = getenv("TOOL_BINARY"), *hook = getenv("HOOK_BINARY");
	cleanup_free char *tool = strdup(named ? named : hook ? hook : "build/fuse-sidecar-hook");

	(void)unused;
	if (!named)
		*strrchr(tool, '-') = '\0';
	execl(tool, tool, "check", "--json", "--state", BUNDLE "/state.json", BUNDLE "/config.json",
		NULL);
	return 127;
}

static struct json_object *ask_check(int *ret_exit)
{
	cleanup_free char *said = NULL;
	struct json_object *root;

	*ret_exit = child_capture(run_check, NULL, &said);
	root = json_tokener_parse(said);
	if (!root)
		fail_msg("check has not said JSON: %s", said);
	return root;
}

/* What is found while the plan is carried out: by the gate. */
static bool is_of_carrying_out(const char *code)
{
	static const char *const codes[] = {
		"gate-timeout", "provider-not-started", "provider-dead", "mount-not-in-consumer"};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (strncmp(code, codes[i], strlen(codes[i])) == 0)
			return true;
	}
	return false;
}

/* The lines of findings that the stage has said; each a word, [code], its text. */
static void find_said(const char *said, struct strv *ret)
{
	cleanup_free char *text = strdup(said);
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const char *code = strchr(line, '[');
		bool finding = strstr(line, ": denied [") || strstr(line, ": warning [") ||
			       strstr(line, ": would be denied [");

		if (finding && code && !is_of_carrying_out(code + 1))
			assert_int_equal(strv_add(ret, line), 0);
	}
}

static bool ends_with(const char *text, const char *end, size_t length)
{
	size_t all = strlen(text);

	return all >= length && strncmp(text + all - length, end, length) == 0;
}

/* One of the two may say before it which file it is in. */
static bool is_text(const char *line, const char *message)
{
	const char *text = strstr(line, "] ") + 2, *fix = strstr(text, "; fix: ");

	return strstr(text, message) ||
	       ends_with(message, text, fix ? (size_t)(fix - text) : strlen(text));
}

static bool is_said(const struct strv *said, struct json_object *finding, bool audit)
{
	bool denies = strcmp(text_at(finding, "/severity"), "deny") == 0;
	const char *denied = audit ? "would be denied" : "denied";
	char head[128];

	snprintf(head, sizeof(head), ": %s [%s] ", denies ? denied : "warning",
		text_at(finding, "/code"));
	for (size_t i = 0; i < said->n; i++) {
		if (strstr(said->items[i], head) &&
			is_text(said->items[i], text_at(finding, "/message")) &&
			strstr(said->items[i], text_at(finding, "/fix")))
			return true;
	}
	return false;
}

/* "container NAME: ROLE, VERDICT", where the container was judged. */
static bool agrees_on_verdict(const char *said, struct json_object *checked, bool audit)
{
	const char *verdict = text_at(checked, "/verdict");
	bool denied = strcmp(verdict, "deny") == 0;
	char text[128];

	if (!strstr(said, ", allowed\n") && !strstr(said, ", allowed with warnings\n") &&
		!strstr(said, ", denied\n") && !strstr(said, ", would be denied,"))
		return denied || strcmp(text_at(checked, "/role"), "inactive") == 0;
	snprintf(text, sizeof(text), ": %s, %s", text_at(checked, "/role"),
		denied && audit		       ? "would be denied,"
		: denied		       ? "denied\n"
		: strcmp(verdict, "warn") == 0 ? "allowed with warnings\n"
					       : "allowed\n");
	return strstr(said, text) != NULL;
}

static void compare(const char *capture, const struct change *change)
{
	bool audit = change->policy && strstr(change->policy, "\"audit\"");
	cleanup_scene struct scene scene = {0};
	cleanup_json struct json_object *checked = NULL;
	cleanup_free char *said = NULL;
	cleanup_strv struct strv lines = {0};
	struct json_object *findings = NULL;
	int exit_of_check, exit_of_stage;
	bool same;

	begin(&scene, capture, change);
	checked = ask_check(&exit_of_check);
	exit_of_stage = fake_member_hook_once(&scene.member, "prestart");
	said = fake_member_output(&scene.member);
	find_said(said, &lines);
	assert_true(json_object_object_get_ex(checked, "findings", &findings));
	same = agrees_on_verdict(said, checked, audit) &&
	       json_object_array_length(findings) == lines.n &&
	       (exit_of_stage == exit_of_check ||
		       /* What the gate refuses. */
		       (exit_of_check == 0 && (exit_of_stage == 16 || exit_of_stage == 17)));
	for (size_t i = 0; same && i < lines.n; i++)
		same = is_said(&lines, json_object_array_get_idx(findings, i), audit);
	if (!same)
		fail_msg("%s with %s: check exits %d with %s, the stage %d with %s", capture,
			change->what, exit_of_check, json_object_to_json_string(findings),
			exit_of_stage, said);
}

static void compare_all(const char *pattern)
{
	cleanup_strv struct strv configs = {0};

	fixture_glob(pattern, &configs);
	for (size_t i = 0; i < configs.n; i++) {
		*strrchr(configs.items[i], '/') = '\0';
		/* Every other change: those that are left out here the next capture has. */
		for (size_t j = i % 2; j < ARRAY_SIZE(changes); j += 2)
			compare(configs.items[i], &changes[j]);
	}
}

static void what_crun_was_given(void **state)
{
	(void)state;
	compare_all("fixtures/crio/crio-*-crun/*/*/config.json");
}

static void what_runc_was_given(void **state)
{
	(void)state;
	compare_all("fixtures/crio/crio-*-runc/*/*/config.json");
}

static void what_containerd_has_handed_over(void **state)
{
	(void)state;
	compare_all("fixtures/containerd/*/*/*/config.json");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, ns_sandbox_setup)
	const struct CMUnitTest tests[] = {
		TEST(what_crun_was_given),
		TEST(what_runc_was_given),
		TEST(what_containerd_has_handed_over),
	};
#undef TEST

	return cmocka_run_group_tests_name("check_equals", tests, ns_sandbox_setup_group, NULL);
}
