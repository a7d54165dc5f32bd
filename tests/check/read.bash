# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What a suite said, read: for tests/run-check.sh, and for tests/install/run_check.sh, which tests it.

# A cmocka program's TAP, as `pass NAME`, `fail NAME`, `skip NAME: why` and `broken WHY` lines.
# cmocka 1.1.5 calls a skipped test "not ok 2 # SKIP name", later ones "ok 2 # SKIP name", 2.0
# "ok 2 - name # SKIP"; why a test was skipped is what it printed just before. 2.0 says why one failed in
# a block of YAML.
read_tap() {
	awk '
	function close_plan() {
		if (open && got != plan)
			printf "broken %d of %d tests reported\n", got, plan
		open = 0
	}
	/^[ \t]*1\.\.[0-9]+$/ { close_plan(); sub(/.*\.\./, ""); plan = $0 + 0; got = 0
		open = 1; groups++; said = ""; next }
	/^  ---$/ { inside = 1 }
	inside { if (/^  \.\.\.$/) inside = 0; next }
	/^ok [0-9]+ - .* # SKIP$/ { sub(/ # SKIP$/, ""); sub(/ - /, " # SKIP ") }
	/^(not )?ok [0-9]+ # SKIP/ { got++; name = $0; sub(/^.*# SKIP */, "", name)
		print "skip " name ": " (said == "" ? "no reason given" : said); said = ""; next }
	# Group set-up that fails has the number 0: none of the tests of the plan ran.
	/^not ok 0 / { open = 0; sub(/^not ok 0 (- )?/, ""); print "fail " $0; said = ""; next }
	/^not ok [0-9]+/ { got++; sub(/^not ok [0-9]+ *(- )?/, ""); print "fail " $0; said = ""; next }
	/^ok [0-9]+/ { got++; sub(/^ok [0-9]+ *(- )?/, ""); print "pass " $0; said = ""; next }
	/^#/ || /^[ \t]*$/ { next }
	{ said = $0 }
	END { close_plan(); if (!groups) print "broken no TAP plan" }' "$1"
}

# A shell suite's log in the same form. Only its count line counts; single passes have no names here.
read_shell() {
	local last
	last=$(grep -v '^[[:space:]]*$' "$1" | tail -n 1)
	if [[ ! $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		echo 'broken no count in the last line'
		return
	fi
	local p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]} named
	for ((; p > 0; p--)); do echo 'pass -'; done
	for ((; f > 0; f--)); do echo 'fail -'; done
	named=$(sed -nE 's/^SKIP /skip /p
		s/^ok [0-9]+ - (.*) # SKIP( |$)/skip \1: /p' "$1" | head -n "$s")
	[[ -z $named ]] || printf '%s\n' "$named"
	for ((s -= $(grep -c . <<<"$named"); s > 0; s--)); do
		echo 'skip (unnamed): no reason given'
	done
}
