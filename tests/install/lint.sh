#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `lint` as a person calls it: what it finds in the pattern that people copy, how it prints it, what --fix
# makes of it. No root, no node; two tests that need root are skipped without.
#
# shellcheck disable=SC2016 # the inner shell's variables
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

tool=$(realpath "${TOOL_BINARY:-build/fuse-sidecar}")
reference=tests/fixtures/lint/reference
complete=$reference/23.yaml

# exits CODE COMMAND...
exits() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	((got == want)) || echo "exit $got, expected $want"
	((got == want))
}

# ---- what it finds -------------------------------------------------------------------------------

# FILE: exit code, and line, level and code of each finding, as reference.tsv has them
summary() {
	"$tool" lint --json "$1" |
		jq -r '[.exit, (.findings[] | "\(.line):\(.level):\(.code)")] | join(" ")'
}

finds_what_the_reference_has() {
	local name expected bad=0
	while IFS=$'\t' read -r name expected; do
		diff <(echo "$name: $expected") <(echo "$name: $(summary "$reference/$name.yaml")") || bad=1
	done <tests/fixtures/lint/reference.tsv
	return "$bad"
}

reference_is_whole() {
	diff <(cut -f1 tests/fixtures/lint/reference.tsv) \
		<(cd "$reference" && printf '%s\n' *.yaml | sed 's/\.yaml$//')
}

says_nothing_of() {
	local said
	said=$("$tool" lint "$1" 2>&1) || return 1
	echo "$said"
	[[ -z $said ]]
}

# ---- how it says it ------------------------------------------------------------------------------

lines_are_a_compilers() {
	"$tool" lint "$reference/13.yaml" >"$scratch/text"
	[[ -s $scratch/text ]] && ! grep -vE "^$reference/13\.yaml:[0-9]+:[0-9]+: (error|warning|note): .+ \[[a-z-]+\]$|^    fix: ." \
		"$scratch/text"
}

names_stdin() {
	exits 13 "$tool" lint - <"$reference/11.yaml" >"$scratch/text" &&
		grep -q '^<stdin>:6:23: error: .*\[provider-not-shared\]$' "$scratch/text"
}

names_the_place_of_an_error() {
	printf 'kind: Pod\nspec:\n  containers: [}\n' >"$scratch/broken.yaml"
	exits 10 "$tool" lint "$scratch/broken.yaml" >"$scratch/text"
	grep -q "broken.yaml:3:16: error: not valid YAML: .*\[manifest-invalid\]$" "$scratch/text"
}

names_the_place_in_json() {
	printf '{"kind": "Pod",\n "metadata": {"name": "ü", },\n "spec": {}}\n' >"$scratch/broken.json"
	exits 10 "$tool" lint "$scratch/broken.json" >"$scratch/text"
	grep -q 'broken.json:2:28: error: not valid JSON: expected a name in double quotes' "$scratch/text"
}

# refuses TEXT WORDS: a manifest that is not one, and what is said of it
refuses() {
	printf '%b' "$1" >"$scratch/refused"
	exits 10 "$tool" lint "$scratch/refused" >"$scratch/text" || return 1
	grep -E -- "$2" "$scratch/text"
}

has_no_colour_in_a_pipe() {
	! TERM=xterm "$tool" lint "$reference/13.yaml" | grep -q $'\033'
}

# A terminal for standard output: script(1) makes one.
on_terminal() {
	TERM=xterm script -qec "$tool lint $reference/13.yaml" /dev/null </dev/null >"$scratch/text"
	grep -q 'provider-not-shared' "$scratch/text"
}

has_colour_on_a_terminal() {
	on_terminal && grep -qF $'\033[1;31merror' "$scratch/text" || return 1
	NO_COLOR=1 on_terminal && ! grep -q $'\033' "$scratch/text"
}

refuses_usage() {
	exits 10 "$tool" lint && exits 10 "$tool" lint a b && exits 10 "$tool" lint --json --fix a &&
		exits 10 "$tool" lint --no-such a && exits 10 "$tool" lint "$scratch/not-there" &&
		exits 10 "$tool" lint "$scratch"
}

json_has_its_members() {
	"$tool" lint --json "$complete" >"$scratch/json" &&
		jq -e '.schema == "fuse-sidecar.io/lint/v1" and .pods == 1 and .errors == 0 and .warnings == 2
			and .notes == 1 and .exit == 0
			and ([.findings[] | .code] == ["admission-needed", "init-dirs-needless", "annotation-missing"])
			and (.findings[2] | .object == "Deployment media-stack/plex" and .fixable
				and .line == 51 and .column == 15 and .endColumn == 26)' "$scratch/json"
}

sarif_is_valid() {
	local file
	for file in "$complete" "$reference"/{01,13,17,21}.yaml tests/fixtures/lint/*.json; do
		"$tool" lint --sarif "$file" >"$scratch/sarif"
		python3 tests/install/lint_sarif.py tests/install/sarif-subset.schema.json \
			"$scratch/sarif" || return 1
	done
}

# What a review tool would make of the fixes: the same as --fix, where one round is enough.
# ID LEVEL of each rule; what is said of it is the table's line of help.
sarif_rules_are_the_table() {
	"$tool" lint --sarif "$complete" >"$scratch/sarif" && diff \
		<(docs/update-findings.sh --table | awk -F'\t' '$4 ~ /lint/ { print $1, ($2 == "deny" ? "error" : "warning"), $6 }') \
		<(jq -r '.runs[0].tool.driver.rules[] | "\(.id) \(.defaultConfiguration.level) \(.shortDescription.text)"' \
			"$scratch/sarif")
}

sarif_fixes_are_those_of_fix() {
	"$tool" lint --sarif "$reference/13.yaml" >"$scratch/sarif"
	"$tool" lint --fix "$reference/13.yaml" >"$scratch/fixed" 2>/dev/null
	python3 tests/install/lint_sarif.py --apply "$scratch/sarif" "$reference/13.yaml" |
		diff - "$scratch/fixed"
}

# ---- --fix ---------------------------------------------------------------------------------------

# fix FILE >OUT: the exit code is that of what is left
fix() {
	"$tool" lint --fix "$1" 2>"$scratch/left"
}

fixes_the_reference() {
	fix "$complete" >"$scratch/fixed.yaml" || return 1
	"$tool" lint --json "$scratch/fixed.yaml" | jq -e '.errors == 0 and .warnings == 0' || return 1
	"$tool" lint "$scratch/fixed.yaml"
	diff "$complete" "$scratch/fixed.yaml" >"$scratch/diff"
	# Two lines more, the init container with its comment and a blank line less, all else as it was.
	[[ $(grep -c '^>' "$scratch/diff") == 2 && $(grep -c '^<' "$scratch/diff") == 14 ]] &&
		grep -q '^>         fuse-sidecar.io/mounts: "rclone-zurg=/mnt/media/zurg, rclone-torbox=/mnt/media/torbox"$' \
			"$scratch/diff" && ! grep -E '^<' "$scratch/diff" | grep -vE \
			'^< *$|Create mount points|init|alpine|command|/bin/sh|-c$|- \||mkdir|echo|volumeMounts|media-storage|mountPath'
}

# Whatever the file, mending what is mended changes nothing, and no error is new.
fixing_is_idempotent() {
	local file before after bad=0
	for file in "$reference"/*.yaml tests/fixtures/lint/*.json "$scratch"/variant-*; do
		fix "$file" >"$scratch/once"
		fix "$scratch/once" >"$scratch/twice"
		cmp "$scratch/once" "$scratch/twice" || { echo "$file"; bad=1; }
		before=$("$tool" lint --json "$file" | jq '.errors + .warnings')
		after=$("$tool" lint --json "$scratch/once" | jq '.errors + .warnings')
		((after <= before)) || { echo "$file: $before before, $after after"; bad=1; }
	done
	return "$bad"
}

# The complete example in other styles, with one mistake more in each.
make_variants() {
	sed 's/$/\r/' "$complete" >"$scratch/variant-crlf.yaml"
	sed 's/ *#.*//; s/mountPropagation: Bidirectional//' "$complete" >"$scratch/variant-private.yaml"
	sed 's/:5573/:5572/; s/privileged: true.*/privileged: false/' "$complete" >"$scratch/variant-ports.yaml"
	printf '%s' "$(<"$complete")" >"$scratch/variant-no-end.yaml"
	sed '1s/^/\xef\xbb\xbf/' "$complete" >"$scratch/variant-mark.yaml"
	jq '.spec.template.spec.containers[2].volumeMounts[1].mountPropagation = "Bidirectional"
		| del(.spec.template.spec.containers[0].securityContext)' tests/fixtures/lint/complete.json \
		>"$scratch/variant.json"
	jq -c 'del(.spec.template.spec.containers[].volumeMounts[].mountPropagation)' \
		tests/fixtures/lint/complete.json >"$scratch/variant-one-line.json"
	jq '.spec.template.spec.nodeSelector = {"kubernetes.io/hostname": "node1"}
		| del(.spec.template.spec.affinity)' tests/fixtures/lint/complete.json >"$scratch/variant-node.json"
}

mends_all_styles() {
	local file bad=0
	for file in "$scratch"/variant* tests/fixtures/lint/*.json; do
		fix "$file" >"$scratch/once" || bad=1
		"$tool" lint --json "$scratch/once" | jq -e '.errors == 0 and .warnings == 0' >/dev/null ||
			{ echo "$file"; "$tool" lint "$scratch/once"; bad=1; }
	done
	return "$bad"
}

json_stays_json() {
	local file
	for file in "$scratch"/variant*.json tests/fixtures/lint/*.json; do
		fix "$file" >"$scratch/once"
		jq -e '.spec.template.metadata.annotations["fuse-sidecar.io/mounts"] and
			(.spec.template.spec | has("initContainers") | not)' "$scratch/once" || return 1
	done
}

keeps_crlf() {
	fix "$scratch/variant-crlf.yaml" >"$scratch/once"
	[[ $(grep -c $'\r$' "$scratch/once") == "$(wc -l <"$scratch/once")" ]]
}

does_not_print_what_it_cannot_read() {
	printf 'a: [\n' >"$scratch/broken.yaml"
	exits 10 fix "$scratch/broken.yaml" >"$scratch/once"
	[[ ! -s $scratch/once ]] && grep -q 'not valid YAML' "$scratch/left"
}

# ---- policy, privilege, limits -------------------------------------------------------------------

with_policy() {
	printf '%s\n' "$1" >"$scratch/policy.json"
	shift
	"$tool" lint --policy "$scratch/policy.json" --json "$@" || :
}

judges_by_a_policy() {
	sed 's/"60s"/"80s"/' examples/plex.yaml >"$scratch/wait.yaml"
	"$tool" lint "$scratch/wait.yaml" || return 1
	with_policy '{"gate": {"max": "70s"}}' "$scratch/wait.yaml" |
		jq -e '.exit == 10 and .findings[0].code == "annotation-invalid"' || return 1
	with_policy '{"namespaces": {"deny": ["media-*"]}}' examples/plex.yaml |
		jq -e '.exit == 11 and [.findings[].code] == ["namespace-not-allowed"]' || return 1
	with_policy '{"severity": {"init-dirs-needless": "ignore", "annotation-missing": "deny"}}' "$complete" |
		jq -e '.exit == 10 and [.findings[].code] == ["admission-needed", "annotation-missing"]'
}

refuses_a_broken_policy() {
	printf '{"mod": "audit"}' >"$scratch/policy.json"
	exits 12 "$tool" lint --policy "$scratch/policy.json" examples/plex.yaml 2>"$scratch/text"
	grep -q 'unknown key; did you mean "mode"' "$scratch/text"
}

runs_as_nobody() {
	install -m 0755 "$tool" "$scratch/tool"
	chmod 0755 "$scratch"
	exits 13 setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
		"$scratch/tool" lint - <"$reference/11.yaml" >"$scratch/text" &&
		grep -q provider-not-shared "$scratch/text"
}

is_not_linked_with_libyaml() {
	! ldd "$tool" | grep yaml
}

# Its file is covered, in a mount namespace of our own.
does_without_libyaml_for_json() {
	unshare --mount --propagation private bash -euc '
		library=$(ldconfig -p | sed -n "s/.*libyaml-0\.so\.2 .*=> //p" | head -n 1)
		mount --bind /dev/null "$(realpath "$library")"
		"$1" lint --json tests/fixtures/lint/complete.json | jq -e ".pods == 1"
		code=0
		"$1" lint examples/plex.yaml >"$2" || code=$?
		((code == 19))' - "$tool" "$scratch/text" && grep -q 'without libyaml.*\[host-io\]' "$scratch/text"
}

# Nine levels of ten aliases each: a billion values.
make_bomb() {
	local level previous=x
	echo 'x: &x [a, a, a, a, a, a, a, a, a, a]'
	for level in b c d e f g h i; do
		printf '%s: &%s [%s]\n' "$level" "$level" "$(for _ in {1..10}; do printf '*%s, ' "$previous"; done)"
		previous=$level
	done
}

# ends WHAT: within a bound that only something endless reaches, and not by a signal
ends() {
	local code=0
	timeout 100 "$tool" lint "$scratch/large" >"$scratch/text" || code=$?
	((code == 0 || code == 10)) || { echo "exit $code"; return 1; }
}

bombs_end() {
	make_bomb >"$scratch/large"
	ends && grep -q 'more than 1000000 values' "$scratch/text"
}

# large COMMAND... : what it prints is the manifest; an end by SIGPIPE is its own affair
large() {
	"$@" >"$scratch/large" || :
	ends
}

repeat() {
	local line=$1 bytes=$2
	yes -- "$line" | head -c "$bytes"
}

one_word() {
	printf 'a: '
	head -c 16000000 /dev/zero | tr '\0' b
}

one_line_of_pods() {
	local item
	item=$(jq -c . tests/fixtures/lint/complete.json)
	printf '{"kind": "List", "items": ['
	for _ in {1..1500}; do printf '%s,' "$item"; done
	printf '{}]}'
}

large_manifests_end() {
	large one_line_of_pods && large repeat '? a' 16000000 && large repeat '- - a: b' 16000000 &&
		large repeat '[a,' 16000000 && large repeat '{"a":' 16000000 && large one_word || return 1
	head -c 16777217 /dev/zero | tr '\0' ' ' >"$scratch/large"
	exits 10 "$tool" lint "$scratch/large" 2>"$scratch/text"
	grep -q 'larger than 16777216 bytes' "$scratch/text"
}

make_variants
is 'each block of the reference is there' reference_is_whole
is 'and lint finds in it what is wrong with it' finds_what_the_reference_has
is 'nothing is wrong with the example' says_nothing_of examples/plex.yaml
is 'a finding is a line as compilers have it' lines_are_a_compilers
is 'standard input has a name' names_stdin
is 'an error in YAML has line and column' names_the_place_of_an_error
is 'an error in JSON too, in characters' names_the_place_in_json
is 'a key twice is named' refuses 'a: 1\nb: 2\na: 3\n' '3:1: error: .*"a".*\[manifest-invalid\]'
is 'a member twice is named' refuses '{"a": 1,\n "a": 2}' '2:2: error: .*"a".*\[manifest-invalid\]'
is 'an unknown anchor is named' refuses 'a: *b\n' '1:4: error: .*"b".*\[manifest-invalid\]'
is 'an anchor inside itself is refused' refuses 'a: &a [*a]\n' 'the anchor "a" contains itself'
is 'bytes that are no UTF-8 are refused' refuses 'a: \xff\n' '1:4: error: not valid YAML: invalid UTF-8'
is 'there is no colour in a pipe' has_no_colour_in_a_pipe
is 'there is on a terminal, but with NO_COLOR' has_colour_on_a_terminal
is 'wrong usage and missing files exit with 10' refuses_usage
is '--json has what the page says' json_has_its_members
is '--sarif is SARIF 2.1.0' sarif_is_valid
is 'its rules are the findings that lint reports' sarif_rules_are_the_table
is 'its fixes do what --fix does' sarif_fixes_are_those_of_fix
is 'the complete example is clean after --fix, and else as it was' fixes_the_reference
is 'fixing twice is fixing once' fixing_is_idempotent
is 'all styles of text are mended' mends_all_styles
is 'JSON stays JSON' json_stays_json
is 'CRLF stays CRLF' keeps_crlf
is 'what cannot be read is not printed' does_not_print_what_it_cannot_read
is 'another policy is another judge' judges_by_a_policy
is 'a broken policy exits with 12' refuses_a_broken_policy
is 'libyaml is not loaded before it is needed' is_not_linked_with_libyaml
is 'an alias bomb is refused' bombs_end
is 'large manifests end' large_manifests_end
if ((EUID == 0)); then
	is 'it runs without root' runs_as_nobody
	is 'JSON needs no libyaml, and YAML says so' does_without_libyaml_for_json
else
	skip 'it runs without root' 'the rest has shown that'
	skip 'JSON needs no libyaml, and YAML says so' 'needs root'
fi

# ---- what it gives up ----------------------------------------------------------------------------

# Between what it reads and what it says: no capability, no new privileges, a filter.
gives_up_privileges_before_it_judges() {
	local calls
	calls=$(strace -qq -o "$scratch/calls" -e trace=capset,prctl,seccomp,read,write "$tool" lint - \
		<"$complete" >"$scratch/printed" && awk '
		/^read\(0,/ { order = "read " }
		/^capset.*effective=0, permitted=0, inheritable=0}\) = 0$/ { order = order "capset " }
		/^prctl\(PR_SET_NO_NEW_PRIVS, 1,.*= 0$/ { order = order "nnp " }
		/^seccomp\(SECCOMP_SET_MODE_FILTER,.*= 0$/ { order = order "filter " }
		/^write\(1,/ { order = order "write" }
		END { print order }' "$scratch/calls")
	echo "$calls"
	[[ $calls == 'read capset nnp filter'* && -s $scratch/printed ]]
}

if strace -qq true 2>/dev/null; then
	is 'it gives up every privilege before it judges' gives_up_privileges_before_it_judges
else
	skip 'it gives up every privilege before it judges' 'strace may not trace here'
fi
finish
