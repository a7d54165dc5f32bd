# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the suites here have in common: the packages that build.sh made, and a node to install them on: the
# small Debian, with everything that is written to it in memory.

HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
for file in sandbox tap; do
	# shellcheck source=/dev/null
	. "$HERE/../lib/$file.sh"
done

NAME=fuse-sidecar-hook
TOOL=fuse-sidecar
# shellcheck disable=SC2034 # for the suites
TOOLS=fuse-sidecar-tools
MADE=${BUILD_DIR:?not set, run make check-packages}/check-packages
NODE=$SANDBOX_DIR/node
NODE_HOOKS=$NODE/usr/share/containers/oci/hooks.d
PROGRAM=/usr/libexec/oci/hooks.d/$NAME

# shellcheck disable=SC2034 # for the suites
TREE_VERSION=$(<"$TOP/VERSION")

# Begin with a node that has none of our files.
node_make() {
	if mountpoint -q "$NODE"; then
		umount -R "$NODE"
	fi
	rm -rf -- "$SANDBOX_DIR/upper" "$SANDBOX_DIR/work"
	mkdir -p "$NODE" "$SANDBOX_DIR/upper" "$SANDBOX_DIR/work"
	mount -t overlay -o "lowerdir=$MADE/root,upperdir=$SANDBOX_DIR/upper,workdir=$SANDBOX_DIR/work" \
		node "$NODE"
	mount -t proc proc "$NODE/proc"
	mount -t tmpfs -o mode=755 run "$NODE/run"
	mount --rbind /dev "$NODE/dev"
}

# As a login shell of root has it, and nothing else.
on_node() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		chroot "$NODE" "$@"
}

# runs VERSION: both programs
runs() {
	same "$(on_node $NAME --version)" "$NAME $1" && same "$(on_node $TOOL --version)" "$TOOL $1"
}

hooks_are_registered() {
	local stage
	for stage in prestart poststop; do
		jq -e --arg program "$PROGRAM" '.hook.path == $program' "$NODE_HOOKS/fuse-sidecar-$stage.json" &&
			[[ -x $NODE$PROGRAM && ! -e $NODE/etc/containers/oci/hooks.d/fuse-sidecar-$stage.json ]] ||
			return 1
	done
}

# The tools alone, on a machine that is no node: people's commands, and nothing that a node has.
tools_do_without_hook() {
	cp "$TOP/examples/plex.yaml" "$NODE/tmp/"
	on_node $TOOL lint /tmp/plex.yaml && judges &&
		[[ ! -e $NODE$PROGRAM && ! -e $NODE/etc/$NAME && ! -e $NODE_HOOKS && ! -e $NODE/run/$NAME ]]
}

judges() {
	cp "$TOP"/tests/fixtures/crio/crio-1.33-crun/seed/plex/{config.json,host.mountinfo} "$NODE/tmp/"
	on_node $TOOL check /tmp/config.json --host-mountinfo /tmp/host.mountinfo | grep 'verdict *allow'
}

# undivide ROOT: what both packages have, as the one package of version 0.1 had it
undivide() {
	local root=$1
	mv -- "$root/usr/libexec/$TOOL/fuse-sidecar-inspect" "$root/usr/libexec/oci/hooks.d/"
	rm -r -- "${root:?}/usr/libexec/$TOOL" "${root:?}/usr/bin" "$root/usr/share/man/man1" \
		"$root/usr/share/bash-completion/completions/$TOOL"
}

# What the one package had and the two have elsewhere, or by another.
is_divided() {
	[[ ! -e $NODE/usr/libexec/oci/hooks.d/fuse-sidecar-inspect ]] &&
		[[ -x $NODE/usr/libexec/$TOOL/fuse-sidecar-inspect ]] &&
		compgen -G "$NODE/usr/share/man/man7/fuse-sidecar-annotations.7*" >/dev/null
}

# Every file of the node but what package managers keep for themselves.
node_files() {
	find "$NODE" -xdev \( -path "$NODE/var/lib/dpkg" -o -path "$NODE/var/lib/rpm" \
		-o -path "$NODE/var/log" -o -path "$NODE/var/cache" -o -path "$NODE/tmp" \) -prune -o \
		-printf '%y %m %P\n' | sort
	# run/mount is umount(8)'s, which the end of the package calls.
	find "$NODE/run" -mindepth 1 \( -path "$NODE/run/systemd" -o -path "$NODE/run/mount" \) -prune -o -printf '%y %m run/%P\n' | sort
}

# What came to its place in a directory hooks.d, the program's or CRI-O's, or went from it: base names, in
# the order of the system calls. rpm names directories by descriptor, which strace writes as 5</dir>.
moves() {
	sed -E 's/[0-9]+<([^>]*)>, "([^"\/])/"\1\/\2/g' "$1" |
		sed -nE 's/.*(rename(at2?)?|unlink(at)?)\(.*"([^"]*)"(, [A-Z_0-9|]+)?\) += 0$/\4/p' |
		sed -nE "s/.*hooks\.d\/($NAME|fuse-sidecar-(prestart|poststop)\.json)$/\1/p"
}

# traced FILE COMMAND...
traced() {
	local trace=$1
	shift
	strace -f -y -qq -o "$trace" -e trace=rename,renameat,renameat2,unlink,unlinkat "$@"
}

# program_before_hooks TRACE: the program came to its place before either hooks.d file
program_before_hooks() {
	moves "$1"
	[[ $(moves "$1" | grep -c json) -ge 2 && $(moves "$1" | grep -n json | head -n 1 | cut -d: -f1) -gt \
		$(moves "$1" | grep -nx "$NAME" | head -n 1 | cut -d: -f1) ]]
}

# hooks_before_program TRACE: both hooks.d files went before the program
hooks_before_program() {
	local order
	order=$(moves "$1" | awk '!seen[$0]++ { printf "%s ", $0 }')
	echo "$order"
	[[ $order == *json*json*"$NAME "* && $order != "$NAME "* ]]
}

# A record as version 0.1.0 wrote it.
RECORD_UID=26b34507-2a93-4d54-99de-ce84f2e92a47
put_old_record() {
	local dir=$NODE/run/$NAME/pods/$RECORD_UID
	# With what every version makes beside it.
	mkdir -p "$dir" "$NODE/run/$NAME/locks" "$NODE/run/$NAME/tmp"
	cp "$TOP/tests/fixtures/topology/v1.json" "$dir/topology.json"
	chmod 0644 "$dir/topology.json"
}

old_record_is_read() {
	on_node $TOOL status --json | tee /dev/stderr |
		jq -e --arg uid "$RECORD_UID" '.pods | length == 1 and .[0].pod.uid == $uid and
			([.[0].containers[].name] | sort) == ["plex", "rclone-torbox", "rclone-zurg"]'
}

# A SELinux that is on, as far as scripts can see: its tools write down what they are asked for.
node_add_selinux() {
	local tool
	for tool in selinuxenabled semanage restorecon; do
		printf '#!/bin/sh\necho %s "$@" >>/tmp/selinux\n' "$tool" >"$NODE/usr/bin/$tool"
		chmod 755 "$NODE/usr/bin/$tool"
	done
	: >"$NODE/tmp/selinux"
}

# selinux_was_told WORDS [PATTERN]: the last change of file contexts; PATTERN is behind our directory's name
selinux_was_told() {
	same "$(grep '^semanage' "$NODE/tmp/selinux" | tail -n 1)" \
		"semanage fcontext $1 /run/$NAME${2-/shown}(/.*)?"
}
