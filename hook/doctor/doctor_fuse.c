/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's FUSE and the device through which daemons reach it. */
#include "hook/doctor/doctor.h"
#include "hook/doctor/subprocess.h"
#include "hook/run/node.h"
#include "oci/base/cleanup.h"
#include "policy/check/devices.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MODPROBE_SECONDS 20

static int load_module(void)
{
	static const char *const programs[] = {"/usr/sbin/modprobe", "/sbin/modprobe"};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		cleanup_subprocess_result struct subprocess_result result = {0};
		cleanup_free char *program = strdup(programs[i]);
		char *argv[] = {program, (char[]){"fuse"}, NULL};

		if (program && subprocess_run(argv, NULL, 0, MODPROBE_SECONDS, &result) == 0)
			return result.status == 0 ? 0 : -EIO;
	}
	return -ENOENT;
}

static void check_module(struct doctor *doctor)
{
	struct facts facts = {0};
	const char *how = "";

	node_query(&facts);
	if (facts.fuse_module == KNOWN_NO && doctor->fix && load_module() == 0) {
		node_query(&facts);
		how = "; fixed: modprobe fuse has loaded it";
	}
	if (facts.fuse_module == KNOWN_YES)
		doctor_report_ok(&doctor->report, CHECK_FUSE_MODULE, "the kernel has FUSE%s", how);
	else if (facts.fuse_module == KNOWN_NO)
		doctor_report_fail(&doctor->report, CHECK_FUSE_MODULE, EXIT_FUSE_DEVICE,
			"modprobe fuse, and a file with the line \"fuse\" in /etc/modules-load.d",
			"the kernel does not have FUSE: the module is not loaded");
	else
		doctor_report_warn(&doctor->report, CHECK_FUSE_MODULE, NULL,
			"/proc/filesystems cannot be read");
}

static void check_device(struct doctor *doctor)
{
	struct stat st;

	if (stat(FUSE_DEVICE_PATH, &st) < 0) {
		doctor_report_fail(&doctor->report, CHECK_FUSE_DEVICE, EXIT_FUSE_DEVICE,
			"modprobe fuse", "%s cannot be found: %s", FUSE_DEVICE_PATH,
			strerror(errno));
	} else if (!S_ISCHR(st.st_mode) ||
		   st.st_rdev != makedev(FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR)) {
		doctor_report_fail(&doctor->report, CHECK_FUSE_DEVICE, EXIT_FUSE_DEVICE,
			"remove it: rm " FUSE_DEVICE_PATH "; modprobe -r fuse; modprobe fuse",
			"%s is not character device %d:%d", FUSE_DEVICE_PATH, FUSE_DEVICE_MAJOR,
			FUSE_DEVICE_MINOR);
	} else if ((st.st_mode & 0666) != 0666) {
		doctor_report_warn(&doctor->report, CHECK_FUSE_DEVICE,
			"chmod 0666 " FUSE_DEVICE_PATH ", as udev's rules have it",
			"%s has mode %04o: sidecars that do not run as root cannot open it",
			FUSE_DEVICE_PATH, (unsigned int)st.st_mode & 07777);
	} else {
		doctor_report_ok(&doctor->report, CHECK_FUSE_DEVICE, "%s is %d:%d, mode %04o",
			FUSE_DEVICE_PATH, FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR,
			(unsigned int)st.st_mode & 07777);
	}
}

void doctor_fuse(struct doctor *doctor)
{
	check_module(doctor);
	check_device(doctor);
}
