/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount namespace of the kubelet and CRI-O. OpenShift can hide it from the rest of the node
 * (KUBENS, "kubens.service"): a person's shell then sees none of the pods' mounts.
 */
#ifndef FSH_HOOK_MOUNT_KUBENS_H
#define FSH_HOOK_MOUNT_KUBENS_H

#include "oci/base/error.h"

#define KUBENS_PATH "/run/kubens/mnt" /* where kubens.service pins the namespace */
#define KUBENS_VARIABLE "KUBENSMNT"   /* another place */

/*
 * Enter the namespace that KUBENSMNT or /run/kubens/mnt names. 0 where that was done, or there is
 * none, or this process is in it. A KUBENSMNT that names no mount namespace is an error
 * (FINDING_POLICY_INVALID); a leftover file at the default place is not. The working directory
 * becomes the root of the namespace: open what people named before this.
 */
int kubens_enter(struct error *err);

#endif
