# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Containers that are created while the hook is upgraded, through podman's hooks.d engine, which is
# CRI-O's: it reads hooks.d anew for each container. Each container has a pod of its own and is a bystander
# in it, so that the hook has something to say and nothing to wait for; what it says is in the journal.
# Needs sandbox.sh, tap.sh and journal.sh.

UPGRADE_DIR=$SANDBOX_DIR/upgrade
UPGRADE_ROOTFS=$UPGRADE_DIR/rootfs
UPGRADE_HOOKS_D=/usr/share/containers/oci/hooks.d

# In a sandbox whose /usr can be written to, with a journal.
upgrade_prepare() {
	sandbox_require podman conmon runc busybox
	sandbox_cover_with_overlay /usr
	mkdir -p "$UPGRADE_ROOTFS"/{bin,proc,sys,dev,etc,run,tmp} "$UPGRADE_DIR/said"
	cp "$(command -v busybox)" "$UPGRADE_ROOTFS/bin/busybox"
	sandbox_cgroups auto
	journal_start
}

upgrade_pod_uid() {
	printf '00000000-0000-4000-8000-%012d' "$1"
}

# create_container N: as a pod's container, which ends at once
upgrade_create_container() {
	local n=$1 key keys=()
	for key in "io.kubernetes.pod.name=pod-$n" io.kubernetes.pod.namespace=upgrade \
		"io.kubernetes.pod.uid=$(upgrade_pod_uid "$n")" io.kubernetes.container.name=bystander \
		io.kubernetes.container.restartCount=0 io.kubernetes.cri-o.ContainerType=container \
		fuse-sidecar.io/mounts=sidecar=/mnt/x; do
		keys+=(--annotation "$key")
	done
	podman --cgroup-manager cgroupfs --runtime runc --events-backend none \
		--hooks-dir "$UPGRADE_HOOKS_D" run --rm --name "bystander-$n" --network none \
		--log-driver none --ulimit host --pids-limit 0 "${keys[@]}" --rootfs "$UPGRADE_ROOTFS" \
		/bin/busybox true </dev/null >"$UPGRADE_DIR/said/$n" 2>&1 ||
		echo "$n" >>"$UPGRADE_DIR/failed"
}

# upgrade_create FIRST STEP LAST: and then more of them, until there have been upgrades enough
upgrade_create() {
	local n
	for ((n = $1; n <= $3 || (n <= 10 * $3 && UPGRADES_WANTED); n += $2)); do
		upgrade_create_container "$n"
		echo "$n" >>"$UPGRADE_DIR/created"
		[[ ! -e $UPGRADE_DIR/enough ]] || UPGRADES_WANTED=0
	done
}

# upgrade_while_creating CONTAINERS UPGRADES COMMAND... : the command, with the number of the upgrade as its
# last argument, again and again until at least that many containers have been created by two hands, and at
# least that many upgrades have ended before the last container was there. Sets UPGRADES_DONE.
upgrade_while_creating() {
	local containers=$1 wanted=$2 hands=()
	shift 2
	: >"$UPGRADE_DIR/failed"
	UPGRADES_DONE=0
	UPGRADES_WANTED=1
	upgrade_create 1 2 "$containers" &
	hands+=($!)
	upgrade_create 2 2 "$containers" &
	hands+=($!)
	while upgrade_running "${hands[@]}"; do
		"$@" "$UPGRADES_DONE" >"$UPGRADE_DIR/upgrade" 2>&1 || {
			cat "$UPGRADE_DIR/upgrade"
			: >"$UPGRADE_DIR/enough"
			break
		}
		upgrade_running "${hands[@]}" && ((++UPGRADES_DONE))
		# Spread over the whole time; a machine that is slow at upgrading takes no pause.
		((UPGRADES_DONE < wanted)) || {
			: >"$UPGRADE_DIR/enough"
			sleep 0.2
		}
	done
	wait "${hands[@]}"
	((UPGRADES_DONE >= wanted)) || {
		echo "$UPGRADES_DONE upgrades while $(wc -l <"$UPGRADE_DIR/created") containers were created, $wanted wanted"
		return 1
	}
}

upgrade_running() {
	kill -0 "$@" 2>/dev/null
}

upgrade_none_failed() {
	local n
	[[ ! -s $UPGRADE_DIR/failed ]] || {
		while read -r n; do
			echo "container $n: $(<"$UPGRADE_DIR/said/$n")"
		done <"$UPGRADE_DIR/failed"
		return 1
	}
}

# Once at prestart for each container that was created.
upgrade_hook_ran() {
	local n
	diff <(sort -n "$UPGRADE_DIR/created" | while read -r n; do upgrade_pod_uid "$n"; echo; done) \
		<(journal_json FUSE_SIDECAR_ACTION=activated FUSE_SIDECAR_STAGE=prestart |
			jq -r '.[].FUSE_SIDECAR_POD_UID' | sort)
}
