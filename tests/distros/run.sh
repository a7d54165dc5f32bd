#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `sudo make check-distros`: the suites on other releases of Debian, each in a root file system of its own
# that roots.bash makes once and keeps in DISTROS_CACHE (/var/cache/fuse-sidecar-hook-distros).
#
#	DISTROS="12 13 sid"	which
#	SUITES="build unit …"	what, in this order; suites.sh has them all
#
# The tree is what git would commit, changes included. A table at the end, of each suite on each release;
# then `N passed, N failed, N skipped`. A sid that cannot be had today is said and is no failure.
set -uo pipefail

cd -- "$(dirname -- "$0")/../.." || exit 1
HERE=tests/distros
# shellcheck source=tests/distros/roots.bash
. "$HERE/roots.bash"

read -ra DISTROS <<<"${DISTROS:-12 13 sid}"
read -ra SUITES <<<"${SUITES:-build unit ns install e2e demo deb old}"
LOGS=${BUILD_DIR:?not set, run make check-distros}/check-distros
RESULTS=$LOGS/results
FAILED_ELSEWHERE=0 SKIPPED_ELSEWHERE=0

say() {
	printf '%s\n' "$*"
}

# The sources as they are, in the root, in the place of what an earlier run left.
copy_tree() {
	local where=$CACHE/$1/tree
	rm -rf --one-file-system -- "$where"
	mkdir -p -- "$where"
	comm -z -23 <(git ls-files -z --cached --others --exclude-standard | sort -z) \
		<(git ls-files -z --deleted | sort -z) |
		tar --create --null --files-from - | tar --extract --directory "$where"
}

# A release that is not there is no line of the table; all but sid always are.
cannot_be_had() {
	say "distros: $1 cannot be had today:"
	tail -n 5 "$2" | sed 's/^/    /'
	if [[ $1 == sid ]]; then
		((SKIPPED_ELSEWHERE++))
	else
		((FAILED_ELSEWHERE++))
	fi
}

# The child that is waited for, so that a signal ends it first.
CHILD=
in_child() {
	"$@" </dev/null &
	CHILD=$!
	wait "$CHILD"
}

stop() {
	trap '' INT TERM HUP
	[[ -z $CHILD ]] || kill "$CHILD" 2>/dev/null
	wait
	rm -rf --one-file-system -- "$CACHE"/*/tree
	exit 130
}

# run_distro NAME SUITE...
run_distro() {
	local name=$1 start=$SECONDS
	shift
	say "== Debian $name: root file system, in $CACHE"
	if ! in_child roots_prepare "$name" "$LOGS/$name.root.log"; then
		cannot_be_had "$name" "$LOGS/$name.root.log"
		return
	fi
	say "== done in $((SECONDS - start)) s"
	start=$SECONDS
	if ! copy_tree "$name" || ! in_child "$HERE/inside.sh" "$CACHE/$name" "$LOGS" "$name" "$@"; then
		say "distros: the suites on Debian $name did not come to an end"
		((FAILED_ELSEWHERE++))
	fi
	rm -rf --one-file-system -- "$CACHE/$name/tree"
	say "== Debian $name: $((SECONDS - start)) s"
}

# The programs that the suite `old` takes elsewhere come from Debian 12, which this machine may be.
needs_old() {
	[[ " ${SUITES[*]} " == *' old '* && " ${DISTROS[*]} " != *' 12 '* ]]
}

is_debian_12() {
	local ID='' VERSION_ID=''
	# shellcheck source=/dev/null
	. /etc/os-release && [[ $ID == debian && $VERSION_ID == 12 ]]
}

make_old() {
	if is_debian_12; then
		tests/distros/old.sh "$LOGS/old" >"$LOGS/12.old.log" 2>&1 ||
			{ say 'distros: no programs of Debian 12'; ((FAILED_ELSEWHERE++)); }
	else
		run_distro 12 old
	fi
}

# cell NAME SUITE: "41/0/2 17s"
cell() {
	awk -v name="$1" -v suite="$2" '$1 == name && $2 == suite { found = $3 "/" $4 "/" $5 " " $6 "s" }
		END { print found == "" ? "-" : found }' "$RESULTS"
}

table() {
	local suite name
	printf '\n'
	for name in "${DISTROS[@]}"; do
		printf 'Debian %s: %s\n' "$name" "$(cat "$LOGS/$name.versions" 2>/dev/null || echo 'not had')"
	done
	printf '\npassed/failed/skipped, and how long\n%-10s' suite
	printf '%-18s' "${DISTROS[@]/#/Debian }"
	for suite in "${SUITES[@]}"; do
		printf '\n%-10s' "$suite"
		for name in "${DISTROS[@]}"; do
			printf '%-18s' "$(cell "$name" "$suite")"
		done
	done
	echo
}

total() {
	awk -v failed="$FAILED_ELSEWHERE" -v skipped="$SKIPPED_ELSEWHERE" '{ passed += $3; failed += $4; skipped += $5 }
		END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
			exit failed > 0 || passed + skipped == 0 }' "$RESULTS"
}

main() {
	local name
	((EUID == 0)) || { say 'distros: root is needed: sudo make check-distros'; exit 1; }
	mkdir -p -- "$LOGS" "$CACHE"
	exec 9>"$CACHE/lock"
	flock --nonblock 9 || { say "distros: another run has $CACHE"; exit 1; }
	trap stop INT TERM HUP
	rm -rf -- "${LOGS:?}"/*
	: >"$RESULTS"
	! needs_old || make_old
	for name in "${DISTROS[@]}"; do
		run_distro "$name" "${SUITES[@]}"
	done
	table
	total
}

main
