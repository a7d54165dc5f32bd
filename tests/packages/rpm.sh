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
TOOLS_ONE=$(echo "$MADE"/one/packages/$TOOLS-*."$ARCH".rpm)
TOOLS_TWO=$(echo "$MADE"/two/packages/$TOOLS-*."$ARCH".rpm)

rpmlint_is_content() {
	rpmlint --config "$TOP/install/rpm/rpmlint.toml" "$MADE"/one/packages/*.rpm \
		"$TOP/install/rpm/$NAME.spec" | tee "$SANDBOX_DIR/rpmlint"
	grep -q ' 0 errors, 0 warnings' "$SANDBOX_DIR/rpmlint"
}

same_twice() {
	cmp "$ONE" "$MADE/again/packages/${ONE##*/}" && cmp "$TOOLS_ONE" "$MADE/again/packages/${TOOLS_ONE##*/}"
}

on_rpm() {
	rpm --root "$NODE" "$@"
}

# same_files_as_deb PACKAGE RPM: as the Debian package has, but for what each kind of package keeps elsewhere
same_files_as_deb() {
	diff <(rpm -qlp "$2" | sed -E '/\/(\.build-id|licenses)(\/|$)/d' | without_directories) \
		<(dpkg-deb --fsys-tarfile "$MADE"/one/packages/"$1"_*.deb | tar -t | sed 's|^\.||
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
	on_rpm -V --nodeps $NAME $TOOLS
}

verifies_but_policy() {
	! verifies 2>&1 | grep -v "/etc/$NAME/policy.json"
}

upgrades() {
	traced "$SANDBOX_DIR/upgrade.trace" rpm --root "$NODE" --nodeps -U "$TWO" "$TOOLS_TWO"
}

policy_is_kept() {
	same "$(<"$1")" '{"mode": "audit"}'
}

removes() {
	traced "$SANDBOX_DIR/remove.trace" rpm --root "$NODE" --nodeps -e "$@"
}

# rpm keeps a configuration file that was changed, under another name, and directories that are in use.
nothing_left() {
	diff <(echo "$FILES_BEFORE") <(node_files) | sed -n "s/^> //p" >"$SANDBOX_DIR/left"
	# The directory of licenses is a package's own on systems that have rpm.
	same "$(grep -vE "run/$NAME|share/licenses$" "$SANDBOX_DIR/left")" "d 755 etc/$NAME
f 644 etc/$NAME/policy.json.rpmsave"
}

# One package of an older version, as 0.1 made it, of the files of both.
make_undivided() {
	local root=$SANDBOX_DIR/undivided spec=$SANDBOX_DIR/undivided.spec
	mkdir -p "$root"
	(cd "$root" && for file in "$ONE" "$TOOLS_ONE"; do rpm2cpio "$file" | cpio -idm --quiet || exit; done)
	undivide "$root"
	rm -rf -- "$root/usr/share/licenses/$TOOLS"
	printf '%s\n' "Name: $NAME" 'Version: 0.0.9' 'Release: 1' 'Summary: as it was' 'License: Apache-2.0' \
		'%description' 'One package.' '%install' "cp -a '$root/.' '%{buildroot}/'" '%files' >"$spec"
	(cd "$root" && find . ! -type d -printf '"/%P"\n') | sed 's|^"/etc/.*|%config(noreplace) &|' >>"$spec"
	rpmbuild -bb --nodeps --define "_topdir $SANDBOX_DIR/rpmbuild" --define '__brp_compress %{nil}' \
		--define '__os_install_post %{nil}' "$spec" && cp -- "$SANDBOX_DIR"/rpmbuild/RPMS/*/*.rpm "$SANDBOX_DIR/undivided.rpm"
}

# The tests' rpm does not ask for what conflicts: its --nodeps.
tools_conflict_with_older() {
	contains "$(rpm -qp --conflicts "$TOOLS_ONE")" "$NAME < $TREE_VERSION"
}

belongs_to_tools() {
	contains "$(on_rpm -qf "$(cd "$NODE" && compgen -G 'usr/share/man/man7/fuse-sidecar-annotations.7*' | sed 's|^|/|')" 2>&1)" "$TOOLS-"
}

sandbox_enter "$@"
sandbox_require rpm rpmlint strace jq
test_that 'rpmlint finds nothing to say' rpmlint_is_content
test_that 'built twice, it is the same' same_twice
node_make
mkdir -p "$NODE/var/lib/rpm"
rpm --root "$NODE" --initdb
FILES_BEFORE=$(node_files)
test_that 'rpm installs both' on_rpm --nodeps -i "$ONE" "$TOOLS_ONE"
test_that 'they run' runs "$TREE_VERSION"
test_that 'the hook is registered, and once only' hooks_are_registered
test_that 'the hook has what the Debian package has' same_files_as_deb $NAME "$ONE"
test_that 'so have the tools' same_files_as_deb $TOOLS "$TOOLS_ONE"
test_that 'both verify' verifies
test_that 'it judges a container' judges
test_that 'its policy is accepted' on_node $NAME prepare
put_old_record
echo '{"mode": "audit"}' >"$NODE/etc/$NAME/policy.json"
test_that 'rpm upgrades them' upgrades
test_that 'the new version runs' runs "$TREE_VERSION.1"
test_that 'the program was replaced before the hooks were' program_before_hooks "$SANDBOX_DIR/upgrade.trace"
test_that 'the new version reads the record of the old one' old_record_is_read
test_that "the administrator's policy is kept" policy_is_kept "$NODE/etc/$NAME/policy.json"
test_that 'rpm removes them' removes $NAME $TOOLS
test_that 'the hooks went before the program' hooks_before_program "$SANDBOX_DIR/remove.trace"
test_that 'what pods had left was cleaned up before' not test -e "$NODE/run/$NAME/pods/$RECORD_UID"
test_that "the administrator's policy is kept aside" policy_is_kept "$NODE/etc/$NAME/policy.json.rpmsave"
test_that 'and nothing else is left' nothing_left
node_add_selinux
test_that 'rpm installs it where SELinux is on' on_rpm --nodeps -i "$TWO"
test_that 'SELinux is told of the records' selinux_was_told '-a -t container_ro_file_t'
test_that 'rpm removes it once more' removes $NAME
test_that 'SELinux is told to forget them' selinux_was_told -d ''

node_make
mkdir -p "$NODE/var/lib/rpm"
rpm --root "$NODE" --initdb
test_that 'where there is no hook rpm installs the tools' on_rpm --nodeps -i "$TOOLS_ONE"
test_that 'they do without' tools_do_without_hook
test_that 'rpm removes them, too' removes $TOOLS
test_that 'a package is made as it was before there were two' make_undivided
test_that 'rpm installs that' on_rpm --nodeps -i "$SANDBOX_DIR/undivided.rpm"
echo '{"mode": "audit"}' >"$NODE/etc/$NAME/policy.json"
test_that 'the tools conflict with such a version' tools_conflict_with_older
test_that 'rpm upgrades it to the two' on_rpm --nodeps -U "$ONE" "$TOOLS_ONE"
test_that 'both run' runs "$TREE_VERSION"
test_that 'each has its files' is_divided
test_that 'and they know whose they are' belongs_to_tools
test_that "the administrator's policy is as it was" policy_is_kept "$NODE/etc/$NAME/policy.json"
test_that 'both verify, but for the policy' verifies_but_policy
tap_finish
