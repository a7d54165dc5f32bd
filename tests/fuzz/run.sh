#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/fuzz/run.sh --bin DIR --found DIR [--seconds N] TARGET...
#
# Runs each target's fuzzer for N seconds, one after the other, and ends with a table of what it did.
# Inputs that reach new code are kept in FOUND/TARGET from run to run, an input that breaks a promise
# in FOUND/crashes. Not zero when there was one; the others still run.
set -uo pipefail

cd -- "$(dirname -- "$0")/../.." || exit 1
seconds=60 bin='' found='' targets=() failed=()

while (($#)); do
	case $1 in
	--bin) bin=$2 && shift ;;
	--found) found=$2 && shift ;;
	--seconds) seconds=$2 && shift ;;
	-*)
		echo 'usage: tests/fuzz/run.sh --bin DIR --found DIR [--seconds N] TARGET...' >&2
		exit 2
		;;
	*) targets+=("$1") ;;
	esac
	shift
done

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

# A config.json may be large, but what there is to find shows in a small one.
size_limit() {
	case $1 in
	annotations | rclone) echo 4096 ;;
	judge) echo 32768 ;;
	*) echo 16384 ;;
	esac
}

# fuzz TARGET: what the fuzzer says goes to FOUND/logs.
fuzz() {
	local target=$1 options
	options=(-max_total_time="$seconds" -max_len="$(size_limit "$target")" -timeout=10
		-rss_limit_mb=1024 -print_final_stats=1
		-artifact_prefix="$found/crashes/$target-")
	[[ ! -e tests/fuzz/dict/$target ]] || options+=(-dict="tests/fuzz/dict/$target")
	mkdir -p "$found/$target" "$found/crashes" "$found/logs"
	nice -n 19 "$bin/$target" "${options[@]}" "$found/$target" "tests/fuzz/corpus/$target" \
		"$found/seeds/$target" >"$found/logs/$target" 2>&1
}

# The numbers of a finished run: executions, edges covered, inputs in the corpus.
summary() {
	awk -v target="$1" '
	/^stat::number_of_executed_units:/ { runs = $2 }
	/ cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") edges = $(i + 1)
		if ($i == "corp:") { split($(i + 1), kept, "/") } } }
	/ Loaded .* PCs / { all = $0 }
	/INFO: Loaded 1 PC tables/ { all = $6; gsub(/[()]/, "", all) }
	END { printf "%-12s %12d executions %6d of %s edges %6d inputs\n", target, runs, edges,
		all, kept[1] }' "$found/logs/$1"
}

rm -rf "$found/seeds"
tests/fuzz/seeds.sh "$found/seeds" || exit 1
for target in "${targets[@]}"; do
	echo "fuzz: $target for $seconds s"
	if ! fuzz "$target"; then
		tail -n 40 "$found/logs/$target"
		failed+=("$target")
	fi
done
for target in "${targets[@]}"; do
	summary "$target"
done
if ((${#failed[@]})); then
	echo "fuzz: broken: ${failed[*]}; inputs are in $found/crashes" >&2
	exit 1
fi
