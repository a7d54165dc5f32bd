# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for the scripts that read this file
#
# The container image of the tests, made of programs that are on this machine: no registry is asked.

IMAGE=localhost/fuse-sidecar-pod:latest
IMAGE_ROOTFS=/var/lib/containers/fuse-sidecar-rootfs

# Build the root file system that every container of the pod uses.
image_build_rootfs() {
	local root=$IMAGE_ROOTFS

	sandbox_require rclone fusermount3 busybox ldd
	mkdir -p "$root"/{bin,dev,etc,proc,run,sys,tmp,usr,var,mnt/media,config/rclone}
	chmod 1777 "$root/tmp"
	ln -sfn bin "$root/sbin"
	ln -sfn ../bin "$root/usr/bin"
	image_add_busybox "$root"
	image_add_program "$root" rclone
	image_add_program "$root" fusermount3
	ln -sfn fusermount3 "$root/bin/fusermount"
	image_add_etc "$root"
}

image_add_busybox() {
	local root=$1 applet

	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[[ -e $root/bin/$applet ]] || ln -s busybox "$root/bin/$applet"
	done
}

# Copy program $2 and the libraries that it is linked with into $1, to the same places.
image_add_program() {
	local root=$1 program library

	program=$(command -v -- "$2")
	cp "$program" "$root/bin/$2"
	# Lines are "name => /path (address)", or "/path (address)" for the loader.
	for library in $(ldd "$program" | grep -o '/[^ ]*'); do
		mkdir -p "$root$(dirname "$library")"
		cp -L "$library" "$root$library"
	done
}

image_add_etc() {
	local root=$1

	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'plex:x:1000:1000:plex:/config:/bin/sh' >"$root/etc/passwd"
	printf '%s\n' 'root:x:0:' 'plex:x:1000:' >"$root/etc/group"
	printf '%s\n' user_allow_other >"$root/etc/fuse.conf"
	ln -sfn /proc/mounts "$root/etc/mtab"
}

# The same, as an image for podman.
image_import() {
	local archive=$SANDBOX_DIR/tmp/image.tar

	tar -C "$IMAGE_ROOTFS" -cf "$archive" .
	pod_podman import --quiet "$archive" "$IMAGE" >/dev/null
	rm "$archive"
	pod_podman_probe
}
