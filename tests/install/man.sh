#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The manual pages and the bash completion name what the program has, all of it and nothing else:
# commands and options (asked of the program itself), exit codes, annotations, policy keys, the record's
# members. fuse-sidecar-findings(7) is made from the table of findings: findings.sh.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/code.bash
. "$(dirname -- "$0")/code.bash"

hook=$(realpath "${HOOK_BINARY:-build/fuse-sidecar-hook}")
tool=$(realpath "${TOOL_BINARY:-build/fuse-sidecar}")
pages=(docs/man/*.[1-8])
main_page=docs/man/fuse-sidecar-hook.8
# The program that is looked at now, and its page; see as().
program=$hook page=$main_page

# ---- what the program says -----------------------------------------------------------------------

commands() {
	"$program" --help | sed -nE 's/^  ([A-Za-z]+) .*/\1/p'
}

# COMMAND OPTION of each option that a command's help names
command_options() {
	local command
	for command in $(commands); do
		"$program" "$command" --help | grep -oE -- '--[a-z][a-z-]*' | sort -u | sed "s/^/$command /"
	done
}

# ---- what the pages say --------------------------------------------------------------------------

# macro NAME PAGE SECTION: the first argument of such lines in a section, or anywhere
macro() {
	awk -v macro=".$1" -v section="${3:-}" '
		$1 == ".Sh" { here = section == "" || index($0, section) }
		here && $1 == macro { print $2 }' "$2"
}

page_commands() {
	sed -nE 's/^\.It Cm ([A-Za-z]+).*/\1/p' "$page"
}

# COMMAND OPTION of the lists of options, which stand below their command
page_options() {
	awk '/^\.It Cm / { command = $3 } /^\.It Fl -/ { print command, "-" $3 }' "$page"
}

synopsis_options() {
	awk '/^\.Sh / { here = /SYNOPSIS/ } here && /^\.Cm / { command = $2 }
		here && /^\.Op Fl -/ { print command, "-" $3 }' "$page"
}

# words PAGE: the literal words of a page, without punctuation
words() {
	sed -nE 's/^\.(It |Pq |Po )?Li //p' "$1" | sed 's/ No in .*//' | tr -s ' ' '\n' | tr -d ','
}

same_commands() {
	same_lines 3< <(commands) 4< <(page_commands)
}

same_options() {
	same_lines 3< <(command_options) 4< <(page_options)
}

same_synopsis() {
	same_lines 3< <(command_options) 4< <(synopsis_options)
}

same_exit_codes() {
	same_lines 3< <(exit_codes) 4< <(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/p' "$main_page" |
		sed -nE 's/^\.It ([0-9]+)$/\1/p')
}

same_annotations() {
	same_lines 3< <(annotations) \
		4< <(sed -nE 's|^\.It Li fuse-sidecar\.io/([a-z-]+)$|\1|p' \
			docs/man/fuse-sidecar-annotations.7)
}

same_policy_keys() {
	same_lines 3< <(keys top_keys) \
		4< <(sed -nE 's/^\.It Li ([A-Za-z]+)$/\1/p' docs/man/fuse-sidecar-policy.json.5)
}

has_inner_policy_keys() {
	local key
	for key in $(keys namespace_keys) $(keys gate_keys); do
		words docs/man/fuse-sidecar-policy.json.5 | grep -qxF -- "$key" || { echo "$key"; return 1; }
	done
}

# Every property of the schema, at whatever depth, is a literal word of the page.
has_record_members() {
	local member bad=0
	while read -r member; do
		words docs/man/fuse-sidecar-topology.json.5 | grep -qxF -- "$member" || { echo "$member"; bad=1; }
	done < <(jq -r '.. | .properties? // empty | keys[]' docs/topology.schema.json | sort -u)
	return "$bad"
}

# What the page lists as members, the schema has.
no_unknown_member() {
	local member bad=0 known
	known=$(jq -r '.. | .properties? // empty | keys[]' docs/topology.schema.json | sort -u)
	while read -r member; do
		grep -qxF -- "$member" <<<"$known" || { echo "$member"; bad=1; }
	done < <(sed -n 's/^\.It Li //p' docs/man/fuse-sidecar-topology.json.5 | tr -s ' ,' '\n')
	return "$bad"
}

# A codes's name in any page is a finding's. Names of other things that look like one are not literals.
no_unknown_code() {
	local word bad=0
	while read -r word; do
		codes | grep -qxF -- "$word" || { echo "$word"; bad=1; }
	done < <(for page in "${pages[@]}"; do words "$page"; done | grep -E '^[a-z]+(-[a-z]+)+$')
	return "$bad"
}

# mandoc cannot know which pages another machine has.
mandoc_accepts() {
	local said
	said=$(mandoc -T lint -W style "${pages[@]}" 2>/dev/null | grep -v 'referenced manual not found')
	echo "$said"
	[[ -z $said ]]
}

# man() of groff: what most systems show pages with.
groff_accepts() {
	local page said
	for page in "${pages[@]}"; do
		said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
		[[ -z $said ]] || { echo "$page: $said"; return 1; }
	done
}

# Each page that a page of ours refers to and that is named for this program is there.
own_references_exist() {
	local name section bad=0
	while read -r name section; do
		[[ -e docs/man/$name.$section ]] || { echo "$name($section)"; bad=1; }
	done < <(sed -nE 's/^\.Xr (fuse-sidecar[a-z.-]*) ([1-8]).*/\1 \2/p' "${pages[@]}")
	return "$bad"
}

# ---- completion ----------------------------------------------------------------------------------

# complete_line WORD...: what is offered for the last word, in a bash that has nothing else loaded
complete_line() {
	PATH=$scratch/bin:$PATH bash --norc --noprofile -c '
		. install/fuse-sidecar.bash-completion
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_fuse_sidecar
		printf "%s\n" "${COMPREPLY[@]}"' - "${program##*/}" "$@" | sed '/^$/d'
}

offers() {
	local want=$1
	shift
	same_lines 3< <(tr -s ' ' '\n' <<<"$want") 4< <(complete_line "$@")
}

offers_commands() {
	same_lines 3< <(commands; echo --help; echo --version) 4< <(complete_line '')
}

offers_options() {
	local command
	for command in $(commands); do
		same_lines 3< <(command_options | sed -n "s/^$command //p"; echo --help) \
			4< <(complete_line "$command" --) || { echo "$command"; return 1; }
	done
}

offers_nothing() {
	[[ -z $(complete_line "$@") ]]
}

bash_registers_it() {
	bash --norc --noprofile -c '. install/fuse-sidecar.bash-completion
		complete -p "$1"' - "${program##*/}" | grep -q -- "-F _fuse_sidecar ${program##*/}$"
}

# as NAME PROGRAM PAGE: what is looked at from now on
as() {
	program=$scratch/bin/$1 page=$3
	ln -sf "$2" "$program"
}

program_has_its_page() {
	is "$1: the page has the commands" same_commands
	is "$1: it has the options of each" same_options
	is "$1: and so has its synopsis" same_synopsis
	is "$1: bash takes the completion" bash_registers_it
	is "$1: it offers every command" offers_commands
	is "$1: it offers the options of each command" offers_options
}

mkdir "$scratch/bin"
as fuse-sidecar-hook "$hook" "$main_page"
program_has_its_page fuse-sidecar-hook
is 'it completes a stage' offers 'prepare prestart' pre
is 'nothing where nothing belongs' offers_nothing prepare x
is 'nothing for a command that does not exist' offers_nothing nosuch --
is 'nothing for one that is the other program'"'"'s' offers_nothing check --
as fuse-sidecar "$tool" docs/man/fuse-sidecar.1
program_has_its_page fuse-sidecar
is 'it completes a command' offers 'doctor' 'do'
is 'it has the exit codes' same_exit_codes
is 'the annotations have their page' same_annotations
is 'the policy keys have theirs' same_policy_keys
is 'with the keys inside of keys' has_inner_policy_keys
is 'each member of the record has its place' has_record_members
is 'and no other member is there' no_unknown_member
is 'every finding that a page names exists' no_unknown_code
is 'the pages refer to each other by names that exist' own_references_exist
is_with mandoc 'mandoc finds nothing to say about the pages' mandoc_accepts
is_with 'man groff' 'nor does man' groff_accepts
is 'it completes an option' offers '--host-mountinfo' check config.json --ho
is 'a file where a file belongs' offers 'README.md' check READ
is 'a file behind an option that wants one' offers 'LICENSE' check - --state LIC
finish
