/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a container's config.json (runtime-spec, config.md and config-linux.md) that the
 * policy needs, and no more.
 */
#ifndef FSH_OCI_SPEC_SPEC_H
#define FSH_OCI_SPEC_SPEC_H

#include "oci/base/error.h"
#include "oci/base/strv.h"
#include "oci/spec/keyval.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SPEC_MAX_SIZE (16UL * 1024 * 1024) /* bytes */

enum propagation {
	PROPAGATION_UNSET,
	PROPAGATION_PRIVATE,
	PROPAGATION_SLAVE,
	PROPAGATION_SHARED,
	PROPAGATION_UNBINDABLE,
};

/* An entry of `mounts`. */
struct spec_mount {
	char *destination;	      /* absolute, simplified (path_simplify) */
	char *source;		      /* may be NULL */
	char *type;		      /* may be NULL */
	bool bind;		      /* type "bind" or option bind/rbind */
	bool recursive;		      /* option rbind */
	bool readonly;		      /* option ro (the last of ro and rw wins) */
	enum propagation propagation; /* of the last propagation option; UNSET without one */
	bool propagation_recursive;   /* it was one of the r… options */
};

/* An entry of linux.devices. */
struct spec_device {
	char *path;
	char type; /* 'c', 'b', 'u', 'p' */
	int64_t major, minor;
};

#define DEVICE_READ 1U
#define DEVICE_WRITE 2U
#define DEVICE_MKNOD 4U

/* An entry of linux.resources.devices, in order. */
struct spec_device_rule {
	bool allow;
	char type;	      /* 'a' (also where absent), 'b', 'c' */
	int64_t major, minor; /* -1: any (absent, or written so) */
	unsigned int access;  /* DEVICE_… bits; all three where absent */
};

/* An entry of linux.seccomp.syscalls. */
struct spec_seccomp_rule {
	struct strv names;
	char *action;	   /* "SCMP_ACT_…" */
	int64_t errno_ret; /* of ERRNO and TRACE; EPERM where absent, as runtimes take it */
	size_t n_args;	   /* conditions on arguments */
};

struct spec_seccomp {
	bool present;
	char *default_action;
	int64_t default_errno_ret; /* EPERM where absent */
	struct strv
		architectures; /* "SCMP_ARCH_…"; the native one is always included by runtimes */
	struct spec_seccomp_rule *rules;
	size_t n_rules;
};

struct spec {
	char *root_path; /* as written: absolute, or relative to the bundle */
	bool root_readonly;

	struct strv args;
	struct strv env; /* "NAME=value" */
	uid_t uid;
	gid_t gid;
	gid_t *additional_gids; /* process.user.additionalGids: an fsGroup is one of them */
	size_t n_additional_gids;
	bool no_new_privileges;
	struct strv cap_effective, cap_bounding, cap_ambient; /* "CAP_…" as written */
	bool has_capabilities;	/* the object is there; without it a process keeps none */
	char *apparmor_profile; /* may be NULL */
	char *selinux_label;	/* may be NULL */

	struct spec_mount *mounts;
	size_t n_mounts;
	struct spec_device *devices;
	size_t n_devices;
	struct spec_device_rule *device_rules;
	size_t n_device_rules;
	bool has_memory_limit; /* linux.resources.memory.limit > 0, or unified memory.max that is
				  not "max" */
	int64_t memory_limit;  /* bytes; 0 where unknown */
	bool has_cpu_limit; /* linux.resources.cpu.quota > 0, or unified cpu.max that does not start
			       with "max" */
	int64_t cpu_quota, cpu_period; /* microseconds; 0 where not given */
	bool user_namespace;  /* linux.namespaces has a "user", or uidMappings is not empty */
	bool mount_namespace; /* linux.namespaces has a "mount" */
	enum propagation rootfs_propagation; /* UNSET where absent */
	struct spec_seccomp seccomp;

	struct keyvals annotations;
};

/*
 * Parse a config.json. `root`, `process` and `linux` must be there, and destinations of mounts be
 * absolute (-EINVAL, FINDING_CONFIG_INVALID, naming the dotted key: "mounts[3].destination").
 * -EFBIG beyond SPEC_MAX_SIZE. `ret` is untouched on failure and owned by the caller on success
 * (spec_clear).
 */
int spec_parse(const char *data, size_t size, struct spec *ret, struct error *err);

/* The bytes of a file (AT_FDCWD allowed as `dir`), within SPEC_MAX_SIZE; "-" with AT_FDCWD reads
 * standard input. Owned by the caller, with a NUL behind them. */
int spec_fetch(int dir, const char *path, char **ret_data, size_t *ret_size, struct error *err);

/* The same of config.json in the bundle directory `bundle`. Errors name the directory. */
int spec_fetch_bundle(const char *bundle, char **ret_data, size_t *ret_size, struct error *err);

void spec_clear(struct spec *spec);

/* "private", "slave", "shared", "unbindable", "unset". Static storage. */
const char *propagation_name(enum propagation propagation);

#define cleanup_spec __attribute__((cleanup(spec_clear)))

#endif
