#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/contributing.md says which places a new finding has. Here one is added to copies of the tree: with all
# places it passes, and whichever is forgotten, the compiler or findings.sh fails and names it.
#
# shellcheck disable=SC2016 # backticks are Markdown's
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

read -ra compiler <<<"${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I."

# ---- the places ----------------------------------------------------------------------------------

# Each is called in the copy. The check and the test go into files that the copy has anyway.
add_table() {
	sed -i 's/^\tX(HOST_IO, "host-io", .*/\tX(SAMPLE_FINDING, "sample-finding", WARN, EXIT_POLICY, FROM_JUDGE | FROM_LINT, AT_CONTAINER, \\\n\t\t"a sample, of a \\"test\\"") \\\n&/' \
		oci/base/finding_table.h
}

add_check() {
	cat >>policy/check/check_room.c <<-'EOT'
		int check_sample(const struct facts *facts, const struct targets *targets, struct findings *findings);
		int check_sample(const struct facts *facts, const struct targets *targets, struct findings *findings)
		{
			(void)targets;
			return findings_add(findings, facts->config, FINDING_SAMPLE_FINDING, "", "take it away",
				"this is a sample");
		}
	EOT
}

add_test() {
	echo '/* "warn sample-finding " */' >>tests/unit/policy_test_judge.c
}

add_paragraph() {
	printf '\n**`sample-finding`** (warn, 11). A sample.\n' >>docs/troubleshooting.md
}

add_row() {
	sed -i 's/^| `host-io` |/| `sample-finding` | a sample | |\n&/' docs/lint.md
}

add_pages() {
	docs/update-findings.sh
}

places=(table check test paragraph row pages)

# ---- what fails ----------------------------------------------------------------------------------

# copy: a new one of what findings.sh reads; what no place is in stands there by a link
copy() {
	local room
	rm -rf -- "$scratch/copy"
	mkdir -p "$scratch/copy/tests"
	cp -r oci policy docs README.md "$scratch/copy" && cp -r tests/{install,unit} "$scratch/copy/tests" || return 1
	for room in hook tests/{ns,pods,e2e,corpus,fixtures}; do
		ln -s "$top/$room" "$scratch/copy/$room" || return 1
	done
}

# What make does with the sources that are concerned, and the tests of findings.
judge() (
	cd -- "$scratch/copy" || exit 1
	"${compiler[@]}" -fsyntax-only policy/check/check_room.c policy/lint/lint_place.c oci/base/code.c 2>&1 &&
		tests/install/findings.sh 2>&1
)

# add PLACE...: to a new copy
add() {
	local place
	copy || return 1
	for place; do
		(cd -- "$scratch/copy" && "add_$place") || return 1
	done
}

all_places_suffice() {
	add "${places[@]}" && judge
}

# The enum, name, severity, exit code and help come from the line in the table.
line_is_enough_for_the_program() {
	add table
	cat >"$scratch/copy/sample.c" <<-'EOT'
		#include "oci/base/code.h"
		#include <stdio.h>
		int main(void)
		{
			enum finding_code code = code_from_name("sample-finding");
			printf("%d %s %d %s\n", code == FINDING_SAMPLE_FINDING,
				severity_name(code_default_severity(code)), code_exit(code), code_help(code));
		}
	EOT
	(cd -- "$scratch/copy" && "${compiler[@]}" -o sample sample.c oci/base/code.c) &&
		[[ $("$scratch/copy/sample") == '1 warn 11 a sample, of a "test"' ]]
}

# forgotten PLACE PATTERN...: all but that one; what is said has a line of each pattern
forgotten() {
	local place pattern others=()
	for place in "${places[@]}"; do
		[[ $place == "$1" ]] || others+=("$place")
	done
	add "${others[@]}" || return 1
	if judge >"$scratch/judged"; then
		echo "nothing fails without $1"
		return 1
	fi
	cat "$scratch/judged"
	for pattern in "${@:2}"; do
		grep -qE -- "$pattern" "$scratch/judged" || return 1
	done
}

# Of what lint reports, the place in a manifest is asked for by the compiler.
place_in_manifest_is_asked_for() {
	add "${places[@]}" || return 1
	sed -i 's/AT_CONTAINER, \\$/AT_NOWHERE, \\/' "$scratch/copy/oci/base/finding_table.h"
	! judge >"$scratch/judged" && grep -q 'sample-finding: what lint reports has a place' "$scratch/judged"
}

compiler_is_there() {
	command -v "${compiler[0]}" >/dev/null
}

if compiler_is_there; then
	is 'a finding with all its places passes' all_places_suffice
	is 'its line in the table is all that the program needs' line_is_enough_for_the_program
	is 'without the line the compiler names the code' forgotten table 'FINDING_SAMPLE_FINDING.* undeclared'
	is 'without the check it is named' forgotten check '^# policy/.*no source reports `sample-finding`'
	is 'so is the test' forgotten test '^# tests/unit: no test expects `sample-finding`'
	is 'so is the paragraph' forgotten paragraph '^# docs/troubleshooting.md: no entry for sample-finding warn 11'
	is 'so is the row in the page of lint' forgotten row '^# docs/lint.md: no row for `sample-finding`'
	is 'and each page that make findings writes' forgotten pages \
		'^# '{README.md,docs/design.md,docs/man/fuse-sidecar-findings.7}': not as `make findings` writes it'
	is 'lint without a place in the manifest does not compile' place_in_manifest_is_asked_for
else
	skip 'adding a finding' "no ${compiler[0]}"
fi
finish
