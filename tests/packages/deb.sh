#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The Debian package: clean, reproducible, and installed, run, upgraded, removed and purged on a small Debian
# by dpkg.
set -euo pipefail

# shellcheck source=tests/packages/common.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/common.bash"

ONE=$(echo "$MADE"/one/packages/${NAME}_*.deb)
TWO=$(echo "$MADE"/two/packages/${NAME}_*.deb)

lintian_is_content() {
	lintian --allow-root --fail-on error,warning "$MADE"/one/packages/*.changes
}

same_twice() {
	local file
	for file in "$MADE"/one/packages/*.deb; do
		cmp "$file" "$MADE/again/packages/${file##*/}" || return 1
	done
}

# dpkg PACKAGE
install_package() {
	cp "$1" "$NODE/tmp/package.deb"
	on_node dpkg --install /tmp/package.deb
}

# The library that dpkg must have configured before it unpacks: CRI-O runs the hook from then on.
libraries_come_before() {
	local library depends
	depends=$(dpkg-deb -f "$ONE" Pre-Depends)
	for library in libc6 libcap2 libjson-c5 libmount1; do
		[[ ", $depends," =~ ", $library"[\ ,] ]] || { echo "$library is not in: $depends"; return 1; }
	done
}

# The trigger of systemd's package.
catalog_is_compiled() {
	contains "$(on_node journalctl --list-catalog)" 'fuse-sidecar-hook: Dead FUSE mount detached'
}

directories_are_made() {
	[[ $(stat -c '%a %U' "$NODE/run/$NAME") == '755 root' ]]
}

units_are_enabled() {
	on_node systemctl is-enabled fuse-sidecar-prepare.service fuse-sidecar-reconcile.timer
}

units_are_disabled() {
	! on_node systemctl is-enabled fuse-sidecar-prepare.service
}

units_are_valid() {
	local said
	said=$(on_node systemd-analyze verify --man=no /lib/systemd/system/fuse-sidecar-{prepare,reconcile}.service \
		/lib/systemd/system/fuse-sidecar-reconcile.timer 2>&1 | grep fuse-sidecar)
	echo "$said"
	[[ -z $said ]]
}

pages_are_there() {
	local page
	for page in "$TOP"/docs/man/*.[1-8]; do
		zcat "$NODE/usr/share/man/man${page##*.}/${page##*/}.gz" | cmp - "$page" || return 1
	done
}

completion_is_there() {
	cmp "$TOP/install/$NAME.bash-completion" "$NODE/usr/share/bash-completion/completions/$NAME"
}

policy_is_configuration() {
	contains "$(on_node dpkg-query --status $NAME)" " /etc/$NAME/policy.json "
}

# The policy that is installed is valid, and says nothing but the defaults.
policy_is_accepted() {
	on_node $NAME prepare
}

judges() {
	cp "$TOP"/tests/fixtures/crio/crio-1.33-crun/seed/plex/{config.json,host.mountinfo} "$NODE/tmp/"
	on_node $NAME check /tmp/config.json --host-mountinfo /tmp/host.mountinfo | grep 'verdict *allow'
}

# What the helper is linked with is only recommended, and not there.
doctor_does_without() {
	local said
	mkdir -p "$NODE/etc/crio"
	echo '[crio.runtime]' >"$NODE/etc/crio/crio.conf"
	said=$(on_node $NAME doctor 2>&1 || true)
	rm -r "$NODE/etc/crio"
	grep -E '^warn  crio-config +fuse-sidecar-inspect ended with 127: ' <<<"$said" &&
		grep -E "^ok    hook-prestart +/usr/share/containers/oci/hooks.d/" <<<"$said" && return
	echo "$said"
	return 1
}

upgrades() {
	cp "$TWO" "$NODE/tmp/package.deb"
	traced "$SANDBOX_DIR/upgrade.trace" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$NODE" dpkg --install /tmp/package.deb
}

policy_is_kept() {
	[[ $(<"$NODE/etc/$NAME/policy.json") == '{"mode": "audit"}' ]]
}

removes() {
	traced "$SANDBOX_DIR/remove.trace" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$NODE" dpkg --remove $NAME
}

nothing_left() {
	diff <(echo "$FILES_BEFORE") <(node_files)
}

program_is_gone() {
	[[ ! -e $NODE$PROGRAM && ! -e $NODE_HOOKS/fuse-sidecar-prestart.json ]]
}

if [[ $$ -ne 1 ]]; then
	sandbox_require lintian dpkg strace jq
fi
sandbox_enter "$@"
test_that 'lintian finds nothing to say' lintian_is_content
test_that 'built twice, it is the same' same_twice
node_make
# dpkg makes directories of its own when it is first run.
on_node dpkg --configure --pending
FILES_BEFORE=$(node_files)
test_that 'dpkg installs it' install_package "$ONE"
test_that 'it runs' runs "$TREE_VERSION"
test_that 'what it links with is there before it is unpacked' libraries_come_before
test_that 'the hook is registered, and once only' hooks_are_registered
test_that 'the journal has its catalog' catalog_is_compiled
test_that 'its directory below /run is made' directories_are_made
test_that 'the units are enabled' units_are_enabled
test_that 'systemd accepts the units' units_are_valid
test_that 'the manual pages are there' pages_are_there
test_that 'so is the completion' completion_is_there
test_that 'the policy is a configuration file' policy_is_configuration
test_that 'and one that is accepted' policy_is_accepted
test_that 'it judges a container' judges
test_that "doctor works without its helper's libraries, and says so" doctor_does_without
put_old_record
echo '{"mode": "audit"}' >"$NODE/etc/$NAME/policy.json"
test_that 'dpkg upgrades it' upgrades
test_that 'the new version runs' runs "$TREE_VERSION.1"
test_that 'the program was replaced before the hooks were' program_before_hooks "$SANDBOX_DIR/upgrade.trace"
test_that 'the new version reads the record of the old one' old_record_is_read
test_that "the administrator's policy is kept" policy_is_kept
test_that 'dpkg removes it' removes
test_that 'the hooks went before the program' hooks_before_program "$SANDBOX_DIR/remove.trace"
test_that 'both are gone' program_is_gone
test_that "the administrator's policy is kept still" policy_is_kept
test_that 'what pods had left was cleaned up before' not test -e "$NODE/run/$NAME/pods/$RECORD_UID"
test_that 'dpkg purges it' on_node dpkg --purge $NAME
test_that 'and nothing is left' nothing_left
node_add_selinux
test_that 'dpkg installs it once more' install_package "$TWO"
test_that 'SELinux is told of the records' selinux_was_told '-a -t container_ro_file_t'
test_that 'and it runs' runs "$TREE_VERSION.1"
test_that 'dpkg removes it once more' on_node dpkg --remove $NAME
test_that 'SELinux is told to forget them' selinux_was_told -d ''
tap_finish
