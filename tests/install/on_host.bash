# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the suites of the DaemonSet's installer have in common: a node of their own, a directory that holds
# no program and no library but what the container puts there, and versions of the program to install.

# shellcheck disable=SC2154 # scratch is of report.bash
node=$scratch/node
on_host_missing=$(lacking root patchelf curl jq python3 strace ip)
[[ -n $on_host_missing ]] || ip link set lo up
trap 'umount "$node/proc" 2>/dev/null; rm -rf --one-file-system -- "$scratch"' EXIT

hook=${HOOK_BINARY:-build/fuse-sidecar-hook}
tool=${TOOL_BINARY:-build/fuse-sidecar}
inspect=()
[[ ! -e ${hook%/*}/fuse-sidecar-inspect ]] || inspect=("${hook%/*}/fuse-sidecar-inspect")
opt=$node/opt/fuse-sidecar-hook
hooks=$node/etc/containers/oci/hooks.d
vendor_hooks=$node/usr/share/containers/oci/hooks.d
api=http://127.0.0.1:8080

make_bundle() {
	install/container/bundle.sh "$2" "$1" "$hook" "$tool" "${inspect[@]}" >/dev/null && mkdir "$2/hooks.d" &&
		cp crio-hooks.d/*.json "$2/hooks.d/"
}

# [BY=exec] on_host BUNDLE ACTION [VAR=VALUE...]
on_host() {
	local bundle=$1 action=$2
	shift 2
	${BY:-} env -i PATH="$PATH" HOST_ROOT="$node" BUNDLE="$bundle" POLICY="$scratch/policy/policy.json" \
		PATH_DIRECTORY="$node/usr/local/bin" POD_UID=pod-1 \
		ACCOUNT="$scratch/account" API_SERVER="$api" API_SECONDS=2 NAMESPACE=ns DAEMONSET=hook "$@" \
		install/container/on-host.sh "$action"
}

id_of() {
	cat "$1/id"
}

# fresh_node [DIRECTORY...]: whose CRI-O reads these; by default the administrator's and its own
fresh_node() {
	(($#)) || set -- /etc/containers/oci/hooks.d /usr/share/containers/oci/hooks.d
	! mountpoint -q "$node/proc" || umount "$node/proc"
	rm -rf --one-file-system -- "$node"
	mkdir -p "$node/proc" "$hooks" "$vendor_hooks" "$node/usr/local/bin" "$node/etc/crio/crio.conf.d"
	mount -t proc proc "$node/proc"
	hooks_dir "$@" >"$node/etc/crio/crio.conf.d/10-test.conf"
}

# hooks_dir DIRECTORY... : that configuration of CRI-O
hooks_dir() {
	printf '[crio.runtime]\nhooks_dir = ['
	printf '"%s", ' "$@"
	printf ']\n'
}

versions() {
	find "$opt" -mindepth 1 -maxdepth 1 -type d -printf '%f\n'
}

same_list() {
	local have=$1
	shift
	diff <(sort <<<"$have") <(printf '%s\n' "$@" | sort)
}

nothing_left() {
	local left
	left=$(find "$node" -xdev ! -type d ! -path '*/other.json' ! -path '*/etc/crio/*' ! -path '*/run/crio/*')
	echo "$left"
	[[ -z $left && -z $(versions) ]]
}

# registered_in DIRECTORY: there and nowhere else
registered_in() {
	same_list "$(cd "$node" && find . -xdev -name 'fuse-sidecar-*.json' ! -path './opt/*')" \
		".$1/fuse-sidecar-poststop.json" ".$1/fuse-sidecar-prestart.json"
}

# is_not_ready PATTERN: says so, and says why
is_not_ready() {
	local said
	said=$(on_host "$scratch/one" ready 2>/dev/null) && return 1
	echo "$said"
	grep -qE "$1" <<<"$said"
}

# wait_for COMMAND... : for 20 s at most
wait_for() {
	local i
	for ((i = 0; i < 200; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.1
	done
	echo "waited in vain for: $*"
	return 1
}
