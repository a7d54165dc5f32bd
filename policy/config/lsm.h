/* SPDX-License-Identifier: Apache-2.0 */
/* Linux security modules: what the labels of config.json mean for a process that wants to mount. */
#ifndef FSH_POLICY_CONFIG_LSM_H
#define FSH_POLICY_CONFIG_LSM_H

#include <stdbool.h>

/* What the kernel does with a profile of that name. */
enum apparmor_mode {
	APPARMOR_NOT_KNOWN,
	APPARMOR_NOT_LOADED,
	APPARMOR_ENFORCES, /* with "kill" and "prompt": what is denied is denied */
	APPARMOR_LETS,	   /* "complain", "unconfined": whatever it says */
};

/* Of the list of loaded profiles, /sys/kernel/security/apparmor/profiles: "NAME (MODE)" in each
 * line. */
enum apparmor_mode lsm_apparmor_mode(const char *profiles, const char *name);

/* True for the default profiles of CRI-O, containers/common, Docker and containerd, which deny
 * mount. */
bool lsm_apparmor_denies_mount(const char *profile);

/* True for a name that confines nothing: NULL, "", "unconfined". */
bool lsm_apparmor_is_none(const char *profile);

/* True where the type of the label ("user:role:type:level") is one that may mount: spc_t,
 * unconfined_t, container_runtime_t, container_engine_t, unconfined_service_t. NULL or "" is true.
 */
bool lsm_selinux_may_mount(const char *label);

#endif
