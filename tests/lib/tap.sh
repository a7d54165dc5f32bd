# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Counting, waiting and asserting. One line per test, as TAP has it, and a summary at the end.
#
#	test_that "a mount of the sidecar is seen on the host" is_fuse "$POD_VOLUME/zurg"
#	tap_finish

TAP_PASSED=0
TAP_FAILED=0
TAP_SKIPPED=0

# Pass when the command that follows the description succeeds; what it prints is shown when it does not.
# The command runs in this shell, so it may set variables.
test_that() {
	local what=$1 status=0

	shift
	"$@" >"$SANDBOX_DIR/output" 2>&1 || status=$?
	if ((status == 0)); then
		tap_pass "$what"
	else
		tap_fail "$what" "$(printf 'exit %d: %.60s\n' "$status" "$*"; cat "$SANDBOX_DIR/output")"
	fi
}

# Pass when the command fails.
test_that_not() {
	local what=$1

	shift
	test_that "$what" not "$@"
}

not() {
	! "$@"
}

tap_pass() {
	TAP_PASSED=$((TAP_PASSED + 1))
	printf 'ok %d - %s\n' "$(tap_count)" "$1"
}

# $2: details, shown as comment lines.
tap_fail() {
	TAP_FAILED=$((TAP_FAILED + 1))
	printf 'not ok %d - %s\n' "$(tap_count)" "$1"
	[[ -z ${2:-} ]] || printf '#   %s\n' "${2//$'\n'/$'\n'#   }"
}

# A skip says why. With TAP_NO_SKIP=1 (CI) it is a failure.
tap_skip() {
	if [[ ${TAP_NO_SKIP:-0} == 1 ]]; then
		tap_fail "$1" "skipped: $2"
		return
	fi
	TAP_SKIPPED=$((TAP_SKIPPED + 1))
	printf 'ok %d - %s # SKIP %s\n' "$(tap_count)" "$1" "$2"
}

tap_count() {
	printf '%d' $((TAP_PASSED + TAP_FAILED + TAP_SKIPPED))
}

# Print the plan and the summary; fail when a test failed or none ran.
tap_finish() {
	printf '1..%d\n' "$(tap_count)"
	printf '%d passed, %d failed, %d skipped\n' "$TAP_PASSED" "$TAP_FAILED" "$TAP_SKIPPED"
	((TAP_FAILED == 0 && TAP_PASSED > 0))
}

# Poll until the command that follows succeeds, for at most $1 seconds.
wait_until() {
	local deadline=$((SECONDS + $1))

	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

# Pass when the jq expression $2 is true of the JSON in $1; more arguments go to jq. On failure, show it.
json_is() {
	local json=$1 expression=$2

	shift 2
	jq -e "$@" "$expression" <<<"$json" >/dev/null && return
	printf 'not true: %s\nof: %s\n' "$expression" "$json"
	return 1
}

# Pass when $1 equals $2.
same() {
	[[ $1 == "$2" ]] && return
	if [[ $1$2 == *$'\n'* ]]; then
		diff --label expected --label got -U0 <(printf '%s\n' "$2") <(printf '%s\n' "$1") || :
		return 1
	fi
	printf 'expected: %s\n     got: %s\n' "$2" "$1"
	return 1
}

# Pass when $1 contains $2.
contains() {
	[[ $1 == *"$2"* ]] && return
	printf 'expected to find: %s\nin: %s\n' "$2" "$1"
	return 1
}
