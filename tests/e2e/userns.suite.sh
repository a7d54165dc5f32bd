# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A main container with a user namespace (hostUsers: false). crun leaves out of its volume what is mounted in
# it already; runc does not.

suite_userns() {
	for_each_runtime main_with_user_namespace
}

# A jq filter for its config: its root is 100000 on the node. The sandbox's namespaces, which would be of the
# same user namespace, are not: it gets its own.
with_user_namespace() {
	printf '%s' '.linux.namespaces |= map(del(.path)) + [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.destination | test("^/(proc|dev|mnt/media|run)$")))'
}

# With a root file system that is its own, as CRI-O makes it.
start_main_in_user_namespace() {
	pod_make_bundle plex 0 "$(with_user_namespace)"
	chown -R 100000:100000 "$(jq -r .root.path "$BUNDLE/config.json")"
	pod_create_made && pod_runtime start "$CONTAINER_ID" && return
	cat "$CONTAINER_LOG"
	return 1
}

# Others than these may do either.
put_by_hook() {
	local expected

	case $ENGINE-$("$ENGINE" --version | sed -n '1s/.* //p') in
	runc-*) expected=0 ;;
	crun-1.8.1) expected=2 ;;
	*) return 0 ;;
	esac
	test_that "$1: the hook has put that there where the runtime has not" \
		same "$(entries_of "$MAIN" FUSE_SIDECAR_CODE=mount-not-in-consumer | jq length)" "$expected"
}

main_with_user_namespace() {
	local name="$ENGINE, hostUsers: false"

	start_pod directory
	start_sidecars "$name"
	test_that "$name: plex is created and started" start_main_in_user_namespace
	MAIN=$CONTAINER_ID
	test_that "$name: it sees what was mounted before it" sees_media "$MAIN" zurg
	put_by_hook "$name"
	test_that "$name: it can read the topology" \
		pod_exec "$MAIN" grep -q rclone-zurg /run/fuse-sidecar/topology.json
	pod_kill "$PROVIDER_ZURG" KILL
	pod_delete "$PROVIDER_ZURG"
	test_that "$name: zurg's next instance heals it" restart_provider rclone-zurg 1
	test_that "$name: and plex sees it again" sees_media "$MAIN" zurg
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
}
