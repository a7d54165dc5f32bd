/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of exit codes and the one table of findings: the contract of design section 7.
 * Everything that lists them is made from here or compared with this file: enums, names, default
 * severities, lint's rules and places, the README, the design, fuse-sidecar-findings(7) (by
 * `make findings`), and the pages that say more (by tests/install/findings.sh, which fails for each
 * place that lacks one). docs/contributing.md says how to add a finding. Published names and exit
 * codes never change their meaning.
 */
#ifndef FSH_OCI_BASE_FINDING_TABLE_H
#define FSH_OCI_BASE_FINDING_TABLE_H

/* X(identifier, number, what it means). crun shows its users nothing else of a hook. */
#define EXIT_TABLE(X)                                                                              \
	X(DONE, 0, "done, or nothing to do")                                                       \
	X(INPUT, 10, "bad input: an annotation, the state, config.json, or the pod's own layout")  \
	X(POLICY, 11, "the node's policy does not allow it")                                       \
	X(NODE_CONFIG, 12, "the node's policy file is broken")                                     \
	X(PROPAGATION, 13, "mounts would not travel")                                              \
	X(FUSE_DEVICE, 14, "/dev/fuse is missing, or not the sidecar's to open")                   \
	X(PRIVILEGE, 15, "the sidecar may not mount")                                              \
	X(GATE_TIMEOUT, 16, "a mount was not live in time")                                        \
	X(PROVIDER, 17, "the sidecar has not been created, or has ended")                          \
	X(PATH_UNSAFE, 18, "a path in the volume is not safe to use")                              \
	X(HOST_IO, 19, "the node refused an operation")                                            \
	X(INTERNAL, 20, "a fault of the program, or no memory")

/* Who can report a finding. A test compares this with the rooms whose sources name the code. */
enum finding_origin {
	FROM_PRESTART = 1 << 0,
	FROM_POSTSTOP = 1 << 1,
	FROM_PREPARE = 1 << 2,
	FROM_RECONCILE = 1 << 3,
	FROM_CHECK = 1 << 4,
	FROM_LINT = 1 << 5,
	FROM_DOCTOR = 1 << 6,
	FROM_JUDGE = FROM_PRESTART | FROM_CHECK, /* policy/check/judge.c, whom both ask */
};

/* What of a manifest a finding of lint points at (policy/lint/lint_place.c). */
enum finding_place {
	AT_NOWHERE,	/* lint does not report it */
	AT_RULE,	/* the rule that finds it says where */
	AT_CONTAINER,	/* the container's name, as where nothing better is there */
	AT_ANNOTATION,	/* the annotation that is the finding's subject */
	AT_NAMESPACE,	/* metadata.namespace */
	AT_HOST_PATH,	/* the hostPath volume that holds the subject */
	AT_FUSE_PATH,	/* the annotation that names FUSE paths, else the argument that does */
	AT_ARGUMENT,	/* the container's argument that is the subject */
	AT_MOUNT_PATH,	/* mountPath of the volumeMount at the subject, else the annotation */
	AT_PROPAGATION, /* mountPropagation of the volumeMount at the subject */
	AT_PRIVILEGED,	/* these four: of the securityContext */
	AT_ESCALATION,
	AT_APPARMOR,
	AT_SELINUX,
	AT_HOST_USERS, /* hostUsers of the pod */
	AT_RESOURCES,  /* resources of the container */
};

/* X(identifier, name, default severity, exit code of a denial, who can report it, place in a
 * manifest, one line of help) */
#define FINDING_TABLE(X)                                                                           \
	X(ANNOTATION_INVALID, "annotation-invalid", DENY, EXIT_INPUT, FROM_JUDGE | FROM_LINT,      \
		AT_ANNOTATION, "an annotation of the hook is unknown or malformed")                \
	X(STATE_INVALID, "state-invalid", DENY, EXIT_INPUT, FROM_JUDGE | FROM_POSTSTOP,            \
		AT_NOWHERE, "the runtime's state does not name a container of CRI-O")              \
	X(CONFIG_INVALID, "config-invalid", DENY, EXIT_INPUT, FROM_JUDGE, AT_NOWHERE,              \
		"the container's config.json cannot be read, or breaks the OCI specification")     \
	X(NAMESPACE_NOT_ALLOWED, "namespace-not-allowed", DENY, EXIT_POLICY,                       \
		FROM_JUDGE | FROM_LINT, AT_NAMESPACE,                                              \
		"the node's policy does not serve the namespace")                                  \
	X(PATH_OUTSIDE_ROOTS, "path-outside-roots", DENY, EXIT_POLICY, FROM_JUDGE | FROM_LINT,     \
		AT_HOST_PATH, "a host path is below none of the policy's roots")                   \
	X(GRANT_NOT_ALLOWED, "grant-not-allowed", DENY, EXIT_POLICY, FROM_JUDGE | FROM_LINT,       \
		AT_ANNOTATION, "the pod asks for propagation that the hook does not grant")        \
	X(PATH_UNSAFE, "path-unsafe", DENY, EXIT_PATH_UNSAFE,                                      \
		FROM_JUDGE | FROM_POSTSTOP | FROM_RECONCILE | FROM_LINT, AT_CONTAINER,             \
		"a path of the volume leads through a symlink, a file or \"..\"")                  \
	X(VOLUME_MISSING, "volume-missing", DENY, EXIT_INPUT, FROM_JUDGE | FROM_LINT,              \
		AT_FUSE_PATH, "no volume of the sidecar holds its FUSE path")                      \
	X(MOUNTPOINT_IS_VOLUME_ROOT, "mountpoint-is-volume-root", DENY, EXIT_INPUT,                \
		FROM_JUDGE | FROM_LINT, AT_FUSE_PATH, "the FUSE path is the volume's root itself") \
	X(HOST_NOT_SHARED, "host-not-shared", DENY, EXIT_PROPAGATION, FROM_JUDGE, AT_NOWHERE,      \
		"the node's mount below the volume is private")                                    \
	X(PROVIDER_NOT_SHARED, "provider-not-shared", DENY, EXIT_PROPAGATION,                      \
		FROM_JUDGE | FROM_LINT, AT_PROPAGATION,                                            \
		"a mount in the sidecar's volume does not leave the sidecar")                      \
	X(PEER_GROUP_MISMATCH, "peer-group-mismatch", DENY, EXIT_PROPAGATION, FROM_JUDGE,          \
		AT_NOWHERE, "the container's mount does not belong to the node's peer group")      \
	X(ROOTFS_PROPAGATION, "rootfs-propagation", DENY, EXIT_PROPAGATION, FROM_JUDGE,            \
		AT_NOWHERE, "rootfsPropagation stops the mounts of a volume")                      \
	X(CONSUMER_NO_PROPAGATION, "consumer-no-propagation", DENY, EXIT_PROPAGATION,              \
		FROM_JUDGE | FROM_LINT, AT_PROPAGATION,                                            \
		"the container would see an empty directory")                                      \
	X(MOUNT_NOT_IN_CONSUMER, "mount-not-in-consumer", DENY, EXIT_PROPAGATION, FROM_PRESTART,   \
		AT_NOWHERE,                                                                        \
		"the container's volume does not have a mount that is live on the node")           \
	X(CONSUMER_BIDIRECTIONAL, "consumer-bidirectional", WARN, EXIT_POLICY,                     \
		FROM_JUDGE | FROM_LINT, AT_PROPAGATION,                                            \
		"a container that only reads could mount on the host")                             \
	X(CONSUMER_PRIVILEGED, "consumer-privileged", WARN, EXIT_POLICY, FROM_JUDGE | FROM_LINT,   \
		AT_PRIVILEGED, "a container that only reads is privileged")                        \
	X(FUSE_MODULE_MISSING, "fuse-module-missing", DENY, EXIT_FUSE_DEVICE, FROM_JUDGE,          \
		AT_NOWHERE, "the node's kernel has not loaded the fuse module")                    \
	X(FUSE_DEVICE_MISSING, "fuse-device-missing", DENY, EXIT_FUSE_DEVICE,                      \
		FROM_JUDGE | FROM_LINT, AT_PRIVILEGED, "the sidecar does not have /dev/fuse")      \
	X(FUSE_DEVICE_DENIED, "fuse-device-denied", DENY, EXIT_FUSE_DEVICE,                        \
		FROM_JUDGE | FROM_LINT, AT_PRIVILEGED, "the sidecar may not open /dev/fuse")       \
	X(CAP_SYS_ADMIN_MISSING, "cap-sys-admin-missing", DENY, EXIT_PRIVILEGE,                    \
		FROM_JUDGE | FROM_LINT, AT_PRIVILEGED, "the sidecar does not have CAP_SYS_ADMIN")  \
	X(SECCOMP_BLOCKS_MOUNT, "seccomp-blocks-mount", DENY, EXIT_PRIVILEGE, FROM_JUDGE,          \
		AT_NOWHERE, "the sidecar's seccomp profile denies mount")                          \
	X(NO_NEW_PRIVS, "no-new-privs", DENY, EXIT_PRIVILEGE, FROM_JUDGE | FROM_LINT,              \
		AT_ESCALATION, "the sidecar's mount helper cannot become root")                    \
	X(USERNS_PRIVATE_MOUNTS, "userns-private-mounts", DENY, EXIT_PRIVILEGE,                    \
		FROM_JUDGE | FROM_LINT, AT_HOST_USERS, "the pod has a user namespace of its own")  \
	X(APPARMOR_BLOCKS_MOUNT, "apparmor-blocks-mount", DENY, EXIT_PRIVILEGE,                    \
		FROM_JUDGE | FROM_LINT, AT_APPARMOR,                                               \
		"the sidecar's AppArmor profile denies mount")                                     \
	X(SELINUX_CONFINED, "selinux-confined", WARN, EXIT_PRIVILEGE, FROM_JUDGE | FROM_LINT,      \
		AT_SELINUX, "the sidecar's SELinux type may not mount")                            \
	X(MOUNTPOINT_CONFLICT, "mountpoint-conflict", DENY, EXIT_INPUT, FROM_JUDGE | FROM_LINT,    \
		AT_FUSE_PATH,                                                                      \
		"two FUSE paths are in each other's way, or a mount is on the path already")       \
	X(RC_PORT_CONFLICT, "rc-port-conflict", DENY, EXIT_INPUT, FROM_JUDGE | FROM_LINT,          \
		AT_ARGUMENT, "two rclone listen on one port")                                      \
	X(TOPOLOGY_PLACE_TAKEN, "topology-place-taken", DENY, EXIT_INPUT, FROM_JUDGE | FROM_LINT,  \
		AT_MOUNT_PATH, "a volume is where containers see the topology")                    \
	X(TOPOLOGY_NOT_SHOWN, "topology-not-shown", WARN, EXIT_INPUT, FROM_JUDGE | FROM_LINT,      \
		AT_PROPAGATION, "a volume at /run keeps the topology from being shown")            \
	X(MOUNTPOINT_MISMATCH, "mountpoint-mismatch", WARN, EXIT_INPUT, FROM_JUDGE | FROM_LINT,    \
		AT_ARGUMENT, "command line and annotation name different paths")                   \
	X(LIMITS_MISSING, "limits-missing", WARN, EXIT_POLICY, FROM_JUDGE | FROM_LINT,             \
		AT_RESOURCES, "the sidecar does not have a limit of memory or CPU")                \
	X(MOUNT_STALE, "mount-stale", WARN, EXIT_DONE,                                             \
		FROM_PRESTART | FROM_POSTSTOP | FROM_RECONCILE, AT_NOWHERE,                        \
		"a dead mount was detached")                                                       \
	X(MOUNT_HUNG, "mount-hung", WARN, EXIT_HOST_IO,                                            \
		FROM_JUDGE | FROM_POSTSTOP | FROM_RECONCILE, AT_NOWHERE,                           \
		"a FUSE daemon does not answer")                                                   \
	X(GATE_TIMEOUT, "gate-timeout", DENY, EXIT_GATE_TIMEOUT, FROM_PRESTART, AT_NOWHERE,        \
		"a FUSE mount did not become live in time")                                        \
	X(PROVIDER_NOT_STARTED, "provider-not-started", DENY, EXIT_PROVIDER,                       \
		FROM_PRESTART | FROM_LINT, AT_RULE,                                                \
		"a container is created before the sidecar that it waits for")                     \
	X(PROVIDER_DEAD, "provider-dead", DENY, EXIT_PROVIDER, FROM_PRESTART, AT_NOWHERE,          \
		"the sidecar of a FUSE path has ended")                                            \
	X(POLICY_INVALID, "policy-invalid", DENY, EXIT_NODE_CONFIG,                                \
		FROM_JUDGE | FROM_POSTSTOP | FROM_PREPARE | FROM_RECONCILE | FROM_DOCTOR,          \
		AT_NOWHERE, "the node's policy file cannot be used")                               \
	X(MANIFEST_INVALID, "manifest-invalid", DENY, EXIT_INPUT, FROM_LINT, AT_RULE,              \
		"the manifest cannot be read, or Kubernetes would refuse it")                      \
	X(ANNOTATION_MISPLACED, "annotation-misplaced", DENY, EXIT_INPUT, FROM_LINT, AT_RULE,      \
		"the annotations stand on the object, not on its pod template")                    \
	X(ANNOTATION_MISSING, "annotation-missing", WARN, EXIT_INPUT, FROM_LINT, AT_RULE,          \
		"the annotation does not name a FUSE mount that the pod makes")                    \
	X(INIT_DIRS_NEEDLESS, "init-dirs-needless", DENY, EXIT_PROVIDER, FROM_LINT, AT_RULE,       \
		"an init container makes directories that the hook makes")                         \
	X(CONSUMER_MISSING, "consumer-missing", WARN, EXIT_INPUT, FROM_LINT, AT_RULE,              \
		"no container of the pod reads the FUSE mount")                                    \
	X(ALLOW_OTHER_MISSING, "allow-other-missing", WARN, EXIT_INPUT, FROM_LINT, AT_RULE,        \
		"other users cannot read the FUSE mount")                                          \
	X(ALLOW_NON_EMPTY, "allow-non-empty", WARN, EXIT_INPUT, FROM_LINT, AT_RULE,                \
		"rclone would mount over a dead mount")                                            \
	X(NODE_PINNED, "node-pinned", WARN, EXIT_POLICY, FROM_LINT, AT_RULE,                       \
		"the pod can run on certain nodes only")                                           \
	X(PROBE_MISSING, "probe-missing", WARN, EXIT_POLICY, FROM_LINT, AT_RULE,                   \
		"nothing restarts the sidecar when its mount dies")                                \
	X(PROBE_ON_MOUNT, "probe-on-mount", WARN, EXIT_POLICY, FROM_LINT, AT_RULE,                 \
		"the kubelet restarts the main container when a sidecar's mount dies")             \
	X(SECRET_MODE, "secret-mode", WARN, EXIT_POLICY, FROM_LINT, AT_RULE,                       \
		"every user in the sidecar can read its credentials")                              \
	X(VOLUME_UNFIT, "volume-unfit", WARN, EXIT_POLICY, FROM_LINT, AT_RULE,                     \
		"a volume does not fit what it is used for")                                       \
	X(ADMISSION_NEEDED, "admission-needed", WARN, EXIT_POLICY, FROM_LINT, AT_RULE,             \
		"a privileged pod needs a service account that may be privileged")                 \
	X(HOST_IO, "host-io", DENY, EXIT_HOST_IO,                                                  \
		FROM_JUDGE | FROM_POSTSTOP | FROM_PREPARE | FROM_RECONCILE | FROM_LINT |           \
			FROM_DOCTOR,                                                               \
		AT_RULE, "the node, a file or a library refuses an operation")                     \
	X(INTERNAL, "internal", DENY, EXIT_INTERNAL,                                               \
		FROM_JUDGE | FROM_POSTSTOP | FROM_PREPARE | FROM_RECONCILE | FROM_DOCTOR,          \
		AT_NOWHERE, "a fault of the program, or no memory")

#endif
