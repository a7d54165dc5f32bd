#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the DaemonSet's container does, on a node of our own: a directory that holds no program and no
# library but what the container puts there. API server and CRI-O answer what a test says.
set -uo pipefail

# A network with nobody else's ports in it; what is left running ends with the namespace.
if ((EUID == 0)) && [[ ${ON_HOST_INSIDE:-} != 1 ]]; then
	ON_HOST_INSIDE=1 exec unshare --net --pid --mount --propagation private --fork --kill-child \
		--mount-proc -- "$0" "$@"
fi

# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

missing=$(lacking root patchelf curl jq python3 strace ip)
if [[ -n $missing ]]; then
	skip "the DaemonSet's container installs the hook" "$missing"
	finish
	exit
fi
ip link set lo up
trap 'umount "$node/proc" 2>/dev/null; rm -rf --one-file-system -- "$scratch"' EXIT

hook=${HOOK_BINARY:-build/fuse-sidecar-hook}
inspect=()
[[ ! -e ${hook%/*}/fuse-sidecar-inspect ]] || inspect=("${hook%/*}/fuse-sidecar-inspect")
node=$scratch/node
opt=$node/opt/fuse-sidecar-hook
hooks=$node/etc/containers/oci/hooks.d
vendor_hooks=$node/usr/share/containers/oci/hooks.d
api=http://127.0.0.1:8080
object=$scratch/api/apis/apps/v1/namespaces/ns/daemonsets/hook
api_pid='' crio_pid=''

make_bundle() {
	install/container/bundle.sh "$2" "$1" "$hook" "${inspect[@]}" >/dev/null && mkdir "$2/hooks.d" &&
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
	env -i PATH="$PATH" HOST_ROOT="$node" BUNDLE="$scratch/one" POD_UID=pod-1 \
		PATH_DIRECTORY="$node/usr/local/bin" strace -f -qq -o "$scratch/trace" \
		-e trace=rename,renameat,renameat2 install/container/on-host.sh install >/dev/null || return 1
	diff <(moves "$scratch/trace") <(echo owner; id_of "$scratch/one"; echo fuse-sidecar-hook
		echo fuse-sidecar-hook; echo fuse-sidecar-poststop.json; echo fuse-sidecar-prestart.json)
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
	left=$(find "$node" -xdev ! -type d ! -path '*/other.json' ! -path '*/etc/crio/*' ! -path '*/run/crio/*')
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

# ---- what CRI-O reads ----------------------------------------------------------------------------

# registered_in DIRECTORY: there and nowhere else
registered_in() {
	same_list "$(cd "$node" && find . -xdev -name 'fuse-sidecar-*.json' ! -path './opt/*')" \
		".$1/fuse-sidecar-poststop.json" ".$1/fuse-sidecar-prestart.json"
}

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

# is_not_ready PATTERN: says so, and says why
is_not_ready() {
	local said
	said=$(on_host "$scratch/one" ready 2>/dev/null) && return 1
	echo "$said"
	grep -qE "$1" <<<"$said"
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
		{ chroot "$node" /usr/local/bin/fuse-sidecar-hook doctor --root / --json || true; } |
			jq -e '[.checks[] | select(.state != "ok" and (.check | test("^(crio-config|hook)")))] == []'
}

leaves_foreign_link() {
	fresh_node
	ln -s /usr/libexec/oci/hooks.d/fuse-sidecar-hook "$node/usr/local/bin/fuse-sidecar-hook"
	on_host "$scratch/one" install && on_host "$scratch/one" remove &&
		[[ $(readlink "$node/usr/local/bin/fuse-sidecar-hook") == /usr/libexec/* ]]
}

# ---- the end of the container --------------------------------------------------------------------

serve() {
	tests/install/answering_server.py "$scratch/api" 8080 &
	api_pid=$!
	wait_for curl -s -o /dev/null "$api/"
}

serve_nothing() {
	[[ -z $api_pid ]] || { kill "$api_pid"; wait "$api_pid" 2>/dev/null; }
	api_pid=
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
	exists ''
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

# answer STATUS BODY: the API server's next ones
answer() {
	mkdir -p "${object%/*}"
	printf '%s\n%s' "$1" "$2" >"$object"
}

# exists METADATA
exists() {
	answer 200 '{"kind": "DaemonSet", "metadata": {"name": "hook", "annotations": {"x":
		"{\"deletionTimestamp\":\"2026-11-23T12:00:00Z\"}"}'"${1:+, $1}"'}, "spec": {}}'
}

# As the API server words it.
status_of() {
	printf '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"%s","reason":"%s",
		"details":{"name":"%s","group":"apps","kind":"daemonsets"},"code":%s}' "$2" "$2" "${3:-hook}" "$1"
}

gone() {
	answer 404 "$(status_of 404 NotFound)"
}

# stays_after COMMAND... , goes_after COMMAND...: where that comes before the container's end
stays_after() {
	lives REMOVE=deleted "$@" && on_host "$scratch/one" ready
}

goes_after() {
	lives REMOVE=deleted "$@" && nothing_left
}

# Nobody is at the port; what is there speaks no TLS.
stays_without_server() {
	local ret=0
	stays_after serve_nothing || ret=1
	serve
	return "$ret"
}

stays_without_tls() {
	local api=https://127.0.0.1:8080
	stays_after true
}

# takes_over BUNDLE: a newer pod installs while the old one runs
takes_over() {
	gone
	on_host "$1" install POD_UID=pod-2
}

# Its token may be refused, its DaemonSet gone: the hook is another pod's by then.
old_pod_leaves_newer() {
	local variable=$1
	lives "$variable" takes_over "$scratch/two" &&
		[[ $(readlink "$opt/fuse-sidecar-hook") == "$(id_of "$scratch/two")"/* ]] &&
		on_host "$scratch/two" ready POD_UID=pod-2 && registered_in /etc/containers/oci/hooks.d
}

# Its loop does not put the version before in place again.
old_pod_does_not_reinstall() {
	local pid ret=0
	fresh_node
	exists ''
	BY='exec' on_host "$scratch/one" run INTERVAL=0.1 REMOVE=never >"$scratch/old" 2>&1 &
	pid=$!
	wait_for on_host "$scratch/one" ready && on_host "$scratch/two" install POD_UID=pod-2 &&
		wait_for grep -q 'pod pod-2 has taken over' "$scratch/old" &&
		on_host "$scratch/two" ready POD_UID=pod-2 && is_not_ready 'pod pod-2 has taken over' || ret=1
	kill -TERM "$pid"
	wait_for_end "$pid"
	return "$ret"
}

# While one installs, the other waits; it does not remove what is half there.
removal_waits() {
	local pid ret=0
	fresh_node
	on_host "$scratch/one" install || return 1
	exec 8<"$opt"
	flock 8
	BY='exec' on_host "$scratch/one" remove 8<&- &
	pid=$!
	sleep 0.3
	[[ -e $opt/fuse-sidecar-hook ]] && ! ended "$pid" || ret=1
	exec 8<&-
	wait_for_end "$pid" && nothing_left || ret=1
	return "$ret"
}

goes_always() {
	lives REMOVE=always true && nothing_left
}

stays_never() {
	lives REMOVE=never true && on_host "$scratch/one" ready
}

refuses() {
	fresh_node
	! on_host "$scratch/one" run "$1" && [[ -z $(find "$node" -xdev ! -type d ! -path '*/etc/crio/*') ]]
}

# A server that is away for a moment, as at a node's boot, is no reason to have no hook.
installs_without_answer() {
	local pid ret=0
	fresh_node
	answer 503 ''
	BY='exec' on_host "$scratch/one" run INTERVAL=1000 &
	pid=$!
	wait_for on_host "$scratch/one" ready || ret=1
	kill -TERM "$pid"
	wait_for_end "$pid"
	return "$ret"
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
	is 'the program is on the PATH, and its doctor knows CRI-O and hooks' is_on_path
fi
is 'a link of somebody else stays' leaves_foreign_link
serve
is 'the hook stays when the container ends and the DaemonSet does not' stays_after true
is 'it goes when the DaemonSet has been deleted' goes_after gone
is 'it goes when the DaemonSet waits for its pods' goes_after exists \
	'"deletionTimestamp": "2026-11-23T12:00:00Z"'
is 'it stays when the token is refused, as that of a pod deleted by force' \
	stays_after answer 401 "$(status_of 401 Unauthorized)"
is 'it stays when the right to ask is gone' stays_after answer 403 "$(status_of 403 Forbidden)"
is 'it stays when the server is too busy' stays_after answer 429 "$(status_of 429 TooManyRequests)"
is 'it stays when the server has a fault' stays_after answer 500 "$(status_of 500 InternalError)"
is 'it stays when there is no server behind the balancer' stays_after answer 503 'no healthy upstream'
is 'it stays when a 404 is not of the API' stays_after answer 404 '404 page not found'
is 'it stays when another object is not found' stays_after answer 404 "$(status_of 404 NotFound other)"
is 'it stays when the answer is no JSON' stays_after answer 200 '<html>"deletionTimestamp": "x"</html>'
is 'it stays when the answer is about something else' stays_after answer 200 \
	'{"kind": "Namespace", "metadata": {"name": "hook", "deletionTimestamp": "2026-11-23T12:00:00Z"}}'
is 'it stays when the answer is empty' stays_after answer 404 ''
is 'it stays when the answer does not come' stays_after answer hang ''
is 'it stays when nobody is there' stays_without_server
is 'it stays when TLS fails' stays_without_tls
is 'an old pod does not remove what a newer one has installed' old_pod_leaves_newer REMOVE=deleted
is 'nor with REMOVE=always' old_pod_leaves_newer REMOVE=always
is 'nor does it put its own version in place again' old_pod_does_not_reinstall
is 'removing waits for who installs' removal_waits
answer 403 "$(status_of 403 Forbidden)"
is 'without the right to ask nothing is installed' refuses REMOVE=deleted
gone
is 'nor for a DaemonSet that is not there' refuses REMOVE=deleted
is 'while the API server is away it is installed' installs_without_answer
is 'REMOVE=always takes it away and asks nobody' goes_always
is 'REMOVE=never leaves it' stays_never
is 'another REMOVE is refused' refuses REMOVE=perhaps
serve_nothing
finish
