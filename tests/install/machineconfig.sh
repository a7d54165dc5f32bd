#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make machineconfig`: what the nodes get is what was built, at places that RHCOS can be written to, in
# an order that is safe; Butane and MachineConfig say the same. ignition-validate, which few systems
# have, is asked by tests/packages/manifests.sh.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

hook=$(realpath "${HOOK_BINARY:-build/fuse-sidecar-hook}")
tool=$(realpath "${TOOL_BINARY:-build/fuse-sidecar}")
name=fuse-sidecar-hook
out=$scratch/machineconfig
title=99-worker-$name
place=/usr/local/sbin/$name

missing=$(lacking jq readelf strip gcc)
if [[ -n $missing ]]; then
	skip 'a MachineConfig is made' "$missing"
	finish
	exit
fi

# make_config [VAR=VALUE...]
make_config() {
	env BUILD="$scratch" HOOK_BINARY="$hook" TOOL_BINARY="$tool" "$@" install/openshift/machineconfig.sh
}

# What was built with younger libraries than RHCOS has is refused, and another program is its stand-in.
if ! make_config 2>"$scratch/why" >/dev/null && grep -q ', RHCOS has ' "$scratch/why"; then
	echo "# $hook is not for RHCOS: a program that needs next to nothing is taken"
	hook=$scratch/program
	echo 'int main(void) { return 0; }' | gcc -x c - -o "$hook"
	tool=$hook
fi

# contents PATH: of a file, as a node would have it
contents() {
	jq -r --arg path "$1" '.spec.config.storage.files[] | select(.path == $path) | .contents.source' \
		"$out/$title.json" | sed 's/^data:;base64,//' | base64 -d | gzip -d
}

paths() {
	jq -r '.spec.config.storage.files[].path' "$out/$title.json"
}

# The fields of openshift/api's machineconfiguration/v1 MachineConfig that are used, and no others.
is_machineconfig() {
	jq -e --arg role "$1" '
		keys == ["apiVersion", "kind", "metadata", "spec"] and
		.apiVersion == "machineconfiguration.openshift.io/v1" and .kind == "MachineConfig" and
		.metadata == {name: "99-\($role)-fuse-sidecar-hook",
			labels: {"machineconfiguration.openshift.io/role": $role}} and
		(.spec | keys) == ["config"]' "$out/99-$1-$name.json"
}

# The members that Ignition's specification 3.2.0 gives to what is used here.
is_ignition() {
	jq -e '
		keys == ["ignition", "storage", "systemd"] and .ignition == {version: "3.2.0"} and
		(.storage | keys) == ["files"] and (.systemd | keys) == ["units"] and
		all(.storage.files[]; keys == ["contents", "mode", "overwrite", "path"] and
			(.contents | keys) == ["compression", "source"] and
			.contents.compression == "gzip" and (.mode | type) == "number" and
			(.path | startswith("/"))) and
		all(.systemd.units[]; (keys - ["contents", "enabled", "name"]) == [] and
			(.name | test("^[a-z-]+\\.(service|timer)$"))) and
		([.storage.files[].path] | length == (unique | length))' "$out/$title.ign" &&
		diff <(jq -S .spec.config "$out/$title.json") <(jq -S . "$out/$title.ign")
}

# is_built_one PLACE PROGRAM
is_built_one() {
	contents "$1" >"$scratch/taken" && chmod +x "$scratch/taken" &&
		[[ $("$scratch/taken" --version) == "$("$2" --version)" ]] &&
		diff <(readelf -Wn "$scratch/taken") <(readelf -Wn "$2")
}

# RHCOS: /usr is an image, /usr/local is /var/usrlocal.
places_are_writable() {
	! paths | grep -vE '^/(etc|usr/local)/'
}

program_first_hooks_last() {
	[[ $(paths | head -n 1) == "$place" ]] &&
		diff <(paths | tail -n 2) <(printf '/etc/containers/oci/hooks.d/fuse-sidecar-%s.json\n' \
			poststop prestart)
}

hook_is_registered() {
	jq -e --slurpfile tree "crio-hooks.d/fuse-sidecar-$1.json" --arg path "$place" \
		'. == ($tree[0] | .hook.path = $path)' \
		<(contents "/etc/containers/oci/hooks.d/fuse-sidecar-$1.json")
}

units_start_program() {
	local unit
	for unit in fuse-sidecar-{prepare,reconcile}.service; do
		jq -r --arg name "$unit" '.spec.config.systemd.units[] | select(.name == $name) | .contents' \
			"$out/$title.json" | grep -q "^ExecStart=$place [a-z]*$" || return 1
	done
}

# What has an [Install] section is enabled, the rest is started by something else.
enables_units() {
	diff <(jq -r '.spec.config.systemd.units[] | select(.enabled) | .name' "$out/$title.json" | sort) \
		<(grep -l '^\[Install\]' install/*.service install/*.timer | sed 's|.*/||' | sort)
}

# PATH MODE LOCAL of each file of the Butane config
butane_files() {
	awk '/^    - path: / { path = $3 } /^      mode: / { mode = $2 } /^        local: / { print path, mode, $2 }' \
		"$out/$title.bu"
}

butane_says_the_same() {
	local path mode file
	diff <(butane_files | while read -r path mode file; do echo "$path $((mode))"; done) \
		<(jq -r '.spec.config.storage.files[] | "\(.path) \(.mode)"' "$out/$title.json") || return 1
	while read -r path mode file; do
		cmp "$out/files/$file" <(contents "$path") || return 1
	done < <(butane_files)
	while read -r file; do
		diff <(awk -v name="$file" '/^    - name: / { here = $3 == name; text = 0; next }
			here && /^      contents: \|/ { text = 1; next }
			here && text { sub(/^        /, ""); print }' "$out/$title.bu") \
			<(jq -r --arg name "$file" '.spec.config.systemd.units[] | select(.name == $name)
				| .contents' "$out/$title.json" | sed '$d') || return 1
	done < <(jq -r '.spec.config.systemd.units[].name' "$out/$title.json")
}

same_bytes_again() {
	sha256sum "$out"/*.{bu,ign,json} >"$scratch/sums" && make_config && sha256sum -c "$scratch/sums"
}

policy_is_there() {
	echo '{"mode": "audit"}' >"$scratch/policy.json"
	make_config POLICY="$scratch/policy.json" &&
		contents "/etc/$name/policy.json" | cmp - "$scratch/policy.json" && program_first_hooks_last
}

refuses() {
	local want=$1
	shift
	! make_config "$@" 2>"$scratch/why" && cat "$scratch/why" && grep -qF -- "$want" "$scratch/why"
}

# A program that needs a library by this name, and of it a symbol of this version.
needs() {
	local library=$1 version=$2
	mkdir -p "$scratch/lib"
	printf '%s { global: wanted; };\n' "$version" >"$scratch/map"
	echo 'int wanted(void) { return 0; }' |
		gcc -shared -fPIC -x c - -Wl,-soname,"$library" -Wl,--version-script="$scratch/map" \
			-o "$scratch/lib/$library" &&
		echo 'int wanted(void); int main(void) { return wanted(); }' |
		gcc -x c - -x none "$scratch/lib/$library" -o "$scratch/needs"
}

too_new_is_refused() {
	needs libjson-c.so.5 JSONC_9.9 && refuses 'needs JSONC_9.9 of libjson-c.so.5' HOOK_BINARY="$scratch/needs"
}

tool_is_asked_too() {
	needs libjson-c.so.5 JSONC_9.9 && refuses 'name it by TOOL_BINARY=' TOOL_BINARY="$scratch/needs"
}

unknown_library_is_refused() {
	needs libother.so.1 OTHER_1 && refuses 'needs libother.so.1' HOOK_BINARY="$scratch/needs"
}

too_large_is_refused() {
	head -c 2000000 /dev/urandom >"$scratch/noise" &&
		objcopy --add-section .noise="$scratch/noise" --set-section-flags .noise=alloc,readonly \
			"$hook" "$scratch/large" 2>/dev/null &&
		refuses 'the API server takes no more' HOOK_BINARY="$scratch/large"
}

is 'it is made' make_config
is 'it is a MachineConfig for the workers' is_machineconfig worker
is 'with an Ignition config of version 3.2.0' is_ignition
is 'the program in it is the one that was built' is_built_one "$place" "$hook"
is 'so is that for people' is_built_one /usr/local/bin/fuse-sidecar "$tool"
is 'every place can be written to on RHCOS' places_are_writable
is 'the program comes first and the hooks last' program_first_hooks_last
is 'the prestart hook names the program' hook_is_registered prestart
is 'the poststop hook does so too' hook_is_registered poststop
is 'the units start the program' units_start_program
is 'those that can be enabled are' enables_units
is 'Butane says the same' butane_says_the_same
is 'made again it is the same' same_bytes_again
is 'a policy goes with it' policy_is_there
is 'another pool has its own' make_config ROLE=master
is 'it is a MachineConfig for that pool' is_machineconfig master
is 'a pool that cannot be is refused' refuses 'expected the name of a machine config pool' ROLE='a b'
is 'a program that is not there is refused' refuses 'is not there' HOOK_BINARY="$scratch/nothing"
is 'whichever it is' refuses 'is not there' TOOL_BINARY="$scratch/nothing"
is 'a program that needs a newer library than RHCOS has is refused' too_new_is_refused
is 'so is such a program for people' tool_is_asked_too
is 'so is one that needs another library' unknown_library_is_refused
is 'a config that the API server would not take is refused' too_large_is_refused
finish
