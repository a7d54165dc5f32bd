#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The programs in $VALGRIND_DIR under valgrind, for tests that start $HOOK_BINARY and $TOOL_BINARY
# (tests/run-check.sh valgrind). What valgrind says goes to standard error, with the program's own words; an
# error exits with 99.
# shellcheck source=tests/lib/program.sh
. "$(dirname -- "$0")/lib/program.sh"
read -ra command <<<"$VALGRIND_COMMAND"
exec "${command[@]}" "$VALGRIND_DIR/$(program_of "$1")" "$@"
