#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# selinux-context add|delete
#
# Tells SELinux, where it is on, what the hook's directories in /run are: all that makes or relabels them,
# systemd-tmpfiles at boot, restorecon, the hook itself, asks the file contexts. They get the type of the
# runtimes' own state, in whose domain hooks run; what is shown of records in containers one that these may
# read and not write. Packages run it.
set -e

directory='fuse-sidecar-hook(/.*)?'
shown='fuse-sidecar-hook/shown(/.*)?'
readable=container_ro_file_t
before='fuse-sidecar-hook/(pods|tmp)(/.*)?' # of versions that showed the records themselves

# Without SELinux, or without the tool that changes its file contexts, there is nothing to do.
command -v selinuxenabled >/dev/null && selinuxenabled || exit 0
command -v semanage >/dev/null || exit 0

# container_var_run_t in the policy of Fedora, container_runtime_t in Debian's.
own_type() {
	matchpathcon -n /run/containers 2>/dev/null | cut -d : -f 3
}

# change PATTERN OPTION... : one of the two is an alias of the other, and semanage takes the one that is not
change() {
	pattern=$1
	shift
	semanage fcontext "$@" "/run/$pattern" 2>/dev/null || semanage fcontext "$@" "/var/run/$pattern" 2>/dev/null
}

# set_type PATTERN TYPE
set_type() {
	change "$1" -a -t "$2" || change "$1" -m -t "$2" ||
		echo "fuse-sidecar-hook: no file context for /run/$1: semanage failed" >&2
}

case ${1:-} in
add)
	change "$before" -d || true
	# A policy that does not know the types has no containers that could read anything. Of two patterns
	# that match the later one counts.
	case $(own_type) in
	*_t) set_type "$directory" "$(own_type)" ;;
	*) echo 'fuse-sidecar-hook: the policy has no file context for /run/containers: is container-selinux installed?' >&2 ;;
	esac
	set_type "$shown" "$readable"
	[ ! -d /run/fuse-sidecar-hook ] || restorecon -R /run/fuse-sidecar-hook || true
	;;
delete)
	for pattern in "$shown" "$directory"; do
		change "$pattern" -d || echo "fuse-sidecar-hook: the file context of /run/$pattern stays: semanage failed" >&2
	done
	;;
*)
	echo 'usage: selinux-context add|delete' >&2
	exit 2
	;;
esac
