# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# What a container gives to the hook besides its config.json: nothing. The dynamic linker reads LD_PRELOAD
# before any line of the hook runs, so this is the runtime's and the hooks.d file's to keep, and is
# looked at with each runtime (CVE-2025-23266).

RECORDER=/run/recorder
RECORDED=/run/recorded
EVIL_ENVIRONMENT='["LD_PRELOAD=/evil.so", "LD_AUDIT=/evil.so", "LD_LIBRARY_PATH=/", "BASH_ENV=/evil.sh",
	"GLIBC_TUNABLES=glibc.malloc.check=3", "PATH=/evil"]'

suite_environment() {
	make_recorder
	hooks_d_files_fix_the_environment
	for_each_runtime no_environment_of_an_image_reaches_the_hook
}

# In the place of the hook: its first environment and what it has open.
make_recorder() {
	cat >"$RECORDER" <<-EOT
		#!/bin/sh
		tr '\\0' '\\n' </proc/\$\$/environ >$RECORDED
		cat >/dev/null
	EOT
	chmod 755 "$RECORDER"
}

hooks_d_files_fix_the_environment() {
	local file

	for file in "$HOOKS_SOURCE"/*.json; do
		test_that "${file##*/} sets the environment, and nothing for the dynamic linker" json_is "$(<"$file")" \
			'.hook.env | type == "array" and length > 0 and all(.[]; test("^(LD_|GLIBC_)") | not)'
	done
}

no_environment_of_an_image_reaches_the_hook() {
	start_pod directory
	rm -f "$RECORDED"
	test_that "$ENGINE: a container with an evil environment and a recorder for a hook is created" \
		pod_run_shown rclone-zurg 0 ".process.args = [\"/bin/busybox\", \"true\"]
			| .process.env = $EVIL_ENVIRONMENT
			| .hooks |= map_values(map(.path = \"$RECORDER\"))"
	test_that "$ENGINE: its hook has the environment of the hooks.d file and no other" \
		same "$(<"$RECORDED")" "$(jq -r '.hook.env[]' "$HOOKS_SOURCE"/*prestart*.json)"
	pod_stop "$CONTAINER_ID" KILL
	test_that "$ENGINE: the kubelet can remove the volume" pod_remove_volume
}
