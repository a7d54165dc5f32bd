/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as libseccomp merges them, not as they are written: two that say the opposite of one call
 * are common in profiles, and which of them counts depends on their order and conditions.
 */
#include "policy/check/seccomp_profile.h"

#include "oci/base/cleanup.h"
#include <seccomp.h>
#include <string.h>

/* What actions come to for a caller; bits, for a system call may meet several. */
#define LETS_PASS 1U
#define ASKS 2U /* a tracer or a supervisor, which may or may not be there */
#define BLOCKS 4U

/* An action as the filter has it, errno included: that decides which rules are the default's. */
struct action {
	uint32_t value;
	unsigned int effect;
};

static struct action parse_action(const char *name, int64_t errno_ret)
{
	const uint16_t data = (uint16_t)errno_ret;
	const struct {
		const char *name;
		struct action action;
	} actions[] = {
		{"SCMP_ACT_ALLOW", {SCMP_ACT_ALLOW, LETS_PASS}},
		{"SCMP_ACT_LOG", {SCMP_ACT_LOG, LETS_PASS}},
		{"SCMP_ACT_NOTIFY", {SCMP_ACT_NOTIFY, ASKS}},
		{"SCMP_ACT_TRACE", {SCMP_ACT_TRACE(data), ASKS}},
		{"SCMP_ACT_ERRNO", {SCMP_ACT_ERRNO(data), BLOCKS}},
		{"SCMP_ACT_TRAP", {SCMP_ACT_TRAP, BLOCKS}},
		{"SCMP_ACT_KILL", {SCMP_ACT_KILL_THREAD, BLOCKS}},
		{"SCMP_ACT_KILL_THREAD", {SCMP_ACT_KILL_THREAD, BLOCKS}},
		{"SCMP_ACT_KILL_PROCESS", {SCMP_ACT_KILL_PROCESS, BLOCKS}},
	};

	for (size_t i = 0; name && i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return actions[i].action;
	/* No runtime starts a container with such a profile. */
	return (struct action){UINT32_MAX, BLOCKS};
}

/* The filter's entry for one system call, as far as rules were added. */
struct entry {
	bool unconditional;   /* `effects` is that of the one rule that counts */
	unsigned int effects; /* of conditional rules, the default's not among them */
};

/*
 * As libseccomp does (db.c, db_rule_add() of 2.5): a call that has an entry without conditions
 * keeps it, whatever comes; a rule without conditions takes the place of all that have some.
 */
static void seccomp_add_rule(struct entry *entry, bool conditional, unsigned int effect)
{
	if (entry->unconditional)
		return;
	if (conditional) {
		entry->effects |= effect;
		return;
	}
	*entry = (struct entry){true, effect};
}

/* By name: no architecture has two for one call, and those that it does not have a runtime passes
 * over. */
static bool names_call(const struct spec_seccomp_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->names.n; i++)
		if (strcmp(rule->names.items[i], name) == 0)
			return true;
	return false;
}

static enum seccomp_decision seccomp_decide(unsigned int effects)
{
	if (effects == LETS_PASS)
		return SECCOMP_DECISION_ALLOW;
	if (effects == BLOCKS)
		return SECCOMP_DECISION_BLOCK;
	return SECCOMP_DECISION_CONDITIONAL;
}

enum seccomp_decision seccomp_profile_decide(const struct spec_seccomp *profile, const char *name)
{
	struct action fallback;
	struct entry entry = {0};

	if (!profile->present)
		return SECCOMP_DECISION_ALLOW;
	fallback = parse_action(profile->default_action, profile->default_errno_ret);
	for (size_t i = 0; i < profile->n_rules; i++) {
		const struct spec_seccomp_rule *rule = &profile->rules[i];
		struct action action = parse_action(rule->action, rule->errno_ret);

		if (action.value != fallback.value && names_call(rule, name))
			seccomp_add_rule(&entry, rule->n_args > 0, action.effect);
	}
	return seccomp_decide(
		entry.unconditional ? entry.effects : entry.effects | fallback.effect);
}
