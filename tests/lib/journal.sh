# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for the scripts that read this file
#
# A real systemd-journald of the sandbox's own, and ways to read it. Needs sandbox.sh and tap.sh.

JOURNAL_DIR=/run/log/journal

journal_start() {
	local daemon

	for daemon in /usr/lib/systemd/systemd-journald /lib/systemd/systemd-journald; do
		[[ -x $daemon ]] && break
	done
	[[ -x $daemon ]] || sandbox_die "systemd-journald is not installed"
	[[ -s /etc/machine-id ]] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
	mkdir -p "$JOURNAL_DIR" /run/systemd/journal
	journal_configure
	journal_install_catalog
	"$daemon" >/dev/null 2>"$SANDBOX_DIR/journald.log" &
	disown
	wait_until 10 test -S /run/systemd/journal/socket || sandbox_die "systemd-journald does not start"
}

# Nothing of the host's: no kernel messages, no audit socket.
journal_configure() {
	mkdir -p /etc/systemd/journald.conf.d
	printf '%s\n' '[Journal]' Storage=volatile ReadKMsg=no Audit=no ForwardToConsole=no \
		ForwardToWall=no RateLimitIntervalSec=0 SplitMode=none \
		>/etc/systemd/journald.conf.d/99-sandbox.conf
}

# Let `journalctl -x` explain the project's entries.
journal_install_catalog() {
	local file found=0

	mkdir -p /etc/systemd/catalog
	while read -r file; do
		cp "$file" /etc/systemd/catalog/
		found=1
	done < <(journal_catalogs)
	((found == 0)) || journalctl --update-catalog
}

journal_catalogs() {
	find "$TOP" -path "$TOP/build*" -prune -o -name '*.catalog' -print
}

# The arguments are journalctl's: options, FIELD=VALUE matches.
journal_show() {
	journalctl --sync
	journalctl -D "$JOURNAL_DIR" --no-pager "$@"
}

# The matching entries as one JSON array, oldest first.
journal_json() {
	{ journal_show -o json --all "$@" || :; } | jq -s .
}

# Pass when MESSAGE_ID $1 is in a catalog of the project.
journal_id_is_known() {
	local files

	mapfile -t files < <(journal_catalogs)
	((${#files[@]} > 0)) && grep -hqix -- "-- $1" "${files[@]}"
}
