#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# shape.sh [ROOT]: what the house holds its functions and files to, in one line each with the figures of today.
# Fails where a function is longer than 60 lines or half of them longer than 18, where a file has more than
# 500 lines or no word at its head that says why it exists, and where more than 3 % of the functions share
# their name with one of another file: a backtrace or a search for `refuse` says nothing then.
#
# Functions are read off the text, which clang-format has settled: they begin and end in the first column.
set -euo pipefail

cd -- "${1:-$(dirname -- "$0")/../..}"

mapfile -t sources < <(find oci policy hook -name '*.[ch]' | LC_ALL=C sort)
((${#sources[@]})) || {
	echo "shape.sh: no sources below $PWD" >&2
	exit 1
}

# FILE LINE LENGTH NAME of each function.
functions() {
	awk '
		FNR == 1 { inside = 0; head = "" }
		inside {
			if (/^}/) {
				print FILENAME, start, FNR - start + 1, name
				inside = 0
				head = ""
			}
			next
		}
		/^{/ {
			gsub(/__attribute__ ?\(\([^;]*\)\) ?/, "", head)
			if (match(head, /[A-Za-z_][A-Za-z0-9_]*\(/)) {
				name = substr(head, RSTART, RLENGTH - 1)
				inside = 1
			}
			next
		}
		/^[A-Za-z_]/ {
			if (head == "") { start = FNR }
			head = /[;}]$/ ? "" : head " " $0
			next
		}
		/^\t/ { head = head == "" || /;$/ ? "" : head " " $0; next }
		{ head = "" }
	' "$@"
}

lengths() {
	awk '{ print $3, $1 ":" $2 ": " $4 }' | sort -n | awk -v median=18 -v ninth=35 -v most=60 '
		{ length_of[NR] = $1; if ($1 > most) { print $2, $3 " has " $1 " lines"; bad = 1 } }
		END {
			half = length_of[int((NR + 1) / 2)]
			tenth = length_of[int(NR * 0.9)]
			printf "functions: %d, lines: median %d (at most %d), p90 %d (%d), max %d (%d)\n",
				NR, half, median, tenth, ninth, length_of[NR], most
			exit bad || NR < 100 || half > median || tenth > ninth
		}'
}

# main() is what each program has to call it.
names() {
	awk -v most=3 '
		$4 == "main" { next }
		{ all++ }
		!(($4, $1) in seen) { seen[$4, $1] = 1; files[$4]++; where[$4] = where[$4] " " $1 }
		END {
			for (name in files) {
				if (files[name] > 1) { print "shared: " name ":" where[name] | "sort"; shared += files[name] }
			}
			close("sort")
			share = all ? shared * 100 / all : 100
			printf "names: %d of %d shared with another file, %.1f %% (at most %d %%)\n", shared, all, share, most
			exit share > most
		}'
}

files() {
	wc -l -- "$@" | awk -v most=500 '
		$2 == "total" { next }
		$1 > most { print $2 ": " $1 " lines"; bad = 1 }
		$1 > longest { longest = $1; name = $2 }
		END { printf "files: %d, the longest %s with %d lines (at most %d)\n", NR - (NR > 1), name, longest, most; exit bad }'
}

# Of each .c, below the line of its licence. What a header says is of its interface.
heads() {
	awk '
		FNR == 1 { n += FILENAME ~ /\.c$/ }
		FNR == 2 && FILENAME ~ /\.c$/ && !/^\/\*/ { print FILENAME ": no comment at its head that says why it exists"; bad++ }
		END { printf "heads: %d of %d .c files say why they exist\n", n - bad, n; exit bad > 0 }
	' "$@"
}

rc=0
found=$(functions "${sources[@]}")
lengths <<<"$found" || rc=1
names <<<"$found" || rc=1
files "${sources[@]}" || rc=1
heads "${sources[@]}" || rc=1
exit "$rc"
