/* SPDX-License-Identifier: Apache-2.0 */
/* `status`: the recorded topology of pods, with states as the kernel has them now. */
#include "hook/cmd/commands.h"

#include "hook/mount/kubens.h"
#include "hook/output/status_json.h"
#include "hook/output/status_tree.h"
#include "hook/output/terminal.h"
#include "hook/record/policy_file.h"
#include "hook/record/record.h"
#include "hook/record/runtime_dir.h"
#include "hook/run/pod_now.h"
#include "hook/sys/mnttab_read.h"
#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include "oci/base/text.h"
#include <stdio.h>
#include <string.h>

/* One run: what it looks through, and what it has shown. */
struct status {
	const struct options *options;
	struct mount_table host;
	uint64_t probe_timeout_usec;
	struct tree_look look;
	int runtime_fd;
	struct jsonpack pack;	  /* with --json */
	struct json_object *pods; /* borrowed from it */
	size_t shown;
	bool broken; /* a record could not be read */
};

static void status_clear(struct status *status)
{
	mount_table_clear(&status->host);
	cleanup_close_fd(&status->runtime_fd);
	jsonpack_clear(&status->pack);
}

#define cleanup_status __attribute__((cleanup(status_clear)))

static void status_report_error(const struct error *err)
{
	terminal_progress_end();
	text_print(stderr, TOOL_PROGRAM " status: %s%s%s", error_message(err),
		err->fix ? "; fix: " : "", err->fix ? err->fix : "");
}

/* POD is the uid, the name, or NAMESPACE/NAME. */
static bool is_wanted(const struct topology *topology, const char *pod)
{
	const char *slash = pod ? strchr(pod, '/') : NULL;

	if (!pod || strcmp(pod, topology->pod_uid) == 0)
		return true;
	if (!slash)
		return strcmp(pod, topology->pod_name) == 0;
	return strncmp(pod, topology->pod_namespace, (size_t)(slash - pod)) == 0 &&
	       topology->pod_namespace[slash - pod] == '\0' &&
	       strcmp(slash + 1, topology->pod_name) == 0;
}

static int show_pod(struct status *status, const char *uid, struct error *err)
{
	cleanup_pod_now struct pod_now pod = {0};
	bool found = false;
	int r = record_load(status->runtime_fd, uid, &pod.topology, &found, err);

	/* Gone since it was listed: the pod has ended. */
	if (r < 0 || !found || !is_wanted(&pod.topology, status->options->pod))
		return r;
	r = pod_now_read(&pod, &status->host, status->probe_timeout_usec);
	terminal_progress_end();
	if (r < 0)
		return error_memory(err);
	if (status->options->json) {
		status_json_add(&status->pack, status->pods, &pod);
	} else {
		if (status->shown > 0)
			putchar('\n');
		status_tree_print(stdout, &pod, &status->look);
	}
	status->shown++;
	return 0;
}

/* -ENOENT: no hook has run on this node since it booted. */
static int show_pods(struct status *status, struct error *err)
{
	cleanup_strv struct strv uids = {0};
	int r = runtime_dir_open(false, &status->runtime_fd, err);

	if (r == 0)
		r = record_list(status->runtime_fd, &uids, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < uids.n; i++) {
		cleanup_error struct error record_err = {0};

		terminal_progress(i + 1, uids.n, uids.items[i]);
		/* One record that cannot be read does not hide the others. */
		if (show_pod(status, uids.items[i], &record_err) < 0) {
			status_report_error(&record_err);
			status->broken = true;
		}
	}
	terminal_progress_end();
	return 0;
}

static int status_read(struct status *status, struct error *err)
{
	cleanup_config struct config config = {0};
	cleanup_error struct error policy_err = {0};
	int r = kubens_enter(err);

	if (r < 0)
		return r;
	if (policy_file_load(&config, &policy_err) < 0) {
		status_report_error(&policy_err);
		if (config_defaults(&config) < 0)
			return error_memory(err);
	}
	status->probe_timeout_usec = config.probe_timeout_usec;
	r = mnttab_read(0, &status->host, err);
	if (r < 0)
		return r;
	r = show_pods(status, err);
	if (r == -ENOENT) {
		error_clear(err);
		return 0;
	}
	return r;
}

int cmd_status(const struct options *options)
{
	cleanup_status struct status status = {
		.options = options,
		.look = {.utf8 = terminal_wants_utf8(STDOUT_FILENO),
			.colour = terminal_wants_colour(STDOUT_FILENO)},
		.runtime_fd = -EBADF,
	};
	cleanup_error struct error err = {0};
	int r;

	if (options->json)
		status.pods = status_json_begin(&status.pack);
	r = status_read(&status, &err);
	if (r < 0) {
		status_report_error(&err);
		return (int)error_exit(&err);
	}
	if (options->pod && status.shown == 0) {
		fprintf(stderr, TOOL_PROGRAM " status: pod %s is not recorded on this node\n",
			text_quote(options->pod));
		return EXIT_INPUT;
	}
	if (options->json) {
		if (jsonpack_end(&status.pack, stdout) < 0) {
			error_memory(&err);
			status_report_error(&err);
			return EXIT_INTERNAL;
		}
	} else if (status.shown == 0 && !status.broken) {
		puts("no pod is recorded on this node");
	}
	return status.broken ? EXIT_HOST_IO : EXIT_DONE;
}
