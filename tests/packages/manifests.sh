#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The manifests, judged by those whom they are for: Ignition's own validator; kubectl's kustomize; and the
# models of Kubernetes' OpenAPI that the Python client is generated from.
set -euo pipefail

# shellcheck source=tests/packages/common.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/common.bash"

BASE=$TOP/install/kustomize

makes_config() {
	ROLE=$1 POLICY=$TOP/install/policy.json BUILD=$SANDBOX_DIR HOOK_BINARY=$HOOK_BINARY TOOL_BINARY=$TOOL_BINARY \
		"$TOP/install/openshift/machineconfig.sh"
}

ignition_accepts() {
	ignition-validate "$SANDBOX_DIR/machineconfig/99-$1-$NAME.ign"
}

# That the validator would find something.
ignition_refuses() {
	jq '.storage.files[0].mode = "0755"' "$SANDBOX_DIR/machineconfig/99-worker-$NAME.ign" \
		>"$SANDBOX_DIR/broken.ign"
	! ignition-validate "$SANDBOX_DIR/broken.ign"
}

# Nobody else can have registered the name that the base has: RFC 2606, section 2.
image_is_nobodys() {
	objects | jq -es 'map(select(.kind == "DaemonSet"))[0].spec.template.spec.containers[0].image |
		split("/")[0] | endswith(".invalid")'
}

# Kustomize writes what the base says, with the images that an overlay names.
builds() {
	kubectl kustomize "$1" >"$SANDBOX_DIR/manifests.yaml"
}

schema_accepts() {
	"$HERE/kubernetes_schema.py" "$1"
}

schema_refuses() {
	sed "s/$1/$2/" "$SANDBOX_DIR/manifests.yaml" >"$SANDBOX_DIR/broken.yaml"
	! cmp -s "$SANDBOX_DIR"/{manifests,broken}.yaml && ! "$HERE/kubernetes_schema.py" "$SANDBOX_DIR/broken.yaml"
}

# The objects as JSON, one a line.
objects() {
	/usr/bin/python3 -c 'import json, sys, yaml
for o in yaml.safe_load_all(sys.stdin): print(json.dumps(o))' <"$SANDBOX_DIR/manifests.yaml"
}

# Nothing that an installer can do without.
is_least_privileged() {
	objects | jq -es '
		(map(select(.kind == "DaemonSet")) | length == 1) and
		(map(select(.kind == "DaemonSet"))[0].spec.template.spec |
			(.hostPID // .hostNetwork // .hostIPC // false | not) and
			.automountServiceAccountToken == false and
			(.volumes | map(select(.hostPath) | .hostPath.path) | sort) ==
				["/etc/containers/oci/hooks.d", "/etc/crio", "/etc/fuse-sidecar-hook",
				"/opt/fuse-sidecar-hook", "/run/crio", "/usr/local/bin",
				"/usr/share/containers/oci/hooks.d"] and
			(.containers[0].volumeMounts | map(select(.readOnly) | .mountPath) | sort) ==
				["/etc/crio", "/policy", "/run/crio",
				"/var/run/secrets/kubernetes.io/serviceaccount"] and
			all(.containers[]; .securityContext |
				.privileged == false and .allowPrivilegeEscalation == false and
				.readOnlyRootFilesystem == true and .capabilities == {drop: ["ALL"]} and
				.seccompProfile.type == "RuntimeDefault")) and
		(map(select(.kind == "Role"))[0].rules == [{apiGroups: ["apps"], resources: ["daemonsets"],
			resourceNames: ["fuse-sidecar-hook"], verbs: ["get"]}]) and
		(map(select(.kind == "ClusterRole" or .kind == "ClusterRoleBinding")) == [])'
}

# The directories of the node are at their own places in the container: a program's loader is found by name.
# One is not: what the node has in it would run in place of the container's own programs.
places_are_the_same() {
	objects | jq -es 'map(select(.kind == "DaemonSet"))[0].spec.template.spec as $pod |
		([$pod.volumes[] | select(.hostPath) | {(.name): .hostPath.path}] | add + {bin: "/node/bin"}) as $host |
		all($host | to_entries[]; . as $volume | $pod.containers[0].volumeMounts[] |
			select(.name == $volume.key) | .mountPath == $volume.value)'
}

overlay_names_image() {
	local overlay=$SANDBOX_DIR/overlay
	mkdir -p "$overlay"
	cp -r "$BASE" "$overlay/base"
	cp "$TOP/install/policy.json" "$overlay/policy.json"
	# As kustomize of kubectl 1.20 takes it, which Debian 12 has.
	cat >"$overlay/kustomization.yaml" <<-'END'
		bases: [base]
		images:
		- name: image.invalid/fuse-sidecar-hook
		  newName: registry.example/fuse-sidecar-hook
		  digest: sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3
		configMapGenerator:
		- name: fuse-sidecar-policy
		  namespace: fuse-sidecar-system
		  files: [policy.json]
		generatorOptions: {disableNameSuffixHash: true}
	END
	builds "$overlay" && objects | jq -es '
		map(select(.kind == "DaemonSet"))[0].spec.template.spec.containers[0].image ==
			"registry.example/fuse-sidecar-hook@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3" and
		(map(select(.kind == "ConfigMap"))[0].data | keys) == ["policy.json"]'
}

sandbox_enter "$@"
sandbox_require ignition-validate kubectl python3 jq
test_that 'a MachineConfig for workers is made' makes_config worker
test_that 'Ignition accepts it' ignition_accepts worker
test_that 'Ignition would refuse a broken one' ignition_refuses
test_that 'another one for control planes' makes_config master
test_that 'Ignition accepts that' ignition_accepts master
test_that 'the base is one that kustomize builds' builds "$BASE"
test_that 'its objects follow the schema' schema_accepts "$SANDBOX_DIR/manifests.yaml"
test_that 'an unknown key would be found' schema_refuses readOnlyRootFilesystem readOnlyRootFileSystem
test_that 'so would a value of another type' schema_refuses 'expirationSeconds: 600' 'expirationSeconds: soon'
test_that 'it asks for no more privilege than it needs' is_least_privileged
test_that 'the directories of the node are at their own places' places_are_the_same
test_that 'the image of the base is a name that no registry has' image_is_nobodys
test_that 'an overlay names image and policy' overlay_names_image
test_that 'and follows the schema too' schema_accepts "$SANDBOX_DIR/manifests.yaml"
test_that 'the example for pod authors follows the schema' schema_accepts "$TOP/examples/plex.yaml"
tap_finish
