#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One version everywhere: the Makefile's.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

version=$(sed -n 's/^VERSION := //p' Makefile)

program_has_it() {
	[[ $("${HOOK_BINARY:-build/fuse-sidecar-hook}" --version) == "fuse-sidecar-hook $version" ]]
}

is 'the program has the version' program_has_it
is "so has the Debian package's changelog" \
	grep -q "^fuse-sidecar-hook ($version) " <(head -n 1 install/debian/changelog)
is 'the RPM' grep -qF "%global fsh_version $version}" install/rpm/fuse-sidecar-hook.spec
is "its changelog" grep -q -m 1 "^\* .* - $version-1$" <(grep -m 1 '^\* ' install/rpm/fuse-sidecar-hook.spec)
is 'and the image of the DaemonSet, in the docs' grep -q "/fuse-sidecar-hook:$version " docs/install.md
finish
