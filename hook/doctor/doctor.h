/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `doctor`: is this node ready? Each matter has its file, hook/doctor_*.c, whose function adds its
 * lines to the report. With `root` an image below that directory is looked at: its files only.
 */
#ifndef FSH_HOOK_DOCTOR_DOCTOR_H
#define FSH_HOOK_DOCTOR_DOCTOR_H

#include "oci/base/strv.h"
#include "oci/spec/mountinfo.h"
#include "policy/config/config.h"
#include "policy/config/crio_config.h"
#include "policy/report/doctor_report.h"
#include <stdbool.h>
#include <sys/types.h>

struct doctor {
	const char *root; /* NULL: this node */
	int root_fd;	  /* of `root`; -EBADF for this node */
	bool fix;	  /* fix what can be fixed safely */
	struct doctor_report report;

	/* What one check finds out for those after it. */
	struct config policy; /* the defaults where the file is broken */
	struct mount_table host;
	pid_t crio_pid; /* 0: does not run, or is not known */
	unsigned int crio_version;
	struct crio_config crio;
	bool crio_is_known; /* its configuration could be read; else hooks_dirs are the usual ones
			     */
	char *hook_program; /* the path of what is registered, else of what was installed with this
			       program; NULL: none is known */
	char *install_fix; /* what registers the hook where this CRI-O reads; NULL: not known yet */
};

/* In the order in which they are shown. */
void doctor_kernel(struct doctor *doctor);
void doctor_fuse(struct doctor *doctor);
void doctor_policy(struct doctor *doctor);
void doctor_crio(struct doctor *doctor);
void doctor_hooks(struct doctor *doctor);
void doctor_runtime(struct doctor *doctor);
void doctor_kubelet(struct doctor *doctor);
void doctor_run_directory(struct doctor *doctor);
void doctor_dead_mounts(struct doctor *doctor);
void doctor_timer(struct doctor *doctor);
void doctor_journal(struct doctor *doctor);
void doctor_metrics(struct doctor *doctor);
void doctor_selinux(struct doctor *doctor);

/*
 * Files of the node or the image (hook/doctor/doctor_files.c). Paths are absolute; in an image its
 * own symlinks lead to places in it. A descriptor, or a negative errno.
 */
int doctor_open(const struct doctor *doctor, const char *path, int flags);

/* A regular file's whole content, at most 1 MiB. */
int doctor_read(const struct doctor *doctor, const char *path, char **ret_data, size_t *ret_size);

/* The names in a directory, sorted by byte. */
int doctor_list(const struct doctor *doctor, const char *path, struct strv *ret);

/* True where there is something of that name, be it a link that leads nowhere. */
bool doctor_exists(const struct doctor *doctor, const char *path);

void doctor_clear(struct doctor *doctor);

#define cleanup_doctor __attribute__((cleanup(doctor_clear)))

#endif
