#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A C library that makes system calls which the filter does not know (tests/support/preload/newer_libc.c)
# changes nothing that a command says: at a terminal, in a pipe and into /dev/null.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/lib/program.sh
. "$(dirname -- "$0")/../lib/program.sh"

export BUILD_DIR=${BUILD_DIR:-$top/build}
programs=$(dirname -- "$(realpath "${HOOK_BINARY:-build/fuse-sidecar-hook}")")
newer=$top/tests/filter/newer-libc.sh
capture=tests/fixtures/crio/crio-1.33-runc/seed

# What `$1 WORDS...` says at a terminal, in a pipe and into /dev/null, with the exit codes. Where nobody's
# records are; the journal has the warning.
says() {
	local words
	printf -v words '%q ' "$@"
	unshare --mount --propagation private bash -c "
		mount -t tmpfs tmpfs /run
		TERM=xterm script -qec $(printf %q "$words") /dev/null </dev/null; echo \"exit \$?\"
		$words </dev/null | cat; echo \"exit \${PIPESTATUS[0]}\"
		$words </dev/null >/dev/null; echo \"exit \$?\"" 2>"$scratch/errors"
	grep -vE '^fuse-sidecar(-hook)?: [a-z]*: a library of this node made system call' "$scratch/errors"
}

same() {
	diff <(says "$programs/$(program_of "$1")" "$@") <(says "$newer" "$@" | grep -v 'a library of this node made system call')
}

# Without a journal to take it the warning is a line on standard error; lint has nobody to tell.
warned() {
	unshare --mount --propagation private bash -c '
		mount -t tmpfs tmpfs /run; "$@" 2>&1 >/dev/null' - "$newer" "$@" |
		grep -q 'made system call 999 (.*), which the hook.s filter does not know'
}

for words in "check $capture/rclone-zurg/config.json" "lint tests/fixtures/lint/pod.yaml" status 'status --json' \
	'reconcile --dry-run' reconcile prepare metrics; do
	# shellcheck disable=SC2086 # words
	is_with 'root script' "$words is the same" same $words
	[[ $words == lint* ]] && continue
	# shellcheck disable=SC2086 # words
	is_with 'root script' "$words has said which call was not known" warned $words
done
finish
