# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# However a pod ends, nothing of it stays on the node: by poststop where it comes, by reconcile where it
# does not.

PODS_AT_ONCE=10

suite_ends() {
	# Refused pods of other suites, whose volumes are gone.
	test_that "ends: reconcile removes what is left of earlier pods" reconcile_says "0 alive, 0 failed"
	for_each_runtime poststop_comes_twice
	for_each_runtime sidecars_are_killed
	for_each_runtime poststop_never_comes
	for_each_runtime creation_fails
	for_each_runtime pods_start_at_once
}

# Run the hook's poststop for container $1 by hand, with a state as the runtimes write it.
run_poststop() {
	local bundle=/run/containers/storage/overlay-containers/$1/userdata

	jq --arg id "$1" --arg bundle "$bundle" '{ociVersion: "1.0.2", id: $id, status: "stopped",
		bundle: $bundle, annotations}' "$bundle/config.json" | "$HOOK" poststop
}

poststop_comes_twice() {
	local name="$ENGINE: poststop twice"

	start_pod directory
	start_sidecars "$name"
	pod_kill "$PROVIDER_ZURG" KILL
	test_that "$name: once" run_poststop "$PROVIDER_ZURG"
	test_that "$name: it detaches the dead mount" not mountpoint -q "$POD_VOLUME/zurg"
	test_that "$name: and leaves the other provider in the record" json_is "$(record)" \
		'[.containers[].name] == ["rclone-torbox"]'
	pod_delete "$PROVIDER_ZURG"
	test_that "$name: the second time changes nothing" json_is "$(record)" \
		'[.containers[].name] == ["rclone-torbox"]'
	test_that "$name: nor is the live mount of the other touched" pod_mount_is_live "$POD_VOLUME/torbox"
	pod_stop "$PROVIDER_TORBOX" KILL
	test_that "$name: without a record it succeeds" run_poststop "$PROVIDER_TORBOX"
	test_that "$name: and makes no file" \
		same "$(find /run/fuse-sidecar-hook -mindepth 2 -name "*$POD_UID*")" ""
	end_pod "$name"
}

# Both mounts are dead when poststop comes, plex's too.
sidecars_are_killed() {
	local name="$ENGINE: all containers killed"

	start_pod mountpoint
	start_sidecars "$name"
	start_main "$name"
	pod_kill "$PROVIDER_ZURG" KILL
	pod_kill "$PROVIDER_TORBOX" KILL
	pod_kill "$MAIN" KILL
	test_that "$name: they leave two dead mounts" same "$(rclone_mounts)" 2
	pod_delete "$PROVIDER_ZURG"
	pod_delete "$PROVIDER_TORBOX"
	pod_delete "$MAIN"
	test_that "$name: poststop detaches them" same "$(rclone_mounts)" 0
	end_pod "$name"
}

# The number of rclone's mounts below the pod's volume on the host.
rclone_mounts() {
	findmnt -rn -t fuse.rclone -o TARGET | grep -cF "$POD_VOLUME/"
}

# As after a crash of the node's CRI-O, or with the hook away meanwhile.
poststop_never_comes() {
	local name="$ENGINE: poststop never comes" without='del(.hooks.poststop)' before

	start_pod directory
	test_that "$name: rclone-zurg is created" restart_provider rclone-zurg 0 "$without"
	test_that "$name: rclone-torbox is created" restart_provider rclone-torbox 0 "$without"
	test_that "$name: reconcile leaves a pod that runs alone" reconcile_says "0 pods removed, 1 alive, 0 failed"
	test_that "$name: its mounts too" same "$(rclone_mounts)" 2
	pod_stop "$PROVIDER_ZURG" KILL
	pod_stop "$PROVIDER_TORBOX" KILL
	before=$(world)
	test_that "$name: reconcile --dry-run names the pod" \
		reconcile_says "$POD_NAMESPACE/$POD_NAME ($POD_UID): would be removed" --dry-run
	test_that "$name: and changes nothing" same "$(world)" "$before"
	test_that "$name: reconcile removes it" reconcile_says "1 pod removed, 0 alive, 0 failed"
	test_that "$name: its dead mounts are detached" same "$(rclone_mounts)" 0
	test_that "$name: again it finds nothing" reconcile_says "0 pods removed, 0 alive, 0 failed"
	end_pod "$name"
}

# $2: an option.
reconcile_says() {
	local output

	output=$("$HOOK" reconcile "${@:2}" 2>&1) || return
	contains "$output" "$1"
}

# crun runs no poststop for a container whose creation failed.
creation_fails() {
	local name="$ENGINE: a failed creation"

	start_pod directory
	test_that_not "$name: plex without sidecars is refused" pod_create plex 0
	pod_delete "$CONTAINER_ID"
	if [[ $ENGINE == crun ]]; then
		test_that "$name: its record stays" test -e "$POD_RECORD"
	fi
	test_that "$name: the kubelet removes the volume first" pod_remove_volume
	test_that "$name: reconcile succeeds" reconcile_says "0 alive, 0 failed"
	end_pod "$name"
}

# ---- many pods at once -------------------------------------------------------------------------------

pods_start_at_once() {
	local name="$ENGINE: $PODS_AT_ONCE pods at once" n

	WORLD_BEFORE=$(world)
	POD_MARKS=$SANDBOX_DIR/tmp/pods
	rm -rf "$POD_MARKS"
	mkdir "$POD_MARKS"
	POD_JOBS=()
	for ((n = 0; n < PODS_AT_ONCE; n++)); do
		live_and_end "$n" >"$POD_MARKS/$n.log" 2>&1 &
		POD_JOBS+=($!)
	done
	test_that "$name: their 30 containers are created, and each plex sees its media" \
		wait_until 120 all_pods_live
	test_that "$name: status shows all of them" \
		same "$("$TOOL" status | grep -c "^$POD_NAMESPACE/$POD_NAME ")" "$PODS_AT_ONCE"
	touch "$POD_MARKS/end"
	test_that "$name: all of them end, and the kubelet can remove their volumes" all_pods_ended
	test_that "$name: nothing is left behind" same "$(world)" "$WORLD_BEFORE"
}

# Pod number $1, from its beginning to its end; it lives until all do. In a process of its own.
live_and_end() {
	local port='.process.args |= map(sub("^--rc-addr=.*"; "--rc-addr=:'$((6000 + 2 * $1))'"))'
	local other=${port/:$((6000 + 2 * $1))/:$((6001 + 2 * $1))}

	start_pod mountpoint
	pod_run_shown rclone-zurg 0 "$port" || return
	PROVIDER_ZURG=$CONTAINER_ID
	pod_run_shown rclone-torbox 0 "$other" || return
	PROVIDER_TORBOX=$CONTAINER_ID
	pod_run_shown plex 0 || return
	MAIN=$CONTAINER_ID
	sees_media "$MAIN" zurg && sees_media "$MAIN" torbox || return
	json_is "$(record)" '.containers | length == 3' || return
	touch "$POD_MARKS/$1.live"
	wait_until 120 test -e "$POD_MARKS/end"
	pod_stop "$MAIN" KILL
	pod_stop "$PROVIDER_TORBOX" KILL
	pod_stop "$PROVIDER_ZURG" KILL
	not test -e "$POD_RECORD" && pod_remove_volume
}

all_pods_live() {
	local n

	for ((n = 0; n < PODS_AT_ONCE; n++)); do
		[[ -e $POD_MARKS/$n.live ]] && continue
		return 1
	done
}

all_pods_ended() {
	local n failed=0

	for ((n = 0; n < PODS_AT_ONCE; n++)); do
		wait "${POD_JOBS[n]}" && continue
		printf 'pod %d:\n' "$n"
		cat "$POD_MARKS/$n.log"
		failed=1
	done
	return "$failed"
}
