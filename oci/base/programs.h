/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the two programs that are made of these libraries: what messages and fixes call
 * them. The hook is root's, on nodes; the tool is for people, laptops and pipelines.
 */
#ifndef FSH_OCI_BASE_PROGRAMS_H
#define FSH_OCI_BASE_PROGRAMS_H

#define HOOK_PROGRAM "fuse-sidecar-hook"
#define TOOL_PROGRAM "fuse-sidecar"
#define TOOL_PACKAGE "fuse-sidecar-tools"

#endif
