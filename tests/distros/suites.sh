#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/distros/suites.sh NAME SUITE…
#
# In a root file system of another release, called NAME, as pid 1 (inside.sh): runs each suite, writes what
# it says to /run/distros/NAME.SUITE.log, and a line of NAME SUITE PASSED FAILED SKIPPED SECONDS to
# /run/distros/results.
#
#   build    the programs and all tests, by gcc and by clang, without a warning
#   unit, ns, install, e2e and every other stage of tests/run-check.sh
#   pod      the one suite of e2e
#   demo     `make demo`
#   deb      `make deb`, and the program in it runs
#   old      on Debian 12 it makes what it runs elsewhere (old.sh): the program of that release, with the
#            libraries that are here and with those of its bundle
set -uo pipefail

NAME=$1
shift
OUT=/run/distros
OLD=$OUT/old
PLACE=/opt/fuse-sidecar-hook
JOBS=-j$(nproc)

# shellcheck source=tests/lib/sandbox.sh
. tests/lib/sandbox.sh
sandbox_cgroups auto

# What it all was tried with, in a line of /run/distros/NAME.versions.
say_versions() {
	local package version
	printf 'gcc %s, clang %s, glibc %s' "$(gcc -dumpfullversion)" \
		"$(clang -dumpversion)" "$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)"
	for package in json-c mount libcap libseccomp libsystemd yaml-0.1 cmocka; do
		printf ', %s %s' "$package" "$(pkg-config --modversion "$package")"
	done
	for package in podman conmon runc crun rclone fuse3 linux-libc-dev; do
		# shellcheck disable=SC2016 # dpkg's variable
		version=$(dpkg-query -W -f '${Version}' "$package")
		printf ', %s %s' "$package" "${version%%[-+]*}"
	done
	printf ', Linux %s\n' "$(uname -r)"
}

# without_a_warning COMMAND…
without_a_warning() {
	local said
	said=$(mktemp)
	"$@" 2>&1 | tee "$said"
	((PIPESTATUS[0] == 0)) && ! grep -i 'warning:' "$said"
}

# attempt COMMAND…: one test. tally: how many of them passed, as the last line.
PASSED=0 FAILED=0
attempt() {
	printf '== %s\n' "$*"
	if "$@" </dev/null; then
		((PASSED++))
	else
		printf '== FAILED: %s\n' "$*"
		((FAILED++))
	fi
}

tally() {
	printf '%d passed, %d failed, 0 skipped\n' "$PASSED" "$FAILED"
	PASSED=0 FAILED=0
}

run_build() {
	gcc --version | head -n 1
	clang --version | head -n 1
	attempt without_a_warning make "$JOBS" all tests
	attempt without_a_warning make "$JOBS" CC=clang BUILD=build-clang all tests
	tally
}

run_demo() {
	attempt make demo
	tally
}

package_runs() {
	dpkg-deb --extract build/packages/fuse-sidecar-hook_*.deb build/unpacked &&
		dpkg-deb --extract build/packages/fuse-sidecar-tools_*.deb build/unpacked &&
		build/unpacked/usr/libexec/oci/hooks.d/fuse-sidecar-hook --version &&
		build/unpacked/usr/bin/fuse-sidecar --version
}

run_deb() {
	attempt make deb
	attempt package_runs
	tally
}

run_pod() {
	tests/e2e/run.sh pod
}

# The pod of the end-to-end tests, and the namespace tests that run the program.
run_elsewhere() {
	printf '== %s\n' "$1"
	FUSE_SIDECAR_HOOK=$1 FUSE_SIDECAR=${1%/*}/fuse-sidecar tests/e2e/run.sh pod
	tests/run-check.sh --hook "$1" ns_hook
}

place_bundle() {
	[[ -x $OLD/alone/fuse-sidecar-hook ]] || { echo 'no programs of Debian 12'; return 1; }
	mkdir -p "$PLACE" && mount --bind "$OLD" "$PLACE"
}

# What several runs counted, as one.
sum() {
	awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed += $1; failed += $3; skipped += $5 }
		{ print; fflush() }
		END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
}

run_old() {
	local hook
	if [[ $NAME == 12 ]]; then
		attempt tests/distros/old.sh "$OLD"
		tally
		return
	fi
	place_bundle || return
	for hook in "$PLACE"/{alone,*/sbin}/fuse-sidecar-hook; do
		run_elsewhere "$hook"
	done | sum
	umount "$PLACE"
}

run_suite() {
	case $1 in
	build | demo | deb | old | pod) "run_$1" ;;
	*) tests/run-check.sh "$1" ;;
	esac
}

# suite NAME: runs it and counts. A suite that ends without a count has failed.
suite() {
	local suite=$1 log=$OUT/$NAME.$1.log start=$SECONDS last word=ok passed failed skipped
	run_suite "$suite" </dev/null >"$log" 2>&1
	last=$(grep -v '^[[:space:]]*$' "$log" | tail -n 1)
	[[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]] ||
		last='0 passed, 1 failed, 0 skipped (no end)'
	read -r passed _ failed _ skipped _ <<<"$last"
	echo "$NAME $suite $passed $failed $skipped $((SECONDS - start))" >>"$OUT/results"
	if ((failed > 0)); then
		word=FAIL
		grep -v '^ok ' "$log" | sed 's/^/    /'
	fi
	printf '%-4s Debian %s %s: %s, in %d s\n' "$word" "$NAME" "$suite" "$last" "$((SECONDS - start))"
	grep -E '^( *skipped:|ok .* # SKIP|SKIP )' "$log" | sed -E 's/^( *skipped:|ok [0-9]+ -|SKIP) */  skipped: /'
	return 0
}

say_versions >"$OUT/$NAME.versions"
for suite; do
	suite "$suite"
done
