# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# The audit, read back field by field.

suite_journal() {
	for_each_runtime journal_of_a_pod
	for_each_runtime hook_works_without_journal
	for_each_runtime pod_without_annotation
}

journal_of_a_pod() {
	local entries

	start_pod directory
	start_sidecars "$ENGINE, journal"
	start_main "$ENGINE, journal"
	entries=$(entries_of "$PROVIDER_ZURG")
	check_identity "$entries"
	check_kinds "$entries"
	check_message_ids "$entries"
	check_consumer_entries
	pod_stop "$MAIN" KILL
	pod_stop "$PROVIDER_TORBOX"
	pod_stop "$PROVIDER_ZURG"
	test_that "$ENGINE: poststop is in the journal under its stage" \
		json_is "$(entries_of "$PROVIDER_ZURG" FUSE_SIDECAR_STAGE=poststop)" 'length > 0'
	test_that "$ENGINE: the kubelet can remove the volume" pod_remove_volume
}

# Every entry says whose it is.
check_identity() {
	local field value

	test_that "$ENGINE: there is more than one entry" json_is "$1" 'length > 1'
	while IFS='=' read -r field value; do
		test_that "$ENGINE: every entry has $field=$value" json_is "$1" \
			'all(.[]; .[$field] == $value)' --arg field "$field" --arg value "$value"
	done <<-EOT
		FUSE_SIDECAR_STAGE=prestart
		FUSE_SIDECAR_POD=$POD_NAME
		FUSE_SIDECAR_NAMESPACE=$POD_NAMESPACE
		FUSE_SIDECAR_POD_UID=$POD_UID
		FUSE_SIDECAR_CONTAINER=rclone-zurg
		CONTAINER_ID_FULL=$PROVIDER_ZURG
	EOT
	for field in MESSAGE MESSAGE_ID FUSE_SIDECAR_ACTION FUSE_SIDECAR_RESULT; do
		test_that "$ENGINE: every entry has a $field" json_is "$1" \
			'all(.[]; .[$field] | type == "string" and length > 0)' --arg field "$field"
	done
}

# What happened: the directory, the propagation, how long it took.
check_kinds() {
	local group

	group=$(awk -v root="$POD_VOLUME" '$5 == root' /proc/self/mountinfo | sed -n 's/.* shared:\([0-9]*\).*/\1/p')
	test_that "$ENGINE: the directory is there with its path in the container and on the host" json_is "$1" \
		'any(.[]; .FUSE_SIDECAR_PATH == "/mnt/media/zurg" and .FUSE_SIDECAR_HOST_PATH == $host)' \
		--arg host "$POD_VOLUME/zurg"
	test_that "$ENGINE: the volume's peer group is there, and true" json_is "$1" \
		'any(.[]; .FUSE_SIDECAR_PEER_GROUP == $group)' --arg group "${group:-none}"
	test_that "$ENGINE: the time it took is there, in microseconds" json_is "$1" \
		'any(.[]; .FUSE_SIDECAR_DURATION_USEC // "" | test("^[0-9]+$"))'
	test_that "$ENGINE: several kinds of entry are there, each with its own MESSAGE_ID" json_is "$1" \
		'group_by(.MESSAGE_ID) | length >= 4
			and all(.[]; map(.FUSE_SIDECAR_ACTION) | unique | length == 1)'
}

check_message_ids() {
	local id

	for id in $(jq -r 'map(.MESSAGE_ID) | unique[]' <<<"$1"); do
		test_that "$ENGINE: MESSAGE_ID $id is in the catalog" journal_id_is_known "$id"
	done
}

check_consumer_entries() {
	local entries

	entries=$(entries_of "$MAIN")
	test_that "$ENGINE: the consumer's entries name it" json_is "$entries" \
		'length > 0 and all(.[]; .FUSE_SIDECAR_CONTAINER == "plex")'
	test_that "$ENGINE: and no directory was made for it" json_is "$entries" \
		'all(.[]; .FUSE_SIDECAR_ACTION | test("director") | not)'
}

# No journald: stderr, and the hook still works.
hook_works_without_journal() {
	mv /run/systemd/journal/socket /run/systemd/journal/socket.away
	start_pod directory
	test_that "$ENGINE: without a journal the sidecar is created and started" pod_run_shown rclone-zurg 0
	test_that "$ENGINE: and its FUSE mount reaches the host" wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg"
	pod_stop "$CONTAINER_ID"
	mv /run/systemd/journal/socket.away /run/systemd/journal/socket
	test_that "$ENGINE: the kubelet can remove the volume" pod_remove_volume
}

# CRI-O would not even call the hook; called anyway, it does nothing.
pod_without_annotation() {
	local before

	start_pod directory
	before=$(volume_state)
	test_that "$ENGINE: a container without the annotation is created" \
		pod_run_shown plex 0 'del(.annotations["fuse-sidecar.io/mounts"], .annotations["fuse-sidecar.io/wait"])'
	test_that "$ENGINE: the hook did nothing to its volume" same "$(volume_state)" "$before"
	test_that "$ENGINE: and recorded nothing" not test -e "$POD_RECORD"
	test_that "$ENGINE: and wrote nothing to the journal" json_is "$(entries_of "$CONTAINER_ID")" 'length == 0'
	pod_stop "$CONTAINER_ID" KILL
	test_that "$ENGINE: the kubelet can remove the volume" pod_remove_volume
}
