#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Fails when a file includes what lies above it: hook -> policy -> oci -> oci/base is the only
# direction. Tests of a layer and what all tests share are held to the same rule.
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

base='oci/base/[a-z0-9_]+\.h'
oci="$base|oci/[a-z0-9_]+\\.h"
policy="$oci|policy/[a-z0-9_]+\\.h"
hook="$policy|hook/[a-z0-9_]+\\.h"
support='tests/support/[a-z0-9_]+\.h'
any_test='tests/[a-z0-9_/]+\.h'

rule oci/base "$base" oci/base/*.[ch]
rule oci/ "$oci" oci/*.[ch]
rule policy/ "$policy" policy/*.[ch]
rule hook/ "$hook" hook/*.[ch]
rule 'a test of oci/' "$oci|$support" tests/unit/oci_test_*.c
rule 'a test of policy/' "$policy|$support" tests/unit/policy_test_*.c
# tests/support/world.[ch] builds the facts of the policy: of its types only, for all tests link it.
shopt -s extglob
rule tests/support/ "$oci|$support" tests/support/!(world).[ch] tests/support/bin/*.[ch]
rule tests/support/world "$policy|$support" tests/support/world.[ch]
rule 'a fuzz target' "$policy|tests/fuzz/[a-z0-9_]+\\.h" tests/fuzz/*.[ch]
rule 'a test' "$hook|$any_test" tests/unit/test_*.c tests/ns/*.[ch] tests/unit/*.h

# The layers are flat: a directory that the Makefile does not know would be built by nobody.
while IFS= read -r dir; do
	echo "$dir: no directory below this layer is built" >&2
	bad=1
done < <(find oci policy hook -mindepth 1 -type d ! -path oci/base 2>/dev/null)

exit "$bad"
