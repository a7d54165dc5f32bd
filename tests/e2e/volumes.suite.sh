# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A pod whose sidecars have a volume each: no container but the main one mounts both.

suite_volumes() {
	for_each_runtime pod_of_two_volumes directory
	E2E_RUNTIMES=crun for_each_runtime pod_of_two_volumes mountpoint
}

pod_of_two_volumes() {
	local name="$ENGINE, two volumes, each a $1" late

	start_pod "$1"
	make_second_volume "$1"
	start_sidecars_apart "$name"
	start_consumers "$name"
	pod_kill "$PROVIDER_ZURG" KILL
	late=$PROVIDER_ZURG
	test_that "$name: zurg's next instance heals its volume" \
		restart_provider rclone-zurg 1 "$(two_volumes)"
	test_that "$name: and plex sees it again" sees_media "$MAIN" zurg
	test_that "$name: torbox went on" sees_torrents "$MAIN"
	pod_delete "$late"
	end_pod_of_two "$name"
}

make_second_volume() {
	SECOND_VOLUME=$POD_DIR/volumes/kubernetes.io~nfs/torrents-pv
	mkdir -p "$SECOND_VOLUME"
	[[ $1 == mountpoint ]] || return 0
	mount -t tmpfs -o mode=755 torrents "$SECOND_VOLUME"
	mount --make-private "$SECOND_VOLUME"
}

# jq filters for a container's config: what all have, and what each has of the second volume.
two_volumes() {
	printf '.annotations["fuse-sidecar.io/mounts"] =
		"rclone-zurg=/mnt/media/zurg, rclone-torbox=/mnt/torrents/torbox"'
}

# Its volume is the second one, and that alone.
with_second_volume() {
	printf '%s | .mounts |= map(if .destination == "/mnt/media"
			then .destination = "/mnt/torrents" | .source = "%s" else . end)
		| .process.args |= map(if . == "/mnt/media/torbox"
			then "/mnt/torrents/torbox" else . end)' "$(two_volumes)" "$SECOND_VOLUME"
}

with_both_volumes() {
	printf '%s | .mounts += [.mounts[] | select(.destination == "/mnt/media")
		| .destination = "/mnt/torrents" | .source = "%s"]' "$(two_volumes)" "$SECOND_VOLUME"
}

start_sidecars_apart() {
	test_that "$1: the first sidecar is created and started" \
		pod_run_shown rclone-zurg 0 "$(two_volumes)"
	PROVIDER_ZURG=$CONTAINER_ID
	test_that "$1: its FUSE mount reaches the host" wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg"
	test_that "$1: the second sidecar is created and started" \
		pod_run_shown rclone-torbox 0 "$(with_second_volume)"
	PROVIDER_TORBOX=$CONTAINER_ID
	test_that "$1: its FUSE mount reaches the host too" \
		wait_until 15 pod_mount_is_live "$SECOND_VOLUME/torbox"
}

# One has the second volume alone, one has both.
start_consumers() {
	test_that "$1: a container with the second volume alone is created and started" \
		pod_run_shown plex 0 "$(with_second_volume)"
	SECOND_MAIN=$CONTAINER_ID
	test_that "$1: and sees its mount" sees_torrents "$SECOND_MAIN"
	pod_stop "$SECOND_MAIN" KILL
	test_that "$1: plex, with both, is created and started" \
		pod_run_shown plex 1 "$(with_both_volumes)"
	MAIN=$CONTAINER_ID
	test_that "$1: it sees the mount of the first volume" sees_media "$MAIN" zurg
	test_that "$1: and that of the second" sees_torrents "$MAIN"
}

sees_torrents() {
	same "$(count_files "$1" /mnt/torrents/torbox)" "$MEDIA_FILES"
}

end_pod_of_two() {
	pod_stop "$MAIN" KILL
	pod_stop "$PROVIDER_TORBOX"
	pod_stop "$PROVIDER_ZURG"
	test_that "$1: no bind of the second volume is left but its own mount" \
		same "$(findmnt -nr -o TARGET | grep -cFx "$SECOND_VOLUME" || :)" \
		"$([[ $1 == *mountpoint ]] && echo 1 || echo 0)"
	umount "$SECOND_VOLUME" 2>/dev/null || :
	end_pod "$1"
}
