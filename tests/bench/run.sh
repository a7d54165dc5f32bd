#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/bench/run.sh (by `make bench`, as root)
#
# What one prestart run for the main container of the Plex pod costs: wall time as a ratio to a no-op
# that is linked with the same libraries, measured in turn with it, and peak memory. Real mounts, a
# real container process (without a runtime, whose time is not asked for), live FUSE mounts by rclone,
# a real journald; the container is made anew for each run, so that each is its first.
#
# BENCH_RUNS (500) measured runs; BENCH_MOUNTS (0) more lines in the mount table: a busy node has 2000
# to 5000. BENCH_PROFILE='strace -fro FILE' (or perf, valgrind) runs the prestart once under that
# command instead of measuring it.
set -euo pipefail

top=$(cd -- "$(dirname -- "$0")/../.." && pwd)
export BUILD_DIR=${BUILD_DIR:-$top/build}
export HOOK_BINARY=${HOOK_BINARY:-$BUILD_DIR/fuse-sidecar-hook}
runs=${BENCH_RUNS:-500}
fixture=${BENCH_FIXTURE:-$top/tests/fixtures/crio/crio-1.33-crun/seed}
work=/run/fuse-sidecar-bench

die() {
	echo "bench: $*" >&2
	exit 1
}

# Everything below happens in namespaces of its own: ending them ends processes and mounts.
if [[ ${BENCH_INSIDE:-} != 1 ]]; then
	((EUID == 0)) || die 'needs root, for mounts'
	[[ -x $HOOK_BINARY ]] || die "$HOOK_BINARY is not there; run make"
	[[ -r $fixture/plex/config.json ]] || die "$fixture is not there"
	for path in "$BUILD_DIR" "$fixture" "$top"; do
		[[ $(realpath -- "$path") != /run/* && $(realpath -- "$path") != /var/lib/* ]] ||
			die "$path: would be hidden by the bench's own /run and /var/lib"
	done
	BENCH_INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc -- "$0" "$@"
fi

annotation() {
	jq -er --arg key "$2" '.annotations[$key]' "$fixture/$1/config.json"
}

bundle_of() {
	jq -er .bundle "$fixture/$1/state.prestart.json"
}

# The paths of the capture are used as they are, on file systems that only live here. The volume is a
# file system of its own and shared, as in the capture.
furnish() {
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /var/lib
	mkdir -p "$work"
	volume=$(jq -er '.mounts[] | select(.destination == "/mnt/media").source' \
		"$fixture/plex/config.json")
	mkdir -p "$volume"
	mount -t tmpfs media "$volume"
	mount --make-shared "$volume"
	local container
	for container in rclone-zurg rclone-torbox plex; do
		mkdir -p "$(bundle_of "$container")"
		cp "$fixture/$container/config.json" "$(bundle_of "$container")/"
	done
}

more_mounts() {
	local i
	mkdir -p "$work/more"
	for ((i = 0; i < ${BENCH_MOUNTS:-0}; i++)); do
		: >"$work/more/$i"
		mount --bind "$work/more/$i" "$work/more/$i"
	done
}

start_journal() {
	mkdir -p /run/systemd/journal /run/log/journal
	if [[ -x /lib/systemd/systemd-journald ]]; then
		/lib/systemd/systemd-journald >/dev/null 2>&1 &
	fi
	local i
	for ((i = 0; i < 50; i++)); do
		[[ -S /run/systemd/journal/socket ]] && return
		sleep 0.1
	done
	echo 'bench: no journald could be started; entries go nowhere' >&2
}

# start_container NAME: a process with a mount table as the runtime leaves it at prestart, and the
# state that the hook gets on standard input.
start_container() {
	"$top/tests/bench/container.sh" "$fixture" "$1" "$work"
}

run_provider() {
	local path
	start_container "$1"
	"$HOOK_BINARY" prestart <"$work/$1.state" ||
		die "prestart of $1 failed with exit code $?"
	path=$volume/${1#rclone-}
	mkdir -p "$work/remote/$1" "$path"
	echo 'a file' >"$work/remote/$1/file"
	rclone --config /dev/null mount ":local:$work/remote/$1" "$path" --allow-other --daemon \
		--daemon-wait 30s || die "rclone mount on $path failed"
}

report() {
	jq -rs --arg mounts "$(wc -l </proc/self/mountinfo)" '
		def ms: . / 1000 * 100 | round / 100;
		def row: "\(.label)\t\(.median_us | ms)\t\(.p99_us | ms)\t\(.min_us | ms)\t\(.max_rss_kib / 1024 * 10 | round / 10)";
		"\tmedian ms\tp99 ms\tmin ms\tpeak MiB",
		(.[] | row),
		"",
		"runs: \(.[0].n)   mount table: \($mounts) lines",
		"ratio of medians: \(.[1].median_us / .[0].median_us * 100 | round / 100) (aim: below 3)",
		"peak memory: \(.[1].max_rss_kib / 1024 * 10 | round / 10) MiB (aim: below 8)"
	' "$work/results" | column -t -s $'\t' -L
}

furnish
start_journal
run_provider rclone-zurg
run_provider rclone-torbox
more_mounts
start_container plex
"$HOOK_BINARY" prestart <"$work/plex.state" ||
	die "prestart of plex failed with exit code $?"

if [[ -n ${BENCH_PROFILE:-} ]]; then
	start_container plex
	# shellcheck disable=SC2086 # a command and its options
	$BENCH_PROFILE "$HOOK_BINARY" prestart <"$work/plex.state"
	exit
fi

printf -v again '%q ' "$top/tests/bench/container.sh" "$fixture" plex "$work"
"$BUILD_DIR/bench/spawnbench" -n "$runs" -s "$again" -i "$work/plex.state" \
	-l 'no-op, same libraries' -l 'prestart of plex' \
	-- "$BUILD_DIR/bench/noop" --vs "$HOOK_BINARY" prestart >"$work/results"
[[ -z ${BENCH_JSON:-} ]] || cp "$work/results" "$BENCH_JSON"
report
