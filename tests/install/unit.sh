#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The boot unit is one that systemd accepts, and nothing in it takes the host's mounts out of its reach.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

unit=install/fuse-sidecar-prepare.service

systemd_accepts() {
	local copy=$scratch/fuse-sidecar-prepare.service said
	# The command must exist for systemd; any that does will do. Missing man pages are no matter.
	sed "s|^ExecStart=[^ ]*|ExecStart=$(command -v true)|; /^Documentation=/d" "$unit" >"$copy"
	said=$(systemd-analyze verify --man=no "$copy" 2>&1)
	echo "$said"
	[[ -z $said ]]
}

# systemd.exec(5): each of these runs the service in a mount namespace of its own, where a change of
# propagation would be lost to everybody else.
has_no_mount_namespace() {
	local directives='Private|Protect|[A-Za-z]*Paths|RootDirectory|RootImage|DynamicUser|MountFlags'
	directives+='|TemporaryFileSystem|StateDirectory|RuntimeDirectory|ConfigurationDirectory'
	directives+='|RestrictNamespaces'
	! grep -nE "^($directives)" "$unit"
}

comes_before() {
	grep -qE "^Before=.*\<$1\>" "$unit"
}

if command -v systemd-analyze >/dev/null; then
	is 'systemd accepts the unit' systemd_accepts
else
	skip 'systemd accepts the unit' 'no systemd-analyze'
fi
is 'the unit stays in the mount namespace of the host' has_no_mount_namespace
is 'the unit comes before CRI-O' comes_before crio.service
is 'the unit comes before the kubelet' comes_before kubelet.service
finish
