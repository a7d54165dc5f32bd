/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judged as the engine runs it: by the merged files, both names of a stage, the annotation pattern
 * and the time-out. A registration that looks right and is never run refuses nobody and helps
 * nobody.
 */
#include "hook/doctor/doctor_registration.h"

#include "hook/doctor/inspect.h"
#include "hook/doctor/subprocess.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include "oci/base/text.h"
#include "oci/spec/annotations.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SECOND UINT64_C(1000000)
#define PROGRAM_SECONDS 10

struct registration *registrations_find(const struct registrations *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->items[i].name, name) == 0)
			return &all->items[i];
	}
	return NULL;
}

const struct registration *registrations_ours(const struct registrations *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i].ours)
			return &all->items[i];
	}
	return NULL;
}

void registration_clear(struct registration *registration)
{
	free(registration->directory);
	free(registration->name);
	hooksd_clear(&registration->hook);
	*registration = (struct registration){0};
}

void registrations_clear(struct registrations *all)
{
	for (size_t i = 0; i < all->n; i++)
		registration_clear(&all->items[i]);
	free(all->items);
	*all = (struct registrations){0};
}

/* A stage of ours, under both of its names. */
struct stage {
	enum check_topic topic;
	const char *name, *other; /* `other` may be NULL */
	bool required;
};

static const struct stage stages[] = {
	{CHECK_HOOK_PRESTART, "prestart", "createRuntime", true},
	{CHECK_HOOK_POSTSTOP, "poststop", NULL, false},
};

/* How often the hook runs at that stage: CRI-O 1.31 and newer puts prestart hooks into
 * createRuntime beside those that say so themselves. */
static unsigned int count_stage(const struct hooksd *hook, const struct stage *stage)
{
	return (hooksd_has_stage(hook, stage->name) ? 1U : 0U) +
	       (stage->other && hooksd_has_stage(hook, stage->other) ? 1U : 0U);
}

/* 1 where the annotation makes the reader run the hook, 0 where not, -ENOENT where nobody can tell.
 */
static int registration_matches(const struct hooksd *hook, const char *key, const char *value)
{
	if (hook->has_always && !hook->always)
		return 0;
	for (size_t i = 0; i < hook->annotations.n; i++) {
		const struct keyval *pattern = &hook->annotations.items[i];
		int r = inspect_match(pattern->key, key, NULL);

		if (r == 1)
			r = inspect_match(pattern->value, value, NULL);
		if (r != 1)
			return r;
	}
	return 1;
}

/* True where all is well with the patterns, or nobody can tell. */
static bool check_patterns(
	struct doctor *doctor, const struct registration *one, const struct stage *stage)
{
	/* As people write it: in one line, and as a YAML block. */
	static const char *const values[] = {"a=/m/a, b=/m/b", "\na=/m/a\nb=/m/b\n"};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (registration_matches(&one->hook, ANNOTATION_MOUNTS, values[i]) != 0)
			continue;
		doctor_report_fail(&doctor->report, stage->topic, EXIT_NODE_CONFIG,
			"take when.annotations of the hook's own file: "
			"\"^fuse-sidecar\\\\.io/mounts$\": \"(?s)^.*$\"",
			"%s/%s: its pattern does not match %s=%s", one->directory, one->name,
			ANNOTATION_MOUNTS, text_quote(values[i]));
		return false;
	}
	if (one->hook.commands.n > 0 || one->hook.has_bind_mounts || one->hook.always)
		doctor_report_warn(&doctor->report, stage->topic,
			"let `when` have annotations only",
			"%s/%s asks for more than the annotation, or for less", one->directory,
			one->name);
	if (registration_matches(&one->hook, "x" ANNOTATION_MOUNTS, values[0]) == 1 ||
		registration_matches(&one->hook, ANNOTATION_MOUNTS "x", values[0]) == 1)
		doctor_report_warn(&doctor->report, stage->topic,
			"begin it with ^ and end it with $",
			"%s/%s: its pattern matches other annotations too", one->directory,
			one->name);
	return true;
}

/* The program takes the stage from its arguments, whatever the stage that it is run at. */
static bool check_arguments(
	struct doctor *doctor, const struct registration *one, const struct stage *stage)
{
	const struct strv *args = &one->hook.args;
	const char *word = args->n > 1 ? args->items[1] : NULL;

	if (word && (strcmp(word, stage->name) == 0 ||
			    (stage->other && strcmp(word, stage->other) == 0)))
		return true;
	doctor_report_fail(&doctor->report, stage->topic, EXIT_NODE_CONFIG,
		"set hook.args to the program's name and the stage",
		"%s/%s: hook.args %s, the stage is %s", one->directory, one->name,
		word ? text_quote(word) : "names no stage", stage->name);
	return false;
}

/* A hook that is killed before its gate has come to an end refuses without a reason. */
static void check_timeout(
	struct doctor *doctor, const struct registration *one, const struct stage *stage)
{
	uint64_t gate = doctor->policy.gate_max_usec / SECOND;

	if (stage->required && one->hook.has_timeout && (uint64_t)one->hook.timeout <= gate)
		doctor_report_warn(&doctor->report, stage->topic,
			"set a timeout some seconds above gate.max",
			"%s/%s: after %ld s the runtime kills it, the policy's gate.max is %llu s",
			one->directory, one->name, one->hook.timeout, (unsigned long long)gate);
}

/* What could not be found out is not said to be well. */
static const char *registration_unknown(const struct doctor *doctor, const struct registration *one)
{
	if (!doctor->crio_is_known)
		return "; doctor cannot tell whether CRI-O reads it";
	return registration_matches(&one->hook, ANNOTATION_MOUNTS, "") < 0
		       ? "; doctor does not try its pattern"
		       : "";
}

static void judge_registration(
	struct doctor *doctor, const struct registration *one, const struct stage *stage)
{
	if (!check_arguments(doctor, one, stage) || !check_patterns(doctor, one, stage))
		return;
	check_timeout(doctor, one, stage);
	if (one->hook.has_timeout)
		doctor_report_ok(&doctor->report, stage->topic, "%s/%s, timeout %ld s%s",
			one->directory, one->name, one->hook.timeout,
			registration_unknown(doctor, one));
	else
		doctor_report_ok(&doctor->report, stage->topic,
			"%s/%s, without a timeout of its own: CRI-O's holds%s", one->directory,
			one->name, registration_unknown(doctor, one));
}

static void registration_report_missing(struct doctor *doctor, const struct stage *stage)
{
	if (stage->required)
		doctor_report_fail(&doctor->report, stage->topic, EXIT_NODE_CONFIG,
			doctor->install_fix,
			"the hook is not registered at %s: annotated pods start without it",
			stage->name);
	else
		doctor_report_warn(&doctor->report, stage->topic, doctor->install_fix,
			"the hook is not registered at %s: only reconcile cleans up", stage->name);
}

static void judge_stage(
	struct doctor *doctor, const struct registrations *all, const struct stage *stage)
{
	const struct registration *last = NULL;
	unsigned int times = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct registration *one = &all->items[i];
		unsigned int more = one->ours ? count_stage(&one->hook, stage) : 0;

		if (more == 0)
			continue;
		times += more;
		if (last)
			doctor_report_fail(&doctor->report, stage->topic, EXIT_NODE_CONFIG,
				"remove one of the two", "registered by %s/%s and by %s/%s",
				last->directory, last->name, one->directory, one->name);
		last = one;
	}
	if (times == 0) {
		registration_report_missing(doctor, stage);
		return;
	}
	if (times > 1 && !doctor_report_has(&doctor->report, stage->topic, CHECK_FAIL))
		doctor_report_fail(&doctor->report, stage->topic, EXIT_NODE_CONFIG,
			"let `stages` have prestart only",
			"%s/%s registers both prestart and createRuntime: the hook runs twice",
			last->directory, last->name);
	if (times == 1)
		judge_registration(doctor, last, stage);
}

/* Stages at which the hook has nothing to do: it refuses them, and with it the container. */
static void judge_other_stages(struct doctor *doctor, const struct registration *one)
{
	static const char *const others[] = {"createContainer", "startContainer", "poststart"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (hooksd_has_stage(&one->hook, others[i]))
			doctor_report_fail(&doctor->report, CHECK_HOOK_PRESTART, EXIT_NODE_CONFIG,
				"remove the stage",
				"%s/%s registers it at %s, which is not one of its stages",
				one->directory, one->name, others[i]);
	}
}

/* Who can write the program is root on the node. 0, or 1 where that has been said. */
static int judge_mode(struct doctor *doctor, const char *path, struct stat *ret)
{
	cleanup_close int fd = doctor_open(doctor, path, O_PATH);

	if (fd < 0 || fstat(fd, ret) < 0) {
		doctor_report_fail(&doctor->report, CHECK_HOOK_BINARY, EXIT_NODE_CONFIG, NULL,
			"cannot stat %s", path);
		return 1;
	}
	if (!S_ISREG(ret->st_mode) || !(ret->st_mode & S_IXUSR)) {
		doctor_report_fail(&doctor->report, CHECK_HOOK_BINARY, EXIT_NODE_CONFIG,
			doctor->install_fix, "%s is not executable: mode %04o", path,
			(unsigned int)ret->st_mode & 07777);
		return 1;
	}
	if (ret->st_mode & (S_IWGRP | S_IWOTH) || (!doctor->root && ret->st_uid != 0)) {
		doctor_report_fail(&doctor->report, CHECK_HOOK_BINARY, EXIT_NODE_CONFIG,
			"chown root and chmod 0755",
			"%s belongs to uid %u with mode %04o: it runs as root", path,
			(unsigned int)ret->st_uid, (unsigned int)ret->st_mode & 07777);
		return 1;
	}
	return 0;
}

/* What CRI-O runs as root for each container, run with --version. */
static void try_program(struct doctor *doctor, const char *path)
{
	cleanup_subprocess_result struct subprocess_result result = {0};
	cleanup_free char *program = strdup(path);
	char *argv[] = {program, (char[]){"--version"}, NULL};
	int r = program ? subprocess_run(argv, NULL, 0, PROGRAM_SECONDS, &result) : -ENOMEM;

	if (r < 0 || result.status != 0) {
		doctor_report_fail(&doctor->report, CHECK_HOOK_BINARY, EXIT_NODE_CONFIG,
			"reinstall it and its libraries", "%s does not run: %s", path,
			r < 0		 ? strerror(-r)
			: *result.errors ? result.errors
					 : "it ends with an error");
		return;
	}
	result.output[strcspn(result.output, "\n")] = '\0';
	free(doctor->hook_program);
	doctor->hook_program = move_ptr(program);
	if (strcmp(result.output, HOOK_PROGRAM " " FUSE_SIDECAR_HOOK_VERSION) == 0)
		doctor_report_ok(&doctor->report, CHECK_HOOK_BINARY, "%s, version %s", path,
			FUSE_SIDECAR_HOOK_VERSION);
	else
		doctor_report_warn(&doctor->report, CHECK_HOOK_BINARY,
			"install " TOOL_PROGRAM " and the hook in one version",
			"%s says \"%s\", this doctor is of version %s", path, result.output,
			FUSE_SIDECAR_HOOK_VERSION);
}

static void judge_program(struct doctor *doctor, const char *path)
{
	struct stat st;

	if (judge_mode(doctor, path, &st) != 0)
		return;
	if (doctor->root) {
		doctor_report_ok(&doctor->report, CHECK_HOOK_BINARY, "%s is in the image", path);
		return;
	}
	try_program(doctor, path);
}

void doctor_registration(struct doctor *doctor, const struct registrations *all)
{
	const char *judged = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		judge_stage(doctor, all, &stages[i]);
	for (size_t i = 0; i < all->n; i++) {
		const struct registration *one = &all->items[i];

		if (!one->ours)
			continue;
		judge_other_stages(doctor, one);
		if (!judged || strcmp(judged, one->hook.path) != 0)
			judge_program(doctor, one->hook.path);
		judged = one->hook.path;
	}
}
