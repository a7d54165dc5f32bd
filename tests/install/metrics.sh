#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The text of `metrics` against the grammar of Prometheus' exposition format 0.0.4, what its naming
# conventions ask, and the docs. With promtool, where it is installed, it is the judge too.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/code.bash
. "$(dirname -- "$0")/code.bash"

tool=$(realpath "${TOOL_BINARY:-build/fuse-sidecar}")

# well_formed FILE: nothing to say about it, or what is wrong with it
well_formed() {
	[[ $(tail -c 1 "$1" | od -An -tx1) == ' 0a' ]] || { echo 'the last line has no end'; return 1; }
	awk '
	function complain(what) { printf "line %d: %s: %s\n", NR, what, $0; bad = 1 }
	# The family of a sample: a histogram has three kinds of them.
	function family_of(name, base) {
		base = name
		sub(/_(bucket|sum|count)$/, "", base)
		return type[base] == "histogram" ? base : name
	}
	/^# HELP / {
		if (NF < 4) complain("no help text")
		if ($3 in help) complain("a second HELP")
		help[$3] = 1; next
	}
	/^# TYPE / {
		if (NF != 4 || $4 !~ /^(counter|gauge|histogram)$/) complain("bad TYPE")
		if ($3 in type) complain("a second TYPE")
		if (!($3 in help)) complain("TYPE without HELP")
		if ($4 == "counter" && $3 !~ /_total$/) complain("a counter that does not end in _total")
		if ($4 != "counter" && $3 ~ /_total$/) complain("no counter, but it ends in _total")
		if ($3 !~ /^fuse_sidecar_/) complain("not our prefix")
		type[$3] = $4; current = $3; next
	}
	/^#/ || /^$/ { complain("neither HELP, TYPE nor sample"); next }
	!/^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*")*\})? [0-9]+(\.[0-9]+)?$/ {
		complain("no sample"); next
	}
	{
		series = $1; value = $2
		name = series; sub(/\{.*/, "", name)
		family = family_of(name)
		if (family != current) complain("outside of its family")
		if (series in seen) complain("a second time")
		seen[series] = 1; samples[family]++
		if (type[family] != "histogram") next
		rest = series; sub(/,?le="[^"]*"/, "", rest); sub(/_(bucket|sum|count)/, "", rest)
		if (name ~ /_bucket$/) {
			if (series !~ /le="/) complain("a bucket without le")
			if (value < last[rest]) complain("buckets that go down")
			last[rest] = value
			if (series ~ /le="\+Inf"/) inf[rest] = value
		} else if (name ~ /_count$/ && (!(rest in inf) || inf[rest] != value)) {
			complain("+Inf and _count differ")
		}
	}
	END {
		for (name in type) if (!samples[name]) { print name ": no sample"; bad = 1 }
		exit bad
	}' "$1"
}

says() {
	"$tool" metrics >"$scratch/metrics" && [[ -s $scratch/metrics ]] && well_formed "$scratch/metrics"
}

# The check can fail: each line makes a well-formed text another one.
notices() {
	local program bad=0
	while read -r program; do
		sed -E "$program" "$scratch/metrics" >"$scratch/bent"
		! cmp -s "$scratch/metrics" "$scratch/bent" || { echo "no change: $program"; bad=1; }
		! well_formed "$scratch/bent" >"$scratch/why" || { echo "not noticed: $program"; bad=1; }
	done <<-'EOL'
		s/^(fuse_sidecar_heals_total) .*/\1 x/
		s/^(fuse_sidecar_heals_total) .*/\1 1 2 3/
		s/^(fuse_sidecar_heals_total) .*/\1{a=b} 1/
		s/fuse_sidecar_heals_total/fuse_sidecar_heals/
		s/^# TYPE fuse_sidecar_heals_total counter/# TYPE fuse_sidecar_heals_total number/
		/^# TYPE fuse_sidecar_heals_total/d
		/^# HELP fuse_sidecar_heals_total/d
		/^fuse_sidecar_heals_total/d
		s/^fuse_sidecar_heals_total.*/&\n&/
		s/le="0.0025"\} 0/le="0.0025"} 7/
		s/(_count\{stage="prestart"\}) .*/\1 5/
		$a\\
		s/"prestart"/"pre"start"/
	EOL
	printf 'x 1' >"$scratch/bent"
	! well_formed "$scratch/bent" >/dev/null || { echo 'not noticed: no end of line'; bad=1; }
	return "$bad"
}

families() {
	sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$scratch/metrics"
}

page_has_families() {
	same_lines 3< <(families) 4< <(grep '^| `fuse_sidecar_' docs/operation.md | grep -oE '^[^|]*\|[^|]*' |
		grep -oE 'fuse_sidecar_[a-z_]+')
}

is 'the text is of the format' says
is 'and the check would notice if it were not' notices
is 'the docs have each metric' page_has_families
if command -v promtool >/dev/null; then
	is 'promtool has nothing to say about it' promtool check metrics <"$scratch/metrics"
fi
finish
