#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install/openshift/machineconfig.sh
#
# Called by `make machineconfig` with HOOK_BINARY, TOOL_BINARY, BUILD, ROLE and POLICY in the environment. Writes to
# BUILD/machineconfig, for the nodes of the pool ROLE:
#
#   99-ROLE-fuse-sidecar-hook.bu     Butane, with files/ as its --files-dir
#   99-ROLE-fuse-sidecar-hook.json   the MachineConfig, for `oc apply -f`
#   99-ROLE-fuse-sidecar-hook.ign    the Ignition config in it, alone
#
# All three are made from one list of files and units. On RHCOS /usr is an image and read-only, but
# /usr/local is /var/usrlocal, where the machine config operator itself puts programs; so the program
# goes to /usr/local/sbin, that for people to /usr/local/bin, and everything else to /etc. The program comes
# first and the hooks.d files last, for the operator writes files in this order.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8

cd -- "$(dirname -- "$0")/../.."
name=fuse-sidecar-hook
tool=fuse-sidecar
build=${BUILD:?not set, run make}
source_binary=${HOOK_BINARY:?not set}
tool_binary=${TOOL_BINARY:?not set}
role=${ROLE:-worker}
policy=${POLICY:-}
out=$build/machineconfig
title=99-$role-$name
binary=/usr/local/sbin/$name
tree_path=/usr/libexec/oci/hooks.d/$name
# etcd takes requests of 1.5 MiB, and the operator merges all configs of a pool into one object.
max_bytes=1048576

# What RHCOS 4.13 and newer has (RHEL 9): library, and the newest symbol version of it. A program
# that needs more would be installed well and then fail every annotated container.
rhcos_libraries() {
	cat <<'EOF'
libc.so.6 GLIBC 2.34
ld-linux-x86-64.so.2 GLIBC 2.34
ld-linux-aarch64.so.1 GLIBC 2.34
libjson-c.so.5 JSONC 0.14
libmount.so.1 MOUNT 2.37
libcap.so.2 - -
libseccomp.so.2 - -
EOF
}

fail() {
	echo "machineconfig: $*" >&2
	exit 1
}

# newer A B: whether version A is newer than B
newer() {
	[[ $1 != "$2" && $(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1) == "$1" ]]
}

# LIBRARY SYMBOL-VERSION of each that a program needs
needed_versions() {
	readelf -W --version-info "$1" | awk '
		/ File: / { for (i = 1; i < NF; i++) if ($i == "File:") file = $(i + 1) }
		/ Name: / { for (i = 1; i < NF; i++) if ($i == "Name:") print file, $(i + 1) }'
}

# check_libraries PROGRAM VARIABLE: which names another
check_libraries() {
	local program=$1 library version have
	while read -r library; do
		rhcos_libraries | grep -q "^$library " ||
			fail "$program needs $library, which RHCOS does not have"
	done < <(readelf -W --dynamic "$program" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]$/\1/p')
	while read -r library version; do
		have=$(rhcos_libraries | awk -v l="$library" -v p="${version%%_*}" '$1 == l && $2 == p { print $3 }')
		if [[ -z $have ]] || newer "${version#*_}" "$have"; then
			fail "$program needs $version of $library, RHCOS has ${have:-none}:" \
				"build it on RHEL 9 or Debian 12, and name it by $2="
		fi
	done < <(needed_versions "$program")
}

# MODE PATH FILE of each file, in the order in which it is written
list_files() {
	local file
	echo "493 $binary $out/files/$name"
	echo "493 /usr/local/bin/$tool $out/files/$tool"
	echo "420 /etc/tmpfiles.d/$name.conf $out/files/$name.conf"
	[[ -z $policy ]] || echo "420 /etc/$name/policy.json $out/files/policy.json"
	for file in poststop prestart; do
		echo "420 /etc/containers/oci/hooks.d/fuse-sidecar-$file.json $out/files/fuse-sidecar-$file.json"
	done
}

# ENABLED NAME of each unit
list_units() {
	echo "true fuse-sidecar-prepare.service"
	echo "false fuse-sidecar-reconcile.service"
	echo "true fuse-sidecar-reconcile.timer"
}

put_rewritten() {
	sed "s|$tree_path|$binary|g" "$1" >"$2"
}

collect() {
	local file unit
	rm -rf -- "$out"
	mkdir -p -- "$out/files"
	strip --strip-all -o "$out/files/$name" "$source_binary"
	strip --strip-all -o "$out/files/$tool" "$tool_binary"
	cp -- "install/$name.tmpfiles" "$out/files/$name.conf"
	[[ -z $policy ]] || cp -- "$policy" "$out/files/policy.json"
	for file in poststop prestart; do
		put_rewritten "crio-hooks.d/fuse-sidecar-$file.json" "$out/files/fuse-sidecar-$file.json"
	done
	while read -r _ unit; do
		put_rewritten "install/$unit" "$out/files/$unit"
	done < <(list_units)
}

# A data URL of a file, compressed.
data_url() {
	printf 'data:;base64,'
	gzip -9n <"$1" | base64 -w 0
}

# Ignition spec 3.2.0: the lowest that every OpenShift of today takes, and it has all that is needed.
write_ignition() {
	local mode path file enabled unit
	while read -r mode path file; do
		data_url "$file" | jq -R --arg path "$path" --argjson mode "$mode" '{path: $path, mode: $mode,
			overwrite: true, contents: {compression: "gzip", source: .}}'
	done < <(list_files) | jq -s . >"$out/files.json"
	while read -r enabled unit; do
		jq -Rs --arg name "$unit" --argjson enabled "$enabled" \
			'{name: $name, contents: .} + if $enabled then {enabled: true} else {} end' \
			"$out/files/$unit"
	done < <(list_units) | jq -s . >"$out/units.json"
	jq -n --slurpfile files "$out/files.json" --slurpfile units "$out/units.json" '{
		ignition: {version: "3.2.0"}, storage: {files: $files[0]}, systemd: {units: $units[0]}}' \
		>"$out/$title.ign"
	rm -- "$out/files.json" "$out/units.json"
}

write_machineconfig() {
	jq --arg name "$title" --arg role "$role" '{
		apiVersion: "machineconfiguration.openshift.io/v1", kind: "MachineConfig",
		metadata: {name: $name, labels: {"machineconfiguration.openshift.io/role": $role}},
		spec: {config: .}}' "$out/$title.ign" >"$out/$title.json"
}

indent() {
	sed "s/^\(.\)/$(printf '%*s' "$1" '')\1/"
}

write_butane() {
	local mode path file enabled unit
	cat <<EOF
# butane --files-dir files $title.bu >$title.yaml
variant: openshift
version: 4.12.0
metadata:
  name: $title
  labels:
    machineconfiguration.openshift.io/role: $role
storage:
  files:
EOF
	while read -r mode path file; do
		printf '    - path: %s\n      mode: 0%o\n      overwrite: true\n      contents:\n' "$path" "$mode"
		printf '        local: %s\n' "${file##*/}"
	done < <(list_files)
	echo 'systemd:'
	echo '  units:'
	while read -r enabled unit; do
		printf '    - name: %s\n' "$unit"
		[[ $enabled == false ]] || printf '      enabled: true\n'
		printf '      contents: |\n'
		indent 8 <"$out/files/$unit"
	done < <(list_units)
}

[[ $role =~ ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ ]] ||
	fail "ROLE=$role: expected the name of a machine config pool, such as worker or master"
[[ -x $source_binary ]] || fail "$source_binary is not there; run make, or name one by HOOK_BINARY="
[[ -x $tool_binary ]] || fail "$tool_binary is not there; run make, or name one by TOOL_BINARY="
[[ -z $policy || -r $policy ]] || fail "POLICY=$policy cannot be read"
check_libraries "$source_binary" HOOK_BINARY
check_libraries "$tool_binary" TOOL_BINARY
collect
write_ignition
write_machineconfig
write_butane >"$out/$title.bu"

size=$(stat -c %s -- "$out/$title.json")
((size <= max_bytes)) || fail "$out/$title.json has $size bytes; the API server takes no more than $max_bytes"
for file in bu ign json; do
	echo "made $out/$title.$file"
done
