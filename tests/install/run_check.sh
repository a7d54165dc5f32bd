#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What tests/run-check.sh reads of cmocka's output, as 1.1.5 and 2.0 write it: nothing that failed or was
# skipped may count as passed, nor a program that died half way. How it finds one suite, one test, or what has
# changed. And the verdict of the linters.
#
# shellcheck disable=SC2016,SC2030 # the inner shell's variables
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

# shellcheck source=tests/check/read.bash
. tests/check/read.bash

# reads WANTED: of what is on standard input
reads() {
	diff <(printf '%s\n' "$1") <(read_tap /dev/stdin)
}

old_is_read() {
	reads $'pass one\nfail two\nskip three: SKIP: no device' <<-'EOF'
		1..3
		ok 1 - one
		not ok 2 - two
		# 0x1 != 0x2
		# tests/two.c:4: error: Failure!
		SKIP: no device
		not ok 3 # SKIP three
		# not ok - group
	EOF
}

new_is_read() {
	reads $'pass one\nfail two\nskip three: SKIP: no device\nskip four: no reason given\nfail five' <<-'EOF'
		TAP version 14
		1..5
		ok 1 - one
		not ok 2 - two
		  ---
		  message: |-
		    1 != 2
		    tests/two.c:4: error: Failure!
		  severity: fail
		  ...
		SKIP: no device
		ok 3 - three # SKIP
		ok 4 - four # SKIP
		not ok 5 - five
		  ---
		  message: 'Could not run test: Test setup failed'
		  severity: error
		  ...
		# not ok - group
	EOF
}

dead_is_broken() {
	reads $'pass one\nbroken 1 of 3 tests reported' <<<$'TAP version 14\n1..3\nok 1 - one'
}

without_set_up_is_failed() {
	reads 'fail group' <<<$'TAP version 14\n1..2\nnot ok 0 - group\n  ---\n  severity: error\n  ...\n# ok - group' &&
		reads 'fail group' <<<$'1..2\nnot ok 0 - group\n# not ok - group'
}

# A tree with two programs and a suite: tests/run-check.sh finds what lies beside it.
tree=$scratch/tree
make_tree() {
	local name
	mkdir -p "$tree/build/tests/unit" "$tree/tests"/{unit,install} || return 1
	cp -r tests/run-check.sh tests/check "$tree/tests/" || return 1
	for name in oci_test_one oci_test_two; do
		: >"$tree/tests/unit/$name.c"
		# As a cmocka program: it tells the tests that TEST_ONLY is like.
		cat >"$tree/build/tests/unit/$name" <<-EOF
			#!/bin/bash
			t=()
			[[ a_dead_one != \${TEST_ONLY:-*} ]] || t+=(a_dead_one)
			[[ ! \${FAIL:-} ]] || exit 1
			echo "1..\${#t[@]}"
			for n in "\${t[@]}"; do echo "ok 1 - \$n"; done
		EOF
	done
	printf '#!/bin/sh\necho 1 passed, 0 failed, 0 skipped\n' >"$tree/tests/install/shell.sh"
	chmod +x "$tree/build/tests/unit"/* "$tree/tests/install/shell.sh"
}

# check_says STATUS PATTERN ARGUMENT...: of tests/run-check.sh in that tree
check_says() {
	local status=$1 pattern=$2 rc=0
	shift 2
	env -u TEST_ONLY "$tree/tests/run-check.sh" "$@" >"$scratch/check" 2>&1 || rc=$?
	cat "$scratch/check"
	((rc == status)) && grep -qE -- "$pattern" "$scratch/check"
}

# What changed_programs() takes: as a commit of a tree with two programs, one that includes a header.
changed_is_chosen() (
	cd "$tree" && mkdir -p tests/ns hook/mount && git init -q . &&
		echo '#include "hook/mount/rebind.h"' >tests/ns/ns_test_a.c && : >tests/ns/ns_test_b.c &&
		: >tests/ns/ns_test_rebind_more.c && : >hook/mount/rebind.h && git add -A &&
		git -c user.name=t -c user.email=t@t.invalid commit -qm one || return 1
	top=$tree logs=$tree
	# shellcheck source=tests/check/stages.bash
	. tests/check/stages.bash
	# shellcheck source=tests/check/changed.bash
	. tests/check/changed.bash
	: >hook/mount/rebind.c
	diff <(changed_programs | tail -n +3 | sort -u) <(printf '%s\n' ns_test_a ns_test_rebind_more) || return 1
	: >tests/ns/ns_test_c.c
	[[ $(changed_programs | sed -n 3p) == ns_test_c ]] && ! BASE=none changed_programs
)

late_is_left_out() (
	# shellcheck source=tests/check/changed.bash
	. tests/check/changed.bash
	logs=$scratch
	printf '%s\n' '9000 ns/long' '1000 ns/short' >"$scratch/times"
	[[ $(printf '%s\n' short long new | within 5 2>"$scratch/left") == $'short\nnew' ]] &&
		grep -q ' long$' "$scratch/left"
)

stopped_leaves_nothing() {
	local pid status
	: >"$tree/tests/unit/oci_test_slow.c"
	printf '#!/bin/sh\necho $$ >"%s"\nexec sleep 100\n' "$scratch/slow" >"$tree/build/tests/unit/oci_test_slow"
	chmod +x "$tree/build/tests/unit/oci_test_slow"
	"$tree/tests/run-check.sh" oci_test_slow >"$scratch/check" &
	pid=$!
	until [[ -s $scratch/slow ]]; do
		kill -0 "$pid" || return 1
		sleep 0.05
	done
	kill -TERM "$pid"
	wait "$pid"
	status=$?
	echo "status $status"; cat "$scratch/check"
	rm "$tree/tests/unit/oci_test_slow.c"
	((status == 130)) && grep -q '^  unit/oci_test_slow$' "$scratch/check" && ! kill -0 "$(<"$scratch/slow")"
}

verdict_is_last() {
	mkdir -p "$tree/docs" "$tree/tests/lint" "$tree/.ci" && cp tests/lint/run.sh "$tree/tests/lint/" &&
		echo '{' >"$tree/docs/broken.json" || return 1
	"$tree/tests/lint/run.sh" json spdx format >"$scratch/lint"
	(($? == 1)) && [[ $(tail -n 1 "$scratch/lint") == 'lint: FAILED: json spdx (1 of 3 clean)' ]] || return 1
	"$tree/tests/lint/run.sh" format >"$scratch/lint" &&
		[[ $(tail -n 1 "$scratch/lint") == 'lint: all clean: format' ]]
}

# Of the tree itself: a program that got another name.
named_programs_are_there() {
	local name bad=0
	for name in $(tests/run-check.sh --list kernels newer | sed -n 's|.*/\(ns_test_.*\)|\1|p'); do
		[[ -e tests/ns/$name.c ]] || { echo "$name"; bad=1; }
	done
	return "$bad"
}

named_skips_are_there() {
	local suite test bad=0
	while IFS=: read -r suite test; do
		grep -qw "${test%% *}" "tests/ns/${suite##*/}.c" || { echo "$suite:$test"; bad=1; }
	done < <(grep '^kernels/' tests/skip-allowed.txt)
	return "$bad"
}

slices_count() {
	mkdir -p "$tree/tests/fault" "$tree/build/tests/fault" &&
		: >"$tree/tests/fault/fault_test_x.c" &&
		printf '#!/bin/sh\nprintf "1..1\\nok 1 - %%s\\n" "$FAULT_SLICE"\n' >"$tree/build/tests/fault/fault_test_x" &&
		chmod +x "$tree/build/tests/fault/fault_test_x" &&
		check_says 0 "^$(nproc) passed, 0 failed, 0 skipped$" fault_test_x
}

is 'a tree to run suites in' make_tree
is 'a stage runs all of its programs' check_says 0 '^2 passed, 0 failed, 0 skipped$' unit
is 'one program is run by its name' check_says 0 '^1 passed, 0 failed, 0 skipped$' oci_test_two
is 'and a shell suite' check_says 0 '^1 passed, 0 failed, 0 skipped$' shell
is 'a name that is not there tells what is near it' check_says 2 '^  unit/oci_test_two$' oci_tset_two
is 'one test is run by its name' check_says 0 '^1 passed, 0' --only '*dead*' oci_test_one
is 'a pattern that is like no name is a failure' check_says 1 'like "\*x\*"' --only '*x*' oci_test_one
is 'of a stage, too' check_says 1 'like "\*x\*"' --only '*x*' unit
is 'no test of a shell suite can be named' check_says 2 'build on each other' --only '*x*' shell
is_with git 'what has changed chooses programs' changed_is_chosen
is 'those for which there is no time are told' late_is_left_out
is_with 'clang-format jq' 'lint goes on where one fails, and ends with its verdict' verdict_is_last
is 'a run that is stopped ends its suites' stopped_leaves_nothing
is 'programs that stages name are there' named_programs_are_there
is 'and tests that may be skipped' named_skips_are_there
if ((EUID == 0)); then
	is 'each slice of a program is run by its name' slices_count
else
	skip 'each slice of a program is run by its name' 'needs root'
fi
FAIL=1 is 'a program that only fails is counted' check_says 1 '^0 passed, 2 failed, 0 skipped$' unit
is 'the output of cmocka 1.1.5' old_is_read
is 'the output of cmocka 2.0' new_is_read
is 'a program that died has failed' dead_is_broken
is 'so has one whose group was not set up' without_set_up_is_failed
finish
