#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/distros/inside.sh DIRECTORY LOGS NAME SUITE…
#
# Makes DIRECTORY/root the root file system of namespaces of its own, with /proc, /sys, /dev, /run and /tmp
# of its own, and runs suites.sh there on DIRECTORY/tree. LOGS is /run/distros in it. As on a machine that
# systemd booted, mounts are shared, fusectl is there, and a datagram socket takes 512 messages. Whatever way
# it ends, processes, mounts and cgroups end with it (tests/lib/sandbox.sh).
set -euo pipefail

# shellcheck source=tests/lib/sandbox.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib/sandbox.sh"

TREE=/srv/fuse-sidecar-hook

# Those of the machine, nothing else that it has there.
make_devices() {
	local device name
	mount -t tmpfs -o mode=755 devices "$1"
	mkdir -p "$1/pts" "$1/shm"
	for name in null zero full random urandom tty fuse; do
		: >"$1/$name"
		mount --bind "/dev/$name" "$1/$name"
	done
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/pts"
	mount -t tmpfs -o mode=1777 shm "$1/shm"
	ln -s pts/ptmx "$1/ptmx"
	for device in fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
		ln -s "/proc/self/${device#*:}" "$1/${device%%:*}"
	done
}

furnish() {
	local root=$1 tree=$2 logs=$3
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs sys "$root/sys"
	mount -t fusectl fusectl "$root/sys/fs/fuse/connections"
	make_devices "$root/dev"
	mount -t tmpfs -o mode=755 run "$root/run"
	mount -t tmpfs -o mode=1777 tmp "$root/tmp"
	mkdir -p "$root$TREE" "$root/run/distros"
	mount --bind "$tree" "$root$TREE"
	mount --bind "$logs" "$root/run/distros"
	echo 512 >/proc/sys/net/unix/max_dgram_qlen
	ip link set lo up
}

# The old root is below the new one until then.
turn_root() {
	cd "$1"
	pivot_root . mnt
	umount --lazy /mnt
	mount --make-rshared /
	cd "$TREE"
}

if [[ $$ -ne 1 ]]; then
	sandbox_launch "$@"
fi
furnish "$1/root" "$1/tree" "$2"
turn_root "$1/root"
exec env -i ${CI:+CI="$CI"} PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	LC_ALL=C.UTF-8 TERM=dumb bash tests/distros/suites.sh "${@:3}"
