#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Which file contexts selinux-context adds, and takes away: with a semanage that keeps a list, as under
# Fedora's policy and as under Debian's.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

mkdir "$scratch/bin"

# program NAME: its text on standard input
program() {
	{ echo '#!/bin/bash'; cat; } >"$scratch/bin/$1"
	chmod +x "$scratch/bin/$1"
}

program selinuxenabled <<<"exit 0"
program restorecon <<<"exit 0"
program matchpathcon <<<"[[ \$1 == -n && \$2 == /run/containers ]] && cat $scratch/policy"
# semanage fcontext -a|-m|-d [-t TYPE] PATTERN
program semanage <<END
[[ \$1 == fcontext ]] || exit 2
pattern=\${!#}
[[ \$pattern == \$(cat $scratch/alias)/* ]] || exit 1
there() { grep -qF -- "\$pattern " $scratch/list; }
case \$2 in
-a) ! there && echo "\$pattern \$4" >>$scratch/list ;;
-m) there && grep -vF -- "\$pattern " $scratch/list >$scratch/new; mv $scratch/new $scratch/list; echo "\$pattern \$4" >>$scratch/list ;;
-d) there && { grep -vF -- "\$pattern " $scratch/list >$scratch/new; mv $scratch/new $scratch/list; } ;;
esac
END

context() {
	PATH=$scratch/bin:$PATH install/selinux-context.sh "$1"
}

# begin CONTEXT-OF-/run/containers PREFIX [LINE...]
begin() {
	echo "$1" >"$scratch/policy"
	echo "$2" >"$scratch/alias"
	printf '%s\n' "${@:3}" >"$scratch/list"
}

# lists LINE...: in this order
lists() {
	diff <(printf '%s\n' "$@") <(grep . "$scratch/list")
}

as_fedora() {
	begin system_u:object_r:container_var_run_t:s0 /var/run
	context add && lists '/var/run/fuse-sidecar-hook(/.*)? container_var_run_t' \
		'/var/run/fuse-sidecar-hook/shown(/.*)? container_ro_file_t'
}

as_debian() {
	begin system_u:object_r:container_runtime_t:s0 /run
	context add && lists '/run/fuse-sidecar-hook(/.*)? container_runtime_t' \
		'/run/fuse-sidecar-hook/shown(/.*)? container_ro_file_t'
}

twice() {
	context add && as_debian && context add &&
		[[ $(grep -c . "$scratch/list") == 2 ]]
}

takes_away() {
	as_debian && context delete && ! grep . "$scratch/list"
}

forgets_older() {
	begin system_u:object_r:container_runtime_t:s0 /run \
		'/run/fuse-sidecar-hook/(pods|tmp)(/.*)? container_ro_file_t'
	context add && ! grep -F '(pods|tmp)' "$scratch/list"
}

without_container_policy() {
	begin '<<none>>' /run
	context add 2>"$scratch/told"
	grep -q 'no file context for /run/containers' "$scratch/told" &&
		lists '/run/fuse-sidecar-hook/shown(/.*)? container_ro_file_t'
}

is 'the directories get the type of the runtimes, as in Fedora' as_fedora
is 'and as in Debian' as_debian
is 'adding them again changes nothing' twice
is 'they are taken away' takes_away
is 'those of an older version are' forgets_older
is 'a policy without containers is told' without_container_policy
finish
