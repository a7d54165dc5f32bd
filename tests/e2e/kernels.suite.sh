# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# The pod on a kernel as old as RHEL 8's, as the hook sees it: without each system call that is younger than
# Linux 4.18, by ENOSYS with runc and by EPERM with crun. The volume starts private, which is the hard case.

suite_kernels() {
	local hook=$HOOK

	HIDE_SYSCALLS=${BUILD_DIR:-$TOP/build}/tests/hide_syscalls
	[[ -x $HIDE_SYSCALLS ]] || sandbox_die "hide_syscalls is not built (make tests)"
	for_each_runtime pod_on_old_kernel
	HOOK=$hook
	pod_install_hooks
}

# From now on the runtimes' hook is one on a kernel that answers $1.
use_old_kernel() {
	local wrapper=$SANDBOX_DIR/hook-without-$1

	printf '#!/bin/sh\nexec %q %s all -- %q "$@"\n' "$HIDE_SYSCALLS" "$1" "$TRUE_HOOK" >"$wrapper"
	chmod 755 "$wrapper"
	HOOK=$wrapper
	pod_install_hooks
}

pod_on_old_kernel() {
	local error=ENOSYS name

	[[ $ENGINE == runc ]] || error=EPERM
	name="$ENGINE, Linux 4.18 by $error"
	TRUE_HOOK=${TRUE_HOOK:-$HOOK}
	use_old_kernel "$error"
	start_pod directory
	first_attempt_is_refused "$name"
	start_sidecars "$name"
	start_main "$name"
	check_old_pod "$name"
	check_old_heal "$name"
	end_pod "$name" "$MAIN" "$PROVIDER_ZURG" "$PROVIDER_TORBOX"
}

# No kernel before 5.2 can put the shared mount into a container that is there: the kubelet's next attempt has
# it. With crun no poststop comes for the one that was refused.
first_attempt_is_refused() {
	test_that_not "$1: the first container of the private volume is refused" pod_create rclone-zurg 0
	test_that "$1: with exit code 13" shows_exit_code 13
	test_that "$1: the journal says what is missing" json_is "$(entries_of "$CONTAINER_ID")" \
		'any(.[]; .FUSE_SIDECAR_CODE == "host-not-shared" and (.MESSAGE | contains("open_tree")))'
	pod_delete "$CONTAINER_ID"
}

check_old_pod() {
	local file=/run/fuse-sidecar/topology.json

	test_that "$1: plex sees the files of zurg" sees_media "$MAIN" zurg
	test_that "$1: and those of torbox" sees_media "$MAIN" torbox
	test_that "$1: it reads the topology in its container" \
		json_is "$(pod_exec "$MAIN" cat "$file")" '.pod.uid == $uid' --arg uid "$POD_UID"
	test_that_not "$1: which root in a sidecar cannot write" \
		pod_exec_root "$PROVIDER_ZURG" sh -c "echo x >>$file"
}

# What needs more than a cached answer, which is all that FUSE gave before Linux 4.20.
check_old_heal() {
	local old=$PROVIDER_ZURG

	test_that "$1: rclone-zurg is killed" pod_kill "$old" KILL
	test_that "$1: its next instance heals the path" restart_provider rclone-zurg 1
	test_that "$1: and the running plex sees the files again" wait_until 15 sees_media "$MAIN" zurg
	pod_delete "$old"
}
