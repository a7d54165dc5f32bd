#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `sudo make check-real-kernels`: the namespace tests on real kernels of several years, each booted as a program with
# this machine's files as its own (user-mode-linux; kernels.bash has where from).
#
#	KERNELS="5.10 6.1 6.12 7.2"	which
#	LEAVE_OUT="ns_test_forged"	programs that are not run
#	COMMAND="tests/run-check.sh e2e/pod"	what is run in their place; its last line has to be a count
#	REAL_KERNELS_CACHE=DIR		where they are kept: /var/cache/fuse-sidecar-hook-kernels
#	JOBS=2				how many at once: as many as there are processors
#
# What fails and what is skipped is printed; then a table, and
# `N passed, N failed, N skipped`. A kernel of sid that cannot be had today is said and is no failure.
set -uo pipefail

cd -- "$(dirname -- "$0")/../.." || exit 1
# shellcheck source=tests/real-kernels/kernels.bash
. tests/real-kernels/kernels.bash

((EUID == 0)) || { say 'real-kernels: root is needed: sudo make check-real-kernels'; exit 1; }
# A kernel is many processes: they end with this one, whatever way it ends.
[[ $$ -eq 1 ]] || exec unshare --pid --fork --kill-child --mount --propagation private --mount-proc -- \
	"$PWD/tests/real-kernels/run.sh"

read -ra KERNELS <<<"${KERNELS:-5.10 6.1 6.12 7.2}"
LOGS=${BUILD_DIR:?not set, run make check-real-kernels}/real-kernels
read -r -d '' -a LEAVE_OUT <<<"${LEAVE_OUT:-}"
LIMIT_SECONDS=${LIMIT_SECONDS:-2400}
MEMORY=3072M

say() {
	printf '%s\n' "$*"
}

# suites VERSION: the namespace programs that are run there
suites() {
	local left_out
	read -ra left_out <<<"$(kernels_left_out "$1")"
	tests/run-check.sh --list ns | grep -vxF -f <(printf 'ns/%s\n' "${LEAVE_OUT[@]}" "${left_out[@]}")
}

# Those that this process may use, one a line.
processors() {
	local range
	for range in $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr ',' ' '); do
		seq "${range%-*}" "${range#*-}"
	done
}

# boot VERSION PROCESSOR: it powers itself off. Its processes take turns at every system call; between two processors
# such a turn takes twice as long.
boot() {
	local where=$LOGS/$1
	taskset --cpu-list "$2" timeout --kill-after=10 "$LIMIT_SECONDS" \
		"$CACHE/$1/linux" "mem=$MEMORY" ro quiet \
		rootfstype=hostfs rootflags=/ con=null con0=fd:0,fd:1 \
		"init=$PWD/tests/real-kernels/init.sh" "modules=$(kernels_modules "$1")" \
		"tree=$PWD" "results=$where" "build=$BUILD_DIR" </dev/null >"$where/console" 2>&1
}

# run VERSION PROCESSOR: `VERSION RELEASE passed failed skipped seconds` as its last word in $LOGS/VERSION/result
run() {
	local version=$1 where=$LOGS/$1 start=$SECONDS passed failed skipped
	{
		# A machine of one slow processor.
		echo "export TEST_TIMEOUT=$LIMIT_SECONDS PODS_COUNT=${PODS_COUNT:-20} CHECK_JOBS=1"
		echo "${COMMAND:-tests/run-check.sh --build $BUILD_DIR $(suites "$version" | tr '\n' ' ')}"
	} >"$where/command"
	boot "$version" "$2"
	if [[ $(tail -n 1 "$where/log" 2>/dev/null) =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]} skipped=${BASH_REMATCH[3]}
	else
		passed=0 failed=1 skipped=0
	fi
	echo "$version $(cat "$where/release" 2>/dev/null || echo '?') $passed $failed $skipped $((SECONDS - start))" \
		>"$where/result"
}

# What a reader wants to know of it.
report() {
	local where=$LOGS/$1
	say "== Linux $(cat "$where/release" 2>/dev/null || echo "$1, which did not boot")"
	[[ ! -s $where/log ]] || grep -v '^ok  ' "$where/log"
	tail -n 1 "$where/log" 2>/dev/null | grep -qE '^[0-9]+ passed, ' || head -n 30 "$where/console"
}

prepare() {
	rm -rf -- "${LOGS:?}/$1"
	mkdir -p -- "$LOGS/$1" "$BUILD_DIR/logs"
	kernels_prepare "$1" "$LOGS/$1/prepare.log" && return
	say "real-kernels: Linux $1 cannot be had today:"
	tail -n 5 "$LOGS/$1/prepare.log" | sed 's/^/    /'
	[[ $(kernels_codename "$1") == sid ]] || echo "$1 ? 0 1 0 0" >"$LOGS/$1/result"
	return 1
}

table() {
	say
	printf '%-10s %-20s %8s %8s %8s %8s\n' kernel release passed failed skipped seconds
	cat "$LOGS"/*/result | while read -ra line; do
		printf '%-10s %-20s %8s %8s %8s %8s\n' "${line[@]}"
	done
	awk '{ passed += $3; failed += $4; skipped += $5 }
		END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
			exit failed > 0 || passed == 0 }' "$LOGS"/*/result
}

# run_each VERSION...: as many at once as there are processors, or JOBS, each on one of them
run_each() {
	local lane lanes i processors
	mapfile -t processors < <(processors)
	lanes=${JOBS:-${#processors[@]}}
	for ((lane = 0; lane < lanes; lane++)); do
		for ((i = lane + 1; i <= $#; i += lanes)); do
			run "${!i}" "${processors[lane % ${#processors[@]}]}"
		done &
	done
	wait
}

main() {
	local version ready=()
	rm -rf -- "$LOGS"
	mkdir -p -- "$LOGS" "$CACHE"
	for version in "${KERNELS[@]}"; do
		if prepare "$version"; then ready+=("$version"); fi
	done
	run_each "${ready[@]}"
	for version in "${ready[@]}"; do
		report "$version"
	done
	table
}

main
