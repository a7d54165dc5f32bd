# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For what stands in for both programs: which of the two has a command.

# program_of VERB
program_of() {
	case ${1:-} in
	check | doctor | lint | metrics | status) echo fuse-sidecar ;;
	*) echo fuse-sidecar-hook ;;
	esac
}
