#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install/install.sh install|uninstall [hook|tools]
#
# Called by `make install`, `make install-hook`, `make install-tools` and `make uninstall` with the directories
# in the environment. The hook is for nodes, the tools are for people; packages are made of the two. One list,
# read forwards to install and backwards to uninstall: the hook's binary is its first entry and the hooks.d
# files are its last, because CRI-O watches hooks.d. It drops a hook whose binary is not there, and at
# its start one broken file in hooks.d keeps it from starting at all. For the same reason every file
# comes into its place whole, by rename(2), and is on disk before it does.
set -euo pipefail
umask 022

top=$(cd -- "$(dirname -- "$0")/.." && pwd)
name=fuse-sidecar-hook
tool=fuse-sidecar
# What crio-hooks.d/ and the unit say in the tree; rewritten to where the binary really goes.
tree_path=/usr/libexec/oci/hooks.d/$name

libexecdir=${libexecdir:?not set, run make install}
sbindir=${sbindir:?not set}
bindir=${bindir:?not set}
sysconfdir=${sysconfdir:?not set}
unitdir=${unitdir:?not set}
catalogdir=${catalogdir:?not set}
mandir=${mandir:?not set}
docdir=${docdir:?not set}
tmpfilesdir=${tmpfilesdir:?not set}
completionsdir=${completionsdir:?not set}
hooksdir=${hooksdir:?not set}
for var in libexecdir sbindir bindir sysconfdir unitdir catalogdir mandir docdir tmpfilesdir completionsdir \
	hooksdir; do
	if [[ ${!var} != /* ]]; then
		echo "install: $var=${!var}: expected an absolute path" >&2
		exit 2
	fi
done
root=${DESTDIR:-}
binary=$libexecdir/oci/hooks.d/$name
tool_binary=$libexecdir/$tool/$tool
# A JSON string and a unit's command line hold the path as it is; nothing that is legal in a
# prefix and quoted differently by the two is worth supporting.
if [[ ! $binary =~ ^[A-Za-z0-9/._+@=:,-]+$ ]]; then
	echo "install: $binary: expected letters, digits and /._+@=:,- only" >&2
	exit 2
fi

temporary=
trap '[[ -z $temporary ]] || rm -f -- "$temporary"' EXIT

# put MODE SOURCE TARGET: SOURCE is - for standard input
put() {
	local mode=$1 source=$2 target=$root$3 dir
	dir=${target%/*}
	mkdir -p -- "$dir"
	# Does not end in .json: hooks.d readers take every file that does.
	temporary=$dir/.${target##*/}.new.$$
	if [[ $source == - ]]; then
		cat >"$temporary"
	else
		cp -- "$source" "$temporary"
	fi
	chmod "$mode" -- "$temporary"
	sync -- "$temporary"
	mv -fT -- "$temporary" "$target"
	temporary=
	echo "installed $target"
}

put_rewritten() {
	local text
	text=$(sed "s|$tree_path|$binary|g" "$2")
	put "$1" - "$3" <<<"$text"
}

# A relative link, so that it is right below DESTDIR too. Without DESTDIR the directories are the real
# ones and may be links themselves, as /sbin is on merged-/usr systems.
put_link() {
	local target=$root$2 dir how=-m
	[[ -z $root ]] || how=-ms
	dir=${target%/*}
	mkdir -p -- "$dir"
	temporary=$dir/.${target##*/}.new.$$
	ln -s -- "$(realpath "$how" --relative-to="${2%/*}" "$1")" "$temporary"
	mv -fT -- "$temporary" "$target"
	temporary=
	echo "installed $target"
}

# PART|HOW|SOURCE|TARGET, in the order of installation
list() {
	list_hook | sed 's/^/hook|/'
	list_tools "$@" | sed 's/^/tools|/'
	list_registration | sed 's/^/hook|/'
}

list_hook() {
	local file
	echo "program|${HOOK_BINARY:-}|$binary"
	# Where version 0.1 put it.
	echo "gone||${binary%/*}/fuse-sidecar-inspect"
	echo "link|$binary|$sbindir/$name"
	echo "script|install/selinux-context.sh|$libexecdir/$name/selinux-context"
	echo "file|install/policy.json.example|$sysconfdir/$name/policy.json.example"
	echo "file|install/$name.catalog|$catalogdir/$name.catalog"
	echo "file|install/$name.tmpfiles|$tmpfilesdir/$name.conf"
	for file in fuse-sidecar-{prepare,reconcile}.service fuse-sidecar-reconcile.timer; do
		echo "rewritten|install/$file|$unitdir/$file"
	done
	echo "file|install/$tool.bash-completion|$completionsdir/$name"
	for file in $name.8 $tool-policy.json.5 $tool-topology.json.5; do
		echo "file|docs/man/$file|$mandir/man${file##*.}/$file"
	done
	# As in the tree, so that the pages' links hold.
	for file in README.md CHANGELOG.md SECURITY.md MAINTAINERS.md LICENSE docs/*.md docs/decisions/*.md docs/*.json examples/*.yaml; do
		[[ -e $file ]] && echo "file|$file|$docdir/$file"
	done
}

list_tools() {
	local file
	echo "program|${TOOL_BINARY:-}|$tool_binary"
	# Beside it, where doctor looks. What a build without it leaves out is removed all the same.
	if [[ ${1:-} == all || -n ${INSPECT_BINARY:-} ]]; then
		echo "program|${INSPECT_BINARY:-}|${tool_binary%/*}/fuse-sidecar-inspect"
	fi
	echo "link|$tool_binary|$bindir/$tool"
	echo "file|install/$tool.bash-completion|$completionsdir/$tool"
	for file in $tool.1 $tool-{annotations,findings}.7; do
		echo "file|docs/man/$file|$mandir/man${file##*.}/$file"
	done
}

list_registration() {
	# The stage that cleans up is there before the one that leaves something to clean up.
	echo "rewritten|crio-hooks.d/fuse-sidecar-poststop.json|$hooksdir/fuse-sidecar-poststop.json"
	echo "rewritten|crio-hooks.d/fuse-sidecar-prestart.json|$hooksdir/fuse-sidecar-prestart.json"
}

# Whether this is the running system and not a package's staging directory.
live() {
	[[ -z $root && -d /run/systemd/system ]]
}

tell_systemd() {
	live || return 0
	journalctl --update-catalog || echo "install: journal catalog not updated" >&2
	systemctl daemon-reload || echo "install: systemd not reloaded" >&2
}

install_all() {
	local part how source target activated=no
	while IFS='|' read -r part how source target; do
		[[ ${parts:-$part} == "$part" ]] || continue
		if [[ $target == "$hooksdir"/* && $activated == no ]]; then
			tell_systemd
			activated=yes
		fi
		case $how in
		program | script) put 0755 "$source" "$target" ;;
		link) put_link "$source" "$target" ;;
		file) put 0644 "$source" "$target" ;;
		rewritten) put_rewritten 0644 "$source" "$target" ;;
		gone) rm -f -- "$root$target" ;;
		esac
	done < <(list)
}

uninstall_all() {
	local target
	while IFS='|' read -r _ _ _ target; do
		if [[ $target == "$unitdir"/* ]] && live; then
			systemctl disable --now "${target##*/}" 2>/dev/null || true
		fi
		if [[ -e $root$target || -L $root$target ]]; then
			rm -- "$root$target"
			echo "removed $root$target"
		fi
	done < <(list all | tac)
	# Our own directories only, and only when nothing of the administrator's is in them. Shared
	# ones stay: CRI-O watches hooks.d.
	local dir
	for dir in "$root$libexecdir/$name" "$root$libexecdir/$tool" "$root$docdir/docs/decisions" "$root$docdir/docs" "$root$docdir/examples" "$root$docdir" "$root$sysconfdir/$name"; do
		[[ ! -d $dir ]] || rmdir --ignore-fail-on-non-empty -- "$dir"
	done
	tell_systemd
}

# is_built VARIABLE
is_built() {
	[[ -x ${!1:-} ]] || { echo "install: ${!1:-$1} is not there; run make" >&2; exit 1; }
}

cd -- "$top"
parts=${2:-}
case ${1:-}:$parts in
install: | install:hook | install:tools)
	[[ $parts == tools ]] || is_built HOOK_BINARY
	[[ $parts == hook ]] || is_built TOOL_BINARY
	install_all
	;;
uninstall:) uninstall_all ;;
*)
	echo "usage: install/install.sh install|uninstall [hook|tools] (by make)" >&2
	exit 2
	;;
esac
