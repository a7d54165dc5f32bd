#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/bench/container.sh FIXTURE NAME WORK
#
# Starts the process of a container as a runtime has it at prestart: its own mount namespace, the mounts
# of config.json that come from volumes below the root that is not pivoted to yet. Writes the state for
# the hook to WORK/NAME.state. A container of that name that runs already is ended first, with poststop.
set -euo pipefail

fixture=$1 name=$2 work=$3
config=$fixture/$name/config.json

if [[ -s $work/$name.pid ]]; then
	kill -KILL "$(cat "$work/$name.pid")" 2>/dev/null || true
	if [[ -r $fixture/$name/state.poststop.json ]]; then
		"$HOOK_BINARY" poststop <"$fixture/$name/state.poststop.json" >/dev/null 2>&1 || true
	fi
fi

# Worked out once, for this runs before every measured run: the first line is the root, then a line for
# each bind from a volume with source, target and propagation; and the state around its pid.
if [[ ! -s $work/$name.mounts ]]; then
	jq -er '.root.path as $root | $root, (.mounts[] |
		select(.type == "bind" and (.source | startswith("/var/lib/kubelet/pods/"))) |
		[.source, $root + .destination,
			((.options | map(select(test("^r?(private|slave|shared)$"))) | first) //
				"rprivate")] |
		@tsv)' "$config" >"$work/$name.mounts"
	jq -cj '.pid = 987654321' "$fixture/$name/state.prestart.json" >"$work/$name.template"
fi

# shellcheck disable=SC2016 # for the inner shell
unshare --mount --propagation slave -- /bin/sh -c '
	exec 3<"$1" && read -r root <&3 || exit 1
	mkdir -p "$root" && mount --rbind "$root" "$root" || exit 1
	while IFS="	" read -r source target propagation; do
		mkdir -p "$source" "$target" && mount --rbind "$source" "$target" &&
			mount "--make-$propagation" "$target" || exit 1
	done <&3
	echo $$ >"$2.new" && mv "$2.new" "$2" || exit 1
	exec sleep infinity 3<&-' sh "$work/$name.mounts" "$work/$name.pid.$$" \
	</dev/null >/dev/null 2>&1 &
child=$!

until [[ -s $work/$name.pid.$$ ]]; do
	kill -0 "$child" 2>/dev/null || {
		echo "bench: the container process of $name failed" >&2
		exit 1
	}
	sleep 0.002
done
mv "$work/$name.pid.$$" "$work/$name.pid"
read -r pid <"$work/$name.pid"
template=$(<"$work/$name.template")
printf '%s' "${template/987654321/$pid}" >"$work/$name.state"
