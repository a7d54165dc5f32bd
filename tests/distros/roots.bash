# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The root file systems of other releases of Debian, made once and kept outside the tree: $CACHE/NAME/root.
# All that needs the network is here. It asks the mirror that this machine's apt asks, or DISTROS_MIRROR,
# through the proxy that apt has.

# shellcheck source=tests/lib/mirror.bash
. tests/lib/mirror.bash

CACHE=${DISTROS_CACHE:-/var/cache/fuse-sidecar-hook-distros}
MAX_AGE_MINUTES=$((24 * 60))

# What each is to have: what the suites need, both compilers.
PURPOSES=(build test demo deb bundle clang)

roots_codename() {
	case $1 in
	12) echo bookworm ;;
	13) echo trixie ;;
	sid) echo sid ;;
	*) return 1 ;;
	esac
}

# Begin $1 anew. What is half made has another name.
roots_make() {
	local where=$CACHE/$1 mirror
	mirror=$(debian_mirror) || return
	rm -rf --one-file-system -- "$where.new"
	mkdir -p -- "$where.new"
	roots_apart debootstrap --variant=minbase "$(roots_codename "$1")" "$where.new/root" "$mirror" || return
	roots_configure "$where.new/root"
	mv -- "$where.new" "$where"
}

# The machine's proxy; a mirror that lags behind, which is signed all the same; no service starts; no
# waiting for disks.
roots_configure() {
	local apt=$1/etc/apt/apt.conf.d/90distros
	apt-config dump Acquire | grep -i '::proxy' >"$apt"
	echo 'Acquire::Check-Valid-Until "false";' >>"$apt"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
	echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/90distros"
}

# roots_apart COMMAND...: with mounts and processes that end with this one
roots_apart() {
	setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child --mount-proc -- \
		"$@" </dev/null
}

# roots_run NAME COMMAND...: in the root, with the machine's network
roots_run() {
	local root=$CACHE/$1/root
	shift
	# shellcheck disable=SC2016 # the inner shell's
	roots_apart bash -euc '
		root=$1
		shift
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs -o mode=755 run "$root/run"
		mount -t tmpfs -o mode=1777 tmp "$root/tmp"
		mkdir -p "$root/run/tree"
		mount --bind . "$root/run/tree"
		cat /etc/resolv.conf >"$root/etc/resolv.conf" || :
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			chroot "$root" "$@"' - "$root" "$@"
}

# Everything new, and what is missing.
roots_update() {
	roots_run "$1" sh -euc '
		apt-get -q update
		apt-get -q -y --no-install-recommends dist-upgrade
		/run/tree/install/deps.sh "$@"
		apt-get -q -y autoremove
		apt-get clean' - "${PURPOSES[@]}"
}

roots_is_fresh() {
	[[ -n $(find "$CACHE/$1/.complete" -mmin "-$MAX_AGE_MINUTES" 2>/dev/null) ]] &&
		[[ $(<"$CACHE/$1/.complete") == "$(roots_want)" ]]
}

# A root with another list of packages is not complete.
roots_want() {
	echo "${PURPOSES[*]} $(sha256sum <install/deps.sh)"
}

# roots_prepare NAME LOG: there, and new enough. What was there before is good where the mirror is not.
roots_prepare() {
	local name=$1 log=$2
	: >"$log"
	roots_is_fresh "$name" && return
	[[ -d $CACHE/$name/root ]] || roots_make "$name" >>"$log" 2>&1 || return
	roots_update "$name" >>"$log" 2>&1 || return
	roots_want >"$CACHE/$name/.complete"
}
