#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The programs in $TRACED_DIR under strace, for tests that start $HOOK_BINARY and $TOOL_BINARY
# (tests/filter/use.sh): what they call goes to a file of its own in $TRACE_DIR. doctor has no filter, and starts
# one that has.
# shellcheck source=tests/lib/program.sh
. "$(dirname -- "$0")/../lib/program.sh"
program=$TRACED_DIR/$(program_of "$1")
if [[ ${1:-} == doctor ]]; then
	exec "$program" "$@"
fi
exec strace -f -qq -s 16 -o "$(mktemp -- "$TRACE_DIR/XXXXXXXX")" "$program" "$@"
