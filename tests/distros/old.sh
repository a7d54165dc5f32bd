#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/distros/old.sh DIRECTORY
#
# The programs of this system, and their bundle as a node has it, for others to run: DIRECTORY is
# /opt/fuse-sidecar-hook there, and not below /run, which tests cover.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
build=${BUILD_DIR:-build}
env -u MAKEFLAGS -u MFLAGS make "-j$(nproc)" "BUILD=$build" all bundle
mkdir -p -- "$1/alone"
cp -a -- "$build/fuse-sidecar-hook" "$build/fuse-sidecar" "$1/alone/"
cp -a -- "$build/bundle/$(<"$build/bundle/id")" "$1/"
