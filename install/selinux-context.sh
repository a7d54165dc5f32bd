#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# selinux-context add|delete
#
# Tells SELinux, where it is on, that what is shown of records below /run may be read by containers. The hook
# labels it so by itself; with this a relabelling of the file system does not take it back. Packages run it.
set -e

type=container_ro_file_t
below='fuse-sidecar-hook/shown(/.*)?'
before='fuse-sidecar-hook/(pods|tmp)(/.*)?' # of versions that showed the records themselves

# Without SELinux, or without the tool that changes its file contexts, there is nothing to do.
command -v selinuxenabled >/dev/null && selinuxenabled || exit 0
command -v semanage >/dev/null || exit 0

# One of the two is an alias of the other, and semanage takes the one that is not.
change() {
	semanage fcontext "$@" "/run/$below" 2>/dev/null || semanage fcontext "$@" "/var/run/$below"
}

forget() {
	semanage fcontext -d "/run/$before" 2>/dev/null || semanage fcontext -d "/var/run/$before" 2>/dev/null || true
}

case ${1:-} in
add)
	forget
	# A policy that does not know the type has no containers that could read anything.
	change -a -t "$type" || change -m -t "$type" ||
		echo "fuse-sidecar-hook: no file context for what containers see: semanage failed" >&2
	[ ! -d /run/fuse-sidecar-hook ] || restorecon -R /run/fuse-sidecar-hook || true
	;;
delete)
	change -d || echo "fuse-sidecar-hook: the file context of what containers see stays: semanage failed" >&2
	;;
*)
	echo 'usage: selinux-context add|delete' >&2
	exit 2
	;;
esac
