#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The image of the DaemonSet: it is built from the Containerfile, on the small Debian of build.sh, and run as
# install/kustomize/daemonset.yaml has it: root without a capability, with a read-only root file
# system, on directories of a node. `make check-image` runs this; it asks the mirror for packages.
set -uo pipefail

# Storage and processes of podman end with these namespaces; the network stays, for the build.
if [[ ${IMAGE_INSIDE:-} != 1 ]]; then
	IMAGE_INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc -- "$0" "$@"
fi
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/../install/report.bash"

made=${BUILD_DIR:?not set, run make check-image}/check-packages
store=$made/store
image=localhost/fuse-sidecar-hook:test
node=$scratch/node
mount -t tmpfs tmpfs /run
[[ ! -e /etc/resolv.conf || -s /etc/resolv.conf ]] || echo '# no /etc/resolv.conf: it was below /run'

clean_up() {
	umount -R "$store" 2>/dev/null
	rm -rf --one-file-system -- "$store" "$scratch"
}
trap clean_up EXIT

run_podman() {
	podman --root "$store/root" --runroot "$store/run" --tmpdir "$store/tmp" --cgroup-manager cgroupfs \
		--events-backend none --runtime runc "$@"
}

imports_base() {
	tar -C "$made/root" -c . | run_podman import --quiet - localhost/small-debian
}

builds_image() {
	run_podman build --network host --isolation chroot --file install/container/Containerfile \
		--build-arg BASE=localhost/small-debian --tag "$image" . >"$scratch/build" 2>&1 || {
		tail -n 30 "$scratch/build"
		return 1
	}
}

# Nothing of the compiler stays in it.
has_no_compiler() {
	! run_podman run --rm --network none --entrypoint /bin/sh "$image" -c 'command -v gcc make'
}

# start_installer: as the DaemonSet does, less what only a cluster has
start_installer() {
	mkdir -p "$node/opt" "$node/hooks.d" "$node/etc" "$node/crio" "$node/bin"
	run_podman run --detach --name installer --network none --user 0:0 --cap-drop all --read-only \
		--read-only-tmpfs=false --security-opt no-new-privileges --log-driver k8s-file --ulimit host \
		--pids-limit 0 --env REMOVE=always --env NAMESPACE=ns --env DAEMONSET=hook \
		--volume "$node/opt:/opt/fuse-sidecar-hook" \
		--volume "$node/hooks.d:/usr/share/containers/oci/hooks.d" \
		--volume "$node/crio:/etc/crio:ro" --volume "$node/bin:/node/bin" \
		--volume "$node/etc:/etc/fuse-sidecar-hook" "$image"
}

becomes_ready() {
	local i
	for ((i = 0; i < 100; i++)); do
		! run_podman exec installer /on-host.sh ready || return 0
		sleep 0.2
	done
	run_podman logs installer
	return 1
}

# The helper of doctor is in it, and asks with its own libraries.
knows_what_crio_reads() {
	run_podman exec installer /opt/fuse-sidecar-hook/fuse-sidecar doctor --hooks-dirs --root /
}

has_no_capability() {
	local said
	said=$(run_podman exec installer grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/1/status | tr -s '\t\n' ' ')
	echo "$said"
	[[ $said == *'CapEff: 0000000000000000 '*'CapBnd: 0000000000000000 '*'NoNewPrivs: 1 '*'Seccomp: 2 '* ]]
}

# What it put there runs, with its own libraries, where it will be on the node.
program_runs() {
	local root=$scratch/root
	mkdir -p "$root/opt"
	cp -r "$node/opt" "$root/opt/fuse-sidecar-hook"
	chroot "$root" /opt/fuse-sidecar-hook/fuse-sidecar-hook --version &&
		chroot "$root" /opt/fuse-sidecar-hook/fuse-sidecar --version
}

are_on_path() {
	[[ $(readlink "$node/bin/fuse-sidecar-hook") == /opt/fuse-sidecar-hook/fuse-sidecar-hook &&
		$(readlink "$node/bin/fuse-sidecar") == /opt/fuse-sidecar-hook/fuse-sidecar ]]
}

hooks_are_there() {
	[[ -e $node/hooks.d/fuse-sidecar-prestart.json && -e $node/hooks.d/fuse-sidecar-poststop.json ]]
}

removes_at_the_end() {
	run_podman stop --time 30 installer
	[[ $(run_podman inspect --format '{{.State.ExitCode}}' installer) == 0 ]] &&
		[[ -z $(find "$node" ! -type d) ]]
}

is 'the small Debian is imported' imports_base
is 'the image is built' builds_image
is 'it has no compiler' has_no_compiler
is 'it starts' start_installer
is 'it installs the hook' becomes_ready
is 'it knows what CRI-O reads' knows_what_crio_reads
is 'it has no capability' has_no_capability
is 'the hooks are registered' hooks_are_there
is 'a link to each program is on the node'"'"'s PATH' are_on_path
is 'the programs run by themselves' program_runs
is 'at its end it removes the hook, in time' removes_at_the_end
finish
