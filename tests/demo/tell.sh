# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# How the demo is told: headings, notes, quotes, and claims that are checked. Needs pod.sh.

BOLD='' GREEN='' RED='' DIM='' PLAIN=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
	BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' PLAIN=$'\e[0m'
fi

heading() {
	printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"
}

note() {
	printf '  %s\n' "$*"
}

# Show what is read from standard input, set apart from the demo's own words.
quote() {
	sed "s/^/    $DIM/; s/\$/$PLAIN/"
}

# Check the claim $1 by the command that follows; end the demo when it does not hold.
claim() {
	local what=$1 output

	shift
	if output=$("$@" 2>&1); then
		printf '  %sok%s  %s\n' "$GREEN" "$PLAIN" "$what"
		return
	fi
	printf '  %sFAILED%s  %s\n' "$RED" "$PLAIN" "$what" >&2
	printf '%s\n' "checked by: $*" "$output" | quote >&2
	show_logs >&2
	exit 1
}

# What helps to find out why.
show_logs() {
	local name

	for name in $(pod_podman ps --all --format '{{.Names}}'); do
		printf 'last lines of %s:\n' "$name"
		pod_podman logs --tail 5 "$name" 2>&1 | quote
	done
	printf 'last lines of the journal:\n'
	journal_show --lines 15 -o cat | quote
}
