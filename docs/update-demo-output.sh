#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/update-demo-output.sh OUTPUT [PAGE]
#
# Puts what `make demo` printed, read from the file OUTPUT (- for standard input), between the markers
# of PAGE (README.md). Blocks are what blank lines separate. Those that say again what other blocks
# say become a line with "…"; no block is changed or cut. What make prints before the first is left
# out.
#
#   sudo make demo | docs/update-demo-output.sh -
set -euo pipefail

cd -- "$(dirname -- "$0")/.."

begin='<!-- demo output -->'
end='<!-- end of demo output -->'
# First lines of the blocks that are left out.
left_out='^(A node:|Sidecar rclone-torbox$|The media, as|A symlink of|The same topology inside|The audit:|'
left_out+='The kubelet removes the crashed|A third pod, whose sidecars|What is left on the node|…$)'

# The first block is make's own; a file that is no demo's output is not put anywhere.
shorten() {
	awk -v left_out="$left_out" '
	BEGIN { RS = ""; FS = "\n"; dots = 0 }
	/^install\/deps\.sh|^make/ { next }
	$1 ~ left_out { if (!dots) print "…\n"; dots = 1; next }
	{ print $0 "\n"; dots = 0 }' | sed '$d'
}

splice() {
	awk -v begin="$begin" -v end="$end" -v text="$1" '
	$0 == begin {
		print begin "\n```text"
		while ((getline line < text) > 0)
			print line
		print "```\n" end
		inside = 1
	}
	!inside { print }
	$0 == end { inside = 0 }' "$2"
}

main() {
	local page=${2:-README.md}
	if (($# < 1 || $# > 2)); then
		echo "usage: docs/update-demo-output.sh OUTPUT|- [PAGE]" >&2
		exit 2
	fi
	if [[ $(grep -cxF -e "$begin" -e "$end" "$page") != 2 ]]; then
		echo "$page: expected one line $begin and one line $end" >&2
		exit 1
	fi

	scratch=$(mktemp -d)
	trap 'rm -rf -- "$scratch"' EXIT
	cat -- "$1" | shorten >"$scratch/output"
	if ! tail -n 1 "$scratch/output" | grep -q '^All of it happened'; then
		echo "$1: the demo did not come to its end: nothing is changed" >&2
		exit 1
	fi
	splice "$scratch/output" "$page" >"$scratch/page"
	cat -- "$scratch/page" >"$page"
}

main "$@"
