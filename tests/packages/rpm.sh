#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The RPM: clean, reproducible, and installed, run, upgraded and removed by rpm. The node is the small Debian,
# whose rpm database is empty, so rpm is told not to ask for the libraries; they are there.
set -euo pipefail

# shellcheck source=tests/packages/common.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/common.bash"

ARCH=$(uname -m)
ONE=$(echo "$MADE"/one/packages/$NAME-*."$ARCH".rpm)
TWO=$(echo "$MADE"/two/packages/$NAME-*."$ARCH".rpm)

rpmlint_is_content() {
	rpmlint --config "$TOP/install/rpm/rpmlint.toml" "$MADE"/one/packages/*.rpm \
		"$TOP/install/rpm/$NAME.spec" | tee "$SANDBOX_DIR/rpmlint"
	grep -q ' 0 errors, 0 warnings' "$SANDBOX_DIR/rpmlint"
}

same_twice() {
	cmp "$ONE" "$MADE/again/packages/${ONE##*/}"
}

on_rpm() {
	rpm --root "$NODE" "$@"
}

# The same files as the Debian package has, but for what each kind of package keeps elsewhere.
same_files_as_deb() {
	diff <(rpm -qlp "$ONE" | sed -E '/\/(\.build-id|licenses)(\/|$)/d' | without_directories) \
		<(dpkg-deb --fsys-tarfile "$MADE"/one/packages/${NAME}_*.deb | tar -t | sed 's|^\.||
			s|^/lib/systemd|/usr/lib/systemd|; s|\.gz$||; /\/lintian\//d
			/\/doc\/[^/]*\/\(changelog\|copyright\)$/d' | grep -v '/$' | sort)
}

without_directories() {
	local file
	while read -r file; do
		[[ -d $NODE$file ]] || echo "${file%.gz}"
	done | sort
}

verifies() {
	on_rpm -V --nodeps $NAME
}

judges() {
	cp "$TOP"/tests/fixtures/crio/crio-1.33-crun/seed/plex/{config.json,host.mountinfo} "$NODE/tmp/"
	contains "$(on_node $NAME check /tmp/config.json --host-mountinfo /tmp/host.mountinfo)" 'verdict    allow'
}

upgrades() {
	traced "$SANDBOX_DIR/upgrade.trace" rpm --root "$NODE" --nodeps -U "$TWO"
}

policy_is_kept() {
	same "$(<"$1")" '{"mode": "audit"}'
}

removes() {
	traced "$SANDBOX_DIR/remove.trace" rpm --root "$NODE" --nodeps -e $NAME
}

# rpm keeps a configuration file that was changed, under another name, and directories that are in use.
nothing_left() {
	diff <(echo "$FILES_BEFORE") <(node_files) | sed -n "s/^> //p" >"$SANDBOX_DIR/left"
	# The directory of licenses is a package's own on systems that have rpm.
	same "$(grep -vE "run/$NAME|share/licenses$" "$SANDBOX_DIR/left")" "d 755 etc/$NAME
f 644 etc/$NAME/policy.json.rpmsave"
}

sandbox_enter "$@"
sandbox_require rpm rpmlint strace jq
test_that 'rpmlint finds nothing to say' rpmlint_is_content
test_that 'built twice, it is the same' same_twice
node_make
mkdir -p "$NODE/var/lib/rpm"
rpm --root "$NODE" --initdb
FILES_BEFORE=$(node_files)
test_that 'rpm installs it' on_rpm --nodeps -i "$ONE"
test_that 'it runs' runs "$TREE_VERSION"
test_that 'the hook is registered, and once only' hooks_are_registered
test_that 'it has what the Debian package has' same_files_as_deb
test_that 'it verifies' verifies
test_that 'it judges a container' judges
test_that 'its policy is accepted' on_node $NAME prepare
put_old_record
echo '{"mode": "audit"}' >"$NODE/etc/$NAME/policy.json"
test_that 'rpm upgrades it' upgrades
test_that 'the new version runs' runs "$TREE_VERSION.1"
test_that 'the program was replaced before the hooks were' program_before_hooks "$SANDBOX_DIR/upgrade.trace"
test_that 'the new version reads the record of the old one' old_record_is_read
test_that "the administrator's policy is kept" policy_is_kept "$NODE/etc/$NAME/policy.json"
test_that 'rpm removes it' removes
test_that 'the hooks went before the program' hooks_before_program "$SANDBOX_DIR/remove.trace"
test_that 'what pods had left was cleaned up before' not test -e "$NODE/run/$NAME/pods/$RECORD_UID"
test_that "the administrator's policy is kept aside" policy_is_kept "$NODE/etc/$NAME/policy.json.rpmsave"
test_that 'and nothing else is left' nothing_left
node_add_selinux
test_that 'rpm installs it where SELinux is on' on_rpm --nodeps -i "$TWO"
test_that 'SELinux is told of the records' selinux_was_told '-a -t container_ro_file_t'
test_that 'rpm removes it once more' removes
test_that 'SELinux is told to forget them' selinux_was_told -d ''
tap_finish
