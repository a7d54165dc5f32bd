/* SPDX-License-Identifier: Apache-2.0 */
/* Which CRI-O there is, and what its configuration comes to: GetAndMergeConfigFromContext() of
 * internal/criocli in CRI-O. */
#include "hook/doctor/crio_process.h"
#include "hook/doctor/doctor.h"
#include "hook/doctor/inspect.h"
#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "oci/base/path.h"
#include "oci/base/text.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIG_FILE "/etc/crio/crio.conf"
#define CONFIG_DIR "/etc/crio/crio.conf.d"
#define DEPTH_MAX 16

/* One reading of the configuration. */
struct reading {
	struct doctor *doctor;
	size_t n_files;
};

/* Written by CRI-O when it starts, with the version that runs; the second survives a reboot. */
static char *read_version(const struct doctor *doctor)
{
	static const char *const files[] = {
		"/run/crio/version", "/var/run/crio/version", "/var/lib/crio/version"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_free char *text = NULL;
		size_t size = 0;
		const char *quote;

		if (doctor_read(doctor, files[i], &text, &size) < 0)
			continue;
		/* A JSON string: "1.33.4" */
		quote = strchr(text, '"');
		if (quote && strchr(quote + 1, '"'))
			return strndup(quote + 1, strcspn(quote + 1, "\""));
	}
	return NULL;
}

static bool is_installed(const struct doctor *doctor)
{
	static const char *const programs[] = {"/usr/bin/crio", "/usr/local/bin/crio"};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (doctor_exists(doctor, programs[i]))
			return true;
	}
	return false;
}

static void crio_report_version(struct doctor *doctor, const char *version)
{
	struct doctor_report *report = &doctor->report;

	if (doctor->crio_pid > 0 && version)
		doctor_report_ok(report, CHECK_CRIO, "CRI-O %s runs, pid %d", version,
			(int)doctor->crio_pid);
	else if (doctor->crio_pid > 0)
		doctor_report_ok(report, CHECK_CRIO, "CRI-O runs, pid %d; its version is not known",
			(int)doctor->crio_pid);
	else if (doctor->root && is_installed(doctor))
		doctor_report_ok(report, CHECK_CRIO, "CRI-O is in the image");
	else if (!doctor->root && (version || is_installed(doctor)))
		doctor_report_warn(report, CHECK_CRIO, "systemctl start crio",
			"CRI-O%s%s is installed and does not run", version ? " " : "",
			version ? version : "");
	else
		doctor_report_fail(report, CHECK_CRIO, EXIT_NODE_CONFIG, "install CRI-O",
			"CRI-O is not installed: nothing runs the hook");
}

static int merge_text(
	struct reading *reading, const char *path, const char *text, size_t size, struct error *err)
{
	cleanup_json struct json_object *file = NULL;
	int r = inspect_toml(text, size, path, &file, err);

	if (r == 0)
		r = crio_config_merge(&reading->doctor->crio, file, path, err);
	if (r == 0)
		reading->n_files++;
	return r;
}

static int merge_file(struct reading *reading, const char *path, bool required, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = doctor_read(reading->doctor, path, &text, &size);

	if (r == -ENOENT && !required)
		return 0;
	if (r < 0)
		return error_set(err, r, FINDING_POLICY_INVALID, path,
			"remove it, or make it readable: CRI-O does not start with it",
			"%s cannot be read: %s", path, strerror(-r));
	return merge_text(reading, path, text, size, err);
}

static bool is_directory(const struct doctor *doctor, const char *path)
{
	cleanup_close int fd = doctor_open(doctor, path, O_PATH | O_NOFOLLOW);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length > n && strcmp(text + length - n, end) == 0;
}

/* By its name what an editor or a package manager leaves. Any other name may be meant, with .conf
 * or without: OpenShift has "00-default", NVIDIA's toolkit "99-nvidia.toml". */
static bool is_left_over(const char *name)
{
	static const char *const ends[] = {"~", ".bak", ".backup", ".orig", ".old", ".save", ".swp",
		".tmp", ".rej", ".rpmsave", ".rpmnew", ".rpmorig", ".dpkg-old", ".dpkg-new",
		".dpkg-dist", ".dpkg-bak", ".dpkg-tmp", ".ucf-old", ".ucf-new", ".ucf-dist"};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends_with(name, ends[i]))
			return true;
	}
	return *name == '.' || *name == '#';
}

/* For CRI-O it counts as any other file. */
static void note_left_over(struct reading *reading, const char *path)
{
	if (!is_left_over(strrchr(path, '/') + 1))
		return;
	doctor_report_warn(&reading->doctor->report, CHECK_CRIO_CONFIG,
		"remove it from there if that is not meant",
		"CRI-O also reads %s, which looks like the leftover of an editor or an upgrade",
		path);
}

/* filepath.Walk() of Go: every file, whatever its name, in the order of names; a link to a
 * directory is not followed. */
static int merge_directory(struct reading *reading, const char *path, int depth, struct error *err)
{
	cleanup_strv struct strv names = {0};
	int r = doctor_list(reading->doctor, path, &names);

	if (r == -ENOENT && depth == 0)
		return 0;
	if (r < 0 || depth > DEPTH_MAX)
		return error_set(err, r < 0 ? r : -ELOOP, FINDING_POLICY_INVALID, path, NULL,
			"%s cannot be read: %s", path, strerror(r < 0 ? -r : ELOOP));
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *file = path_join(path, names.items[i]);

		if (!file)
			return error_memory(err);
		if (is_directory(reading->doctor, file)) {
			r = merge_directory(reading, file, depth + 1, err);
			continue;
		}
		r = merge_file(reading, file, true, err);
		if (r == 0)
			note_left_over(reading, file);
	}
	return r;
}

/* What it was started with wins over the files. */
static int merge_options(
	struct reading *reading, const struct crio_process *process, struct error *err)
{
	const char *dirs = crio_process_option(process, "hooks-dir", '\0', "CONTAINER_HOOKS_DIR");
	const char *runtime =
		crio_process_option(process, "default-runtime", '\0', "CONTAINER_DEFAULT_RUNTIME");
	struct crio_config *config = &reading->doctor->crio;
	int r = 0;

	if (dirs && *dirs)
		r = crio_config_set_hooks_dirs(config, dirs, "its command line or environment");
	if (r == 0 && runtime && *runtime)
		r = crio_config_set_runtime(config, runtime, "its command line or environment");
	return r < 0 ? error_memory(err) : 0;
}

static int crio_read_config(
	struct reading *reading, const struct crio_process *process, struct error *err)
{
	const char *file = crio_process_option(process, "config", 'c', "CONTAINER_CONFIG");
	const char *directory =
		crio_process_option(process, "config-dir", 'd', "CONTAINER_CONFIG_DIR");
	int r;

	if (crio_config_defaults(&reading->doctor->crio) < 0)
		return error_memory(err);
	/* --config "" switches it off. */
	r = file && !*file ? 0 : merge_file(reading, file ? file : CONFIG_FILE, file != NULL, err);
	if (r == 0)
		r = merge_directory(reading, directory ? directory : CONFIG_DIR, 0, err);
	return r < 0 ? r : merge_options(reading, process, err);
}

static void crio_report_config(struct reading *reading, int r, const struct error *err)
{
	struct doctor *doctor = reading->doctor;

	doctor->crio_is_known = r == 0;
	if (r < 0)
		/* Not installed is a gap of this check; what is broken is broken for CRI-O too. */
		doctor_report_error(
			&doctor->report, CHECK_CRIO_CONFIG, err, err->code == FINDING_HOST_IO);
	else if (reading->n_files == 0)
		doctor_report_ok(&doctor->report, CHECK_CRIO_CONFIG,
			"CRI-O runs with its defaults: it does not have a configuration file");
	else
		doctor_report_ok(&doctor->report, CHECK_CRIO_CONFIG,
			"%zu file%s, read in CRI-O's order", reading->n_files,
			reading->n_files == 1 ? "" : "s");
}

void doctor_crio(struct doctor *doctor)
{
	cleanup_crio_process struct crio_process process = {0};
	cleanup_error struct error err = {0};
	cleanup_free char *version = read_version(doctor);
	struct reading reading = {.doctor = doctor};

	if (!doctor->root && crio_process_find(&process) < 0)
		doctor->report.out_of_memory = true;
	doctor->crio_pid = process.pid;
	doctor->crio_version = version ? crio_version_number(version) : 0;
	crio_report_version(doctor, version);
	crio_report_config(&reading, crio_read_config(&reading, &process, &err), &err);
}
