#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# room_symbols.sh OBJECT-DIRECTORY: what layers.sh reads off include lines, proved by what a linker sees. Fails
# when an object needs a function or variable that only a room above its own defines, which a declaration
# written by hand would hide from layers.sh.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
# shellcheck source=tests/lint/rooms.bash
. tests/lint/rooms.bash

room_objects "${1:?}"
nm --print-file-name --extern-only -- "${objects[@]}" | awk -v at="$1/" -v order="${rooms[*]}" '
	BEGIN { n = split(order, room, " "); for (i = 1; i <= n; i++) level[room[i]] = i }
	{
		file = $1
		sub(/:[^:]*$/, "", file)
		file = substr(file, length(at) + 1)
		place = file
		sub(/\/[^\/]*$/, "", place)
		symbol = $NF
		if ($(NF - 1) == "U") { need[file " " symbol] = level[place] }
		else { if (!(symbol in made) || level[place] < made[symbol]) made[symbol] = level[place] }
	}
	END {
		for (both in need) {
			split(both, part, " ")
			if (part[2] in made && made[part[2]] > need[both]) {
				printf "%s: needs %s of %s/, which is above it\n", part[1], part[2], room[made[part[2]]] | "cat >&2"
				bad = 1
			}
		}
		if (length(made) < 100) { print "room_symbols.sh: read next to nothing" | "cat >&2"; bad = 1 }
		exit bad
	}'
