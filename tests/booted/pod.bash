# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2004,SC2016,SC2034 # PID_OF is a map; the inner shell has variables of its own; guest.sh uses them
#
# A pod as the hook meets it, without a container runtime: a process in a mount namespace of its own with the volume's
# bind below its root, a bundle, and a state on standard input. The FUSE daemon is bindfs.

POD_UID=6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11
POD_VOLUME=/var/lib/kubelet/pods/$POD_UID/volumes/kubernetes.io~empty-dir/media
POD_RECORD=/run/fuse-sidecar-hook/pods/$POD_UID/topology.json
HOOK=/usr/libexec/oci/hooks.d/fuse-sidecar-hook
TOOL=/usr/bin/fuse-sidecar
WORLD=/mnt/tree/tests/fixtures/world

pod_id() {
	printf '%s' "$1" | sha256sum | cut -d' ' -f1
}

# pod_create NAME provider|consumer [JQ-FILTER]: its init lives; PID_<NAME> is its pid
pod_create() {
	local name=$1 kind=$2 filter=${3:-.} root=/run/containers/$1/root bundle=/run/containers/$1 mode
	[[ $kind == provider ]] && mode=shared || mode=slave
	mkdir -p "$root" "$POD_VOLUME"
	rm -f "$bundle/ready"
	setsid unshare --mount --propagation "$mode" bash -euc '
		mount -t tmpfs -o mode=755 root "$1"
		mount --make-private "$1"
		mkdir -p "$1/run" "$1/mnt/media"
		mount --rbind "$2" "$1/mnt/media"
		mount "--make-r$3" "$1/mnt/media"
		touch "$4/ready"
		exec sleep infinity' - "$root" "$POD_VOLUME" "$mode" "$bundle" &
	PID_OF[$name]=$!
	wait_until 10 test -e "$bundle/ready" || return
	jq --arg root "$root" --arg source "$POD_VOLUME" --arg uid "$POD_UID" --arg name "$name" --arg id "$(pod_id "$name")" \
		'.root.path = $root | .mounts[0].source = $source
		| .annotations += {"fuse-sidecar.io/mounts": "rclone-zurg=/mnt/media/zurg",
			"io.kubernetes.pod.uid": $uid, "io.kubernetes.container.name": $name,
			"io.kubernetes.cri-o.ContainerID": $id, "io.kubernetes.container.restartCount": "0"} | '"$filter" \
		"$WORLD/$kind/config.json" >"$bundle/config.json"
}

# pod_hook NAME STAGE
pod_hook() {
	local bundle=/run/containers/$1
	jq --arg id "$(pod_id "$1")" --arg bundle "$bundle" --argjson pid "${PID_OF[$1]:-0}" --arg stage "$2" \
		'{ociVersion: "1.0.2", id: $id, bundle: $bundle, annotations: .annotations}
		+ if $stage == "poststop" then {status: "stopped"} else {status: "created", pid: $pid} end' \
		"$bundle/config.json" | "$HOOK" "$2"
}

pod_stop() {
	kill -KILL "${PID_OF[$1]}"
	wait "${PID_OF[$1]}" 2>/dev/null
	unset "PID_OF[$1]"
	return 0
}

pod_mount() {
	mkdir -p /srv/films
	echo film >/srv/films/film.mkv
	bindfs -f -o allow_other /srv/films "$POD_VOLUME/zurg" >/dev/null 2>&1 &
	BINDFS=$!
	wait_until 10 pod_is_live
}

pod_is_live() {
	[[ $(findmnt -nro FSTYPE --mountpoint "$POD_VOLUME/zurg") == fuse* ]] && stat -- "$POD_VOLUME/zurg/film.mkv"
}

# As the main container sees it.
pod_reads() {
	nsenter --target "${PID_OF[plex]}" --mount cat /run/containers/plex/root/mnt/media/zurg/film.mkv
}
