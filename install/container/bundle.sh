#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install/container/bundle.sh DIRECTORY VERSION BINARY...
#
# Makes in DIRECTORY a copy of the programs that run on any node of this architecture, whatever
# libraries and C library that has: the programs, their shared libraries and the dynamic loader.
#
#   DIRECTORY/ID/sbin/*                     the programs; the interpreter is /opt/fuse-sidecar-hook/ID/lib/ld-*.so
#   DIRECTORY/ID/lib/*                      its libraries, found by its RPATH, which is that directory
#   DIRECTORY/id                            the ID
#
# A static program would be one file, but what is loaded by dlopen(3) wants the very C library that it was built with. The ID is of the content, so that versions
# lie side by side on a node and a link can be switched from one to the other. On the node it all has
# to be at /opt/fuse-sidecar-hook, because a program's interpreter is an absolute path.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8

directory=$1 version=$2
shift 2
name=fuse-sidecar-hook
place=/opt/$name
# Loaded by dlopen(3), if at all: by name, as ldd(1) does not see them.
lazy='libmount.so.1 libyaml-0.so.2'

# PATH of each of those that are loaded
lazy_libraries() {
	local library
	for library in $lazy; do
		ldconfig -p | sed -nE "s/^\t${library//./\\.} .* => (.*)/\1/p" | head -n 1
	done
}

# PATH of each library, with those that it needs, and of the loader
libraries() {
	local -a loaded
	mapfile -t loaded < <(lazy_libraries)
	printf '%s\n' "${loaded[@]}"
	ldd "$@" "${loaded[@]}" | sed -nE 's/^\t.* => (\/[^ ]+) .*/\1/p; s/^\t(\/[^ ]+) .*/\1/p'
}

loader=$(readelf -W --program-headers "$1" |
	sed -nE 's/.*\[Requesting program interpreter: (.*)\]$/\1/p')
[[ $loader == /* ]] || { echo "bundle: $1 has no dynamic loader" >&2; exit 1; }
if ldd "$@" | grep 'not found' >&2; then
	echo "bundle: libraries are missing" >&2
	exit 1
fi

rm -rf -- "$directory"
mkdir -p -- "$directory/new/sbin" "$directory/new/lib"
for binary; do
	strip --strip-unneeded -o "$directory/new/sbin/${binary##*/}" "$binary"
done
while read -r library; do
	cp -L -- "$library" "$directory/new/lib/"
done < <(libraries "$@" | sort -u)

id=$version-$(cd -- "$directory/new" && find . -type f -print0 | sort -z | xargs -0 sha256sum |
	sha256sum | cut -c 1-12)
mv -- "$directory/new" "$directory/$id"
# An RPATH, not a RUNPATH: it holds for the libraries of libraries and for dlopen(3) too.
for binary in "$directory/$id"/sbin/*; do
	patchelf --force-rpath --set-rpath "$place/$id/lib" \
		--set-interpreter "$place/$id/lib/${loader##*/}" "$binary"
	chmod 0755 "$binary"
done
chmod 0755 "$directory/$id/lib/${loader##*/}"
echo "$id" >"$directory/id"
echo "made $directory/$id"
