# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What `make check-quick` runs of the namespace programs: those of what has changed since BASE, as many as have
# room in its time. A program belongs to a file that it includes, or is named after.
#
# shellcheck disable=SC2154 # top, logs are of run-check.sh

# What is compared with: BASE, what the branch tracks, or main; without any, what is not committed.
changed_base() {
	local base
	for base in "${BASE:-@{upstream\}}" main origin/main HEAD; do
		git -C "$top" merge-base HEAD "$base" 2>/dev/null && return
		[[ -z ${BASE:-} ]] || { echo "BASE=$BASE is no commit of this tree" >&2; return 1; }
	done
}

# The files that differ from it, those that nobody has added yet with them.
changed_files() {
	local base
	base=$(changed_base) || return
	git -C "$top" diff --name-only "$base" && git -C "$top" ls-files --others --exclude-standard
}

# programs_of FILE: those of tests/ns that it concerns
programs_of() {
	local stem=${1##*/}
	stem=${stem%.*}
	case $1 in
	tests/ns/ns_test_*.c) [[ ! -e $top/$1 ]] || echo "$stem" ;;
	*.[ch])
		programs ns "ns_test_${stem}*"
		grep -lF "#include \"${1%.*}.h\"" "$top"/tests/ns/ns_test_*.c |
			sed 's|.*/||; s|\.c$||'
		;;
	esac
}

# within SECONDS: of the names that come in, those that together take no longer; the others are told on 2.
within() {
	awk -v file="$logs/times" -v room="$1" '
		BEGIN {
			while ((getline line < file) > 0)
				if (split(line, part, " ") == 2)
					took[part[2]] = part[1] / 1000
		}
		{ time = ("ns/" $0) in took ? took["ns/" $0] : 3 }
		time > room { left = left " " $0; next }
		{ room -= time; print }
		END { if (left) print "not run, for want of time (make check-ns has them):" left >"/dev/stderr" }'
}

# Whole pods, whatever has changed; then the tests that have changed, and the rest.
changed_programs() {
	local file files
	files=$(changed_files) || return
	printf '%s\n' ns_test_prestart ns_test_poststop
	while read -r file; do
		programs_of "$file"
	done < <(sort -ru <<<"$files")
}
