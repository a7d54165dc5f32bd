/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters from the store, gauges from the records and the kernel as of now; written beside and
 * renamed, for a collector reads whenever it likes.
 */
#include "hook/run/metrics_file.h"

#include "hook/record/metrics_store.h"
#include "hook/record/record.h"
#include "hook/record/runtime_dir.h"
#include "hook/run/pod_now.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/write_whole.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void count_pod(struct metrics_gauges *gauges, const struct pod_now *pod)
{
	gauges->records++;
	gauges->containers += pod->topology.n_containers;
	for (size_t i = 0; i < pod->topology.n_paths; i++) {
		gauges->live += pod->paths[i].state == PATH_LIVE;
		gauges->dead += pod->paths[i].state == PATH_DEAD;
		gauges->hung += pod->paths[i].state == PATH_HUNG;
	}
}

/* A record that cannot be read is in no number: status and the journal tell of it. */
static int metrics_file_read_pod(int runtime_fd, const char *uid, const struct mount_table *host,
	const struct config *config, struct metrics_gauges *gauges, struct error *err)
{
	cleanup_pod_now struct pod_now pod = {0};
	cleanup_error struct error record_err = {0};
	bool found = false;
	int r = record_load(runtime_fd, uid, &pod.topology, &found, &record_err);

	if (r < 0 || !found)
		return 0;
	if (pod_now_read(&pod, host, config->probe_timeout_usec) < 0)
		return error_memory(err);
	count_pod(gauges, &pod);
	return 0;
}

static int metrics_file_read(int runtime_fd, const struct config *config,
	struct metrics_gauges *gauges, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	cleanup_strv struct strv uids = {0};
	int r = record_list(runtime_fd, &uids, err);

	if (r == 0 && uids.n > 0)
		r = mnttab_read(0, &host, err);
	for (size_t i = 0; r == 0 && i < uids.n; i++)
		r = metrics_file_read_pod(runtime_fd, uids.items[i], &host, config, gauges, err);
	return r;
}

int metrics_file_make(const struct config *config, char **ret_text, struct error *err)
{
	cleanup_close int runtime = -EBADF;
	struct metrics_gauges gauges = {0};
	struct metrics metrics = {0};
	char *text;
	int r = runtime_dir_open(false, &runtime, err);

	if (r == -ENOENT)
		error_clear(err); /* no hook has run since the node booted */
	else if (r == 0)
		r = metrics_store_read(runtime, &metrics, err);
	if (r == 0)
		r = metrics_file_read(runtime, config, &gauges, err);
	if (r < 0 && r != -ENOENT)
		return r;
	text = metrics_format(&metrics, &gauges, FUSE_SIDECAR_HOOK_VERSION);
	if (!text)
		return error_memory(err);
	*ret_text = text;
	return 0;
}

static int write_failed(const struct config *config, int r, struct error *err)
{
	return error_set(err, r, FINDING_HOST_IO, config->metrics_file,
		r == -ENOENT ? "make its directory, the one that node_exporter's "
			       "--collector.textfile.directory names"
			     : NULL,
		"cannot write metricsFile %s: %s", config->metrics_file, strerror(-r));
}

/* `name` in the directory, by way of a file that the collector passes over: it ends in no .prom. */
static int metrics_file_replace(int directory, const char *name, const char *text)
{
	char temporary[NAME_MAX + 1];
	int n = snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	/* node_exporter is another user. */
	return write_whole_file(&(struct whole_file){.directory = directory,
					.name = name,
					.temporary_directory = directory,
					.temporary = temporary,
					.mode = 0644},
		text, NULL);
}

int metrics_file_write(const struct config *config, struct error *err)
{
	cleanup_free char *text = NULL;
	cleanup_free char *parent = path_parent(config->metrics_file);
	cleanup_close int directory = -EBADF;
	int r = parent ? metrics_file_make(config, &text, err) : error_memory(err);

	if (!parent || !text)
		return r;
	directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = directory < 0
		    ? -errno
		    : metrics_file_replace(directory, strrchr(config->metrics_file, '/') + 1, text);
	return r < 0 ? write_failed(config, r, err) : 0;
}
