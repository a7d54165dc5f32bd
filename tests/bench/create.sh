#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/bench/create.sh (by `make bench`, as root)
#
# The hook's share of what a container's creation costs: `podman create` and `podman init` (which has
# runc create the container, hooks and all) of the Plex pod's main container, in turn with no hooks,
# with our hooks.d files for a no-op (what any hook costs podman and runc), and with our hooks.d files.
# Its sidecars run and their mounts are live, so nothing waits.
#
# BENCH_CREATES (20) containers of each kind.
set -euo pipefail

LIB=$(dirname -- "${BASH_SOURCE[0]}")/../lib
# shellcheck source=tests/lib/sandbox.sh
. "$LIB/sandbox.sh"
# shellcheck source=tests/lib/tap.sh
. "$LIB/tap.sh"
# shellcheck source=tests/lib/image.sh
. "$LIB/image.sh"
# shellcheck source=tests/lib/journal.sh
. "$LIB/journal.sh"
# shellcheck source=tests/lib/pod.sh
. "$LIB/pod.sh"

NO_HOOKS=$SANDBOX_DIR/no-hooks
NOOP_HOOKS=$SANDBOX_DIR/noop-hooks
TIMES=$SANDBOX_DIR/times

prepare() {
	pod_install_hooks
	journal_start
	image_build_rootfs
	image_import
	webdav_start
	mkdir -p "$NO_HOOKS" "$NOOP_HOOKS"
	HOOK=${BUILD_DIR:-$TOP/build}/bench/noop HOOKS_D=$NOOP_HOOKS pod_install_hooks
	pod_podman_probe
	pod_begin
	pod_make_volume mountpoint shared
	pod_make_secrets
	pod_podman_zurg 0 >/dev/null
	wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg" || sandbox_die 'rclone-zurg does not mount'
	pod_podman_torbox 0 >/dev/null
	wait_until 15 pod_mount_is_live "$POD_VOLUME/torbox" || sandbox_die 'rclone-torbox does not mount'
}

microseconds() {
	printf '%s' "${EPOCHREALTIME/./}"
}

# measure LABEL DIRECTORY: one container with the hooks of DIRECTORY; a line "LABEL CREATE INIT".
measure() {
	local HOOKS_D=$2 began created ready

	began=$(microseconds)
	pod_podman create --name plex-0 --network host --user 1000:1000 --security-opt label=disable \
		"${POD_PODMAN_KEYS[@]}" "${POD_PODMAN_LIMITS[@]}" \
		--volume "$POD_VOLUME:/mnt/media:rw,rbind,rslave" "$IMAGE" sleep 3600 >/dev/null
	created=$(microseconds)
	pod_podman init plex-0 >/dev/null
	ready=$(microseconds)
	# Not timed, but the hook's as well: without poststop the record would keep the container.
	pod_podman rm --force --time 0 plex-0 >/dev/null
	printf '%s %s %s\n' "$1" "$((created - began))" "$((ready - created))" >>"$TIMES"
}

report() {
	jq -Rrs '
		def median: sort | .[length / 2 | floor];
		def ms: . / 1000 * 10 | round / 10;
		[split("\n")[] | select(. != "") | split(" ") |
			{label: .[0], create: .[1] | tonumber, init: .[2] | tonumber}] |
		group_by(.label) | map({key: .[0].label, value: {n: length,
			create: map(.create) | median, init: map(.init) | median}}) | from_entries |
		(.hook.create + .hook.init) as $all |
		def share: "\(ms) ms, \(. / $all * 1000 | round / 10) %";
		"\tpodman create ms\tpodman init ms",
		"no hooks\t\(.none.create | ms)\t\(.none.init | ms)",
		"a no-op\t\(.noop.create | ms)\t\(.noop.init | ms)",
		"the hook\t\(.hook.create | ms)\t\(.hook.init | ms)",
		"",
		"containers: \(.hook.n) of each, medians",
		"of create and init, any hook: \(.noop.init - .none.init | share)",
		"of create and init, ours more than that: \(.hook.init - .noop.init | share)"
	' "$TIMES" | column -t -s $'\t' -L
}

main() {
	local i

	sandbox_enter "$@"
	sandbox_require podman runc conmon rclone fusermount3
	prepare
	pod_podman_keys plex 0
	pod_podman_limits 1g 1
	measure warm-up "$HOOKS_D"
	for ((i = 0; i < ${BENCH_CREATES:-20}; i++)); do
		measure none "$NO_HOOKS"
		measure noop "$NOOP_HOOKS"
		measure hook "$HOOKS_D"
	done
	report
}

main "$@"
