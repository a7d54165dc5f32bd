/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.d as CRI-O reads it: every directory of hooks_dir in their order, every file that ends in
 * .json; of equal names the last directory's file counts. And our registration among what is left.
 */
#include "hook/doctor/companion.h"
#include "hook/doctor/doctor.h"
#include "hook/doctor/doctor_registration.h"
#include "hook/doctor/inspect.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/programs.h"
#include "oci/base/strformat.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define ADMIN_HOOKS_DIR "/etc/containers/oci/hooks.d"

/* Where an installation may have put its files, whether CRI-O reads them or not. */
static const char *const known_directories[] = {ADMIN_HOOKS_DIR, CRIO_DEFAULT_HOOKS_DIR,
	"/usr/local/share/containers/oci/hooks.d", "/run/containers/oci/hooks.d"};

static bool ends_in_json(const char *name)
{
	size_t length = strlen(name);

	return length >= 5 && strcmp(name + length - 5, ".json") == 0;
}

/* By its name, or by being the very program that was installed with this one. */
static bool hooks_is_ours(const struct doctor *doctor, const char *path)
{
	cleanup_close int fd = doctor_open(doctor, path, O_PATH);
	const char *slash = strrchr(path, '/');
	struct stat st, own;

	if (slash && strcmp(slash + 1, HOOK_PROGRAM) == 0)
		return true;
	return doctor->hook_program && fd >= 0 && fstat(fd, &st) == 0 &&
	       stat(doctor->hook_program, &own) == 0 && st.st_dev == own.st_dev &&
	       st.st_ino == own.st_ino;
}

/* What the reader compiles at once. -ENOENT: there is nobody here to ask. */
static int try_patterns(const struct hooksd *hook, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < hook->annotations.n; i++) {
		r = inspect_match(hook->annotations.items[i].key, "", err);
		if (r >= 0)
			r = inspect_match(hook->annotations.items[i].value, "", err);
	}
	for (size_t i = 0; r >= 0 && i < hook->commands.n; i++)
		r = inspect_match(hook->commands.items[i], "", err);
	return r < 0 ? r : 0;
}

/* 1 where the reader passes it over: a link that leads nowhere. */
static int hooks_read_file(
	const struct doctor *doctor, const char *path, struct hooksd *ret, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = doctor_read(doctor, path, &text, &size);

	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return error_set(err, r, FINDING_POLICY_INVALID, path,
			"move it out of the directory", "%s cannot be read: %s", path,
			strerror(-r));
	return hooksd_parse(text, size, path, ret, err);
}

static void hooks_report_error(struct doctor *doctor, const struct error *err)
{
	doctor_report_fail(&doctor->report, CHECK_HOOKS_FILES, EXIT_NODE_CONFIG, err->fix,
		"%s; CRI-O does not start with it, and drops the hook where it runs already",
		error_message(err));
}

/* Everything that the reader looks at when it loads a file. False: it refuses it. */
static bool is_loadable(struct doctor *doctor, const char *path, const struct hooksd *hook)
{
	cleanup_error struct error err = {0};
	int r;

	if (hook->old)
		return true;
	/* Go's os.ErrNotExist, which is no reason to stop for the reader: tried with podman. */
	if (!doctor_exists(doctor, hook->path)) {
		doctor_report_fail(&doctor->report, CHECK_HOOKS_FILES, EXIT_NODE_CONFIG,
			"install the program, or remove the file",
			"%s: hook.path %s does not exist: containers start without the hook", path,
			hook->path);
		return false;
	}
	r = try_patterns(hook, &err);
	if (r == -EINVAL) {
		error_wrap(&err, r, "%s", path);
		hooks_report_error(doctor, &err);
	} else if (r < 0 && !doctor_report_has(&doctor->report, CHECK_HOOKS_FILES, CHECK_WARN)) {
		doctor_report_warn(&doctor->report, CHECK_HOOKS_FILES, err.fix,
			"doctor does not try their patterns: %s", error_message(&err));
	}
	return r != -EINVAL;
}

static int hooks_add(struct registrations *all, const char *directory, const char *name,
	struct hooksd *hook, bool ours)
{
	struct registration *one = registrations_find(all, name);

	/* The later directory's takes its place. */
	if (one) {
		registration_clear(one);
	} else {
		if (array_grow(&all->items, all->n, sizeof(*all->items)) < 0)
			return -ENOMEM;
		one = &all->items[all->n++];
	}
	one->directory = strdup(directory);
	one->name = strdup(name);
	one->hook = move_struct(*hook);
	one->ours = ours;
	return one->directory && one->name ? 0 : -ENOMEM;
}

static int load_file(
	struct doctor *doctor, const char *directory, const char *name, struct registrations *all)
{
	cleanup_free char *path = path_join(directory, name);
	cleanup_hooksd struct hooksd hook = {0};
	cleanup_error struct error err = {0};
	int r = path ? hooks_read_file(doctor, path, &hook, &err) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		hooks_report_error(doctor, &err);
	if (r != 0 || !is_loadable(doctor, path, &hook))
		return 0;
	return hooks_add(
		all, directory, name, &hook, hook.path && hooks_is_ours(doctor, hook.path));
}

static int load_directory(struct doctor *doctor, const char *directory, struct registrations *all)
{
	cleanup_strv struct strv names = {0};
	int r = doctor_list(doctor, directory, &names);

	if (r == -ENOENT)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		doctor_report_warn(&doctor->report, CHECK_HOOKS_DIR, NULL,
			"%s cannot be read: %s; CRI-O leaves it out", directory, strerror(-r));
		return 0;
	}
	for (size_t i = 0; i < names.n; i++) {
		if (!ends_in_json(names.items[i]))
			continue;
		r = load_file(doctor, directory, names.items[i], all);
		if (r < 0)
			return r;
	}
	return 0;
}

static char *join_list(const struct strv *list)
{
	char *joined = strdup("");

	for (size_t i = 0; joined && i < list->n; i++) {
		char *longer = strformat("%s%s%s", joined, i > 0 ? ", " : "", list->items[i]);

		free(joined);
		joined = longer;
	}
	return joined;
}

/* Where our file lies although CRI-O does not look there. */
static const char *find_elsewhere(const struct doctor *doctor)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_directories); i++) {
		cleanup_free char *path =
			path_join(known_directories[i], "fuse-sidecar-prestart.json");

		if (path && !strv_contains(&doctor->crio.hooks_dirs, known_directories[i]) &&
			doctor_exists(doctor, path))
			return known_directories[i];
	}
	return NULL;
}

/* `make install` writes to ADMIN_HOOKS_DIR unless told otherwise; of equal names the last
 * directory's file counts. */
static void find_fix(struct doctor *doctor)
{
	const struct strv *dirs = &doctor->crio.hooks_dirs;

	if (doctor->crio_is_known && dirs->n > 0 && !strv_contains(dirs, ADMIN_HOOKS_DIR))
		doctor->install_fix = strformat(
			"run `make install hooksdir=%s`, or install the package " HOOK_PROGRAM,
			dirs->items[dirs->n - 1]);
	else
		doctor->install_fix =
			strdup("run `make install`, or install the package " HOOK_PROGRAM);
	if (!doctor->install_fix)
		doctor->report.out_of_memory = true;
}

/* Nothing is said of what CRI-O reads where that is not known. */
static void hooks_report_assumed(struct doctor *doctor, const struct registrations *all)
{
	const struct registration *ours = registrations_ours(all);

	if (ours)
		doctor_report_warn(&doctor->report, CHECK_HOOKS_DIR,
			"see crio-config; or compare with `crio status config`",
			"the hook is registered in %s; doctor cannot tell whether CRI-O reads it",
			ours->directory);
	else
		doctor_report_fail(&doctor->report, CHECK_HOOKS_DIR, EXIT_NODE_CONFIG,
			doctor->install_fix,
			"the hook is not registered in the usual directories; doctor cannot tell "
			"which ones CRI-O reads");
}

static void hooks_report_directories(struct doctor *doctor, const struct registrations *all)
{
	cleanup_free char *list = join_list(&doctor->crio.hooks_dirs);
	const char *from = doctor->crio.hooks_dirs_from;
	const struct registration *ours = registrations_ours(all);
	const char *elsewhere = ours ? NULL : find_elsewhere(doctor);

	if (!list) {
		doctor->report.out_of_memory = true;
	} else if (elsewhere) {
		cleanup_free char *fix = strformat("add that directory to hooks_dir in a file of "
						   "/etc/crio/crio.conf.d, or %s",
			doctor->install_fix ? doctor->install_fix : "");

		doctor_report_fail(&doctor->report, CHECK_HOOKS_DIR, EXIT_NODE_CONFIG, fix,
			"the hook is registered in %s, but CRI-O reads %s (%s)", elsewhere,
			*list ? list : "no directory", from ? from : "its default");
	} else if (!ours) {
		doctor_report_fail(&doctor->report, CHECK_HOOKS_DIR, EXIT_NODE_CONFIG,
			doctor->install_fix, "the hook is not registered in %s (%s)",
			*list ? list : "any directory", from ? from : "CRI-O's default");
	} else {
		doctor_report_ok(&doctor->report, CHECK_HOOKS_DIR, "CRI-O reads %s (%s)", list,
			from ? from : "its default");
	}
}

/* Its configuration is not known: look in all the places. */
static int assume_directories(struct doctor *doctor)
{
	strv_clear(&doctor->crio.hooks_dirs);
	for (size_t i = 0; i < ARRAY_SIZE(known_directories); i++) {
		if (strv_add(&doctor->crio.hooks_dirs, known_directories[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

void doctor_hooks(struct doctor *doctor)
{
	cleanup_registrations struct registrations all = {0};
	int r = doctor->root ? 0 : companion_hook(&doctor->hook_program);

	if (r != -ENOMEM)
		r = doctor->crio_is_known ? 0 : assume_directories(doctor);
	for (size_t i = 0; r == 0 && i < doctor->crio.hooks_dirs.n; i++)
		r = load_directory(doctor, doctor->crio.hooks_dirs.items[i], &all);
	if (r < 0) {
		doctor->report.out_of_memory = true;
		return;
	}
	find_fix(doctor);
	if (doctor->crio_is_known)
		hooks_report_directories(doctor, &all);
	else
		hooks_report_assumed(doctor, &all);
	if (!doctor_report_has(&doctor->report, CHECK_HOOKS_FILES, CHECK_WARN))
		doctor_report_ok(&doctor->report, CHECK_HOOKS_FILES, "%zu hook%s can be read",
			all.n, all.n == 1 ? "" : "s");
	doctor_registration(doctor, &all);
}
