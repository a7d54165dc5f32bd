#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/shape.sh, on a copy of the sources with one fault at a time: what it is there for it finds.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

# refuses WORDS...: the copy is refused, and each of the words is said.
refuses() {
	local word
	if tests/lint/shape.sh "$scratch/tree" >"$scratch/shape"; then
		cat "$scratch/shape"
		return 1
	fi
	for word; do
		grep -qF -- "$word" "$scratch/shape" || { cat "$scratch/shape"; return 1; }
	done
}

anew() {
	rm -rf -- "$scratch/tree"
	mkdir "$scratch/tree"
	cp -R oci policy hook "$scratch/tree"
}

# function_of NAME LINES: one that has so many.
function_of() {
	printf 'static int %s(void)\n{\n' "$1"
	yes $'\tstep();' | head -n "$(($2 - 3))"
	printf '}\n'
}

fault=hook/sys/fault.c
at=$scratch/tree/$fault
head='/* SPDX-License-Identifier: Apache-2.0 */
/* A fault. */'

is 'the sources have the shape that they are to have' tests/lint/shape.sh
anew
{ echo "$head"; function_of fault_of_61_lines 61; } >"$at"
is 'a function of 61 lines is refused' refuses "$fault:3: fault_of_61_lines has 61 lines"
{ echo "$head"; function_of fault_of_60_lines 60; } >"$at"
is 'one of 60 is not' tests/lint/shape.sh "$scratch/tree"
{ echo "$head"; yes '/* */' | head -n 499; } >"$at"
is 'a file of 501 lines is refused' refuses "$fault: 501 lines"
echo '#include "hook/sys/fault.h"' | sed '1i /* SPDX-License-Identifier: Apache-2.0 */' >"$at"
is 'a file that does not say why it exists is refused' refuses "$fault: no comment at its head"
for i in {1..60}; do
	for side in left right; do
		{ echo "$head"; function_of "fault_$i" 5; } >"$scratch/tree/hook/sys/fault_${i}_$side.c"
	done
done
{ echo "$head"; } >"$at"
is 'names that files share are refused above 3 %' refuses \
	'shared: fault_60: hook/sys/fault_60_left.c hook/sys/fault_60_right.c'
finish
