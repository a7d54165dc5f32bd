#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The docs name what the code has, all of it and nothing else: exit codes, annotations, policy keys,
# commands, journal entries, plan steps, files. Names are read from the sources. Findings: findings.sh.
#
# shellcheck disable=SC2016 # backticks in patterns are Markdown's
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/code.bash
. "$(dirname -- "$0")/code.bash"

tool=${TOOL_BINARY:-build/fuse-sidecar}
pages=(README.md CHANGELOG.md SECURITY.md MAINTAINERS.md docs/*.md docs/decisions/*.md)

# ---- how it is compared --------------------------------------------------------------------------

# headings PAGE: the first word in backticks of each heading of the third level
headings() {
	sed -n 's/^### `\([^` ]*\).*/\1/p' "$1"
}

# column N PAGE PATTERN: of the table rows whose second column, as awk sees it, matches
column() {
	awk -F'|' -v n="$1" -v pattern="$3" '/^\|/ && $2 ~ pattern { print $n }' "$2"
}

# known SAID... <LIST: every line of standard input is one of the words
known() {
	local bad
	bad=$(grep -vxF -f <(printf '%s\n' "$@") | sort -u)
	[[ -z $bad ]] || echo "unknown: $bad"
	[[ -z $bad ]]
}

# ---- exit codes ------------------------------------------------------------------------------------

exit_codes_are_in() {
	same_lines 3< <(exit_codes) 4< <(column 2 "$1" '^ [0-9]+ $' | tr -d ' ')
}

# ---- annotations and policy ----------------------------------------------------------------------

readme_has_annotations() {
	same_lines 3< <(annotations) \
		4< <(column 2 README.md '`fuse-sidecar.io/' | sed 's|.*/\([a-z-]*\)`.*|\1|')
}

page_has_annotations() {
	same_lines 3< <(annotations) 4< <(headings docs/annotations.md | sed 's|.*/||')
}

# Schemas have the same prefix.
no_unknown_annotation() {
	local said
	mapfile -t said < <(annotations)
	grep -ohE 'fuse-sidecar\.io/[a-z-]+' "${pages[@]}" examples/*.yaml | sed 's|.*/||' |
		grep -v '^mount$' | known "${said[@]}" topology status check doctor lint
}

page_has_policy_keys() {
	same_lines 3< <(keys top_keys) 4< <(headings docs/policy.md)
}

page_has_inner_keys() {
	local key
	for key in $(keys namespace_keys) $(keys gate_keys); do
		grep -qF "\"$key\":" docs/policy.md || { echo "$key"; return 1; }
	done
}

example_has_policy_keys() {
	same_lines 3< <(keys top_keys; keys namespace_keys; keys gate_keys) \
		4< <(sed '/^[[:space:]]*\/\//d' install/policy.json.example |
			grep -oE '^[[:space:]]*"[A-Za-z]+":' | tr -dc 'A-Za-z\n')
}

# section N: of the design
section() {
	sed -n "/^## $1\\. /,/^## $(($1 + 1))\\. /p" docs/design.md
}

# design_names TEXT NAME...: each, in backticks or bold, alone or with what belongs to it
design_names() {
	local text=$1 name
	shift
	for name; do
		grep -qE "(\*\*|[\`/ ])${name}(\*\*|[\`/ ])" <<<"$text" || { echo "$name"; return 1; }
	done
}

design_has_policy_keys() {
	# shellcheck disable=SC2046 # words
	design_names "$(section 5)" $(keys top_keys)
}

design_has_verbs() {
	# shellcheck disable=SC2046 # words
	design_names "$(section 6; section 10)" $(verbs)
}

# ---- commands and the journal --------------------------------------------------------------------

page_has_commands() {
	local verb
	for verb in $(verbs); do
		grep -qE "^(### \`${verb}[ \`]|.*\`$verb\`.* stages)" docs/operation.md ||
			{ echo "$verb"; return 1; }
	done
}

page_has_options() {
	local option
	for option in $(options) --version; do
		grep -q -- "$option" docs/operation.md || { echo "$option"; return 1; }
	done
}

# named_commands PROGRAM: what stands behind its name
named_commands() {
	grep -ohE "(^|[\` /])$1 [A-Za-z]+" README.md docs/*.md install/*.catalog install/*.service |
		sed 's/.* //' | grep -vE '^(FUSE|active|failed|and|is|has|of|for|in|from|to|as|on|with|or|STAGE|COMMAND)$'
}

no_unknown_command() {
	local said
	mapfile -t said < <(verbs hook; echo STAGE)
	named_commands fuse-sidecar-hook | known "${said[@]}" || return 1
	mapfile -t said < <(verbs tool)
	named_commands fuse-sidecar | known "${said[@]}"
}

page_has_kinds() {
	same_lines 3< <(kinds) 4< <(sed -nE \
		's/^\| `([a-z-]+)` \| `([0-9a-f]{32})` \|.*/\1 \2/p' docs/operation.md)
}

page_has_fields() {
	same_lines 3< <(fields) \
		4< <(grep -ohE 'FUSE_SIDECAR_[A-Z_]+|CONTAINER_ID_FULL|MESSAGE_ID' docs/operation.md)
}

page_has_checks() {
	same_lines 3< <(checks) 4< <(sed -n '/^### `doctor /,/^## /p' docs/operation.md |
		sed -nE 's/^\| ((`[a-z-]+`(, )?)+) \|.*/\1/p' | grep -oE '[a-z-]+')
}

page_has_steps() {
	local step
	for step in $(actions); do
		grep -qE "^ *\| \`$step\` \|" docs/operation.md || { echo "$step"; return 1; }
	done
}

# ---- words, files, links -------------------------------------------------------------------------

# A word with hyphens in backticks is a name of something: of the code, or one of these.
no_unknown_name() {
	local said
	mapfile -t said < <(codes; actions; kinds | cut -d' ' -f1; annotations; checks)
	grep -ohE '`[a-z]+(-[a-z]+)+`' "${pages[@]}" | tr -d '`' |
		known "${said[@]}" fuse-sidecar-hook fuse-sidecar fuse-sidecar-tools fuse-sidecar-inspect container-selinux rclone-zurg rclone-torbox pkg-config
}

files_are_there() {
	local file bad=0
	for file in $(grep -ohE '`(\./)?(oci|policy|hook|tests|docs|install|examples|crio-hooks\.d)/[^`* ]+`' \
		"${pages[@]}" | tr -d '`' | sort -u); do
		[[ -e $file ]] || { echo "$file"; bad=1; }
	done
	return "$bad"
}

make_targets_are_there() {
	local said
	mapfile -t said < <(sed -nE 's/^([a-z0-9 -]+):.*/\1/p' Makefile tests/*/*.mk install/*.mk | tr ' ' '\n')
	grep -ohE '`(sudo )?make [a-z0-9-]+' "${pages[@]}" | sed 's/.* //' | known "${said[@]}"
}

# As GitHub makes them: lower case, no punctuation, hyphens for blanks.
anchors() {
	sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

links_lead_somewhere() {
	local page link file anchor bad=0
	for page in "${pages[@]}"; do
		while read -r link; do
			file=${link%%#*} anchor=
			[[ $link != *'#'* ]] || anchor=${link#*#}
			file=${file:+$(dirname "$page")/$file}
			file=${file:-$page}
			if [[ ! -e $file ]] || { [[ -n $anchor ]] && ! anchors "$file" | grep -qxF -- "$anchor"; }; then
				echo "$page: $link"
				bad=1
			fi
		done < <(grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/)$//' | grep -v '://')
	done
	return "$bad"
}

# ---- the examples --------------------------------------------------------------------------------

annotation_of() {
	sed -n "s|^ *fuse-sidecar\.io/$2: \"\(.*\)\"|\1|p" "$1"
}

# The containers of a capture have the example's names, paths and propagation.
hook_accepts_example() {
	local world container
	for container in plex rclone-zurg rclone-torbox; do
		world=tests/fixtures/crio/crio-1.33-crun/seed/$container
		jq --arg mounts "$(annotation_of "$1" mounts)" --arg wait "$(annotation_of "$1" wait)" \
			'.annotations["fuse-sidecar.io/mounts"] = $mounts
			| .annotations["fuse-sidecar.io/wait"] = $wait' \
			"$world/config.json" >"$scratch/config.json" || return 1
		"$tool" check "$scratch/config.json" --host-mountinfo "$world/host.mountinfo" |
			tee "$scratch/verdict"
		grep -qE '^role +(provider|consumer)' "$scratch/verdict" &&
			grep -q '^verdict    allow$' "$scratch/verdict" || return 1
	done
}

# Each of them has a row with a test that is there.
cves=(CVE-2017-1002101 CVE-2019-19921 CVE-2021-25741 CVE-2024-0132 CVE-2024-21626 CVE-2025-23266
	CVE-2025-31133 CVE-2025-52881)
lessons_have_tests() {
	local cve
	for cve in "${cves[@]}"; do
		grep -qE "^\\| $cve \\|.*\\| \`[a-z_]+/[a-z_]+\`.* \\|$" docs/security.md ||
			{ echo "no test for $cve"; return 1; }
	done
}

# PROGRAM/TEST of the security page: a test that is defined and also run.
named_tests_are_there() {
	local program name files n=0 missing=0
	while IFS=/ read -r program name; do
		files=(tests/{ns,pods,race,unit}/"$program".c "tests/e2e/$program.suite.sh")
		[[ $(cat -- "${files[@]}" 2>/dev/null | grep -cw -- "$name") -ge 2 ]] ||
			{ echo "no test $program/$name"; missing=1; }
		((++n))
	done < <(grep -oE '`[a-z_]+/[a-z0-9_]+`' docs/security.md | tr -d '`' | grep -vE '^(ns|hook|oci|policy|docs|tests)/')
	((n >= 20 && !missing))
}

# The policy file has one place only: a private /etc has the example there.
hook_accepts_policy() {
	local world=tests/fixtures/crio/crio-1.33-crun/seed/plex
	unshare --mount --propagation private bash -euc '
		tool=$(realpath "$1")
		policy=$(<install/policy.json.example)
		mount -t tmpfs tmpfs /etc
		mkdir /etc/fuse-sidecar-hook
		printf "%s\n" "$policy" >/etc/fuse-sidecar-hook/policy.json
		"$tool" check "$2/config.json" --host-mountinfo "$2/host.mountinfo"' \
		- "$tool" "$world"
}

# Put in again, the output that the README has is as it was: no block is lost or changed.
demo_output_is_stable() {
	cp README.md "$scratch/page"
	sed -n '/^<!-- demo output -->$/,/^<!-- end of demo output -->$/p' README.md |
		grep -vE '^(<!--|```)' >"$scratch/output"
	grep -q '^All of it happened' "$scratch/output" &&
		docs/update-demo-output.sh "$scratch/output" "$scratch/page" &&
		diff README.md "$scratch/page"
}

is 'the troubleshooting page has the exit codes' exit_codes_are_in docs/troubleshooting.md
is 'the README has the annotations' readme_has_annotations
is 'each annotation has its section' page_has_annotations
is 'no page names another annotation' no_unknown_annotation
is 'each policy key has its section' page_has_policy_keys
is 'and so have the keys inside' page_has_inner_keys
is 'the example policy has every key' example_has_policy_keys
is 'the design has the keys of the policy' design_has_policy_keys
is 'and stages and commands' design_has_verbs
is 'the commands are described' page_has_commands
is 'and their options' page_has_options
is 'no page names another command' no_unknown_command
is 'each kind of journal entry is listed with its id' page_has_kinds
is 'the fields of the journal are those that are written' page_has_fields
is 'the steps of a plan are described' page_has_steps
is 'and the checks of doctor' page_has_checks
is 'no page names a code or step that is not there' no_unknown_name
is 'files that are named are there' files_are_there
is 'targets of make that are named are there' make_targets_are_there
is 'each lesson of another program has a test' lessons_have_tests
is 'tests that the security page names are there' named_tests_are_there
is 'links lead to a page and a heading' links_lead_somewhere
is 'the hook accepts the annotations of the example' hook_accepts_example examples/plex.yaml
is 'and those of the README' hook_accepts_example README.md
if ((EUID == 0)); then
	is 'and the example policy' hook_accepts_policy
else
	skip 'and the example policy' 'needs root'
fi
is 'the demo output of the README survives being put in again' demo_output_is_stable
finish
