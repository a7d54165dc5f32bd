# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the code has, read from the sources: for suites that compare it with what the pages say.

# CODE SEVERITY EXIT of each finding
findings() {
	docs/update-findings.sh --table | awk -F'\t' '{ print $1, $2, $3 }'
}

codes() {
	findings | cut -d' ' -f1
}

# codes_from ORIGIN: what that command can report
codes_from() {
	docs/update-findings.sh --table | awk -F'\t' -v from="$1" '(", " $4 ",") ~ (", " from ",") { print $1 }'
}

exit_codes() {
	docs/update-findings.sh --exits | cut -f 1
}

annotations() {
	sed -n 's/^#define ANNOTATION_[A-Z_]* ANNOTATION_PREFIX "\([a-z-]*\)"/\1/p' oci/spec/annotations.h
}

# keys ARRAY: the strings of such an array in policy/config/config.c
keys() {
	sed -n "/ $1\[\] = {/,/};/p" policy/config/config.c | grep -o '"[A-Za-z]*"' | tr -d '"'
}

# verbs [hook|tool]: of that program; of both
verbs() {
	local of=("$@")
	(($#)) || of=(hook tool)
	(cd hook/cmd && sed -nE 's/^[[:space:]]*(\.command = \{|STAGE\(|COMMAND\()"([A-Za-z]*)",.*/\2/p' "${of[@]/%/_program.c}")
}

options() {
	sed -n 's/.*{\?"\([a-z-]*\)", \(no\|required\)_argument,.*/--\1/p' hook/cmd/{hook,tool}_program.c
}

actions() {
	sed -n 's/^\t\t\[PLAN_[A-Z_]*\] = "\([a-z-]*\)",/\1/p' policy/check/plan.c
}

# ACTION ID of each kind of journal entry
kinds() {
	sed -n 's/^\tX(AUDIT_\([A-Z_]*\), "\([0-9a-f]*\)").*/\1 \2/p' hook/journal/message_ids.h |
		while read -r kind id; do
			kind=${kind,,}
			echo "${kind//_/-} $id"
		done
}

# The names of doctor's checks
checks() {
	sed -n 's/^\tX([A-Z_]*, "\([a-z-]*\)").*/\1/p' policy/report/doctor_report.h
}

fields() {
	grep -oE '"(FUSE_SIDECAR_[A-Z_]*|CONTAINER_ID_FULL|MESSAGE_ID)"' hook/journal/audit.c | tr -d '"'
}

# same_lines WHAT: the lists on descriptors 3 and 4 hold the same lines, and at least one
# shellcheck disable=SC2154 # scratch is of report.bash
same_lines() {
	sort -u <&3 >"$scratch/code"
	sort -u <&4 >"$scratch/docs"
	[[ -s $scratch/code ]] && diff "$scratch/code" "$scratch/docs"
}
