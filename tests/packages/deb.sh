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
TOOLS_ONE=$(echo "$MADE"/one/packages/${TOOLS}_*.deb)
TOOLS_TWO=$(echo "$MADE"/two/packages/${TOOLS}_*.deb)

lintian_is_content() {
	lintian --allow-root --fail-on error,warning "$MADE"/one/packages/*.changes
}

same_twice() {
	local file
	for file in "$MADE"/one/packages/*.deb; do
		cmp "$file" "$MADE/again/packages/${file##*/}" || return 1
	done
}

# bring PACKAGE...: to the node, as /tmp/NAME.deb each
bring() {
	local file
	rm -f -- "$NODE"/tmp/*.deb
	for file; do
		cp -- "$file" "$NODE/tmp/$(dpkg-deb -f "$file" Package).deb"
	done
}

install_packages() {
	bring "$@"
	on_node bash -c 'dpkg --install /tmp/*.deb'
}

# One package of an older version, as 0.1 made it, of the files of both.
make_undivided() {
	local root=$SANDBOX_DIR/undivided
	dpkg-deb --raw-extract "$ONE" "$root"
	dpkg-deb --extract "$TOOLS_ONE" "$root"
	undivide "$root"
	rm -r -- "$root/usr/share/doc/$TOOLS"
	sed -i 's/^Version: .*/Version: 0.0.9/; /^Recommends: /d' "$root/DEBIAN/control"
	dpkg-deb --root-owner-group --build "$root" "$SANDBOX_DIR/undivided.deb"
}

# shellcheck disable=SC2016 # dpkg's variable
tools_alone_are_refused() {
	! install_packages "$TOOLS_ONE" && same "$(on_node dpkg-query --showformat '${Version}' --show $NAME)" 0.0.9
}

belongs_to_tools() {
	contains "$(on_node dpkg-query --search /usr/share/man/man7/fuse-sidecar-annotations.7.gz)" "$TOOLS: "
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
	local name
	for name in $NAME $TOOL; do
		cmp "$TOP/install/$TOOL.bash-completion" "$NODE/usr/share/bash-completion/completions/$name" || return 1
	done
}

policy_is_configuration() {
	contains "$(on_node dpkg-query --status $NAME)" " /etc/$NAME/policy.json "
}

# The policy that is installed is valid, and says nothing but the defaults.
policy_is_accepted() {
	on_node $NAME prepare
}

# What the helper is linked with is only recommended, and not there.
doctor_does_without() {
	local said
	mkdir -p "$NODE/etc/crio"
	echo '[crio.runtime]' >"$NODE/etc/crio/crio.conf"
	said=$(on_node $TOOL doctor 2>&1 || true)
	rm -r "$NODE/etc/crio"
	grep -E '^warn  crio-config +fuse-sidecar-inspect ended with 127: ' <<<"$said" &&
		grep -E "^ok    hook-prestart +/usr/share/containers/oci/hooks.d/" <<<"$said" && return
	echo "$said"
	return 1
}

upgrades() {
	bring "$TWO" "$TOOLS_TWO"
	traced "$SANDBOX_DIR/upgrade.trace" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$NODE" bash -c 'dpkg --install /tmp/*.deb'
}

policy_is_kept() {
	[[ $(<"$NODE/etc/$NAME/policy.json") == '{"mode": "audit"}' ]]
}

removes() {
	traced "$SANDBOX_DIR/remove.trace" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		chroot "$NODE" dpkg --remove $NAME $TOOLS
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
test_that 'dpkg installs both' install_packages "$ONE" "$TOOLS_ONE"
test_that 'they run' runs "$TREE_VERSION"
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
test_that 'dpkg upgrades them' upgrades
test_that 'the new version runs' runs "$TREE_VERSION.1"
test_that 'the program was replaced before the hooks were' program_before_hooks "$SANDBOX_DIR/upgrade.trace"
test_that 'the new version reads the record of the old one' old_record_is_read
test_that "the administrator's policy is kept" policy_is_kept
test_that 'dpkg removes them' removes
test_that 'the hooks went before the program' hooks_before_program "$SANDBOX_DIR/remove.trace"
test_that 'both are gone' program_is_gone
test_that "the administrator's policy is kept still" policy_is_kept
test_that 'what pods had left was cleaned up before' not test -e "$NODE/run/$NAME/pods/$RECORD_UID"
test_that 'dpkg purges them' on_node dpkg --purge $NAME $TOOLS
test_that 'and nothing is left' nothing_left
node_add_selinux
test_that 'dpkg installs the hook alone' install_packages "$TWO"
test_that 'SELinux is told of the records' selinux_was_told '-a -t container_ro_file_t'
test_that 'and it runs' same "$(on_node $NAME --version)" "$NAME $TREE_VERSION.1"
test_that 'dpkg removes it once more' on_node dpkg --remove $NAME
test_that 'SELinux is told to forget them' selinux_was_told -d ''

node_make
on_node dpkg --configure --pending
FILES_BEFORE=$(node_files)
test_that 'where there is no hook dpkg installs the tools' install_packages "$TOOLS_ONE"
test_that 'they do without' tools_do_without_hook
test_that 'dpkg purges them, too' on_node dpkg --purge $TOOLS
test_that 'and nothing of them is left' nothing_left

test_that 'a package is made as it was before there were two' make_undivided
test_that 'dpkg installs that' install_packages "$SANDBOX_DIR/undivided.deb"
echo '{"mode": "audit"}' >"$NODE/etc/$NAME/policy.json"
test_that 'the tools alone are not put beside it' tools_alone_are_refused
test_that 'dpkg upgrades it to the two' install_packages "$ONE" "$TOOLS_ONE"
test_that 'both run' runs "$TREE_VERSION"
test_that 'each has its files' is_divided
test_that 'and they know whose they are' belongs_to_tools
test_that "the administrator's policy is as it was" policy_is_kept
test_that 'and the units are still enabled' units_are_enabled
test_that 'dpkg purges the two' on_node dpkg --purge $NAME $TOOLS
test_that 'and nothing is left of any' nothing_left
tap_finish
