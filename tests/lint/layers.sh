#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Fails when a file includes what lies above it: hook -> policy -> oci is the only direction between the
# layers, and the rooms of a layer (its sub-folders) have an order of their own. Tests of a layer and what all
# tests share are held to the same rule.
#
# Quoted includes name a path from the top of the tree and nothing else, so that this can be read off
# the include line: no "../", no file beside the including one.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
bad=0

# rule WHERE ALLOWED-PATTERN FILE...
rule() {
	local where=$1 allowed=$2 file line number include
	shift 2
	for file; do
		[[ -e $file ]] || continue
		while IFS=: read -r number line; do
			include=${line#*[\"<]}
			include=${include%%[\">]*}
			if [[ $line == *'<'* ]]; then
				# A system header; one of ours in angle brackets is judged too.
				[[ $include =~ ^(oci|policy|hook|tests)/ || $include == *..* ]] || continue
			fi
			if [[ ! $include =~ ^($allowed)$ || $include == *..* ]]; then
				echo "$file:$number: $where must not include \"$include\"" >&2
				bad=1
			fi
		done < <(grep -nE '^[[:space:]]*#[[:space:]]*include' "$file" || true)
	done
}

# shellcheck source=tests/lint/rooms.bash
. tests/lint/rooms.bash

# room ROOM: its files, judged
room() {
	local files=("$1"/*.[ch])
	rule "$1/" "(${below:+$below|}$1)/[a-z0-9_]+\\.h" "${files[@]}"
}

below=
for at in "${rooms[@]}"; do
	room "$at"
	below+="${below:+|}$at"
done
rule "a program's main" "($below)/[a-z0-9_]+\\.h" hook/*.[ch]

oci='oci/[a-z]+/[a-z0-9_]+\.h'
policy="$oci|policy/[a-z]+/[a-z0-9_]+\\.h"
hook="$policy|hook/[a-z]+/[a-z0-9_]+\\.h"
support='tests/support/[a-z0-9_]+\.h'
any_test='tests/[a-z0-9_/]+\.h'

rule 'a test of oci/' "$oci|$support" tests/unit/oci_test_*.c
rule 'a test of policy/' "$policy|$support" tests/unit/policy_test_*.c
# tests/support/world.[ch] builds the facts of the policy: of its types only, for all tests link it.
shopt -s extglob
rule tests/support/ "$oci|$support" tests/support/!(world).[ch] tests/support/bin/*.[ch]
rule tests/support/world "$policy|$support" tests/support/world.[ch]
rule 'a fuzz target' "$policy|tests/fuzz/[a-z0-9_]+\\.h" tests/fuzz/*.[ch]
rule 'a test' "$hook|$any_test" tests/unit/test_*.c tests/ns/*.[ch] tests/unit/*.h

# A room that has no place in the order is held to nothing, and what lies deeper, or beside the rooms, is built
# by nobody.
while IFS= read -r dir; do
	[[ " ${rooms[*]} " == *" $dir "* ]] || {
		echo "$dir: not a room of tests/lint/layers.sh" >&2
		bad=1
	}
done < <(find oci policy hook -mindepth 1 -type d 2>/dev/null)
while IFS= read -r file; do
	echo "$file: belongs in one of the rooms" >&2
	bad=1
done < <(find oci policy hook -maxdepth 1 -name '*.[ch]' ! -path hook/main.c ! -path hook/tool_main.c 2>/dev/null)

exit "$bad"
