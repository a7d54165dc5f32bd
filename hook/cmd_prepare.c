/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `prepare`: at boot, before CRI-O and the kubelet start, the policy's nodeMounts become shared, so
 * that containers find them so. Run again, it finds nothing to do.
 */
#include "hook/commands.h"

#include "hook/audit.h"
#include "hook/kubens.h"
#include "hook/policy_file.h"
#include "hook/runtime_dir.h"
#include "hook/share_host.h"
#include "oci/base/cleanup.h"
#include <stdio.h>
#include <string.h>

struct prepare {
	struct config config;
	struct findings findings;
	struct audit audit;
	int runtime_fd;
};

static void prepare_clear(struct prepare *prepare)
{
	config_clear(&prepare->config);
	findings_clear(&prepare->findings);
	cleanup_close_fd(&prepare->runtime_fd);
}

#define cleanup_prepare __attribute__((cleanup(prepare_clear)))

static void say(const struct share_host *share)
{
	printf("%s: %s, peer group %d\n", share->path,
		!share->changed ? "shared already"
		: share->bound	? "bound on itself and made shared"
				: "made shared",
		share->group);
}

static int prepare_path(const struct prepare *prepare, const char *path, struct error *err)
{
	cleanup_share_host struct share_host before = {0}, share = {0};
	int r = share_host_look(path, &before, err);

	if (r < 0)
		return r;
	/* policy_file_load() has put where the symlink leads on the list too. */
	if (strcmp(path, before.path) != 0 &&
		strv_contains(&prepare->config.node_mounts, before.path))
		return 0;
	r = share_host(&prepare->audit, prepare->runtime_fd, path, &share, err);
	if (r == 0)
		say(&share);
	return r;
}

static int prepare_paths(struct prepare *prepare, struct error *err)
{
	const struct strv *paths = &prepare->config.node_mounts;
	int r = runtime_dir_open(true, &prepare->runtime_fd, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < paths->n; i++) {
		cleanup_error struct error path_err = {0};

		/* One that cannot be had does not stop the others. */
		if (prepare_path(prepare, paths->items[i], &path_err) < 0 &&
			findings_add_error(&prepare->findings, &path_err) < 0)
			return error_memory(err);
	}
	return 0;
}

int cmd_prepare(const struct options *options)
{
	cleanup_prepare struct prepare prepare = {
		.audit = {.stage = options->stage, .quiet = true},
		.runtime_fd = -EBADF,
	};
	cleanup_error struct error err = {0};
	int r = kubens_enter(&err);

	if (r == 0)
		r = policy_file_load(&prepare.config, &err);
	if (r == 0 && prepare.config.node_mounts.n == 0)
		printf("%s names no nodeMounts: nothing to do\n", POLICY_FILE);
	else if (r == 0)
		r = prepare_paths(&prepare, &err);
	if (r < 0) {
		audit_failure(&prepare.audit, &err);
		return (int)error_exit(&err);
	}
	audit_findings(&prepare.audit, &prepare.findings, true);
	return (int)findings_exit(&prepare.findings);
}
