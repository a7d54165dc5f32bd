#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The units are ones that systemd accepts, and nothing in them takes the host's mounts out of their reach.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

unit=install/fuse-sidecar-prepare.service

systemd_accepts() {
	local file said copies=()
	# The command must exist for systemd; any that does will do. Missing man pages are no matter.
	for file in install/*.service install/*.timer; do
		sed "s|^ExecStart=[^ ]*|ExecStart=$(command -v true)|; /^Documentation=/d" "$file" \
			>"$scratch/${file##*/}"
		copies+=("$scratch/${file##*/}")
	done
	said=$(systemd-analyze verify --man=no "${copies[@]}" 2>&1)
	echo "$said"
	[[ -z $said ]]
}

# systemd.exec(5): each of these runs the service in a mount namespace of its own, where a change of
# propagation would be lost to everybody else.
has_no_mount_namespace() {
	local directives='Private|Protect|[A-Za-z]*Paths|RootDirectory|RootImage|DynamicUser|MountFlags'
	directives+='|TemporaryFileSystem|StateDirectory|RuntimeDirectory|ConfigurationDirectory'
	directives+='|RestrictNamespaces'
	! grep -nE "^($directives)" install/*.service
}

comes_before() {
	grep -qE "^Before=.*\<$1\>" "$unit"
}

is_with systemd-analyze 'systemd accepts the units' systemd_accepts
is 'the units stay in the mount namespace of the host' has_no_mount_namespace
is 'the boot unit comes before CRI-O' comes_before crio.service
is 'the boot unit comes before the kubelet' comes_before kubelet.service
finish
