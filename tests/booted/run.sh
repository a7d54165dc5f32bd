#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `sudo make check-booted`: small Debians with systemd as their first process, on real kernels that run as programs. The
# package is installed, used, upgraded and removed under a running pod; then the machine is booted once more.
#
#	MACHINES="apparmor selinux"	Debian 12 on 6.1 with AppArmor; Debian 13 on 6.12 with its SELinux policy enforcing
#	REAL_KERNELS_CACHE=DIR		where kernels and disk images are kept
#
# A table at the end, then `N passed, N failed, N skipped`.
set -uo pipefail

cd -- "$(dirname -- "$0")/../.." || exit 1
# shellcheck source=tests/real-kernels/kernels.bash
. tests/real-kernels/kernels.bash
# shellcheck source=tests/booted/machines.bash
. tests/booted/machines.bash

LOGS=${BUILD_DIR:?not set, run make check-booted}/booted
LIMIT_SECONDS=${LIMIT_SECONDS:-900}

say() {
	printf '%s\n' "$*"
}

((EUID == 0)) || { say 'booted: root is needed: sudo make check-booted'; exit 1; }
# A kernel is many processes: they end with this one, whatever way it ends.
[[ $$ -eq 1 ]] || exec unshare --pid --fork --kill-child --mount --propagation private --mount-proc -- \
	"$PWD/tests/booted/run.sh"

read -ra names <<<"${MACHINES:-apparmor selinux}"

# This version and a newer one.
make_packages() {
	local version one
	version=$(<VERSION)
	for one in one two; do
		VERSION=$version BUILD=$LOGS/$one install/package.sh deb >"$LOGS/$one.log" 2>&1 ||
			{ cat "$LOGS/$one.log"; return 1; }
		version+=.1
		mkdir -p "$LOGS/packages/$one"
		cp -- "$LOGS/$one"/packages/*.deb "$LOGS/packages/$one/"
		rm -f -- "$LOGS/packages/$one"/*dbgsym*
	done
}

# boot NAME: until it powers itself off
boot() {
	local where=$LOGS/$1 kernel
	kernel=$(machines_kernel "$1")
	# shellcheck disable=SC2046 # several words
	timeout --kill-after=10 "$LIMIT_SECONDS" "$CACHE/$kernel/linux" mem=1024M rw quiet \
		"ubd0=$where/disk,$CACHE/$1.image" root=/dev/ubda con=null con0=fd:0,fd:1 systemd.show_status=0 \
		"fsh_tree=$PWD" "fsh_results=$where" "fsh_machine=$1" $(machines_security "$1") \
		</dev/null >>"$where/console" 2>&1
}

# What a boot that never came to its tests has said.
no_count() {
	say "booted: $1 did not come to the end of phase $(cat "$LOGS/$1/phase"):"
	tail -n 20 "$LOGS/$1/console" | sed 's/^/    /'
	echo "$1 ? 0 1 0 0" >"$LOGS/$1/result"
}

run() {
	local name=$1 where=$LOGS/$1 start=$SECONDS phase last=
	cp -r -- "$LOGS/packages" "$where/"
	cp -r -- "$(kernels_modules "$(machines_kernel "$name")")" "$where/modules"
	echo 1 >"$where/phase"
	until phase=$(<"$where/phase") && [[ $phase == end ]]; do
		[[ $phase != "$last" ]] || { no_count "$name"; return; }
		last=$phase
		boot "$name"
	done
	awk -v name="$name" -v release="$(<"$where/release")" -v seconds=$((SECONDS - start)) \
		'/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed += $1; failed += $3; skipped += $5 }
		END { print name, release, passed, failed, skipped, seconds }' "$where/log" >"$where/result"
}

main() {
	local name
	rm -rf -- "$LOGS"
	mkdir -p -- "$LOGS" "$CACHE"
	make_packages || exit 1
	for name in "${names[@]}"; do
		mkdir -p "$LOGS/$name"
		say "== $name"
		if ! machines_prepare "$name" "$LOGS/$name/prepare.log"; then
			say "booted: $name cannot be had today:"
			tail -n 5 "$LOGS/$name/prepare.log" | sed 's/^/    /'
			echo "$name ? 0 1 0 0" >"$LOGS/$name/result"
			continue
		fi
		run "$name"
		grep -v '^ok \|^[0-9. ]* passed\|^1\.\.' "$LOGS/$name/log"
	done
	say
	printf '%-10s %-20s %8s %8s %8s %8s\n' machine release passed failed skipped seconds
	cat "$LOGS"/*/result | while read -ra line; do
		printf '%-10s %-20s %8s %8s %8s %8s\n' "${line[@]}"
	done
	awk '{ passed += $3; failed += $4; skipped += $5 }
		END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
			exit failed > 0 || passed == 0 }' "$LOGS"/*/result
}

main
