# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# A sidecar that crashes heals by its next instance, in front of a main container that goes on reading.

HELPERS=${BUILD_DIR:-$TOP/build}/tests

# What a busy machine may add between two looks of a reader, in milliseconds.
SLACK_MS=250

suite_heal() {
	[[ -x $HELPERS/watch_directory ]] || sandbox_die "watch_directory is not built (make tests)"
	PATH=$HELPERS:$PATH image_add_program "$IMAGE_ROOTFS" watch_directory
	for_each_runtime crashes_heal
}

# runc 50 times; crun, to whose code the hook's is the same, 10 times.
crashes_heal() {
	local name="$ENGINE: zurg crashes" times=10

	[[ $ENGINE == crun ]] || times=50
	start_pod mountpoint
	start_sidecars "$name"
	start_main "$name"
	start_readers
	MOUNTS_BEFORE=$(mounts_of_volume)
	test_that "$name $times times, and heals each time" heal_many "$times"
	check_readers "$name" "$times"
	check_heals "$name" "$times"
	kill "$HOST_READER"
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
	wait "$HOST_READER" "$READER" 2>/dev/null || :
}

# One in the main container, as its user, and one on the host, which sees what rclone and the hook do.
start_readers() {
	READER_LOG=$SANDBOX_DIR/tmp/reader HOST_LOG=$SANDBOX_DIR/tmp/host-reader
	STARTS_LOG=$SANDBOX_DIR/tmp/starts
	: >"$STARTS_LOG"
	pod_exec "$MAIN" watch_directory /mnt/media/zurg >"$READER_LOG" 2>&1 &
	READER=$!
	"$HELPERS/watch_directory" "$POD_VOLUME/zurg" >"$HOST_LOG" &
	HOST_READER=$!
	wait_until 30 reader_has_data
}

# The last thing that the reader in plex, and the one on the host, have seen.
reader_has_data() {
	[[ $(tail -n 1 "$READER_LOG") == *data && $(tail -n 1 "$HOST_LOG") == *data ]]
}

reader_has_lost() {
	[[ $(tail -n 1 "$READER_LOG") == *lost ]]
}

mounts_of_volume() {
	grep -cF "$POD_VOLUME" /proc/self/mountinfo
}

heal_many() {
	local n old

	for ((n = 1; n <= $1; n++)); do
		old=$PROVIDER_ZURG
		if ! heal_once "$n"; then
			printf 'crash %d does not heal\n' "$n"
			cat "$CONTAINER_LOG"
			return 1
		fi
		# The kubelet keeps the crashed container a while: its poststop is late.
		pod_delete "$old"
		if ! pod_mount_is_live "$POD_VOLUME/zurg"; then
			printf 'the poststop of instance %d took the mount of the next\n' "$n"
			return 1
		fi
	done
}

heal_once() {
	pod_kill "$PROVIDER_ZURG" KILL || return
	# On a busy machine the readers may be late: each crash is to be seen by them before the next.
	wait_until 15 reader_has_lost || return
	pod_create rclone-zurg "$1" || return
	now_usec >>"$STARTS_LOG"
	echo >>"$STARTS_LOG"
	pod_runtime start "$CONTAINER_ID" || return
	PROVIDER_ZURG=$CONTAINER_ID
	wait_until 15 pod_mount_is_live "$POD_VOLUME/zurg" || return
	wait_until 15 reader_has_data
}

# How long each state $1 in the log $2 of a reader lasted, in milliseconds.
windows() {
	awk -v state="$1" 'since { printf "%.0f\n", ($1 - since) / 1000; since = 0 }
		$2 == state { since = $1 }' "$2"
}

longest() {
	sort -n | tail -n 1
}

# From each start of rclone to its mount, in milliseconds.
mount_times() {
	paste "$STARTS_LOG" <(awk '$2 == "data" && NR > 1 { print $1 }' "$HOST_LOG") |
		awk '{ printf "%.0f\n", ($2 - $1) / 1000 }'
}

check_readers() {
	test_that "$1: the reader in plex has data at the end" wait_until 5 reader_has_data
	test_that "$1: the reader in plex got an error each time" \
		same "$(windows lost "$READER_LOG" | wc -l)" "$2"
	test_that "$1: data, ENOTCONN, an empty directory, data, and nothing else" \
		sees_each_crash "$2"
	test_that "$1: its directory was never empty for longer than until rclone had mounted" \
		no_window_is_longer
	printf '# %s: longest time that plex saw an empty directory: %d ms; from the detach to the mount on the host: %d ms; rclone, from its start to its mount: %d ms\n' \
		"$ENGINE" "$(windows empty "$READER_LOG" | longest)" \
		"$(windows empty "$HOST_LOG" | longest)" "$(mount_times | longest)"
}

# What it saw, once for each crash; a directory that was empty for less than a look takes is not seen.
sees_each_crash() {
	cut -d' ' -f2 "$READER_LOG" | uniq | sort | uniq -c | awk -v crashes="$1" '
		{ seen[$2] = $1; print $2, $1 }
		END { exit !(seen["data"] == crashes + 1 && seen["lost"] == crashes &&
			seen["empty"] <= crashes && NR <= 3) }'
}

# The host's directory is empty from the hook's detach to rclone's mount: the reader's no longer.
no_window_is_longer() {
	local reader host

	reader=$(windows empty "$READER_LOG" | longest)
	host=$(windows empty "$HOST_LOG" | longest)
	printf 'reader %s ms, host %s ms\n' "${reader:-0}" "${host:-0}"
	[[ -n $host ]] && ((${reader:-0} <= host + SLACK_MS))
}

check_heals() {
	test_that "$1: no mount is stacked on another" same "$(mounts_of_volume)" "$MOUNTS_BEFORE"
	test_that "$1: plex was not restarted" pod_exec "$MAIN" true
	test_that "$1: plex sees all files" sees_media "$MAIN" zurg
	test_that "$1: torbox was not touched" json_is "$(record)" \
		'.fusePaths[] | select(.path == "/mnt/media/torbox") | [.instances, .heals] == [1, 0]'
	test_that "$1: the record counts instances and heals" json_is "$(record)" \
		'.fusePaths[] | select(.path == "/mnt/media/zurg")
			| [.instances, .heals] == [$n + 1, $n] and .since >= .lastHeal' --argjson n "$2"
	test_that "$1: and status shows them" contains "$("$TOOL" status "$POD_NAME")" \
		"instance $(($2 + 1)), healed $2 times"
}
