#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Everything that a finding needs beside its line in oci/base/finding_table.h: a check that reports it, a test
# that expects it, its paragraph, and the pages that are made from the table. Each line that is printed begins
# with the place to go to. Reads the tree only: add_finding.sh runs it in copies that lack one of the places.
#
# shellcheck disable=SC2016 # backticks in patterns are Markdown's
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/code.bash
. "$(dirname -- "$0")/code.bash"

schema=docs/topology.schema.json

# missing FORMAT: prints each line of standard input by it, and fails where there is one
missing() {
	local line bad=0
	while read -r line; do
		# shellcheck disable=SC2059 # the caller's format
		[[ -z $line ]] || { printf "$1\n" "$line"; bad=1; }
	done
	return "$bad"
}

# identifier CODE: as sources spell it
identifier() {
	local code=${1^^}
	echo "FINDING_${code//-/_}"
}

# ---- the check -----------------------------------------------------------------------------------

# What only asks for a code, and reports no finding: the policy's fixed severities, lint's fixes and exceptions.
asks_only='policy/config/config|policy/lint/lint_fix|policy/lint/lint_fix_finding|policy/lint/lint_hook'

# CODE FILE of each source that names a code
mentions() {
	grep -rowE --include='*.c' 'FINDING_[A-Z_]+' oci policy hook | grep -vE "^($asks_only)\.c:" |
		sed -E 's/^([^:]*):FINDING_(.*)/\2 \1/' | grep -v '^NONE ' | sort -u | awk '{
			code = tolower($1); gsub(/_/, "-", code); print code, $2 }'
}

codes_are_reported() {
	comm -23 <(codes | sort) <(mentions | cut -d' ' -f1 | sort -u) |
		missing 'policy/check, policy/lint or hook/apply: no source reports `%s`'
}

# The rooms of one command's acts: who names a code there reports it from there.
origins_are_true() {
	local room origin bad=0
	while read -r room origin; do
		comm -23 <(mentions | awk -v room="^$room" '$2 ~ room { print $1 }' | sort -u) <(codes_from "$origin" | sort) |
			missing "oci/base/finding_table.h: $room reports \`%s\`, which is not from $origin" || bad=1
	done <<-'EOT'
		policy/check/ prestart
		policy/check/ check
		policy/lint/ lint
		hook/apply/ prestart
		hook/doctor/ doctor
		hook/cmd/cmd_reconcile reconcile
	EOT
	comm -23 <(codes_from lint | sort) \
		<(mentions | awk '$2 ~ /^(policy\/(lint|check)|oci\/kube)\// { print $1 }' | sort -u) |
		missing 'policy/lint: no rule and no check reports `%s`, which is from lint' || bad=1
	return "$bad"
}

# ---- its test ------------------------------------------------------------------------------------

# As a name, or as the identifier; the list of the contract is not what is meant.
codes_are_tested() {
	local code files
	mapfile -t files < <(find -H tests/{unit,ns,pods,e2e,corpus,fixtures/lint} -name '*.[ch]' -o -name '*.sh' -o -name '*.tsv' |
		grep -v '/oci_test_code\.c$')
	for code in $(codes); do
		grep -qwE -- "$code|$(identifier "$code")" "${files[@]}" || echo "$code"
	done | missing 'tests/unit: no test expects `%s`'
}

# ---- its paragraph -------------------------------------------------------------------------------

# **`code`** (severity, exit): written by hand, and so the second witness of the contract.
entries_of() {
	sed -nE 's/^\*\*`([a-z-]+)`\*\* \(([a-z]+), ([a-z0-9 ]+)\)\..*/\1 \2 \3/p' docs/troubleshooting.md
}

findings_have_entries() {
	local bad=0
	findings | sed -E 's/ 0$/ reported only/' | sort >"$scratch/entries"
	comm -23 "$scratch/entries" <(entries_of | sort) |
		missing 'docs/troubleshooting.md: no entry for %s (code, severity, exit code)' || bad=1
	comm -13 "$scratch/entries" <(entries_of | sort) |
		missing 'docs/troubleshooting.md: %s is not in the table' || bad=1
	return "$bad"
}

rows_of_lint() {
	sed -nE 's/^\| `([a-z-]+)` \|.*/\1/p' docs/lint.md
}

lint_has_rows() {
	local bad=0
	comm -23 <(codes_from lint | sort) <(rows_of_lint | sort) |
		missing 'docs/lint.md: no row for `%s`' || bad=1
	comm -13 <(codes_from lint | sort) <(rows_of_lint | sort) |
		missing 'docs/lint.md: lint does not report `%s`' || bad=1
	return "$bad"
}

# ---- what is made from the table -----------------------------------------------------------------

table_is_read_whole() {
	local n
	n=$(grep -cE '^[[:space:]]X\([A-Z_]+, "' oci/base/finding_table.h)
	((n >= 53)) && [[ $(codes | grep -cE '^[a-z-]+$') == "$n" ]] &&
		! docs/update-findings.sh --table | grep -vE \
			$'^[a-z-]+\t(deny|warn)\t[0-9]+\t[a-z, ]+\t[a-z_]+\t[^\t]+[^.\t]$'
}

names_are_identifiers() {
	sed -nE 's/^[[:space:]]X\(([A-Z_]+), "([a-z-]+)".*/\1 \2/p' oci/base/finding_table.h |
		while read -r id name; do
			[[ FINDING_$id == "$(identifier "$name")" ]] || echo "$name"
		done | missing 'oci/base/finding_table.h: the identifier of `%s` is not its name'
}

schema_takes_codes() {
	local pattern
	pattern=$(jq -r '."$defs".finding.properties.code.pattern' "$schema") || return 1
	{ codes | grep -vE -- "$pattern" || true; } | missing "$schema: its pattern does not take \`%s\`" || return 1
	[[ $(jq -r '."$defs".finding.properties.severity.enum | join(" ")' "$schema") == 'ignore warn deny' ]]
}

is 'each finding is reported by a source' codes_are_reported
is 'by those of which the table says so' origins_are_true
is 'each is expected by a test' codes_are_tested
is 'each has its entry in the troubleshooting page, with severity and exit code' findings_have_entries
is 'the page of lint has what lint reports' lint_has_rows
is 'the table is read whole' table_is_read_whole
is 'identifiers are names' names_are_identifiers
is 'README, design and manual page are as the table' docs/update-findings.sh --check
is_with jq 'the schema of the record takes every code' schema_takes_codes
finish
