#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the end of the DaemonSet's container means for the node, and which of two containers the node belongs
# to. The API server answers what a test says.
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
	skip "the DaemonSet's container removes the hook" "$on_host_missing"
	finish
	exit
fi
api_pid=''
object=$scratch/api/apis/apps/v1/namespaces/ns/daemonsets/hook

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
