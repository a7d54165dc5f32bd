/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a provider can open /dev/fuse. */
#include "policy/check/checks.h"

#include "policy/check/devices.h"

#define FIX_DEVICE "set securityContext.privileged: true on the provider"

static int check_node(const struct facts *facts, struct findings *findings)
{
	int r = 0;

	if (facts->fuse_module == KNOWN_NO)
		r = findings_add(findings, facts->config, FINDING_FUSE_MODULE_MISSING, "fuse",
			"load it on the node (modprobe fuse; /etc/modules-load.d/ at boot)",
			"the node's kernel does not have the fuse file system: /proc/filesystems "
			"does not list it");
	if (r == 0 && facts->fuse_device == KNOWN_NO)
		r = findings_add(findings, facts->config, FINDING_FUSE_DEVICE_MISSING,
			FUSE_DEVICE_PATH, "make it on the node: mknod -m 666 /dev/fuse c 10 229",
			"the node does not have the character device %d:%d at %s",
			FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR, FUSE_DEVICE_PATH);
	return r;
}

static int fuse_device_check_container(const struct facts *facts, struct findings *findings)
{
	const char *name = facts->identity->container_name;
	int r = 0;

	if (!devices_have_fuse(facts->spec))
		r = findings_add(findings, facts->config, FINDING_FUSE_DEVICE_MISSING,
			FUSE_DEVICE_PATH, FIX_DEVICE,
			"container %s does not get %s: neither linux.devices nor a bind of the "
			"host has it",
			name, FUSE_DEVICE_PATH);
	if (r == 0 && !devices_allow(facts->spec, 'c', FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR,
			      DEVICE_READ | DEVICE_WRITE))
		r = findings_add(findings, facts->config, FINDING_FUSE_DEVICE_DENIED,
			FUSE_DEVICE_PATH, FIX_DEVICE,
			"the devices cgroup of container %s (linux.resources.devices) does not let "
			"it read and write device c %d:%d",
			name, FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR);
	return r;
}

int check_fuse_device(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	int r;

	if (targets_role(targets) != ROLE_PROVIDER)
		return 0;
	r = check_node(facts, findings);
	return r < 0 ? r : fuse_device_check_container(facts, findings);
}
