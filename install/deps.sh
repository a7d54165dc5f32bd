#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install/deps.sh [--list] [build|test|demo|lint|valgrind|bench|clang|distros|kernels|fuzz|deb|rpm|bundle|machineconfig|package|all]...
#
# Installs what is missing for the named purposes, and only when something is missing: on a machine
# that has it all nothing is run and no network is needed. Debian and its relatives through apt-get,
# Fedora and its relatives through dnf; elsewhere it names what to install and fails.
# With --list it only prints what is missing.
#
# What is installed stays as it is: nothing is removed and nothing upgraded. Where something that is missing cannot be
# installed without an upgrade it says so and installs nothing; DEPS_UPGRADE=yes, for images and CI, lets it upgrade that,
# which it says. Nothing is started, and what packages have enabled is disabled again.
set -euo pipefail

# purpose | how to see that it is there | Debian | Fedora
#   cmd:NAME   a command            pc:NAME    a pkg-config module
#   file:PATH  a file               py:NAME    a Python module
#                                   asan:      the sanitizers' run time of gcc
#                                   fuzzer:    libFuzzer, of clang's run time
table() {
	cat <<'EOF'
build | cmd:gcc | build-essential | gcc
build | cmd:make | build-essential | make
build | cmd:pkg-config | pkg-config | pkgconf-pkg-config
build | file:/usr/include/stdio.h | libc6-dev | glibc-devel
build | pc:json-c | libjson-c-dev | json-c-devel
build | pc:mount | libmount-dev | libmount-devel
build | pc:libcap | libcap-dev | libcap-devel
build | pc:libseccomp | libseccomp-dev | libseccomp-devel
build | pc:yaml-0.1 | libyaml-dev | libyaml-devel
build | cmd:g++ | build-essential | gcc-c++
build | pc:tomlplusplus | libtomlplusplus-dev | tomlplusplus-devel
build | pc:re2 | libre2-dev | re2-devel
test | pc:cmocka | libcmocka-dev | libcmocka-devel
test | asan: | build-essential | libasan libubsan
test | cmd:unshare,nsenter,mount | util-linux | util-linux
test | cmd:ps | procps | procps-ng
test | cmd:ip | iproute2 | iproute
test | cmd:jq | jq | jq
test | cmd:strace | strace | strace
test | cmd:podman | podman | podman
test | cmd:conmon | conmon | conmon
test | cmd:runc | runc | runc
test | cmd:crun | crun | crun
test | cmd:rclone | rclone | rclone
test | cmd:fusermount3 | fuse3 | fuse3
test | cmd:busybox | busybox-static | busybox
test | cmd:journalctl | systemd | systemd
test | cmd:man,groff | man-db groff-base | man-db groff-base
test | cmd:mandoc | mandoc | mandoc
test | cmd:patchelf | patchelf | patchelf
test | cmd:curl | curl | curl
test | cmd:python3 | python3 | python3
test | py:jsonschema | python3-jsonschema | python3-jsonschema
test | cmd:script | bsdutils | util-linux
test | cmd:git | git | git
demo | cmd:unshare,nsenter,mount | util-linux | util-linux
demo | cmd:ps | procps | procps-ng
demo | cmd:ip | iproute2 | iproute
demo | cmd:jq | jq | jq
demo | cmd:podman | podman | podman
demo | cmd:conmon | conmon | conmon
demo | cmd:runc | runc | runc
demo | cmd:rclone | rclone | rclone
demo | cmd:fusermount3 | fuse3 | fuse3
demo | cmd:busybox | busybox-static | busybox
demo | cmd:journalctl | systemd | systemd
lint | cmd:clang | clang | clang
lint | cmd:clang-tidy | clang-tidy | clang-tools-extra
lint | cmd:clang-format | clang-format | clang-tools-extra
lint | cmd:cppcheck | cppcheck | cppcheck
lint | cmd:shellcheck | shellcheck | ShellCheck
lint | cmd:jq | jq | jq
lint | cmd:gcovr | gcovr | gcovr
valgrind | cmd:valgrind | valgrind | valgrind
bench | cmd:jq | jq | jq
bench | cmd:unshare | util-linux | util-linux
clang | cmd:clang | clang | clang
clang | cmd:clang-format | clang-format | clang-tools-extra
distros | cmd:debootstrap | debootstrap | debootstrap
distros | cmd:unshare,setpriv,pivot_root | util-linux | util-linux
distros | cmd:ip | iproute2 | iproute
distros | cmd:jq | jq | jq
fuzz | cmd:clang | clang | clang
fuzz | fuzzer: | libclang-rt-dev | compiler-rt
fuzz | cmd:jq | jq | jq
deb | cmd:dpkg-buildpackage | dpkg-dev | dpkg-dev
deb | cmd:dh | debhelper | debhelper
rpm | cmd:rpmbuild | rpm | rpm-build systemd-rpm-macros
bundle | cmd:patchelf | patchelf | patchelf
machineconfig | cmd:jq | jq | jq
kernels | cmd:insmod | kmod | kmod
kernels | cmd:patchelf | patchelf | patchelf
kernels | cmd:debootstrap | debootstrap | debootstrap
kernels | cmd:mke2fs | e2fsprogs | e2fsprogs
kernels | cmd:unshare | util-linux | util-linux
package | cmd:lintian | lintian | lintian
package | cmd:rpmlint | rpmlint | rpmlint
package | cmd:cpio | cpio | cpio
package | cmd:debootstrap | debootstrap | debootstrap
package | cmd:strace | strace | strace
package | cmd:jq | jq | jq
package | cmd:ignition-validate | ignition | ignition-validate
package | cmd:kubectl | kubernetes-client | kubernetes-client
package | cmd:python3 | python3 | python3
package | py:yaml | python3-yaml | python3-pyyaml
package | py:kubernetes | python3-kubernetes | python3-kubernetes
EOF
}

# An administrator's shell often lacks the sbin directories in which runc and ip may lie.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

there() {
	local kind=${1%%:*} name=${1#*:} file one
	case $kind in
	cmd)
		for one in ${name//,/ }; do
			command -v "$one" >/dev/null || return 1
		done
		;;
	pc) command -v pkg-config >/dev/null && pkg-config --exists "$name" ;;
	file) [[ -e $name ]] ;;
	py) /usr/bin/python3 -c "import $name" 2>/dev/null ;;
	asan)
		command -v gcc >/dev/null || return 1
		file=$(gcc -print-file-name=libasan.so)
		[[ $file == /* ]]
		;;
	fuzzer)
		command -v clang >/dev/null || return 1
		# By architecture in its name or in its directory, as LLVM's own or a distribution's.
		compgen -G "$(clang -print-resource-dir)/lib/*/libclang_rt.fuzzer*.a" >/dev/null
		;;
	esac
}

family() {
	local ID='' ID_LIKE=''
	# shellcheck source=/dev/null
	if [[ -r /etc/os-release ]]; then . /etc/os-release; fi
	case " $ID $ID_LIKE " in
	*' debian '*) echo debian ;;
	*' fedora '*) echo fedora ;;
	*) echo "${ID:-unknown}" ;;
	esac
}

# missing FAMILY PURPOSE... : the package names, one a line, no name twice
missing() {
	local family=$1 purpose check debian fedora
	shift
	while IFS='|' read -r purpose check debian fedora; do
		purpose=${purpose// /}
		check=${check// /}
		[[ " $* " == *" all "* || " $* " == *" $purpose "* ]] || continue
		there "$check" && continue
		if [[ $family == fedora ]]; then
			echo "$fedora"
		else
			echo "$debian"
		fi
	done < <(table) | tr -s ' ' '\n' | awk 'NF && !seen[$0]++'
}

# Without it, and with --no-upgrade alone, a package that is missing upgrades those that it depends on.
keep_what_is_installed() {
	cat -- /etc/apt/preferences 2>/dev/null || true
	printf '\nPackage: *\nPin: release a=now\nPin-Priority: 1001\n'
}

# refuse WHY PACKAGE... : with what apt said
refuse() {
	local why=$1
	shift
	sed 's/^/deps: apt-get: /' "$work/plan" >&2
	echo "deps: $why; to let apt-get do it: apt-get install --no-install-recommends $*" >&2
	exit 1
}

# plan PACKAGE...: what apt-get would do, in $work/plan
plan() {
	"${apt[@]}" --simulate "${how[@]}" "$@" >"$work/plan" 2>&1
}

# Of the plan: NAME OLD to NEW.
upgrades() {
	sed -nE 's/^Inst ([^ ]+) \[([^]]+)\] \(([^ )]+).*/\1 \2 to \3/p' "$work/plan"
}

# A library's -dev package depends on one version of it: on a machine that is behind its repository the two
# cannot be had together. apt-get then upgrades what such dependencies name, and nothing else.
plan_upgrades() {
	[[ ${DEPS_UPGRADE:-no} == yes ]] ||
		refuse 'they need other versions of what is installed, which DEPS_UPGRADE=yes would upgrade' "$@"
	how=(install -q -y --no-remove --no-install-recommends)
	plan "$@" || refuse 'they cannot be installed beside what is there' "$@"
	upgrades | sed 's/^/deps: upgraded, since what is missing depends on that version: /'
}

install_debian() {
	local apt=(apt-get -o DPkg::Lock::Timeout=600) how=(install -q -y --no-upgrade --no-remove --no-install-recommends)
	local unpinned=("${apt[@]}")
	export DEBIAN_FRONTEND=noninteractive
	"${apt[@]}" update -q
	keep_what_is_installed >"$work/preferences"
	apt+=(-o "Dir::Etc::Preferences=$work/preferences")
	# An administrator's own pins may count more than ours.
	if ! plan "$@" || [[ -n $(upgrades) ]]; then
		apt=("${unpinned[@]}")
		plan_upgrades "$@"
	fi
	! grep -q '^Remv ' "$work/plan" || refuse 'they remove what is installed' "$@"
	"${apt[@]}" "${how[@]}" "$@"
}

# The repositories seem not to have what is installed.
install_fedora() {
	local installed
	installed=$(rpm -qa --queryformat '%{NAME}\n' | sort -u | paste -sd ,)
	dnf install -y --setopt=install_weak_deps=False "--setopt=*.excludepkgs=$installed" "$@"
}

# The units that are enabled, as links below /etc/systemd: of the system and of users.
enabled() {
	{ find /etc/systemd/system /etc/systemd/user -type l 2>/dev/null || true; } | sort
}

# install_only FAMILY PACKAGE...: SYSTEMD_OFFLINE lets systemctl enable units, but not start them.
install_only() {
	local family=$1 link
	shift
	enabled >"$work/enabled"
	SYSTEMD_OFFLINE=1 "install_$family" "$@"
	while read -r link; do
		rm -f -- "$link"
		echo "deps: disabled again: ${link#/etc/systemd/}"
	done < <(enabled | comm -13 "$work/enabled" -)
}

main() {
	local list=no purposes=() family packages left
	for arg; do
		case $arg in
		--list) list=yes ;;
		build | test | demo | lint | valgrind | bench | clang | distros | kernels | fuzz | deb | rpm | bundle | machineconfig | package | all) purposes+=("$arg") ;;
		*)
			echo "usage: install/deps.sh [--list]" \
				"[build|test|demo|lint|valgrind|bench|clang|distros|kernels|fuzz|deb|rpm|bundle|machineconfig|package|all]..." >&2
			exit 2
			;;
		esac
	done
	((${#purposes[@]})) || purposes=(all)

	family=$(family)
	mapfile -t packages < <(missing "$family" "${purposes[@]}")
	((${#packages[@]})) || exit 0
	if [[ $list == yes ]]; then
		printf '%s\n' "${packages[@]}"
		exit 0
	fi

	echo "deps: missing for ${purposes[*]}: ${packages[*]}"
	if [[ $family != debian && $family != fedora ]]; then
		echo "deps: no way to install packages on '$family' is known here." >&2
		echo "deps: install these (names as in Debian) and run again: ${packages[*]}" >&2
		exit 1
	fi
	if ((EUID != 0)); then
		echo "deps: root is needed to install them: sudo install/deps.sh ${purposes[*]}" >&2
		exit 1
	fi
	work=$(mktemp -d)
	trap 'rm -rf -- "$work"' EXIT
	install_only "$family" "${packages[@]}"

	mapfile -t left < <(missing "$family" "${purposes[@]}")
	if ((${#left[@]})); then
		echo "deps: still missing after installing: ${left[*]}" >&2
		exit 1
	fi
}

main "$@"
