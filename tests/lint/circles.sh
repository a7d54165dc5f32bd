#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# circles.sh OBJECT-DIRECTORY: fails where files need each other in a circle, by what a linker sees: one that needs a
# function or variable of another, which needs one of the first, over however many others. Whoever reads such a
# file has to read all of the circle. A circle is told by its files and what each needs of the next.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
# shellcheck source=tests/lint/rooms.bash
. tests/lint/rooms.bash

room_objects "${1:?}"
nm --print-file-name --extern-only -- "${objects[@]}" | awk -v at="$1/" '
	{
		file = $1
		sub(/:[^:]*$/, "", file)
		file = substr(file, length(at) + 1)
		sub(/\.o$/, ".c", file)
		if ($(NF - 1) == "U") { need[file] = need[file] " " $NF }
		else { made[$NF] = file; symbols++ }
	}
	# All that `from` needs, however many files lie between.
	function follow(from,    n, next_one, i) {
		n = split(needs[from], next_one, " ")
		for (i = 1; i <= n; i++) {
			if (next_one[i] in seen) { continue }
			seen[next_one[i]] = 1
			follow(next_one[i])
		}
	}
	END {
		for (file in need) {
			n = split(need[file], symbol, " ")
			for (i = 1; i <= n; i++) {
				to = made[symbol[i]]
				if (to == "" || to == file || (file, to) in edge) { continue }
				edge[file, to] = symbol[i]
				needs[file] = needs[file] " " to
			}
		}
		for (both in edge) {
			split(both, part, SUBSEP)
			delete seen
			follow(part[2])
			if (part[1] in seen) {
				printf "%s: in a circle: needs %s of %s\n", part[1], edge[both], part[2] | "sort >&2"
				bad = 1
			}
		}
		if (symbols < 100) { print "circles.sh: read next to nothing" | "cat >&2"; bad = 1 }
		exit bad
	}'
