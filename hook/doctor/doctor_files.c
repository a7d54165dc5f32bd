/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Below a root that may be given (--root), so that an image can be checked, and never by a path
 * that leads out of it.
 */
#include "hook/doctor/doctor.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/path.h"
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (1024UL * 1024)

int doctor_open(const struct doctor *doctor, const char *path, int flags)
{
	int fd;

	if (doctor->root)
		return sys_openat2(doctor->root_fd, path, (uint64_t)(flags | O_CLOEXEC),
			SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int doctor_read(const struct doctor *doctor, const char *path, char **ret_data, size_t *ret_size)
{
	/* O_NONBLOCK: nobody waits for the writer of a FIFO. */
	cleanup_close int fd = doctor_open(doctor, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return input_read_fd(fd, FILE_MAX, ret_data, ret_size);
}

static int files_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int doctor_list(const struct doctor *doctor, const char *path, struct strv *ret)
{
	cleanup_close int fd = doctor_open(doctor, path, O_RDONLY | O_DIRECTORY);
	cleanup_directory DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	cleanup_strv struct strv names = {0};
	const struct dirent *entry;

	if (!directory)
		return fd < 0 ? fd : -errno;
	(void)move_fd(&fd); /* the stream's now */
	for (errno = 0; (entry = readdir(directory)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (strv_add(&names, entry->d_name) < 0)
			return -ENOMEM;
	}
	if (errno != 0)
		return -errno;
	if (names.n > 0)
		qsort(names.items, names.n, sizeof(*names.items), files_compare);
	*ret = move_struct(names);
	return 0;
}

bool doctor_exists(const struct doctor *doctor, const char *path)
{
	cleanup_close int fd = doctor_open(doctor, path, O_PATH | O_NOFOLLOW);

	return fd >= 0;
}

void doctor_clear(struct doctor *doctor)
{
	if (!doctor)
		return;
	cleanup_close_fd(&doctor->root_fd);
	doctor_report_clear(&doctor->report);
	config_clear(&doctor->policy);
	mount_table_clear(&doctor->host);
	free(doctor->hook_program);
	free(doctor->install_fix);
	crio_config_clear(&doctor->crio);
	*doctor = (struct doctor){.root_fd = -EBADF};
}
