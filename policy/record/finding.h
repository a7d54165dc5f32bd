/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks found: a code, a severity, what it is about, what is wrong, the change that fixes
 * it. */
#ifndef FSH_POLICY_RECORD_FINDING_H
#define FSH_POLICY_RECORD_FINDING_H

#include "oci/base/error.h"
#include "policy/config/config.h"
#include <stdbool.h>
#include <stddef.h>

struct finding {
	enum finding_code code;
	enum severity severity;
	char *subject, *message, *fix; /* never NULL in a list */
};

struct findings {
	struct finding *items;
	size_t n;
};

/* "allow", "warn" (nothing denies, something warns), "deny". */
enum verdict {
	VERDICT_ALLOW,
	VERDICT_WARN,
	VERDICT_DENY,
};

/*
 * Add a finding with the severity that the policy gives its code; one that the policy ignores is
 * not added. Its texts become single lines as an error's do. 0 or -ENOMEM.
 */
int findings_add(struct findings *list, const struct config *config, enum finding_code code,
	const char *subject, const char *fix, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* The severity that the policy gives `code`, but at most `cap`. */
enum severity findings_severity(
	const struct config *config, enum finding_code code, enum severity cap);

/* A finding of that severity, whatever the policy says; SEVERITY_IGNORE is not added. 0 or -ENOMEM.
 */
int findings_add_as(struct findings *list, enum finding_code code, enum severity severity,
	const char *subject, const char *fix, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* findings_add(), but at most of severity `cap`, for the milder case of a code; what follows is
 * subject, fix, format and its arguments. `config` and `code` are evaluated once. */
#define findings_add_capped(list, config, code, cap, ...)                                          \
	({                                                                                         \
		enum finding_code code_ = (code);                                                  \
		findings_add_as(list, code_, findings_severity(config, code_, cap), __VA_ARGS__);  \
	})

/* A deep copy of `finding` appended as it is; strings that are NULL become "". 0 or -ENOMEM. */
int findings_append(struct findings *list, const struct finding *finding);

/* An error as a finding of severity deny (a broken input has no milder reading). 0 or -ENOMEM. */
int findings_add_error(struct findings *list, const struct error *err);

enum verdict findings_verdict(const struct findings *list);
/* What the hook would exit with: the lowest exit code among denials, EXIT_DONE without. */
enum exit_code findings_exit(const struct findings *list);
const char *verdict_name(enum verdict verdict);

/* Whether the finding `i` is among the `max` that are kept where there is no room for all: denials
 * go before warnings, and of those the first. */
bool findings_keeps(const struct findings *list, size_t i, size_t max);
/* A copy of those appended to `to`, each text cut to `size` bytes. 0 or -ENOMEM. */
int findings_copy_some(const struct findings *from, size_t max, size_t size, struct findings *to);

/* Drop all but the first denial, of which code and severity stay: what the list says of its verdict
 * does. Returns how many are gone. */
size_t findings_reduce(struct findings *list);

/* A deep copy appended to `to`. 0 or -ENOMEM. */
int findings_copy(const struct findings *from, struct findings *to);
void findings_clear(struct findings *list);

#define cleanup_findings __attribute__((cleanup(findings_clear)))

#endif
