# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# The main job: a volume that starts private, no init container, two sidecars, one consumer.

suite_pod() {
	for_each_runtime pod_lives_and_ends directory
	for_each_runtime pod_lives_and_ends mountpoint
}

pod_lives_and_ends() {
	local name="$ENGINE, volume a $1"

	start_pod "$1"
	test_that "$name: it starts out private" same "$(pod_propagation "$POD_VOLUME")" private
	start_sidecars "$name"
	test_that "$name: it is a shared mount now" volume_is_shared_mountpoint
	test_that "$name: the second sidecar sees the first one's files" sees_media "$PROVIDER_TORBOX" zurg
	start_main "$name"
	check_consumer "$name"
	check_exposure "$name"
	check_record "$name"
	check_status "$name"
	check_next_instances "$name"
	check_end "$name"
}

volume_is_shared_mountpoint() {
	mountpoint -q "$POD_VOLUME" || return
	same "$(findmnt -nr -o PROPAGATION --mountpoint "$POD_VOLUME")" shared
}

check_consumer() {
	local link=/mnt/media/stream/Shows/MyShow/S01E01.mkv

	test_that "$1: plex runs as uid 1000" same "$(pod_exec "$MAIN" id -u)" 1000
	test_that "$1: plex sees the files of zurg" sees_media "$MAIN" zurg
	test_that "$1: plex sees the files of torbox" sees_media "$MAIN" torbox
	test_that "$1: plex reads through a symlink into the mount" \
		same "$(pod_exec "$MAIN" cat "$link")" "torbox MyShow.S01E01"
	test_that "$1: a consumer's mount is a slave only" consumer_is_slave "$MAIN"
}

# Fields 7 and on, up to the "-", are the propagation.
consumer_is_slave() {
	local line

	line=$(pod_exec "$1" grep ' /mnt/media ' /proc/self/mountinfo | tail -n 1)
	contains "$line" master: && not contains "$line" shared:
}

check_exposure() {
	local file=/run/fuse-sidecar/topology.json

	test_that "$1: uid 1000 reads the topology in its container" \
		json_is "$(pod_exec "$MAIN" cat "$file")" \
		'.schema == "fuse-sidecar.io/topology/v1" and .pod.uid == $uid' --arg uid "$POD_UID"
	test_that_not "$1: uid 1000 cannot write it" pod_exec "$MAIN" sh -c "echo x >>$file"
	test_that_not "$1: root in a privileged sidecar cannot write it" \
		pod_exec_root "$PROVIDER_ZURG" sh -c "echo x >>$file"
	test_that_not "$1: nor put a file beside it" pod_exec_root "$PROVIDER_ZURG" touch "${file%/*}/x"
	test_that "$1: a container sees those that came after it" \
		contains "$(pod_exec "$PROVIDER_ZURG" cat "$file")" "$MAIN"
}

# What the record must say, whatever the names of its members: the containers by name, id and role; the
# host path; the providers; the edges.
check_record() {
	local record

	record=$(record || echo null)
	test_that "$1: the record has its schema and pod" json_is "$record" \
		'.schema == "fuse-sidecar.io/topology/v1" and .pod.name == $name and .pod.namespace == $ns and .pod.uid == $uid' \
		--arg name "$POD_NAME" --arg ns "$POD_NAMESPACE" --arg uid "$POD_UID"
	test_that "$1: it has the three containers, their ids and roles" json_is "$record" \
		'[.containers[] | "\(.name) \(.role) \(.id)"] | sort == $expected' --argjson expected \
		"$(jq -n --arg z "$PROVIDER_ZURG" --arg t "$PROVIDER_TORBOX" --arg p "$MAIN" \
			'["plex consumer " + $p, "rclone-torbox provider " + $t, "rclone-zurg provider " + $z]')"
	test_that "$1: it has the volume's host path" contains "$record" "$POD_VOLUME"
	test_that "$1: it has both FUSE paths" json_is "$record" \
		'[.. | strings] | index("/mnt/media/zurg") and index("/mnt/media/torbox")'
}

check_status() {
	local tree word

	tree=$("$TOOL" status "$POD_NAME" 2>&1 || :)
	for word in "$POD_NAME" "$POD_VOLUME" /mnt/media/zurg /mnt/media/torbox rclone-zurg rclone-torbox plex; do
		test_that "$1: status names $word" contains "$tree" "$word"
	done
	test_that "$1: status says that both mounts are live" says_live "$tree"
	test_that "$1: status --json is JSON and names the volume" \
		contains "$("$TOOL" status "$POD_NAME" --json | jq -c .)" "$POD_VOLUME"
}

says_live() {
	(($(grep -ow live <<<"$1" | wc -l) >= 2)) && not grep -wE 'absent|dead|hung' <<<"$1"
}

# The kubelet restarts a container by a new one of the same name.
check_next_instances() {
	local old=$MAIN

	pod_kill "$MAIN" KILL || :
	test_that "$1: plex's next instance is created and started" pod_run_shown plex 1
	MAIN=$CONTAINER_ID
	test_that "$1: it sees the files too" sees_media "$MAIN" zurg
	pod_delete "$old"
	test_that "$1: the late poststop of the old one leaves the record to the new one" \
		json_is "$(record)" '[.containers[] | select(.name == "plex") | .id] == [$id]' --arg id "$MAIN"
	pod_stop "$PROVIDER_ZURG"
	test_that "$1: rclone-zurg's next instance is created and started" pod_run_shown rclone-zurg 1
	PROVIDER_ZURG=$CONTAINER_ID
	test_that "$1: its FUSE mount reaches the host" wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg"
	test_that "$1: and the running plex, without a restart" sees_media "$MAIN" zurg
}

check_end() {
	pod_stop "$MAIN" KILL
	pod_stop "$PROVIDER_TORBOX"
	test_that "$1: the record stays while a container is left" test -e "$POD_RECORD/topology.json"
	pod_stop "$PROVIDER_ZURG"
	test_that "$1: the record goes with the last container" not test -e "$POD_RECORD"
	if [[ $1 == *directory ]]; then
		test_that "$1: and so does the bind that the hook made" not mountpoint -q "$POD_VOLUME"
	fi
	test_that "$1: the kubelet can remove the volume" pod_remove_volume
	test_that "$1: nothing is left behind" same "$(world)" "$WORLD_BEFORE"
}
