#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Both programs under a C library that makes system calls which the filter does not know
# (tests/support/preload/newer_libc.c): for tests that start $HOOK_BINARY and $TOOL_BINARY, or
# $FUSE_SIDECAR_HOOK and $FUSE_SIDECAR, and for runtimes, which give it no other environment than hooks.d's.
# shellcheck source=tests/lib/program.sh
. "$(dirname -- "$0")/../lib/program.sh"
build=${BUILD_DIR:-$(dirname -- "$0")/../../build}
exec env LD_PRELOAD="$(realpath -- "$build/tests/newer_libc.so")" "$build/$(program_of "$1")" "$@"
