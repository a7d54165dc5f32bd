#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make install and make uninstall: which files, in which order, and what stays of the administrator's.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

build=${BUILD_DIR:-$top/build}
build=${build#"$top"/}
name=fuse-sidecar-hook

# What a surrounding make was told is not for these: MAKEFLAGS carries its variables.
run_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u DESTDIR -u prefix make BUILD="$build" "$@"
}

# files DIR: everything that is not a directory, with its mode
files() {
	find "$1" ! -type d -printf '%m %P\n' | sort -k2
}

expected_files() {
	local prefix=$1 file
	{
		echo "755 $prefix/libexec/oci/hooks.d/$name"
		echo "755 $prefix/libexec/fuse-sidecar/fuse-sidecar"
		echo "755 $prefix/libexec/fuse-sidecar/fuse-sidecar-inspect"
		echo "777 $prefix/bin/fuse-sidecar"
		echo "777 $prefix/sbin/$name"
		echo "755 $prefix/libexec/$name/selinux-context"
		echo "644 etc/$name/policy.json.example"
		echo "644 etc/containers/oci/hooks.d/fuse-sidecar-prestart.json"
		echo "644 etc/containers/oci/hooks.d/fuse-sidecar-poststop.json"
		echo "644 $prefix/lib/systemd/catalog/$name.catalog"
		echo "644 $prefix/lib/tmpfiles.d/$name.conf"
		echo "644 $prefix/share/bash-completion/completions/$name"
		echo "644 $prefix/share/bash-completion/completions/fuse-sidecar"
		echo "644 $prefix/lib/systemd/system/fuse-sidecar-prepare.service"
		echo "644 $prefix/lib/systemd/system/fuse-sidecar-reconcile.service"
		echo "644 $prefix/lib/systemd/system/fuse-sidecar-reconcile.timer"
		for file in docs/man/*.[1-8]; do
			[[ -e $file ]] && echo "644 $prefix/share/man/man${file##*.}/${file##*/}"
		done
		for file in README.md CHANGELOG.md SECURITY.md MAINTAINERS.md LICENSE docs/*.md docs/decisions/*.md docs/*.json examples/*.yaml; do
			[[ -e $file ]] && echo "644 $prefix/share/doc/$name/$file"
		done
	} | sort -k2
}

has_expected_files() {
	diff <(expected_files "$2") <(files "$1")
}

links_lead_to_binaries() {
	[[ $(readlink "$1/sbin/$name") != /* && $(readlink "$1/bin/fuse-sidecar") != /* ]] &&
		[[ "$(realpath "$1/sbin/$name")" == "$(realpath "$1/libexec/oci/hooks.d/$name")" ]] &&
		cmp "$1/sbin/$name" "$build/$name" && cmp "$1/bin/fuse-sidecar" "$build/fuse-sidecar"
}

# The tool finds its helper and the hook from where it lies, not from where it was called.
tool_finds_the_others() {
	local said
	mkdir -p "$1/etc/crio/crio.conf.d" "$1/usr/bin"
	printf '[crio.runtime]\nhooks_dir = ["/etc/containers/oci/hooks.d"]\n' >"$1/etc/crio/crio.conf.d/1.conf"
	said=$("$1/usr/bin/fuse-sidecar" doctor --root "$1")
	rm -r "$1/etc/crio"
	grep -q '^ok    hooks-dir  *CRI-O reads /etc/containers/oci/hooks.d ' <<<"$said" || { echo "$said"; return 1; }
}

# Each part by itself, and the two together are the whole.
parts_make_the_whole() {
	run_make install-hook DESTDIR="$scratch/hook-part" prefix=/usr &&
		run_make install-tools DESTDIR="$scratch/tools-part" prefix=/usr &&
		diff <(files "$1") <(sort -k2 <(files "$scratch/hook-part") <(files "$scratch/tools-part")) || return 1
	files "$scratch/tools-part"
	! files "$scratch/tools-part" | grep -E '/s?bin/fuse-sidecar-hook$| etc/|systemd|hooks\.d' &&
		"$scratch/tools-part/usr/bin/fuse-sidecar" lint examples/plex.yaml
}

# What version 0.1 had beside the hook.
old_helper_goes() {
	touch "$1/usr/libexec/oci/hooks.d/fuse-sidecar-inspect"
	run_make install DESTDIR="$1" prefix=/usr && [[ ! -e $1/usr/libexec/oci/hooks.d/fuse-sidecar-inspect ]]
}

# hook_file DESTDIR STAGE BINARY TIMEOUT
hook_file() {
	jq -e --arg stage "$2" --arg binary "$3" --argjson timeout "$4" '
		.version == "1.0.0" and .stages == [$stage] and .hook.timeout == $timeout and
		.hook.path == $binary and .hook.args == ["fuse-sidecar-hook", $stage] and
		(.hook.env | length) == 1 and (.hook.env[0] | startswith("PATH=/")) and
		(.when | keys) == ["annotations"] and
		.when.annotations == {"^fuse-sidecar\\.io/mounts$": "(?s)^.*$"} and
		(keys == ["hook", "stages", "version", "when"])
	' "$1/etc/containers/oci/hooks.d/fuse-sidecar-$2.json"
}

unit_starts() {
	grep -qx "ExecStart=$2 prepare" "$1/lib/systemd/system/fuse-sidecar-prepare.service"
}

no_file_left() {
	[[ -z $(files "$1") && ! -e $1/etc/$name && ! -e $1/usr/share/doc/$name && ! -e $1/usr/libexec/fuse-sidecar ]] || {
		find "$1"
		return 1
	}
}

fails() {
	! "$@"
}

there() {
	[[ -e $1 ]]
}

# The plain case, below a directory with spaces in its name.
dest="$scratch/a staging directory"
is 'install succeeds with spaces in DESTDIR' run_make install DESTDIR="$dest" prefix=/usr
is 'install puts exactly its files, with their modes' has_expected_files "$dest" usr
is 'the commands are relative links to the binaries' links_lead_to_binaries "$dest/usr"
is 'doctor has its helper' tool_finds_the_others "$dest"
is 'the hook and the tools are installed apart, too' parts_make_the_whole "$dest"
is 'what an older version put elsewhere goes' old_helper_goes "$dest"
hook_path=/usr/libexec/oci/hooks.d/$name
is 'the prestart hook is registered for one stage' hook_file "$dest" prestart "$hook_path" 110
is 'the poststop hook is registered for one stage' hook_file "$dest" poststop "$hook_path" 30
is 'the unit starts the installed binary' unit_starts "$dest/usr" "$hook_path"
is 'install again replaces everything' run_make install DESTDIR="$dest" prefix=/usr
is 'install again leaves no temporary file' has_expected_files "$dest" usr
is 'uninstall succeeds with spaces in DESTDIR' run_make uninstall DESTDIR="$dest" prefix=/usr
is 'uninstall leaves no file' no_file_left "$dest"
is 'uninstall of nothing succeeds' run_make uninstall DESTDIR="$dest" prefix=/usr

# Other places.
dest=$scratch/default
is 'install succeeds without a prefix' run_make install DESTDIR="$dest"
is 'the default prefix is /usr/local' has_expected_files "$dest" usr/local
is 'an empty prefix is the default' run_make uninstall DESTDIR="$dest" prefix=
is 'uninstall finds what the default prefix put' no_file_left "$dest"

dest=$scratch/other
other=(DESTDIR="$dest" prefix=/opt/fuse sysconfdir=/srv/etc sbindir=/opt/bin unitdir=/srv/units
	libexecdir=/opt/fuse/lib/exec)
installed=/opt/fuse/lib/exec/oci/hooks.d/$name
hook_json=$dest/srv/etc/containers/oci/hooks.d/fuse-sidecar-prestart.json
is 'install succeeds with every directory elsewhere' run_make install "${other[@]}"
is 'the hook is registered where the binary went' grep -q "\"path\": \"$installed\"" "$hook_json"
is 'the binary is where libexecdir says' there "$dest$installed"
is 'the command is where sbindir says' there "$dest/opt/bin/$name"
is 'the unit is where unitdir says' \
	grep -q "^ExecStart=$installed prepare" "$dest/srv/units/fuse-sidecar-prepare.service"
is 'a path that JSON and systemd quote differently is refused' \
	fails run_make install DESTDIR="$scratch/quote" libexecdir='/opt/a"b'
is 'a relative directory is refused' fails run_make install DESTDIR="$scratch/rel" libexecdir=lib
is 'a refused install puts nothing' fails there "$scratch/quote"

# The administrator's own.
dest=$scratch/own
mkdir -p "$dest/etc/$name" "$dest/etc/containers/oci/hooks.d"
echo '{"mode": "audit"}' >"$dest/etc/$name/policy.json"
echo '{}' >"$dest/etc/containers/oci/hooks.d/other.json"
cp -a "$dest" "$scratch/own.before"
is 'install succeeds over an existing policy' run_make install DESTDIR="$dest"
is 'install does not touch policy.json' \
	cmp "$scratch/own.before/etc/$name/policy.json" "$dest/etc/$name/policy.json"
run_make uninstall DESTDIR="$dest" >/dev/null
is 'uninstall leaves what is not ours' diff <(files "$scratch/own.before") <(files "$dest")

# Order, seen from what is there when a step fails.
dest=$scratch/no-binary
mkdir -p "$dest/usr/libexec"
echo in the way >"$dest/usr/libexec/oci"
is 'install fails when the binary cannot be put' fails run_make install DESTDIR="$dest" prefix=/usr
is 'then no hook is registered' fails there "$dest/etc/containers"

dest=$scratch/no-json
run_make install DESTDIR="$dest" prefix=/usr >/dev/null
hooksd=$dest/etc/containers/oci/hooks.d
rm "$hooksd/fuse-sidecar-poststop.json"
mkdir "$hooksd/fuse-sidecar-poststop.json"
is 'uninstall fails when a hook cannot be removed' \
	fails run_make uninstall DESTDIR="$dest" prefix=/usr
is 'then the hook that creates state is gone' fails there "$hooksd/fuse-sidecar-prestart.json"
is 'then the binary is still there' there "$dest/usr/libexec/oci/hooks.d/$name"
is 'install fails when a hook cannot be registered' \
	fails run_make install DESTDIR="$dest" prefix=/usr
is 'then the hook that creates state is not registered' \
	fails there "$hooksd/fuse-sidecar-prestart.json"
is 'then no temporary file is left' \
	test -z "$(find "$dest" -name '.*.new.*')"

# Order, as system calls.
# moves TRACE: base names that came into place or went away, in the order of the calls
moves() {
	sed -nE 's/.*rename(at2?)?\(.*"[^"]*\/([^"/]+)"(, [A-Z_0-9|]+)?\) += 0$/\2/p
		s/.*unlink(at)?\(.*"([^"]*\/)?([^"/]+)"(, [A-Z_0-9|]+)?\) += 0$/\3/p' \
		<(grep -F "\"$scratch/traced/" "$1") | grep -v '\.new\.'
}

installs_in_order() {
	local trace=$scratch/install.trace
	run_traced "$trace" install && moves "$trace" &&
		[[ $(moves "$trace" | head -n 1) == "$name" ]] &&
		[[ $(moves "$trace" | tail -n 2 | tr '\n' ' ') == \
			'fuse-sidecar-poststop.json fuse-sidecar-prestart.json ' ]]
}

# A reader of hooks.d must never see half a file: the final name is not opened for writing.
never_writes_in_place() {
	! grep -E 'open(at)?\(.*"[^"]*/(fuse-sidecar-[a-z]+\.json|fuse-sidecar-hook)", [A-Z_|]*O_(WRONLY|RDWR)' \
		"$scratch/install.trace"
}

uninstalls_in_reverse() {
	local trace=$scratch/uninstall.trace
	run_traced "$trace" uninstall &&
		diff <(moves "$scratch/install.trace" | tac) <(moves "$trace")
}

run_traced() {
	# make itself stays out of the trace; its recipe is what counts.
	local trace=$1 action=$2
	printf '#!/bin/sh\nexec strace -f -qq -o %q -e trace=%s /bin/bash "$@"\n' "$trace" \
		'openat,open,rename,renameat,renameat2,unlink,unlinkat' >"$scratch/traced-shell"
	chmod +x "$scratch/traced-shell"
	run_make "$action" DESTDIR="$scratch/traced" prefix=/usr SHELL="$scratch/traced-shell"
}

if strace -qq -o /dev/null true 2>/dev/null; then
	run_make all >/dev/null
	is 'install renames the binary into place first and the hooks last' installs_in_order
	is 'install never writes a file under its final name' never_writes_in_place
	is 'uninstall removes in exactly the reverse order' uninstalls_in_reverse
else
	skip 'install renames the binary into place first and the hooks last' 'strace cannot trace here'
	skip 'install never writes a file under its final name' 'strace cannot trace here'
	skip 'uninstall removes in exactly the reverse order' 'strace cannot trace here'
fi
finish
