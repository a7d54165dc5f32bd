/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding codes, severities and exit codes: the contract of design section 7.
 * Each code stands here once, with its default severity and the exit code that a denial by it has.
 */
#ifndef FSH_OCI_BASE_CODE_H
#define FSH_OCI_BASE_CODE_H

/* What the process exits with. crun shows its users nothing else of a hook, so these never change.
 */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_INPUT = 10,
	EXIT_POLICY = 11,
	EXIT_NODE_CONFIG = 12,
	EXIT_PROPAGATION = 13,
	EXIT_FUSE_DEVICE = 14,
	EXIT_PRIVILEGE = 15,
	EXIT_GATE_TIMEOUT = 16,
	EXIT_PROVIDER = 17,
	EXIT_PATH_UNSAFE = 18,
	EXIT_HOST_IO = 19,
	EXIT_INTERNAL = 20,
};

enum severity {
	SEVERITY_IGNORE,
	SEVERITY_WARN,
	SEVERITY_DENY,
};

/* X(identifier, name, default severity, exit code) */
#define FINDING_CODES(X)                                                                           \
	X(ANNOTATION_INVALID, "annotation-invalid", DENY, EXIT_INPUT)                              \
	X(STATE_INVALID, "state-invalid", DENY, EXIT_INPUT)                                        \
	X(CONFIG_INVALID, "config-invalid", DENY, EXIT_INPUT)                                      \
	X(NAMESPACE_NOT_ALLOWED, "namespace-not-allowed", DENY, EXIT_POLICY)                       \
	X(PATH_OUTSIDE_ROOTS, "path-outside-roots", DENY, EXIT_POLICY)                             \
	X(GRANT_NOT_ALLOWED, "grant-not-allowed", DENY, EXIT_POLICY)                               \
	X(PATH_UNSAFE, "path-unsafe", DENY, EXIT_PATH_UNSAFE)                                      \
	X(VOLUME_MISSING, "volume-missing", DENY, EXIT_INPUT)                                      \
	X(MOUNTPOINT_IS_VOLUME_ROOT, "mountpoint-is-volume-root", DENY, EXIT_INPUT)                \
	X(HOST_NOT_SHARED, "host-not-shared", DENY, EXIT_PROPAGATION)                              \
	X(PROVIDER_NOT_SHARED, "provider-not-shared", DENY, EXIT_PROPAGATION)                      \
	X(PEER_GROUP_MISMATCH, "peer-group-mismatch", DENY, EXIT_PROPAGATION)                      \
	X(ROOTFS_PROPAGATION, "rootfs-propagation", DENY, EXIT_PROPAGATION)                        \
	X(CONSUMER_NO_PROPAGATION, "consumer-no-propagation", DENY, EXIT_PROPAGATION)              \
	X(MOUNT_NOT_IN_CONSUMER, "mount-not-in-consumer", DENY, EXIT_PROPAGATION)                  \
	X(CONSUMER_BIDIRECTIONAL, "consumer-bidirectional", WARN, EXIT_POLICY)                     \
	X(CONSUMER_PRIVILEGED, "consumer-privileged", WARN, EXIT_POLICY)                           \
	X(FUSE_MODULE_MISSING, "fuse-module-missing", DENY, EXIT_FUSE_DEVICE)                      \
	X(FUSE_DEVICE_MISSING, "fuse-device-missing", DENY, EXIT_FUSE_DEVICE)                      \
	X(FUSE_DEVICE_DENIED, "fuse-device-denied", DENY, EXIT_FUSE_DEVICE)                        \
	X(CAP_SYS_ADMIN_MISSING, "cap-sys-admin-missing", DENY, EXIT_PRIVILEGE)                    \
	X(SECCOMP_BLOCKS_MOUNT, "seccomp-blocks-mount", DENY, EXIT_PRIVILEGE)                      \
	X(NO_NEW_PRIVS, "no-new-privs", DENY, EXIT_PRIVILEGE)                                      \
	X(USERNS_PRIVATE_MOUNTS, "userns-private-mounts", DENY, EXIT_PRIVILEGE)                    \
	X(APPARMOR_BLOCKS_MOUNT, "apparmor-blocks-mount", DENY, EXIT_PRIVILEGE)                    \
	X(SELINUX_CONFINED, "selinux-confined", WARN, EXIT_PRIVILEGE)                              \
	X(MOUNTPOINT_CONFLICT, "mountpoint-conflict", DENY, EXIT_INPUT)                            \
	X(RC_PORT_CONFLICT, "rc-port-conflict", DENY, EXIT_INPUT)                                  \
	X(TOPOLOGY_PLACE_TAKEN, "topology-place-taken", DENY, EXIT_INPUT)                          \
	X(TOPOLOGY_NOT_SHOWN, "topology-not-shown", WARN, EXIT_INPUT)                              \
	X(MOUNTPOINT_MISMATCH, "mountpoint-mismatch", WARN, EXIT_INPUT)                            \
	X(LIMITS_MISSING, "limits-missing", WARN, EXIT_POLICY)                                     \
	X(MOUNT_STALE, "mount-stale", WARN, EXIT_HOST_IO)                                          \
	X(MOUNT_HUNG, "mount-hung", WARN, EXIT_HOST_IO)                                            \
	X(GATE_TIMEOUT, "gate-timeout", DENY, EXIT_GATE_TIMEOUT)                                   \
	X(PROVIDER_NOT_STARTED, "provider-not-started", DENY, EXIT_PROVIDER)                       \
	X(PROVIDER_DEAD, "provider-dead", DENY, EXIT_PROVIDER)                                     \
	X(POLICY_INVALID, "policy-invalid", DENY, EXIT_NODE_CONFIG)                                \
	X(MANIFEST_INVALID, "manifest-invalid", DENY, EXIT_INPUT)                                  \
	X(ANNOTATION_MISPLACED, "annotation-misplaced", DENY, EXIT_INPUT)                          \
	X(ANNOTATION_MISSING, "annotation-missing", WARN, EXIT_INPUT)                              \
	X(INIT_DIRS_NEEDLESS, "init-dirs-needless", DENY, EXIT_PROVIDER)                           \
	X(CONSUMER_MISSING, "consumer-missing", WARN, EXIT_INPUT)                                  \
	X(ALLOW_OTHER_MISSING, "allow-other-missing", WARN, EXIT_INPUT)                            \
	X(ALLOW_NON_EMPTY, "allow-non-empty", WARN, EXIT_INPUT)                                    \
	X(NODE_PINNED, "node-pinned", WARN, EXIT_POLICY)                                           \
	X(PROBE_MISSING, "probe-missing", WARN, EXIT_POLICY)                                       \
	X(PROBE_ON_MOUNT, "probe-on-mount", WARN, EXIT_POLICY)                                     \
	X(SECRET_MODE, "secret-mode", WARN, EXIT_POLICY)                                           \
	X(VOLUME_UNFIT, "volume-unfit", WARN, EXIT_POLICY)                                         \
	X(ADMISSION_NEEDED, "admission-needed", WARN, EXIT_POLICY)                                 \
	X(HOST_IO, "host-io", DENY, EXIT_HOST_IO)                                                  \
	X(INTERNAL, "internal", DENY, EXIT_INTERNAL)

enum finding_code {
	FINDING_NONE, /* no code: an empty error or finding */
#define X(id, name, severity, exit) FINDING_##id,
	FINDING_CODES(X)
#undef X
		FINDING_CODE_COUNT,
};

/* The code's published name, "none" for FINDING_NONE and out of range. Static storage. */
const char *code_name(enum finding_code code);

/* The code of that published name, FINDING_NONE where there is none. */
enum finding_code code_from_name(const char *name);

enum severity code_default_severity(enum finding_code code);

/* The exit code that a denial by this code has; EXIT_DONE for FINDING_NONE. */
enum exit_code code_exit(enum finding_code code);

/* Which of two exit codes counts: the lower one, EXIT_DONE only where both are. */
enum exit_code exit_code_lower(enum exit_code a, enum exit_code b);

/* "deny", "warn", "ignore". Static storage. */
const char *severity_name(enum severity severity);

/* 0 and *ret_severity, or -EINVAL where `name` is none of the three. */
int severity_from_name(const char *name, enum severity *ret_severity);

#endif
