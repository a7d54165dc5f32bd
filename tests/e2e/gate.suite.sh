# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# A consumer's creation waits until the mounts are live, and never in vain.

# Seconds that a refusal "at once" may take on a busy machine; less than the wait of 30 s by far.
AT_ONCE=10

suite_gate() {
	for_each_runtime provider_is_slow
	for_each_runtime provider_dies_during_the_gate
	for_each_runtime provider_hangs
	for_each_runtime one_of_two_is_dead
	for_each_runtime consumer_comes_first
}

# Start the creation of plex, instance $1, in the background; $2: a jq filter for its config.
begin_main() {
	pod_make_bundle plex "$1" "${2:-.}"
	MAIN=$CONTAINER_ID
	pod_create_made &
	CREATION=$!
}

main_is_waiting() {
	[[ $(record | jq -r '.containers[] | select(.name == "plex") | .status') == waiting ]]
}

finish_creation() {
	wait "$CREATION" && return
	cat "$CONTAINER_LOG"
	return 1
}

# Pass when the journal has entry $2 (action) of container $1 for which the jq condition $3 holds.
journal_has() {
	json_is "$(entries_of "$1" "FUSE_SIDECAR_ACTION=$2")" "any(.[]; $3)"
}

# Pass when the creation of plex, instance $1 (jq filter $5), fails with exit code $2 and finding $3 about
# path $4.
main_is_refused() {
	not pod_create plex "$1" "${5:-.}" || return
	MAIN=$CONTAINER_ID
	shows_exit_code "$2" || return
	journal_has "$MAIN" gate-refused ".FUSE_SIDECAR_CODE == \"$3\" and .FUSE_SIDECAR_PATH == \"$4\""
}

# The same, at once.
main_is_refused_at_once() {
	local began

	began=$(now_usec)
	main_is_refused "$@" || return
	(($(seconds_since "$began") < AT_ONCE))
}

# It mounts when the test lets it: a time would be too short on a busy machine.
provider_is_slow() {
	local name="$ENGINE: a slow provider"

	start_pod directory
	test_that "$name: it is created" pod_run_shown rclone-zurg 0 \
		'.process.args |= ["sh", "-c",
			"until [ -e /mnt/media/go ]; do sleep 0.1; done; exec \"$@\"", "sh"] + .'
	PROVIDER_ZURG=$CONTAINER_ID
	test_that "$name: so is the other one" restart_provider rclone-torbox 0
	begin_main 0
	test_that "$name: plex waits for it" wait_until 5 main_is_waiting
	test_that "$name: the mount is not there yet" not pod_mount_is_live "$POD_VOLUME/zurg"
	sleep 0.2
	touch "$POD_VOLUME/go"
	test_that "$name: then plex is created" finish_creation
	test_that "$name: the mount is live by then" pod_mount_is_live "$POD_VOLUME/zurg"
	pod_runtime start "$MAIN"
	test_that "$name: plex sees its files" sees_media "$MAIN" zurg
	test_that "$name: the journal tells how long plex has waited" \
		journal_has "$MAIN" gate-opened '.FUSE_SIDECAR_DURATION_USEC | tonumber > 100000'
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
}

provider_dies_during_the_gate() {
	local name="$ENGINE: a provider that dies while plex waits" began

	start_pod directory
	test_that "$name: one that never mounts is created" pod_run_shown rclone-zurg 0 \
		'.process.args = ["sleep", "600"]'
	PROVIDER_ZURG=$CONTAINER_ID
	test_that "$name: so is the other one" restart_provider rclone-torbox 0
	begin_main 0
	test_that "$name: plex waits for it" wait_until 10 main_is_waiting
	began=$(now_usec)
	pod_runtime kill "$PROVIDER_ZURG" KILL
	test_that_not "$name: plex is refused" wait "$CREATION"
	test_that "$name: at once" test "$(seconds_since "$began")" -lt "$AT_ONCE"
	test_that "$name: with 17" shows_exit_code 17
	test_that "$name: the journal says why" journal_has "$MAIN" gate-refused \
		'.FUSE_SIDECAR_CODE == "provider-dead" and .FUSE_SIDECAR_PATH == "/mnt/media/zurg"'
	pod_delete "$MAIN"
	pod_delete "$PROVIDER_ZURG"
	test_that "$name: the provider is restarted" restart_provider rclone-zurg 1
	test_that "$name: plex is created then" pod_run_shown plex 1
	MAIN=$CONTAINER_ID
	test_that "$name: and sees its files" sees_media "$MAIN" zurg
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
}

status_says() {
	contains "$("$TOOL" status "$POD_NAME")" "$1"
}

provider_hangs() {
	local name="$ENGINE: a provider that hangs" wait='.annotations["fuse-sidecar.io/wait"] = "3s"'

	start_pod directory
	start_sidecars "$name"
	pod_runtime kill "$PROVIDER_ZURG" STOP
	# Its threads stop one after the other, and one of them may answer yet.
	test_that "$name: status says so" wait_until 10 status_says "/mnt/media/zurg: hung"
	test_that "$name: plex is refused with 16" \
		main_is_refused 0 16 gate-timeout /mnt/media/zurg "$wait"
	test_that "$name: after the wait that the annotation allows" journal_has "$MAIN" gate-refused \
		'.FUSE_SIDECAR_DURATION_USEC | tonumber | . >= 3000000 and . < 20000000'
	test_that "$name: because its mount does not answer" journal_has "$MAIN" gate-refused \
		'.MESSAGE | contains("does not answer")'
	pod_runtime kill "$PROVIDER_ZURG" CONT
	pod_delete "$MAIN"
	test_that "$name: its mount was not touched" wait_until 5 pod_mount_is_live "$POD_VOLUME/zurg"
	test_that "$name: plex is created when it answers again" pod_run_shown plex 1 "$wait"
	MAIN=$CONTAINER_ID
	test_that "$name: and sees its files" sees_media "$MAIN" zurg
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
}

one_of_two_is_dead() {
	local name="$ENGINE: two providers, one of them dead" old

	start_pod mountpoint
	start_sidecars "$name"
	pod_kill "$PROVIDER_TORBOX" KILL
	test_that "$name: plex is refused with 17 at once" \
		main_is_refused_at_once 0 17 provider-dead /mnt/media/torbox
	pod_delete "$MAIN"
	old=$PROVIDER_TORBOX
	test_that "$name: the next instance mounts" restart_provider rclone-torbox 1
	pod_delete "$old"
	test_that "$name: the late poststop of the dead one does not touch its mount" \
		pod_mount_is_live "$POD_VOLUME/torbox"
	test_that "$name: plex is created then" pod_run_shown plex 1
	MAIN=$CONTAINER_ID
	test_that "$name: and sees the files of both" sees_both "$MAIN"
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
}

sees_both() {
	sees_media "$1" zurg && sees_media "$1" torbox
}

consumer_comes_first() {
	local name="$ENGINE: plex before its sidecars"

	start_pod directory
	test_that "$name: it is refused with 17 at once" \
		main_is_refused_at_once 0 17 provider-not-started /mnt/media/zurg
	if [[ $ENGINE == runc ]]; then
		test_that "$name: the user reads what to do" \
			contains "$(<"$CONTAINER_LOG")" "list the sidecar before this container"
	fi
	pod_delete "$MAIN"
	start_sidecars "$name"
	test_that "$name: its next instance is created" pod_run_shown plex 1
	MAIN=$CONTAINER_ID
	test_that "$name: and sees the files of both" sees_both "$MAIN"
	test_that "$name: the refusal is forgotten in the record" json_is "$(record)" \
		'[.containers[] | select(.name == "plex") | .status, (.findings | length)] == ["created", 0]'
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
}
