#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/fuzz/seeds.sh DIR
#
# Makes DIR/TARGET/* from tests/fixtures and tests/corpus: captured inputs, and those that must be
# refused. Nothing of it is kept; what fuzzing finds worth keeping is in tests/fuzz/corpus.
set -euo pipefail
shopt -s nullglob

cd -- "$(dirname -- "$0")/../.."
fixtures=tests/fixtures
should_fail=tests/corpus/should-fail

# keep TARGET FILE...: each under a name that says where it is from
keep() {
	local target=$1 file
	shift
	for file; do
		cp -- "$file" "$out/$target/${file//\//_}"
	done
}

# annotations_of FILE: the members as KEY=VALUE and a NUL each
annotations_of() {
	jq -j '.annotations // {} | to_entries[] | "\(.key)=\(.value)\u0000"' "$1"
}

seed_annotations() {
	local file
	for file in "$should_fail"/annotations/*.json "$fixtures"/world/*/config.json; do
		annotations_of "$file" >"$out/annotations/${file//\//_}"
	done
}

# The path, the arguments up to an empty one, the environment.
seed_rclone() {
	local file
	for file in "$fixtures"/world/*/config.json "$fixtures"/crio/*/*/*/config.json; do
		jq -j '"/mnt/media/zurg\u0000", (.process.args[] | "\(.)\u0000"), "\u0000",
			(.process.env[] | "\(.)\u0000")' "$file" >"$out/rclone/${file//\//_}"
	done
}

# Every key once: there is no such file among the fixtures.
seed_policy() {
	cp -- install/policy.json.example "$out/policy/example"
	cat >"$out/policy/all" <<'END'
{"mode":"audit","namespaces":{"allow":["media-*"],"deny":["media-x"]},"roots":["/srv"],
"gate":{"default":"10s","max":"1m"},"probeTimeout":"1s","severity":{"limits-missing":"ignore"},
"allowPropagationGrant":true,"nodeMounts":["/mnt/shared"],"abortHungAfter":"10m"}
END
}

# A container of a fixture, with what the checks look at, and a record of the pod. Small: a real
# seccomp profile alone is more than most of what there is to find takes.
seed_judge() {
	local config dir record small
	small='del(.annotations, .linux.maskedPaths, .linux.readonlyPaths)
		| if .linux.seccomp then .linux.seccomp.syscalls |= .[:2] else . end
		| .process.env = .process.env[:4]
		| .mounts = (.mounts | map(select(.type == "bind")))'
	record=$(jq -c . tests/fuzz/corpus/topology/full)
	for config in "$fixtures"/world/*/config.json "$fixtures"/crio/*/*/*/config.json; do
		dir=${config%/*}
		{
			printf 'MDbAS\0'
			jq -cj "$small" "$config"
			printf '\0'
			grep -E ' /[^ ]* (/|/var/.*|.*/mnt/.*) ' "$dir/host.mountinfo"
			printf '\0'
			grep -E ' /[^ ]* (/|/var/.*|.*/mnt/.*) ' "$dir/container.mountinfo"
			printf '\0%s\0' "$record"
			annotations_of "$config" | grep -zE \
				'^(fuse-sidecar|io.kubernetes.(pod|container|cri-o.(Con|San)))'
		} >"$out/judge/${config//\//_}"
	done
}

out=$1
mkdir -p "$out"/{state,config,annotations,policy,mountinfo,rclone,topology,wire,judge,lint}
out=$(cd -- "$out" && pwd)
keep state "$fixtures"/crio/*/*/*/state.*.json "$should_fail"/{state,identity,annotations}/*.json
keep config "$fixtures"/world/*/config.json "$fixtures"/crio/*/*/*/config.json \
	"$should_fail"/config/*.json
keep mountinfo "$fixtures"/world/*/*.mountinfo "$fixtures"/crio/*/*/*/*.mountinfo
keep lint examples/*.yaml "$fixtures"/lint/*.yaml "$fixtures"/lint/*.json \
	"$fixtures"/lint/reference/*.yaml
seed_policy
seed_annotations
seed_rclone
seed_judge
