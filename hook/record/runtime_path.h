/* SPDX-License-Identifier: Apache-2.0 */
/* Where the runtime directory is, for who needs no more of it than that. */
#ifndef FSH_HOOK_RECORD_RUNTIME_PATH_H
#define FSH_HOOK_RECORD_RUNTIME_PATH_H

#define RUNTIME_DIR "/run/fuse-sidecar-hook"

/* The file there whose parts are locked by turns: hook/record/probe_turn.h. */
#define RUNTIME_PROBES "probes"

#endif
