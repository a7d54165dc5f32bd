# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The directories that an init container made before.

suite_directories() {
	for_each_runtime directory_defaults
	for_each_runtime directory_annotations
	for_each_runtime directory_exists
	for_each_runtime directory_of_plain_user
}

# Run sidecar zurg, its config changed by the jq filter $1, in a pod of its own, check with the command
# that follows the test's name $2, and end the pod.
with_sidecar() {
	local filter=$1 name=$2

	shift 2
	test_that "$name: the container is created" pod_run_shown rclone-zurg 0 "$filter"
	test_that "$name" "$@"
	pod_stop "$CONTAINER_ID" KILL
	# rclone was killed; its dead mount is not the matter here.
	umount -l "$POD_VOLUME/zurg" 2>/dev/null || :
	test_that "$name: the kubelet can remove the volume" pod_remove_volume
}

# Looked at before rclone has mounted over it: the command sleeps instead.
SLEEP='.process.args = ["sleep", "100"]'

directory_defaults() {
	start_pod directory
	with_sidecar "$SLEEP" "$ENGINE: a directory is 0755 and root's by default" \
		is_directory_of "$POD_VOLUME/zurg" 755 0:0
}

directory_annotations() {
	start_pod directory
	with_sidecar "$SLEEP | .annotations[\"fuse-sidecar.io/dir-mode\"] = \"0750\"
		| .annotations[\"fuse-sidecar.io/dir-owner\"] = \"1000:1001\"" \
		"$ENGINE: dir-mode and dir-owner are followed, whatever the umask" \
		is_directory_of "$POD_VOLUME/zurg" 750 1000:1001
}

directory_exists() {
	start_pod directory
	mkdir -m 700 "$POD_VOLUME/zurg"
	chown 7:8 "$POD_VOLUME/zurg"
	with_sidecar "$SLEEP" "$ENGINE: a directory that is there keeps its mode and owner" \
		is_directory_of "$POD_VOLUME/zurg" 700 7:8
}

directory_of_plain_user() {
	start_pod directory
	chown 1000:1000 "$POD_VOLUME"
	with_sidecar "$SLEEP | .process.user = {uid: 1000, gid: 1000}" \
		"$ENGINE: a directory belongs to the provider's user" \
		is_directory_of "$POD_VOLUME/zurg" 755 1000:1000
}
