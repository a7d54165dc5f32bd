# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the suites here have in common: a scratch directory, one line for each test, the count line.

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
cd -- "$top" || exit 1
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
passed=0 failed=0 skipped=0

# is NAME COMMAND... : a test that passes when the command succeeds
is() {
	local what=$1
	shift
	if "$@" >"$scratch/said" 2>&1; then
		echo "ok - $what"
		((++passed))
	else
		echo "not ok - $what"
		sed 's/^/# /' "$scratch/said"
		((++failed))
	fi
}

skip() {
	echo "SKIP $1: $2"
	((++skipped))
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0))
}
