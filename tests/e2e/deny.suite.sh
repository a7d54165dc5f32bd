# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq has variables of its own
#
# What a user sees of a refusal: the exit code in the runtime's message, and an entry in the journal.
# Nothing of the volume is changed.

POLICY=/etc/fuse-sidecar-hook/policy.json

suite_deny() {
	mkdir -p /var/media-outside
	for_each_runtime deny_all
}

deny_all() {
	local mounts='.annotations["fuse-sidecar.io/mounts"]' media='(.mounts[] | select(.destination == "/mnt/media"))'

	denied rclone-zurg 10 annotation-invalid "a malformed annotation" \
		"$mounts = \"rclone-zurg\""
	denied rclone-zurg 10 annotation-invalid "a relative path" \
		"$mounts = \"rclone-zurg=mnt/media/zurg\""
	denied rclone-zurg 10 annotation-invalid "an unknown key" \
		'.annotations["fuse-sidecar.io/mount"] = "x"'
	denied rclone-zurg 10 mountpoint-is-volume-root "a FUSE path that is the volume root" \
		"$mounts = \"rclone-zurg=/mnt/media\""
	denied rclone-zurg 10 volume-missing "a FUSE path on no volume" \
		"$mounts = \"rclone-zurg=/elsewhere/zurg\""
	denied rclone-zurg 11 path-outside-roots "a volume outside the policy's roots" \
		"$media.source = \"/var/media-outside\""
	denied rclone-zurg 13 provider-not-shared "a provider with a private volume" \
		"$media.options |= map(if . == \"rshared\" then \"rprivate\" else . end)
		| del(.linux.rootfsPropagation)"
	denied rclone-zurg 14 fuse-device-missing "a provider without /dev/fuse" \
		'del(.linux.devices[] | select(.path == "/dev/fuse"))'
	denied rclone-zurg 14 fuse-device-denied "a provider whose devices cgroup denies /dev/fuse" \
		'.linux.resources.devices += [{allow: false, type: "c", major: 10, minor: 229, access: "rw"}]'
	denied rclone-zurg 15 cap-sys-admin-missing "a provider without CAP_SYS_ADMIN" \
		'.process.capabilities |= map_values(map(select(. != "CAP_SYS_ADMIN")))'
	denied plex 13 consumer-no-propagation "a consumer with a private volume" \
		"$media.options |= map(if . == \"rslave\" then \"rprivate\" else . end)
		| del(.linux.rootfsPropagation)"
	denied rclone-zurg 10 "" "two denials: the lowest code" \
		"$mounts = \"rclone-zurg\" | .process.capabilities |= map_values(map(select(. != \"CAP_SYS_ADMIN\")))"
	deny_by_policy
	deny_forgery
	mode_audit_denies_nothing
}

deny_by_policy() {
	printf '{ "namespaces": { "deny": ["media-*"] } }\n' >"$POLICY"
	denied rclone-zurg 11 namespace-not-allowed "a namespace that the policy denies" .
	printf '{ "roots": [\n' >"$POLICY"
	denied rclone-zurg 12 "" "a broken policy file" .
	printf '{ "rooots": [] }\n' >"$POLICY"
	denied rclone-zurg 12 "" "a policy file with an unknown key" .
	rm "$POLICY"
}

# A pod's name cannot have a newline in Kubernetes; the hook must not rely on it.
deny_forgery() {
	denied rclone-zurg 10 state-invalid "a pod name that tries to forge a journal field" \
		'.annotations["io.kubernetes.pod.name"] = "plex\nFUSE_SIDECAR_FORGED=1\nFUSE_SIDECAR_RESULT=forged"'
	test_that "$ENGINE: no forged field is in the journal" \
		json_is "$(journal_json)" \
		'all(.[]; has("FUSE_SIDECAR_FORGED") or ([.FUSE_SIDECAR_RESULT] | flatten | index("forged")) | not)'
}

mode_audit_denies_nothing() {
	printf '{ "mode": "audit" }\n' >"$POLICY"
	start_pod directory
	test_that "$ENGINE: in audit mode a container without /dev/fuse is created all the same" \
		pod_run_shown rclone-zurg 0 '.process.args = ["sleep", "100"]
			| del(.linux.devices[] | select(.path == "/dev/fuse"))'
	test_that "$ENGINE: and the finding is in the journal" \
		json_is "$(entries_of "$CONTAINER_ID")" 'any(.[]; .FUSE_SIDECAR_CODE == "fuse-device-missing")'
	pod_stop "$CONTAINER_ID" KILL
	rm "$POLICY"
	test_that "$ENGINE: the kubelet can remove the volume" pod_remove_volume
}

# Create container $1 with its config changed by the jq filter $5: the hook must exit with $2 and name
# finding $3 ("": any). $4 says what is wrong.
denied() {
	local name="$ENGINE: $4" before

	start_pod directory
	before=$(volume_state)
	test_that_not "$name is refused" pod_create "$1" 0 "$5"
	test_that "$name: the user sees exit code $2" shows_exit_code "$2"
	if [[ $ENGINE == runc && -n $3 ]]; then
		test_that "$name: and the finding" contains "$(<"$CONTAINER_LOG")" "$3"
	fi
	test_that "$name: the journal has the denial" denial_is_in_journal "$3"
	test_that "$name: the volume is as before" same "$(volume_state)" "$before"
	pod_delete "$CONTAINER_ID"
	if [[ $ENGINE == runc ]]; then
		# crun runs no poststop for a container that was not created.
		test_that "$name: no record is left" not test -e "$POD_RECORD"
	fi
	test_that "$name: the kubelet can remove it" pod_remove_volume
}

denial_is_in_journal() {
	json_is "$(entries_of "$CONTAINER_ID")" \
		'any(.[]; .FUSE_SIDECAR_CODE != null and ($code == "" or .FUSE_SIDECAR_CODE == $code)
			and (.MESSAGE | length > 0))' --arg code "$1"
}
