#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The hook under strace, for tests that start $HOOK_BINARY (tests/filter/use.sh): what it calls goes to
# a file of its own in $TRACE_DIR. doctor has no filter, and starts one that has.
if [[ ${1:-} == doctor ]]; then
	exec "$TRACED_BINARY" "$@"
fi
exec strace -f -qq -s 16 -o "$(mktemp -- "$TRACE_DIR/XXXXXXXX")" "$TRACED_BINARY" "$@"
