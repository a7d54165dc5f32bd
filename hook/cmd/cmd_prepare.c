/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `prepare`: at boot, before CRI-O and the kubelet start, the policy's nodeMounts become shared, so
 * that containers find them so. Run again, it finds nothing to do.
 */
#include "hook/cmd/commands.h"

#include "hook/journal/audit.h"
#include "hook/mount/kubens.h"
#include "hook/mount/share_host.h"
#include "hook/record/policy_file.h"
#include "hook/record/runtime_dir.h"
#include "hook/worker/run_isolated.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include <stdio.h>
#include <string.h>

/* Of the time of a boot, for each path: a file system that hangs must not take the others'. */
#define PATH_USEC (10 * UINT64_C(1000000))

struct prepare {
	struct config config;
	struct audit audit;
	struct worker_status *progress; /* as seen by the supervisor */
	int runtime_fd;
};

/* One of the policy's nodeMounts. */
struct path_work {
	const struct prepare *prepare;
	const char *path;
};

static void prepare_clear(struct prepare *prepare)
{
	config_clear(&prepare->config);
	cleanup_close_fd(&prepare->runtime_fd);
}

#define cleanup_prepare __attribute__((cleanup(prepare_clear)))

static void prepare_report(const struct share_host *share)
{
	printf("%s: %s, peer group %d\n", share->path,
		!share->changed ? "shared already"
		: share->bound	? "bound on itself and made shared"
				: "made shared",
		share->group);
}

static int prepare_and_report(void *data, struct worker_status *progress)
{
	const struct path_work *work = data;
	cleanup_share_host struct share_host share = {0};
	cleanup_findings struct findings findings = {0};
	cleanup_error struct error err = {0};

	worker_status_at(progress, "making shared", work->path);
	if (share_host(&work->prepare->audit, work->prepare->runtime_fd, work->path, &share, &err) <
		0) {
		if (findings_add_error(&findings, &err) < 0)
			return EXIT_INTERNAL;
		audit_findings(&work->prepare->audit, &findings, true);
		return (int)findings_exit(&findings);
	}
	prepare_report(&share);
	return EXIT_DONE;
}

/* In processes of their own: one that cannot be had, or does not answer, does not stop the others.
 * The lowest exit code of them. */
static int prepare_paths(const struct prepare *prepare)
{
	const struct strv *paths = &prepare->config.node_mounts;
	int lowest = EXIT_DONE;

	for (size_t i = 0; i < paths->n; i++) {
		struct path_work work = {.prepare = prepare, .path = paths->items[i]};
		int code;

		worker_status_at(prepare->progress, "making shared", work.path);
		if (worker_status_left(prepare->progress, PATH_USEC) < PATH_USEC) {
			fprintf(stderr,
				HOOK_PROGRAM
				": prepare: ran out of time before %s and what follows it\n",
				work.path);
			return lowest == EXIT_DONE ? EXIT_HOST_IO : lowest;
		}
		code = run_isolated(&(struct isolated){.stage = prepare->audit.stage,
			.about = work.path,
			.budget_usec = PATH_USEC,
			.work = prepare_and_report,
			.data = &work});
		if (code != EXIT_DONE && (lowest == EXIT_DONE || code < lowest))
			lowest = code;
	}
	return lowest;
}

/* Hooks would find what they cannot write to; nodeMounts are made shared all the same. */
static void prepare_label(const struct prepare *prepare)
{
	cleanup_error struct error err = {0};

	if (runtime_dir_label(prepare->runtime_fd, &err) < 0)
		audit_failure(&prepare->audit, &err);
}

int cmd_prepare(const struct options *options)
{
	cleanup_prepare struct prepare prepare = {
		.audit = {.stage = options->stage, .quiet = true},
		.progress = options->progress,
		.runtime_fd = -EBADF,
	};
	cleanup_error struct error err = {0};
	int r = kubens_enter(&err);

	/* As it is written: to follow symlinks is the work of the processes. */
	if (r == 0)
		r = policy_file_read(&prepare.config, &err);
	if (r == 0 && prepare.config.node_mounts.n == 0) {
		printf("%s does not name nodeMounts: nothing to do\n", POLICY_FILE);
		return EXIT_DONE;
	}
	if (r == 0)
		r = runtime_dir_open(true, &prepare.runtime_fd, &err);
	if (r < 0) {
		audit_failure(&prepare.audit, &err);
		return (int)error_exit(&err);
	}
	prepare_label(&prepare);
	return prepare_paths(&prepare);
}
