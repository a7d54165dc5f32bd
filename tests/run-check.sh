#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/run-check.sh [--build DIR] [--hook FILE] [--only PATTERN] [--list] [STAGE|SUITE…]
#
# Runs the suites of the named stages, or the named suites (`ns/ns_test_gate`, or `ns_test_gate`), and ends with
# exactly one line, `N passed, N failed, N skipped`, the sum of all of them. Not zero when a test failed or a suite
# crashed, hung or gave no count; 2 when a name is unknown.
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
#   e2e      tests/e2e/run.sh SUITE      shell suites, by root
#   quick    unit, the namespace programs of what has changed since BASE=main, one pod
#   packages tests/packages/*.sh         shell suites, by root; only when asked for, build.sh comes first
#
# cmocka programs are read through their TAP output: the plan is compared with what was reported, so
# that a program that dies half way cannot look green. A shell suite ends with its own count line,
# exits 0 when nothing failed, and names each skipped test on a line of its own: `SKIP name: why`, or
# `ok N - name # SKIP why` as TAP has it.
#
# Suites run in the top directory; BUILD_DIR, HOOK_BINARY, TOOL_BINARY and TESTS_DIR are in their environment.
# CI=true: a skip is a failure, unless tests/skip-allowed.txt lists it with a reason.
# --hook: another program than the one in DIR is tested, with the tool beside it, by the suites that run them.
# --only: the tests of cmocka programs whose name is like PATTERN, in which * and ? are as in a shell.
# --list: prints the names of the suites, and runs none.
# V=1: print everything that suites print, also when they pass. TEST_TIMEOUT: seconds for each suite.
# CHECK_JOBS: how many run at once, by default twice as many as there are cores; 1 runs them one by one.
set -uo pipefail

top=$(cd -- "$(dirname -- "$0")/.." && pwd)
build=$top/build
hook=
only=
list=no
wanted=()

# shellcheck source=tests/check/read.bash
. "$top/tests/check/read.bash"
# shellcheck source=tests/check/run.bash
. "$top/tests/check/run.bash"
# shellcheck source=tests/check/stages.bash
. "$top/tests/check/stages.bash"
# shellcheck source=tests/check/changed.bash
. "$top/tests/check/changed.bash"
# shellcheck source=tests/check/find.bash
. "$top/tests/check/find.bash"

usage() {
	echo "usage: tests/run-check.sh [--build DIR] [--hook FILE] [--only PATTERN] [--list] [STAGE|SUITE]..." >&2
	echo "stages: ${stages_usual[*]} (these if none is named) ${stages_more[*]}" >&2
	exit 2
}

# --only asks cmocka, which shell suites have not: their tests build on those before them.
only_for_programs() {
	local i
	for i in "${!names[@]}"; do
		[[ ${readers[i]} != read_tap ]] || continue
		echo "${names[i]} is a shell suite: its tests build on each other, none can be run alone" >&2
		exit 2
	done
}

while (($#)); do
	case $1 in
	--build | --hook | --only)
		(($# > 1)) || usage
		declare "${1#--}=$2"
		shift
		;;
	--list) list=yes ;;
	-*) usage ;;
	*) wanted+=("$1") ;;
	esac
	shift
done
((${#wanted[@]})) || wanted=("${stages_usual[@]}")

cd "$top" || exit 1
[[ $build == /* ]] || build=$top/$build
hook=${hook:-$build/fuse-sidecar-hook}
# What stands for the hook alone has no tool beside it.
tool=${hook%/*}/fuse-sidecar
[[ -x $tool ]] || tool=$build/fuse-sidecar
export BUILD_DIR=$build HOOK_BINARY=$hook TOOL_BINARY=$tool TESTS_DIR=$top/tests
logs=$build/logs
for name in "${wanted[@]}"; do
	if [[ " ${stages_usual[*]} ${stages_more[*]} " == *" $name "* ]]; then
		"stage_$name"
	else
		suite_named "$name" || exit 2
	fi
done
if [[ $list == yes ]]; then
	printf '%s\n' "${names[@]}"
	exit
fi
[[ -z $only ]] || only_for_programs
[[ -z $only ]] || export TEST_ONLY=$only
mkdir -p "$logs" || exit 1
run_all
if ((passed + failed + skipped == 0)); then
	say "no test was found${only:+ whose name is like \"$only\"}"
	failed=1
fi
say "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
