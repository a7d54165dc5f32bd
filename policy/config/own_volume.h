/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose is a directory of the host? The kubelet keeps a pod's volumes in a directory that has the
 * pod's uid for its name, and no other pod's: that can be told from a path alone, whatever a record
 * says. Everything else (a hostPath volume) is the administrator's, and of all pods that mount it.
 */
#ifndef FSH_POLICY_CONFIG_OWN_VOLUME_H
#define FSH_POLICY_CONFIG_OWN_VOLUME_H

#include "policy/config/config.h"
#include <stdbool.h>

/*
 * True where `path` lies below PODS/UID, of the pod with that uid: PODS is /var/lib/kubelet/pods
 * or, for a kubelet with another root directory, one of the policy's roots whose last component is
 * "pods". What is not normalized is nobody's. NULL is accepted for both strings.
 */
bool own_volume_is(const struct config *config, const char *pod_uid, const char *path);

/* True where `path` lies in the directory beside PODS in which the kubelet's volume plugins keep
 * what they bind into pods (plugins): no container's to see. */
bool own_volume_is_plugins(const struct config *config, const char *path);

/* True where `path` lies below PODS/ANY for any name at all: a volume of some pod. */
bool own_volume_is_some_pods(const struct config *config, const char *path);

#endif
