#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The hook under a C library that makes system calls which the filter does not know
# (tests/support/preload/newer_libc.c): for tests that start $HOOK_BINARY or $FUSE_SIDECAR_HOOK, and for
# runtimes, which give it no other environment than hooks.d's.
build=${BUILD_DIR:-$(dirname -- "$0")/../../build}
exec env LD_PRELOAD="$(realpath -- "$build/tests/newer_libc.so")" "$build/fuse-sidecar-hook" "$@"
