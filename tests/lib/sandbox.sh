# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for the scripts that read this file
#
# A private world for one script: mount, network, pid, ipc, uts and cgroup namespaces of its own, with
# the directories that container tools write to covered by throw-away ones. Whatever way the script
# ends, SIGKILL included, its processes, mounts, files and cgroups end with it.
#
#	. tests/lib/sandbox.sh
#	sandbox_enter "$@"	# runs the script again, inside, and never returns outside
#
# Who is who: the *launcher* (outside) waits; the *script* is pid 1 of the new pid namespace; the
# *undertaker* (outside, its own session) holds the read end of a pipe whose write end the launcher and
# all of the sandbox hold, and removes the cgroups when the last of them is gone.

SANDBOX_LIB=$(readlink -f -- "${BASH_SOURCE[0]}")
TOP=$(readlink -f -- "$(dirname -- "$SANDBOX_LIB")/../..")
SANDBOX_DIR=/run/sandbox

sandbox_die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Start the calling script again inside a sandbox; inside, furnish it and return.
sandbox_enter() {
	export PATH=$PATH:/usr/sbin:/sbin
	if [[ $$ -eq 1 && -n ${SANDBOX_NAME:-} ]]; then
		sandbox_furnish
		return
	fi
	[[ $EUID -eq 0 ]] || sandbox_die "namespaces and mounts need root; try: sudo $0"
	sandbox_require unshare setpriv setsid findmnt mount ip jq
	sandbox_launch "$@"
}

# Die with one line that names every missing command.
sandbox_require() {
	local command missing=()

	for command in "$@"; do
		command -v -- "$command" >/dev/null || missing+=("$command")
	done
	((${#missing[@]} == 0)) || sandbox_die "not installed: ${missing[*]} (see install/deps.sh)"
}

# ---- outside -------------------------------------------------------------------------------------

sandbox_launch() {
	local life undertaker child interrupted='' status=0

	export SANDBOX_NAME=fuse-sidecar-sandbox-$$
	# setsid: a signal to the whole process group must not take the undertaker along.
	exec {life}> >(exec setsid bash "$SANDBOX_LIB" undertake "$SANDBOX_NAME" >/dev/null 2>&1)
	undertaker=$!
	sandbox_run "$(readlink -f -- "$0")" "$@" <&0 &
	child=$!
	# KILL, since unshare blocks INT and TERM while it waits; --kill-child takes the rest along.
	trap 'interrupted=1; kill -KILL "$child" 2>/dev/null' INT TERM HUP
	wait "$child" || status=$?
	[[ -z $interrupted ]] || wait "$child" 2>/dev/null || :
	exec {life}>&-
	wait "$undertaker" 2>/dev/null || :
	exit "$status"
}

# Run in a subshell of the launcher.
sandbox_run() {
	exec setpriv --pdeathsig KILL \
		unshare --mount --propagation private --net --pid --ipc --uts \
		--fork --kill-child --mount-proc -- bash "$SANDBOX_LIB" join "$@"
}

# In the sandbox, before anything else: into its cgroups, and only then the namespace whose top they are.
# unshare, which waits outside, is not in them: a v2 group with processes hands no controller down.
sandbox_join() {
	sandbox_cgroups_join 0
	exec unshare --cgroup -- bash "$@"
}

# List, for each cgroup hierarchy, the directory that the sandbox's own group goes into: the caller's group
# on v1, the top on v2, where a group with processes may not hand out controllers to its children.
sandbox_cgroups_list() {
	local target type own line

	while read -r target type; do
		own=
		if [[ $type == cgroup ]]; then
			line=$(grep -F ":$(sandbox_cgroup_v1_name "$target"):" /proc/self/cgroup) || continue
			own=${line##*:}
		fi
		printf '%s\n' "$target${own%/}"
	done < <(findmnt -rn -t cgroup,cgroup2 -o TARGET,FSTYPE)
}

# The controllers of the v1 hierarchy mounted on $1, as /proc/self/cgroup writes them.
sandbox_cgroup_v1_name() {
	local known options

	options=,$(findmnt -rn -o FS-OPTIONS -- "$1"),
	while IFS=: read -r _ known _; do
		[[ -n $known && $options == *",${known%%,*},"* ]] || continue
		printf '%s\n' "$known"
		return
	done </proc/self/cgroup
}

# Move the process $1, or the one that asks, 0, into the sandbox's own groups.
sandbox_cgroups_join() {
	local parent group file

	while read -r parent; do
		group=$parent/$SANDBOX_NAME
		mkdir "$group" 2>/dev/null || continue
		for file in cpuset.cpus cpuset.mems; do
			# v1 only: a new cpuset is empty and takes no process.
			[[ -e $parent/tasks && -e $group/$file ]] && cat "$parent/$file" >"$group/$file"
		done
		printf '%s\n' "$1" >"$group/cgroup.procs" || rmdir "$group"
	done < <(sandbox_cgroups_list)
}

# Wait for the end of the sandbox, then remove its cgroups, the innermost first.
sandbox_undertake() {
	local parent left tries

	trap '' INT TERM HUP
	cat >/dev/null
	for ((tries = 0; tries < 100; tries++)); do
		left=0
		while read -r parent; do
			[[ -d $parent/$1 ]] || continue
			find "$parent/$1" -depth -type d -exec rmdir {} + || left=1
		done < <(sandbox_cgroups_list)
		((left)) || return 0
		sleep 0.1
	done
}

# ---- inside --------------------------------------------------------------------------------------

# SANDBOX_ROOT_PROPAGATION: what `/` and all below it is to be, "shared" as systemd makes it (default)
# or "private" as a machine without systemd has it. SANDBOX_CGROUPS: see sandbox_cgroups.
sandbox_furnish() {
	local tree=$SANDBOX_DIR/tree

	ip link set lo up
	mount -t tmpfs -o mode=755 sandbox /run
	mkdir -p "$tree" "$SANDBOX_DIR/tmp" "$SANDBOX_DIR/home"
	mount --rbind "$TOP" "$tree"
	sandbox_cover_with_overlay /etc
	sandbox_cover_with_overlay /var
	mount -t tmpfs -o mode=1777 sandbox /tmp
	mount -t tmpfs -o mode=1777 sandbox /dev/shm
	# The tree itself may lie below one of those.
	mkdir -p "$TOP"
	mount --rbind "$tree" "$TOP"
	cd "$TOP"
	sandbox_own_directories
	export TMPDIR=$SANDBOX_DIR/tmp HOME=$SANDBOX_DIR/home
	mount "--make-r${SANDBOX_ROOT_PROPAGATION:-shared}" /
	sandbox_cgroups "${SANDBOX_CGROUPS:-auto}"
}

# Everything that is written below $1 goes to memory; what is there stays visible.
sandbox_cover_with_overlay() {
	local store=$SANDBOX_DIR/overlay$1

	mkdir -p "$store/upper" "$store/work"
	mount -t overlay -o "lowerdir=$1,upperdir=$store/upper,workdir=$store/work" sandbox "$1"
}

# Directories that must start empty, whatever the machine has there.
sandbox_own_directories() {
	local directory

	for directory in /var/lib/kubelet /var/lib/containers /etc/containers/oci /etc/fuse-sidecar-hook; do
		mkdir -p "$directory"
		mount -t tmpfs -o mode=755 sandbox "$directory"
	done
	mkdir -p /etc/containers/oci/hooks.d
}

# Mount the cgroup file systems anew, so that they show the sandbox's own groups only.
# $1: unified (cgroup2 on /sys/fs/cgroup, all that crun takes), legacy (v1 controllers, where the
# limits are on a machine that has them), or auto (legacy where the memory controller is a v1 one).
sandbox_cgroups() {
	local mode=$1

	if [[ $mode == auto ]]; then
		mode=unified
		grep -q ':memory:' /proc/self/cgroup && mode=legacy
	fi
	if mountpoint -q /sys/fs/cgroup; then
		umount -R -l /sys/fs/cgroup
	fi
	"sandbox_cgroups_$mode"
	SANDBOX_CGROUPS=$mode
}

sandbox_cgroups_unified() {
	local controller

	mount -t cgroup2 sandbox /sys/fs/cgroup
	# Controllers are handed down only by a group without processes.
	mkdir -p /sys/fs/cgroup/init
	printf '1\n' >/sys/fs/cgroup/init/cgroup.procs
	for controller in $(</sys/fs/cgroup/cgroup.controllers); do
		printf '+%s\n' "$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || :
	done
}

sandbox_cgroups_legacy() {
	local controllers directory options

	mount -t tmpfs -o mode=755 sandbox /sys/fs/cgroup
	while IFS=: read -r _ controllers _; do
		options=$controllers
		directory=/sys/fs/cgroup/${controllers#name=}
		[[ $controllers == name=* ]] && options=none,$controllers
		[[ -n $controllers ]] || directory=/sys/fs/cgroup/unified
		mkdir -p "$directory"
		if [[ -n $controllers ]]; then
			mount -t cgroup -o "$options" sandbox "$directory"
			sandbox_link_controllers "$controllers"
		else
			mount -t cgroup2 sandbox "$directory"
		fi
	done </proc/self/cgroup
}

# "cpu,cpuacct" is looked for as "cpu" and as "cpuacct" too.
sandbox_link_controllers() {
	local controller

	[[ $1 == *,* ]] || return 0
	for controller in ${1//,/ }; do
		ln -s "$1" "/sys/fs/cgroup/$controller"
	done
}

# Whether a container's limits of controller $1 (memory, cpu, pids) can be set here.
sandbox_has_controller() {
	if [[ $SANDBOX_CGROUPS == legacy ]]; then
		[[ -d /sys/fs/cgroup/$1 ]]
	else
		grep -qw "$1" /sys/fs/cgroup/cgroup.subtree_control
	fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	set -euo pipefail
	"sandbox_$1" "${@:2}"
fi
