# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0

# DISTROS_MIRROR, or the mirror of the first source of apt that is Debian's own archive.
debian_mirror() {
	local mirror=${DISTROS_MIRROR:-}
	[[ -z $mirror ]] || { echo "$mirror"; return; }
	# shellcheck disable=SC2016 # apt's variables
	mirror=$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' |
		sed -n 's/^Debian main //p' | head -n 1)
	[[ -n $mirror ]] || { echo "apt has no source of Debian's archive here: set DISTROS_MIRROR" >&2; return 1; }
	echo "$mirror"
}
