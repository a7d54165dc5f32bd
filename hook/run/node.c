/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts are gathered by files of proc and sys that ask no other process and block on nothing; what
 * cannot be read is KNOWN_NOT, and no check makes a finding of that.
 */
#include "hook/run/node.h"

#include "hook/sys/fd_path.h"
#include "hook/sys/mnttab_read.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "policy/check/devices.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define APPARMOR_PROFILES "/sys/kernel/security/apparmor/profiles"
#define APPARMOR_PROFILES_MAX (4UL * 1024 * 1024)

/* Whether a line of /proc/filesystems ("nodev\tfuse") is that type, as a whole word. */
static enum known filesystem_known(const char *type)
{
	cleanup_file FILE *file = fopen("/proc/filesystems", "re");
	cleanup_free char *line = NULL;
	size_t size = 0;

	if (!file)
		return KNOWN_NOT;
	while (getline(&line, &size, file) >= 0) {
		char *name = strchr(line, '\t');

		if (!name)
			continue;
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name + 1, type) == 0)
			return KNOWN_YES;
	}
	return ferror(file) ? KNOWN_NOT : KNOWN_NO;
}

static enum known fuse_device_known(void)
{
	struct stat st;

	if (stat(FUSE_DEVICE_PATH, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? KNOWN_NO : KNOWN_NOT;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR)
		       ? KNOWN_YES
		       : KNOWN_NO;
}

/* The parameter is "Y" or "N"; without the module there is no such file. */
static enum known apparmor_known(void)
{
	cleanup_close int fd =
		open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char enabled = 'N';

	if (fd < 0)
		return errno == ENOENT ? KNOWN_NO : KNOWN_NOT;
	if (read(fd, &enabled, 1) < 0)
		return KNOWN_NOT;
	return enabled == 'Y' ? KNOWN_YES : KNOWN_NO;
}

/* Root may read it; where it cannot be read nothing is known. */
static enum apparmor_mode apparmor_mode(const struct facts *facts)
{
	const char *profile = facts->spec ? facts->spec->apparmor_profile : NULL;
	cleanup_free char *profiles = NULL;
	size_t size = 0;

	if (facts->apparmor != KNOWN_YES || lsm_apparmor_is_none(profile) ||
		input_read_file(
			AT_FDCWD, APPARMOR_PROFILES, APPARMOR_PROFILES_MAX, &profiles, &size) < 0)
		return APPARMOR_NOT_KNOWN;
	return lsm_apparmor_mode(profiles, profile);
}

/* As is_selinux_enabled(3): selinuxfs is mounted. Permissive counts: it says what enforcing would
 * stop. */
static enum known selinux_known(void)
{
	if (access("/sys/fs/selinux/enforce", F_OK) == 0)
		return KNOWN_YES;
	return errno == ENOENT ? KNOWN_NO : KNOWN_NOT;
}

void node_query(struct facts *facts)
{
	facts->fuse_module = filesystem_known("fuse");
	facts->fuse_device = fuse_device_known();
	facts->apparmor = apparmor_known();
	facts->apparmor_mode = apparmor_mode(facts);
	facts->selinux = selinux_known();
}

int node_read_host(struct node *node, struct facts *facts, struct error *err)
{
	struct mount_table table = {0};
	int r = mnttab_read(0, &table, err);

	if (r < 0)
		return r;
	mount_table_clear(&node->host);
	node->host = table;
	facts->host = &node->host;
	return 0;
}

/* -EBADF: neither absolute nor in a bundle that is known. */
static int node_open_root(const struct facts *facts)
{
	const char *path = facts->spec->root_path;
	cleanup_close int bundle = -EBADF;
	int fd;

	if (path[0] != '/') {
		if (!facts->bundle)
			return -EBADF;
		bundle = open(facts->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (bundle < 0)
			return -errno;
	}
	fd = openat(bundle, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int node_resolve_root(struct node *node, struct facts *facts, struct error *err)
{
	cleanup_close int fd = node_open_root(facts);
	char *root = NULL;
	int r = fd < 0 ? fd : fd_path(fd, &root);

	if (r < 0)
		return error_set(err, r, FINDING_CONFIG_INVALID, "root.path", NULL,
			"root.path %s of bundle %s cannot be opened: %s", facts->spec->root_path,
			facts->bundle ? facts->bundle : "(unknown)", strerror(-r));
	free(node->container_root);
	node->container_root = root;
	facts->container_root = root;
	return 0;
}

void node_clear(struct node *node)
{
	if (!node)
		return;
	mount_table_clear(&node->host);
	mount_table_clear(&node->container);
	free(node->container_root);
	*node = (struct node){0};
}
