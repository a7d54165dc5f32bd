/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/expose.h"

#include "hook/graft.h"
#include "hook/resolve.h"
#include "hook/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

struct exposure {
	const struct graft *graft;
	const char *container_root, *path;
	const char *parent, *name; /* of `path` */
};

static int expose_error(struct error *err, int r, const struct exposure *exposure)
{
	enum finding_code code = FINDING_HOST_IO;

	if (r == -ELOOP || r == -ENOTDIR || r == -EXDEV)
		code = FINDING_PATH_UNSAFE;
	return error_set(err, r, code, exposure->path,
		"remove what the image has there, or set fuse-sidecar.io/expose: \"false\"",
		"cannot show the topology at %s in the container: %s", exposure->path,
		strerror(-r));
}

/* The directory above, made where the image has none (an image without /run). */
static int open_parent(int root, const struct exposure *exposure)
{
	int fd = resolve_open(root, exposure->parent, DIRECTORY_FLAGS,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);

	if (fd != -ENOENT || strchr(exposure->parent + 1, '/'))
		return fd;
	if (mkdirat(root, exposure->parent + 1, 0755) < 0 && errno != EEXIST)
		return -errno;
	return resolve_open(root, exposure->parent, DIRECTORY_FLAGS,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
}

static int expose_in_namespace(void *data, struct error *err)
{
	const struct exposure *exposure = data;
	cleanup_close int top = -EBADF, root = -EBADF, parent = -EBADF, place = -EBADF;
	int r;

	top = open("/", DIRECTORY_FLAGS);
	if (top < 0)
		return expose_error(err, -errno, exposure);
	root = resolve_open(top, exposure->container_root, DIRECTORY_FLAGS,
		SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_SYMLINKS);
	if (root < 0)
		return expose_error(err, root, exposure);
	parent = open_parent(root, exposure);
	if (parent < 0)
		return expose_error(err, parent, exposure);
	if (mkdirat(parent, exposure->name, 0755) < 0 && errno != EEXIST)
		return expose_error(err, -errno, exposure);
	place = resolve_open(parent, exposure->name, DIRECTORY_FLAGS,
		SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS);
	if (place < 0)
		return expose_error(err, place, exposure);
	r = graft_attach(exposure->graft, place);
	return r < 0 ? expose_error(err, r, exposure) : 0;
}

int expose_record(const struct container_ns *ns, int record_fd, const char *container_root,
	const char *path, struct error *err)
{
	/* Private, so that nothing of the container's comes back to the host's /run. */
	static const struct graft_how how = {PROPAGATION_PRIVATE, "ro,nosuid,nodev,noexec", false};
	cleanup_graft struct graft graft = GRAFT_NONE;
	cleanup_free char *parent = path_parent(path);
	struct exposure exposure = {
		.container_root = container_root,
		.path = path,
		.parent = parent,
		.name = strrchr(path, '/') + 1,
	};
	int r;

	if (!parent)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
	r = graft_prepare(record_fd, &how, &graft);
	if (r < 0)
		return expose_error(err, r, &exposure);
	exposure.graft = &graft;
	return container_ns_run(ns, expose_in_namespace, &exposure, err);
}
