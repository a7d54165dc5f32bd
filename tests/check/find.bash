# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Suites by name, for tests/run-check.sh: STAGE/NAME, or NAME where no other suite is called so.
#
# shellcheck disable=SC2154 # names and stages_* are of run.bash and stages.bash

# keep INDEX...: of the suites that were added, these.
keep() {
	local array i kept
	for array in names readers commands limits lanes shows; do
		local -n values=$array
		kept=()
		for i; do
			kept+=("${values[i]}")
		done
		values=("${kept[@]}")
	done
}

# stages_for NAME: the stages that may have it, added.
stages_for() {
	local stage=${1%%/*}
	# kernels/ERROR/… are of both, the second has them all.
	[[ $1 != kernels/* ]] || stage=kernels_all
	if [[ $1 == */* && " ${stages_usual[*]} ${stages_more[*]} " == *" $stage "* ]]; then
		"stage_$stage"
		return
	fi
	for stage in unit ns race pods fault install e2e; do
		"stage_$stage"
	done
}

# suite_named NAME: adds it, or each slice of it. If there is none, or another of that name, it says what there is
# and fails.
suite_named() {
	local before=${#names[@]} i whole found=() all=()
	declare -A wholes=()
	stages_for "$1"
	for ((i = before; i < ${#names[@]}; i++)); do
		whole=${names[i]%/* of *}
		all+=("$whole")
		[[ $whole == "$1" || ${whole##*/} == "$1" || ${names[i]} == "$1" ]] || continue
		wholes[$whole]=1
		found+=("$i")
	done
	if ((${#wholes[@]} != 1)); then
		if ((${#wholes[@]})); then
			echo "several suites are called '$1':" >&2
		else
			echo "there is no stage and no suite '$1'; near it are:" >&2
		fi
		near "$1" "${all[@]}" >&2
		return 1
	fi
	mapfile -t all < <(seq 0 "$((before - 1))")
	keep "${all[@]}" "${found[@]}"
}

# near NAME CANDIDATE...: the ten that are most like it: by what they have in common, then by edits.
near() {
	local name=$1
	shift
	printf '%s\n' "$@" | awk -v want="${name##*/}" '
	function min(a, b) { return a < b ? a : b }
	function edits(a, b,    i, j, row, diagonal, above) {
		for (j = 0; j <= length(b); j++)
			row[j] = j
		for (i = 1; i <= length(a); i++) {
			diagonal = row[0]
			row[0] = i
			for (j = 1; j <= length(b); j++) {
				above = row[j]
				row[j] = min(min(above, row[j - 1]) + 1,
					diagonal + (substr(a, i, 1) != substr(b, j, 1)))
				diagonal = above
			}
		}
		return row[length(b)]
	}
	{ name = $0; sub(/.*\//, "", name)
		print index(name, want) ? 0 : edits(want, name), $0 }' |
		sort -u -k1,1n -k2 | head -n 10 | sed 's/^[0-9]* /  /'
}
