# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The suites that the stages have added, run side by side, and what they come to. Most of them wait more than
# they compute: twice as many as there are cores run at once (CHECK_JOBS), the longest of the last time first. The
# output of a suite is printed when it has ended.
#
# shellcheck disable=SC2154 # top, build and only are of run-check.sh

names=() readers=() commands=() limits=() lanes=() shows=()
passed=0 failed=0 skipped=0

# What the suites have that are added from now on: seconds until they are ended, a lane in which one runs at a
# time, a sed script that takes lines of their output for everybody to see.
limit=${TEST_TIMEOUT:-1200} lane='' shown=''

# suite NAME READER COMMAND...: adds one
suite() {
	names+=("$1") readers+=("$2")
	shift 2
	commands+=("$(printf '%q ' "$@")")
	limits+=("$limit") lanes+=("$lane") shows+=("$shown")
}

say() {
	printf '%s\n' "$*"
}

# Skips that a machine may have: `suite:test reason…`, one a line, # comments.
allowed() {
	local file=$top/tests/skip-allowed.txt want=$1
	# Whatever is hidden by whichever error.
	[[ $want != kernels/* ]] || want=kernels/${want##*/}
	[[ -r $file ]] && awk -v want="$want" '$1 == want && NF > 1 { found = 1 } END { exit !found }' "$file"
}

jobs_at_once() {
	echo "${CHECK_JOBS:-$((2 * $(nproc)))}"
}

now() {
	local seconds=${EPOCHREALTIME/[^0-9]/}
	echo "$((seconds / 1000))"
}

seconds() {
	printf '%d.%d' "$(($1 / 1000))" "$(($1 % 1000 / 100))"
}

# judge SUITE LOG RC READER LIMIT: p, f, s and notes of one suite
judge() {
	local suite=$1 log=$2 rc=$3 reader=$4 limit=$5 kind rest broken='' name
	p=0 f=0 s=0 notes=()
	while read -r kind rest; do
		case $kind in
		pass) ((p++)) ;;
		fail) ((f++)) ;;
		broken) broken=$rest ;;
		skip)
			name=${rest%%:*}
			# Not for such a kernel: tests/ns/ns_test_kernels.c has what it does instead.
			if [[ $suite == kernels/* ]] && allowed "$suite:$name"; then
				continue
			fi
			if [[ ${CI:-} == true ]] && ! allowed "$suite:$name"; then
				((f++))
				notes+=("  skipped, which CI does not allow: $rest")
			else
				((s++))
				notes+=("  skipped: $rest")
			fi
			;;
		esac
	done < <("$reader" "$log")

	# A sanitizer's report, a signal or a time-out after the last test shows in the status only.
	if ((rc == 124 || rc == 137)); then
		broken="no end within ${limit}s"
	elif ((rc != 0 && f == 0)) && [[ -z $broken ]]; then
		broken="exit status $rc"
	fi
	if [[ -n $broken ]]; then
		((f++))
		notes+=("  broken: $broken")
	fi
}

# count I RC: adds a suite that has ended to the sum and says what happened.
count() {
	local i=$1 log p f s notes=() took
	log=$(log_of "$i")
	judge "${names[i]}" "$log" "$2" "${readers[i]}" "${limits[i]}"
	took=$(($(now) - started[i]))
	times+=("$took ${names[i]}")
	# With --only, a program that has no such test.
	((p + f + s > 0)) || return 0

	if ((f > 0)) || [[ ${V:-} == 1 ]]; then
		sed 's/^/    /' "$log"
	fi
	if ((f > 0)); then
		say "FAIL ${names[i]}: $p passed, $f failed, $s skipped ($(seconds "$took") s)"
	else
		say "ok   ${names[i]}: $p passed, $s skipped ($(seconds "$took") s)"
	fi
	((${#notes[@]})) && printf '%s\n' "${notes[@]}"
	[[ -z ${shows[i]} ]] || sed -n "${shows[i]}" "$log"
	((passed += p, failed += f, skipped += s))
	return 0
}

log_of() {
	echo "$logs/$(tr '/ ' '__' <<<"${names[$1]}").log"
}

# launch I: in the background, where a shell has children ignore SIGINT; what is tested must not. How it ended is
# told through a pipe: a shell may forget it before it is asked.
launch() {
	local command
	eval "command=(${commands[$1]})"
	started[$1]=$(now)
	{
		local rc child told
		CMOCKA_MESSAGE_OUTPUT=TAP env --default-signal=INT,QUIT \
			timeout --kill-after=10 "${limits[$1]}" "${command[@]}" {ended}>&- &
		child=$!
		trap 'told=1; kill -TERM "$child"' TERM
		# The signal ends a wait. Whether the child is there is not asked: its number may be another's by now.
		while told=0; wait "$child"; rc=$?; ((told)); do :; done
		echo "$1 $rc" >&"$ended"
	} >"$(log_of "$1")" 2>&1 </dev/null &
	running[$1]=$!
}

# reap: waits for one that ends.
reap() {
	local i rc
	until read -r -t 10 -u "$ended" i rc; do
		for i in "${!running[@]}"; do
			kill -0 "${running[i]}" 2>/dev/null || echo "$i 137" >&"$ended"
		done
	done
	[[ -n ${running[i]:-} ]] || return 0
	count "$i" "$rc"
	unset "running[$i]"
}

lane_is_free() {
	local i
	[[ -z $1 ]] || for i in "${!running[@]}"; do
		[[ ${lanes[i]} != "$1" ]] || return 1
	done
}

# How long they take, in milliseconds: as the last time, or a guess by what they are. SECONDS INDEX, longest first.
by_length() {
	local i
	for i in "${!names[@]}"; do
		printf '%s\t%s\n' "$i" "${names[i]}"
	done | awk -F'\t' -v file="$logs/times" '
		BEGIN {
			while ((getline line < file) > 0) {
				ms = line
				sub(/ .*/, "", ms)
				sub(/^[^ ]* /, "", line)
				took[line] = ms
			}
		}
		{ ms = 3000 }
		$2 ~ /^(e2e|install|packages|many)/ { ms = 15000 }
		$2 ~ /^(pods|newer\/e2e|faults?|race)/ { ms = 60000 }
		$2 in took { ms = took[$2] }
		{ print ms, $1 }' | sort -k1,1nr -k2,2n
}

# run_beside INDEX...: $jobs at once
run_beside() {
	local waiting=("$@") running=() i next
	trap 'stop "${running[@]}"' INT TERM
	while ((${#waiting[@]} + ${#running[@]})); do
		next=
		if ((${#running[@]} < jobs)); then
			for i in "${!waiting[@]}"; do
				lane_is_free "${lanes[waiting[i]]}" || continue
				next=$i
				break
			done
		fi
		if [[ -n $next ]]; then
			launch "${waiting[next]}"
			unset "waiting[$next]"
		else
			reap
		fi
	done
	trap - INT TERM
}

# They are in the background: a signal to this script would not end them.
stop() {
	trap '' INT TERM
	say "stopped by a signal, with $passed passed, $failed failed, and those that ran:"
	say "$(for i in "${!running[@]}"; do echo "  ${names[i]}"; done)"
	kill -TERM "$@" 2>/dev/null
	wait
	exit 130
}

# run_all: every suite that was added
run_all() {
	local i ended order=() times=() began started=() jobs
	jobs=$(jobs_at_once)
	began=$(now)
	# A pipe without a name: both of its ends.
	exec {ended}<> <(:)
	mapfile -t order < <(by_length | cut -d' ' -f2)
	run_beside "${order[@]}"
	say_times "$(($(now) - began))"
}

# say_times MS: of many suites, which took longest; and for the next time, how long each takes.
say_times() {
	local keep
	keep=$(printf '%s\n' "${times[@]}" | cat - "$logs/times" 2>/dev/null |
		awk '{ name = $0; sub(/^[^ ]* /, "", name) } !seen[name]++')
	printf '%s\n' "$keep" >"$logs/times"
	((${#times[@]} > 5)) || return 0
	say "all: $(seconds "$1") s; the longest: $(printf '%s\n' "${times[@]}" | sort -nr | head -n 5 |
		awk '{ ms = $1; sub(/^[^ ]* /, ""); printf "%s%s %.1f s", sep, $0, ms / 1000; sep = ", " }')"
}
