#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/bench/scale.sh (by `make bench`, as root)
#
# What a prestart run for the main container of the Plex pod costs where one thing grows: the node's
# mount table, config.json, the pod's FUSE paths, the containers in its record. Each case beside a no-op
# that is linked with the same libraries, in turn with it, in namespaces of its own; real mounts, real
# container processes without a runtime, FUSE mounts by fuse_holder, a real journald. Each run is the
# container's first: it is made anew before it, which is not timed.
#
# Writes the table of docs/performance.md to $BUILD_DIR/bench/performance.md (docs/update-bench-output.sh
# puts it there). BENCH_RUNS (200) measured runs of the real case, BENCH_CASE_RUNS (40) of the others;
# BENCH_CASES: only the cases with these names. BENCH_PROFILE='strace -fro FILE' (or perf, valgrind) runs
# one prestart of a case (BENCH_CASES=real) under that command instead of measuring it.
set -euo pipefail

top=$(cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/bench/furnish.sh
. "$top/tests/bench/furnish.sh"

cases=(real linked forks gate
	mounts:50 mounts:500 mounts:5000 mounts:50000
	text:50 text:500 text:5000 text:50000
	config:1 config:16 paths:1 paths:64 containers:1 containers:100
	records:250 ended:250)

spawnbench=$BUILD_DIR/bench/spawnbench
gatebench=$BUILD_DIR/bench/gatebench
hide=$BUILD_DIR/tests/hide_syscalls

# ---- outside: one case after the other, each in a namespace ------------------------------------------

run_cases() {
	local name out=$BUILD_DIR/bench

	scratch=$(mktemp -d)
	trap 'rm -rf -- "$scratch"' EXIT
	: >"$out/scale.json"
	for name in ${BENCH_CASES:-"${cases[@]}"}; do
		make_fixture "$name"
		BENCH_CASE=$name BENCH_FIXTURE=$scratch/fixture BENCH_OUT=$scratch/case.json "$0"
		[[ -z ${BENCH_PROFILE:-} ]] || continue
		jq -c --arg case "$name" '. + {case: $case}' "$scratch/case.json" >>"$out/scale.json"
	done
	[[ -z ${BENCH_PROFILE:-} ]] || return 0
	report "$out/scale.json" >"$out/performance.md"
	cat "$out/performance.md"
}

# The capture, changed for the case: it is read by every script of the bench.
make_fixture() {
	local of=${BENCH_FIXTURE:-$top/tests/fixtures/crio/crio-1.33-crun/seed} paths i

	rm -rf -- "$scratch/fixture"
	cp -r -- "$of" "$scratch/fixture"
	case $1 in
	config:*)
		# shellcheck disable=SC2016 # jq's
		# Variables of 100 bytes; the rest of the file takes 25 KB of the limit of 16 MiB.
		edit plex/config.json --argjson n "$((${1#*:} * 9600))" '.process.env += [range($n) |
			"VARIABLE_\(1000000 + .)=" + ("x" * 70)]'
		;;
	paths:*)
		for ((i = 0; i < ${1#*:}; i++)); do
			paths+="${paths:+,}rclone-zurg=/mnt/media/p$i"
		done
		for i in rclone-zurg rclone-torbox plex; do
			# shellcheck disable=SC2016 # jq's
			edit "$i/config.json" --arg paths "$paths" \
				'.annotations["fuse-sidecar.io/mounts"] = $paths'
			# shellcheck disable=SC2016 # jq's
			edit "$i/state.prestart.json" --arg paths "$paths" \
				'.annotations["fuse-sidecar.io/mounts"] = $paths'
		done
		;;
	esac
}

edit() {
	local file=$scratch/fixture/$1

	shift
	jq -c "$@" "$file" >"$file.new"
	mv -- "$file.new" "$file"
}

# ---- inside ------------------------------------------------------------------------------------------

run_case() {
	local without=() runs=${BENCH_CASE_RUNS:-40}

	case $BENCH_CASE in
	real) runs=${BENCH_RUNS:-200} ;;
	gate)
		measure_gate "${BENCH_RUNS:-200}"
		return
		;;
	linked)
		measure_noop "$BUILD_DIR/bench/noop-linked"
		return
		;;
	forks)
		measure_noop "$BUILD_DIR/bench/noop" forks
		return
		;;
	records:* | ended:*)
		measure_reconcile "${BENCH_CASE%:*}" "${BENCH_CASE#*:}" "$runs"
		return
		;;
	text:*) without=("$hide" ENOSYS "statmount,listmount" --) ;;
	esac
	start_providers
	grow_case
	start_container plex
	if [[ -n ${BENCH_PROFILE:-} ]]; then
		# shellcheck disable=SC2086 # a command and its options
		"${without[@]}" $BENCH_PROFILE "$HOOK_BINARY" prestart <"$work/plex.state"
		return
	fi
	"${without[@]}" "$spawnbench" -n "$runs" -w 3 -s "$(again start_container plex)" \
		-i "$work/plex.state" -l noop -l prestart \
		-- "$BUILD_DIR/bench/noop" --vs "$HOOK_BINARY" prestart >"$BENCH_OUT"
}

# One reconcile on a node of that many recorded pods and 500 mounts: all live, or one has ended, whose
# end then reads all the other records.
measure_reconcile() {
	local setup=()

	start_providers
	grow_mounts 500
	copy_records "$2"
	[[ $1 == records ]] || setup=(-s "$(again copy_record 0 7)")
	"$spawnbench" -n "$3" -w 3 "${setup[@]}" -l noop -l reconcile \
		-- "$BUILD_DIR/bench/noop" --vs "$HOOK_BINARY" reconcile >"$BENCH_OUT"
}

copy_records() {
	local i

	for ((i = 1; i < $1; i++)); do
		copy_record "$i"
	done
}

# The Plex pod's record under another uid; with a second argument its containers have ended: no process
# of theirs began at that tick of the clock.
copy_record() {
	local of to records=/run/fuse-sidecar-hook

	of=$(basename -- "$(find "$records/pods" -mindepth 1 -maxdepth 1 ! -name '*-00000000bec4' | head -n 1)")
	to=$(printf '%08x-0000-4000-8000-00000000bec4' "$1")
	mkdir -p "$records/pods/$to" "$records/shown/$to"
	sed -e "s|$of|$to|g" ${2:+-e "s|\"pidStartTicks\": [0-9]*|\"pidStartTicks\": $2|"} \
		"$records/pods/$of/topology.json" >"$records/pods/$to/topology.json"
	chmod 600 "$records/pods/$to/topology.json"
}

# Another no-op beside the one that all is measured against.
measure_noop() {
	"$spawnbench" -n "${BENCH_RUNS:-200}" -w 3 -l noop -l "$BENCH_CASE" \
		-- "$BUILD_DIR/bench/noop" --vs "$@" >"$BENCH_OUT"
}

fuse_paths() {
	jq -r '.annotations["fuse-sidecar.io/mounts"]' "$fixture/plex/config.json" |
		tr ',' '\n' | sed -n "s|^ *$1=/mnt/media/||p"
}

start_providers() {
	local name path

	for name in rclone-zurg rclone-torbox; do
		start_container "$name"
		prestart "$name"
		for path in $(fuse_paths "$name"); do
			hold "$volume/$path"
		done
	done
}

# A FUSE mount that lives as long as the namespace.
hold() {
	local ready=$work/ready

	mkdir -p "$1"
	rm -f "$ready"
	mkfifo "$ready"
	"$BUILD_DIR/tests/fuse_holder" "$1" >"$ready" &
	read -r _ <"$ready" || die "no FUSE mount on $1"
}

grow_mounts() {
	mkdir -p "$work/more"
	"$BUILD_DIR/bench/mountmany" "$(($1 - $(wc -l </proc/self/mountinfo)))" "$work/more"
}

grow_case() {
	local n=${BENCH_CASE#*:}

	case $BENCH_CASE in
	mounts:* | text:*)
		grow_mounts "$n"
		;;
	containers:*)
		add_containers "$((n - 1))"
		;;
	esac
}

# More containers of the pod in its record, each with a process of its own.
add_containers() {
	local i template id bundle new name

	start_container plex
	template=$(<"$work/plex.template")
	id=$(jq -r .id "$work/plex.template")
	bundle=$(bundle_of plex)
	for ((i = 0; i < $1; i++)); do
		name=more-$i
		new=${template//"$id"/$(printf '%064x' "$i")}
		printf '%s' "${new//'container.name":"plex"'/"container.name\":\"$name\""}" \
			>"$work/$name.template"
		cp "$work/plex.mounts" "$work/$name.mounts"
		mkdir -p "${bundle/"$id"/$(printf '%064x' "$i")}"
		cp "$bundle/config.json" "${bundle/"$id"/$(printf '%064x' "$i")}/"
		start_container "$name"
		prestart "$name"
	done
}

# From the call of mount(2) to the end of the hook that waits for it, of both paths.
measure_gate() {
	local name

	for name in rclone-zurg rclone-torbox; do
		start_container "$name"
		prestart "$name"
	done
	start_container plex
	"$gatebench" -n "$1" -s "$(again start_container plex)" -m "$volume/zurg" \
		-m "$volume/torbox" -l gate "$work/plex.state" >"$BENCH_OUT"
}

# ---- the table ---------------------------------------------------------------------------------------

report() {
	local kernel cpus

	kernel=$(uname -r | grep -o '^[0-9]*\.[0-9]*')
	cpus=$(nproc)
	jq -rs --arg kernel "$kernel" --arg cpus "$cpus" '
		def ms: . / 10 | round / 100;
		def mib: . / 102.4 | round / 10;
		def ratio: . * 100 | round / 100;
		def named:
			{"linked": "a no-op with those that the hook is linked with",
			"forks": "the no-op with three more processes, as the hook has",
			"real": "the real case: config.json of 22 KB, 2 FUSE paths, 3 containers"}[.] //
			(split(":") as [$what, $n] | {
				"mounts": "\($n) mounts",
				"text": "\($n) mounts, without statmount(2)",
				"config": "config.json of \($n) MB",
				"records": "reconcile: \($n) pods that live, 500 mounts",
				"ended": "reconcile: one of \($n) pods has ended, 500 mounts",
				"paths": "\($n) FUSE path\(if $n == "1" then "" else "s" end)",
				"containers": "\($n) container\(if $n == "1" then "" else "s" end) in the record"
			}[$what]);
		def row($noop):
			"| \(.case | named) | \(.median_us | ms) | \(.p99_us | ms) | \(.median_cpu_us | ms) | \(.median_us / $noop.median_us | ratio) | \(.median_cpu_us / $noop.median_cpu_us | ratio) | \(.max_rss_kib | mib) | \(.n) |";
		. as $all |
		"Linux \($kernel), \($cpus) CPUs of a virtual machine; medians and 99th percentiles in milliseconds. \"×\": of the no-op in the same run, by time and by CPU time.",
		"",
		"| one prestart | median | p99 | CPU | × time | × CPU | peak MiB | runs |",
		"|---|---|---|---|---|---|---|---|",
		($all[] | select(.label == "noop" and .case == "real") |
			"| a no-op with the libraries that the hook uses | \(.median_us | ms) | \(.p99_us | ms) | \(.median_cpu_us | ms) | 1 | 1 | \(.max_rss_kib | mib) | \(.n) |"),
		($all[] | select(.label == ("linked", "forks", "prestart", "reconcile")) | . as $row |
			row($all[] | select(.label == "noop" and .case == $row.case))),
		"",
		($all[] | select(.case == "gate") |
			"From a FUSE mount'"'"'s appearing to the end of the hook that waits for it: median \(.median_us | ms) ms, p99 \(.p99_us | ms) ms, of \(.n) runs.")
	' "$1"
}

if [[ -n ${BENCH_AGAIN:-} ]]; then
	"$@"
elif [[ -n ${BENCH_CASE:-} ]]; then
	furnish_enter "$@"
	run_case
else
	run_cases
fi
