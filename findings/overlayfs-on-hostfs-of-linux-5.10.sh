#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# User-mode Linux 5.10: an overlayfs whose lower directory is a hostfs lists what is there, stat(2)
# finds it, and open(2) of a regular file gives ENOENT; so does exec. On 6.1 the same works. So a kernel that is
# booted for tests on the machine's own files, with a throw-away layer above them, runs nothing on 5.10: the first
# program "cannot be found" although `ls` shows it.
#
# Seen with Debian's user-mode-linux 5.10um3+b1 (5.10.46) and 6.1um4+b13 (6.1.176). Needs root.
set -euo pipefail

((EUID == 0)) || { echo 'root is needed: the kernel has this machine'"'"'s files as its own' >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# shellcheck disable=SC2016 # apt's own words
site=$(apt-get indextargets --format '$(SITE)' 'Component: main' | grep -v security | sort -u | head -n 1)

# fetch SUITE VERSION: unpacked below ./SUITE, by an apt of its own
fetch() {
	mkdir -p "$1"/{root,lists/partial,cache/archives/partial}
	: >"$1/status"
	echo "deb $site $1 main" >"$1/sources.list"
	local options=(-qq -o Dir::Etc::sourcelist="$PWD/$1/sources.list" -o Dir::Etc::sourceparts=-
		-o Dir::State::lists="$PWD/$1/lists" -o Dir::State::status="$PWD/$1/status"
		-o Dir::Cache="$PWD/$1/cache" -o APT::Sandbox::User=root)
	apt-get "${options[@]}" update
	(cd "$1" && apt-get "${options[@]}" download "user-mode-linux=$2")
	dpkg-deb -x "$1"/*.deb "$1/root"
}

cat >init.sh <<'END'
#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
insmod "$overlay"
mount -t tmpfs layers /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work root /mnt/root
[[ -d /mnt/root/etc ]] && echo "SAID $(uname -r) directory: there"
[[ " $(cd /mnt/root/etc && echo *) " == *' debian_version '* ]] && echo "SAID $(uname -r) listed: yes"
echo "SAID $(uname -r) stat: $(stat -c there /mnt/root/etc/debian_version 2>&1 | sed 's/.*: //')"
echo "SAID $(uname -r) open: $( (read -r line </mnt/root/etc/debian_version && echo read) 2>&1 | sed 's/.*: //')"
echo o >/proc/sysrq-trigger
sleep 60
END
chmod 755 "$work" init.sh

# boot SUITE
boot() {
	timeout 60 "$1/root/usr/bin/linux.uml" mem=512M rootfstype=hostfs rootflags=/ ro quiet con=null \
		con0=fd:0,fd:1 "init=$work/init.sh" \
		"overlay=$(echo "$work/$1"/root/usr/lib/uml/modules/*/kernel/fs/overlayfs/overlay.ko)" \
		</dev/null 2>&1 | sed -n 's/^SAID \(.*[^\r]\)\r*$/\1/p'
}

fetch bullseye 5.10um3+b1
fetch bookworm 6.1um4+b13
said=$(boot bullseye; boot bookworm)
echo "$said"
diff <(echo "$said") - <<'END'
5.10.46 directory: there
5.10.46 listed: yes
5.10.46 stat: there
5.10.46 open: No such file or directory
6.1.176 directory: there
6.1.176 listed: yes
6.1.176 stat: there
6.1.176 open: read
END
