#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/run.sh [--builds] [format|tidy|analyzer|cppcheck|shell|json|spdx|layers|shape|links|clang|gcc]...
#
# The linters that need no build, all of them when none is named, and with --builds those that build, too: what
# the libraries link with, and the compilers' warnings. Each runs also when one before it found something; the
# last line is the verdict on all of them.
set -uo pipefail

cd -- "$(dirname -- "$0")/../.." || exit 1
jobs=$(nproc)
bad=()

sources() {
	find . -name '.git' -prune -o -path './build*' -prune -o -name "$1" -type f -print |
		sed 's|^\./||' | sort
}

lint_format() {
	{ sources '*.c' && sources '*.cc' && sources '*.h'; } | xargs -r -d '\n' clang-format --dry-run -Werror
}

# As `make` compiles them, less what only gcc knows.
compile_flags() {
	local line
	line=$(make -s print-cflags) || return 1
	eval "flags=($line)"
}

lint_tidy() {
	local flags=()
	compile_flags || return 1
	# clang-tidy counts the warnings of system headers that it hid; nobody wants to know.
	sources '*.c' | xargs -r -d '\n' -P "$jobs" -I{} \
		clang-tidy --quiet {} -- "${flags[@]}" 2> >(grep -v 'warnings\{0,1\} generated\.$' >&2)
}

# clang's static analyzer, what scan-build runs: what it does by default, and what else it has for C.
# unix.Malloc is off, for it knows no cleanup attributes and takes each variable that has one for a
# leak: leaks are LeakSanitizer's and valgrind's to find (check-asan, check-valgrind).
analyzer_more=optin.portability,security.FloatLoopCounter,security.insecureAPI.UncheckedReturn,valist
analyzer_less=unix.Malloc
lint_analyzer() {
	local flags=()
	compile_flags || return 1
	sources '*.c' | xargs -r -d '\n' -P "$jobs" -I{} clang --analyze --analyzer-output text \
		-o /dev/null -Xclang -analyzer-werror -Xclang "-analyzer-checker=$analyzer_more" \
		-Xclang "-analyzer-disable-checker=$analyzer_less" "${flags[@]}" {}
}

# Unknown macros are those of cmocka and json-c, whose headers cppcheck is not given. Leaks: cppcheck
# 2.10 knows nothing of cleanup attributes; LeakSanitizer looks for them. readdir: readdir_r() is what
# glibc advises against. varFuncNullUB: it takes the commas of a compound literal for those between arguments.
# The architecture is this machine's: a source may refuse others.
lint_cppcheck() {
	local dir dirs=()
	for dir in oci policy hook tests; do
		[[ ! -d $dir ]] || dirs+=("$dir")
	done
	((${#dirs[@]})) || return 0
	cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$jobs" --std=c11 --library=posix \
		--library=gnu --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=readdirCalled \
		--suppress=memleak --suppress=resourceLeak --suppress=memleakOnRealloc \
		--suppress=varFuncNullUB \
		-D_GNU_SOURCE "-D__$(uname -m)__" -DFUSE_SIDECAR_HOOK_VERSION='""' -I . \
		--template='{file}:{line}: {severity}: {message} [{id}]' \
		"${dirs[@]}"
}

lint_shell() {
	{ sources '*.sh' && sources '*.bash' && sources '*.bash-completion' && sources '*.prerm' &&
		sources '*.postinst' && sources '*.postrm' && find .ci -name run; } |
		xargs -r -d '\n' shellcheck -x
}

# Hook files and JSON Schemas have to be JSON; the example policy is JSON with comments.
lint_json() {
	local file rc=0
	for file in crio-hooks.d/*.json docs/*.json; do
		[[ -e $file ]] || continue
		jq empty "$file" || { echo "$file: not JSON"; rc=1; }
	done
	return "$rc"
}

# In the first line, or in the second below #!.
lint_spdx() {
	local file rc=0
	while IFS= read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' ||
			{ echo "$file: no SPDX line"; rc=1; }
	done < <(sources '*.c' && sources '*.cc' && sources '*.h' && sources '*.sh' &&
		sources '*.bash' && sources '*.py' && sources '*.mk' && sources '*.postinst' && sources '*.postrm' && sources '*.prerm' &&
		sources '*.bash-completion' && sources '*.yml' && echo Makefile && echo .ci/run)
	return "$rc"
}

lint_layers() {
	tests/lint/layers.sh
}

lint_shape() {
	tests/lint/shape.sh
}

lint_links() {
	make check-layers
}

lint_clang() {
	make CC=clang BUILD=build-clang all tests bench-programs
}

lint_gcc() {
	make CC=gcc ANALYZE=1 BUILD=build-analyzer all
}

quick=(format tidy analyzer cppcheck shell json spdx layers shape)
builds=(links clang gcc)
if [[ ${1:-} == --builds ]]; then
	shift
	set -- "${quick[@]}" "${builds[@]}" "$@"
fi
(($#)) || set -- "${quick[@]}"
for linter; do
	if [[ " ${quick[*]} ${builds[*]} " != *" $linter "* ]]; then
		echo "usage: tests/lint/run.sh [--builds] [${quick[*]} ${builds[*]}]" >&2
		exit 2
	fi
done
for linter; do
	start=$SECONDS
	if "lint_$linter"; then
		echo "lint $linter: clean ($((SECONDS - start)) s)"
	else
		echo "lint $linter: FAILED ($((SECONDS - start)) s)"
		bad+=("$linter")
	fi
done
if ((${#bad[@]})); then
	echo "lint: FAILED: ${bad[*]} ($(($# - ${#bad[@]})) of $# clean)"
	exit 1
fi
echo "lint: all clean: $*"
