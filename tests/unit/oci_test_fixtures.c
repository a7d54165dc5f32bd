/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that real runtimes handed to a hook (tests/fixtures) parses, to what is in it. */
#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/path.h"
#include "oci/spec/annotations.h"
#include "oci/spec/identity.h"
#include "oci/spec/mountinfo.h"
#include "oci/spec/spec.h"
#include "oci/spec/state.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"
#include "tests/support/read_input.h"

#include <fcntl.h>
#include <string.h>

#define N_CONTAINERS 24 /* three of each of eight captured pods */

/* What differs between the captures, by the directory's beginning. */
static const struct capture {
	const char *dir;
	const char *oci_version, *status; /* of the state */
	const char *pod, *volume;
	size_t uid_length; /* a static pod's has no dashes */
	size_t n_mounts;
} captures[] = {
	{"crio-1.26-runc/", "1.0.2-dev", "creating", "plex-6d5f7c9b8-x7k2p",
		"kubernetes.io~nfs/media-library-pv", 36, 12},
	{"crio-1.33-runc/", "1.0.2-dev", "creating", "plex-6d5f7c9b8-x7k2p",
		"kubernetes.io~nfs/media-library-pv", 36, 12},
	{"crio-1.33-crun/", "1.0", "created", "plex-6d5f7c9b8-x7k2p",
		"kubernetes.io~nfs/media-library-pv", 36, 12},
	{"crio-1.36-crun/", "1.0", "created", "plex-node-1",
		"kubernetes.io~empty-dir/media-storage", 32, 14},
	{"crio-1.36-runc/", "1.2.1", "creating", "plexr-node-1",
		"kubernetes.io~empty-dir/media-storage", 32, 14},
};

static const struct capture *find_capture(const char *file)
{
	const char *dir = strstr(file, "crio-");
	size_t i = 0;

	assert_non_null(dir);
	while (i < ARRAY_SIZE(captures) &&
		strncmp(dir, captures[i].dir, strlen(captures[i].dir)) != 0)
		i++;
	if (i == ARRAY_SIZE(captures))
		fail_msg("%s: no such capture", file);
	return &captures[i];
}

static void load_state(const char *name, struct state *ret)
{
	cleanup_error struct error err = {0};
	cleanup_free char *data = NULL;
	size_t size = 0;

	data = fixture_read(name, &size);
	if (state_parse(data, size, ret, &err) < 0)
		fail_msg("%s: %s", name, error_message(&err));
}

static void load_spec(const char *name, struct spec *ret)
{
	cleanup_error struct error err = {0};
	cleanup_free char *path = fixture_path(name);

	if (spec_read(AT_FDCWD, path, ret, &err) < 0)
		fail_msg("%s: %s", name, error_message(&err));
}

static void load_table(const char *name, struct mount_table *ret)
{
	cleanup_error struct error err = {0};
	cleanup_free char *path = fixture_path(name);

	if (mountinfo_read(path, ret, &err) < 0)
		fail_msg("%s: %s", name, error_message(&err));
}

/* The directory of a container's files, from the name of one of them. */
static char *container_name(const char *file)
{
	cleanup_free char *dir = path_parent(file);

	return strdup(strrchr(dir, '/') + 1);
}

static void check_state(const char *file, bool running)
{
	cleanup_state struct state state = {0};
	cleanup_free char *container = container_name(file);

	load_state(file, &state);
	assert_string_equal(
		keyvals_get(&state.annotations, "io.kubernetes.container.name"), container);
	assert_true(ident_is_container_id(state.id));
	assert_non_null(path_below(state.bundle, "/run/containers/storage/overlay-containers"));
	assert_non_null(strstr(state.bundle, state.id));
	/* crun writes pid 0 at poststop, runc leaves the member out. */
	assert_true(running ? state.pid > 1 : state.pid == 0);
	assert_string_equal(state.status, running ? find_capture(file)->status : "stopped");
	assert_string_equal(state.oci_version, find_capture(file)->oci_version);
}

static void every_state_parses(void **state)
{
	cleanup_strv struct strv prestart = {0}, poststop = {0};

	(void)state;
	fixture_glob("fixtures/crio/*/*/*/state.prestart.json", &prestart);
	fixture_glob("fixtures/crio/*/*/*/state.poststop.json", &poststop);
	assert_int_equal(prestart.n, N_CONTAINERS);
	assert_int_equal(poststop.n, N_CONTAINERS);
	for (size_t i = 0; i < prestart.n; i++)
		check_state(prestart.items[i], true);
	for (size_t i = 0; i < poststop.n; i++)
		check_state(poststop.items[i], false);
}

static void check_identity(const char *file)
{
	cleanup_state struct state state = {0};
	cleanup_identity struct identity identity = {0};
	cleanup_free char *container = container_name(file);
	struct error err = {0};

	load_state(file, &state);
	assert_int_equal(
		identity_load(&state.annotations, state.id, FINDING_STATE_INVALID, &identity, &err),
		0);
	assert_string_equal(identity.pod_name, find_capture(file)->pod);
	assert_string_equal(identity.pod_namespace, "media-stack");
	assert_string_equal(identity.container_name, container);
	assert_string_equal(identity.container_id, state.id);
	assert_true(ident_is_pod_uid(identity.pod_uid));
	assert_int_equal(strlen(identity.pod_uid), find_capture(file)->uid_length);
	assert_true(ident_is_container_id(identity.sandbox_id));
	assert_int_equal(identity.restart_count, 0);
	assert_false(identity.is_sandbox);
}

static void every_state_tells_who_the_container_is(void **state)
{
	cleanup_strv struct strv files = {0};

	(void)state;
	fixture_glob("fixtures/crio/*/*/*/state.*.json", &files);
	for (size_t i = 0; i < files.n; i++)
		check_identity(files.items[i]);
}

static void check_request(const char *file)
{
	cleanup_state struct state state = {0};
	cleanup_request struct request request = {0};
	bool unprivileged = strstr(file, "/unprivileged/");
	struct error err = {0};

	load_state(file, &state);
	assert_true(annotations_active(&state.annotations));
	assert_int_equal(annotations_parse(&state.annotations, &request, &err), 0);
	assert_int_equal(request.n_mounts, 2);
	assert_string_equal(request.mounts[0].provider, "rclone-zurg");
	assert_string_equal(request.mounts[0].path, "/mnt/media/zurg");
	assert_string_equal(request.mounts[1].provider, "rclone-torbox");
	assert_string_equal(request.mounts[1].path, "/mnt/media/torbox");
	assert_int_equal(request.grant, unprivileged);
	assert_int_equal(request.has_wait, !unprivileged);
	if (request.has_wait)
		assert_int_equal(request.wait_usec, 60000000);
}

static void every_state_tells_what_the_pod_asks_for(void **state)
{
	cleanup_strv struct strv files = {0};

	(void)state;
	fixture_glob("fixtures/crio/*/*/*/state.*.json", &files);
	for (size_t i = 0; i < files.n; i++)
		check_request(files.items[i]);
}

static const struct spec_mount *find_mount(const struct spec *spec, const char *destination)
{
	size_t i = 0;

	while (i < spec->n_mounts && strcmp(spec->mounts[i].destination, destination) != 0)
		i++;
	if (i == spec->n_mounts)
		fail_msg("no mount on %s", destination);
	return &spec->mounts[i];
}

/* What each case's containers are, as captured. */
static const struct {
	const char *dir;
	uid_t uid;
	enum propagation media, rootfs;
	size_t n_devices, n_device_rules, n_effective, n_seccomp_rules;
	int64_t memory_limit, cpu_quota;
} specs[] = {
	{"crio-1.33-crun/seed/rclone-zurg", 0, PROPAGATION_SHARED, PROPAGATION_SHARED, 102, 1, 40,
		0, 1073741824, 50000},
	{"crio-1.33-runc/seed/rclone-torbox", 0, PROPAGATION_SHARED, PROPAGATION_SHARED, 102, 1, 40,
		0, 1073741824, 50000},
	{"crio-1.26-runc/seed/rclone-zurg", 0, PROPAGATION_SHARED, PROPAGATION_SHARED, 102, 1, 40,
		0, 1073741824, 50000},
	{"crio-1.33-crun/seed/plex", 1000, PROPAGATION_SLAVE, PROPAGATION_SLAVE, 0, 1, 9, 27,
		8589934592, 400000},
	{"crio-1.26-runc/seed/plex", 1000, PROPAGATION_SLAVE, PROPAGATION_SLAVE, 0, 1, 9, 22,
		8589934592, 400000},
	{"crio-1.33-crun/mistakes/plex", 1000, PROPAGATION_PRIVATE, PROPAGATION_UNSET, 0, 1, 9, 27,
		8589934592, 400000},
	{"crio-1.33-crun/mistakes/rclone-torbox", 0, PROPAGATION_PRIVATE, PROPAGATION_UNSET, 0, 1,
		9, 27, 0, 50000},
	{"crio-1.33-crun/unprivileged/rclone-zurg", 0, PROPAGATION_SLAVE, PROPAGATION_SLAVE, 1, 2,
		10, 24, 1073741824, 50000},
	{"crio-1.33-crun/overprivileged-main-first/plex", 1000, PROPAGATION_SHARED,
		PROPAGATION_SHARED, 102, 1, 40, 0, 8589934592, 400000},
	{"crio-1.36-crun/kubelet-1.36/rclone-zurg", 0, PROPAGATION_SHARED, PROPAGATION_SHARED, 102,
		1, 40, 0, 1073741824, 50000},
	{"crio-1.36-runc/kubelet-1.36/plex", 1000, PROPAGATION_SLAVE, PROPAGATION_SLAVE, 0, 1, 9, 0,
		268435456, 100000},
};

static void check_spec(size_t i, const struct spec *spec)
{
	const struct spec_mount *media = find_mount(spec, "/mnt/media");
	const struct capture *capture = find_capture(specs[i].dir);
	const char *below;

	assert_int_equal(spec->uid, specs[i].uid);
	assert_int_equal(spec->gid, specs[i].uid);
	assert_true(media->bind && media->recursive && !media->readonly);
	assert_int_equal(media->propagation, specs[i].media);
	assert_true(media->propagation_recursive);
	below = path_below(media->source, "/var/lib/kubelet/pods") + capture->uid_length;
	assert_non_null(path_below(below, "/volumes"));
	assert_string_equal(path_below(below, "/volumes"), capture->volume);
	assert_int_equal(spec->rootfs_propagation, specs[i].rootfs);
	assert_int_equal(spec->n_devices, specs[i].n_devices);
	assert_int_equal(spec->n_device_rules, specs[i].n_device_rules);
	assert_int_equal(spec->cap_effective.n, specs[i].n_effective);
	assert_int_equal(spec->seccomp.n_rules, specs[i].n_seccomp_rules);
	assert_int_equal(spec->seccomp.present, specs[i].n_seccomp_rules > 0);
	assert_true(spec->memory_limit == specs[i].memory_limit);
	assert_int_equal(spec->has_memory_limit, specs[i].memory_limit > 0);
	assert_true(spec->has_cpu_limit && spec->cpu_quota == specs[i].cpu_quota);
	assert_int_equal(spec->cpu_period, 100000);
}

static void known_configs_say_what_was_captured(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		cleanup_free char *file = NULL;
		cleanup_spec struct spec spec = {0};

		assert_true(asprintf(&file, "fixtures/crio/%s/config.json", specs[i].dir) > 0);
		load_spec(file, &spec);
		check_spec(i, &spec);
	}
}

static void an_unprivileged_provider_in_detail(void **state)
{
	cleanup_spec struct spec spec = {0};

	(void)state;
	load_spec("fixtures/crio/crio-1.33-crun/unprivileged/rclone-zurg/config.json", &spec);
	assert_string_equal(spec.args.items[0], "rclone");
	assert_string_equal(spec.args.items[3], "/mnt/media/zurg");
	assert_true(strv_contains(&spec.env, "HOME=/tmp"));
	assert_string_equal(spec.devices[0].path, "/dev/fuse");
	assert_true(spec.devices[0].type == 'c' && spec.devices[0].major == 10 &&
		    spec.devices[0].minor == 229);
	assert_true(!spec.device_rules[0].allow && spec.device_rules[0].type == 'a' &&
		    spec.device_rules[0].major == -1 && spec.device_rules[0].minor == -1);
	assert_true(spec.device_rules[1].allow && spec.device_rules[1].type == 'c' &&
		    spec.device_rules[1].major == 10 && spec.device_rules[1].minor == 229 &&
		    spec.device_rules[1].access == (DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD));
	assert_true(spec.has_capabilities && strv_contains(&spec.cap_effective, "CAP_SYS_ADMIN"));
	assert_string_equal(spec.seccomp.default_action, "SCMP_ACT_ERRNO");
	assert_true(strv_contains(&spec.seccomp.architectures, "SCMP_ARCH_X86_64"));
	assert_true(strv_contains(&spec.seccomp.rules[1].names, "mount"));
	assert_string_equal(spec.seccomp.rules[1].action, "SCMP_ACT_ALLOW");
	assert_true(spec.mount_namespace && !spec.user_namespace);
	assert_true(path_is_normalized(spec.root_path) && !spec.root_readonly);
}

static void every_config_parses_and_agrees_with_its_state(void **state)
{
	cleanup_strv struct strv files = {0};

	(void)state;
	fixture_glob("fixtures/crio/*/*/*/config.json", &files);
	assert_int_equal(files.n, N_CONTAINERS);
	for (size_t i = 0; i < files.n; i++) {
		cleanup_free char *dir = path_parent(files.items[i]);
		cleanup_free char *name = path_join(dir, "state.prestart.json");
		cleanup_state struct state container = {0};
		cleanup_spec struct spec spec = {0};

		load_spec(files.items[i], &spec);
		load_state(name, &container);
		assert_int_equal(spec.n_mounts, find_capture(files.items[i])->n_mounts);
		assert_true(spec.annotations.n > 20);
		for (size_t j = 0; j < spec.annotations.n; j++) {
			const struct keyval *item = &spec.annotations.items[j];

			assert_string_equal(
				keyvals_get(&container.annotations, item->key), item->value);
		}
	}
}

/* The lines of a file: every one is a mount. */
static size_t count_lines(const char *name)
{
	cleanup_free char *data = fixture_read(name, NULL);
	size_t n = 0;

	for (const char *at = data; (at = strchr(at, '\n')) != NULL; at++)
		n++;
	return n;
}

static void every_mount_table_parses(void **state)
{
	cleanup_strv struct strv files = {0};

	(void)state;
	fixture_glob("fixtures/crio/*/*/*/*.mountinfo", &files);
	assert_int_equal(files.n, 2 * N_CONTAINERS);
	for (size_t i = 0; i < files.n; i++) {
		cleanup_mount_table struct mount_table table = {0};

		load_table(files.items[i], &table);
		assert_int_equal(table.n, count_lines(files.items[i]));
		for (size_t j = 0; j < table.n; j++) {
			assert_true(path_is_normalized(table.entries[j].target));
			assert_true(table.entries[j].id > 0);
			assert_true(table.entries[j].fstype[0] != '\0');
		}
	}
}

static const struct mount_entry *find_entry(const struct mount_table *table, int id)
{
	size_t i = 0;

	while (i < table->n && table->entries[i].id != id)
		i++;
	if (i == table->n)
		fail_msg("no mount %d", id);
	return &table->entries[i];
}

static void a_consumers_table_shows_the_fuse_mount_as_slave(void **state)
{
	cleanup_mount_table struct mount_table table = {0};
	const struct mount_entry *fuse;

	(void)state;
	load_table("fixtures/crio/crio-1.33-crun/seed/plex/container.mountinfo", &table);
	fuse = find_entry(&table, 182);
	assert_int_equal(fuse->parent, 181);
	assert_int_equal(fuse->major, 0);
	assert_int_equal(fuse->minor, 55);
	assert_string_equal(fuse->root, "/");
	assert_string_equal(fuse->fstype, "fuse.rclone");
	assert_string_equal(fuse->vfs_options, "rw,nosuid,nodev,relatime");
	assert_int_equal(fuse->fuse_user, 0);
	assert_int_equal(fuse->fuse_group, 0);
	assert_int_equal(fuse->shared, 0);
	assert_int_equal(fuse->master, 22);
	assert_int_equal(find_entry(&table, 181)->master, 2);
}

/* containerd hands the pod's annotations over where it is told to, and has keys of its own for who
 * the container is: this version does not know them, and takes no guess. */
static void containerds_names_are_not_cri_os(void **state)
{
	static const char *const files[] = {
		"fixtures/containerd/containerd-2.1-runc/pod-annotations/rclone-zurg/"
		"state.prestart.json",
		"fixtures/containerd/containerd-2.1-runc/pod-annotations/plex/state.poststop.json",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_state struct state container = {0};
		cleanup_identity struct identity identity = {0};
		cleanup_error struct error err = {0};

		load_state(files[i], &container);
		assert_true(annotations_active(&container.annotations));
		assert_non_null(
			keyvals_get(&container.annotations, "io.kubernetes.cri.container-name"));
		assert_true(identity_load(&container.annotations, container.id,
				    FINDING_STATE_INVALID, &identity, &err) < 0);
		assert_int_equal(err.code, FINDING_STATE_INVALID);
		assert_non_null(strstr(error_message(&err), "io.kubernetes.pod.name is missing"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_parses),
		cmocka_unit_test(every_state_tells_who_the_container_is),
		cmocka_unit_test(every_state_tells_what_the_pod_asks_for),
		cmocka_unit_test(known_configs_say_what_was_captured),
		cmocka_unit_test(an_unprivileged_provider_in_detail),
		cmocka_unit_test(every_config_parses_and_agrees_with_its_state),
		cmocka_unit_test(every_mount_table_parses),
		cmocka_unit_test(a_consumers_table_shows_the_fuse_mount_as_slave),
		cmocka_unit_test(containerds_names_are_not_cri_os),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
