# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Kernels of several years, as programs: Debian's user-mode-linux of each release, with its modules, unpacked
# once below $CACHE/VERSION. All that needs the network is here. Packages come from the mirror that this
# machine's apt asks.

# shellcheck source=tests/lib/mirror.bash
. tests/lib/mirror.bash

CACHE=${REAL_KERNELS_CACHE:-/var/cache/fuse-sidecar-hook-kernels}

# The release whose package is a kernel of that version, and what its C library is in.
kernels_codename() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.2) echo sid ;;
	*) return 1 ;;
	esac
}

# The namespace programs that such a kernel cannot run. On 6.12 a process that is killed while it forks is the end of
# the kernel: flush_tlb_mm() of user-mode-linux takes the mark of an unfinished address space for a mapping of it.
kernels_left_out() {
	case $1 in
	6.12) echo ns_test_signals ;;
	esac
}

# An apt of our own: neither this machine's list of packages nor its releases are touched.
kernels_apt() {
	local where=$1
	shift
	"$1" -q -o Dir::Etc::sourcelist="$where/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$where/apt/lists" -o Dir::State::status="$where/apt/status" \
		-o Dir::Cache="$where/apt/cache" -o APT::Sandbox::User=root \
		-o Acquire::Check-Valid-Until=false "${@:2}"
}

# kernels_download WHERE CODENAME PACKAGE...: unpacked below WHERE/root
kernels_download() {
	local where=$1 codename=$2 mirror deb
	shift 2
	mirror=$(debian_mirror) || return
	mkdir -p "$where"/{root,debs,apt/lists/partial,apt/cache/archives/partial}
	: >"$where/apt/status"
	echo "deb $mirror $codename main" >"$where/apt/sources.list"
	kernels_apt "$where" apt-get update || return
	(cd "$where/debs" && kernels_apt "$where" apt-get download "$@") || return
	for deb in "$where"/debs/*.deb; do
		dpkg-deb -x "$deb" "$where/root" || return
	done
	rm -rf -- "$where/debs" "$where/apt"
}

# One that was linked with a younger C library gets that: it starts itself anew by /proc/self/exe, so it cannot be
# started through that library's loader.
kernels_link() {
	local where=$1 libraries
	cp -- "$where/root/usr/bin/linux.uml" "$where/linux" || return
	if [[ -n $(find "$where/root" -name 'ld-linux*.so.*' -print -quit) ]]; then
		libraries=$(dirname -- "$(find "$where/root" -name libc.so.6 -print -quit)")
		patchelf --set-interpreter "$(find "$libraries" -name 'ld-linux*.so.*' -print -quit)" \
			--set-rpath "$libraries" "$where/linux" || return
	fi
	"$where/linux" --version >/dev/null
}

# kernels_prepare VERSION LOG: $CACHE/VERSION/linux and its modules are there. What is half made has another name.
kernels_prepare() {
	local where=$CACHE/$1 log=$2 codename packages=(user-mode-linux)
	: >"$log"
	[[ -e $where/.complete ]] && return
	codename=$(kernels_codename "$1") || return
	case $1 in 5.* | 6.1) ;; *) packages+=(libc6) ;; esac
	rm -rf --one-file-system -- "$where"
	kernels_download "$where" "$codename" "${packages[@]}" >>"$log" 2>&1 || return
	kernels_link "$where" >>"$log" 2>&1 || return
	: >"$where/.complete"
}

kernels_modules() {
	echo "$CACHE/$1/root/usr/lib/uml/modules"/*
}
