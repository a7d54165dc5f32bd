#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make messages` has every text of the sources.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/code.bash
. "$(dirname -- "$0")/code.bash"

docs/messages.sh --lines >"$scratch/messages"

# ---- the reader ----------------------------------------------------------------------------------

# Literals over several lines, beside comments, in calls in calls, and either of two.
reads_c() {
	mkdir -p "$scratch/tree"/{docs,oci/x,policy,hook} && cp docs/messages.sh "$scratch/tree/docs" &&
		cat >"$scratch/tree/oci/x/x.c" <<-'EOT'
			/* "a comment" */
			static const char *const names[] = {"one word is none", "word"}; // "nor this one"
			int f(void)
			{
				return error_set(err, r, FINDING_HOST_IO, path, g("an inner text"), /* "no, no" */
					"cannot open %s, "
					"whatever %d",
					x ? "a value b" : "c");
			}
			int g(void)
			{
				return findings_add(list, config, FINDING_NO_NEW_PRIVS, "", "take \"this\" away",
					x ? "a is b" : "c is d");
			}
		EOT
	"$scratch/tree/docs/messages.sh" --lines | cut -f 1-4 >"$scratch/read"
	diff - "$scratch/read" <<-'EOT'
		finding	host-io	cannot open %s, whatever %d	
		finding	no-new-privs	a is b / c is d	take \"this\" away
		text	oci/x/x.c	an inner text	
		text	oci/x/x.c	one word is none	
	EOT
}

# No call is lost: each that sets an error has a line, as far as it has words.
every_error_is_there() {
	local calls lines
	calls=$(grep -roE '\b(error_set|findings_add|findings_add_as|lint_add)\(' --include='*.c' oci policy hook | wc -l)
	lines=$(grep -cE '^finding' "$scratch/messages")
	((lines * 10 >= calls * 9 && lines > 300)) || { echo "$lines lines of $calls calls"; return 1; }
}

every_code_has_a_message() {
	comm -23 <(codes | sort) <(cut -f 2 "$scratch/messages" | sort -u) >"$scratch/silent"
	cat "$scratch/silent"
	[[ ! -s $scratch/silent ]]
}

# Their names are in a header, and between literals everywhere else.
programs_are_named() {
	grep -q 'fuse-sidecar doctor: cannot' "$scratch/messages" && ! grep -E '(HOOK|TOOL)_(PROGRAM|PACKAGE)' "$scratch/messages"
}

# The rules of docs/contributing.md, "Style", as far as a pattern knows them, for messages and for fixes.
words_are_plain() {
	local bad=0
	cut -f 1,3-5 "$scratch/messages" | grep -v '^text' |
		grep -E $'\\b(is|has|have|names) no [a-z]|\\bthere (is|are) no\\b|\\bcannot have\\b|\\.\t' && bad=1
	awk -F'\t' '$4 ~ /^[A-Z]/ { print; bad = 1 } END { exit bad }' "$scratch/messages" || bad=1
	return "$bad"
}

is 'C is read as the compiler reads it' reads_c
is 'the names of the programs are read' programs_are_named
is 'no error is left out' every_error_is_there
is 'every code has a message' every_code_has_a_message
is 'messages say "not", not "no", and are no sentences with a full stop; fixes begin with a verb' words_are_plain
finish
