#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `sudo make demo`: the Plex pod of the reference, run through podman and runc with the project's own
# hooks.d files, on a volume whose mount starts out private and without an init container; a sidecar
# that crashes and heals; and a pod whose main container comes before its sidecars. Shows what the hook
# did and checks each claim; the first that does not hold ends the demo with status 1.
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
# shellcheck source=tests/demo/tell.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/tell.sh"

# ---- the parts -----------------------------------------------------------------------------------

main() {
	sandbox_enter "$@"
	sandbox_require podman runc conmon rclone fusermount3 journalctl
	local started=$SECONDS

	prepare_node
	a_pod_runs
	a_sidecar_crashes_and_heals
	end_pod plex-0 rclone-torbox-0 rclone-zurg-1
	the_main_container_comes_first
	end_pod plex-1 rclone-torbox-0 rclone-zurg-0
	the_sidecars_have_a_volume_each
	end_pod plex-0 rclone-torbox-0 rclone-zurg-0
	nothing_is_left
	heading "All of it happened, in $((SECONDS - started)) s, and nothing is left behind."
}

a_pod_runs() {
	prepare_pod
	start_sidecar rclone-zurg zurg pod_podman_zurg
	start_sidecar rclone-torbox torbox pod_podman_torbox
	start_main
	show_topology
	show_media
	show_symlink
	show_record_inside
	show_journal
}

prepare_node() {
	heading "A node: container image, journal and two clouds, in private namespaces"
	pod_install_hooks
	pod_podman_delete_late
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
	show_hook_actions "$1-0"
	claim "the volume's mount is shared now" same "$(pod_propagation "$POD_VOLUME")" shared
	claim "the directory $2 was made for it" test -d "$POD_VOLUME/$2"
}

start_main() {
	heading "Main container plex"
	claim "podman and runc start it, hook and all" pod_podman_main 0
	show_hook_actions plex-0
	claim "the hook held it until both mounts were live: $(gate_milliseconds plex-0) ms" \
		both_mounts_are_live
	claim "it runs as uid 1000" same "$(in_plex id -u)" 1000
	claim "and without any capability" same "$(in_plex sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" \
		0000000000000000
}

in_plex() {
	pod_podman exec plex-0 "$@"
}

both_mounts_are_live() {
	pod_mount_is_live "$POD_VOLUME/zurg" && pod_mount_is_live "$POD_VOLUME/torbox"
}

# How long the creation of container $1 waited at the gate, as the journal has it.
gate_milliseconds() {
	entries_of "$1" FUSE_SIDECAR_ACTION=gate-opened |
		jq 'last | .FUSE_SIDECAR_DURATION_USEC | tonumber / 1000 | round'
}

# The journal's entries of podman's container $1; more matches may follow.
entries_of() {
	journal_json "CONTAINER_ID_FULL=$(pod_podman inspect --format '{{.Id}}' "$1")" "${@:2}"
}

# What the hook said that it did for podman's container $1, from the journal.
show_hook_actions() {
	local entries

	entries=$(entries_of "$1")
	note "the hook, from the journal:"
	jq -r '.[] | .MESSAGE' <<<"$entries" | quote
	claim "the journal says what the hook did for $1" json_is "$entries" 'length > 0'
	claim "and that nothing was denied" json_is "$entries" 'all(.[]; .FUSE_SIDECAR_RESULT | test("^(den|fail|error|refus)") | not)'
}

show_topology() {
	local tree word

	heading "The topology: fuse-sidecar status"
	tree=$("$TOOL" status "$POD_NAME") || claim "fuse-sidecar status works" false
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

# ---- a sidecar crashes -----------------------------------------------------------------------------

a_sidecar_crashes_and_heals() {
	local plex_pid

	plex_pid=$(pid_of plex-0)
	crash_zurg
	start_next_zurg
	heading "The main container, which nobody has restarted"
	claim "plex has its 300 files of Zurg again" \
		same "$(in_plex find /mnt/media/zurg -type f | wc -l)" 300
	claim "it is the same process as before, pid $plex_pid" same "$(pid_of plex-0)" "$plex_pid"
	remove_old_zurg
	show_heals
}

pid_of() {
	pod_podman inspect --format '{{.State.Pid}}' "$1"
}

crash_zurg() {
	local pid

	heading "rclone-zurg crashes: kill -9"
	pid=$(pid_of rclone-zurg-0)
	kill -KILL "$pid"
	claim "its process is gone" wait_until 5 not kill -0 "$pid"
	note "podman exec plex ls /mnt/media/zurg"
	{ in_plex ls /mnt/media/zurg 2>&1 || :; } | quote
	claim "plex gets ENOTCONN from the mount that is left" \
		contains "$(in_plex ls /mnt/media/zurg 2>&1)" "not connected"
	claim "torbox goes on" same "$(in_plex find /mnt/media/torbox -type f | wc -l)" 300
	show_path zurg
	claim "status says that the mount is dead" contains "$(status_of zurg)" ": dead since"
}

# The line of status about the path of remote $1.
status_of() {
	"$TOOL" status "$POD_NAME" | grep -F "/mnt/media/$1:"
}

show_path() {
	note "fuse-sidecar status, about /mnt/media/$1"
	status_of "$1" | sed 's/^[^/]*//' | quote
}

start_next_zurg() {
	heading "The kubelet makes the next instance of rclone-zurg: a new container, restartCount 1"
	claim "podman and runc start it, hook and all" pod_podman_zurg 1
	show_hook_actions rclone-zurg-1
	claim "the hook detached the dead mount, on which rclone would have refused to mount" \
		json_is "$(entries_of rclone-zurg-1)" 'any(.[]; .FUSE_SIDECAR_CODE == "mount-stale")'
	claim "rclone's new mount is live" wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg"
}

# poststop of instance 0 comes when instance 1 has long been up.
remove_old_zurg() {
	heading "The kubelet removes the crashed container: its poststop is late"
	claim "podman removes it" pod_podman rm rclone-zurg-0
	claim "the mount of instance 1 is live all the same" pod_mount_is_live "$POD_VOLUME/zurg"
	# shellcheck disable=SC2016 # jq's variable
	claim "and the record is that of instance 1" \
		json_is "$(<"$POD_RECORD/topology.json")" \
		'.containers[] | select(.name == "rclone-zurg") | .id == $id' \
		--arg id "$(pod_podman inspect --format '{{.Id}}' rclone-zurg-1)"
}

show_heals() {
	heading "The topology after it: fuse-sidecar status"
	"$TOOL" status "$POD_NAME" | quote
	claim "it counts the instances and heals of zurg" contains "$(status_of zurg)" "instance 2, healed at"
}

# ---- the main container first ----------------------------------------------------------------------

the_main_container_comes_first() {
	heading "Another pod, whose main container is listed before its sidecars"
	pod_begin
	pod_make_volume directory private
	pod_make_secrets
	refuse_first_main
	heading "Then its sidecars; Zurg mounts when plex has waited for two seconds"
	POD_PODMAN_AWAITS=mount-now claim "rclone-zurg is started" pod_podman_zurg 0
	claim "rclone-torbox is started" pod_podman_torbox 0
	claim "Zurg is not mounted yet" not pod_mount_is_live "$POD_VOLUME/zurg"
	start_second_main
}

refuse_first_main() {
	local output status=0

	output=$(pod_podman_main 0 2>&1) || status=$?
	note "what the user sees of it:"
	quote <<<"$output"
	claim "podman fails" test "$status" -ne 0
	claim "the hook refused plex with exit code 17: no provider of its mounts has been created" \
		contains "$output" "exit status 17"
	claim "plex has not run" same "$(pid_of plex-0)" 0
	pod_podman rm plex-0 >/dev/null
}

# The hook records plex-1 and lets it wait then.
plex_is_recorded() {
	jq -e '.containers[] | select(.name == "plex" and .restartCount == 1)' "$POD_RECORD/topology.json"
}

let_zurg_mount() {
	wait_until 60 plex_is_recorded >/dev/null
	sleep 2
	touch "$POD_DIR/volumes/kubernetes.io~secret/rclone-zurg-config/mount-now"
}

# The kubelet tries again, with the next instance.
start_second_main() {
	local waited

	heading "The kubelet tries plex again"
	let_zurg_mount &
	claim "podman and runc start it, hook and all" pod_podman_main 1
	show_hook_actions plex-1
	waited=$(gate_milliseconds plex-1)
	claim "the hook held it until the mounts were live: $waited ms" test "$waited" -ge 200
	claim "the first thing that plex can see is 300 files of Zurg" \
		same "$(pod_podman exec plex-1 find /mnt/media/zurg -type f | wc -l)" 300
}

# ---- two volumes -----------------------------------------------------------------------------------

# Each is /mnt/media for its sidecar; plex has both.
the_sidecars_have_a_volume_each() {
	local second

	heading "A third pod, whose sidecars have a volume each"
	pod_begin
	pod_make_volume directory private
	pod_make_secrets
	second=$POD_DIR/volumes/kubernetes.io~nfs/torrents-pv
	mkdir "$second"
	claim "rclone-zurg is started, with the one" pod_podman_zurg 0
	POD_VOLUME=$second claim "rclone-torbox is started, with the other" pod_podman_torbox 0
	claim "plex is started, with both" pod_podman_main 0 --volume "$second:/mnt/torrents:rw,rbind,rslave"
	claim "300 files of Zurg are in the one" \
		same "$(in_plex find /mnt/media/zurg -type f | wc -l)" 300
	claim "300 files of TorBox are in the other" \
		same "$(in_plex find /mnt/torrents/torbox -type f | wc -l)" 300
}

# ---- the end ---------------------------------------------------------------------------------------

# The arguments are the pod's containers.
end_pod() {
	local name

	heading "The end of the pod"
	for name; do
		# busybox's sleep, as pid 1, does not hear TERM.
		pod_podman stop --time "$([[ $name == plex-* ]] && echo 0 || echo 5)" "$name" >/dev/null 2>&1
		pod_podman rm "$name" >/dev/null
	done
	claim "the record of the pod is gone" not test -e "$POD_RECORD"
	claim "no FUSE mount is left" not grep -F fuse.rclone /proc/self/mountinfo
	claim "the kubelet can unmount and remove the volume" pod_remove_volume
}

nothing_is_left() {
	local output

	heading "What is left on the node: fuse-sidecar-hook reconcile --dry-run, fuse-sidecar status"
	output=$("$HOOK" reconcile --dry-run && "$TOOL" status) || claim "both work" false
	quote <<<"$output"
	claim "there is nothing to clean up" contains "$output" "0 pods would be removed, 0 alive, 0 failed"
	claim "and no record" contains "$output" "no pod is recorded on this node"
	# Whose turn it is to ask a mount is in one file, which stays.
	claim "nor a lock file" same "$(find /run/fuse-sidecar-hook -type f ! -name probes)" ""
}

main "$@"
