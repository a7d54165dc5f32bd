/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ns_sandbox.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/spec/mountinfo.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define SHOWN "/run/fuse-sidecar-hook/shown"

static const char *const emptied[] = {"/run", "/etc/fuse-sidecar-hook", "/var/lib/kubelet"};

int ns_sandbox_mkdirs(const char *path)
{
	cleanup_free char *parent = NULL;
	int r;

	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	parent = path_parent(path);
	if (!parent)
		return -ENOMEM;
	r = ns_sandbox_mkdirs(parent);
	if (r < 0)
		return r;
	return mkdir(path, 0755) < 0 ? -errno : 0;
}

static int mount_tmpfs(const char *path)
{
	return mount("tmpfs", path, "tmpfs", 0, "mode=0755") < 0 ? -errno : 0;
}

/*
 * A tmpfs on `path`. Where there is no such directory it must not be made on the machine: its
 * parent gets one first.
 */
static int cover(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		cleanup_free char *parent = path_parent(path);
		int r = parent ? mount_tmpfs(parent) : -ENOMEM;

		if (r < 0)
			return r;
		if (mkdir(path, 0755) < 0)
			return -errno;
	}
	return mount_tmpfs(path);
}

static int cover_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(emptied); i++) {
		int r = cover(emptied[i]);

		if (r < 0)
			return r;
	}
	return ns_sandbox_mkdirs(NS_SANDBOX_DIR);
}

int ns_sandbox_reset(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(emptied); i++) {
		if (umount2(emptied[i], MNT_DETACH) < 0)
			return -errno;
	}
	return cover_all();
}

int ns_sandbox_enter(void)
{
	/* The commands of people would go into the mount namespace that it names. */
	unsetenv("KUBENSMNT");
	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return cover_all();
}

int ns_sandbox_share_kubelet(void)
{
	return mount(NULL, "/var/lib/kubelet", NULL, MS_SHARED, NULL) < 0 ? -errno : 0;
}

int ns_sandbox_setup_group(void **state)
{
	(void)state;
	return ns_sandbox_enter();
}

int ns_sandbox_setup(void **state)
{
	(void)state;
	return ns_sandbox_reset();
}

int ns_sandbox_setup_shared(void **state)
{
	int r = ns_sandbox_setup(state);

	return r < 0 ? r : ns_sandbox_share_kubelet();
}

int ns_sandbox_write(const char *path, const char *text, unsigned int mode)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(text) ? 0 : -EIO;
}

char *ns_sandbox_read(const char *path)
{
	cleanup_file FILE *file = fopen(path, "re");
	cleanup_free char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	/* There is no NUL in it: the whole file is one record. An empty one has none. */
	if (getdelim(&text, &size, '\0', file) < 0)
		return feof(file) ? strdup("") : NULL;
	return move_ptr(text);
}

/* The fields 7 to the one before "-" of a mountinfo line whose fifth is `path` (proc(5)). */
static char *optional_fields(char *line, const char *path)
{
	char *saved = NULL, *word = strtok_r(line, " ", &saved);
	char *end;

	for (int field = 1; word && field < 5; field++)
		word = strtok_r(NULL, " ", &saved);
	if (!word || strcmp(word, path) != 0 || !strtok_r(NULL, " ", &saved))
		return NULL;
	if (saved[0] == '-')
		return strdup("");
	end = strstr(saved, " - ");
	return end ? strndup(saved, (size_t)(end - saved)) : NULL;
}

char *ns_sandbox_propagation(const char *path)
{
	cleanup_free char *table = ns_sandbox_read("/proc/self/mountinfo");
	char *saved = NULL, *found = NULL;

	if (!table)
		return NULL;
	for (char *line = strtok_r(table, "\n", &saved); line;
		line = strtok_r(NULL, "\n", &saved)) {
		char *fields = optional_fields(line, path);

		if (!fields)
			continue;
		free(found);
		found = fields;
	}
	return found;
}

unsigned int ns_sandbox_mounts_on(const char *path)
{
	cleanup_mount_table struct mount_table table = {0};
	unsigned int n = 0;

	if (mountinfo_read("/proc/self/mountinfo", &table, NULL) < 0)
		return UINT_MAX;
	for (size_t i = 0; i < table.n; i++)
		n += strcmp(table.entries[i].target, path) == 0;
	return n;
}

unsigned int ns_sandbox_mounts(void)
{
	cleanup_mount_table struct mount_table table = {0};
	unsigned int n = 0;

	if (mountinfo_read("/proc/self/mountinfo", &table, NULL) < 0)
		return UINT_MAX;
	for (size_t i = 0; i < table.n; i++)
		n += !path_below(table.entries[i].target, SHOWN);
	return n;
}

unsigned int ns_sandbox_open_files(void)
{
	unsigned int n = 0;
	DIR *files = opendir("/proc/self/fd");

	if (!files)
		return UINT_MAX;
	while (readdir(files))
		n++;
	closedir(files);
	return n;
}
