/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that cannot be read may be the only trace of mounts on the host: it is kept while the
 * kubelet has the pod's directory, and then moved aside, never deleted unseen.
 */
#include "hook/reclaim/broken_record.h"

#include "hook/reclaim/broken_store.h"
#include "hook/record/record.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY BROKEN_DIRECTORY

bool broken_record_is(int r)
{
	switch (-r) {
	case EINVAL:	      /* truncated, empty, another pod's */
	case EPROTONOSUPPORT: /* of another version */
	case EPERM:	      /* another user's, or no regular file */
	case EFBIG:
	case ELOOP:   /* a symlink in its place, or in its directory's */
	case ENOTDIR: /* a file in its directory's */
	case ENXIO:   /* a socket */
		return true;
	default:
		return false;
	}
}

/* /var/lib/kubelet/pods, wherever it is. */
static bool is_kubelets(const char *root)
{
	const char *name = strrchr(root, '/');

	return name && strcmp(name, "/pods") == 0;
}

static int broken_record_find_pod(
	const char *root, const char *uid, bool *ret_there, struct error *err)
{
	cleanup_free char *path = path_join(root, uid);
	struct stat st;

	if (!path)
		return error_memory(err);
	if (lstat(path, &st) == 0) {
		*ret_there = true;
		return 0;
	}
	if (errno == ENOENT)
		return 0;
	return error_set(err, -errno, FINDING_HOST_IO, path, NULL, "cannot stat %s: %s", path,
		strerror(errno));
}

/* Without any directory of the kubelet's nothing tells whether it is. */
static int is_gone(const struct run_input *input, bool *ret_gone, struct error *err)
{
	bool kubelet = false, there = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < input->config.roots.n; i++) {
		const char *root = input->config.roots.items[i];

		if (!is_kubelets(root))
			continue;
		kubelet = true;
		r = broken_record_find_pod(root, input->identity.pod_uid, &there, err);
	}
	*ret_gone = kubelet && !there;
	return r;
}

static int move_aside(const struct run *run, const char *to, struct error *err)
{
	char from[NAME_MAX + 8];

	snprintf(from, sizeof(from), "pods/%s", run->input.identity.pod_uid);
	if ((mkdirat(run->session.runtime_fd, DIRECTORY, 0700) < 0 && errno != EEXIST) ||
		renameat(run->session.runtime_fd, from, run->session.runtime_fd, to) < 0)
		return error_set(err, -errno, FINDING_HOST_IO, RUNTIME_DIR "/" DIRECTORY, NULL,
			"cannot move %s/%s to %s/%s: %s", RUNTIME_DIR, from, RUNTIME_DIR, to,
			strerror(errno));
	return 0;
}

/* With the lock held: another hook may have written it anew, or removed it. */
static int is_still_broken(struct run *run, struct error *err)
{
	cleanup_error struct error unread = {0};
	cleanup_topology struct topology topology = {0};
	bool found = false;
	int r = record_load(
		run->session.runtime_fd, run->input.identity.pod_uid, &topology, &found, &unread);

	if (r == 0 || broken_record_is(r))
		return r < 0;
	*err = unread;
	unread = (struct error){0};
	return r;
}

int broken_record_move(struct run *run, bool dry_run, char **ret_place, struct error *err)
{
	cleanup_free char *place = NULL;
	char to[NAME_MAX];
	bool gone = false;
	int r;

	r = is_gone(&run->input, &gone, err);
	if (r < 0 || !gone)
		return r;
	r = lock_take(run->session.runtime_fd, run->input.identity.pod_uid, LOCK_TIMEOUT_USEC,
		&run->session.lock, err);
	if (r == 0)
		r = is_still_broken(run, err);
	if (r <= 0)
		return r;
	snprintf(to, sizeof(to), DIRECTORY "/%s-%" PRIu64, run->input.identity.pod_uid,
		run_realtime_usec() / 1000000);
	place = path_join(RUNTIME_DIR, to);
	if (!place)
		return error_memory(err);
	r = dry_run ? 0 : move_aside(run, to, err);
	if (r < 0)
		return r;
	/* At once: of hundreds of pods each may have one. */
	if (!dry_run)
		r = broken_store_prune(run->session.runtime_fd, err);
	if (r < 0)
		return r;
	if (!dry_run)
		lock_remove_file(&run->session.lock);
	*ret_place = move_ptr(place);
	return 1;
}
