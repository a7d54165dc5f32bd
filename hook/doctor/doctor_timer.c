/* SPDX-License-Identifier: Apache-2.0 */
/* Whether `reconcile` runs now and then, and by which clock. */
#include "hook/doctor/doctor.h"
#include "hook/reclaim/reconcile_stamp.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/path.h"
#include <errno.h>

#define TIMER "fuse-sidecar-reconcile.timer"
#define ENABLE_FIX "systemctl enable --now " TIMER
#define SECOND UINT64_C(1000000)
#define LATE_USEC (UINT64_C(15) * 60 * SECOND) /* the timer's interval, three times */
#define JUMP_USEC (UINT64_C(60) * SECOND)

static const char *const unit_directories[] = {"/etc/systemd/system", "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system"};

static bool has_unit(const struct doctor *doctor, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_directories); i++) {
		cleanup_free char *path = path_join(unit_directories[i], name);

		if (path && doctor_exists(doctor, path))
			return true;
	}
	return false;
}

static bool is_enabled(const struct doctor *doctor)
{
	return has_unit(doctor, "timers.target.wants/" TIMER);
}

/* -ENOENT: it has never run since the node booted, or there was nothing to do. */
static int read_stamp(struct reconcile_stamp *ret, bool *ret_has_records)
{
	cleanup_close int runtime = -EBADF;
	int r = runtime_dir_open(false, &runtime, NULL);

	*ret_has_records = r == 0;
	return r < 0 ? r : reconcile_stamp_read(runtime, ret);
}

/* "4m12s"; NULL without memory. */
static char *timer_describe(uint64_t usec)
{
	return duration_format(usec / SECOND * SECOND);
}

/* A clock that was set makes "since" of status, and the times of the journal, tell another story.
 * The timer itself counts from boot. */
static void check_clock(struct doctor *doctor, const struct reconcile_stamp *then,
	const struct reconcile_stamp *now)
{
	int64_t jumped = (int64_t)(now->realtime_usec - then->realtime_usec) -
			 (int64_t)(now->boottime_usec - then->boottime_usec);
	uint64_t size = jumped < 0 ? (uint64_t)-jumped : (uint64_t)jumped;
	cleanup_free char *text = timer_describe(size);

	if (size > JUMP_USEC)
		doctor_report_warn(&doctor->report, CHECK_TIMER,
			"let chronyd or systemd-timesyncd set the clock before CRI-O starts",
			"the clock was set %s by %s since reconcile ran: times in records and in "
			"the journal cannot be compared",
			jumped < 0 ? "back" : "forward", text ? text : "?");
}

static void timer_report_ran(struct doctor *doctor, const struct reconcile_stamp *then)
{
	struct reconcile_stamp now = reconcile_stamp_now();
	uint64_t ago = now.boottime_usec > then->boottime_usec
			       ? now.boottime_usec - then->boottime_usec
			       : 0;
	cleanup_free char *text = timer_describe(ago);

	check_clock(doctor, then, &now);
	if (ago > LATE_USEC)
		doctor_report_warn(&doctor->report, CHECK_TIMER,
			is_enabled(doctor) ? "systemctl status " TIMER : ENABLE_FIX,
			"reconcile has not run for %s", text ? text : "?");
	else
		doctor_report_ok(&doctor->report, CHECK_TIMER, "reconcile ran %s ago%s",
			text ? text : "?", is_enabled(doctor) ? "" : "; its timer is not enabled");
}

static void timer_report_never(struct doctor *doctor, bool has_records)
{
	bool late = reconcile_stamp_now().boottime_usec > LATE_USEC;

	if (!has_unit(doctor, TIMER))
		doctor_report_warn(&doctor->report, CHECK_TIMER,
			"install " TIMER ", or run reconcile every few minutes",
			"reconcile does not have a timer: what crashed pods leave stays");
	else if (!is_enabled(doctor))
		doctor_report_warn(&doctor->report, CHECK_TIMER, ENABLE_FIX,
			"the timer for reconcile is not enabled");
	else if (has_records && late && !doctor->root)
		doctor_report_warn(&doctor->report, CHECK_TIMER, "systemctl status " TIMER,
			"the timer is enabled, but reconcile has not run since the node booted");
	else
		doctor_report_ok(
			&doctor->report, CHECK_TIMER, "enabled; reconcile has had nothing to do");
}

void doctor_timer(struct doctor *doctor)
{
	struct reconcile_stamp stamp;
	bool has_records = false;

	if (!doctor->root && read_stamp(&stamp, &has_records) == 0)
		timer_report_ran(doctor, &stamp);
	else
		timer_report_never(doctor, has_records);
}
