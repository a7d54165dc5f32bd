/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor says of a worker that could not say it itself. Whatever the worker has left
 * in the shared memory is untrusted: it is copied, cut and escaped. */
#include "hook/worker/supervise.h"

#include "hook/journal/audit.h"
#include "hook/record/metrics_store.h"
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>

#define OUTPUT_MAX 65536 /* bytes of a worker's output that are passed on */

/* What the worker was at, copied so that it cannot change any more. */
struct trace {
	struct worker_status_subject subject;
	struct identity identity; /* borrows from `subject` */
	char doing[sizeof(((struct worker_status *)NULL)->doing)];
	char path[sizeof(((struct worker_status *)NULL)->path)];
	bool audit_only;
};

static char *report_take_text(char *to, size_t size, const char *from)
{
	memcpy(to, from, size);
	to[size - 1] = '\0';
	return *to ? to : NULL;
}

#define TAKE(trace, from, field)                                                                   \
	report_take_text((trace)->field, sizeof((trace)->field), (from)->field)

static void take_trace(const struct worker_status *progress, struct trace *ret)
{
	struct worker_status_subject *to = &ret->subject;
	const struct worker_status_subject *from = &progress->subject;

	ret->identity = (struct identity){
		.pod_name = TAKE(to, from, pod_name),
		.pod_namespace = TAKE(to, from, pod_namespace),
		.pod_uid = TAKE(to, from, pod_uid),
		.container_name = TAKE(to, from, container_name),
		.container_id = TAKE(to, from, container_id),
	};
	TAKE(ret, progress, doing);
	TAKE(ret, progress, path);
	ret->audit_only = progress->audit_only;
}

/* sigabbrev_np(3) is of glibc 2.32. */
static const char *signal_name(int number)
{
	static const struct {
		int number;
		const char *name;
	} known[] = {
		{SIGSYS, "SIGSYS"},
		{SIGSEGV, "SIGSEGV"},
		{SIGABRT, "SIGABRT"},
		{SIGBUS, "SIGBUS"},
		{SIGILL, "SIGILL"},
		{SIGFPE, "SIGFPE"},
		{SIGKILL, "SIGKILL"},
		{SIGTERM, "SIGTERM"},
		{SIGTRAP, "SIGTRAP"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].number == number)
			return known[i].name;
	}
	return "a signal";
}

/* A stage that denies nobody anything, or a policy that does not want to. */
static bool is_forgiven(const struct supervisor *supervisor, const struct trace *trace)
{
	return supervisor->command.never_fails || trace->audit_only;
}

static struct audit_entry entry_of(enum audit_kind kind, enum finding_code code,
	const struct supervisor *supervisor, const struct trace *trace)
{
	return (struct audit_entry){
		.kind = kind,
		.code = code,
		.result = is_forgiven(supervisor, trace) ? "reported" : "failed",
		.host_path = *trace->path == '/' ? trace->path : NULL,
		.priority = LOG_ERR,
	};
}

static const char *was_at(const struct trace *trace, char *buffer, size_t size)
{
	if (!*trace->doing)
		return "starting";
	snprintf(buffer, size, "%s%s%s", trace->doing, *trace->path ? " " : "", trace->path);
	return buffer;
}

static int report_stuck(const struct supervisor *supervisor, const struct trace *trace,
	const struct audit *audit, bool gone)
{
	const struct audit_entry entry =
		entry_of(AUDIT_WORKER_STUCK, FINDING_HOST_IO, supervisor, trace);
	cleanup_free char *budget = duration_format(supervisor->command.budget_usec);
	char at[sizeof(trace->doing) + sizeof(trace->path)], state[128];

	if (gone)
		snprintf(state, sizeof(state), "it was killed");
	else
		snprintf(state, sizeof(state),
			"its process %d waits in the kernel and dies when that file system answers",
			(int)supervisor->worker);
	audit_send(audit, &entry,
		"the hook did not finish its own work within %s: it was %s, and %s; fix: see "
		"whether "
		"what serves that path on this node still answers (an NFS server, a FUSE daemon), "
		"and end or unmount it if not%s",
		budget ? budget : "its time", was_at(trace, at, sizeof(at)), state,
		trace->audit_only ? "; the container starts, as the policy's mode is audit" : "");
	return is_forgiven(supervisor, trace) ? EXIT_DONE : EXIT_HOST_IO;
}

static int report_killed(const struct supervisor *supervisor, const struct trace *trace,
	const struct audit *audit, int number)
{
	bool violation = number == SIGSYS;
	const struct audit_entry entry =
		entry_of(violation ? AUDIT_SYSCALL_REFUSED : AUDIT_INTERNAL_ERROR, FINDING_INTERNAL,
			supervisor, trace);
	char at[sizeof(trace->doing) + sizeof(trace->path)];

	if (violation)
		audit_send(audit, &entry,
			"the worker, pid %d, made a system call that its filter does not allow, "
			"and was killed (SIGSYS) while %s; fix: report it with the kernel's audit "
			"record, which has the call's number: journalctl -k -g 'type=1326.*pid=%d'",
			(int)supervisor->worker, was_at(trace, at, sizeof(at)),
			(int)supervisor->worker);
	else
		audit_send(audit, &entry, "the worker, pid %d, was killed by %s (%d) while %s%s",
			(int)supervisor->worker, signal_name(number), number,
			was_at(trace, at, sizeof(at)),
			number == SIGKILL ? "; fix: see whether the node or the cgroup is out of "
					    "memory"
					  : "; fix: report it");
	return is_forgiven(supervisor, trace) ? EXIT_DONE : EXIT_INTERNAL;
}

/* What a worker has said until now, for a runtime that shows it. */
static void pass_on(int output, int to)
{
	char buffer[4096];
	off_t at = 0;

	while (at < OUTPUT_MAX) {
		ssize_t n = pread(output, buffer, sizeof(buffer), at);

		if (n <= 0 || write(to, buffer, (size_t)n) != n)
			return;
		at += n;
	}
}

/* On a kernel without seccomp(2), or below a filter that refuses it. */
static void report_unfiltered(const struct audit *audit, int error)
{
	audit_send(audit,
		&(struct audit_entry){
			.kind = AUDIT_SYSCALL_REFUSED,
			.result = "reported",
			.priority = LOG_WARNING,
		},
		"the hook runs without its filter of system calls: seccomp: %s", strerror(-error));
}

/* Whatever the numbers in `refused`, which is untrusted too. */
static void report_unknown(const struct audit *audit, const struct refused_call *refused)
{
	audit_send(audit,
		&(struct audit_entry){.kind = AUDIT_SYSCALL_UNKNOWN, .result = "reported"},
		"a library of this node made system call %d (%#" PRIx64 ", %#" PRIx64
		"), which the hook's filter does not know; it was refused (%s), as by a kernel "
		"without it, and the hook went on; fix: report it with the call's name, which "
		"`ausyscall %d` tells, and the version of glibc; a newer hook may know it",
		refused->number, refused->arguments[0], refused->arguments[1],
		strerror(refused->error), refused->number);
}

int supervise_report(const struct supervisor *supervisor, const struct worker_ending *ending)
{
	struct trace trace = {0};
	const struct audit audit = {
		.stage = supervisor->command.name, .identity = &trace.identity, .quiet = true};
	int unfiltered = supervisor->progress->unfiltered;

	take_trace(supervisor->progress, &trace);
	if (ending->how != WORKER_EXITED && supervisor->progress->counted)
		metrics_store_killed(supervisor->command.name);
	pass_on(supervisor->outputs[0], STDOUT_FILENO);
	pass_on(supervisor->outputs[1], STDERR_FILENO);
	if (unfiltered < 0)
		report_unfiltered(&audit, unfiltered);
	if (supervisor->progress->refused.told)
		report_unknown(&audit, &supervisor->progress->refused);
	switch (ending->how) {
	case WORKER_STUCK:
		return report_stuck(supervisor, &trace, &audit, ending->gone);
	case WORKER_KILLED:
		/* `status | head`: as a shell says it. */
		if (supervisor->command.for_people && ending->value == SIGPIPE)
			return 128 + SIGPIPE;
		return report_killed(supervisor, &trace, &audit, ending->value);
	case WORKER_EXITED:
		break;
	}
	return ending->value;
}
