#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install/deps.sh changes nothing that is on a machine already: with apt-get itself, which plans in a world
# of ours and does not carry it out; and with a dnf that only tells its command line.
set -uo pipefail

# A /etc/systemd and an /etc/os-release of our own.
if ((EUID == 0)) && [[ ${DEPS_INSIDE:-} != 1 ]]; then
	DEPS_INSIDE=1 exec unshare --mount --propagation private -- "$0" "$@"
fi
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

# `make check DEPS_UPGRADE=yes` hands it to every process below make; here each case says it, or not.
unset DEPS_UPGRADE

missing=$(lacking root apt-get dpkg)
if [[ -n $missing ]]; then
	skip 'what is installed stays' "$missing"
	finish
	exit
fi

world=$scratch/world
# Everything that the script runs, but not what it is asked for.
mkdir "$scratch/bin"
for program in bash cat grep sed sort comm find rm ln mktemp tr awk paste dpkg; do
	ln -s "$(command -v "$program")" "$scratch/bin/$program"
done

# stanza NAME VERSION LINE...: of a package
stanza() {
	printf '%s\n' "Package: $1" "Version: $2" "Architecture: $(dpkg --print-architecture)" \
		'Maintainer: nobody' 'Description: test' "${@:3}" ''
}

installed() {
	stanza "$1" "$2" 'Status: install ok installed'
}

offered() {
	stanza "$1" "$2" "Filename: ./$1.deb" 'Size: 1' "SHA256: $(printf '%064d' 0)" "${@:3}"
}

# make_world LINE... : a machine that has libold and unrelated 1, and a repository that has them newer, and
# patchelf with these lines
make_world() {
	rm -rf -- "$world" "$scratch/bin/patchelf" "$scratch/calls"
	mkdir -p "$world"/{repository,lists/partial,archives/partial,etc/apt.conf.d,etc/preferences.d,etc/sources}
	{
		installed libold 1
		installed unrelated 1
	} >"$world/status"
	{
		offered libold 2
		offered unrelated 2
		offered libnew 1
		offered wanted-by-some 1
		offered patchelf 1 "$@"
	} >"$world/repository/Packages"
	echo "deb [trusted=yes] file:$world/repository ./" >"$world/etc/sources.list"
	cat >"$world/apt.conf" <<-END
		Dir::State "$world"; Dir::State::status "$world/status"; Dir::State::lists "$world/lists";
		Dir::State::extended_states "$world/extended"; Dir::Cache "$world"; Dir::Cache::archives "$world/archives";
		Dir::Etc "$world/etc"; Dir::Etc::sourceparts "$world/etc/sources"; Dir::Log "$world";
		Dir::Etc::preferencesparts "$world/etc/preferences.d"; Debug::NoLocking "true"; APT::Sandbox::User "root";
	END
}

# The real apt-get, which plans. Where the script wants it to install, the program is there afterwards, and a
# maintainer's script has enabled a timer.
cat >"$scratch/bin/apt-get" <<END
#!/bin/bash
printf '%s\n' "\${SYSTEMD_OFFLINE:-} \$*" >>"$scratch/calls"
case " \$* " in
*' --simulate '* | *' update '*) exec $(command -v apt-get) "\$@" ;;
esac
$(command -v apt-get) --simulate "\$@" >>"$scratch/installed" || exit
ln -s /bin/true "$scratch/bin/patchelf"
ln -sf /lib/systemd/system/x.timer /etc/systemd/system/timers.target.wants/x.timer
END
chmod +x "$scratch/bin/apt-get"

deps() {
	rm -f "$scratch/installed"
	APT_CONFIG=$world/apt.conf PATH=$scratch/bin install/deps.sh bundle
}

# installs NAME...: these and nothing else
installs() {
	deps || return 1
	diff <(printf '%s\n' "$@" | sort) <(awk '/^Inst/ { print $2 ($3 ~ /^\[/ ? " upgraded" : "") }' \
		"$scratch/installed" | sort)
}

# refuses_saying PATTERN: and installs nothing
refuses_saying() {
	local said
	said=$(deps 2>&1) && return 1
	echo "$said"
	grep -qE "$1" <<<"$said" && [[ ! -e $scratch/installed ]]
}

only_missing() {
	make_world 'Depends: libold' 'Recommends: wanted-by-some'
	installs patchelf
}

other_way() {
	make_world 'Depends: libold (>= 2) | libnew'
	installs patchelf libnew
}

needs_upgrade() {
	make_world 'Depends: libold (>= 2)'
	DEPS_UPGRADE=yes installs 'libold upgraded' patchelf
}

says_what_it_upgrades() {
	local said
	make_world 'Depends: libold (>= 2)'
	said=$(DEPS_UPGRADE=yes deps) || return 1
	grep -q <<<"$said" '^deps: upgraded, since what is missing depends on that version: libold 1 to 2$'
}

needs_upgrade_that_nobody_allows() {
	make_world 'Depends: libold (>= 2)'
	refuses_saying 'DEPS_UPGRADE=yes would upgrade; .* apt-get install --no-install-recommends patchelf' &&
		refuses_saying 'patchelf : Depends: libold \(>= 2\)'
}

needs_removal() {
	make_world 'Conflicts: unrelated'
	refuses_saying 'DEPS_UPGRADE=yes would upgrade' &&
		DEPS_UPGRADE=yes refuses_saying 'cannot be installed beside what is there'
}

# The administrator's pin says that unrelated shall be new.
pinned_by_administrator() {
	make_world 'Depends: libold'
	printf 'Package: unrelated\nPin: version 2\nPin-Priority: 1002\n' >"$world/etc/preferences.d/own"
	installs patchelf
}

# systemctl of a package's script starts nothing, and what it enabled is disabled.
starts_nothing() {
	make_world
	ln -sf /lib/systemd/system/own.timer /etc/systemd/system/timers.target.wants/own.timer
	deps | grep -q 'disabled again: system/timers.target.wants/x.timer' &&
		[[ ! -L /etc/systemd/system/timers.target.wants/x.timer ]] &&
		[[ -L /etc/systemd/system/timers.target.wants/own.timer ]] &&
		[[ $(tail -n 1 "$scratch/calls") == '1 '*' install '* ]]
}

nothing_to_do() {
	make_world
	ln -s /bin/true "$scratch/bin/patchelf"
	deps && [[ ! -e $scratch/calls ]]
}

# A repository's package of a name that is installed is not there for dnf.
dnf_keeps() {
	make_world
	printf 'ID=fedora\n' >"$scratch/os-release"
	mount --bind "$scratch/os-release" "$(realpath /etc/os-release)"
	printf '#!/bin/bash\nprintf "zlib\\nbash\\nbash\\n"\n' >"$scratch/bin/rpm"
	cat >"$scratch/bin/dnf" <<-END
		#!/bin/bash
		printf '%s\n' "\${SYSTEMD_OFFLINE:-}" "\$@" >"$scratch/calls"
		ln -s /bin/true "$scratch/bin/patchelf"
	END
	chmod +x "$scratch/bin/rpm" "$scratch/bin/dnf"
	deps
	local ret=$?
	umount "$(realpath /etc/os-release)"
	((ret == 0)) && diff "$scratch/calls" <(printf '%s\n' 1 install -y --setopt=install_weak_deps=False \
		'--setopt=*.excludepkgs=bash,zlib' patchelf)
}

mkdir -p /etc/systemd
mount -t tmpfs tmpfs /etc/systemd
mkdir -p /etc/systemd/system/timers.target.wants
is 'only what is missing is installed, without what is recommended' only_missing
is 'of two ways to satisfy it the one is taken that upgrades nothing' other_way
is 'what cannot be had without an upgrade is refused, and said' needs_upgrade_that_nobody_allows
is 'with DEPS_UPGRADE=yes what a dependency names by version is upgraded, and nothing else' needs_upgrade
is 'that is said' says_what_it_upgrades
is 'what cannot be had without a removal is refused' needs_removal
is 'a pin of the administrator upgrades nothing else' pinned_by_administrator
is 'nothing is started, and nothing stays enabled that was not' starts_nothing
is 'a machine that has it all is left alone' nothing_to_do
is 'dnf gets nothing that is installed' dnf_keeps
finish
