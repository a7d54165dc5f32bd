#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The hooks.d files as the engine reads them that podman and CRI-O share (containers/common pkg/hooks):
# which annotations make it run the hook. A script that writes down its stage stands for the hook.
set -uo pipefail

# Storage, mounts and processes of podman end with these namespaces.
if ((EUID == 0)) && [[ ${ENGINE_INSIDE:-} != 1 ]]; then
	ENGINE_INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc -- "$0" "$@"
fi

# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/engine.bash
. "$(dirname -- "$0")/engine.bash"

missing=$(lacking root podman conmon runc busybox)
if [[ -n $missing ]]; then
	skip "podman's hooks engine reads the files" "$missing"
	finish
	exit
fi

engine_make
mkdir "$engine/hooks"
cat >"$engine/recorder" <<EOF
#!/bin/sh
cat >/dev/null
echo "\$1" >>"$engine/runs"
EOF
chmod +x "$engine/recorder"
for file in crio-hooks.d/*.json; do
	jq --arg path "$engine/recorder" '.hook.path = $path' "$file" >"$engine/hooks/${file##*/}"
done

later=()
# runs_for KEY VALUE: the stages at which the hook ran for a container with this annotation.
runs_for() {
	: >"$engine/runs"
	engine_annotate "$1=$2"
	"${engine_run[@]}" --hooks-dir "$engine/hooks" "${later[@]}" run --rm --network none --log-driver none \
		--ulimit host "${engine_annotated[@]}" --rootfs "$engine/rootfs" /bin/busybox true ||
		return 1
	tr '\n' ' ' <"$engine/runs"
}

# With the same files in a directory that comes later, whose hook writes down another word.
runs_later_one_once() {
	local file ran
	mkdir "$engine/later"
	sed "s/\\\$1/later-\$1/" "$engine/recorder" >"$engine/later-recorder"
	chmod +x "$engine/later-recorder"
	for file in "$engine"/hooks/*.json; do
		jq --arg path "$engine/later-recorder" '.hook.path = $path' "$file" \
			>"$engine/later/${file##*/}"
	done
	later=(--hooks-dir "$engine/later")
	ran=$(runs_for "$@")
	later=()
	echo "ran at: $ran"
	[[ $ran == 'later-prestart later-poststop ' ]]
}

runs_once_each() {
	local stages
	stages=$(runs_for "$1" "$2") || return 1
	echo "ran at: $stages"
	[[ $stages == 'prestart poststop ' ]]
}

runs_not() {
	local stages
	stages=$(runs_for "$1" "$2") || return 1
	echo "ran at: $stages"
	[[ -z $stages ]]
}

key=fuse-sidecar.io/mounts
is 'a list in one line activates both stages, once each' runs_once_each "$key" 'a=/m/a, b=/m/b'
is 'a list in several lines does so too' runs_once_each "$key" $'a=/m/a\nb=/m/b\n'
is 'a value that begins with an empty line does so too' runs_once_each "$key" $'\na=/m/a'
is 'a malformed value reaches the hook, which refuses it' runs_once_each "$key" '???'
is 'an empty value does so too, to be refused by name' runs_once_each "$key" ''
is 'of two directories with files of these names, the later one counts, once' \
	runs_later_one_once "$key" 'a=/m/a'
is 'a key that only ends in ours does not' runs_not "x$key" 'a=/m/a'
is 'a key that only begins with ours does not' runs_not "${key}x" 'a=/m/a'
is 'the dot of the key is a dot' runs_not "${key/./x}" 'a=/m/a'
is 'another key under the prefix does not' runs_not fuse-sidecar.io/wait 30s
finish
