/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anonymous shared memory with bounded texts: to tell costs no system call, works while the worker
 * is stuck in the kernel, and nothing in it can be a pointer.
 */
#include "hook/sandbox/worker_status.h"

#include "hook/sys/deadline.h"
#include <stdio.h>
#include <sys/mman.h>

#define TELL_USEC UINT64_C(1000000)

struct worker_status *worker_status_new(void)
{
	void *page = mmap(NULL, sizeof(struct worker_status), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

void worker_status_free(struct worker_status *progress)
{
	if (progress)
		munmap(progress, sizeof(*progress));
}

void worker_status_at(struct worker_status *progress, const char *what, const char *path)
{
	if (!progress)
		return;
	snprintf(progress->doing, sizeof(progress->doing), "%s", what);
	snprintf(progress->path, sizeof(progress->path), "%s", path ? path : "");
}

static void worker_status_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

void worker_status_subject(struct worker_status *progress, const struct identity *identity)
{
	struct worker_status_subject *to = progress ? &progress->subject : NULL;

	if (!to)
		return;
	worker_status_copy(to->pod_name, sizeof(to->pod_name), identity->pod_name);
	worker_status_copy(to->pod_namespace, sizeof(to->pod_namespace), identity->pod_namespace);
	worker_status_copy(to->pod_uid, sizeof(to->pod_uid), identity->pod_uid);
	worker_status_copy(
		to->container_name, sizeof(to->container_name), identity->container_name);
	worker_status_copy(to->container_id, sizeof(to->container_id), identity->container_id);
}

void worker_status_mode(struct worker_status *progress, bool audit_only)
{
	if (progress)
		progress->audit_only = audit_only;
}

void worker_status_counted(struct worker_status *progress, bool counted)
{
	if (progress)
		progress->counted = counted;
}

void worker_status_begin(struct worker_status *progress, uint64_t usec)
{
	if (progress)
		progress->until_usec = usec ? deadline_now() + usec : 0;
}

void worker_status_extend(struct worker_status *progress, int64_t usec)
{
	if (progress && progress->until_usec)
		progress->until_usec += (uint64_t)usec;
}

uint64_t worker_status_left(const struct worker_status *progress, uint64_t limit_usec)
{
	uint64_t until = progress ? progress->until_usec : 0;
	uint64_t now = deadline_now() + TELL_USEC;

	if (until == 0 || until > now + limit_usec)
		return limit_usec;
	return until > now ? until - now : 0;
}
