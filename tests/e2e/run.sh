#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# End to end: the Plex pod with real rclone on real mounts, under runc and crun from bundles as CRI-O
# writes them, and through podman's hooks.d engine, with a real journald. Needs root; everything happens
# in namespaces of its own.
#
#	tests/e2e/run.sh [SUITE…]	# see SUITES; all without arguments
#
# FUSE_SIDECAR_HOOK, FUSE_SIDECAR and FUSE_SIDECAR_HOOKS_D name other programs and other hooks.d files than the
# tree's; E2E_RUNTIMES limits the runtimes ("runc crun"); TAP_NO_SKIP=1 makes a skip a failure.

set -euo pipefail

HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
for file in sandbox tap image journal pod; do
	# shellcheck source=/dev/null
	. "$HERE/../lib/$file.sh"
done
# shellcheck source=tests/e2e/steps.sh
. "$HERE/steps.sh"

SUITES=(pod volumes userns directories deny environment journal gate heal ends podman kernels)

main() {
	local suite

	sandbox_enter "$@"
	trap bail_out EXIT
	(($# == 0)) || SUITES=("$@")
	sandbox_require rclone fusermount3 busybox journalctl
	pod_install_hooks
	journal_start
	image_build_rootfs
	webdav_start
	for suite in "${SUITES[@]}"; do
		# shellcheck source=/dev/null
		. "$HERE/$suite.suite.sh"
		"suite_$suite"
	done
	FINISHED=1
	tap_finish
}

# A command outside of a test failed and `set -e` ends the run: say so, and do not end with a summary.
bail_out() {
	[[ -n ${FINISHED:-} || $$ -ne 1 ]] || printf 'Bail out! A step failed after test %d\n' "$(tap_count)"
}

main "$@"
