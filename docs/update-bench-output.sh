#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/update-bench-output.sh [TABLE [PAGE]]
#
# Puts the table that `make bench` wrote (build/bench/performance.md) between the markers of PAGE
# (docs/performance.md).
#
#   sudo make bench && docs/update-bench-output.sh
set -euo pipefail

cd -- "$(dirname -- "$0")/.."

begin='<!-- bench output -->'
end='<!-- end of bench output -->'
table=${1:-build/bench/performance.md}
page=${2:-docs/performance.md}

if (($# > 2)); then
	echo "usage: docs/update-bench-output.sh [TABLE [PAGE]]" >&2
	exit 2
fi
if [[ $(grep -cxF -e "$begin" -e "$end" "$page") != 2 ]]; then
	echo "$page: expected one line $begin and one line $end" >&2
	exit 1
fi
# A table without its first case, or without the gate, is that of a part of the bench.
if ! grep -q '^| the real case' "$table" || ! grep -q '^From a FUSE mount' "$table"; then
	echo "$table: not the output of a whole make bench: nothing is changed" >&2
	exit 1
fi

scratch=$(mktemp)
trap 'rm -f -- "$scratch"' EXIT
awk -v begin="$begin" -v end="$end" -v table="$table" '
	$0 == begin {
		print begin
		while ((getline line < table) > 0)
			print line
		print end
		inside = 1
	}
	!inside { print }
	$0 == end { inside = 0 }' "$page" >"$scratch"
cat -- "$scratch" >"$page"
