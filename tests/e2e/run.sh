#!/bin/bash
#
# End to end: the Plex pod with real rclone on real mounts, under runc and crun from bundles as CRI-O
# writes them, and through podman's hooks.d engine, with a real journald. Needs root; everything happens
# in namespaces of its own.
#
#	tests/e2e/run.sh [SUITE…]	# pod directories deny journal podman; all without arguments
#
# FUSE_SIDECAR_HOOK and FUSE_SIDECAR_HOOKS_D name another hook and other hooks.d files than the tree's.

set -euo pipefail

HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
for file in sandbox tap image journal pod; do
	# shellcheck source=/dev/null
	. "$HERE/../lib/$file.sh"
done
# shellcheck source=tests/e2e/steps.sh
. "$HERE/steps.sh"

SUITES=(pod directories deny journal podman)

main() {
	local suite

	sandbox_enter "$@"
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

# A command outside of a test failed.
bail_out() {
	[[ -n ${FINISHED:-} ]] || printf 'Bail out! after test %d, near line %s\n' "$(tap_count)" "$1"
}

trap 'bail_out "${BASH_SOURCE[0]}:$LINENO"' ERR
set -E

main "$@"
