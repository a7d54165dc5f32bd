#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/run-check.sh [--build DIR] [--hook FILE] [STAGE…]
#
# Runs the suites of the named stages and ends with exactly one line, `N passed, N failed, N skipped`,
# the sum of all of them. Not zero when a test failed or a suite crashed, hung or gave no count.
#
#   unit     DIR/tests/unit/*            cmocka programs, no root needed
#   ns       DIR/tests/ns/ns_test_*      cmocka programs, by root, each in a private mount namespace
#   ns_hook  those of ns that run the program itself; not run unless named
#   race     DIR/tests/race/race     a cmocka program, by root, in a private mount namespace
#   pods     DIR/tests/pods/pods     the same: PODS_COUNT=500 random pods from PODS_SEED=1 on, a process for each core
#   fault    DIR/tests/fault/fault_test_*  the same: each place of a run × one error
#   faults   the same programs, each system call × each error that fits it, a process for each core
#   many     hooks of MANY_PODS=250 pods at once; not run unless named, ns has fewer
#   kernels      some of ns, as if on Linux 4.18: without the younger system calls
#   kernels_all  all of ns without each of them, and without all; not run unless named
#   newer    some of ns, and a pod, under a C library whose system calls the filter does not know
#   valgrind unit tests under valgrind, and namespace tests whose hook runs under it
#   install  tests/install/*.sh          shell suites
#   e2e      tests/e2e/run.sh            a shell suite, by root
#   packages tests/packages/*.sh         shell suites, by root; only when asked for, build.sh comes first
#
# cmocka programs are read through their TAP output: the plan is compared with what was reported, so
# that a program that dies half way cannot look green. A shell suite ends with its own count line,
# exits 0 when nothing failed, and names each skipped test on a line of its own: `SKIP name: why`, or
# `ok N - name # SKIP why` as TAP has it.
#
# Suites run in the top directory; BUILD_DIR, HOOK_BINARY and TESTS_DIR are in their environment.
# CI=true: a skip is a failure, unless tests/skip-allowed.txt lists it with a reason.
# --hook: another program than the one in DIR is tested, by the suites that run it.
# V=1: print everything that suites print, also when they pass. TEST_TIMEOUT: seconds for each suite.
set -uo pipefail

top=$(cd -- "$(dirname -- "$0")/.." && pwd)
build=$top/build
hook=
stages=()
passed=0 failed=0 skipped=0
timeout_s=${TEST_TIMEOUT:-1200}
faults_timeout_s=${TEST_TIMEOUT:-3600}

say() {
	printf '%s\n' "$*"
}

# A cmocka program's TAP, as `pass NAME`, `fail NAME`, `skip NAME: why` and `broken WHY` lines.
# cmocka 1.1.5 calls a skipped test "not ok 2 # SKIP name", later ones "ok 2 # SKIP name", 2.0
# "ok 2 - name # SKIP"; why a test was skipped is what it printed just before. 2.0 says why one failed in
# a block of YAML.
read_tap() {
	awk '
	function close_plan() {
		if (open && got != plan)
			printf "broken %d of %d tests reported\n", got, plan
		open = 0
	}
	/^[ \t]*1\.\.[0-9]+$/ { close_plan(); sub(/.*\.\./, ""); plan = $0 + 0; got = 0
		open = 1; groups++; said = ""; next }
	/^  ---$/ { inside = 1 }
	inside { if (/^  \.\.\.$/) inside = 0; next }
	/^ok [0-9]+ - .* # SKIP$/ { sub(/ # SKIP$/, ""); sub(/ - /, " # SKIP ") }
	/^(not )?ok [0-9]+ # SKIP/ { got++; name = $0; sub(/^.*# SKIP */, "", name)
		print "skip " name ": " (said == "" ? "no reason given" : said); said = ""; next }
	# Group set-up that fails has the number 0: none of the tests of the plan ran.
	/^not ok 0 / { open = 0; sub(/^not ok 0 (- )?/, ""); print "fail " $0; said = ""; next }
	/^not ok [0-9]+/ { got++; sub(/^not ok [0-9]+ *(- )?/, ""); print "fail " $0; said = ""; next }
	/^ok [0-9]+/ { got++; sub(/^ok [0-9]+ *(- )?/, ""); print "pass " $0; said = ""; next }
	/^#/ || /^[ \t]*$/ { next }
	{ said = $0 }
	END { close_plan(); if (!groups) print "broken no TAP plan" }' "$1"
}

# A shell suite's log in the same form. Only its count line counts; single passes have no names here.
read_shell() {
	local last
	last=$(grep -v '^[[:space:]]*$' "$1" | tail -n 1)
	if [[ ! $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		echo 'broken no count in the last line'
		return
	fi
	local p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]} named
	for ((; p > 0; p--)); do echo 'pass -'; done
	for ((; f > 0; f--)); do echo 'fail -'; done
	named=$(sed -nE 's/^SKIP /skip /p
		s/^ok [0-9]+ - (.*) # SKIP( |$)/skip \1: /p' "$1" | head -n "$s")
	[[ -z $named ]] || printf '%s\n' "$named"
	for ((s -= $(grep -c . <<<"$named"); s > 0; s--)); do
		echo 'skip (unnamed): no reason given'
	done
}

# Skips that a machine may have: `suite:test reason…`, one a line, # comments.
allowed() {
	local file=$top/tests/skip-allowed.txt want=$1
	# Whatever is hidden by whichever error.
	[[ $want != kernels/* ]] || want=kernels/${want##*/}
	[[ -r $file ]] && awk -v want="$want" '$1 == want && NF > 1 { found = 1 } END { exit !found }' "$file"
}

# count SUITE LOG RC READER: adds one suite to the sum and says what happened.
count() {
	local suite=$1 log=$2 rc=$3 reader=$4 kind rest p=0 f=0 s=0 broken='' name
	local notes=()
	while read -r kind rest; do
		case $kind in
		pass) ((p++)) ;;
		fail) ((f++)) ;;
		broken) broken=$rest ;;
		skip)
			name=${rest%%:*}
			# Not for such a kernel: tests/ns/ns_test_kernels.c has what it does instead.
			if [[ $suite == kernels/* ]] && allowed "$suite:$name"; then
				continue
			fi
			if [[ ${CI:-} == true ]] && ! allowed "$suite:$name"; then
				((f++))
				notes+=("  skipped, which CI does not allow: $rest")
			else
				((s++))
				notes+=("  skipped: $rest")
			fi
			;;
		esac
	done < <("$reader" "$log")

	# A sanitizer's report, a signal or a time-out after the last test shows in the status only.
	if ((rc == 124 || rc == 137)); then
		broken="no end within ${timeout_s}s"
	elif ((rc != 0 && f == 0)) && [[ -z $broken ]]; then
		broken="exit status $rc"
	fi
	if [[ -n $broken ]]; then
		((f++))
		notes+=("  broken: $broken")
	fi

	if ((f > 0)) || [[ ${V:-} == 1 ]]; then
		sed 's/^/    /' "$log"
	fi
	if ((f > 0)); then
		say "FAIL $suite: $p passed, $f failed, $s skipped"
	else
		say "ok   $suite: $p passed, $s skipped"
	fi
	((${#notes[@]})) && printf '%s\n' "${notes[@]}"
	((passed += p, failed += f, skipped += s))
	return 0
}

# suite NAME READER COMMAND...
suite() {
	local name=$1 reader=$2 log rc
	shift 2
	log=$logs/${name//\//_}.log
	CMOCKA_MESSAGE_OUTPUT=TAP timeout --kill-after=10 "$timeout_s" "$@" >"$log" 2>&1 </dev/null
	rc=$?
	count "$name" "$log" "$rc" "$reader"
}

not_root() {
	say "SKIP $1: needs root" >"$logs/not_root.log"
	say '0 passed, 0 failed, 1 skipped' >>"$logs/not_root.log"
	count "$1" "$logs/not_root.log" 0 read_shell
}

# programs DIR PATTERN: only those whose source is still there, a stale binary is not a test.
programs() {
	local src
	for src in "$top/tests/$1"/$2.c; do
		[[ -e $src ]] || continue
		src=${src##*/}
		echo "${src%.c}"
	done
}

run_unit() {
	local name
	for name in $(programs unit '*test_*'); do
		suite "unit/$name" read_tap "$build/tests/unit/$name"
	done
}

# apart NAME PROGRAM: a program that mounts, in a mount namespace that nobody else sees.
apart() {
	if ((EUID != 0)); then
		not_root "$1"
		return
	fi
	suite "$1" read_tap unshare --mount --propagation private "$2"
}

# apart_each DIR PATTERN: all programs of a directory.
apart_each() {
	local name
	for name in $(programs "$1" "$2"); do
		apart "$1/$name" "$build/tests/$1/$name"
	done
}

run_ns() {
	apart_each ns 'ns_test_*'
}

run_ns_hook() {
	local file
	for file in "$top"/tests/ns/ns_test_*.c; do
		file=${file##*/}
		! grep -q 'fake_pod\.h' "$top/tests/ns/$file" ||
			apart "ns_hook/${file%.c}" "$build/tests/ns/${file%.c}"
	done
}

run_race() {
	apart race "$build/tests/race/race"
}

run_pods() {
	local part parts pids=() log

	if ((EUID != 0)); then
		not_root pods
		return
	fi
	parts=$(nproc)
	for ((part = 1; part <= parts; part++)); do
		PODS_SLICE=$part/$parts CMOCKA_MESSAGE_OUTPUT=TAP \
			timeout --kill-after=10 "$timeout_s" unshare --mount --propagation private \
			"$build/tests/pods/pods" >"$logs/pods_$part.log" 2>&1 </dev/null &
		pids+=($!)
	done
	for ((part = 1; part <= parts; part++)); do
		log=$logs/pods_$part.log
		wait "${pids[part - 1]}"
		count "pods/$part of $parts" "$log" $? read_tap
		sed -n 's/^.*\(pods, seeds from\)/  \0/p' "$log"
	done
}

run_fault() {
	apart_each fault 'fault_test_*'
}

# Of each program as many at once as there are cores, each with its share of the faults.
run_faults() {
	local name part parts pids=()
	parts=$(nproc)
	for name in $(programs fault 'fault_test_*'); do
		if ((EUID != 0)); then
			not_root "faults/$name"
			continue
		fi
		pids=()
		for ((part = 1; part <= parts; part++)); do
			FAULT_FULL=1 FAULT_SLICE=$part/$parts CMOCKA_MESSAGE_OUTPUT=TAP \
				timeout --kill-after=10 "$faults_timeout_s" \
				unshare --mount --propagation private \
				"$build/tests/fault/$name" \
				>"$logs/faults_${name}_$part.log" 2>&1 </dev/null &
			pids+=($!)
		done
		for ((part = 1; part <= parts; part++)); do
			wait "${pids[part - 1]}"
			count "faults/$name $part/$parts" "$logs/faults_${name}_$part.log" $? \
				read_tap
			sed -n '/ runs, /s/^/  /p' "$logs/faults_${name}_$part.log"
		done
	done
}

run_many() {
	if ((EUID != 0)); then
		not_root many
		return
	fi
	MANY_PODS=${MANY_PODS:-250} suite many/ns_test_many_pods read_tap \
		unshare --mount --propagation private "$build/tests/ns/ns_test_many_pods"
	# How long they took.
	sed -n '/hooks at once\|beside a lock/s/^/  /p' "$logs/many_ns_test_many_pods.log"
}

# As if the kernel did not have the system calls $2, and answered $1; the tests named after them.
run_ns_without() {
	local name error=$1 hidden=$2

	shift 2
	for name; do
		suite "kernels/$error/$hidden/$name" read_tap unshare --mount --propagation private \
			"$build/tests/hide_syscalls" "$error" "$hidden" -- "$build/tests/ns/$name"
	done
}

# Linux 4.18, as far as it can be imitated: what touches mounts, paths and processes.
run_kernels() {
	local error

	if ((EUID != 0)); then
		not_root kernels
		return
	fi
	for error in ENOSYS EPERM; do
		run_ns_without "$error" all ns_test_{bind,check,hostile,pod_end,poststop,prepare,probe} \
			ns_test_{open_below,reconcile,sharing,shown,stale,status,walk}
	done
}

# All together, and each call hidden alone.
run_kernels_all() {
	local error hidden names=()

	if ((EUID != 0)); then
		not_root kernels
		return
	fi
	mapfile -t names < <(programs ns 'ns_test_*')
	for hidden in all open_tree move_mount pidfd_open openat2 statx_mnt_id statx_mnt_id_unique \
		close_range mount_setattr statmount,listmount fsopen,fsconfig,fsmount; do
		for error in ENOSYS EPERM; do
			run_ns_without "$error" "$hidden" "${names[@]}"
		done
	done
}

# What hooks of whole pods come to; the journal has one entry more.
run_newer() {
	local name

	if ((EUID != 0)); then
		not_root newer
		return
	fi
	for name in ns_test_{expose,poststop,reconcile,sharing,stale}; do
		suite "newer/$name" read_tap env HOOK_BINARY="$top/tests/filter/newer-libc.sh" \
			unshare --mount --propagation private "$build/tests/ns/$name"
	done
	suite newer/e2e read_shell env FUSE_SIDECAR_HOOK="$top/tests/filter/newer-libc.sh" \
		E2E_RUNTIMES=crun tests/e2e/run.sh pod
}

valgrind=(valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
	--errors-for-leak-kinds=definite)

# They ask the kernel what valgrind does not know or forbids (openat2, seccomp, RLIMIT_NOFILE 0).
valgrind_knows_not=' policy_test_seccomp test_filter test_kernel_features test_process test_resolve '

# Whatever a program's tests come to: nothing was wrong with its memory. A test that fails leaks.
memory_is_right() {
	"${valgrind[@]}" --errors-for-leak-kinds=none "$1" 2>&1
	if (($? == 99)); then
		echo '0 passed, 1 failed, 0 skipped'
		return 1
	fi
	echo '1 passed, 0 failed, 0 skipped'
}

# A program that leaks, or reads what is not its own, exits with 99: the suite is broken. Of the
# namespace tests one in which hooks of a whole pod run; what waits for time is left out.
run_valgrind() {
	local name
	export -f memory_is_right
	for name in $(programs unit '*test_*'); do
		if [[ $valgrind_knows_not == *" $name "* ]]; then
			suite "valgrind/unit/$name" read_shell bash -c \
				"$(declare -p valgrind); memory_is_right '$build/tests/unit/$name'"
			continue
		fi
		suite "valgrind/unit/$name" read_tap "${valgrind[@]}" "$build/tests/unit/$name"
	done
	name=ns_test_poststop
	if ((EUID != 0)); then
		not_root "valgrind/ns/$name"
		return
	fi
	suite "valgrind/ns/$name" read_tap env VALGRIND_BINARY="$HOOK_BINARY" \
		VALGRIND_COMMAND="${valgrind[*]}" HOOK_BINARY="$top/tests/valgrind-hook.sh" \
		unshare --mount --propagation private "$build/tests/ns/$name"
}

run_install() {
	local file
	for file in "$top"/tests/install/*.sh; do
		[[ -e $file ]] || continue
		file=${file##*/}
		suite "install/${file%.sh}" read_shell "tests/install/$file"
	done
}

run_packages() {
	local file
	for file in deb rpm manifests upgrade; do
		[[ -e $top/tests/packages/$file.sh ]] || continue
		if ((EUID != 0)); then
			not_root "packages/$file"
			continue
		fi
		suite "packages/$file" read_shell "tests/packages/$file.sh"
	done
}

run_e2e() {
	[[ -e $top/tests/e2e/run.sh ]] || return 0
	if ((EUID != 0)); then
		not_root e2e
		return
	fi
	suite e2e read_shell tests/e2e/run.sh
}

while (($#)); do
	case $1 in
	--build)
		build=$2
		shift
		;;
	--hook)
		hook=$2
		shift
		;;
	unit | ns | ns_hook | race | pods | fault | faults | many | newer | valgrind | kernels | kernels_all | install | e2e | packages)
		stages+=("$1")
		;;
	*)
		echo "usage: tests/run-check.sh [--build DIR] [--hook FILE] [unit] [ns] [ns_hook] [race]" \
			"[pods] [fault] [faults] [many] [newer] [valgrind] [kernels]" \
			"[kernels_all] [install] [e2e] [packages]" >&2
		exit 2
		;;
	esac
	shift
done
((${#stages[@]})) || stages=(unit ns race pods fault kernels newer install e2e)

cd "$top" || exit 1
[[ $build == /* ]] || build=$top/$build
export BUILD_DIR=$build HOOK_BINARY=${hook:-$build/fuse-sidecar-hook} TESTS_DIR=$top/tests
logs=$build/logs
mkdir -p "$logs" || exit 1
for stage in "${stages[@]}"; do
	"run_$stage"
done
if ((passed + failed + skipped == 0)); then
	say 'no test was found'
	failed=1
fi
say "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
