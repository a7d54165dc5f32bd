#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/bench/gate.sh (by `make bench`, as root)
#
# What gate and healing cost: the time from a FUSE mount's appearing to the end of the gated hook, from a
# provider's death to exit code 17, a heal over a plain prestart, and 250 consumers that are gated at
# once, by CPU time while they wait and by the time until the last of them is let go. Real mounts by
# fuse_holder, real container processes without a runtime, a real journald.
#
# BENCH_RUNS (200) measured runs; BENCH_CONSUMERS (250).
set -euo pipefail

top=$(cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/bench/furnish.sh
. "$top/tests/bench/furnish.sh"
runs=${BENCH_RUNS:-200}
consumers=${BENCH_CONSUMERS:-250}

gatebench=$BUILD_DIR/bench/gatebench
spawnbench=$BUILD_DIR/bench/spawnbench
results=$work/gate-results

main() {
	start_providers
	"$gatebench" -n "$runs" -s "$(again renew_main)" -m "$volume/zurg" -m "$volume/torbox" \
		-l 'FUSE mount appears to exit' "$work/plex.state" >>"$results"
	"$gatebench" -n "$runs" -s "$(again renew_all)" -k "$work/rclone-zurg.pid" -x 17 \
		-l 'provider dies to exit 17' "$work/plex.state" >>"$results"
	report_gate
	measure_heal
	report_heal
	measure_crowd
	report_crowd
}

start_providers() {
	start_container rclone-zurg
	prestart rclone-zurg
	start_container rclone-torbox
	prestart rclone-torbox
	start_container plex
}

# ---- before each run, by a shell of the measuring program ----------------------------------------------

renew_main() {
	start_container plex
}

# A killed provider's next instance, too.
renew_all() {
	start_container rclone-zurg
	prestart rclone-zurg
	start_container plex
}

# A new instance of rclone-zurg, whose prestart is measured; $1: "dead" where a dead mount is in its way.
renew_zurg() {
	# Its predecessor's poststop is run by this: before the dead mount is made.
	start_container rclone-zurg
	[[ $1 == clean ]] || leave_dead_mount
}

leave_dead_mount() {
	local holder

	coproc "$BUILD_DIR/tests/fuse_holder" "$volume/zurg"
	holder=$COPROC_PID
	read -r _ <&"${COPROC[0]}"
	kill -KILL "$holder"
	wait "$holder" 2>/dev/null || true
}

# ---- what a heal costs -----------------------------------------------------------------------------------

measure_heal() {
	local kind

	: >"$results"
	for kind in clean dead; do
		"$spawnbench" -n "$runs" -s "$(again renew_zurg "$kind")" -i "$work/rclone-zurg.state" \
			-l "prestart of a provider, its path $kind" -- "$HOOK_BINARY" prestart >>"$results"
	done
}

# ---- many consumers at once ------------------------------------------------------------------------------

# In one pod, and then each in a pod of its own that waits for mounts of the node.
measure_crowd() {
	: >"$results"
	make_crowd one
	measure_crowd_of "$consumers consumers in one pod"
	allow_node_mounts
	make_crowd many
	measure_crowd_of "$consumers pods with one each, @node"
}

# The node's policy opens the volume to other pods; the machine's own /etc is not written to.
allow_node_mounts() {
	mkdir -p "$work/etc/upper" "$work/etc/work"
	mount -t overlay -o "lowerdir=/etc,upperdir=$work/etc/upper,workdir=$work/etc/work" etc /etc
	mkdir -p /etc/fuse-sidecar-hook
	printf '{"nodeMounts": ["%s"]}\n' "$volume" >/etc/fuse-sidecar-hook/policy.json
}

measure_crowd_of() {
	mkdir -p "$work/changed"
	"$gatebench" -w 5 -c 100 -m "$volume/zurg" -m "$volume/torbox" -l "$1" \
		"$work"/crowd-*.state >>"$results"
}

# States of $consumers containers like plex, each with a process of its own; $1: in one pod or in many.
make_crowd() {
	local i template id uid bundle name new

	template=$(<"$work/plex.template")
	id=$(jq -r .id "$work/plex.template")
	uid=$(jq -r '.annotations["io.kubernetes.pod.uid"]' "$work/plex.template")
	bundle=$(bundle_of plex)
	for ((i = 0; i < consumers; i++)); do
		name=crowd-$i
		new=${template//"$id"/$(printf '%064x' "$i")}
		new=${new//'container.name":"plex"'/"container.name\":\"$name\""}
		if [[ $1 == many ]]; then
			new=${new//"$uid"/$(printf '%08x-0000-4000-8000-000000000000' "$i")}
			new=${new//rclone-zurg=/@node=}
			new=${new//rclone-torbox=/@node=}
		fi
		printf '%s' "$new" >"$work/$name.template"
		cp "$work/plex.mounts" "$work/$name.mounts"
		mkdir -p "${bundle/"$id"/$(printf '%064x' "$i")}"
		cp "$bundle/config.json" "${bundle/"$id"/$(printf '%064x' "$i")}/"
		start_container "$name"
	done
}

# ---- tables ----------------------------------------------------------------------------------------------

report_gate() {
	jq -rs '
		def ms: . / 10 | round / 100;
		"\tmedian ms\tp99 ms\tmin ms\tmax ms\truns",
		(.[] | "\(.label)\t\(.median_us | ms)\t\(.p99_us | ms)\t\(.min_us | ms)\t\(.max_us | ms)\t\(.n)"),
		"aims: mount to exit, median below 2 ms; death to exit 17, below 5 ms"
	' "$results" | column -t -s $'\t' -L
	echo
}

report_heal() {
	jq -rs '
		def ms: . / 10 | round / 100;
		"\tmedian ms\tp99 ms\tmin ms\truns",
		(.[] | "\(.label)\t\(.median_us | ms)\t\(.p99_us | ms)\t\(.min_us | ms)\t\(.n)"),
		"a heal costs \(.[1].median_us - .[0].median_us | ms) ms more"
	' "$results" | column -t -s $'\t' -L
	echo
}

report_crowd() {
	jq -rs '
		def ms: . / 10 | round / 100;
		"\tCPU ms in \(.[0].quiet_s) s of waiting\tCPU us for a change of the mount table, per hook\trelease: median ms\tp99 ms\tmax ms",
		(.[] | "\(.label)\t\(.quiet_cpu_us | ms)\t\(.changes_cpu_us / .changes / .hooks * 10 | round / 10)\t\(.median_us | ms)\t\(.p99_us | ms)\t\(.max_us | ms)")
	' "$results" | column -t -s $'\t' -L
}

if [[ ${BENCH_AGAIN:-} == 1 ]]; then
	volume=$(jq -er '.mounts[] | select(.destination == "/mnt/media").source' \
		"$fixture/plex/config.json")
	"$@"
else
	furnish_enter "$@"
	main
fi
