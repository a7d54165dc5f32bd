# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# The same pod through podman, which finds the hook by the project's own hooks.d files.

suite_podman() {
	local command

	for command in podman conmon runc; do
		command -v "$command" >/dev/null && continue
		tap_skip "podman: the pod" "$command is not installed"
		return
	done
	sandbox_cgroups auto
	image_import
	podman_pod
	podman_denial
	podman_patterns
}

podman_pod() {
	local record

	start_pod mountpoint
	test_that "podman: rclone-zurg starts" pod_podman_zurg 0
	test_that "podman: its FUSE mount reaches the host" wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg"
	test_that "podman: rclone-torbox starts" pod_podman_torbox 0
	test_that "podman: its FUSE mount reaches the host too" wait_until 15 pod_mount_is_live "$POD_VOLUME/torbox"
	test_that "podman: the first one's mount is still there" pod_mount_is_live "$POD_VOLUME/zurg"
	test_that "podman: plex starts" pod_podman_main 0
	test_that "podman: plex sees the files of zurg" podman_sees_media zurg
	test_that "podman: plex sees the files of torbox" podman_sees_media torbox
	record=$(pod_podman exec plex-0 cat /run/fuse-sidecar/topology.json || echo null)
	test_that "podman: plex reads the topology, all three containers in it" \
		json_is "$record" '[.containers[].name] | sort == ["plex", "rclone-torbox", "rclone-zurg"]'
	test_that "podman: the container's name and pod are those of CRI-O's keys" \
		json_is "$(journal_json "FUSE_SIDECAR_POD_UID=$POD_UID" FUSE_SIDECAR_CONTAINER=rclone-zurg)" \
		'length > 0 and all(.[]; .FUSE_SIDECAR_POD == $pod)' --arg pod "$POD_NAME"
	podman_end plex-0 rclone-torbox-0 rclone-zurg-0
	test_that "podman: the record goes with the last container" not test -e "$POD_RECORD"
	test_that "podman: the kubelet can remove the volume" pod_remove_volume
	test_that "podman: nothing is left behind" same "$(world)" "$WORLD_BEFORE"
}

podman_sees_media() {
	same "$(pod_podman exec plex-0 find "/mnt/media/$1" -type f | wc -l)" "$MEDIA_FILES"
}

podman_end() {
	local name

	for name; do
		pod_podman stop --time "$([[ $name == plex* ]] && echo 0 || echo 5)" "$name" >/dev/null 2>&1
		pod_podman rm "$name" >/dev/null
	done
	# conmon outlives its container for a moment.
	wait_until 5 not pgrep conmon >/dev/null || :
}

podman_denial() {
	local output

	start_pod mountpoint
	output=$(POD_MOUNTS=rclone-zurg=/mnt/media pod_podman_zurg 0 2>&1 || :)
	test_that "podman: a refusal shows the exit code" contains "$output" "exit status 10"
	test_that "podman: and the finding" contains "$output" mountpoint-is-volume-root
	pod_podman rm --force rclone-zurg-0 >/dev/null
	test_that "podman: the kubelet can remove the volume" pod_remove_volume
}

# The patterns of hooks.d are not anchored by themselves, and a dot matches anything.
podman_patterns() {
	pod_begin
	test_that "podman: the annotation brings in the hook" same "$(hooks_of fuse-sidecar.io/mounts=a=/b)" 1
	test_that "podman: a longer key does not" same "$(hooks_of fuse-sidecar.io/mountsx=a=/b)" 0
	test_that "podman: a key that only ends in it does not" same "$(hooks_of x/fuse-sidecar.io/mounts=a=/b)" 0
	test_that "podman: nor one that has another sign for a dot" same "$(hooks_of fuse-sidecarxio/mounts=a=/b)" 0
}

# The number of prestart hooks that podman writes for a container with annotation $1; 5 writes them as
# createRuntime. `true` ends at once; a container that the hook refuses has its config.json written as well.
hooks_of() {
	local config

	pod_podman run --name patterns --network none --annotation "$1" "$IMAGE" true >/dev/null 2>&1 || :
	config=$(pod_podman inspect --format '{{.OCIConfigPath}}' patterns)
	jq '[.hooks.prestart[]?, .hooks.createRuntime[]? | select(.args[1] == "prestart")] | length' "$config"
	pod_podman rm --force patterns >/dev/null
}
