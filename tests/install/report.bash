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

# lacking WHAT... : what of it is not there, in words; nothing where all of it is. WHAT is `root` or a program.
lacking() {
	local what
	for what; do
		if [[ $what == root ]]; then
			((EUID == 0)) || { echo 'needs root'; return; }
		else
			command -v "$what" >/dev/null || { echo "no $what"; return; }
		fi
	done
}

# is_with "WHAT..." NAME COMMAND... : is, or a skip where something is lacking
is_with() {
	local missing
	# shellcheck disable=SC2086 # words
	missing=$(lacking $1)
	if [[ -n $missing ]]; then
		skip "$2" "$missing"
	else
		is "${@:2}"
	fi
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0))
}
