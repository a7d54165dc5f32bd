/* SPDX-License-Identifier: Apache-2.0 */
/* Where the records are kept. */
#include "hook/doctor/doctor.h"
#include "hook/record/record.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

#define SPACE_MIN (4ULL * 1024 * 1024) /* the largest record */
#define FILES_MIN 64

/* A file without a name, which is gone when it is closed. */
static int try_write(const char *directory)
{
	cleanup_close int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	return write(fd, "x", 1) == 1 ? 0 : -errno;
}

static void run_directory_check_room(struct doctor *doctor, const char *directory, size_t records)
{
	struct statvfs fs;
	unsigned long long space;

	if (statvfs(directory, &fs) < 0) {
		doctor_report_fail(&doctor->report, CHECK_RUN_DIRECTORY, EXIT_HOST_IO, NULL,
			"statvfs of %s: %s", directory, strerror(errno));
		return;
	}
	space = (unsigned long long)fs.f_bavail * fs.f_frsize;
	/* Without a count of files there is no limit to them. */
	if (space < SPACE_MIN || (fs.f_files > 0 && fs.f_favail < FILES_MIN))
		doctor_report_warn(&doctor->report, CHECK_RUN_DIRECTORY, "free memory in /run",
			"%s has %llu KiB and %llu files left", directory, space / 1024,
			(unsigned long long)fs.f_favail);
	else
		doctor_report_ok(&doctor->report, CHECK_RUN_DIRECTORY,
			"%s can be written, %llu MiB left; %zu pod%s recorded", directory,
			space / 1024 / 1024, records, records == 1 ? "" : "s");
}

void doctor_run_directory(struct doctor *doctor)
{
	cleanup_error struct error err = {0};
	cleanup_close int runtime = -EBADF;
	cleanup_strv struct strv records = {0};
	const char *directory = RUNTIME_DIR;
	int r = runtime_dir_open(false, &runtime, &err);

	if (r == -ENOENT) {
		/* The first hook makes it. */
		error_clear(&err);
		directory = "/run";
	} else if (r == 0) {
		r = record_list(runtime, &records, &err);
	}
	if (r < 0 && r != -ENOENT) {
		doctor_report_error(&doctor->report, CHECK_RUN_DIRECTORY, &err, false);
		return;
	}
	r = try_write(directory);
	if (r < 0)
		doctor_report_fail(&doctor->report, CHECK_RUN_DIRECTORY, EXIT_HOST_IO,
			r == -EROFS		       ? "mount -o remount,rw /run"
			: r == -ENOSPC || r == -EDQUOT ? "free memory in /run"
						       : NULL,
			"%s cannot be written: %s", directory, strerror(-r));
	else
		run_directory_check_room(doctor, directory, records.n);
}
