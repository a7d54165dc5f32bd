#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The journal catalog and hook/journal/message_ids.h name the same kinds with the same ids, and systemd's own
# catalog compiler accepts the file.
set -uo pipefail
# shellcheck source=tests/install/report.bash
. "$(dirname -- "$0")/report.bash"

catalog=install/fuse-sidecar-hook.catalog

in_header() {
	sed -n 's/^[[:space:]]*X(\(AUDIT_[A-Z_]*\), "\([0-9a-f]*\)").*/\1 \2/p' hook/journal/message_ids.h
}

in_catalog() {
	awk '/^# AUDIT_/ { kind = $2 } /^-- / { print kind, $2; kind = "?" }' "$catalog"
}

same_kinds() {
	diff <(in_header | sort) <(in_catalog | sort)
}

# UUID version 4 as systemd makes them, none twice.
ids_are_random() {
	local ids
	ids=$(in_header | cut -d' ' -f2)
	[[ $(wc -l <<<"$ids") -ge 12 ]] &&
		! grep -vE '^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$' <<<"$ids" &&
		[[ -z $(sort <<<"$ids" | uniq -d) ]]
}

# A field that the audit does not write would be shown as @NAME@.
fields_are_known() {
	local known='STAGE|ACTION|RESULT|CODE|POD|NAMESPACE|POD_UID|CONTAINER|PATH|HOST_PATH'
	known+='|PEER_GROUP|DURATION_USEC'
	! grep -oE '@[A-Za-z_]+@' "$catalog" |
		grep -vE "^@(FUSE_SIDECAR_($known)|CONTAINER_ID_FULL)@$"
}

every_entry_has() {
	[[ $(grep -c "^$1" "$catalog") == $(grep -c '^-- ' "$catalog") ]]
}

compiles() {
	local root=$scratch/root
	mkdir -p "$root/usr/lib/systemd/catalog" "$root/var/lib/systemd/catalog"
	cp "$catalog" "$root/usr/lib/systemd/catalog/"
	journalctl --root="$root" --update-catalog &&
		diff <(in_header | cut -d' ' -f2 | sort) \
			<(journalctl --root="$root" --list-catalog | cut -d' ' -f1 | sort)
}

is 'header and catalog name the same kinds and ids' same_kinds
is 'ids are random and none is used twice' ids_are_random
is 'the catalog refers to fields that the audit writes' fields_are_known
is 'every entry has a subject' every_entry_has 'Subject: .'
is 'every entry says what defined it' every_entry_has 'Defined-By: fuse-sidecar-hook$'
is_with journalctl 'journalctl compiles the catalog' compiles
finish
