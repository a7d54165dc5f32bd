# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for the scripts that read this file
#
# The Plex pod of the reference, its volume and secrets, and the ways to create its containers: through
# podman with our hooks.d files, or from a bundle as CRI-O writes it (a captured config.json with ids and
# host paths replaced) with runc or crun. Needs sandbox.sh and image.sh.

HOOK=${FUSE_SIDECAR_HOOK:-$TOP/build/fuse-sidecar-hook}
TOOL=${FUSE_SIDECAR:-$TOP/build/fuse-sidecar}
HOOKS_SOURCE=${FUSE_SIDECAR_HOOKS_D:-$TOP/crio-hooks.d}
HOOKS_D=/etc/containers/oci/hooks.d
POD_FIXTURES=$TOP/tests/fixtures/crio

POD_NAME=plex-6d5f7c9b8-x7k2p
POD_NAMESPACE=media-stack
POD_MOUNTS=rclone-zurg=/mnt/media/zurg,rclone-torbox=/mnt/media/torbox
POD_LOGS=$SANDBOX_DIR/logs

# ---- the pod as the kubelet prepares it ------------------------------------------------------------

# Begin a pod with a uid of its own: variables only.
pod_begin() {
	POD_UID=$(</proc/sys/kernel/random/uuid)
	POD_SANDBOX_ID=$(pod_new_id)
	POD_DIR=/var/lib/kubelet/pods/$POD_UID
	POD_VOLUME=$POD_DIR/volumes/kubernetes.io~nfs/media-library-pv
	POD_RECORD=/run/fuse-sidecar-hook/pods/$POD_UID
	mkdir -p "$POD_LOGS"
}

# An id as CRI-O makes them: 64 hex digits.
pod_new_id() {
	od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# Make the media volume. $1: "mountpoint" (as an NFS volume is) or "directory" (as a volume on the
# node's disk is); $2: propagation of the mount that holds it, "private" or "shared".
pod_make_volume() {
	mkdir -p "$POD_VOLUME"
	if [[ $1 == mountpoint ]]; then
		mount -t tmpfs -o mode=755 media-library "$POD_VOLUME"
		mount "--make-$2" "$POD_VOLUME"
	else
		mount "--make-$2" /var/lib/kubelet
	fi
	mkdir -p "$POD_VOLUME/config/plex" "$POD_VOLUME/stream/Shows/MyShow"
	chown 1000:1000 "$POD_VOLUME/config/plex"
	ln -s "/mnt/media/torbox/torrents/MyShow.S01/MyShow.S01E01.mkv" \
		"$POD_VOLUME/stream/Shows/MyShow/S01E01.mkv"
}

# Make the secret volume $1 with an rclone.conf for the WebDAV server of remote $2 on port $3.
pod_make_secret() {
	local directory=$POD_DIR/volumes/kubernetes.io~secret/$1

	mkdir -p "$directory"
	printf '[%s]\ntype = webdav\nurl = http://127.0.0.1:%s\nvendor = other\n' "$2" "$3" \
		>"$directory/rclone.conf"
	chmod 0400 "$directory/rclone.conf"
}

pod_make_secrets() {
	pod_make_secret rclone-zurg-config zurg "$WEBDAV_ZURG_PORT"
	pod_make_secret rclone-config torbox "$WEBDAV_TORBOX_PORT"
	# The name that the captured configs have for it.
	pod_make_secret rclone-torbox-config torbox "$WEBDAV_TORBOX_PORT"
}

# Pass when a live FUSE mount of rclone is on path $1.
pod_mount_is_live() {
	[[ $(findmnt -nr -o FSTYPE --mountpoint "$1") == fuse.rclone ]] && timeout 2 stat -- "$1" >/dev/null 2>&1
}

# "private" or "shared", of the mount that holds path $1.
pod_propagation() {
	findmnt -nr -o PROPAGATION --target "$1" | tail -n 1
}

# The kubelet's end of a pod: unmount its volume, remove its directory. Fails when something is in the way.
pod_remove_volume() {
	if mountpoint -q "$POD_VOLUME"; then
		umount "$POD_VOLUME" || return
	fi
	rm -rf --one-file-system "$POD_DIR"
	[[ ! -e $POD_DIR ]]
}

# ---- the two clouds --------------------------------------------------------------------------------

WEBDAV_ZURG_PORT=9999
WEBDAV_TORBOX_PORT=9998
WEBDAV_DIR=$SANDBOX_DIR/webdav

# Start the WebDAV servers that stand for Zurg and TorBox and wait until they answer.
webdav_start() {
	webdav_fill_zurg "$WEBDAV_DIR/zurg"
	webdav_fill_torbox "$WEBDAV_DIR/torbox"
	webdav_serve "$WEBDAV_DIR/zurg" "$WEBDAV_ZURG_PORT"
	webdav_serve "$WEBDAV_DIR/torbox" "$WEBDAV_TORBOX_PORT"
}

webdav_serve() {
	rclone serve webdav --config /dev/null --addr "127.0.0.1:$2" "$1" >>"$SANDBOX_DIR/webdav.log" 2>&1 &
	disown
	wait_until 10 webdav_answers "$2" || sandbox_die "the WebDAV server on port $2 does not answer"
}

webdav_answers() {
	(: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# 300 films.
webdav_fill_zurg() {
	local n title

	for n in {001..300}; do
		title="Film $n (2024)"
		mkdir -p "$1/__all__/$title"
		printf 'zurg film %s\n' "$n" >"$1/__all__/$title/$title.mkv"
	done
}

# 30 seasons of 10 episodes.
webdav_fill_torbox() {
	local season episode show

	for season in {01..30}; do
		show=MyShow.S$season
		mkdir -p "$1/torrents/$show"
		for episode in {01..10}; do
			printf 'torbox %sE%s\n' "$show" "$episode" >"$1/torrents/$show/${show}E$episode.mkv"
		done
	done
}

# ---- the hook ----------------------------------------------------------------------------------------

# Install the project's hooks.d files, for the hook of this tree.
pod_install_hooks() {
	local file

	[[ -x $HOOK ]] || sandbox_die "$HOOK is not built (make)"
	compgen -G "$HOOKS_SOURCE/*.json" >/dev/null || sandbox_die "no hooks.d files in $HOOKS_SOURCE"
	for file in "$HOOKS_SOURCE"/*.json; do
		jq --arg hook "$HOOK" '.hook.path = $hook' "$file" >"$HOOKS_D/${file##*/}"
	done
}

# The "hooks" section that CRI-O makes of them: CRI-O >= 1.31 writes prestart hooks into createRuntime.
pod_hooks_section() {
	jq -s '[.[] | .hook as $hook | .stages[]
		| {(if . == "prestart" then "createRuntime" else . end): [$hook]}]
		| reduce .[] as $one ({}; . as $all
			| reduce ($one | keys[]) as $stage ($all; .[$stage] += $one[$stage]))' \
		"$HOOKS_D"/*.json
}

# ---- podman ------------------------------------------------------------------------------------------

POD_PODMAN_OPTIONS=(--cgroup-manager cgroupfs --runtime runc --events-backend none --hooks-dir "$HOOKS_D")

pod_podman() {
	podman "${POD_PODMAN_OPTIONS[@]}" "$@" </dev/null
}

# podman deletes a container from the runtime when it exits, and poststop runs then. From now on have it
# done as CRI-O does: when the container is removed.
pod_podman_delete_late() {
	local wrapper=$SANDBOX_DIR/conmon

	cat >"$wrapper" <<-END
		#!/bin/bash
		# $(command -v conmon) without what it would run when the container exits.
		arguments=()
		while ((\$#)); do
			case \$1 in
			--exit-command | --exit-command-arg) shift ;;
			*) arguments+=("\$1") ;;
			esac
			shift
		done
		exec $(command -v conmon) "\${arguments[@]}"
	END
	chmod 755 "$wrapper"
	POD_PODMAN_OPTIONS+=(--conmon "$wrapper")
}

# Find out how this podman reads --annotation.
pod_podman_probe() {
	pod_podman create --name probe --annotation probe=a,b=c "$IMAGE" true >/dev/null
	POD_PODMAN_ANNOTATION=$(pod_podman inspect --format '{{index .Config.Annotations "probe"}}' probe)
	pod_podman rm probe >/dev/null
}

# Write annotation $1 (KEY=VALUE) for podman's command line. Some versions read the argument as a line of
# CSV and make two annotations of a value with a comma.
pod_podman_annotation() {
	if [[ $POD_PODMAN_ANNOTATION == a ]]; then
		printf '"%s"' "${1//\"/\"\"}"
	else
		printf '%s' "$1"
	fi
}

# The keys by which CRI-O names container $1, instance $2, as podman arguments in POD_PODMAN_KEYS. Not
# ContainerID: podman chooses the id, and the hook has it from the state.
pod_podman_keys() {
	local key

	POD_PODMAN_KEYS=()
	for key in "io.kubernetes.pod.name=$POD_NAME" "io.kubernetes.pod.namespace=$POD_NAMESPACE" \
		"io.kubernetes.pod.uid=$POD_UID" "io.kubernetes.container.name=$1" \
		"io.kubernetes.container.restartCount=$2" "io.kubernetes.cri-o.SandboxID=$POD_SANDBOX_ID" \
		"io.kubernetes.cri-o.ContainerType=container" "fuse-sidecar.io/mounts=$POD_MOUNTS"; do
		POD_PODMAN_KEYS+=(--annotation "$(pod_podman_annotation "$key")")
	done
}

# --memory $1 and --cpus $2 in POD_PODMAN_LIMITS, as far as the controllers are there.
pod_podman_limits() {
	POD_PODMAN_LIMITS=()
	if ! sandbox_has_controller pids; then
		# podman sets a limit of its own otherwise.
		POD_PODMAN_LIMITS+=(--pids-limit 0)
	fi
	if sandbox_has_controller memory; then
		POD_PODMAN_LIMITS+=(--memory "$1")
	fi
	if sandbox_has_controller cpu; then
		POD_PODMAN_LIMITS+=(--cpus "$2")
	fi
}

# Start sidecar $1, instance $2, as the reference has it: remote $3, secret volume $4, rc port $5.
# More arguments go to podman. POD_PODMAN_AWAITS: the file of its secret volume that it waits for
# before it mounts.
pod_podman_sidecar() {
	local name=$1 instance=$2 remote=$3 secret=$4 port=$5

	shift 5
	pod_podman_keys "$name" "$instance"
	pod_podman_limits 1g 0.5
	# shellcheck disable=SC2016 # for the shell inside
	pod_podman run --detach --name "$name-$instance" --network host --privileged \
		--log-driver k8s-file --security-opt label=disable \
		"${POD_PODMAN_KEYS[@]}" "${POD_PODMAN_LIMITS[@]}" \
		--volume "$POD_VOLUME:/mnt/media:rw,rbind,rshared" \
		--volume "$POD_DIR/volumes/kubernetes.io~secret/$secret:/config/rclone:ro" \
		--env HOME=/tmp "$@" "$IMAGE" \
		sh -c 'until [ -e "/config/rclone/$0" ]; do sleep 0.1; done; exec "$@"' \
		"${POD_PODMAN_AWAITS:-rclone.conf}" rclone mount "$remote:" "/mnt/media/$remote" --config=/config/rclone/rclone.conf \
		--allow-other --vfs-cache-mode=full --poll-interval=10s --dir-cache-time=10s \
		--attr-timeout=10s --rc --rc-no-auth "--rc-addr=:$port"
}

pod_podman_zurg() {
	pod_podman_sidecar rclone-zurg "$1" zurg rclone-zurg-config 5572 "${@:2}"
}

pod_podman_torbox() {
	pod_podman_sidecar rclone-torbox "$1" torbox rclone-config 5573 "${@:2}"
}

# Start the main container, instance $1. More arguments go to podman.
pod_podman_main() {
	local instance=$1

	shift
	pod_podman_keys plex "$instance"
	# Less than the reference's 8Gi and 4 CPUs: a test machine may be small.
	pod_podman_limits 1g 1
	pod_podman run --detach --name "plex-$instance" --network host --user 1000:1000 \
		--log-driver k8s-file --security-opt label=disable \
		"${POD_PODMAN_KEYS[@]}" "${POD_PODMAN_LIMITS[@]}" \
		--volume "$POD_VOLUME/config/plex:/config:rw" \
		--volume "$POD_VOLUME:/mnt/media:rw,rbind,rslave" "$@" "$IMAGE" sleep 3600
}

# ---- runc and crun, on bundles as CRI-O writes them -------------------------------------------------

# Use runtime $1 and the configs that CRI-O wrote for it.
pod_use_runtime() {
	RUNTIME=$1
	POD_CAPTURE=$POD_FIXTURES/crio-1.33-$1/seed
}

pod_runtime() {
	"$RUNTIME" --root "/run/$RUNTIME" "$@"
}

# Write the bundle of container $1, instance $2, and set CONTAINER_ID, BUNDLE and CONTAINER_LOG. $3: a jq
# filter that changes the finished config.json.
pod_make_bundle() {
	local capture=$POD_CAPTURE/$1/config.json rootfs

	CONTAINER_ID=$(pod_new_id)
	CONTAINER_LOG=$POD_LOGS/$1-$2-$CONTAINER_ID
	BUNDLE=/run/containers/storage/overlay-containers/$CONTAINER_ID/userdata
	rootfs=/var/lib/containers/storage/overlay/$CONTAINER_ID
	mkdir -p "$BUNDLE"
	pod_mount_rootfs "$rootfs"
	jq --arg uid "$POD_UID" --arg id "$CONTAINER_ID" --arg sandbox "$POD_SANDBOX_ID" \
		--arg rootfs "$rootfs/merged" --arg instance "$2" --argjson hooks "$(pod_hooks_section)" '
		. as $old | $old.annotations as $keys
		| walk(if type == "string" then
			gsub($keys["io.kubernetes.pod.uid"]; $uid)
			| gsub($keys["io.kubernetes.cri-o.ContainerID"]; $id)
			| gsub($keys["io.kubernetes.cri-o.SandboxID"]; $sandbox)
			| gsub($old.root.path; $rootfs)
		  else . end)
		# crun before 1.9 takes nothing newer.
		| .ociVersion = "1.0.2"
		| .annotations["io.kubernetes.container.restartCount"] = $instance
		| .hooks = $hooks' "$capture" |
		jq "$(pod_resources_filter) | ${3:-.}" >"$BUNDLE/config.json"
	pod_make_bind_sources "$BUNDLE/config.json"
}

# A root file system of the container's own over the image, as CRI-O's storage makes it.
pod_mount_rootfs() {
	mkdir -p "$1"/{diff,work,merged}
	mount -t overlay -o "lowerdir=$IMAGE_ROOTFS,upperdir=$1/diff,workdir=$1/work" overlay "$1/merged"
	mount --make-private "$1/merged"
}

# Drop the limits whose controllers the mounted cgroup file systems do not have.
pod_resources_filter() {
	local controller filter

	# "No limit"; crun before 1.9 writes the -1 to pids.max of cgroup v1.
	filter='if .linux.resources.pids.limit == -1 then del(.linux.resources.pids) else . end'
	for controller in memory cpu pids; do
		sandbox_has_controller "$controller" || filter+=" | del(.linux.resources.$controller)"
	done
	printf '%s' "$filter"
}

# Make what CRI-O makes for the sandbox: the small files that it binds, and the namespaces (those of the
# test's own sandbox, so that the containers reach the WebDAV servers on its loopback).
pod_make_bind_sources() {
	local source path kind

	while read -r source; do
		mkdir -p "${source%/*}"
		[[ ${source##*/} == shm ]] && mkdir -p "$source"
		[[ -e $source ]] || touch "$source"
	done < <(jq -r '.mounts[].source | select(startswith("/run/containers/"))' "$1")
	while read -r kind path; do
		mkdir -p "${path%/*}"
		mountpoint -q "$path" && continue
		touch "$path"
		mount --bind "/proc/self/ns/${kind/network/net}" "$path"
	done < <(jq -r '.linux.namespaces[] | select(.path) | "\(.type) \(.path)"' "$1")
}

# Create and start container $1, instance $2, config changed by the jq filter $3. What a user would see
# of a failure is in CONTAINER_LOG. Sets CONTAINER_ID even when creation fails.
pod_run() {
	pod_create "$@" && pod_runtime start "$CONTAINER_ID"
}

# The same, printing what a user would see.
pod_run_shown() {
	local status=0

	pod_run "$@" || status=$?
	cat "$CONTAINER_LOG"
	return "$status"
}

pod_create() {
	pod_make_bundle "$@"
	pod_create_made
}

# Create the container whose bundle was made last.
pod_create_made() {
	# The container keeps these descriptors; /dev/null, since it must not read the script.
	pod_runtime create --bundle "$BUNDLE" "$CONTAINER_ID" >"$CONTAINER_LOG" 2>&1 </dev/null
}

# Run a command in container $1 as the main container's user.
pod_exec() {
	pod_runtime exec --user 1000:1000 "$@" </dev/null
}

# The same as root.
pod_exec_root() {
	pod_runtime exec --user 0:0 "$@" </dev/null
}

# End container $1 as the kubelet and CRI-O do: signal $2 (TERM), then KILL, then delete: poststop runs here.
pod_stop() {
	pod_kill "$1" "${2:-TERM}" || pod_kill "$1" KILL || :
	pod_delete "$1"
}

pod_kill() {
	pod_runtime kill "$1" "$2" 2>/dev/null || return
	wait_until 5 pod_is_stopped "$1"
}

pod_is_stopped() {
	[[ $(pod_runtime state "$1" 2>/dev/null | jq -r .status) == stopped ]]
}

pod_delete() {
	pod_runtime delete --force "$1" >>"$POD_LOGS/delete" 2>&1 || :
	umount "/var/lib/containers/storage/overlay/$1/merged" || :
}
