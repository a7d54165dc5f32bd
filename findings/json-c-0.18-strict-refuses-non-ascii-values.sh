#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# json-c 0.18 with JSON_TOKENER_STRICT refuses every byte above 0x7f in a string *value*
# ("invalid string sequence"), while the same bytes pass in a member's *name*. 0.16 (Debian 12) and
# 0.19 take both, and 0.18 takes both without the flag. So a program that is strict about other
# people's JSON, and worked for years, refuses {"title":"Amélie"} on Debian 13 alone.
#
# Seen with libjson-c5 0.16-2, 0.18+ds-1 (Debian 12, 13). Needs gcc, libjson-c-dev and apt's network.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# shellcheck disable=SC2016 # apt's own words
site=$(apt-get indextargets --format '$(SITE)' 'Component: main' | grep -v security | sort -u | head -n 1)

# root SUITE PACKAGE=VERSION...: the packages, unpacked below ./SUITE, by an apt of its own
root() {
	local suite=$1 deb
	shift
	mkdir -p "$suite"/{root,lists/partial,cache/archives/partial}
	: >"$suite/status"
	echo "deb $site $suite main" >"$suite/sources.list"
	local options=(-qq -o Dir::Etc::sourcelist="$PWD/$suite/sources.list" -o Dir::Etc::sourceparts=-
		-o Dir::State::lists="$PWD/$suite/lists" -o Dir::State::status="$PWD/$suite/status"
		-o Dir::Cache="$PWD/$suite/cache" -o APT::Sandbox::User=root)
	apt-get "${options[@]}" update
	(cd "$suite" && apt-get "${options[@]}" download "$@")
	for deb in "$suite"/*.deb; do dpkg-deb -x "$deb" "$suite/root"; done
}

root bookworm libjson-c5=0.16-2 libc6
root trixie libjson-c5=0.18+ds-1 libc6

cat >parse.c <<'C'
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct json_tokener *tokener = json_tokener_new();

	if (argc != 3)
		return 2;
	json_tokener_set_flags(tokener, atoi(argv[1]) ? JSON_TOKENER_STRICT : 0);
	json_tokener_parse_ex(tokener, argv[2], (int)strlen(argv[2]));
	puts(json_tokener_error_desc(json_tokener_get_error(tokener)));
	return 0;
}
C
# shellcheck disable=SC2046 # several words
gcc -o parse parse.c $(pkg-config --cflags --libs json-c)

# try SUITE STRICT TEXT EXPECTED
failed=0
try() {
	local lib said loader
	lib=$(dirname "$(find "$1/root" -name 'libc.so.6' | head -n 1)")
	loader=$(find "$1/root" -name 'ld-linux*.so.*' | head -n 1)
	lib=$lib:$(dirname "$(find "$1/root" -name 'libjson-c.so.5' | head -n 1)")
	said=$("$loader" --library-path "$lib" ./parse "$2" "$3")
	printf '%-9s strict=%s %-20s %s\n' "$1" "$2" "$3" "$said"
	[[ $said == "$4" ]] || { echo "  expected: $4"; failed=1; }
}

try bookworm 1 '{"title":"Amélie"}' success
try bookworm 1 '{"é":1}' success
try trixie 1 '{"title":"Amélie"}' 'invalid string sequence'
try trixie 1 '{"é":1}' success
try trixie 0 '{"title":"Amélie"}' success
exit "$failed"
