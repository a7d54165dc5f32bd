/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of design section 7, one function for each matter. Each adds to `findings`, in the
 * order of the annotation's paths, and returns 0 or -ENOMEM. A fact that is unknown is no finding.
 * A matter is reported once per container, naming the first path it stops, where it is about the
 * container and not about a path.
 */
#ifndef FSH_POLICY_CHECK_CHECKS_H
#define FSH_POLICY_CHECK_CHECKS_H

#include "policy/check/facts.h"
#include "policy/check/target.h"
#include "policy/record/finding.h"

/* namespace-not-allowed, grant-not-allowed, path-outside-roots; annotation-invalid for a wait above
 * the node's maximum */
int check_authority(
	const struct facts *facts, const struct targets *targets, struct findings *findings);
/* volume-missing, path-unsafe (a source with ".." in it), mountpoint-is-volume-root,
 * mountpoint-conflict (with another path of the pod at, above or below the same host directory) */
int check_volumes(
	const struct facts *facts, const struct targets *targets, struct findings *findings);
/* topology-place-taken, topology-not-shown */
int check_exposure(
	const struct facts *facts, const struct targets *targets, struct findings *findings);
/* host-not-shared (only where the hook must not or cannot make it shared), provider-not-shared,
 * rootfs-propagation, consumer-no-propagation, and peer-group-mismatch where the tables disprove
 * the way and the plan would not fix it. What follows from another finding is left out: CRI-O
 * derives rootfsPropagation from the propagation that the mounts declare. */
int check_propagation(
	const struct facts *facts, const struct targets *targets, struct findings *findings);
/* fuse-module-missing, fuse-device-missing, fuse-device-denied */
int check_fuse_device(
	const struct facts *facts, const struct targets *targets, struct findings *findings);
/* cap-sys-admin-missing, seccomp-blocks-mount, no-new-privs, userns-private-mounts,
 * apparmor-blocks-mount, selinux-confined */
int check_privilege(
	const struct facts *facts, const struct targets *targets, struct findings *findings);
/* consumer-bidirectional, consumer-privileged, rc-port-conflict, limits-missing,
 * mountpoint-mismatch */
int check_sidecar(
	const struct facts *facts, const struct targets *targets, struct findings *findings);

/* annotation-invalid or config-invalid, whatever the policy says, where the pod's record would have
 * no room for the container (policy/record/topology_limit.h). After all others: one that is refused
 * takes what room there is. */
int check_room(const struct facts *facts, const struct targets *targets, struct findings *findings);

/* mountpoint-conflict, mount-hung, by what is mounted on the paths that it provides
 * (facts->mounted). Last: of a container that is denied already nothing is said of them. */
int check_mounted(
	const struct facts *facts, const struct targets *targets, struct findings *findings);

/*
 * The proof of design section 6, stage 5, for one target from tables read after the hook acted: 0
 * and no finding where a mount made by the provider at the FUSE path reaches the host
 * (TARGET_PROVIDES), or one made on the host reaches this container (TARGET_SEES). Otherwise adds
 * host-not-shared, provider-not-shared or consumer-no-propagation where one side's mount is
 * private, and peer-group-mismatch where the two have nothing to do with each other or one is not
 * there.
 */
int check_propagation_path(
	const struct facts *facts, const struct target *target, struct findings *findings);

/*
 * check_mounted() for one path, for what was found there at the moment of acting and was not when
 * the container was judged. The target has a host path. 0 or -ENOMEM.
 */
int check_mounted_path(const struct facts *facts, const struct target *target,
	const struct mounted_path *found, struct findings *findings);

#endif
