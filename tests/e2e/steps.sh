# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for the suites
#
# Steps and checks that several suites share. The suites set PROVIDER_ZURG, PROVIDER_TORBOX and MAIN to the
# ids of the pod's containers.

MEDIA_FILES=300

# Call function $1 once for each runtime that is installed, its name being $ENGINE; more arguments go along.
for_each_runtime() {
	local function=$1

	shift
	for ENGINE in ${E2E_RUNTIMES:-runc crun}; do
		if ! command -v "$ENGINE" >/dev/null; then
			tap_skip "$ENGINE: $function" "$ENGINE is not installed"
			continue
		fi
		pod_use_runtime "$ENGINE"
		"$function" "$@"
	done
}

# Begin a pod on a volume of kind $1 ("mountpoint" or "directory") on a private mount.
start_pod() {
	pod_begin
	WORLD_BEFORE=$(world)
	pod_make_volume "$1" private
	pod_make_secrets
}

# Everything that a pod could leave behind: mounts, records, volumes, processes. The mount `shown` is the
# node's, and stays as its directories do. The bind mounts that stand
# for CRI-O's sandbox are the tests' own, and elsewhere other programs of the machine may unmount and
# remove directories, which the sandbox then loses too. The directory of what containers see of records becomes a
# mount of its own with the first pod, and stays one.
world() {
	findmnt -rn -o TARGET,FSTYPE | grep -E '^/(dev|etc|run|sys|var)[/ ]' |
		grep -vE '^/(run/netns|var/lib/containers)/|^/run/fuse-sidecar-hook/shown ' | sort
	{ find /run/fuse-sidecar-hook -mindepth 2 2>/dev/null || :; } | sort
	# What is below a dead mount cannot be listed.
	{ find /var/lib/kubelet -mindepth 2 2>/dev/null || :; } | sort
	{ pgrep -l 'rclone|fuse-sidecar|fusermount|sleep|conmon' || :; } | cut -d' ' -f2- | sort
}

# The state of the volume that a denied container must not have changed.
volume_state() {
	find "$POD_VOLUME" -xdev -printf '%p %m %u:%g\n' | sort
	awk -v root="$POD_DIR" 'index($5, root) == 1 || $5 == "/var/lib/kubelet"' /proc/self/mountinfo
}

is_directory_of() {
	same "$(stat -c '%F %a %u:%g' -- "$1")" "directory $2 $3"
}

# Count the files below path $2 in container $1, as the main container's user.
count_files() {
	pod_exec "$1" find "$2" -type f 2>/dev/null | wc -l
}

sees_media() {
	same "$(count_files "$1" "/mnt/media/$2")" "$MEDIA_FILES"
}

record() {
	cat "$POD_RECORD/topology.json"
}

# The entries of container id $1; more matches may follow.
entries_of() {
	journal_json "CONTAINER_ID_FULL=$1" "${@:2}"
}

# Start both sidecars and wait for their mounts. $1 is put before the names of the tests.
start_sidecars() {
	test_that "$1: rclone-zurg is created and started" pod_run_shown rclone-zurg 0
	PROVIDER_ZURG=$CONTAINER_ID
	test_that "$1: its FUSE mount reaches the host" wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg"
	test_that "$1: rclone-torbox is created and started" pod_run_shown rclone-torbox 0
	PROVIDER_TORBOX=$CONTAINER_ID
	test_that "$1: its FUSE mount reaches the host too" wait_until 15 pod_mount_is_live "$POD_VOLUME/torbox"
}

start_main() {
	test_that "$1: plex is created and started" pod_run_shown plex 0
	MAIN=$CONTAINER_ID
}

# Start container $1, instance $2, as the kubelet does after a crash; $3: a jq filter for its config.
restart_provider() {
	pod_run_shown "$@" || return
	case $1 in
	rclone-zurg) PROVIDER_ZURG=$CONTAINER_ID ;;
	rclone-torbox) PROVIDER_TORBOX=$CONTAINER_ID ;;
	esac
	wait_until 15 pod_mount_is_live "$POD_VOLUME/${1#rclone-}"
}

# End the pod's containers, whatever they are, and check that nothing of the pod is left. $1 is put before
# the names of the tests; more arguments are ids.
end_pod() {
	local id name=$1

	for id in "${@:2}"; do
		pod_stop "$id" KILL
	done
	test_that "$name: the record is gone" not test -e "$POD_RECORD"
	test_that "$name: the kubelet can remove the volume" pod_remove_volume
	test_that "$name: nothing is left behind" same "$(world)" "$WORLD_BEFORE"
}

# runc: "exit status N"; crun: "(exit code: N)".
shows_exit_code() {
	grep -qE "exit (status|code:) $1\b" "$CONTAINER_LOG" && return
	cat "$CONTAINER_LOG"
	return 1
}

# Microseconds of CLOCK_BOOTTIME, which is CLOCK_MONOTONIC on a machine that is never suspended.
now_usec() {
	local seconds

	read -r seconds _ </proc/uptime
	printf '%s0000' "${seconds/./}"
}

seconds_since() {
	printf '%d' $((($(now_usec) - $1) / 1000000))
}
