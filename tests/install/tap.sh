#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What tests/run-check.sh reads of cmocka's output, as 1.1.5 and 2.0 write it: nothing that failed or was
# skipped may count as passed, nor a program that died half way.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

eval "$(sed -n '/^read_tap() {/,/^}/p' tests/run-check.sh)"

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

is 'the output of cmocka 1.1.5' old_is_read
is 'the output of cmocka 2.0' new_is_read
is 'a program that died has failed' dead_is_broken
is 'so has one whose group was not set up' without_set_up_is_failed
finish
