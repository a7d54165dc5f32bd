#!/bin/bash
#
# `sudo make demo`: the Plex pod of the reference, run through podman and runc with the project's own
# hooks.d files, on a volume whose mount starts out private and without an init container. Shows what
# the hook did and checks each claim; the first that does not hold ends the demo with status 1.
#
# All of it happens in namespaces of its own and leaves nothing behind.

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

# ---- how it is told ------------------------------------------------------------------------------

BOLD='' GREEN='' RED='' DIM='' PLAIN=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
	BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' PLAIN=$'\e[0m'
fi

heading() {
	printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"
}

note() {
	printf '  %s\n' "$*"
}

# Show what is read from standard input, set apart from the demo's own words.
quote() {
	sed "s/^/    $DIM/; s/\$/$PLAIN/"
}

# Check the claim $1 by the command that follows; end the demo when it does not hold.
claim() {
	local what=$1 output

	shift
	if output=$("$@" 2>&1); then
		printf '  %sok%s  %s\n' "$GREEN" "$PLAIN" "$what"
		return
	fi
	printf '  %sFAILED%s  %s\n' "$RED" "$PLAIN" "$what" >&2
	printf '%s\n' "checked by: $*" "$output" | quote >&2
	show_logs >&2
	exit 1
}

# What helps to find out why.
show_logs() {
	local name

	for name in $(pod_podman ps --all --format '{{.Names}}'); do
		printf 'last lines of %s:\n' "$name"
		pod_podman logs --tail 5 "$name" 2>&1 | quote
	done
	printf 'last lines of the journal:\n'
	journal_show --lines 15 -o cat | quote
}

# ---- the parts -----------------------------------------------------------------------------------

main() {
	sandbox_enter "$@"
	sandbox_require podman runc conmon rclone fusermount3 journalctl
	local started=$SECONDS

	prepare_node
	prepare_pod
	start_sidecar rclone-zurg zurg pod_podman_zurg
	start_sidecar rclone-torbox torbox pod_podman_torbox
	start_main
	show_topology
	show_media
	show_symlink
	show_record_inside
	show_journal
	end_pod
	heading "All of it happened, in $((SECONDS - started)) s, and nothing is left behind."
}

prepare_node() {
	heading "A node: container image, journal and two clouds, in private namespaces"
	pod_install_hooks
	journal_start
	note "systemd-journald is running"
	image_build_rootfs
	image_import
	note "image $IMAGE made of this machine's rclone, fusermount3 and busybox"
	webdav_start
	note "WebDAV servers for Zurg and TorBox on loopback, 300 files each"
	if ! sandbox_has_controller memory || ! sandbox_has_controller cpu; then
		note "no memory or cpu controller can be used here: not all limits are set"
	fi
}

prepare_pod() {
	heading "The pod $POD_NAMESPACE/$POD_NAME"
	pod_begin
	pod_make_volume mountpoint private
	pod_make_secrets
	note "volume ${POD_VOLUME##*/volumes/}, on a mount that is $(pod_propagation "$POD_VOLUME")"
	claim "the volume has no zurg and no torbox directory, and there is no init container" \
		volume_is_bare
}

volume_is_bare() {
	[[ ! -e $POD_VOLUME/zurg && ! -e $POD_VOLUME/torbox ]]
}

# $1: container; $2: its remote; $3: the function that starts it.
start_sidecar() {
	heading "Sidecar $1"
	claim "podman and runc start it, hook and all" "$3" 0
	show_hook_actions "$1"
	claim "the volume's mount is shared now" same "$(pod_propagation "$POD_VOLUME")" shared
	claim "the directory $2 was made for it" test -d "$POD_VOLUME/$2"
	wait_for_mount "$2"
}

# The hook's own gate will hold the main container until the mounts are live; this goes away then.
wait_for_mount() {
	claim "rclone's mount /mnt/media/$1 has reached the host" \
		wait_until 15 pod_mount_is_live "$POD_VOLUME/$1"
}

start_main() {
	heading "Main container plex"
	claim "podman and runc start it, hook and all" pod_podman_main 0
	show_hook_actions plex
	claim "it runs as uid 1000" same "$(in_plex id -u)" 1000
	claim "and without any capability" same "$(in_plex sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" \
		0000000000000000
}

in_plex() {
	pod_podman exec plex-0 "$@"
}

# What the hook said that it did for container $1, from the journal.
show_hook_actions() {
	local entries

	entries=$(journal_json "FUSE_SIDECAR_POD_UID=$POD_UID" "FUSE_SIDECAR_CONTAINER=$1")
	note "the hook, from the journal:"
	jq -r '.[] | .MESSAGE' <<<"$entries" | quote
	claim "the journal says what the hook did for $1" json_is "$entries" 'length > 0'
	claim "and that nothing was denied" json_is "$entries" 'all(.[]; .FUSE_SIDECAR_RESULT | test("^(den|fail|error|refus)") | not)'
}

show_topology() {
	local tree word

	heading "The topology: fuse-sidecar-hook status"
	tree=$("$HOOK" status "$POD_NAME") || claim "fuse-sidecar-hook status works" false
	quote <<<"$tree"
	for word in "$POD_NAME" media-library-pv /mnt/media/zurg /mnt/media/torbox rclone-zurg rclone-torbox plex live; do
		claim "it names $word" contains "$tree" "$word"
	done
}

show_media() {
	heading "The media, as plex sees them"
	note "podman exec plex ls /mnt/media/zurg/__all__ /mnt/media/torbox/torrents"
	in_plex sh -c 'cd /mnt/media && ls -d zurg/__all__/* | head -n 3; echo …; ls torbox/torrents/*/* | head -n 3; echo …' | quote
	claim "300 files of Zurg" same "$(in_plex find /mnt/media/zurg -type f | wc -l)" 300
	claim "300 files of TorBox" same "$(in_plex find /mnt/media/torbox -type f | wc -l)" 300
	claim "and their data" same "$(in_plex cat '/mnt/media/zurg/__all__/Film 123 (2024)/Film 123 (2024).mkv')" "zurg film 123"
}

show_symlink() {
	local link=/mnt/media/stream/Shows/MyShow/S01E01.mkv

	heading "A symlink of the library that leads into a mount"
	note "$link"
	note "-> $(in_plex readlink "$link")"
	claim "plex reads the episode through it" same "$(in_plex cat "$link")" "torbox MyShow.S01E01"
}

show_record_inside() {
	local record

	heading "The same topology inside the containers: /run/fuse-sidecar/topology.json"
	record=$(in_plex cat /run/fuse-sidecar/topology.json) || claim "plex can read it" false
	claim "plex reads it as uid 1000" json_is "$record" '.schema == "fuse-sidecar.io/topology/v1"'
	claim "nobody in the pod can write it" not pod_podman exec rclone-zurg-0 sh -c 'echo x >/run/fuse-sidecar/topology.json'
}

show_journal() {
	local count

	heading "The audit: journalctl FUSE_SIDECAR_POD=$POD_NAME"
	journal_show -o short-iso --no-hostname "FUSE_SIDECAR_POD=$POD_NAME" | quote
	count=$(journal_json "FUSE_SIDECAR_POD=$POD_NAME" | jq 'map(.FUSE_SIDECAR_CONTAINER) | unique | length')
	claim "it has entries of all three containers" same "$count" 3
}

end_pod() {
	local name

	heading "The end of the pod"
	for name in plex-0 rclone-torbox-0 rclone-zurg-0; do
		# busybox's sleep, as pid 1, does not hear TERM.
		pod_podman stop --time "$([[ $name == plex-0 ]] && echo 0 || echo 5)" "$name" >/dev/null 2>&1
		pod_podman rm "$name" >/dev/null
	done
	claim "the record of the pod is gone" not test -e "$POD_RECORD"
	claim "no FUSE mount is left" not grep -F fuse.rclone /proc/self/mountinfo
	claim "the kubelet can unmount and remove the volume" pod_remove_volume
}

main "$@"
