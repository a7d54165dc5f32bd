#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Inside a booted Debian, by booted.service: what docs/operation.md says of units, packages and boots. A phase for each
# boot; /mnt/results/phase says which one comes next, and is "end" after the last.
set -uo pipefail

cd /mnt/tree || exit 1
exec >>/mnt/results/log 2>&1
export LC_ALL=C.UTF-8 SANDBOX_DIR=/run
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/booted/pod.bash
. tests/booted/pod.bash
declare -A PID_OF=()

PACKAGES=/mnt/results/packages

installed() {
	dpkg --install --force-confold "$PACKAGES/$1"/*.deb
}

status_of() {
	systemctl show --property="$2" --value "$1"
}

# property UNIT NAME VALUE
property() {
	local value
	value=$(status_of "$1" "$2")
	[[ $value == "$3" ]] || { echo "$1: $2 is $value"; return 1; }
}

# No warning of the unit, nothing that a smaller bounding set kept it from.
ran_quietly() {
	local said
	systemctl restart "$1" || return
	property "$1" Result success || return
	said=$(journalctl --unit "$1" --priority warning --no-pager --quiet --boot)
	[[ -z $said ]] || { echo "$said"; return 1; }
}

# journal_has PATTERN: in what the hook has said since the machine was booted, with the catalog's words
journal_has() {
	journalctl --boot --catalog --no-pager _COMM=fuse-sidecar-ho >/run/journal
	grep -E -- "$1" /run/journal || { tail -n 20 /run/journal; return 1; }
}

bounding_set_is_small() {
	local set
	set=$(status_of "$1" CapabilityBoundingSet)
	[[ $set == *cap_sys_admin* && $set != *cap_sys_module* && $set != *cap_net_admin* ]] || { echo "$set"; return 1; }
}

started_before() {
	local first second
	first=$(status_of "$1" ExecMainExitTimestampMonotonic)
	second=$(status_of "$2" ExecMainStartTimestampMonotonic)
	((first > 0 && first <= second)) || { echo "$1 ended at $first, $2 began at $second"; return 1; }
}

check_installation() {
	test_that 'the package is installed by dpkg alone' installed one
	test_that 'prepare is enabled' systemctl is-enabled fuse-sidecar-prepare.service
	test_that 'the timer is enabled' systemctl is-enabled fuse-sidecar-reconcile.timer
	test_that 'the runtime directory is there, by tmpfiles' same "$(stat -c '%a %U' /run/fuse-sidecar-hook)" '755 root'
	test_that 'the catalog is compiled' grep -c . <(journalctl --list-catalog | grep fuse-sidecar-hook)
	printf '{"nodeMounts": ["/srv/media"]}\n' >/etc/fuse-sidecar-hook/policy.json
	test_that 'prepare runs within its bounding set' ran_quietly fuse-sidecar-prepare.service
	test_that 'it has made the node mount shared' same "$(findmnt -no PROPAGATION /srv/media)" shared
	test_that 'reconcile runs within its bounding set' ran_quietly fuse-sidecar-reconcile.service
	test_that 'the bounding set of prepare is small' bounding_set_is_small fuse-sidecar-prepare.service
	test_that 'the bounding set of reconcile is small' bounding_set_is_small fuse-sidecar-reconcile.service
}

check_pod() {
	pod_create rclone-zurg provider
	test_that 'a provider is allowed' pod_hook rclone-zurg prestart
	test_that 'its mount is live' pod_mount
	pod_create plex consumer
	test_that 'a consumer is allowed' pod_hook plex prestart
	test_that 'it sees the film' same "$(pod_reads)" film
	test_that 'the journal explains it' journal_has 'Defined-By: fuse-sidecar-hook'
	test_that 'status shows the pod' grep -q rclone-zurg <("$TOOL" status)
}

check_upgrade() {
	test_that 'an upgrade under a running pod succeeds' installed two
	test_that 'its mount lives on' pod_is_live
	test_that 'the main container still sees the film' same "$(pod_reads)" film
	test_that 'reconcile of the new version leaves it alone' ran_quietly fuse-sidecar-reconcile.service
	test_that 'and so it does' pod_is_live
	test_that 'a removal under a running pod succeeds' dpkg --remove fuse-sidecar-hook
	test_that 'its mount lives on without the hook' pod_is_live
	test_that 'the units are gone' not systemctl cat fuse-sidecar-reconcile.service
	test_that 'it is installed once more' installed two
}

check_end() {
	kill -KILL "$BINDFS"
	wait "$BINDFS" 2>/dev/null
	pod_stop plex
	pod_stop rclone-zurg
	test_that "the consumer's end" pod_hook plex poststop
	test_that "the provider's end" pod_hook rclone-zurg poststop
	test_that 'its dead mount is gone' not findmnt --mountpoint "$POD_VOLUME/zurg"
	test_that 'its record is gone' not test -e "$POD_RECORD"
	test_that 'the kubelet can remove the volume' rm -r "${POD_VOLUME%/*/*}"
}

load_profile() {
	printf 'profile %s flags=(attach_disconnected) {\n file,\n capability,\n deny mount,\n}\n' "$1" |
		apparmor_parser --replace --quiet
}

# provider_under PROFILE EXIT
provider_under() {
	local ret=0
	pod_create rclone-zurg provider '.process.apparmorProfile = "'"$1"'"'
	pod_hook rclone-zurg prestart || ret=$?
	pod_stop rclone-zurg
	pod_hook rclone-zurg poststop
	((ret == $2)) || { echo "exit $ret"; return 1; }
}

check_apparmor() {
	test_that 'the kernel has AppArmor in force' grep -q Y /sys/module/apparmor/parameters/enabled
	load_profile crio-default
	test_that "CRI-O's own profile denies mount: refused" provider_under crio-default 15
	load_profile own-profile
	test_that "whether an administrator's profile denies it is not known: allowed" provider_under own-profile 0
	test_that 'and said' journal_has 'own-profile.* may deny mount'
	test_that 'an unconfined provider is allowed' provider_under unconfined 0
}

# What the units have made, the file of each of them too, has one type: that of the directory.
types_are_one() {
	local types
	types=$(find /run/fuse-sidecar-hook -xdev -printf '%Z %p\n' | awk -F'[: ]' '{ print $3 }' | sort -u)
	find /run/fuse-sidecar-hook -xdev -printf '%Z %p\n'
	[[ $(wc -l <<<"$types") -eq 1 && $types != initrc* && $types != unlabeled* ]]
}

doctor_finds_labels_right() {
	"$TOOL" doctor --json >/run/doctor.json
	jq -e '.checks[] | select(.check == "selinux").state == "ok"' /run/doctor.json || { cat /run/doctor.json; return 1; }
}

# Not before the package is there: these tests come by a file system that the policy does not know. What services make
# is theirs at first, in the state of a node that has booted.
check_selinux() {
	systemctl stop fuse-sidecar-reconcile.timer fuse-sidecar-prepare.service
	rm -rf /run/fuse-sidecar-hook
	systemd-tmpfiles --create fuse-sidecar-hook.conf
	setenforce 1
	test_that 'SELinux enforces' same "$(cat /sys/fs/selinux/enforce)" 1
	test_that 'prepare runs' ran_quietly fuse-sidecar-prepare.service
	test_that 'reconcile runs' ran_quietly fuse-sidecar-reconcile.service
	test_that 'what they have made has the type of the policy' types_are_one
	test_that 'doctor finds it so' doctor_finds_labels_right
	setenforce 0
	pod_create rclone-zurg provider '.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"'
	setenforce 1
	test_that 'a container is not refused for labels' pod_hook rclone-zurg prestart
	test_that 'what it sees has a type that containers may read' \
		contains "$(stat -c %C /run/fuse-sidecar-hook/shown/*/topology.json)" container
	pod_stop rclone-zurg
	test_that 'nor is its end' pod_hook rclone-zurg poststop
	setenforce 0
	dmesg | grep 'avc: *denied' | grep -i 'fuse-sidecar' | tail -n 20 | sed 's/^/# /'
}

first_boot() {
	test_that 'systemd is the first process' same "$(cat /proc/1/comm)" systemd
	check_installation
	if [[ $MACHINE == selinux ]]; then
		check_selinux
		return
	fi
	check_pod
	check_upgrade
	check_end
	check_apparmor
	# What a reboot has to take away.
	pod_create rclone-zurg provider
	test_that 'a pod is there when the node goes down' pod_hook rclone-zurg prestart
}

second_boot() {
	test_that 'no record has outlived the reboot' not test -e "$POD_RECORD"
	test_that 'prepare ran by itself' property fuse-sidecar-prepare.service Result success
	test_that 'prepare ended before CRI-O began' started_before fuse-sidecar-prepare.service crio.service
	test_that 'CRI-O found the node mount shared' same "$(cat /run/crio-found)" shared
	test_that 'the timer waits' systemctl is-active fuse-sidecar-reconcile.timer
	test_that 'the package is purged' dpkg --purge fuse-sidecar-hook
	test_that 'and leaves no file of its own' not find /etc/fuse-sidecar-hook /usr/libexec/oci/hooks.d/fuse-sidecar-hook
}

insmod "/mnt/results/modules/kernel/fs/fuse/fuse.ko"
mount -t fusectl fusectl /sys/fs/fuse/connections
phase=$(cat /mnt/results/phase)
case $phase in
1)
	uname -r >/mnt/results/release
	first_boot
	echo 2 >/mnt/results/phase
	;;
2)
	second_boot
	echo end >/mnt/results/phase
	;;
esac
tap_finish
