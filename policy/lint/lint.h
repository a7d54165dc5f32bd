/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest judged before it is applied: each container by the checks that the hook makes, on a
 * config.json as CRI-O would make it of the pod; and by what only the whole manifest shows.
 */
#ifndef FSH_POLICY_LINT_LINT_H
#define FSH_POLICY_LINT_LINT_H

#include "oci/base/error.h"
#include "oci/kube/manifest.h"
#include "policy/config/config.h"
#include "policy/lint/edit.h"
#include "policy/record/finding.h"
#include <stdbool.h>
#include <stddef.h>

struct lint_input {
	const char *data;
	size_t size;
	const struct config *config; /* the defaults, or a node's policy */
	bool assumed; /* the policy is the default for want of another: what depends on its roots is
			 a warning */
};

/* "error", "warning", "note": a note is advice, and a manifest that has only notes is clean. */
enum lint_level {
	LINT_NOTE,
	LINT_WARNING,
	LINT_ERROR,
};

struct lint_finding {
	enum lint_level level;
	struct finding finding;
	char *object;	      /* "Deployment media-stack/plex"; "" for a part of one */
	size_t start, end;    /* bytes of the text that it is about; equal: only a place */
	struct edits edits;   /* what fixes it; empty where a person has to */
	const char *obstacle; /* why there are none although there could be; static, or NULL */
};

struct lint {
	struct lint_finding *items; /* by place */
	size_t n;
	size_t pods; /* that were looked at */
	bool unreadable;
};

/* Judge a manifest. One that cannot be read is a finding too. 0 or -ENOMEM. Owned by the caller. */
int lint_run(const struct lint_input *input, struct lint *ret);
void lint_clear(struct lint *lint);

#define cleanup_lint __attribute__((cleanup(lint_clear)))

const char *lint_level_name(enum lint_level level);
size_t lint_count(const struct lint *lint, enum lint_level level);
/* True where there was no manifest to judge: the text could not be parsed. */
bool lint_is_unreadable(const struct lint *lint);
/* The lowest exit code among errors, EXIT_DONE without one. */
enum exit_code lint_exit(const struct lint *lint);

/*
 * Fix what can be fixed, round by round, until nothing more can. *ret_text is owned by the
 * caller; *ret_lint is what the result is found to have. -EINVAL with FINDING_INTERNAL where the
 * result would be worse than the input: that is a fault of the program.
 */
int lint_fix(const struct lint_input *input, char **ret_text, size_t *ret_size,
	struct lint *ret_lint, struct error *err);

#endif
