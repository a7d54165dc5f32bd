#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/filter/use.sh [--judge DIR] BUILD
#
# Which entries of hook/sandbox/filter_list.c do hooks have a use for? Runs namespace tests whose hooks are
# traced, with this kernel's system calls and without the younger ones, and compares. Fails with the
# entries that no hook has called and whose comment does not say by "unseen:" why they are there, and
# where the filter has refused something.
# --judge compares with the traces in DIR, and runs nothing. By root; minutes.
#
# What a tracer disturbs fails here and counts all the same: tests that kill, that trace by themselves
# or measure; a test's success is not asked for.
set -uo pipefail

cd -- "$(dirname -- "$0")/../.." || exit 1
top=$PWD
list=hook/sandbox/filter_list.c
traces=
if [[ ${1:-} == --judge ]]; then
	traces=$2
	shift 2
fi
build=$(realpath -- "${1:?usage: tests/filter/use.sh [--judge DIR] BUILD}")
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

disturbed=' ns_test_filter ns_test_gate_race ns_test_kill ns_test_many_pods ns_test_supervise '

# as PROGRAM...: a test whose hooks are traced
as() {
	TRACE_DIR=$traces TRACED_DIR=$build \
		HOOK_BINARY=$top/tests/filter/trace-hook.sh TOOL_BINARY=$top/tests/filter/trace-hook.sh \
		BUILD_DIR=$build TESTS_DIR=$top/tests \
		timeout --kill-after=10 120 unshare --mount --propagation private \
		--pid --fork --kill-child --mount-proc -- "$@" >/dev/null 2>&1 </dev/null
}

collect() {
	local file name
	traces=$scratch/traces
	mkdir -- "$traces"
	for file in tests/ns/ns_test_*.c; do
		name=$(basename -- "$file" .c)
		[[ $disturbed != *" $name "* ]] || continue
		as "$build/tests/ns/$name"
		as "$build/tests/hide_syscalls" ENOSYS all -- "$build/tests/ns/$name"
	done
}

# The calls of processes that had a filter when they made them, without the results. A child of such a
# process has it from the start. strace of Debian 12 does not know statmount(2) and listmount(2).
calls() {
	local file
	for file in "$traces"/*; do
		awk '
		NR == FNR { if ($2 ~ /^seccomp\(SECCOMP_SET_MODE_FILTER/) installs[$1] = any = 1; next }
		!any { exit }
		$2 ~ /^seccomp\(SECCOMP_SET_MODE_FILTER/ { installed[$1] = 1; next }
		$1 in installs && !($1 in installed) { next }
		{ sub(/^[0-9]+ +/, ""); sub(/^syscall_0x1c9\(/, "statmount(")
		sub(/^syscall_0x1ca\(/, "listmount("); print }' "$file" "$file"
	done | grep '^[a-z]' | awk '{ key = $0; sub(/\).*= .*/, "", key); gsub(/0x[0-9a-f]+|[0-9]+|"[^"]*"/, "", key) }
		!(key in had) { had[key] = 1; print }'
}

# NAME, what an argument has to be or "-", and the comment, of each entry.
entries() {
	sed -nE -e 's#^	(CALL)\("([a-z0-9_]+)", [A-Z]+\),[ 	]*/\* (.*) \*/$#\2\t-\t\3#p' \
		-e 's#^	(NEWER)\("([a-z0-9_]+)", [0-9]+, [A-Z]+\),[ 	]*/\* (.*) \*/$#\2\t-\t\3#p' \
		-e 's#^	(IF_NONE|IF_UNEQUAL)\("([a-z0-9_]+)", [0-9], [A-Z0-9_]+, [A-Z]+\),[ 	]*/\* (.*) \*/$#\2\t-\t\3#p' \
		-e 's#^	(IF_EQUAL|IF_ALL|IF_NEW|IF_PLAIN)\("([a-z0-9_]+)", [0-9], ([A-Z0-9_]+), [A-Z]+\),[ 	]*/\* (.*) \*/$#\2\t\3\t\4#p' \
		"$list"
}

was_called() {
	local name=$1 argument=$2
	case $argument in
	-) argument='' ;;
	READ_WRITE | READ_ONLY) argument=MS_REMOUNT ;;
	OF_MOUNT) argument=MOUNT_ATTR_NOSUID ;;
	SYS_NS_GET_MNTNS_ID) argument='NS_GET_MNTNS_ID|_IOC\(_IOC_READ, 0xb7, 0x5, 0x8\)' ;;
	esac
	grep -qE "^$name\(.*($argument)${argument:+([^A-Z0-9_]|$)}" "$scratch/calls"
}

# What the filter has refused or killed for.
refusals() {
	grep -hoE 'si_code=SYS_SECCOMP.*si_syscall=[a-z_0-9]+' -- "$traces"/* | sed 's/.*si_syscall=//' | sort | uniq -c
	grep -lE 'killed by SIGSYS' -- "$traces"/* | sed 's/.*/killed: &/'
}

judge() {
	local name argument comment bad=0 seen=0 unseen=0 refused
	calls >"$scratch/calls"
	while IFS=$'\t' read -r name argument comment; do
		if was_called "$name" "$argument"; then
			((++seen))
			[[ $comment != *unseen:* ]] || printf 'seen after all: %s %s\n' "$name" "$argument"
		elif [[ $comment == *unseen:* ]]; then
			((++unseen))
		else
			printf 'not seen, and no reason: %s %s\n' "$name" "$argument"
			((++bad))
		fi
	done < <(entries)
	refused=$(refusals)
	if [[ -n $refused ]]; then
		printf 'refused:\n%s\n' "$refused"
		((++bad))
	fi
	if (($(entries | wc -l) != $(grep -cE '^	(CALL|NEWER|IF_[A-Z]+)\("' "$list"))); then
		echo "$list has entries that are not read here"
		((++bad))
	fi
	echo "$seen entries seen, $unseen unseen with a reason, $bad without"
	((bad == 0))
}

[[ -n $traces ]] || collect
judge
