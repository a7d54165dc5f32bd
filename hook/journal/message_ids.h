/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FSH_HOOK_JOURNAL_MESSAGE_IDS_H
#define FSH_HOOK_JOURNAL_MESSAGE_IDS_H

/*
 * The kinds of journal entries and the MESSAGE_ID of each (systemd.journal-fields(7): 128 bits,
 * random, never reused for another meaning). `journalctl -x` finds the explanation of an entry by
 * its id in install/fuse-sidecar-hook.catalog, and administrators put ids into alert rules: an id
 * stays for as long as the kind exists. A test compares this list with the catalog.
 *
 * X(kind, id): the id as it stands behind "MESSAGE_ID=".
 */
#define AUDIT_MESSAGE_IDS(X)                                                                       \
	X(AUDIT_ACTIVATED, "f2307112069347ffa6850ac589456f6d")                                     \
	X(AUDIT_DIRECTORY_CREATED, "d6f9122ebca744ff84d194128cc03f16")                             \
	X(AUDIT_PROPAGATION_CHANGED, "bba298af2d794603b33605dacb96eb0b")                           \
	X(AUDIT_PROPAGATION_VERIFIED, "9765739117e14f00b35eba287876d108")                          \
	X(AUDIT_STALE_DETACHED, "0957f07f3afc42409d6f887048825d7c")                                \
	X(AUDIT_GATE_OPENED, "ae62b0f412ad497d95f01f06fe1f4d58")                                   \
	X(AUDIT_GATE_REFUSED, "09774977fc1d46e9a53781706c4bef06")                                  \
	X(AUDIT_DENIED, "1b3c70eea34c472c98b624c7b6c4fa73")                                        \
	X(AUDIT_RECORDED, "315a3ad7a6164dd1bae0cb81530ce7eb")                                      \
	X(AUDIT_CLEANED, "4c33c9646a4c4406b9dc1e85ec254c17")                                       \
	X(AUDIT_EXPOSED, "d3e5d0b4cfc34f3c9b4ba95d2e6d2f8b")                                       \
	X(AUDIT_WORKER_STUCK, "3053ee28370c4531b11b55abae91a83c")                                  \
	X(AUDIT_SYSCALL_REFUSED, "f37537989905492286e8bd4a77213616")                               \
	X(AUDIT_SYSCALL_UNKNOWN, "be8af5f7218048ef964f2c6ee67056f5")                               \
	X(AUDIT_INTERNAL_ERROR, "7519916ba15649e8a7976c0b926d8455")

/** What an audit entry is about; see AUDIT_MESSAGE_IDS. */
enum audit_kind {
#define AUDIT_KIND_(kind, id) kind,
	AUDIT_MESSAGE_IDS(AUDIT_KIND_)
#undef AUDIT_KIND_
};

#endif
