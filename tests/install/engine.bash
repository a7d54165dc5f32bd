# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# podman, for suites in a mount namespace of their own: all that it writes lies below /run, which is theirs,
# and the host hears nothing of it.

engine=/run/engine

# Begin with nothing but a root file system that has busybox. "${engine_run[@]}" is podman then.
engine_make() {
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /dev/shm
	mkdir -p "$engine"/{root,runroot,tmp} "$engine"/rootfs/{bin,proc,sys,dev,etc,run,tmp}
	cp "$(command -v busybox)" "$engine/rootfs/bin/busybox"
	# shellcheck disable=SC2034 # for the suites
	engine_run=(podman --root "$engine/root" --runroot "$engine/runroot" --tmpdir "$engine/tmp"
		--cgroup-manager cgroupfs --events-backend none --runtime runc)
}

# engine_annotate KEY=VALUE: the arguments of podman in "${engine_annotated[@]}". Before 5.0 it reads them as
# a line of CSV: quotes let commas and newlines through.
engine_annotate() {
	if [[ -z ${engine_annotations:-} ]]; then
		engine_annotations=$("${engine_run[@]}" create --network none --annotation probe=a,b=c \
			--rootfs "$engine/rootfs" /bin/busybox true 2>/dev/null)
		engine_annotations=$("${engine_run[@]}" inspect --format '{{index .Config.Annotations "probe"}}' \
			"$engine_annotations" 2>/dev/null)
	fi
	# shellcheck disable=SC2034 # for the suites
	engine_annotated=(--annotation "$1")
	# shellcheck disable=SC2034 # the same
	[[ $engine_annotations != a ]] || engine_annotated=(--annotation "\"${1//\"/\"\"}\"")
}
