/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `prepare`: at boot, before CRI-O and the kubelet start, the policy's nodeMounts become shared, so
 * that containers find them so. Run again, it finds nothing to do.
 */
#include "hook/commands.h"

#include "hook/audit.h"
#include "hook/bind.h"
#include "hook/fd_path.h"
#include "hook/kubens.h"
#include "hook/mount_id.h"
#include "hook/mount_ops.h"
#include "hook/policy_file.h"
#include "hook/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/mountinfo.h"
#include "policy/mounts.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct prepare {
	struct config config;
	struct findings findings;
	struct audit audit;
	int runtime_fd;
};

static void prepare_clear(struct prepare *prepare)
{
	config_clear(&prepare->config);
	findings_clear(&prepare->findings);
	cleanup_close_fd(&prepare->runtime_fd);
}

#define cleanup_prepare __attribute__((cleanup(prepare_clear)))

static int fail(struct error *err, int r, const char *what, const char *path)
{
	return error_set(
		err, r, FINDING_HOST_IO, path, NULL, "cannot %s %s: %s", what, path, strerror(-r));
}

/* The administrator's path: symlinks in it are meant. O_PATH asks no file system that may hang. */
static int open_directory(const char *path, int *ret_fd, char **ret_canonical, struct error *err)
{
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_set(err, -errno, FINDING_POLICY_INVALID, path,
			"make the directory, or take it out of nodeMounts in " POLICY_FILE,
			"nodeMounts has %s, which cannot be opened: %s", path, strerror(errno));
	r = fd_path(fd, ret_canonical);
	if (r < 0)
		return fail(err, r, "tell the place of", path);
	*ret_fd = move_fd(&fd);
	return 0;
}

/*
 * The peer group of the mount that `fd` is on, 0 where it is not shared; and whether `fd` is the
 * mount's root.
 */
static int look_at_mount(
	int fd, const char *path, int *ret_group, bool *ret_is_root, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	const struct mount_entry *mount;
	int id = 0, r = mount_id_of(fd, &id, NULL);

	if (r < 0)
		return fail(err, r, "tell the mount of", path);
	r = mountinfo_read("/proc/self/mountinfo", &host, err);
	if (r < 0)
		return r;
	mount = mounts_by_id(&host, id);
	if (!mount)
		return fail(err, -ESTALE, "find the mount of", path);
	*ret_group = mount->shared;
	*ret_is_root = strcmp(mount->target, path) == 0;
	return 0;
}

static void say_changed(const struct prepare *prepare, const char *path, bool bound, int group)
{
	printf("%s: %s, peer group %d\n", path,
		bound ? "bound on itself and made shared" : "made shared", group);
	audit_send(&prepare->audit,
		&(struct audit_entry){
			.kind = AUDIT_PROPAGATION_CHANGED,
			.result = "ok",
			.host_path = path,
			.peer_group = group,
		},
		bound ? "bound %s on itself and made it shared, as nodeMounts says"
		      : "made the mount %s shared, as nodeMounts says",
		path);
}

/* The lock is held and the mount is not shared. */
static int make_shared(
	const struct prepare *prepare, int fd, const char *path, bool is_root, struct error *err)
{
	cleanup_close int bound = -EBADF;
	int group = 0, r;

	r = is_root ? mount_make_shared(fd) : mount_bind_self_shared(fd, &bound);
	if (r < 0)
		return fail(err, r, "make shared", path);
	r = look_at_mount(is_root ? fd : bound, path, &group, &is_root, err);
	if (r < 0)
		return r;
	say_changed(prepare, path, bound >= 0, group);
	return 0;
}

static int prepare_path(const struct prepare *prepare, const char *path, struct error *err)
{
	cleanup_bind_lock struct lock lock = LOCK_NONE;
	cleanup_close int fd = -EBADF;
	cleanup_free char *canonical = NULL;
	bool is_root = false;
	int group = 0;
	int r = open_directory(path, &fd, &canonical, err);

	if (!canonical)
		return r;
	/* policy_file_load() has put where the symlink leads on the list too. */
	if (strcmp(path, canonical) != 0 && strv_contains(&prepare->config.node_mounts, canonical))
		return 0;
	r = bind_lock(prepare->runtime_fd, fd, canonical, &lock, err);
	if (r == 0)
		r = look_at_mount(fd, canonical, &group, &is_root, err);
	if (r < 0)
		return r;
	if (group == 0)
		return make_shared(prepare, fd, canonical, is_root, err);
	printf("%s: shared already, peer group %d\n", canonical, group);
	return 0;
}

static int prepare_paths(struct prepare *prepare, struct error *err)
{
	const struct strv *paths = &prepare->config.node_mounts;
	int r = runtime_dir_open(true, &prepare->runtime_fd, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < paths->n; i++) {
		cleanup_error struct error path_err = {0};

		/* One that cannot be had does not stop the others. */
		if (prepare_path(prepare, paths->items[i], &path_err) < 0 &&
			findings_add_error(&prepare->findings, &path_err) < 0)
			return error_memory(err);
	}
	return 0;
}

int cmd_prepare(const struct options *options)
{
	cleanup_prepare struct prepare prepare = {
		.audit = {.stage = options->stage, .quiet = true},
		.runtime_fd = -EBADF,
	};
	cleanup_error struct error err = {0};
	int r = kubens_enter(&err);

	if (r == 0)
		r = policy_file_load(&prepare.config, &err);
	if (r == 0 && prepare.config.node_mounts.n == 0)
		printf("%s names no nodeMounts: nothing to do\n", POLICY_FILE);
	else if (r == 0)
		r = prepare_paths(&prepare, &err);
	if (r < 0) {
		audit_failure(&prepare.audit, &err);
		return (int)code_exit(err.code);
	}
	audit_findings(&prepare.audit, &prepare.findings, true);
	return (int)findings_exit(&prepare.findings);
}
