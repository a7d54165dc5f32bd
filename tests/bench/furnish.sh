# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A node for a benchmark: the Plex pod of a capture with its paths as they are, in namespaces of their
# own, a real journald, and container processes as a runtime has them at prestart. The script that reads
# this file sets top; it calls furnish_enter first.

export BUILD_DIR=${BUILD_DIR:-$top/build}
export HOOK_BINARY=${HOOK_BINARY:-$BUILD_DIR/fuse-sidecar-hook}
fixture=${BENCH_FIXTURE:-$top/tests/fixtures/crio/crio-1.33-crun/seed}
work=/run/fuse-sidecar-bench

die() {
	echo "bench: $*" >&2
	exit 1
}

# Run the script again in namespaces of its own: ending them ends processes and mounts.
furnish_enter() {
	local path

	if [[ ${BENCH_INSIDE:-} == 1 ]]; then
		furnish
		return
	fi
	((EUID == 0)) || die 'needs root, for mounts'
	[[ -x $HOOK_BINARY ]] || die "$HOOK_BINARY is not there; run make"
	[[ -r $fixture/plex/config.json ]] || die "$fixture is not there"
	for path in "$BUILD_DIR" "$fixture" "$top"; do
		[[ $(realpath -- "$path") != /run/* && $(realpath -- "$path") != /var/lib/* ]] ||
			die "$path: would be hidden by the bench's own /run and /var/lib"
	done
	BENCH_INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc -- "$0" "$@"
}

# The volume is a file system of its own and shared, as in the capture.
furnish() {
	local container

	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /var/lib
	mkdir -p "$work"
	volume=$(jq -er '.mounts[] | select(.destination == "/mnt/media").source' \
		"$fixture/plex/config.json")
	mkdir -p "$volume"
	mount -t tmpfs media "$volume"
	mount --make-shared "$volume"
	for container in rclone-zurg rclone-torbox plex; do
		mkdir -p "$(bundle_of "$container")"
		cp "$fixture/$container/config.json" "$(bundle_of "$container")/"
	done
	start_journal
}

bundle_of() {
	jq -er .bundle "$fixture/$1/state.prestart.json"
}

start_journal() {
	local i

	mkdir -p /run/systemd/journal /run/log/journal
	if [[ -x /lib/systemd/systemd-journald ]]; then
		/lib/systemd/systemd-journald >/dev/null 2>&1 &
	fi
	for ((i = 0; i < 50; i++)); do
		[[ -S /run/systemd/journal/socket ]] && return
		sleep 0.1
	done
	echo 'bench: no journald could be started; entries go nowhere' >&2
}

# start_container NAME: a process with a mount table as the runtime leaves it at prestart, and the state
# that the hook gets on standard input, in $work/NAME.state.
start_container() {
	"$top/tests/bench/container.sh" "$fixture" "$1" "$work"
}

prestart() {
	"$HOOK_BINARY" prestart <"$work/$1.state" || die "prestart of $1 failed with exit code $?"
}

# A command line of the script itself, for the shell of a measuring program: `again FUNCTION ARGUMENT…`.
again() {
	printf '%q ' env BENCH_AGAIN=1 "$0" "$@"
}
