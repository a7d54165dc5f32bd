#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A FUSE daemon that was killed leaves its connection in fusectl: /sys/fs/fuse/connections/N stays for as
# long as the mount does, and `waiting` says 0, exactly as that of an idle daemon that is well. Neither the
# directory's absence nor its files tell a dead mount from a live one; asking the mount does (ENOTCONN).
#
# Seen with bindfs 1.14.7 (Debian 12) on Linux 6.18; 5.10, 6.1, 6.12 and 7.2 do the same. Needs root.
set -euo pipefail

((EUID == 0)) || { echo 'root is needed: it mounts, in a mount namespace of its own' >&2; exit 2; }
[[ ${INSIDE:-} ]] || INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child \
	--mount-proc -- "$0"

work=$(mktemp -d)
trap 'umount --lazy "$work/mnt" 2>/dev/null || :; rm -rf --one-file-system "$work"' EXIT
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download bindfs=1.14.7-1 libfuse2
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
mountpoint -q /sys/fs/fuse/connections || mount -t fusectl fusectl /sys/fs/fuse/connections

mkdir mnt source
echo film >source/film
libraries=$(dirname "$(find "$work/root" -name 'libfuse.so.2' | head -n 1)")
LD_LIBRARY_PATH=$libraries root/usr/bin/bindfs -f source mnt &
daemon=$!
for ((i = 0; i < 100; i++)); do
	mountpoint -q mnt && break
	sleep 0.1
done
minor=$(mountpoint -d mnt | cut -d: -f2)
connection=/sys/fs/fuse/connections/$minor

# look WHEN: what fusectl and the mount say
look() {
	printf '%-12s %s: %s, waiting %s; the mount: %s\n' "$1" "${connection#/sys/fs/fuse/}" \
		"$([[ -d $connection ]] && echo there || echo gone)" "$(cat "$connection/waiting")" \
		"$(cat mnt/film 2>&1)"
}

uname -r
alive=$(look alive)
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null || :
dead=$(look killed)
printf '%s\n%s\n' "$alive" "$dead"
[[ $alive == *' there, waiting 0; the mount: film' &&
	$dead == *' there, waiting 0; the mount: '*': Transport endpoint is not connected' ]]
