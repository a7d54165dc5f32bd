/* SPDX-License-Identifier: Apache-2.0 */
/* The node's policy file. */
#include "hook/doctor/doctor.h"
#include "hook/record/policy_file.h"
#include "oci/base/cleanup.h"
#include <string.h>

/* As policy_file_load(), but of an image: who owns the file is decided when it is installed. */
static int load_of_image(struct doctor *doctor, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = doctor_read(doctor, POLICY_FILE, &text, &size);

	if (r == -ENOENT)
		return config_defaults(&doctor->policy) < 0 ? error_memory(err) : 0;
	if (r < 0)
		return error_set(err, r, FINDING_POLICY_INVALID, POLICY_FILE,
			"put a regular file there, or nothing", "%s cannot be read: %s",
			POLICY_FILE, strerror(-r));
	return config_parse(text, size, POLICY_FILE, &doctor->policy, err);
}

void doctor_policy(struct doctor *doctor)
{
	cleanup_error struct error err = {0};
	int r = doctor->root ? load_of_image(doctor, &err)
			     : policy_file_load(&doctor->policy, &err);

	if (r < 0) {
		doctor_report_error(&doctor->report, CHECK_POLICY, &err, false);
		if (config_defaults(&doctor->policy) < 0)
			doctor->report.out_of_memory = true;
		return;
	}
	if (!doctor_exists(doctor, POLICY_FILE))
		doctor_report_ok(&doctor->report, CHECK_POLICY,
			"%s does not exist: the defaults, mode enforce", POLICY_FILE);
	else if (doctor->policy.audit_only)
		doctor_report_warn(&doctor->report, CHECK_POLICY,
			"write \"mode\": \"enforce\" once nothing is reported any more",
			"%s is valid; mode audit: no container is refused", POLICY_FILE);
	else
		doctor_report_ok(
			&doctor->report, CHECK_POLICY, "%s is valid, mode enforce", POLICY_FILE);
}
