# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The rooms of the layers, from the bottom: each may use itself and what stands before it. docs/architecture.md
# says what each is for.
# shellcheck disable=SC2034  # read by who sources this
rooms=(
	oci/{base,spec,kube}
	policy/{config,record,check,lint,report}
	hook/{sys,journal,sandbox,record,mount,worker,run,apply,reclaim,output,doctor,cmd}
)

# room_objects OBJECT-DIRECTORY: into `objects`, those of all rooms that have been made
room_objects() {
	local room source object
	objects=()
	for room in "${rooms[@]}"; do
		for source in "$room"/*.c; do
			object=$1/${source%.c}.o
			[[ ! -e $object ]] || objects+=("$object")
		done
	done
}
