#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install/package.sh deb|rpm
#
# Called by `make deb` and `make rpm` with VERSION and BUILD in the environment. Packages are built from a
# copy of the sources, so that nothing of this tree's own build gets into them, and come to
# BUILD/packages. The same sources give the same bytes: SOURCE_DATE_EPOCH, by default the date of the
# changelog, is the time of every file in them.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC

cd -- "$(dirname -- "$0")/.."
name=fuse-sidecar-hook
version=${VERSION:?not set, run make}
build=$(realpath -m -- "${BUILD:?not set}")
# The copy builds in a directory of its own: make would take this one from the environment.
unset BUILD
out=$build/packages
work=

cleanup() {
	[[ -z $work ]] || rm -rf -- "$work"
}
trap cleanup EXIT

changelog_date() {
	sed -n 's/^ -- .*>  //p' install/debian/changelog | head -n 1
}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "$(changelog_date)" +%s)}
export SOURCE_DATE_EPOCH

# copy_sources DIR: all that a build and its tests need, and nothing that was built
copy_sources() {
	mkdir -p -- "$1"
	cp -a -- Makefile VERSION README.md CHANGELOG.md SECURITY.md MAINTAINERS.md LICENSE hook oci policy install crio-hooks.d docs examples tests "$1"
	printf '%s\n' "$version" >"$1/VERSION"
	find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" -- {} +
}

# A version that the changelog does not have yet: somebody builds a snapshot.
name_version() {
	local file=$1/debian/changelog
	[[ $(sed -n "1s/^$name (\(.*\)) .*/\1/p" "$file") != "$version" ]] || return 0
	{
		printf '%s (%s) unstable; urgency=medium\n\n  * Snapshot.\n\n' "$name" "$version"
		sed -n '/^ -- /{p;q}' "$file"
		echo
		cat -- "$file"
	} >"$file.new"
	mv -- "$file.new" "$file"
}

make_deb() {
	local tree=$work/$name-$version jobs
	jobs=$(nproc)
	copy_sources "$tree"
	mv -- "$tree/install/debian" "$tree/debian"
	name_version "$tree"
	# The unit tests have their own target; a distribution's build runs them.
	(cd -- "$tree" && DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-nocheck} parallel=$jobs" \
		dpkg-buildpackage --build=binary --no-sign --no-check-builddeps) >"$work/log" 2>&1 || {
		cat -- "$work/log" >&2
		return 1
	}
	deliver "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo
}

make_rpm() {
	local tree=$work/$name-$version top=$work/rpmbuild nodeps=()
	mkdir -p -- "$top"/{SOURCES,SPECS}
	copy_sources "$tree"
	tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
		-c "$name-$version" | gzip -n >"$top/SOURCES/$name-$version.tar.gz"
	# Who builds the source package again gives no version.
	sed "s/%global fsh_version [^}]*}/%global fsh_version $version}/" install/rpm/$name.spec >"$top/SPECS/$name.spec"
	# The packages that the spec names are Fedora's; where dpkg installed the libraries, rpm has heard
	# of none of them.
	[[ -e /etc/fedora-release || -e /etc/redhat-release ]] || nodeps=(--nodeps)
	# Not by -ba: the binary package would have the digest of the source package, and that the name of
	# the directory where it was built.
	{ build_rpm -bs && build_rpm -bb; } >"$work/log" 2>&1 || {
		cat -- "$work/log" >&2
		return 1
	}
	deliver "$top"/SRPMS/*.rpm "$top"/RPMS/*/*.rpm
}

# build_rpm WHAT: in the directories of make_rpm
build_rpm() {
	rpmbuild "$1" "${nodeps[@]}" --define "_topdir $top" --define "fsh_version $version" \
		--define 'use_source_date_epoch_as_buildtime 1' --define '_buildhost reproducible' \
		--define 'clamp_mtime_to_source_date_epoch 1' \
		"$top/SPECS/$name.spec"
}

# deliver FILE...: by rename, so that nobody finds half a package
deliver() {
	local file
	mkdir -p -- "$out"
	for file; do
		mv -fT -- "$file" "$out/${file##*/}"
		echo "made $out/${file##*/}"
	done
}

mkdir -p -- "$build"
# Not in BUILD: it may lie in a directory whose name has blanks, which debhelper cannot take.
work=$(mktemp -d)
case ${1:-} in
deb) make_deb ;;
rpm) make_rpm ;;
*)
	echo "usage: install/package.sh deb|rpm (by make)" >&2
	exit 2
	;;
esac
