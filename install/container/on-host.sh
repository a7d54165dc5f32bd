#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# on-host.sh run|install|remove|ready
#
# In the container of the DaemonSet: puts the hook on the node, keeps it there, and takes it away when the
# DaemonSet has been deleted. What it mounts of the node lies at the place that it has there, but for the last:
#
#   /opt/fuse-sidecar-hook               the programs, in a directory for each version
#   /etc/fuse-sidecar-hook               the policy, if /policy/policy.json gives one
#   /etc/crio, /run/crio                 read-only: what CRI-O reads, by its files and by its own word
#   /etc/containers/oci/hooks.d,
#   /usr/share/containers/oci/hooks.d    when CRI-O runs the hook: in the one that this CRI-O reads
#   /node/bin                            /usr/local/bin, for links. Not at its own place: what the node has
#                                        there would be found before this container's own programs
#
# Order: the program before the hooks.d files, these by rename, and removal in reverse. CRI-O drops a
# hook whose program is missing without a word to the pods.
#
# OWNER in /opt/fuse-sidecar-hook names the pod that installed last. Another one neither installs nor
# removes any more: a pod that was deleted by force may end long after its successor has begun. All of it
# happens under a lock of that directory.
#
# REMOVE says what the end of the container means:
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
tool=fuse-sidecar
root=${HOST_ROOT:-} # tests have a node of their own
bundle=${BUNDLE:-/bundle}
opt=$root/opt/$name
etc=$root/etc/$name
path_directory=${PATH_DIRECTORY:-/node/bin}
crio_socket=$root/run/crio/crio.sock
policy=${POLICY:-/policy/policy.json}
account=${ACCOUNT:-/var/run/secrets/kubernetes.io/serviceaccount}
owner=${POD_UID:-$HOSTNAME}
stages=(poststop prestart) # as they are registered
program=/opt/$name/$name   # on the node
tree_path=/usr/libexec/oci/hooks.d/$name
# Where the files can have come to, beside those that CRI-O names now.
known_hooks=(/etc/containers/oci/hooks.d /usr/share/containers/oci/hooks.d)
temporary=
hooks=  # of those that CRI-O reads, the one to register in; set by choose_hooks
listed=()

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
	local file=/opt/$name/$1/sbin/${FILE:-$name}
	shift
	if [[ -n $root ]]; then
		chroot "$root" "$file" "$@"
	else
		"$file" "$@"
	fi
}

run_tool() {
	FILE=$tool run_program "$(<"$bundle/id")" "$@"
}

# What that has beside it for doctor; a bundle may have been built without.
run_helper() {
	FILE=fuse-sidecar-inspect run_program "$(<"$bundle/id")" "$@"
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
	sed "s|$tree_path|$program|" "$bundle/hooks.d/fuse-sidecar-$1.json"
}

# ---- whose the node is ---------------------------------------------------------------------------

# The directory itself is what is locked: it stays when all in it goes.
lock() {
	mkdir -p -- "$opt"
	exec 9<"$opt"
	flock -w 30 9 || { say "$opt is locked by another one" >&2; return 1; }
}

unlock() {
	exec 9<&-
}

claim() {
	lock
	[[ $(owner_now) == "$owner" ]] || {
		printf '%s\n' "$owner" >"$opt/.owner.new"
		mv -fT -- "$opt/.owner.new" "$opt/owner"
	}
	unlock
}

owner_now() {
	cat -- "$opt/owner" 2>/dev/null || true
}

is_owner() {
	[[ $(owner_now) == "$owner" ]]
}

# ---- what CRI-O reads ----------------------------------------------------------------------------

# The directories of the CRI-O that runs, one a line, or a failure where it cannot be asked. It knows its command line,
# and which directories it left out when it started.
ask_crio() {
	local answer
	[[ -S $crio_socket ]] || return 1
	answer=$(curl --silent --fail --max-time 5 --unix-socket "$crio_socket" http://crio/config |
		run_helper toml 2>/dev/null) || return 1
	jq -er '.crio.runtime.hooks_dir | arrays | join("\n")' <<<"$answer"
}

# The same by its files: those of a CRI-O that starts.
read_crio_files() {
	run_tool doctor --root / --hooks-dirs
}

# Whether files can be put there: it is a directory of the node's that is mounted here.
is_usable() {
	[[ -d $root$1 && -w $root$1 ]]
}

# choose_hooks: sets `listed` and `hooks`, or says why there is none
choose_hooks() {
	local answer directory
	hooks=
	answer=$(ask_crio) || answer=$(read_crio_files) || {
		say 'cannot find out which directories CRI-O reads' >&2
		return 1
	}
	mapfile -t listed < <(grep '^/' <<<"$answer")
	for directory in "${listed[@]}"; do
		# The administrator's, where it is read; else the one that counts before the others.
		if is_usable "$directory" && [[ $hooks != "$root${known_hooks[0]}" ]]; then
			hooks=$root$directory
		fi
	done
	[[ -n $hooks ]] || {
		say "CRI-O reads ${listed[*]:-no directory}: none of these can be written here; mount one, or add" \
			"${known_hooks[0]} to its hooks_dir and restart it" >&2
		return 1
	}
}

# ours FILE: it registers the program that is installed here
ours() {
	grep -qF "\"$program\"" -- "$1"
}

# Of equal names the one in the last directory counts. Packages' files have the same names.
nobody_elses() {
	local directory file stage
	for directory in "$hooks" "${listed[@]/#/$root}"; do
		for stage in "${stages[@]}"; do
			file=$directory/fuse-sidecar-$stage.json
			if [[ ! -e $file ]] || ours "$file"; then
				continue
			fi
			say "${file#"$root"} registers another installation; remove that, or this DaemonSet" >&2
			return 1
		done
	done
}

register() {
	local stage
	grep -qxF -- "$hooks" "$opt/registered" 2>/dev/null || echo "$hooks" >>"$opt/registered"
	for stage in "${stages[@]}"; do
		hook_file "$stage" >"$opt/.hook.json"
		put "$opt/.hook.json" "$hooks/fuse-sidecar-$stage.json"
		rm -- "$opt/.hook.json"
	done
	unregister_but "$hooks"
}

# unregister_but DIRECTORY: prestart first, which leaves something to clean up
unregister_but() {
	local directory stage file
	while read -r directory; do
		[[ $directory != "$1" ]] || continue
		for stage in prestart poststop; do
			file=$directory/fuse-sidecar-$stage.json
			if [[ -w $directory && -e $file ]] && ours "$file"; then
				rm -f -- "$file"
				say "removed $file"
			fi
		done
	done < <({
		printf "$root%s\n" "${known_hooks[@]}"
		cat -- "$opt/registered" 2>/dev/null || true
	} | sort -u)
}

# ---- installing and removing ---------------------------------------------------------------------

# For people. A link of somebody else's stays, and a node whose directory is read-only does without.
put_on_path() {
	local file link
	[[ -d $path_directory && -w $path_directory ]] || return 0
	for file in $name $tool; do
		link=$path_directory/$file
		[[ ! -e $link && ! -L $link ]] || is_own_link "$file" || continue
		link_to "/opt/$name/$file" "$link"
	done
}

# is_own_link NAME: on the PATH
is_own_link() {
	[[ $(readlink -- "$path_directory/$1" || true) == "/opt/$name/$1" ]]
}

take_off_path() {
	local file
	for file in $name $tool; do
		! is_own_link "$file" || rm -f -- "$path_directory/$file"
	done
}

install_program() {
	local id before
	id=$(<"$bundle/id")
	before=$(readlink -- "$opt/$name" || true)
	before=${before%%/*}
	put_program "$id"
	[[ ! -e $policy ]] || put "$policy" "$etc/policy.json"
	link_to "$id/sbin/$tool" "$opt/$tool"
	link_to "$id/sbin/$name" "$opt/$name"
	put_on_path
	# On the run that switches, the version before stays.
	[[ $before == "$id" ]] || remove_older_versions "$id" "$before"
}

# What cannot be registered now is no reason to take back what was.
install_all() {
	lock
	if ! is_owner; then
		say "pod $(owner_now) has taken over"
	else
		mkdir -p -- "$etc"
		install_program
		if choose_hooks && nobody_elses; then
			register
		fi
	fi
	unlock
}

remove_all() {
	unregister_but ''
	if [[ -e $policy ]] && cmp -s -- "$policy" "$etc/policy.json"; then
		rm -- "$etc/policy.json"
	fi
	take_off_path
	# The directories themselves are mounts of the container.
	rm -f -- "$opt/$name" "$opt/$tool"
	rm -rf -- "${opt:?}"/*
	say 'removed'
}

# remove_own: unless a newer pod has installed
remove_own() {
	lock
	if is_owner; then
		remove_all
	else
		say "pod $(owner_now) has taken over: the hook stays on the node"
	fi
	unlock
}

# What the kubelet tells of a probe that fails is what is said here.
is_ready() {
	local stage
	is_owner || { say "pod $(owner_now) has taken over"; return 1; }
	run_program "$(<"$bundle/id")" --version >/dev/null || { say "$program does not run"; return 1; }
	{ choose_hooks && nobody_elses; } 2>&1 || return 1
	for stage in "${stages[@]}"; do
		hook_file "$stage" | cmp -s - "$hooks/fuse-sidecar-$stage.json" || {
			say "${hooks#"$root"}/fuse-sidecar-$stage.json is not there, or not as it should be"
			return 1
		}
	done
}

# ---- the end -------------------------------------------------------------------------------------

# ask_api: what the API server says of the own DaemonSet, and in a last line the HTTP status; 000 where
# nobody answers.
ask_api() {
	local url=${API_SERVER:-https://${KUBERNETES_SERVICE_HOST:-}:${KUBERNETES_SERVICE_PORT:-443}}
	local options=(--silent --max-time "${API_SECONDS:-10}" --write-out '\n%{http_code}')
	url+=/apis/apps/v1/namespaces/${NAMESPACE:?}/daemonsets/${DAEMONSET:?}
	if [[ -e $account/token ]]; then
		# By standard input, for a command line can be read by others.
		options+=(--cacert "$account/ca.crt" --header @-)
		printf 'Authorization: Bearer %s\n' "$(<"$account/token")" | curl "${options[@]}" "$url" || true
	else
		curl "${options[@]}" "$url" || true
	fi
}

# says ANSWER FILTER: the body is one JSON object, of which jq's filter is true
says() {
	jq -es --arg name "${DAEMONSET:?}" "length == 1 and (.[0] | $2)" <<<"${1%$'\n'*}" >/dev/null 2>&1
}

# Whether the DaemonSet is gone, or there only until its pods are: by the API server's own word for it, and
# nothing else. Who may not ask any more (401: the token ends with its pod, deleted by force; 403)
# knows nothing, nor does a proxy's 404.
#
# shellcheck disable=SC2016 # $name is jq's
deleted() {
	local answer status
	answer=$(ask_api)
	status=${answer##*$'\n'}
	say "the API server answers $status for daemonset ${DAEMONSET:?}"
	case $status in
	200) says "$answer" '.kind == "DaemonSet" and .metadata.name == $name and
		(.metadata.deletionTimestamp | type == "string")' ;;
	404) says "$answer" '.kind == "Status" and .reason == "NotFound" and
		.details.kind == "daemonsets" and .details.name == $name' ;;
	*) return 1 ;;
	esac
}

at_the_end() {
	case ${REMOVE:-deleted} in
	always) remove_own ;;
	never) ;;
	deleted)
		if deleted; then
			remove_own
		else
			say 'the hook stays on the node'
		fi
		;;
	esac
}

# Found out now, and not when it is too late to mend. A server that is away is back by then.
check_remove() {
	local answer
	case ${REMOVE:-deleted} in
	always | never) ;;
	deleted)
		answer=$(ask_api)
		case ${answer##*$'\n'} in
		200) ;;
		401 | 403 | 404)
			say 'cannot read its DaemonSet: see role.yaml, or set REMOVE to always or never' >&2
			exit 1
			;;
		*) say "the API server answers ${answer##*$'\n'}; at the end it will be asked again" ;;
		esac
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
	claim
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
install)
	claim
	install_all
	;;
remove)
	lock
	remove_all
	;;
ready) is_ready ;;
*)
	echo "usage: on-host.sh run|install|remove|ready" >&2
	exit 2
	;;
esac
