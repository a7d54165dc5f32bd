#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# doctor on images that are installed here, each with one thing wrong; on this machine with a /run, an
# /etc and mounts of its own; and hooks.d files beside the engine that CRI-O and podman share.
# shellcheck disable=SC2016 # what is in single quotes is for the shell that they start
set -uo pipefail

# What is mounted ends with these namespaces.
if ((EUID == 0)) && [[ ${DOCTOR_INSIDE:-} != 1 ]]; then
	DOCTOR_INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc -- "$0" "$@"
fi

# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"
# shellcheck source=tests/install/engine.bash
. "$(dirname -- "$0")/engine.bash"

build=${BUILD_DIR:-$top/build}
hook=$(realpath "${HOOK_BINARY:-$build/fuse-sidecar-hook}")
tool=$(realpath "${TOOL_BINARY:-$build/fuse-sidecar}")
image=$scratch/image
dropins=$image/etc/crio/crio.conf.d
hooksd=$image/etc/containers/oci/hooks.d

# A node's image as it should be: OpenShift's hooks_dir, in a drop-in.
new_image() {
	rm -rf -- "$image"
	[[ -d $scratch/installed ]] ||
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s BUILD="${build#"$top"/}" install \
			DESTDIR="$scratch/installed" prefix=/usr \
			hooksdir=/etc/containers/oci/hooks.d >/dev/null || return 1
	cp -a "$scratch/installed" "$image"
	mkdir -p "$dropins" "$image/usr/bin" "$image/etc/systemd/system/timers.target.wants" \
		"$image/usr/share/containers/oci/hooks.d" "$image/run/crio"
	touch "$image/usr/bin/"{crio,crun,runc}
	chmod +x "$image/usr/bin/"{crio,crun,runc}
	ln -s /usr/lib/systemd/system/fuse-sidecar-reconcile.timer \
		"$image/etc/systemd/system/timers.target.wants/"
	cat >"$dropins/10-hooks.conf" <<-'CONF'
		[crio.runtime]
		hooks_dir = [
		    "/usr/share/containers/oci/hooks.d", # of packages
		    "/etc/containers/oci/hooks.d",
		]
		default_runtime = "crun"
		[crio.runtime.runtimes.crun]
		runtime_path = "/usr/bin/crun"
	CONF
}

# doctor_says CODE PATTERN... : exit code and lines of doctor on the image; "!PATTERN" is not there
doctor_says() {
	local code=$1 got pattern bad=0
	shift
	"$tool" doctor --root "$image" >"$scratch/doctor"
	got=$?
	cat "$scratch/doctor"
	((got == code)) || { echo "exit $got, expected $code"; bad=1; }
	for pattern; do
		if [[ $pattern == !* ]]; then
			! grep -qE -- "${pattern#!}" "$scratch/doctor" || { echo "there: $pattern"; bad=1; }
		else
			grep -qE -- "$pattern" "$scratch/doctor" || { echo "missing: $pattern"; bad=1; }
		fi
	done
	return "$bad"
}

# edit FILE JQ-PROGRAM [ARG]... : change one of our hooks.d files
edit() {
	local file=$hooksd/$1
	shift
	jq "$@" "$file" >"$scratch/edited" && cp "$scratch/edited" "$file"
}

# broken WHAT CODE LINE COMMAND... : a new image, the change, and what doctor says of it
broken() {
	local what=$1 code=$2 line=$3
	shift 3
	if ! new_image || ! "$@"; then
		echo "cannot prepare: $what"
		return 1
	fi
	doctor_says "$code" "$line"
}

drop_in() {
	cat >"$dropins/$1"
}

# ---- an image that is well -----------------------------------------------------------------------

healthy() {
	new_image && doctor_says 0 '^ok    crio-config    1 file' '^ok    hooks-dir .*10-hooks.conf' \
		'^ok    hook-prestart  .*prestart.json, timeout 110 s' '^ok    hook-poststop ' \
		'^ok    runtime        crun, /usr/bin/crun: .*exit code only' '^ok    hook-binary ' \
		'^ok    timer ' '^ok    policy ' '!^fail' '!journal took'
}
is 'an image that is installed as it should be is well' healthy

json_is_whole() {
	"$tool" doctor --root "$image" --json >"$scratch/json" &&
		jq -e '.schema == "fuse-sidecar.io/doctor/v1" and .exit == 0 and
			(.checks | length) >= 10 and
			(.checks | all((.check | type) == "string" and (.text | length) > 0 and
				(.state == "ok" or .state == "warn" or .state == "fail")))' "$scratch/json"
}
is 'its JSON says the same' json_is_whole

# ---- CRI-O's configuration -----------------------------------------------------------------------

later_file_wins() {
	new_image && printf '[crio.runtime]\nhooks_dir = ["/srv/hooks"]\n' | drop_in 20-other.conf &&
		doctor_says 12 '^fail  hooks-dir      .*/etc/containers/oci/hooks.d, .* /srv/hooks \(/etc/crio/crio.conf.d/20-other.conf\)' \
			'^fail  hook-prestart'
}
is 'the later drop-in replaces hooks_dir as a whole' later_file_wins

earlier_file_loses() {
	new_image && printf '[crio.runtime]\nhooks_dir = ["/srv/hooks"]\n' | drop_in 00-other.conf &&
		printf '[crio.runtime]\nhooks_dir = ["/srv/hooks"]\n' >"$image/etc/crio/crio.conf" &&
		doctor_says 0 '^ok    hooks-dir .*10-hooks.conf'
}
is 'an earlier one, and crio.conf, do not' earlier_file_loses

without_files() {
	new_image && rm -r "$image/etc/crio" &&
		doctor_says 12 '^ok    crio-config  ' \
			'^fail  hooks-dir      .*/etc/containers/oci/hooks.d, .* /usr/share/containers/oci/hooks.d \(its default\)'
}
is 'without a file CRI-O reads its own directory only' without_files

subdirectory_counts() {
	new_image && mkdir "$dropins/30-more" &&
		printf '[crio.runtime]\nhooks_dir = ["/srv/hooks"]\n' | drop_in 30-more/a.conf &&
		doctor_says 12 'CRI-O reads /srv/hooks'
}
is 'files in directories of crio.conf.d count' subdirectory_counts

# Names that OpenShift and NVIDIA's toolkit give theirs.
others_names_are_theirs() {
	new_image && drop_in 00-default <<<$'[crio.runtime]\nhooks_dir = ["/srv/hooks"]' &&
		drop_in 99-nvidia.toml <<<$'[crio.runtime.runtimes.nvidia]\nruntime_path = "/usr/bin/nvidia-container-runtime"' &&
		doctor_says 0 '^ok    crio-config    3 files' '!^warn  crio-config'
}
is "a vendor's drop-in of another name is no matter" others_names_are_theirs

backup_counts() {
	new_image && cp "$dropins/10-hooks.conf" "$dropins/90-hooks.conf.rpmsave" &&
		doctor_says 0 '^warn  crio-config    .*/etc/crio/crio.conf.d/90-hooks.conf.rpmsave' || return 1
	mv "$dropins/90-hooks.conf.rpmsave" "$dropins/.10-hooks.conf.swp" &&
		doctor_says 0 '^warn  crio-config    .*/etc/crio/crio.conf.d/.10-hooks.conf.swp'
}
is 'a backup that CRI-O reads too is told' backup_counts

is 'a drop-in that is not TOML keeps CRI-O from starting' \
	broken toml 12 '^fail  crio-config    /etc/crio/crio.conf.d/20-bad.conf is not TOML: line 1, column' \
	drop_in 20-bad.conf <<<'[crio.runtime'
is 'and so does a value of the wrong type' \
	broken type 12 '^fail  crio-config    .*crio.runtime.hooks_dir' \
	drop_in 20-bad.conf <<<$'[crio.runtime]\nhooks_dir = "/x"'
is 'a drop-in that cannot be read does too' \
	broken loop 12 '^fail  crio-config    /etc/crio/crio.conf.d/50-gone.conf cannot be read' \
	ln -s /nowhere "$dropins/50-gone.conf"
is 'a default runtime that is not installed' \
	broken runtime 12 '^fail  runtime        crun, ' \
	rm "$image/usr/bin/crun"
is 'another default runtime' \
	broken runc 0 '^ok    runtime        runc, /usr/bin/runc: its users see what the hook says' \
	drop_in 20-runc.conf <<<$'[crio.runtime]\ndefault_runtime = "runc"'
is 'a runtime of virtual machines' \
	broken vm 0 '^warn  runtime        runtime kata runs virtual machines' \
	drop_in 20-kata.conf <<<$'[crio.runtime.runtimes.kata]\nruntime_type = "vm"'
is 'a link that leads out of the image leads to a place in it' \
	broken link 0 '^ok    crio-config    1 file' bash -c \
	'mv "$1/10-hooks.conf" "$2/etc/real.conf" && ln -s ../../../../../../../../etc/real.conf "$1/10-hooks.conf"' \
	- "$dropins" "$image"

# ---- hooks.d -------------------------------------------------------------------------------------

prestart=fuse-sidecar-prestart.json poststop=fuse-sidecar-poststop.json
is 'a pattern that does not match the annotation' \
	broken pattern 12 "^fail  hook-prestart  .*its pattern does not match fuse-sidecar.io/mounts=\"..a=" \
	edit "$prestart" '.when.annotations = {"^fuse-sidecar\\.io/mounts$": "^.*$"}'
is 'a pattern that is not anchored' \
	broken anchor 0 '^warn  hook-prestart  .*matches other annotations too' \
	edit "$prestart" '.when.annotations = {"fuse-sidecar.io/mounts": "(?s).*"}'
is 'a pattern that Go does not know' \
	broken lookahead 12 '^fail  hooks-files    .*: invalid perl operator' \
	edit "$prestart" '.when.annotations = {"^fuse-sidecar\\.io/mounts$": "(?=a)"}'
is 'a hook for every container' \
	broken always 0 '^warn  hook-prestart  .*asks for more than the annotation' \
	edit "$prestart" '.when.always = true'
is 'a hook for no container' \
	broken never 12 '^fail  hook-prestart  .*its pattern does not match' \
	edit "$prestart" '.when.always = false'
is 'both names of one stage in one file' \
	broken twice 12 '^fail  hook-prestart  .*registers both prestart and createRuntime' \
	edit "$prestart" '.stages += ["createRuntime"]'
is 'a second file' \
	broken second 12 '^fail  hook-prestart  registered by .*/a.json and by .*/fuse-sidecar-prestart.json' \
	bash -c 'jq ".stages = [\"createRuntime\"]" "$1/fuse-sidecar-prestart.json" >"$1/a.json"' - "$hooksd"
is 'createRuntime alone is the same stage' \
	broken createRuntime 0 '^ok    hook-prestart' \
	edit "$prestart" '.stages = ["createRuntime"]'
is 'a stage that is none of ours' \
	broken other 12 '^fail  hook-prestart  .*registers it at poststart' \
	edit "$prestart" '.stages += ["poststart"]'
is 'arguments without the stage' \
	broken args 12 '^fail  hook-prestart  .*hook.args names no stage' \
	edit "$prestart" 'del(.hook.args)'
is 'arguments with another stage' \
	broken args 12 '^fail  hook-prestart  .*hook.args "poststop", the stage is prestart' \
	edit "$prestart" '.hook.args[1] = "poststop"'
is 'a timeout that is shorter than the gate' \
	broken timeout 0 '^warn  hook-prestart  .*after 60 s the runtime kills it' \
	edit "$prestart" '.hook.timeout = 60'
is 'a stage without a file' \
	broken poststop 0 '^warn  hook-poststop  ' \
	rm "$hooksd/$poststop"
is 'a program that is not there' \
	broken path 12 '^fail  hooks-files    .*hook.path /usr/libexec/oci/hooks.d/fuse-sidecar-hook ' \
	rm "$image/usr/libexec/oci/hooks.d/fuse-sidecar-hook"
is 'a program that others may write' \
	broken mode 12 '^fail  hook-binary    .*with mode 0775: it runs as root' \
	chmod 0775 "$image/usr/libexec/oci/hooks.d/fuse-sidecar-hook"
is 'a program that is none' \
	broken program 12 '^fail  hook-binary    .*mode 0644' \
	chmod 0644 "$image/usr/libexec/oci/hooks.d/fuse-sidecar-hook"
is 'a broken file of somebody else' \
	broken others 12 '^fail  hooks-files    /etc/containers/oci/hooks.d/other.json: it is not JSON at byte 2: ' \
	bash -c 'printf "{x}" >"$1/other.json"' - "$hooksd"

masked() {
	new_image && cp "$hooksd/$prestart" "$image/usr/share/containers/oci/hooks.d/$prestart" &&
		doctor_says 0 '^ok    hook-prestart  /etc/containers/oci/hooks.d/' || return 1
	# The later directory's file of that name counts, also where it is the worse one.
	printf '[crio.runtime]\nhooks_dir = ["/etc/containers/oci/hooks.d", "/srv/late"]\n' | drop_in 20.conf
	mkdir -p "$image/srv/late"
	jq '.hook.args = ["x"]' "$hooksd/$prestart" >"$image/srv/late/$prestart"
	doctor_says 12 '^fail  hook-prestart  /srv/late/fuse-sidecar-prestart.json'
}
is 'of two files of one name the later directory counts' masked

# ---- the rest of an image ------------------------------------------------------------------------

is 'a policy that is broken' \
	broken policy 12 '^fail  policy         .*rooots: unknown key; did you mean "roots"' \
	bash -c 'echo "{\"rooots\": []}" >"$1/etc/fuse-sidecar-hook/policy.json"' - "$image"
is 'a policy that only reports' \
	broken audit 0 '^warn  policy         .*mode audit: no container is refused' \
	bash -c 'echo "{\"mode\": \"audit\"}" >"$1/etc/fuse-sidecar-hook/policy.json"' - "$image"
is 'a timer that is not enabled' \
	broken timer 0 '^warn  timer          the timer for reconcile is not enabled' \
	rm "$image/etc/systemd/system/timers.target.wants/fuse-sidecar-reconcile.timer"
is 'a catalog that nobody has compiled' \
	broken catalog 0 '^warn  catalog        the catalog is installed, but' true

catalog_is_known() {
	new_image && mkdir -p "$image/var/lib/systemd/catalog" &&
		journalctl --root="$image" --update-catalog && doctor_says 0 '^ok    catalog '
}
is_with journalctl 'a catalog that is compiled' catalog_is_known

# Another program of that name stands for an installation without the helper.
without_helper() {
	new_image && mkdir -p "$scratch/alone" && cp "$tool" "$scratch/alone/tool" || return 1
	"$scratch/alone/tool" doctor --root "$image" >"$scratch/doctor"
	local code=$?
	cat "$scratch/doctor"
	((code == 0)) && grep -q '^warn  crio-config    cannot run fuse-sidecar-inspect' "$scratch/doctor" &&
		grep -q '^warn  hooks-dir      .*/etc/' \
			"$scratch/doctor" &&
		grep -q '^ok    hook-prestart  .*; doctor cannot tell whether CRI-O reads it' "$scratch/doctor" &&
		! grep -qE "^ok    hooks-dir|CRI-O reads .*default" "$scratch/doctor"
}
is 'without its helper doctor says what it cannot tell' without_helper

# No file of CRI-O to read: what it reads is known, the patterns are not.
without_helper_or_config() {
	new_image && rm -r "$image/etc/crio" &&
		cp "$hooksd"/*.json "$image/usr/share/containers/oci/hooks.d/" || return 1
	"$scratch/alone/tool" doctor --root "$image" | tee "$scratch/doctor"
	grep -q '^ok    hooks-dir      CRI-O reads /usr/share/containers/oci/hooks.d (its default)' "$scratch/doctor" &&
		grep -q '^ok    hook-prestart  .*; doctor does not try its pattern' "$scratch/doctor"
}
is 'nor does it say that a pattern is well which it has not tried' without_helper_or_config

prints_directories() {
	new_image && diff <("$tool" doctor --root "$image" --hooks-dirs) \
		<(printf '%s\n' /usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d) || return 1
	drop_in 20-bad.conf <<<'[crio.runtime'
	"$tool" doctor --root "$image" --hooks-dirs >"$scratch/directories" 2>"$scratch/said"
	(($? == 12)) && [[ ! -s $scratch/directories ]] && grep -q '20-bad.conf is not TOML' "$scratch/said"
}
is 'the directories alone, for installers' prints_directories

fix_goes_where_read() {
	new_image && rm "$hooksd"/*.json && rm -r "$image/etc/crio" &&
		doctor_says 12 'fix: run `make install hooksdir=/usr/share/containers/oci/hooks.d`, or'
}
is 'the fix registers it where CRI-O reads' fix_goes_where_read

needs_root() {
	chmod 0755 "$scratch"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$tool" doctor >"$scratch/doctor"
	local code=$?
	cat "$scratch/doctor"
	((code == 19)) && grep -q '^fail  privilege      doctor needs root' "$scratch/doctor" &&
		[[ $(grep -vE '^ ' "$scratch/doctor" | awk 'NF && !/ ok, / { print $2 }' | sort -u | xargs) == \
			"catalog fuse-device fuse-module journal privilege" ]]
}
# Linux 6.8 to 6.14 have the calls, and tell of a FUSE mount less than hooks need.
says_what_is_read() {
	LD_PRELOAD=$build/tests/old_statmount.so "$tool" doctor >"$scratch/doctor"
	cat "$scratch/doctor"
	grep -qE '^ok    kernel         .*(Linux 6.15 does|without statmount).* a hook reads whole mount tables.* one of [0-9]+ mounts takes [0-9.]+ ms' \
		"$scratch/doctor" && ! grep -q 'queries single mounts' "$scratch/doctor"
}
is_with 'root' 'what hooks read of the mounts is said, and what it costs' says_what_is_read

is_with 'root setpriv' 'without root it says that once, and nothing that it cannot know' needs_root

refuses_both() {
	"$tool" doctor --root "$image" --fix
	(($? == 10))
}
is 'an image is not mended' refuses_both
is 'an image that is not there' bash -c '"$1" doctor --root /nowhere; (($? == 10))' - "$tool"

# ---- as the engine reads them --------------------------------------------------------------------

# Each line: what the engine does with the file, its name, and a jq program that makes it of a good one.
cases() {
	cat <<-'EOL'
		takes a-good .
		takes an-unknown-key .surprise = 1 | .hook.surprise = 2
		takes another-case {Version: .version, HOOK: .hook, When: .when, Stages: .stages}
		takes a-name-twice "TEXT{\"version\": \"2\", \"version\": \"1.0.0\", \"stages\": [\"prestart\"], \"when\": {\"always\": false}, \"hook\": {\"path\": \"/bin/true\"}}"
		takes no-stage .stages = []
		takes a-null .hook.env = null
		refuses another-version .version = "1.0.1"
		refuses a-number-as-version .version = 1
		refuses no-path del(.hook.path)
		drops no-program .hook.path = "/nowhere/at/all"
		refuses no-stages del(.stages)
		refuses an-unknown-stage .stages = ["preStart"]
		refuses text-as-stages .stages = "prestart"
		refuses a-bad-pattern .when.annotations = {"(": "x"}
		refuses a-bad-value-pattern .when.annotations = {"x": "a**"}
		refuses a-backreference .when.annotations = {"(a)\\1": "x"}
		refuses a-bad-command .when.commands = ["["]
		refuses a-number-as-pattern .when.annotations = {"x": 1}
		refuses text-as-always .when.always = "true"
		refuses trailing-text "TEXT{\"version\": \"1.0.0\"} x"
		refuses an-empty-file "TEXT"
		refuses a-list "TEXT[]"
		refuses a-fraction .hook.timeout = 1.5
	EOL
}

make_case() {
	local program=$1
	if [[ $program == '"TEXT'* ]]; then
		jq -rn "$program" | sed 's/^TEXT//' | tr -d '\n'
	else
		jq '.hook.path = "/bin/true" | .when = {always: false} | '"$program" crio-hooks.d/"$prestart"
	fi
}

# The image has no program but /bin/true, and no other file.
doctor_takes() {
	rm -rf "$image" && mkdir -p "$image/bin" "$hooksd" "$dropins" "$image/usr/bin" || return 1
	touch "$image/bin/true" "$image/usr/bin/crio"
	printf '[crio.runtime]\nhooks_dir = ["/etc/containers/oci/hooks.d"]\n' | drop_in 1.conf
	cp "$1" "$hooksd/x.json"
	"$tool" doctor --root "$image" | tee "$scratch/doctor"
	! grep -q '^fail  hooks-files' "$scratch/doctor"
}

agree() {
	local does name program bad=0 engine_does doctor
	mkdir -p "$scratch"/{case,taken}
	while read -r does name program; do
		make_case "$program" >"$scratch/case/x.json" || { echo "cannot make $name"; bad=1; continue; }
		doctor=refuses
		! doctor_takes "$scratch/case/x.json" >"$scratch/case.said" || doctor=takes
		engine_does=$does
		if [[ -n ${engine_run:-} && $does == takes ]]; then
			cp "$scratch/case/x.json" "$scratch/taken/$name.json"
		elif [[ -n ${engine_run:-} ]]; then
			engine_does=$(ask_engine "$scratch/case")
		fi
		# A hook whose program is not there is left out without a word: doctor has one.
		[[ $does != drops || $doctor != refuses || $engine_does == refuses ]] || continue
		[[ $engine_does == "$does" && $doctor == "$does" ]] || {
			echo "$name: expected $does, the engine $engine_does it, doctor $doctor it"
			cat "$scratch/case.said"
			bad=1
		}
	done < <(cases)
	# Those that it takes it takes together: one start of a container less for each.
	if [[ -n ${engine_run:-} && $(ask_engine "$scratch/taken") != takes ]]; then
		cat "$engine/said"
		bad=1
	fi
	return "$bad"
}

# podman reads hooks.d when it starts a container; a broken one fails that.
ask_engine() {
	"${engine_run[@]}" --hooks-dir "$1" run --rm --network none --log-driver none --ulimit host \
		--rootfs "$engine/rootfs" /bin/busybox true >/dev/null 2>"$engine/said" && echo takes && return
	grep -qiE 'hook|json|regexp|no such file' "$engine/said" && echo refuses && return
	echo fails
}

is 'hooks.d files are taken and refused as they should be' agree

missing=$(lacking root podman conmon runc busybox)
if [[ -n $missing ]]; then
	skip 'the engine takes and refuses the same files' "$missing"
	skip 'doctor on a node' "$missing"
	finish
	exit
fi

engine_make
is 'the engine takes and refuses the same files' agree

# ---- a node --------------------------------------------------------------------------------------

holder=$(realpath "$build/tests/fuse_holder")
umount -l /run
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /usr/share/containers
mkdir -p /run/crio /etc/fuse-sidecar-hook /var/lib/kubelet /usr/share/containers/oci/hooks.d
mount -t tmpfs tmpfs /var/lib/kubelet
mount --make-shared /var/lib/kubelet
mkdir -p /var/lib/kubelet/pods/p/zurg
printf '"1.33.4"' >/run/crio/version
for file in crio-hooks.d/*.json; do
	jq --arg path "$hook" '.hook.path = $path' "$file" >"/usr/share/containers/oci/hooks.d/${file##*/}"
done

# A process that has CRI-O's name and such a command line, and waits. With --mount, in a mount namespace
# of its own.
crio=
start_crio() {
	local enter=()
	[[ ${1:-} != --mount ]] || { enter=(unshare --mount); shift; }
	stop_crio
	mkdir -p /run/bin
	cp "$BASH" /run/bin/crio
	[[ -p /run/wait ]] || mkfifo -m 600 /run/wait
	echo 'read -r _ </run/wait' >/run/bin/script
	"${enter[@]}" /run/bin/crio /run/bin/script "$@" &
	crio=$!
	for _ in {1..500}; do
		[[ $(cat "/proc/$crio/comm") != crio ]] || return 0
		read -rt 0.02 <> <(:)
	done
	return 1
}

stop_crio() {
	[[ -z $crio ]] || { kill "$crio"; wait "$crio"; } 2>/dev/null
	crio=
}

# node_says CODE [--fix] PATTERN...
node_says() {
	local code=$1 got pattern bad=0 fix=()
	shift
	[[ $1 != --fix ]] || { fix=(--fix); shift; }
	timeout 60 "$tool" doctor "${fix[@]}" >"$scratch/doctor"
	got=$?
	cat "$scratch/doctor"
	((got == code)) || { echo "exit $got, expected $code"; bad=1; }
	for pattern; do
		grep -qE -- "$pattern" "$scratch/doctor" || { echo "missing: $pattern"; bad=1; }
	done
	return "$bad"
}

is 'a CRI-O that runs' start_crio
is 'is found, with its version, its default runtime and our program' node_says 0 \
	"^ok    crio           CRI-O 1.33.4 runs, pid $crio" '^ok    fuse-module' \
	'^ok    hook-binary    .*, version ' '^ok    kubelet-root   /var/lib/kubelet/pods is on a shared' \
	'^ok    kubens         ' '^ok    runtime        crun, '
is 'another one' start_crio --hooks-dir /srv/a,/srv/b
is 'has its command line obeyed' node_says 12 \
	'^fail  hooks-dir      .* /srv/a, /srv/b \(its command line'
is 'one in another mount namespace' start_crio --mount
is 'is told' node_says 13 '^fail  kubens         CRI-O runs in another mount namespace'
is 'back to the first' start_crio

mount --make-private /var/lib/kubelet
is 'a private kubelet root fails' node_says 13 \
	'^fail  kubelet-root   /var/lib/kubelet/pods is on a private mount'
is 'a directory on it is not bound while CRI-O runs' node_says 13 --fix '^fail  kubelet-root'
echo '{"roots": ["/var/lib/kubelet"]}' >/etc/fuse-sidecar-hook/policy.json
is 'a mount is made shared' node_says 0 --fix \
	'^ok    kubelet-root   fixed: /var/lib/kubelet was made shared, peer group'
is 'and stays so' node_says 0 '^ok    kubelet-root   /var/lib/kubelet is on a shared mount'
rm /etc/fuse-sidecar-hook/policy.json

mount --bind /dev/null /dev/fuse
is 'a device that is another one' node_says 14 '^fail  fuse-device    /dev/fuse is not character device 10:229'
umount /dev/fuse

"$holder" /var/lib/kubelet/pods/p/zurg >/run/ready &
daemon=$!
for _ in {1..500}; do
	! grep -q ready /run/ready || break
	read -rt 0.02 <> <(:)
done
is 'a live mount is counted' node_says 0 '^ok    dead-mounts    none; 1 live FUSE mount below'
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
is 'a dead mount is told' node_says 0 '^warn  dead-mounts    1 FUSE mount is dead: /var/lib/kubelet/pods/p/zurg'
is 'one that no record names is left to people' node_says 0 --fix '^warn  dead-mounts    1 FUSE mount is dead'
umount -l /var/lib/kubelet/pods/p/zurg

echo '{"mode": 1}' >/etc/fuse-sidecar-hook/policy.json
is 'a broken policy' node_says 12 '^fail  policy         /etc/fuse-sidecar-hook/policy.json: mode: '
chmod 0666 /etc/fuse-sidecar-hook/policy.json
is 'a policy that others may write' node_says 12 '^fail  policy         .*mode 0666, expected root'
rm /etc/fuse-sidecar-hook/policy.json

echo '{"metricsFile": "/etc/textfile/fuse.prom"}' >/etc/fuse-sidecar-hook/policy.json
is 'a directory for metrics that is not there' node_says 0 '^warn  metrics        .*cannot be opened: No such'
mkdir /etc/textfile
is 'one that is' node_says 0 '^ok    metrics        /etc/textfile/fuse.prom will be written'
"$tool" metrics --write
is 'a file that was written' node_says 0 '^ok    metrics        /etc/textfile/fuse.prom was written '
touch -d '1 hour ago' /etc/textfile/fuse.prom
is 'a file that is not written any more' node_says 0 '^warn  metrics        .*has not been written for 1h'
rm /etc/fuse-sidecar-hook/policy.json

rm /run/fuse-sidecar-hook/reconciled
is 'without a timer' node_says 0 '^warn  timer          '
mkdir -p /run/fuse-sidecar-hook/pods
"$hook" reconcile >/dev/null
is 'when reconcile ran' node_says 0 '^ok    timer          reconcile ran [0-9]+m?s? ?.* ago; its timer is not enabled'
# Both clocks, as reconcile writes them; then one of them an hour off.
read -r real boot </run/fuse-sidecar-hook/reconciled
printf '%020d %s\n' "$((10#$real - 3600000000))" "$boot" >/run/fuse-sidecar-hook/reconciled
is 'a clock that was set' node_says 0 '^warn  timer          the clock was set forward by (1h|59m)'
printf '%s %020d\n' "$real" 0 >/run/fuse-sidecar-hook/reconciled
uptime=$(cut -d. -f1 /proc/uptime)
if ((uptime > 1000)); then
	is 'a reconcile that does not come any more' node_says 0 '^warn  timer          reconcile has not run for'
fi

touch /run/fuse-sidecar-hook/wrong
chmod 0777 /run/fuse-sidecar-hook
is 'a directory that others may write' node_says 19 '^fail  run-directory  /run/fuse-sidecar-hook belongs to'
chmod 0755 /run/fuse-sidecar-hook

stop_crio
is 'a CRI-O that does not run' node_says 0 '^warn  crio           CRI-O 1.33.4 is installed and does not run'

mount -o remount,ro /run
is 'a /run that cannot be written' node_says 19 '^fail  run-directory  .*cannot be written: Read-only file system'
mount -o remount,rw /run

# Its bounding set is that of the programs that it starts.
programs_get_no_more_than_they_need() {
	local kept bounding
	strace -qq -f -o "$scratch/calls" -e trace=capset,prctl,execve "$tool" doctor >"$scratch/printed"
	kept=$(grep -m 1 -o 'permitted=[^,]*' "$scratch/calls")
	bounding=$(grep -c 'prctl(PR_CAPBSET_DROP, [A-Z_]*) = 0' "$scratch/calls")
	echo "$kept, $bounding dropped"
	grep -q 'prctl(PR_SET_NO_NEW_PRIVS, 1,.*= 0$' "$scratch/calls" &&
		[[ $kept == *CAP_SYS_ADMIN* && $kept != *CAP_NET* && $kept != *CAP_SYS_RAWIO* ]] &&
		((bounding > 25))
}

is 'it and its programs keep no privilege that it has no use for' programs_get_no_more_than_they_need
finish
