/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the younger system calls there are, and what takes the place of the others. */
#include "hook/doctor/doctor.h"
#include "hook/sys/deadline.h"
#include "hook/sys/kernel_features.h"
#include "hook/sys/mnttab_read.h"
#include "oci/base/cleanup.h"
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define LIST_SIZE 256

static void kernel_append(char list[LIST_SIZE], const char *name)
{
	size_t used = strlen(list);

	snprintf(list + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "", name);
}

/* What a hook reads of the mounts, and what that costs: where the kernel tells each by itself, what
 * is on its way; else tables as long as the node has mounts. */
static void kernel_report_tables(struct doctor *doctor)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_error struct error err = {0};
	uint64_t began = deadline_now();
	const char *why = kernel_has(KERNEL_STATMOUNT) && kernel_has(KERNEL_LISTMOUNT)
				  ? "statmount(2) does not tell all of a FUSE mount here, Linux "
				    "6.15 does: where one is on its way"
				  : "without statmount(2)";

	if (mnttab_is_listed()) {
		doctor_report_ok(&doctor->report, CHECK_KERNEL,
			"the hook queries single mounts, not whole mount tables");
		return;
	}
	if (mnttab_read(0, &table, &err) < 0) {
		doctor_report_error(&doctor->report, CHECK_KERNEL, &err, true);
		return;
	}
	doctor_report_ok(&doctor->report, CHECK_KERNEL,
		"%s a hook reads whole mount tables, several times: one of %zu mounts takes %.1f "
		"ms now",
		why, table.n, (double)(deadline_now() - began) / 1000);
}

void doctor_kernel(struct doctor *doctor)
{
	char list[LIST_SIZE] = "";
	struct utsname name;

	if (uname(&name) < 0)
		strcpy(name.release, "?");
	for (enum kernel_feature feature = 0; feature < KERNEL_FEATURES; feature++) {
		if (!kernel_has(feature))
			kernel_append(list, kernel_feature_name(feature));
	}
	if (*list)
		doctor_report_warn(&doctor->report, CHECK_KERNEL,
			"run a newer kernel, or a security profile that allows these calls",
			"Linux %s; the hook falls back for want of %s", name.release, list);
	else
		doctor_report_ok(&doctor->report, CHECK_KERNEL,
			"Linux %s has every call that the hook can use", name.release);
	kernel_report_tables(doctor);
}
