# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Which suites a stage of tests/run-check.sh has: each function adds them with suite(), and runs nothing.
#
# shellcheck disable=SC2154 # top and build are of run-check.sh
# shellcheck disable=SC2034 # limit, lane, shown are read by suite()

# Those of `make check`, and those that run only when they are named.
stages_usual=(unit ns race pods fault kernels newer install e2e)
stages_more=(ns_hook faults many kernels_all valgrind packages quick)

# programs DIR PATTERN: only those whose source is still there, a stale binary is not a test.
programs() {
	local src
	for src in "$top/tests/$1"/$2.c; do
		[[ -e $src ]] || continue
		src=${src##*/}
		echo "${src%.c}"
	done
}

# as_root NAME: whether we are; if not, the suite of that name says so.
as_root() {
	((EUID == 0)) && return
	suite "$1" read_shell printf '%s\n' "SKIP $1: needs root" '0 passed, 0 failed, 1 skipped'
	return 1
}

# A program that mounts, in a mount namespace that nobody else sees.
apart=(unshare --mount --propagation private)

# suite_apart NAME PROGRAM [VARIABLE=VALUE...]
suite_apart() {
	local name=$1 program=$2
	shift 2
	! as_root "$name" || suite "$name" read_tap env "$@" "${apart[@]}" "$program"
}

# apart_each DIR PATTERN: all programs of a directory.
apart_each() {
	local name
	for name in $(programs "$1" "$2"); do
		suite_apart "$1/$name" "$build/tests/$1/$name"
	done
}

# slices NAME PROGRAM VARIABLE [VARIABLE=VALUE...]: the program once for each core, each with its share, which
# VARIABLE tells it.
slices() {
	local name=$1 program=$2 variable=$3 part parts
	shift 3
	parts=$(nproc)
	for ((part = 1; part <= parts; part++)); do
		suite_apart "$name/$part of $parts" "$program" "$variable=$part/$parts" "$@"
	done
}

stage_unit() {
	local name
	for name in $(programs unit '*test_*'); do
		suite "unit/$name" read_tap "$build/tests/unit/$name"
	done
}

stage_ns() {
	apart_each ns 'ns_test_*'
}

stage_ns_hook() {
	local name
	for name in $(programs ns 'ns_test_*'); do
		! grep -q 'fake_pod\.h' "$top/tests/ns/$name.c" ||
			suite_apart "ns_hook/$name" "$build/tests/ns/$name"
	done
}

stage_race() {
	suite_apart race "$build/tests/race/race"
}

stage_pods() {
	local shown='s/^.*\(pods, seeds from\)/  \0/p'
	slices pods "$build/tests/pods/pods" PODS_SLICE
}

stage_fault() {
	local name
	for name in $(programs fault 'fault_test_*'); do
		slices "fault/$name" "$build/tests/fault/$name" FAULT_SLICE
	done
}

stage_faults() {
	local name limit=${TEST_TIMEOUT:-3600} shown='/ runs, /s/^/  /p'
	for name in $(programs fault 'fault_test_*'); do
		slices "faults/$name" "$build/tests/fault/$name" FAULT_SLICE FAULT_FULL=1
	done
}

stage_many() {
	# How long they took.
	local shown='/hooks at once\|beside a lock/s/^/  /p'
	suite_apart many/ns_test_many_pods "$build/tests/ns/ns_test_many_pods" \
		MANY_PODS="${MANY_PODS:-250}"
}

# As if the kernel did not have the system calls $2, and answered $1; the tests named after them.
ns_without() {
	local name error=$1 hidden=$2

	shift 2
	for name; do
		suite "kernels/$error/$hidden/$name" read_tap "${apart[@]}" \
			"$build/tests/hide_syscalls" "$error" "$hidden" -- "$build/tests/ns/$name"
	done
}

# Linux 4.18, as far as it can be imitated: what touches mounts, paths and processes.
stage_kernels() {
	local error

	as_root kernels || return 0
	for error in ENOSYS EPERM; do
		ns_without "$error" all ns_test_{shared_bind,check,hostile,pod_end,poststop,prepare,probe} \
			ns_test_{open_below,reconcile,sharing,record_copy,dead_mount,status,safe_walk}
	done
}

# All together, and each call hidden alone.
stage_kernels_all() {
	local error hidden every=()

	as_root kernels_all || return 0
	mapfile -t every < <(programs ns 'ns_test_*')
	for hidden in all open_tree move_mount pidfd_open openat2 statx_mnt_id statx_mnt_id_unique \
		close_range mount_setattr statmount,listmount fsopen,fsconfig,fsmount; do
		for error in ENOSYS EPERM; do
			ns_without "$error" "$hidden" "${every[@]}"
		done
	done
}

# What hooks of whole pods come to; the journal has one entry more.
stage_newer() {
	local name

	as_root newer || return 0
	for name in ns_test_{publish_record,poststop,reconcile,sharing,dead_mount}; do
		suite_apart "newer/$name" "$build/tests/ns/$name" \
			HOOK_BINARY="$top/tests/filter/newer-libc.sh" TOOL_BINARY="$top/tests/filter/newer-libc.sh"
	done
	suite newer/e2e read_shell env FUSE_SIDECAR_HOOK="$top/tests/filter/newer-libc.sh" \
		FUSE_SIDECAR="$top/tests/filter/newer-libc.sh" \
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
stage_valgrind() {
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
	suite_apart "valgrind/ns/$name" "$build/tests/ns/$name" VALGRIND_DIR="${HOOK_BINARY%/*}" \
		VALGRIND_COMMAND="${valgrind[*]}" HOOK_BINARY="$top/tests/valgrind-hook.sh" \
		TOOL_BINARY="$top/tests/valgrind-hook.sh"
}

stage_install() {
	local file
	for file in "$top"/tests/install/*.sh; do
		[[ -e $file ]] || continue
		file=${file##*/}
		suite "install/${file%.sh}" read_shell "tests/install/$file"
	done
}

# They share one small Debian.
stage_packages() {
	local file lane=packages
	for file in deb rpm manifests upgrade; do
		[[ -e $top/tests/packages/$file.sh ]] || continue
		! as_root "packages/$file" || suite "packages/$file" read_shell "tests/packages/$file.sh"
	done
}

# A minute and a half on two cores, when nobody else uses them: the times of all namespace programs together may
# be 40 seconds for each that runs at once.
stage_quick() {
	local name all
	all=$(changed_programs) || exit 2
	stage_unit
	for name in $(awk '!seen[$0]++' <<<"$all" | within "$((40 * $(jobs_at_once)))"); do
		suite_apart "ns/$name" "$build/tests/ns/$name"
	done
	! as_root e2e/pod || suite e2e/pod read_shell env E2E_RUNTIMES="${E2E_RUNTIMES:-crun}" tests/e2e/run.sh pod
}

# Each in a sandbox of its own.
stage_e2e() {
	local name e2e=()
	[[ -e $top/tests/e2e/run.sh ]] || return 0
	read -ra e2e < <(sed -n 's/^SUITES=(\(.*\))$/\1/p' "$top/tests/e2e/run.sh")
	for name in "${e2e[@]}"; do
		! as_root "e2e/$name" || suite "e2e/$name" read_shell tests/e2e/run.sh "$name"
	done
}
