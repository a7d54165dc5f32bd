#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/update-findings.sh [--check|--table|--exits]
#
# Writes what pages have of oci/base/finding_table.h between their markers: `make findings`. The pages that
# are not as they would be written are named, with --check only that. --table prints the findings, one a
# line: name, severity, exit code, who reports it, place in a manifest, help, separated by tabs; --exits
# prints the exit codes: number, meaning.
set -euo pipefail

cd -- "$(dirname -- "$0")/.."
header=oci/base/finding_table.h

# ---- the tables ----------------------------------------------------------------------------------

# rows TABLE: the arguments of each X of a table, one row a line
rows() {
	sed -n "/^#define $1(X)/,/^\$/p" "$header" | sed '1d; s/[[:space:]]*\\$//' | tr -s '\t\n ' ' ' |
		sed 's/ *X(\([A-Z_]*,\)/\n\1/g' | sed '/^ *$/d; s/) *$//'
}

# The last argument of a row is text, in which commas may stand; the compiler joins "a" "b".
exits() {
	rows EXIT_TABLE | sed -E 's/^([A-Z_]+), ([0-9]+), "(.*)"$/\1\t\2\t\3/; s/" "//g'
}

findings() {
	rows FINDING_TABLE | awk '
	NR == FNR { split($0, exit_row, "\t"); number["EXIT_" exit_row[1]] = exit_row[2]; next }
	{
		n = split($0, field, ", ")
		help = field[7]
		for (i = 8; i <= n; i++)
			help = help ", " field[i]
		gsub(/" "/, "", help); gsub(/\\"/, "\001", help); gsub(/"/, "", help); gsub(/\001/, "\"", help)
		gsub(/"/, "", field[2])
		gsub(/FROM_/, "", field[5])
		gsub(/ \| /, ", ", field[5])
		sub(/JUDGE/, "PRESTART, CHECK", field[5])
		sub(/^AT_/, "", field[6])
		print field[2] "\t" tolower(field[3]) "\t" number[field[4]] "\t" tolower(field[5]) "\t" \
			tolower(field[6]) "\t" help
	}' <(exits) -
}

# ---- what is written -----------------------------------------------------------------------------

# names SEVERITY EXIT [ORIGIN]: in backticks; with an origin: those that only it reports, or that others do ("!lint")
names() {
	awk -F'\t' -v severity="$1" -v number="$2" -v from="${3:-}" '
		$2 == severity && $3 == number &&
		(from == "" || (from ~ /^!/ ? $4 != substr(from, 2) : $4 == from)) { printf "%s`%s`", sep, $1; sep = ", " }' \
		"$scratch/findings"
}

# Words of more than a line go on in the next, as the pages have them.
wrap() {
	fold -s -w 118 | sed 's/ *$//'
}

readme_table() {
	local number meaning
	echo '| exit code | what it means | findings that deny with it |'
	echo '|---|---|---|'
	while IFS=$'\t' read -r _ number meaning; do
		meaning=${meaning/\/dev\/fuse/\`\/dev\/fuse\`}
		echo "| $number | $meaning | $(names deny "$number" | tr -d ',') |" | tr -s ' '
	done <"$scratch/exits"
}

# warnings ORIGIN: by exit code, each with what denies with it
warnings() {
	local number said sep=''
	while IFS=$'\t' read -r _ number _; do
		((number > 0)) || continue
		said=$(names warn "$number" "$1")
		[[ -z $said ]] || printf '%s%s (%s)' "$sep" "$said" "$number"
		[[ -z $said ]] || sep='; '
	done <"$scratch/exits"
}

of_readme() {
	readme_table
	echo
	{
		printf 'These warn: the container starts, unless the node'\''s policy makes them a denial (exit code in brackets): '
		printf '%s. ' "$(warnings '!lint')"
		# shellcheck disable=SC2016 # backticks are Markdown's
		printf 'Of `lint` alone: %s. Reported in the journal only: %s.\n' "$(warnings lint)" "$(names warn 0)"
	} | wrap
}

of_design() {
	echo '| code | default | exit | reported by | about |'
	echo '|---|---|---|---|---|'
	awk -F'\t' '{ print "| `" $1 "` | " $2 " | " $3 " | " $4 " | " $6 " |" }' "$scratch/findings"
}

of_man_page() {
	awk -F'\t' '
	function sentence(text) { return toupper(substr(text, 1, 1)) substr(text, 2) "." }
	{
		print ".It Li " $1 " Pq " $2 ", " ($3 > 0 ? $3 : "reported only")
		gsub(/\\/, "\\e", $6)
		print sentence($6)
		n = split($4, by, ", ")
		print "Reported by"
		for (i = 1; i <= n; i++)
			print ".Cm " by[i] (i < n ? (i + 1 < n ? " ," : " and") : " .")
	}' "$scratch/findings" | sed 's/^\.Cm \([a-z]*\) and$/.Cm \1\nand/'
}

of_exit_list() {
	awk -F'\t' '{ print ".It " $2; print toupper(substr($3, 1, 1)) substr($3, 2) "." }' "$scratch/exits"
}

# ---- where it is written -------------------------------------------------------------------------

stale=()

# put PAGE BEGIN END WRITER: between two lines of a page
put() {
	local page=$1
	if [[ $(grep -cxF -e "$2" -e "$3" "$page") != 2 ]]; then
		echo "$page: expected one line $2 and one line $3" >&2
		exit 1
	fi
	"$4" >"$scratch/text"
	# -v would take the backslash of a comment of a manual page for its own.
	BEGIN=$2 END=$3 awk -v text="$scratch/text" '
	BEGIN { begin = ENVIRON["BEGIN"]; end = ENVIRON["END"] }
	$0 == begin { print; while ((getline line < text) > 0) print line; inside = 1 }
	$0 == end { inside = 0 }
	!inside && $0 != begin { print }' "$page" >"$scratch/page"
	if ! cmp -s "$scratch/page" "$page"; then
		stale+=("$page")
		[[ -n $check ]] || cat -- "$scratch/page" >"$page"
	fi
}

put_all() {
	local man=docs/man/fuse-sidecar-findings.7
	put README.md '<!-- findings -->' '<!-- end of findings -->' of_readme
	put docs/design.md '<!-- findings -->' '<!-- end of findings -->' of_design
	put "$man" '.\" findings' '.\" end of findings' of_man_page
	put "$man" '.\" exit codes' '.\" end of exit codes' of_exit_list
}

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
exits >"$scratch/exits"
findings >"$scratch/findings"
check=
case ${1:-} in
--table) cat -- "$scratch/findings" ;;
--exits) cut -f 2- "$scratch/exits" ;;
--check | '')
	check=${1:-}
	put_all
	((${#stale[@]} == 0)) || printf "%s: ${check:+not }as \`make findings\` writes it\n" "${stale[@]}" | sort -u
	[[ -z $check ]] || ((${#stale[@]} == 0))
	;;
*)
	echo 'usage: docs/update-findings.sh [--check|--table|--exits]' >&2
	exit 2
	;;
esac
