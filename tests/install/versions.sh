#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One version everywhere: that of the file VERSION, which the Makefile reads. What cannot read it agrees.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

version=$(<VERSION)

program_has_it() {
	[[ $("${HOOK_BINARY:-build/fuse-sidecar-hook}" --version) == "fuse-sidecar-hook $version" &&
		$("${TOOL_BINARY:-build/fuse-sidecar}" --version) == "fuse-sidecar $version" ]]
}

# Of the change log, the Debian package and the RPM.
dates_agree() {
	local log deb rpm
	log=$(sed -nE "s/^## \\[$version\\] - //p" CHANGELOG.md)
	deb=$(date -d "$(sed -n 's/^ -- .*>  //p' install/debian/changelog | head -n 1)" +%F)
	rpm=$(date -d "$(sed -nE 's/^\* ([A-Z][a-z]+ [A-Z][a-z]+ [0-9]+ [0-9]+) .*/\1/p' install/rpm/*.spec | head -n 1)" +%F)
	echo "$log $deb $rpm"
	[[ $log == "$deb" && $log == "$rpm" ]]
}

is 'the programs have the version' program_has_it
is "so has the Debian package's changelog" \
	grep -q "^fuse-sidecar-hook ($version) " <(head -n 1 install/debian/changelog)
is 'the RPM' grep -qF "%global fsh_version $version}" install/rpm/fuse-sidecar-hook.spec
is "its changelog" grep -q -m 1 "^\* .* - $version-1$" <(grep -m 1 '^\* ' install/rpm/fuse-sidecar-hook.spec)
is 'and the image of the DaemonSet, in the docs' grep -q "/fuse-sidecar-hook:$version " docs/install.md
is 'the change log has it as its last release' \
	grep -q "^## \\[$version\\] - [0-9-]*$" <(grep -m 2 '^## ' CHANGELOG.md)
is 'and begins with what is not released' grep -q '^## \[Unreleased\]$' <(grep -m 1 '^## ' CHANGELOG.md)
is 'the packages have the date of its release' dates_agree
finish
