#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the DaemonSet's container does, on a node of our own: a directory that holds no program and no
# library but what the container puts there. The API server is busybox's httpd.
set -uo pipefail

# A network with nobody else's ports in it; what is left running ends with the namespace.
if ((EUID == 0)) && [[ ${ON_HOST_INSIDE:-} != 1 ]]; then
	ON_HOST_INSIDE=1 exec unshare --net --pid --mount --propagation private --fork --kill-child \
		--mount-proc -- "$0" "$@"
fi

# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

missing=$(lacking root patchelf curl busybox strace ip)
if [[ -n $missing ]]; then
	skip "the DaemonSet's container installs the hook" "$missing"
	finish
	exit
fi
ip link set lo up

hook=${HOOK_BINARY:-build/fuse-sidecar-hook}
inspect=()
[[ ! -e ${hook%/*}/fuse-sidecar-inspect ]] || inspect=("${hook%/*}/fuse-sidecar-inspect")
node=$scratch/node
opt=$node/opt/fuse-sidecar-hook
hooks=$node/etc/containers/oci/hooks.d
api=http://127.0.0.1:8080
object=$scratch/api/apis/apps/v1/namespaces/ns/daemonsets/hook
httpd_pid=

make_bundle() {
	install/container/bundle.sh "$2" "$1" "$hook" "${inspect[@]}" >/dev/null && mkdir "$2/hooks.d" &&
		cp crio-hooks.d/*.json "$2/hooks.d/"
}

# [BY=exec] on_host BUNDLE ACTION [VAR=VALUE...]
on_host() {
	local bundle=$1 action=$2
	shift 2
	${BY:-} env -i PATH="$PATH" HOST_ROOT="$node" BUNDLE="$bundle" POLICY="$scratch/policy/policy.json" \
		ACCOUNT="$scratch/account" API_SERVER="$api" NAMESPACE=ns DAEMONSET=hook "$@" \
		install/container/on-host.sh "$action"
}

id_of() {
	cat "$1/id"
}

fresh_node() {
	rm -rf -- "$node"
	mkdir -p "$node"
}

# ---- the bundle ----------------------------------------------------------------------------------

# Nothing of this system is in that root, so a library that is missing shows.
runs_alone() {
	fresh_node
	on_host "$scratch/one" install >/dev/null &&
		cp tests/fixtures/crio/crio-1.33-crun/seed/plex/{config.json,host.mountinfo} "$node/" &&
		[[ $(chroot "$node" /opt/fuse-sidecar-hook/fuse-sidecar-hook --version) == \
			"$("$hook" --version)" ]] &&
		diff <(chroot "$node" /opt/fuse-sidecar-hook/fuse-sidecar-hook check /config.json \
			--host-mountinfo /host.mountinfo) \
			<("$hook" check tests/fixtures/crio/crio-1.33-crun/seed/plex/config.json \
				--host-mountinfo tests/fixtures/crio/crio-1.33-crun/seed/plex/host.mountinfo)
}

helper_runs_alone() {
	local program
	program=/opt/fuse-sidecar-hook/$(id_of "$scratch/one")/sbin/fuse-sidecar-inspect
	chroot "$node" "$program" match '^a+$' aaa && ! chroot "$node" "$program" match '^a+$' b
}

# libyaml is loaded by dlopen(3), so ldd does not name it.
lint_runs_alone() {
	chroot "$node" /opt/fuse-sidecar-hook/fuse-sidecar-hook lint - <examples/plex.yaml \
		>"$scratch/lint" 2>&1
	echo "exit $?" >>"$scratch/lint"
	diff "$scratch/lint" <("$hook" lint - <examples/plex.yaml 2>&1; echo "exit $?") &&
		! grep -i 'cannot open\|libyaml' "$scratch/lint"
}

same_content_same_id() {
	make_bundle 1 "$scratch/again" && [[ $(id_of "$scratch/one") == "$(id_of "$scratch/again")" ]]
}

# ---- installing ----------------------------------------------------------------------------------

# hook_points_at FILE STAGE
hook_points_at() {
	jq -e --arg stage "$1" '.hook.path == "/opt/fuse-sidecar-hook/fuse-sidecar-hook" and
		.hook.args[1] == $stage and .stages == [$stage]' "$hooks/fuse-sidecar-$1.json"
}

# Names that came into place, in the order of the system calls.
moves() {
	sed -nE 's/.*rename(at2?)?\(.*"([^"]*)"(, [A-Z_0-9|]+)?\) += 0$/\2/p' "$1" | sed 's|.*/||'
}

installs_in_order() {
	fresh_node
	env -i PATH="$PATH" HOST_ROOT="$node" BUNDLE="$scratch/one" strace -f -qq -o "$scratch/trace" \
		-e trace=rename,renameat,renameat2 install/container/on-host.sh install >/dev/null || return 1
	diff <(moves "$scratch/trace") <(id_of "$scratch/one"; echo fuse-sidecar-hook
		echo fuse-sidecar-poststop.json; echo fuse-sidecar-prestart.json)
}

inodes() {
	find "$node" ! -type d -printf '%i %T@ %P\n' | sort -k3
}

changes_nothing() {
	local before
	before=$(inodes)
	on_host "$scratch/one" install && diff <(echo "$before") <(inodes)
}

mends_program() {
	: >"$opt/$(id_of "$scratch/one")/lib/libjson-c.so.5"
	on_host "$scratch/one" install &&
		chroot "$node" /opt/fuse-sidecar-hook/fuse-sidecar-hook --version
}

mends_hook() {
	rm "$hooks/fuse-sidecar-prestart.json"
	! on_host "$scratch/one" ready && on_host "$scratch/one" install && on_host "$scratch/one" ready
}

# A program that does not run is not registered.
does_not_register_broken() {
	fresh_node
	cp -r "$scratch/one" "$scratch/broken"
	: >"$scratch/broken/$(id_of "$scratch/one")/lib/libjson-c.so.5"
	! on_host "$scratch/broken" install && [[ ! -e $hooks/fuse-sidecar-prestart.json ]] &&
		[[ ! -e $hooks/fuse-sidecar-poststop.json && ! -e $opt/fuse-sidecar-hook ]]
}

versions() {
	find "$opt" -mindepth 1 -maxdepth 1 -type d -printf '%f\n'
}

keeps_previous() {
	fresh_node
	on_host "$scratch/one" install && on_host "$scratch/two" install &&
		same_list "$(versions)" "$(id_of "$scratch/one")" "$(id_of "$scratch/two")" &&
		[[ $(readlink "$opt/fuse-sidecar-hook") == "$(id_of "$scratch/two")"/* ]]
}

drops_older() {
	on_host "$scratch/three" install &&
		same_list "$(versions)" "$(id_of "$scratch/two")" "$(id_of "$scratch/three")"
}

same_list() {
	local have=$1
	shift
	diff <(sort <<<"$have") <(printf '%s\n' "$@" | sort)
}

policy_arrives() {
	mkdir -p "$scratch/policy"
	echo '{"mode": "audit"}' >"$scratch/policy/policy.json"
	on_host "$scratch/three" install &&
		cmp "$scratch/policy/policy.json" "$node/etc/fuse-sidecar-hook/policy.json"
}

nothing_left() {
	local left
	left=$(find "$node" ! -type d ! -path '*/other.json')
	echo "$left"
	[[ -z $left && -z $(versions) ]]
}

removes_all() {
	echo '{}' >"$hooks/other.json"
	on_host "$scratch/three" remove && nothing_left && [[ -e $hooks/other.json ]]
}

keeps_foreign_policy() {
	on_host "$scratch/three" install || return 1
	echo '{"mode": "enforce"}' >"$node/etc/fuse-sidecar-hook/policy.json"
	on_host "$scratch/three" remove && [[ -e $node/etc/fuse-sidecar-hook/policy.json ]]
	local kept=$?
	rm -rf -- "$scratch/policy" "$node/etc/fuse-sidecar-hook"
	return "$kept"
}

# ---- the end of the container --------------------------------------------------------------------

# serve [LINE]: the API server, with a line for httpd.conf
serve() {
	printf '%s\n' "${1:-}" >"$scratch/httpd.conf"
	busybox httpd -f -p 127.0.0.1:8080 -h "$scratch/api" -c "$scratch/httpd.conf" &
	httpd_pid=$!
	wait_for curl -s -o /dev/null "$api/"
}

serve_nothing() {
	[[ -z $httpd_pid ]] || { kill "$httpd_pid"; wait "$httpd_pid" 2>/dev/null; }
	httpd_pid=
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

# lives VAR=VALUE BEFORE-THE-END...: a container's life on a fresh node. Its long interval proves that the
# signal ends the sleep.
lives() {
	local variable=$1 pid
	shift
	fresh_node
	BY='exec' on_host "$scratch/one" run INTERVAL=1000 "$variable" &
	pid=$!
	wait_for on_host "$scratch/one" ready || return 1
	"$@"
	kill -TERM "$pid"
	wait_for_end "$pid"
}

wait_for_end() {
	wait_for ended "$1" && wait "$1"
}

ended() {
	! kill -0 "$1" 2>/dev/null || [[ $(ps -o stat= -p "$1") == Z* ]]
}

# exists [METADATA]
# shellcheck disable=SC2120 # is() passes some
exists() {
	mkdir -p "${object%/*}"
	printf '{\n  "kind": "DaemonSet",\n  "metadata": {%s}\n}\n' "${1:-}" >"$object"
}

stays_on_upgrade() {
	lives REMOVE=deleted true && on_host "$scratch/one" ready
}

goes_when_deleted() {
	lives REMOVE=deleted rm "$object" && nothing_left
}

goes_when_being_deleted() {
	lives REMOVE=deleted exists '"deletionTimestamp": "2026-11-23T12:00:00Z"' && nothing_left
}

forbid() {
	serve_nothing
	serve 'D:*'
}

goes_when_forbidden() {
	lives REMOVE=deleted forbid && nothing_left
}

stays_without_answer() {
	lives REMOVE=deleted serve_nothing && on_host "$scratch/one" ready
}

goes_always() {
	lives REMOVE=always true && nothing_left
}

stays_never() {
	lives REMOVE=never true && on_host "$scratch/one" ready
}

refuses() {
	fresh_node
	! on_host "$scratch/one" run "$1" && [[ -z $(find "$node" ! -type d) ]]
}

make_bundle 1 "$scratch/one"
make_bundle 2 "$scratch/two"
make_bundle 3 "$scratch/three"
is 'the program runs where none of its libraries is installed' runs_alone
is 'lint reads YAML there' lint_runs_alone
if ((${#inspect[@]})); then
	is 'so does the helper of doctor' helper_runs_alone
else
	skip 'so does the helper of doctor' 'built without it'
fi
is 'a bundle is named for its content' same_content_same_id
is 'the prestart hook names the program on the node' hook_points_at prestart
is 'the poststop hook does so too' hook_points_at poststop
is 'the program comes first and the hooks last, each by rename' installs_in_order
is 'install again changes nothing' changes_nothing
is 'a program that somebody broke is put in again' mends_program
is 'so is a hook that somebody removed' mends_hook
is 'a program that does not run is not registered' does_not_register_broken
is 'an upgrade switches over and keeps the version before' keeps_previous
is 'the next one removes it' drops_older
is 'the policy of the ConfigMap arrives' policy_arrives
is 'remove leaves nothing of ours, and what is not ours' removes_all
is "remove leaves an administrator's policy" keeps_foreign_policy
exists ''
serve
is 'the hook stays when the container ends and the DaemonSet does not' stays_on_upgrade
is 'it goes when the DaemonSet has been deleted' goes_when_deleted
exists ''
is 'it goes when the DaemonSet waits for its pods' goes_when_being_deleted
exists ''
is 'it goes when the right to ask has been deleted too' goes_when_forbidden
is 'without the right to ask nothing is installed' refuses REMOVE=deleted
serve_nothing
serve
is 'it stays when the API server does not answer' stays_without_answer
is 'REMOVE=always takes it away and asks nobody' goes_always
is 'REMOVE=never leaves it' stays_never
is 'another REMOVE is refused' refuses REMOVE=perhaps
finish
