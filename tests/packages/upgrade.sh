#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# dpkg replaces the package, to a newer version and back again, while containers are created: none is
# created without the hook, none fails for want of it. On a copy of this system that is in memory.
# CONTAINERS and UPGRADES say how many.
set -euo pipefail

# shellcheck source=tests/packages/common.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/common.bash"
for file in journal upgrade; do
	# shellcheck source=/dev/null
	. "$HERE/../lib/$file.sh"
done

CONTAINERS=${CONTAINERS:-500}
UPGRADES=${UPGRADES:-50}

# replace N: the odd ones are the newer version. What other packages do about it can wait.
replace() {
	local which=two
	(($1 % 2)) || which=one
	DEBIAN_FRONTEND=noninteractive dpkg --no-triggers --force-confold --install \
		"$MADE/$which"/packages/${NAME}_*.deb
}

sandbox_enter "$@"
sandbox_require dpkg
upgrade_prepare
test_that 'the package is installed' replace 0
test_that "at least $CONTAINERS containers are created during at least $UPGRADES replacements" \
	upgrade_while_creating "$CONTAINERS" "$UPGRADES" replace
echo "# $UPGRADES_DONE replacements"
test_that 'none of them fails' upgrade_none_failed
test_that 'the hook ran once for each' upgrade_hook_ran
tap_finish
