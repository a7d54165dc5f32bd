#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make install` over a hook that is in use: no container is created without it, none fails for want of it.
# tests/packages/upgrade.sh does the same with packages, and longer.
set -euo pipefail

HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
for file in sandbox tap journal upgrade; do
	# shellcheck source=/dev/null
	. "$HERE/../lib/$file.sh"
done

CONTAINERS=40
UPGRADES=10

# A new file each time, with other bytes: what replaces the program is not what was there.
upgrade_hook() {
	cp "$HOOK_BINARY" "$UPGRADE_DIR/program"
	echo "upgrade $1" >>"$UPGRADE_DIR/program"
	env DESTDIR='' libexecdir=/usr/libexec sbindir=/usr/sbin bindir=/usr/bin sysconfdir=/etc \
		unitdir=/usr/lib/systemd/system catalogdir=/usr/lib/systemd/catalog \
		mandir=/usr/share/man docdir=/usr/share/doc/fuse-sidecar-hook \
		tmpfilesdir=/usr/lib/tmpfiles.d completionsdir=/usr/share/bash-completion/completions \
		hooksdir="$UPGRADE_HOOKS_D" HOOK_BINARY="$UPGRADE_DIR/program" install/install.sh install hook
}

program_is_upgraded() {
	grep -qa 'upgrade [0-9]*$' /usr/libexec/oci/hooks.d/fuse-sidecar-hook
}

if ((EUID != 0)); then
	echo "SKIP an upgrade while containers are created: needs root"
	echo '0 passed, 0 failed, 1 skipped'
	exit
fi
for command in podman conmon runc busybox journalctl; do
	command -v "$command" >/dev/null || {
		echo "SKIP an upgrade while containers are created: no $command"
		echo '0 passed, 0 failed, 1 skipped'
		exit
	}
done
HOOK_BINARY=$(realpath "${HOOK_BINARY:-build/fuse-sidecar-hook}")
export HOOK_BINARY
sandbox_enter "$@"
upgrade_prepare
upgrade_hook first >/dev/null
test_that "at least $CONTAINERS containers are created during at least $UPGRADES upgrades" \
	upgrade_while_creating "$CONTAINERS" "$UPGRADES" upgrade_hook
test_that 'none of them fails' upgrade_none_failed
test_that 'the hook ran once for each' upgrade_hook_ran
test_that 'the program that is there then is a new one' program_is_upgraded
tap_finish
