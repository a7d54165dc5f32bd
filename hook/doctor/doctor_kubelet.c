/* SPDX-License-Identifier: Apache-2.0 */
/* The mount namespace of the kubelet and CRI-O, and whether mounts travel in it. */
#include "hook/doctor/doctor.h"
#include "hook/journal/audit.h"
#include "hook/mount/kubens.h"
#include "hook/mount/share_host.h"
#include "hook/record/runtime_dir.h"
#include "oci/base/cleanup.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The mount namespace of a process, 0 where it cannot be told. */
static ino_t mount_namespace(const char *pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void kubelet_report_namespace(struct doctor *doctor, bool entered)
{
	char pid[16];
	ino_t theirs = 0;

	snprintf(pid, sizeof(pid), "%d", (int)doctor->crio_pid);
	if (doctor->crio_pid > 0)
		theirs = mount_namespace(pid);
	if (theirs != 0 && theirs != mount_namespace("self"))
		doctor_report_fail(&doctor->report, CHECK_KUBENS, EXIT_PROPAGATION,
			"run doctor on the host itself, or pin CRI-O's mount namespace "
			"at " KUBENS_PATH,
			"CRI-O runs in another mount namespace than doctor");
	else if (entered)
		doctor_report_ok(
			&doctor->report, CHECK_KUBENS, "the kubelet's mount namespace was entered");
	else
		doctor_report_ok(&doctor->report, CHECK_KUBENS,
			"the kubelet runs in the node's mount namespace");
}

static void enter_namespace(struct doctor *doctor)
{
	cleanup_error struct error err = {0};
	ino_t before = mount_namespace("self");

	if (kubens_enter(&err) < 0)
		doctor_report_error(&doctor->report, CHECK_KUBENS, &err, false);
	else
		kubelet_report_namespace(doctor, mount_namespace("self") != before);
}

/* As `prepare` does it. */
static int kubelet_share(const char *root, struct share_host *share, struct error *err)
{
	const struct audit audit = {.stage = "doctor", .quiet = true};
	cleanup_close int runtime = -EBADF;
	int r = runtime_dir_open(true, &runtime, err);

	return r < 0 ? r : share_host(&audit, runtime, root, share, err);
}

static void kubelet_report_private(struct doctor *doctor, const char *root)
{
	doctor_report_fail(&doctor->report, CHECK_KUBELET_ROOT, EXIT_PROPAGATION,
		"doctor --fix; for good: name it in nodeMounts of the policy and enable "
		"fuse-sidecar-prepare.service, or make / shared, as systemd does",
		"%s is on a private mount: CRI-O refuses mountPropagation: Bidirectional there",
		root);
}

static void fixable_root(struct doctor *doctor, const char *root)
{
	cleanup_share_host struct share_host share = {0};
	cleanup_error struct error err = {0};

	if (kubelet_share(root, &share, &err) < 0)
		doctor_report_error(&doctor->report, CHECK_KUBELET_ROOT, &err, false);
	else
		doctor_report_ok(&doctor->report, CHECK_KUBELET_ROOT,
			"fixed: %s was %s, peer group %d", share.path,
			share.bound ? "bound on itself and made shared" : "made shared",
			share.group);
}

/* A new mount over the volumes of pods that run is no small matter: that is for boot. */
static bool kubelet_may_share(const struct doctor *doctor, const struct share_host *share)
{
	return share->is_mount || doctor->crio_pid == 0;
}

static void kubelet_check_root(struct doctor *doctor, const char *root)
{
	cleanup_share_host struct share_host share = {0};
	cleanup_error struct error err = {0};
	int r = share_host_query(root, &share, &err);

	if (r == -ENOENT)
		doctor_report_warn(&doctor->report, CHECK_KUBELET_ROOT, "start the kubelet",
			"%s is not there yet", root);
	else if (r < 0)
		doctor_report_error(&doctor->report, CHECK_KUBELET_ROOT, &err, false);
	else if (share.group > 0)
		doctor_report_ok(&doctor->report, CHECK_KUBELET_ROOT,
			"%s is on a shared mount, peer group %d", root, share.group);
	else if (doctor->fix && kubelet_may_share(doctor, &share))
		fixable_root(doctor, root);
	else
		kubelet_report_private(doctor, root);
}

void doctor_kubelet(struct doctor *doctor)
{
	const struct strv *roots = &doctor->policy.roots;

	enter_namespace(doctor);
	for (size_t i = 0; i < roots->n; i++)
		kubelet_check_root(doctor, roots->items[i]);
}
