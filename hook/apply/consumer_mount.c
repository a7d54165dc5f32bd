/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looked up and compared by the mount's id on both sides, since a path that is live on the node
 * says nothing of the container's. A place that is shared is left alone: what is put there would
 * come back to the node.
 */
#include "hook/apply/consumer_mount.h"

#include "hook/apply/context.h"
#include "hook/mount/container_ns.h"
#include "hook/mount/mnttab_query.h"
#include "hook/mount/mount_attach.h"
#include "hook/mount/safe_walk.h"
#include "hook/run/host_path.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include <stdio.h>
#include <string.h>

static int consumer_report_missing(
	struct error *err, int r, const struct target *target, const char *why)
{
	return error_set(err, r, FINDING_MOUNT_NOT_IN_CONSUMER, target->request->path,
		"start the pod without a user namespace (hostUsers: true), or with a runtime that "
		"binds volumes with what is mounted below",
		"the mount of %s is live on the node but not in the container: the runtime's bind "
		"does not include it, and the hook cannot attach it: %s",
		target->seen_path, why);
}

static bool is_of(const struct mount_entry *mount, const char *device)
{
	char text[32];

	snprintf(text, sizeof(text), "%u:%u", mount->major, mount->minor);
	return mount_entry_is_fuse(mount) && strcmp(text, device) == 0;
}

/* The container's mounts on the way to the path. */
static int consumer_read_path(const struct run_input *input, const struct target *target,
	struct mount_table *ret, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_strv struct strv paths = {0};

	if (strv_add(&paths, target->container_path) < 0)
		return error_memory(err);
	mnttab_query_open(input->state.pid, MNTTAB_QUERY_ANY, &now);
	return mnttab_query_add(&now, &paths, ret, err);
}

/* The mount on the node, which must still be the one that was live. */
static int open_mount(const struct run_input *input, const struct target *target,
	const char *device, int *ret_fd, struct error *err)
{
	cleanup_mount_entry struct mount_entry mount = {0};
	cleanup_close int fd = -EBADF;
	int r = host_path_open_below(&input->config, target->volume, target->host_path, &fd, err);

	if (r == 0)
		r = mnttab_query_of(fd, NULL, &mount, err);
	if (r < 0 && !safe_walk_has_changed(r))
		return r;
	if (r < 0 || !is_of(&mount, device))
		return consumer_report_missing(err, -ESTALE, target, "it has just been unmounted");
	*ret_fd = move_fd(&fd);
	return 0;
}

struct place {
	const struct target *target;
	const struct mount_attach *attach;
	int mount_id; /* of the container's mount that the place is on */
};

static int consumer_attach_in_namespace(void *data, struct error *err)
{
	const struct place *place = data;
	cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd =
		resolve_open(root, place->target->container_path, O_PATH | O_DIRECTORY | O_CLOEXEC,
			SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS);
	int id = 0, r = fd < 0 ? fd : mount_id_of(fd, &id, NULL);

	/* It has come meanwhile: the sidecar has mounted once more. */
	if (r == 0 && id != place->mount_id)
		return 0;
	if (r == 0)
		r = mount_attach(place->attach, fd);
	return r < 0 ? consumer_report_missing(err, r, place->target, strerror(-r)) : 0;
}

static int consumer_attach(const struct run_input *input, const struct target *target,
	const char *device, int mount_id, struct error *err)
{
	static const struct mount_attach_how how = {PROPAGATION_SLAVE, "", true};
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_mount_attach struct mount_attach attach = MOUNT_ATTACH_NONE;
	cleanup_close int fd = -EBADF;
	struct place place = {.target = target, .attach = &attach, .mount_id = mount_id};
	int r = open_mount(input, target, device, &fd, err);

	if (r < 0)
		return r;
	r = mount_attach_prepare(fd, &how, &attach);
	if (r < 0)
		return consumer_report_missing(err, r, target,
			r == -EOPNOTSUPP ? "this kernel cannot attach a mount in a container (it "
					   "lacks open_tree and move_mount)"
					 : strerror(-r));
	r = container_ns_open(input->state.pid, input->pid_start_ticks, &ns, err);
	return r < 0 ? r : container_ns_run(&ns, consumer_attach_in_namespace, &place, err);
}

int consumer_mount_ensure(const struct run_input *input, const struct target *target,
	const char *device, struct error *err)
{
	cleanup_mount_table struct mount_table before = {0}, after = {0};
	const struct mount_entry *there, *carrier;
	int r;

	if (target->relation != TARGET_SEES || !target->container_path || !target->host_path)
		return 0;
	r = consumer_read_path(input, target, &before, err);
	if (r < 0)
		return r;
	there = mounts_at(&before, target->container_path);
	carrier = mounts_cover(&before, target->container_path);
	if (there && is_of(there, device))
		return 0;
	if (!carrier || there)
		return consumer_report_missing(
			err, -EBUSY, target, "another mount of the container's is there");
	/* In a shared one it would appear on the node, over the very mount that it is of. */
	if (carrier->shared)
		return consumer_report_missing(
			err, -EXDEV, target, "the container's bind is shared");
	r = consumer_attach(input, target, device, carrier->id, err);
	if (r == 0)
		r = consumer_read_path(input, target, &after, err);
	if (r < 0)
		return r;
	there = mounts_at(&after, target->container_path);
	return there && mount_entry_is_fuse(there) ? 1
						   : consumer_report_missing(err, -ESTALE, target,
							     "it has just been unmounted");
}
