/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the numbers arrive where node_exporter reads them. */
#include "hook/doctor/doctor.h"
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/path.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LATE (15L * 60) /* seconds: three times the interval of reconcile */
#define SECOND UINT64_C(1000000)

static void check_age(struct doctor *doctor, const char *file, const struct stat *st)
{
	time_t age = time(NULL) - st->st_mtime;
	cleanup_free char *text = duration_format(age > 0 ? (uint64_t)age * SECOND : 0);

	if (age > LATE)
		doctor_report_warn(&doctor->report, CHECK_METRICS,
			"see the journal, and timer above", "%s has not been written for %s", file,
			text ? text : "?");
	else
		doctor_report_ok(&doctor->report, CHECK_METRICS, "%s was written %s ago", file,
			text ? text : "?");
}

void doctor_metrics(struct doctor *doctor)
{
	const char *file = doctor->policy.metrics_file;
	cleanup_free char *parent = file ? path_parent(file) : NULL;
	cleanup_close int directory = -EBADF;
	struct stat st;

	if (!file) {
		doctor_report_ok(
			&doctor->report, CHECK_METRICS, "the policy does not name a metricsFile");
		return;
	}
	directory = parent ? doctor_open(doctor, parent, O_PATH | O_DIRECTORY) : -ENOMEM;
	if (directory < 0)
		doctor_report_warn(&doctor->report, CHECK_METRICS,
			"make the directory that node_exporter's --collector.textfile.directory "
			"names",
			"metricsFile is %s, whose directory cannot be opened: %s", file,
			strerror(-directory));
	else if (doctor->root || fstatat(directory, strrchr(file, '/') + 1, &st, 0) < 0)
		doctor_report_ok(
			&doctor->report, CHECK_METRICS, "%s will be written by reconcile", file);
	else
		check_age(doctor, file, &st);
}
