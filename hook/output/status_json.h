/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as JSON: schema fuse-sidecar.io/status/v1. */
#ifndef FSH_HOOK_OUTPUT_STATUS_JSON_H
#define FSH_HOOK_OUTPUT_STATUS_JSON_H

#include "hook/run/pod_now.h"
#include "oci/base/jsonpack.h"

#define STATUS_SCHEMA "fuse-sidecar.io/status/v1"

/* Begin {"schema": …, "pods": []}; the array, borrowed. jsonpack_end() prints it. */
struct json_object *status_json_begin(struct jsonpack *pack);

/*
 * Append the pod to that array: its record (schema fuse-sidecar.io/topology/v1) with one member
 * more, "now": {"paths": [{"path", "state", "fstype"}], "containers": [{"name", "running"}]}.
 */
void status_json_add(struct jsonpack *pack, struct json_object *pods, const struct pod_now *pod);

#endif
