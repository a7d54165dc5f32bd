#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The hook under valgrind, for tests that start $HOOK_BINARY (tests/run-check.sh valgrind). What
# valgrind says goes to standard error, with the hook's own words; an error exits with 99.
read -ra command <<<"$VALGRIND_COMMAND"
exec "${command[@]}" "$VALGRIND_BINARY" "$@"
