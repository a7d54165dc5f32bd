/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime that runs the hook, and what its users see of it. */
#include "hook/doctor/doctor.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <string.h>

/* Where CRI-O's unit looks, and where its own packages put them. */
static const char *const directories[] = {
	"/usr/libexec/crio", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"};

static char *runtime_find_program(const struct doctor *doctor, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		cleanup_free char *path = path_join(directories[i], name);

		if (path && doctor_exists(doctor, path))
			return move_ptr(path);
	}
	return NULL;
}

static const char *runtime_describe(const char *name)
{
	if (strcmp(name, "crun") == 0)
		return "its users see the hook's exit code only, the journal has the reason";
	if (strcmp(name, "runc") == 0)
		return "its users see what the hook says";
	return "doctor cannot tell what its users see of a hook";
}

/* A container in a virtual machine gets no mount of the node after its start. */
static void note_virtual(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->crio.n_runtimes; i++) {
		const struct crio_runtime *runtime = &doctor->crio.runtimes[i];

		if (!runtime->type || strcmp(runtime->type, "vm") != 0)
			continue;
		doctor_report_warn(&doctor->report, CHECK_RUNTIME,
			"let annotated pods use another runtimeClassName",
			"runtime %s runs virtual machines: mounts do not propagate into them",
			runtime->name);
	}
}

void doctor_runtime(struct doctor *doctor)
{
	const struct crio_config *crio = &doctor->crio;
	const char *name = crio->default_runtime;
	const struct crio_runtime *runtime;
	cleanup_free char *path = NULL;

	if (!doctor->crio_is_known) {
		doctor_report_warn(&doctor->report, CHECK_RUNTIME, NULL,
			"unknown: doctor cannot read CRI-O's configuration");
		return;
	}
	if (!name && doctor->crio_version == 0) {
		doctor_report_ok(&doctor->report, CHECK_RUNTIME,
			"CRI-O's own choice: runc before CRI-O 1.31, crun since");
		note_virtual(doctor);
		return;
	}
	if (!name)
		name = crio_default_runtime(doctor->crio_version);
	runtime = crio_config_runtime(crio, name);
	path = runtime && runtime->path ? strdup(runtime->path)
					: runtime_find_program(doctor, name);
	if (!path || !doctor_exists(doctor, path))
		doctor_report_fail(&doctor->report, CHECK_RUNTIME, EXIT_NODE_CONFIG,
			"install it, or name another default_runtime in CRI-O's configuration",
			"%s, the default runtime, does not exist%s%s", name, path ? ": " : "",
			path ? path : "");
	else
		doctor_report_ok(&doctor->report, CHECK_RUNTIME, "%s, %s: %s", name, path,
			runtime_describe(name));
	note_virtual(doctor);
}
