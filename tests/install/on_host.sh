#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the DaemonSet's container puts on a node, and where. CRI-O answers what a test says.
set -uo pipefail

# A network with nobody else's ports in it; what is left running ends with the namespace.
if ((EUID == 0)) && [[ ${ON_HOST_INSIDE:-} != 1 ]]; then
	ON_HOST_INSIDE=1 exec unshare --net --pid --mount --propagation private --fork --kill-child \
		--mount-proc -- "$0" "$@"
fi

# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/on_host.bash
. "$(dirname -- "$0")/on_host.bash"

if [[ -n $on_host_missing ]]; then
	skip "the DaemonSet's container installs the hook" "$on_host_missing"
	finish
	exit
fi
crio_pid=''

# ---- the bundle ----------------------------------------------------------------------------------

# Nothing of this system is in that root, so a library that is missing shows.
runs_alone() {
	fresh_node
	on_host "$scratch/one" install >/dev/null &&
		cp tests/fixtures/crio/crio-1.33-crun/seed/plex/{config.json,host.mountinfo} "$node/" &&
		[[ $(chroot "$node" /opt/fuse-sidecar-hook/fuse-sidecar-hook --version) == \
			"$("$hook" --version)" ]] &&
		diff <(chroot "$node" /opt/fuse-sidecar-hook/fuse-sidecar check /config.json \
			--host-mountinfo /host.mountinfo) \
			<("$tool" check tests/fixtures/crio/crio-1.33-crun/seed/plex/config.json \
				--host-mountinfo tests/fixtures/crio/crio-1.33-crun/seed/plex/host.mountinfo)
}

helper_runs_alone() {
	local program
	program=/opt/fuse-sidecar-hook/$(id_of "$scratch/one")/sbin/fuse-sidecar-inspect
	chroot "$node" "$program" match '^a+$' aaa && ! chroot "$node" "$program" match '^a+$' b
}

# libyaml is loaded by dlopen(3), so ldd does not name it.
lint_runs_alone() {
	chroot "$node" /opt/fuse-sidecar-hook/fuse-sidecar lint - <examples/plex.yaml \
		>"$scratch/lint" 2>&1
	echo "exit $?" >>"$scratch/lint"
	diff "$scratch/lint" <("$tool" lint - <examples/plex.yaml 2>&1; echo "exit $?") &&
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
	env -i PATH="$PATH" HOST_ROOT="$node" BUNDLE="$scratch/one" POD_UID=pod-1 \
		PATH_DIRECTORY="$node/usr/local/bin" strace -f -qq -o "$scratch/trace" \
		-e trace=rename,renameat,renameat2 install/container/on-host.sh install >/dev/null || return 1
	diff <(moves "$scratch/trace") <(echo owner; id_of "$scratch/one"; echo fuse-sidecar; echo fuse-sidecar-hook
		echo fuse-sidecar-hook; echo fuse-sidecar; echo fuse-sidecar-poststop.json; echo fuse-sidecar-prestart.json)
}

inodes() {
	find "$node" -xdev ! -type d -printf '%i %T@ %P\n' | sort -k3
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

policy_arrives() {
	mkdir -p "$scratch/policy"
	echo '{"mode": "audit"}' >"$scratch/policy/policy.json"
	on_host "$scratch/three" install &&
		cmp "$scratch/policy/policy.json" "$node/etc/fuse-sidecar-hook/policy.json"
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

# ---- what CRI-O reads ----------------------------------------------------------------------------

# goes_where_read DIRECTORY READ... : it is registered in the first where CRI-O reads the others
goes_where_read() {
	local expected=$1
	shift
	fresh_node "$@"
	on_host "$scratch/one" install && registered_in "$expected" && on_host "$scratch/one" ready
}

goes_where_default_is() {
	fresh_node
	rm "$node/etc/crio/crio.conf.d/10-test.conf"
	on_host "$scratch/one" install && registered_in /usr/share/containers/oci/hooks.d
}

# The program is there; what registers it would be read by nobody.
names_unreachable() {
	fresh_node /srv/hooks.d
	on_host "$scratch/one" install && [[ -e $opt/fuse-sidecar-hook ]] &&
		is_not_ready 'CRI-O reads /srv/hooks.d: none of these' &&
		[[ -z $(find "$node" -xdev -name 'fuse-sidecar-*.json' ! -path '*/opt/*') ]]
}

names_broken_config() {
	fresh_node
	echo 'hooks_dir = [' >"$node/etc/crio/crio.conf"
	on_host "$scratch/one" install && is_not_ready 'crio.conf is not TOML' &&
		is_not_ready 'cannot find out which directories CRI-O reads'
}

# What is registered stays while it is not known what CRI-O reads.
keeps_when_unknown() {
	fresh_node
	on_host "$scratch/one" install || return 1
	echo 'hooks_dir = [' >"$node/etc/crio/crio.conf"
	on_host "$scratch/one" install && registered_in /etc/containers/oci/hooks.d
}

moves_with_config() {
	fresh_node
	on_host "$scratch/one" install && registered_in /etc/containers/oci/hooks.d || return 1
	hooks_dir /usr/share/containers/oci/hooks.d >"$node/etc/crio/crio.conf.d/10-test.conf"
	on_host "$scratch/one" install && registered_in /usr/share/containers/oci/hooks.d
}

# answers_config TEXT: a CRI-O that runs
answers_config() {
	mkdir -p "$node/run/crio" "$scratch/crio"
	printf '200\n%s\n' "$1" >"$scratch/crio/config"
	tests/install/answering_server.py "$scratch/crio" "$node/run/crio/crio.sock" &
	crio_pid=$!
	wait_for test -S "$node/run/crio/crio.sock"
}

stop_crio() {
	[[ -z $crio_pid ]] || { kill "$crio_pid"; wait "$crio_pid" 2>/dev/null; }
	crio_pid=
}

# The CRI-O that runs may have been started with another list than its files have.
asks_who_runs() {
	local ret=0
	fresh_node /etc/containers/oci/hooks.d
	answers_config "$(hooks_dir /usr/share/containers/oci/hooks.d)" &&
		on_host "$scratch/one" install && registered_in /usr/share/containers/oci/hooks.d &&
		printf '500\nno\n' >"$scratch/crio/config" &&
		on_host "$scratch/one" install && registered_in /etc/containers/oci/hooks.d || ret=1
	stop_crio
	return "$ret"
}

names_no_directory() {
	local ret=0
	fresh_node
	answers_config "$(printf '[crio.runtime]\nhooks_dir = []')" &&
		on_host "$scratch/one" install && is_not_ready 'CRI-O reads no directory' || ret=1
	stop_crio
	return "$ret"
}

# A package's registration of the same name is not ours to overwrite, nor to pass over where it counts.
leaves_package() {
	fresh_node
	sed 's/"hook"/"hook" /' crio-hooks.d/fuse-sidecar-prestart.json >"$vendor_hooks/fuse-sidecar-prestart.json"
	cp "$vendor_hooks/fuse-sidecar-prestart.json" "$scratch/package.json"
	on_host "$scratch/one" install &&
		is_not_ready '/usr/share/.*/fuse-sidecar-prestart.json registers another installation' &&
		[[ ! -e $hooks/fuse-sidecar-prestart.json ]] && on_host "$scratch/one" remove &&
		cmp "$scratch/package.json" "$vendor_hooks/fuse-sidecar-prestart.json"
}

is_on_path() {
	fresh_node
	on_host "$scratch/one" install && [[ $(chroot "$node" /usr/local/bin/fuse-sidecar-hook --version) ]] &&
		[[ $(readlink "$node/usr/local/bin/fuse-sidecar") == /opt/fuse-sidecar-hook/fuse-sidecar ]] &&
		{ chroot "$node" /usr/local/bin/fuse-sidecar doctor --root / --json || true; } |
			jq -e '[.checks[] | select(.state != "ok" and (.check | test("^(crio-config|hook)")))] == []'
}

leaves_foreign_link() {
	fresh_node
	ln -s /usr/libexec/oci/hooks.d/fuse-sidecar-hook "$node/usr/local/bin/fuse-sidecar-hook"
	on_host "$scratch/one" install && on_host "$scratch/one" remove &&
		[[ $(readlink "$node/usr/local/bin/fuse-sidecar-hook") == /usr/libexec/* ]]
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
is 'it is registered where the administrator has his, where CRI-O reads that' goes_where_read \
	/etc/containers/oci/hooks.d /etc/containers/oci/hooks.d /usr/share/containers/oci/hooks.d
is 'that is so wherever it is in the list' goes_where_read \
	/etc/containers/oci/hooks.d /usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d
if ((${#inspect[@]})); then
	is 'it is registered where CRI-O reads, where it does not read that' goes_where_read \
		/usr/share/containers/oci/hooks.d /usr/share/containers/oci/hooks.d /srv/hooks.d
	is 'a CRI-O without configuration reads its own default' goes_where_default_is
	is 'where none that CRI-O reads is there, it is not ready and says so' names_unreachable
	is 'where its configuration is broken, it is not ready and says so' names_broken_config
	is 'what was registered stays then' keeps_when_unknown
	is 'the registration moves when CRI-O reads another directory' moves_with_config
	is 'the CRI-O that runs knows better than its files' asks_who_runs
	is 'a CRI-O that reads no directory at all is said to' names_no_directory
	is 'the registration of a package stays, and is said' leaves_package
	is 'both programs are on the PATH, and doctor knows CRI-O and hooks' is_on_path
fi
is 'a link of somebody else stays' leaves_foreign_link
finish
