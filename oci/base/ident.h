/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammars that an identifier must have before it becomes part of a path or a journal field
 * (design section 10).
 */
#ifndef FSH_OCI_BASE_IDENT_H
#define FSH_OCI_BASE_IDENT_H

#include <stdbool.h>

/* RFC 1123 label: 1 to 63 of [a-z0-9-], not starting or ending with '-'. A container's name. */
bool ident_is_dns_label(const char *text);
/* RFC 1123 subdomain: labels joined by '.', at most 253 bytes. A pod's name. */
bool ident_is_dns_subdomain(const char *text);
/*
 * A pod uid: 8-4-4-4-12 hex digits (RFC 4122), or 32 hex digits as the kubelet makes them for
 * static pods (the MD5 of the manifest).
 */
bool ident_is_pod_uid(const char *text);
/* 64 lower-case hex digits: a container's or sandbox's id in CRI-O and podman. */
bool ident_is_container_id(const char *text);

#endif
