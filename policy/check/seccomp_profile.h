/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container's seccomp profile does with one system call, decided as libseccomp builds the
 * filter that runc and crun load (seccomp_rule_add(3)): rules are added in order; a rule with the
 * default action, errno included, is skipped; an unconditional rule replaces conditional ones
 * before it and shadows every rule after it. Conditions themselves are not compared: a call is
 * CONDITIONAL where a rule with conditions has another effect than the rest, even if no value of
 * the arguments, or each, meets them.
 */
#ifndef FSH_POLICY_CHECK_SECCOMP_PROFILE_H
#define FSH_POLICY_CHECK_SECCOMP_PROFILE_H

#include "oci/spec/spec.h"

enum seccomp_decision {
	SECCOMP_DECISION_ALLOW,	      /* always: SCMP_ACT_ALLOW, SCMP_ACT_LOG, or no profile */
	SECCOMP_DECISION_CONDITIONAL, /* depends on arguments, or a supervisor decides (NOTIFY,
					 TRACE) */
	SECCOMP_DECISION_BLOCK,	      /* never: ERRNO, KILL…, TRAP, or an action unknown here */
};

/*
 * The decision for the system call `name`, one that every architecture has (mount, umount2).
 */
enum seccomp_decision seccomp_profile_decide(const struct spec_seccomp *profile, const char *name);

#endif
