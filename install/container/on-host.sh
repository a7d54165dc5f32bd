#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# on-host.sh run|install|remove|ready
#
# In the container of the DaemonSet: puts the hook on the node, keeps it there, and takes it away when the
# DaemonSet has been deleted. The container mounts three directories of the node at the places that
# they have there, and nothing else:
#
#   /opt/fuse-sidecar-hook         the program, in a directory for each version
#   /etc/containers/oci/hooks.d    when CRI-O runs it
#   /etc/fuse-sidecar-hook         the policy, if /policy/policy.json gives one
#
# Order: the program before the hooks.d files, these by rename, and removal in reverse. CRI-O drops a
# hook whose program is missing without a word to the pods. REMOVE says what the end of the container
# means:
#
#   deleted (default)  take the hook away if the API server says that the DaemonSet is gone. An upgrade, a
#                      reboot or an eviction end the container too, and pods that start meanwhile, or before
#                      it is back, must not start without the hook.
#   always             take it away each time; asks nobody, and needs no service account
#   never              leave it
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8

name=fuse-sidecar-hook
root=${HOST_ROOT:-} # tests have a node of their own
bundle=${BUNDLE:-/bundle}
opt=$root/opt/$name
hooks=$root/etc/containers/oci/hooks.d
etc=$root/etc/$name
policy=${POLICY:-/policy/policy.json}
account=${ACCOUNT:-/var/run/secrets/kubernetes.io/serviceaccount}
stages=(poststop prestart) # as they are registered
tree_path=/usr/libexec/oci/hooks.d/$name
temporary=

trap '[[ -z $temporary ]] || rm -rf -- "$temporary"' EXIT

say() {
	echo "$name: $*"
}

# put SOURCE TARGET: whole, by rename, and only where it differs
put() {
	! cmp -s -- "$1" "$2" || return 0
	temporary=${2%/*}/.${2##*/}.new.$$
	cp -- "$1" "$temporary"
	chmod 0644 -- "$temporary"
	sync -- "$temporary"
	mv -fT -- "$temporary" "$2"
	temporary=
	say "installed $2"
}

link_to() {
	[[ $(readlink -- "$2" || true) != "$1" ]] || return 0
	temporary=${2%/*}/.${2##*/}.new.$$
	ln -sfT -- "$1" "$temporary"
	mv -fT -- "$temporary" "$2"
	temporary=
	say "$2 is $1"
}

# copy_program ID: in place of what is there, which does not run
copy_program() {
	rm -rf -- "$opt"/.*.new.*
	temporary=$opt/.$1.new.$$
	cp -r -- "$bundle/$1" "$temporary"
	sync -f -- "$temporary"
	rm -rf -- "${opt:?}/$1"
	mv -T -- "$temporary" "$opt/$1"
	temporary=
	say "installed $opt/$1"
}

# Whether it runs at all is asked before CRI-O hears of it.
put_program() {
	if [[ -d $opt/$1 ]] && run_program "$1" --version >/dev/null; then
		return
	fi
	copy_program "$1"
	run_program "$1" --version >/dev/null
}

# The node's directories are at their own places in the container, so the program can be run as it is.
run_program() {
	local id=$1
	shift
	if [[ -n $root ]]; then
		chroot "$root" "/opt/$name/$id/sbin/$name" "$@"
	else
		"/opt/$name/$id/sbin/$name" "$@"
	fi
}

# A process may just have been started from the version before, and not have opened its libraries yet.
remove_older_versions() {
	local dir
	for dir in "$opt"/*/; do
		dir=$(basename -- "$dir")
		[[ $dir == "$1" || $dir == "$2" || ! -d $opt/$dir ]] || rm -rf -- "${opt:?}/$dir"
	done
}

hook_file() {
	sed "s|$tree_path|/opt/$name/$name|" "$bundle/hooks.d/fuse-sidecar-$1.json"
}

install_all() {
	local id before stage
	id=$(<"$bundle/id")
	mkdir -p -- "$opt" "$hooks" "$etc"
	before=$(readlink -- "$opt/$name" || true)
	before=${before%%/*}
	put_program "$id"
	[[ ! -e $policy ]] || put "$policy" "$etc/policy.json"
	link_to "$id/sbin/$name" "$opt/$name"
	for stage in "${stages[@]}"; do
		hook_file "$stage" >"$opt/.hook.json"
		put "$opt/.hook.json" "$hooks/fuse-sidecar-$stage.json"
		rm -- "$opt/.hook.json"
	done
	# On the run that switches, the version before stays.
	[[ $before == "$id" ]] || remove_older_versions "$id" "$before"
}

remove_all() {
	rm -f -- "$hooks/fuse-sidecar-prestart.json"
	rm -f -- "$hooks/fuse-sidecar-poststop.json"
	if [[ -e $policy ]] && cmp -s -- "$policy" "$etc/policy.json"; then
		rm -- "$etc/policy.json"
	fi
	# The directories themselves are mounts of the container.
	rm -f -- "$opt/$name"
	rm -rf -- "${opt:?}"/*
	say 'removed'
}

is_ready() {
	local stage
	[[ -x $opt/$name ]] || return 1
	for stage in "${stages[@]}"; do
		hook_file "$stage" | cmp -s - "$hooks/fuse-sidecar-$stage.json" || return 1
	done
}

# ask_api: what the API server says of the own DaemonSet, and in a last line the HTTP status; 000 where
# nobody answers.
ask_api() {
	local url=${API_SERVER:-https://${KUBERNETES_SERVICE_HOST:-}:${KUBERNETES_SERVICE_PORT:-443}}
	local options=(--silent --max-time 10 --write-out '\n%{http_code}')
	url+=/apis/apps/v1/namespaces/${NAMESPACE:?}/daemonsets/${DAEMONSET:?}
	if [[ -e $account/token ]]; then
		# By standard input, for a command line can be read by others.
		options+=(--cacert "$account/ca.crt" --header @-)
		printf 'Authorization: Bearer %s\n' "$(<"$account/token")" | curl "${options[@]}" "$url" || true
	else
		curl "${options[@]}" "$url" || true
	fi
}

# Whether the DaemonSet is gone (404), or there only until its pods are (deletionTimestamp). Its service
# account (401) and the right to ask (403) are deleted with it, in whatever order. No answer, or any
# other, is no reason to leave pods without the hook.
deleted() {
	local answer status
	answer=$(ask_api)
	status=${answer##*$'\n'}
	say "the API server answers $status for daemonset ${DAEMONSET:?}"
	case $status in
	200) [[ $answer == *'"deletionTimestamp":'* ]] ;;
	401 | 403 | 404) ;;
	*) return 1 ;;
	esac
}

at_the_end() {
	case ${REMOVE:-deleted} in
	always) remove_all ;;
	never) ;;
	deleted)
		if deleted; then
			remove_all
		else
			say 'the hook stays on the node'
		fi
		;;
	esac
}

# Found out now, and not when it is too late to mend.
check_remove() {
	local answer
	case ${REMOVE:-deleted} in
	always | never) ;;
	deleted)
		answer=$(ask_api)
		if [[ ${answer##*$'\n'} != 200 ]]; then
			say 'cannot read its DaemonSet: see role.yaml, or set REMOVE to always or never' >&2
			exit 1
		fi
		;;
	*)
		say "REMOVE=$REMOVE: expected deleted, always or never" >&2
		exit 2
		;;
	esac
}

# Sees to it every minute: files that somebody removed come back, a changed policy arrives.
run() {
	local ended=no sleeper=
	check_remove
	trap 'ended=yes; [[ -z $sleeper ]] || kill "$sleeper" 2>/dev/null || true' TERM INT
	while [[ $ended == no ]]; do
		install_all
		sleep "${INTERVAL:-60}" &
		sleeper=$!
		[[ $ended == yes ]] || wait "$sleeper" || true
	done
	kill "$sleeper" 2>/dev/null || true
	at_the_end
}

case ${1:-} in
run) run ;;
install) install_all ;;
remove) remove_all ;;
ready) is_ready ;;
*)
	echo "usage: on-host.sh run|install|remove|ready" >&2
	exit 2
	;;
esac
