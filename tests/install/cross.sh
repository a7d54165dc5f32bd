#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A cross build takes the filter of system calls of the architecture that its compiler makes programs
# for, and makes it with this machine's compiler.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

build=$scratch/build
case $(uname -m) in
aarch64) other=x86_64 ;;
*) other=aarch64 ;;
esac

# It says what it makes programs for, and can compile nothing: what runs here must not come from it.
make_other_compiler() {
	mkdir -p -- "$scratch/bin"
	cat >"$scratch/bin/cross-gcc" <<-EOF
		#!/bin/sh
		[ "\$1" = -dumpmachine ] || exit 1
		echo $other-linux-gnu
	EOF
	chmod 755 "$scratch/bin/cross-gcc"
}

make_filter() {
	make -s "CC=$scratch/bin/cross-gcc" "BUILD=$build" "$build/gen/filter_programs.c"
}

# As long as a program of any use is, and not what this machine has.
has_programs() {
	grep -qF "for $other-linux-gnu." "$build/gen/filter_programs.c" &&
		[[ $(grep -c '^	{0x' "$build/gen/filter_programs.c") -gt 200 ]] &&
		! grep -qF '(struct sock_filter *)0' "$build/gen/filter_programs.c"
}

# AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64: what the second instruction compares
asks_for_the_other_architecture() {
	local arch=0xc00000b7
	[[ $other == aarch64 ]] || arch=0xc000003e
	local programs
	programs=$(grep -c '^static struct sock_filter' "$build/gen/filter_programs.c")
	((programs >= 2)) && [[ $(grep -A 2 '^static struct sock_filter' "$build/gen/filter_programs.c" |
		grep -c "^	{0x15, .*, $arch},") == "$programs" ]]
}

an_unknown_one_has_none() {
	"$build/gen/filter_export" riscv64-linux-gnu | grep -qF '{0, (struct sock_filter *)0},'
}

make_other_compiler
is 'the filter is made with the compiler of this machine' make_filter
is 'it has the programs of the other architecture' has_programs
is 'which ask for that architecture first' asks_for_the_other_architecture
is 'an architecture that the list is not for has no filter' an_unknown_one_has_none
finish
