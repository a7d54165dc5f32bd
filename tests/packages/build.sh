#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/packages/build.sh
#
# What the suites beside it need, below BUILD_DIR/check-packages: the packages of this version (one), the
# same made once more (again), those of a newer version (two), and the root file system of a small Debian
# (root), which is kept for the next time. Only this needs a network: it asks the mirror that apt uses here.
set -euo pipefail

cd -- "$(dirname -- "$0")/../.."
out=$BUILD_DIR/check-packages
version=$(<VERSION)

make_packages() {
	local where=$out/$1 version=$2
	rm -rf -- "$where"
	VERSION=$version BUILD=$where install/package.sh deb
	VERSION=$version BUILD=$where install/package.sh rpm
}

# The libraries that the package wants before it is unpacked, by name, and what lint loads. Not what the
# package only recommends: it has to do without.
wanted_packages() {
	local names=(systemd systemd-sysv libyaml-0-2) name
	while read -r name; do
		names+=("$name")
	done < <(dpkg-deb -f "$out"/one/packages/fuse-sidecar-hook_*.deb Pre-Depends |
		tr ',' '\n' | sed 's/^ *//; s/ .*//')
	(IFS=,; echo "${names[*]}")
}

make_root() {
	local mirror suite wanted
	wanted=$(wanted_packages)
	[[ ! -e $out/root/.complete || $(<"$out/root/.complete") != "$wanted" ]] || return 0
	rm -rf --one-file-system -- "$out/root"
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt's variable
	mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" "Component: main" |
		head -n 1)
	[[ -n $mirror ]] || { echo "build: apt has no source for $suite" >&2; return 1; }
	debootstrap --variant=minbase --include="$wanted" "$suite" "$out/root" "$mirror" \
		>"$out/debootstrap.log" 2>&1 || { tail -n 20 "$out/debootstrap.log" >&2; return 1; }
	rm -rf -- "$out"/root/var/cache/apt/archives/*.deb "$out"/root/var/lib/apt/lists/*
	echo "$wanted" >"$out/root/.complete"
}

mkdir -p -- "$out"
make_packages one "$version"
make_packages again "$version"
make_packages two "$version.1"
make_root
