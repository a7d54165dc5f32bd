/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as JSON: schema fuse-sidecar.io/status/v1. */
#ifndef FSH_HOOK_STATUS_JSON_H
#define FSH_HOOK_STATUS_JSON_H

#include "hook/pod_now.h"
#include <json-c/json.h>
#include <stdio.h>

#define STATUS_SCHEMA "fuse-sidecar.io/status/v1"

/*
 * Append the pod to the array `pods`: its record (schema fuse-sidecar.io/topology/v1) with one
 * member more, "now": {"paths": [{"path", "state", "fstype"}], "containers": [{"name",
 * "running"}]}. 0 or -ENOMEM.
 */
int status_json_add(struct json_object *pods, const struct pod_now *pod);

/* Print {"schema": …, "pods": pods}, taking `pods` over. 0 or -ENOMEM. */
int status_json_print(FILE *out, struct json_object *pods);

#endif
