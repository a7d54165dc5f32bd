/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: one entry for each decision (design section 9), sent with hook/journal/journal.h. A
 * line on standard error follows, for runtimes that show it. Where there is no journal the hook
 * still works.
 */
#ifndef FSH_HOOK_JOURNAL_AUDIT_H
#define FSH_HOOK_JOURNAL_AUDIT_H

#include "hook/journal/journal.h"
#include "hook/journal/message_ids.h"
#include "oci/base/error.h"
#include "oci/spec/identity.h"
#include "policy/record/finding.h"
#include <stdbool.h>
#include <stdint.h>

/* Who speaks: the same for each entry of a run. Nothing is owned; `identity` may be NULL or partly
 * filled. */
struct audit {
	const char *stage; /* "prestart", "createRuntime", "poststop", "prepare", "reconcile" */
	const struct identity *identity;
	bool quiet;		 /* nothing on standard error but denials and errors */
	struct journal *journal; /* NULL: each entry waits for one that does not read */
};

/* One entry. Strings may be NULL, numbers 0 (peer_group, duration) where they say nothing: the
 * field is then left out. */
struct audit_entry {
	enum audit_kind kind;
	const char *result; /* "ok", "denied", "failed", "reported" (mode audit) … */
	enum finding_code code;
	const char *path, *host_path;
	int peer_group;
	uint64_t duration_usec;
	int priority; /* syslog level; 0 takes the kind's own */
};

/*
 * Send the entry with a MESSAGE made from the format. Control characters in values are replaced, so
 * that no value can begin another field. Never fails: what the journal does not take goes to
 * standard error.
 */
void audit_send(const struct audit *audit, const struct audit_entry *entry, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A denied entry for each finding of severity deny, a "reported" one for each warning, with its
 * code, subject and fix. `enforced` false (mode audit) words and grades denials as what would have
 * been. */
void audit_findings(const struct audit *audit, const struct findings *findings, bool enforced);

/* An error that ends the run: as a denial by its code, or AUDIT_INTERNAL_ERROR. */
void audit_error(const struct audit *audit, const struct error *err, bool enforced);

/* An error that denies nobody anything, whatever its code: AUDIT_INTERNAL_ERROR, "failed". */
void audit_failure(const struct audit *audit, const struct error *err);

#endif
