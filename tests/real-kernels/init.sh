#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The first process of a booted kernel: it makes a root of this machine's files and of memory, then it runs the file
# `command` of the results' directory, in the tree. Its words are on the kernel's command line: modules=, tree=,
# results=, build=.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root TERM=dumb

word() {
	tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p"
}

power_off() {
	sync
	echo o >/proc/sysrq-trigger
	sleep 60
}

# What programs are started from is this machine's, read-only; what tests write is in memory. Not one overlay for all:
# on 5.10, files of a hostfs cannot be opened through it.
copy_machine() {
	local name
	for name in bin sbin lib lib32 lib64 libx32; do
		[[ ! -L /$name ]] || ln -s "$(readlink "/$name")" "$name"
	done
	mkdir -p usr var/lib var/log var/tmp root mnt srv "./$1"
	mount --bind /usr usr
	cp -a /etc .
	mount --bind "$1" "./$1"
}

# Devices are the kernel's own; fusectl and one cgroup tree are there, as on a machine that systemd booted.
furnish() {
	mkdir proc sys dev run tmp
	mount -t proc proc proc
	mount -t sysfs sys sys
	mount -t devtmpfs dev dev
	chmod 666 dev/fuse
	mkdir -p dev/pts dev/shm
	mount -t devpts -o ptmxmode=0666 devpts dev/pts
	ln -s /proc/self/fd dev/fd
	ln -s fd/0 dev/stdin
	ln -s fd/1 dev/stdout
	ln -s fd/2 dev/stderr
	mount -t tmpfs -o mode=1777 shm dev/shm
	mount -t tmpfs -o mode=755 run run
	mount -t tmpfs -o mode=1777 tmp tmp
	mount -t fusectl fusectl sys/fs/fuse/connections
	mount -t cgroup2 cgroup2 sys/fs/cgroup
}

# turn_root TREE RESULTS BUILD
turn_root() {
	mount -t tmpfs -o mode=755 root /mnt
	cd /mnt || power_off
	copy_machine "$1"
	furnish
	mkdir run/results
	mount -t hostfs -o "$2" results run/results
	mount -t tmpfs logs "./$3/logs"
	pivot_root . mnt
	cd /
}

if [[ ${1:-} != inside ]]; then
	trap power_off EXIT
	mount -t proc proc /proc
	modules=$(word modules) tree=$(word tree)
	insmod "$modules/kernel/fs/fuse/fuse.ko"
	turn_root "$tree" "$(word results)" "$(word build)"
	exec chroot . /bin/bash "$tree/tests/real-kernels/init.sh" inside "$tree"
fi

trap power_off EXIT
umount --lazy /mnt
mount --make-rshared /
ip link set lo up
cd "$2" || exit
uname -r >/run/results/release
bash /run/results/command >/run/results/log 2>&1
