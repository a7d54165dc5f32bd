/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_pod.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/programs.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"
#include "tests/support/ns_sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define KUBELET_PODS "/var/lib/kubelet/pods"

/* Ids are never used twice, whatever pod they are of. */
static unsigned int last_id;

void fake_pod_init(struct fake_pod *pod, const char *uid, const char *mounts)
{
	*pod = (struct fake_pod){.annotations = json_object_new_object()};
	assert_non_null(pod->annotations);
	snprintf(pod->uid, sizeof(pod->uid), "%s", uid);
	snprintf(pod->name, sizeof(pod->name), "plex-%.4s", uid);
	snprintf(pod->volume, sizeof(pod->volume),
		KUBELET_PODS "/%s/volumes/kubernetes.io~empty-dir/media", uid);
	assert_int_equal(ns_sandbox_mkdirs(pod->volume), 0);
	fake_pod_annotate(pod, "fuse-sidecar.io/mounts", mounts);
	fake_pod_annotate(pod, "io.kubernetes.pod.uid", uid);
	fake_pod_annotate(pod, "io.kubernetes.pod.name", pod->name);
	fake_pod_annotate(pod, "io.kubernetes.pod.namespace", "media");
}

void fake_pod_annotate(struct fake_pod *pod, const char *key, const char *value)
{
	assert_int_equal(
		json_object_object_add(pod->annotations, key, json_object_new_string(value)), 0);
}

char *fake_pod_volume(const struct fake_pod *pod, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, KUBELET_PODS "/%s/volumes/kubernetes.io~empty-dir/%s", pod->uid,
			    name) > 0);
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	return path;
}

char *fake_pod_path(const struct fake_pod *pod, const char *rest)
{
	char *path = path_join(pod->volume, rest);

	assert_non_null(path);
	return path;
}

static void write_json(const char *directory, const char *name, struct json_object *object)
{
	cleanup_free char *path = path_join(directory, name);

	assert_non_null(path);
	assert_int_equal(ns_sandbox_write(path, json_object_to_json_string(object), 0644), 0);
}

/* The state that a runtime writes to the hook's standard input (runtime-spec, runtime.md). At
 * poststop runc leaves the pid out. */
static void write_state(const struct fake_member *member, const char *file, const char *status)
{
	cleanup_json struct json_object *state = json_object_new_object();
	struct json_object *annotations = NULL;

	json_object_object_add(state, "ociVersion", json_object_new_string("1.0.2"));
	json_object_object_add(state, "id", json_object_new_string(member->id));
	json_object_object_add(state, "status", json_object_new_string(status));
	if (strcmp(status, "stopped") != 0)
		json_object_object_add(state, "pid", json_object_new_int(member->process.pid));
	json_object_object_add(state, "bundle", json_object_new_string(member->bundle));
	if (json_object_object_get_ex(member->config, "annotations", &annotations))
		json_object_object_add(state, "annotations", json_object_get(annotations));
	write_json(member->bundle, file, state);
}

static void write_files(const struct fake_member *member)
{
	write_json(member->bundle, "config.json", member->config);
	write_state(member, "state.json", "created");
	write_state(member, "stopped.json", "stopped");
}

static struct json_object *parse_quoted(const char *text)
{
	cleanup_free char *json = strdup(text);
	struct json_object *value;

	assert_non_null(json);
	for (char *c = json; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	value = json_tokener_parse(json);
	if (!value && strcmp(json, "null") != 0)
		fail_msg("not JSON: %s", json);
	return value;
}

/* The object or array that holds what the pointer names, and its key there, in which "~1" stands
 * for a slash (RFC 6901). */
static struct json_object *find_holder(
	struct json_object *config, const char *pointer, char *ret_key, size_t size)
{
	cleanup_free char *above = strdup(pointer);
	struct json_object *holder = NULL;
	char *key, *slash;

	assert_non_null(above);
	key = strrchr(above, '/');
	*key++ = '\0';
	slash = strstr(key, "~1");
	if (slash)
		snprintf(ret_key, size, "%.*s/%s", (int)(slash - key), key, slash + 2);
	else
		snprintf(ret_key, size, "%s", key);
	if (json_pointer_get(config, above, &holder) < 0)
		fail_msg("config.json has no place for %s", pointer);
	return holder;
}

static void set_value(struct json_object *config, const char *pointer, struct json_object *value)
{
	char key[128];
	struct json_object *holder = find_holder(config, pointer, key, sizeof(key));

	if (json_object_is_type(holder, json_type_array))
		assert_int_equal(
			json_object_array_put_idx(holder, (size_t)strtoul(key, NULL, 10), value),
			0);
	else
		assert_int_equal(json_object_object_add(holder, key, value), 0);
}

static void remove_value(struct json_object *config, const char *pointer)
{
	char key[128];
	struct json_object *holder = find_holder(config, pointer, key, sizeof(key));

	assert_true(json_object_object_get_ex(holder, key, NULL));
	json_object_object_del(holder, key);
}

static void set_text(struct json_object *config, const char *pointer, const char *text)
{
	set_value(config, pointer, json_object_new_string(text));
}

void fake_member_set(struct fake_member *member, const char *pointer, const char *json)
{
	if (json)
		set_value(member->config, pointer, parse_quoted(json));
	else
		remove_value(member->config, pointer);
	write_files(member);
}

/* How often the name has been there before. */
static int restart_count(const struct fake_pod *pod, const char *name)
{
	int n = 0;

	for (size_t i = 0; i < pod->n_members; i++)
		n += strcmp(pod->members[i]->name, name) == 0;
	return n;
}

static void annotate_member(struct fake_member *member, int restarts)
{
	struct json_object *annotations = json_object_new_object();
	char text[32];

	assert_non_null(annotations);
	json_object_object_foreach(member->pod->annotations, key, value)
		json_object_object_add(annotations, key, json_object_get(value));
	snprintf(text, sizeof(text), "%d", restarts);
	json_object_object_add(
		annotations, "io.kubernetes.container.restartCount", json_object_new_string(text));
	json_object_object_add(
		annotations, "io.kubernetes.container.name", json_object_new_string(member->name));
	json_object_object_add(
		annotations, "io.kubernetes.cri-o.ContainerID", json_object_new_string(member->id));
	set_value(member->config, "/annotations", annotations);
}

/* rclone's command line, with an rc port that no other container of the pod has. */
static void set_command(struct fake_member *member, const char *path)
{
	char address[32];

	snprintf(address, sizeof(address), "--rc-addr=:%u", 5572 + last_id % 10000);
	set_text(member->config, "/process/args/3", path);
	set_text(member->config, "/process/args/5", address);
}

static const char *propagation_option(unsigned long propagation)
{
	if (propagation & MS_SHARED)
		return "rshared";
	return propagation & MS_SLAVE ? "rslave" : "rprivate";
}

/* The entry of `mounts` that CRI-O writes for a volumeMount. */
static void add_mount(struct json_object *mounts, const struct fake_bind *bind)
{
	struct json_object *mount = json_object_new_object(), *options = json_object_new_array();
	const char *words[] = {"rbind", propagation_option(bind->propagation),
		bind->propagation & MS_RDONLY ? "ro" : "rw"};

	assert_true(mount && options);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		json_object_array_add(options, json_object_new_string(words[i]));
	json_object_object_add(mount, "destination", json_object_new_string(bind->destination));
	json_object_object_add(mount, "type", json_object_new_string("bind"));
	json_object_object_add(mount, "source", json_object_new_string(bind->source));
	json_object_object_add(mount, "options", options);
	json_object_array_add(mounts, mount);
}

static void configure(struct fake_member *member, const struct fake_role *role)
{
	struct json_object *mounts = json_object_new_array();
	cleanup_free char *text =
		fixture_read(role->provides ? "fixtures/world/provider/config.json"
					    : "fixtures/world/consumer/config.json",
			NULL);

	member->config = json_tokener_parse(text);
	assert_non_null(member->config);
	set_text(member->config, "/root/path", member->root);
	for (size_t i = 0; i < member->n_binds; i++)
		add_mount(mounts, &member->binds[i]);
	set_value(member->config, "/mounts", mounts);
	if (role->provides)
		set_command(member, role->provides);
}

static void append(struct fake_pod *pod, struct fake_member *member)
{
	struct fake_member **members =
		reallocarray(pod->members, pod->n_members + 1, sizeof(*members));

	assert_non_null(members);
	pod->members = members;
	pod->members[pod->n_members++] = member;
}

static void name_member(struct fake_member *member)
{
	snprintf(member->id, sizeof(member->id), "%064x", ++last_id);
	snprintf(member->bundle, sizeof(member->bundle), NS_SANDBOX_DIR "/bundles/%u", last_id);
	snprintf(member->root, sizeof(member->root), NS_SANDBOX_DIR "/roots/%u", last_id);
	assert_int_equal(ns_sandbox_mkdirs(member->bundle), 0);
	assert_int_equal(ns_sandbox_mkdirs(member->root), 0);
}

static void start_member(struct fake_member *member)
{
	assert_int_equal(fake_container_start(
				 member->root, member->binds, member->n_binds, &member->process),
		0);
	write_files(member);
}

static void choose_binds(struct fake_member *member, const struct fake_role *role)
{
	const char *volume = role->source ? role->source : member->pod->volume;
	unsigned long own = role->provides ? MS_SHARED : MS_SLAVE;

	if (*volume != '\0')
		member->binds[member->n_binds++] = (struct fake_bind){
			.source = volume,
			.destination = role->destination ? role->destination : FAKE_POD_MEDIA,
			.propagation = role->propagation ? role->propagation : own,
		};
	assert_true(member->n_binds + role->n_more <= FAKE_POD_BINDS);
	for (size_t i = 0; i < role->n_more; i++)
		member->binds[member->n_binds++] = role->more[i];
}

struct fake_member *fake_pod_add(struct fake_pod *pod, const struct fake_role *role)
{
	struct fake_member *member = calloc(1, sizeof(*member));
	int restarts = restart_count(pod, role->name);

	assert_non_null(member);
	member->pod = pod;
	choose_binds(member, role);
	append(pod, member);
	snprintf(member->name, sizeof(member->name), "%s", role->name);
	name_member(member);
	configure(member, role);
	annotate_member(member, restarts);
	/* As CRI-O has rootfsPropagation follow what the mounts declare. */
	member->process.root_propagation = role->provides ? MS_SHARED : MS_SLAVE;
	member->process.user_namespace = role->user_namespace;
	start_member(member);
	return member;
}

/* As the kubelet does after a creation that failed: what config.json has but the ids stays. */
static void create_again(struct fake_member *member)
{
	struct json_object *annotations = NULL;

	fake_member_stop(member);
	name_member(member);
	set_text(member->config, "/root/path", member->root);
	assert_true(json_object_object_get_ex(member->config, "annotations", &annotations));
	json_object_object_add(
		annotations, "io.kubernetes.cri-o.ContainerID", json_object_new_string(member->id));
	start_member(member);
}

struct fake_member *fake_pod_provider(struct fake_pod *pod, const char *name)
{
	char container[64], path[128];

	snprintf(container, sizeof(container), "rclone-%s", name);
	snprintf(path, sizeof(path), FAKE_POD_MEDIA "/%s", name);
	return fake_pod_add(pod, &(struct fake_role){.name = container, .provides = path});
}

struct fake_member *fake_pod_consumer(struct fake_pod *pod, const char *name)
{
	return fake_pod_add(pod, &(struct fake_role){.name = name});
}

void fake_member_stop(struct fake_member *member)
{
	fake_container_stop(&member->process);
}

static bool is_of_people(const char *verb)
{
	static const char *const verbs[] = {"check", "doctor", "lint", "metrics", "status"};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i], verb) == 0)
			return true;
	}
	return false;
}

const char *fake_pod_program(const char *verb)
{
	static char built[PATH_MAX];
	const char *name = is_of_people(verb) ? TOOL_PROGRAM : HOOK_PROGRAM;
	const char *binary = getenv(is_of_people(verb) ? "TOOL_BINARY" : "HOOK_BINARY");
	const char *build = getenv("BUILD_DIR");

	if (binary)
		return binary;
	snprintf(built, sizeof(built), "%s/%s", build ? build : "build", name);
	return built;
}

int fake_member_hook_exec(const struct fake_member *member, const char *stage)
{
	cleanup_free char *state = path_join(
		member->bundle, strcmp(stage, "poststop") == 0 ? "stopped.json" : "state.json");
	cleanup_free char *said = path_join(member->bundle, "output");
	int input = open(state, O_RDONLY | O_CLOEXEC);
	int output = open(said, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (input < 0 || output < 0 || dup2(input, STDIN_FILENO) < 0 ||
		dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		return 126;
	execl(fake_pod_program(stage), fake_pod_program(stage), stage, NULL);
	return 127;
}

struct execution {
	const struct fake_member *member;
	const char *stage;
};

static int execute(void *data)
{
	const struct execution *execution = data;

	return fake_member_hook_exec(execution->member, execution->stage);
}

pid_t fake_member_hook_start(const struct fake_member *member, const char *stage)
{
	pid_t pid = child_start(execute, &(struct execution){.member = member, .stage = stage});

	assert_true(pid > 0);
	return pid;
}

int fake_member_hook_once(const struct fake_member *member, const char *stage)
{
	return child_wait(fake_member_hook_start(member, stage));
}

static bool must_be_created_again(const struct fake_member *member)
{
	cleanup_free char *said = fake_member_output(member);

	return strstr(said, "the volume is shared from now on") != NULL;
}

int fake_member_hook(struct fake_member *member, const char *stage)
{
	int status = fake_member_hook_once(member, stage);

	if (status != 13 || !must_be_created_again(member))
		return status;
	create_again(member);
	return fake_member_hook_once(member, stage);
}

char *fake_member_output(const struct fake_member *member)
{
	cleanup_free char *path = path_join(member->bundle, "output");
	char *text = ns_sandbox_read(path);

	assert_non_null(text);
	return text;
}

void fake_member_remove(struct fake_member *member)
{
	fake_member_stop(member);
	fake_member_expect(member, "poststop", 0);
}

void fake_member_expect(struct fake_member *member, const char *stage, int code)
{
	int status = fake_member_hook(member, stage);
	cleanup_free char *said = fake_member_output(member);

	if (status != code)
		fail_msg("%s of %s: exit %d, expected %d: %s", stage, member->name, status, code,
			said);
}

void fake_member_expect_said(const struct fake_member *member, const char *text)
{
	cleanup_free char *said = fake_member_output(member);

	if (!strstr(said, text))
		fail_msg("\"%s\" is not in: %s", text, said);
}

static int count_mounts(void *data)
{
	return (int)ns_sandbox_mounts_on(data);
}

unsigned int fake_member_mounts_on(const struct fake_member *member, const char *path)
{
	char target[256];

	snprintf(target, sizeof(target), "%s%s", member->root, path);
	return (unsigned int)fake_container_run(&member->process, count_mounts, target);
}

static int run_command(void *data)
{
	char **words = data;

	execl(fake_pod_program(words[0]), fake_pod_program(words[0]), words[0], words[1], NULL);
	return 127;
}

char *fake_pod_expect_command(const char *verb, const char *option, int code)
{
	char *said = NULL;
	int status = fake_pod_command(verb, option, &said);

	assert_non_null(said);
	if (status != code)
		fail_msg("%s: exit %d, expected %d: %s", verb, status, code, said);
	return said;
}

int fake_pod_command_exec(const char *verb, const char *output)
{
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return 126;
	execl(fake_pod_program(verb), fake_pod_program(verb), verb, NULL);
	return 127;
}

int fake_pod_command(const char *verb, const char *option, char **ret_output)
{
	const char *words[] = {verb, option};
	char *output = NULL;
	int status = child_capture(run_command, words, &output);

	if (ret_output)
		*ret_output = move_ptr(output);
	free(output);
	return status;
}

void fake_pod_clear(struct fake_pod *pod)
{
	for (size_t i = 0; i < pod->n_members; i++) {
		fake_container_stop(&pod->members[i]->process);
		jsondoc_put(&pod->members[i]->config);
		free(pod->members[i]);
	}
	free(pod->members);
	jsondoc_put(&pod->annotations);
	*pod = (struct fake_pod){0};
}
