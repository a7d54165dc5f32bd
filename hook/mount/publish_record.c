/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image decides what /run is, and may make it a link into a volume: so the place is opened
 * without following anything, and every mount on the way is checked to be the container's alone
 * before something is mounted on it.
 */
#include "hook/mount/publish_record.h"

#include "hook/mount/mnttab_query.h"
#include "hook/mount/mount_attach.h"
#include "hook/sys/fs_user.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_legacy.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/spec/mountinfo.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

struct exposure {
	bool nowhere; /* no directory can be made for it: the file system there is read-only */
	const struct mount_attach *attach;
	struct fs_user root; /* the container's */
	const char *container_root, *path;
	const char *parent, *name; /* of `path` */
};

/* What an image, or a volume mounted there, can make of the place; NULL: nothing of that kind. */
static const char *publish_describe_trick(int r)
{
	switch (r) {
	case -ELOOP:
		return "a symlink is in the way, or too many of them";
	case -ENOTDIR:
		return "it is not a directory";
	case -ENOENT:
		return "a symlink leads nowhere";
	case -EACCES:
		return "it cannot be entered";
	case -EXDEV:
		return "it is in a volume that the host sees, where the topology would appear too";
	case -EREMOTE:
		return "it is in a FUSE mount";
	case -ESTALE:
		return "it is in a mount that has just been unmounted";
	case -ENOTEMPTY:
		return "something is mounted there";
	default:
		return NULL;
	}
}

/* That no directory can be made there is no error. */
static int expose_error(struct error *err, int r, const struct exposure *exposure)
{
	const char *why = publish_describe_trick(r);

	if (exposure->nowhere)
		return PUBLISHED_NOWHERE;
	return error_set(err, r, why ? FINDING_PATH_UNSAFE : FINDING_HOST_IO, exposure->path,
		"remove what the image has there, or set fuse-sidecar.io/expose: \"false\"",
		"cannot show the topology at %s in the container: %s", exposure->path,
		why ? why : strerror(-r));
}

/* Whether a mount of that peer group is on the host, elsewhere than in the container's root: it is
 * a volume then, and not what the runtime has mounted for the container alone. */
static int check_peers(int group, const char *container_root)
{
	cleanup_mount_table struct mount_table host = {0};
	int r = mnttab_read(getppid(), &host, NULL);

	for (size_t i = 0; r == 0 && i < host.n; i++) {
		const struct mount_entry *mount = &host.entries[i];

		if ((mount->shared == group || mount->master == group) &&
			!path_below(mount->target, container_root))
			r = -EXDEV;
	}
	return r;
}

/* The image decides where /run leads: into one of the pod's volumes, say. What is mounted in one
 * that is shared appears wherever that volume is. */
static int check_mount_of(int root, int directory, const struct exposure *exposure)
{
	cleanup_mount_entry struct mount_entry mount = {0};
	int own = 0, id = 0, r = mount_id_of(root, &own, NULL);

	if (r == 0)
		r = mount_id_of(directory, &id, NULL);
	if (r < 0 || id == own)
		return r;
	r = mnttab_query_of(directory, NULL, &mount, NULL);
	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	if (mount_entry_is_fuse(&mount))
		return -EREMOTE;
	return mount.shared ? check_peers(mount.shared, exposure->container_root) : 0;
}

/*
 * 1 where it is shown there already: the hook runs twice for a container where it is registered
 * twice. Nothing else may be mounted at the place: a volume would be hidden, and one that is shared
 * would show it to others. The pod's own words have been judged before (policy/check/exposure.h).
 */
static int publish_check_place(int root, int parent, int place, const struct exposure *exposure)
{
	int above = 0, id = 0, r = mount_id_of(parent, &above, NULL);

	if (r == 0)
		r = mount_id_of(place, &id, NULL);
	if (r < 0 || id == above)
		return r;
	r = mount_legacy_same(place, exposure->attach->source);
	if (r != 0)
		return r;
	r = check_mount_of(root, place, exposure);
	return r < 0 ? r : -ENOTEMPTY;
}

static int publish_make_as(const struct fs_user *user, int dir, const char *name)
{
	int made, r = fs_user_become(user);

	if (r < 0)
		return r;
	made = mkdirat(dir, name, 0755) < 0 ? -errno : 0;
	r = fs_user_return();
	return r < 0 ? r : made;
}

/*
 * As the container's root, which the image's files belong to: a file system that was mounted in a
 * user namespace has no room for the node's root (EOVERFLOW). Where that user may not, as the
 * node's. One that is there is as good.
 */
static int publish_make_directory(struct exposure *exposure, int dir, const char *name)
{
	int r = -EACCES;

	if (exposure->root.uid != 0)
		r = publish_make_as(&exposure->root, dir, name);
	if (r == -EACCES || r == -EPERM)
		r = mkdirat(dir, name, 0755) < 0 ? -errno : 0;
	exposure->nowhere = r == -EROFS;
	return r == -EEXIST ? 0 : r;
}

/* The directory above, made where the image has none (an image without /run). */
static int open_parent(int root, struct exposure *exposure)
{
	int fd = resolve_open(root, exposure->parent, DIRECTORY_FLAGS,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);

	if (fd != -ENOENT || strchr(exposure->parent + 1, '/'))
		return fd;
	fd = publish_make_directory(exposure, root, exposure->parent + 1);
	if (fd < 0)
		return fd;
	return resolve_open(root, exposure->parent, DIRECTORY_FLAGS,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
}

static int expose_in_namespace(void *data, struct error *err)
{
	struct exposure *exposure = data;
	cleanup_close int top = -EBADF, root = -EBADF, parent = -EBADF, place = -EBADF;
	int r;

	top = open("/", DIRECTORY_FLAGS);
	if (top < 0)
		return expose_error(err, -errno, exposure);
	root = resolve_open(top, exposure->container_root, DIRECTORY_FLAGS,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_SYMLINKS);
	if (root < 0)
		return error_set(err, root, FINDING_HOST_IO, exposure->container_root, NULL,
			"the container's root %s cannot be opened in its mount namespace: %s",
			exposure->container_root, strerror(-root));
	parent = open_parent(root, exposure);
	if (parent < 0)
		return expose_error(err, parent, exposure);
	r = check_mount_of(root, parent, exposure);
	if (r < 0)
		return expose_error(err, r, exposure);
	r = publish_make_directory(exposure, parent, exposure->name);
	if (r < 0)
		return expose_error(err, r, exposure);
	place = resolve_open(parent, exposure->name, DIRECTORY_FLAGS,
		SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS);
	if (place < 0)
		return expose_error(err, place, exposure);
	r = publish_check_place(root, parent, place, exposure);
	if (r != 0)
		return r < 0 ? expose_error(err, r, exposure) : 0;
	r = mount_attach(exposure->attach, place);
	return r < 0 ? expose_error(err, r, exposure) : 0;
}

int publish_record(const struct container_ns *ns, int record_fd, const char *container_root,
	const char *path, struct error *err)
{
	/* Private, so that nothing of the container's comes back to the host's /run. */
	static const struct mount_attach_how how = {
		PROPAGATION_PRIVATE, "ro,nosuid,nodev,noexec", false};
	cleanup_mount_attach struct mount_attach attach = MOUNT_ATTACH_NONE;
	cleanup_free char *parent = path_parent(path);
	struct exposure exposure = {
		.root = {.uid = ns->root_uid, .gid = ns->root_gid},
		.container_root = container_root,
		.path = path,
		.parent = parent,
		.name = strrchr(path, '/') + 1,
	};
	int r;

	if (!parent)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	r = mount_attach_prepare(record_fd, &how, &attach);
	if (r < 0)
		return expose_error(err, r, &exposure);
	exposure.attach = &attach;
	return container_ns_run(ns, expose_in_namespace, &exposure, err);
}
