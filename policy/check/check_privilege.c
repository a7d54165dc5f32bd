/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a provider's process may mount at all. */
#include "policy/check/checks.h"

#include "oci/base/cleanup.h"
#include "policy/check/capabilities.h"
#include "policy/check/seccomp_profile.h"
#include "policy/config/lsm.h"

static int check_user_namespace(const struct facts *facts, struct findings *findings)
{
	if (!facts->spec->user_namespace)
		return 0;
	return findings_add(findings, facts->config, FINDING_USERNS_PRIVATE_MOUNTS,
		"linux.namespaces", "let the pod use the host's user namespace (hostUsers: true)",
		"container %s has a user namespace of its own: the kernel makes its shared mounts "
		"slaves, so that no mount made there leaves it",
		facts->identity->container_name);
}

static int check_capability(const struct facts *facts, struct findings *findings)
{
	const struct spec *spec = facts->spec;
	const char *name = facts->identity->container_name;

	if (!capabilities_contain(&spec->cap_effective, CAP_SYS_ADMIN))
		return findings_add(findings, facts->config, FINDING_CAP_SYS_ADMIN_MISSING,
			"process.capabilities.effective",
			"set securityContext.privileged: true on the provider",
			"container %s does not have CAP_SYS_ADMIN in its effective set: it cannot "
			"mount",
			name);
	/*
	 * Without ambient capabilities a process that is not root loses them at execve
	 * (capabilities(7)); fusermount3 then mounts for it, if its set-user-ID bit counts.
	 */
	if (spec->uid == 0 || !spec->no_new_privileges ||
		capabilities_contain(&spec->cap_ambient, CAP_SYS_ADMIN))
		return 0;
	return findings_add(findings, facts->config, FINDING_NO_NEW_PRIVS,
		"process.noNewPrivileges",
		"set securityContext.allowPrivilegeEscalation: true on the provider",
		"container %s runs as uid %u with noNewPrivileges: fusermount3, which has to mount "
		"for it, cannot become root",
		name, (unsigned int)spec->uid);
}

/* The harsher of the two; *ret_name the call that it is about. */
static enum seccomp_decision decide_worst(const struct spec_seccomp *profile, const char *first,
	const char *second, const char **ret_name)
{
	enum seccomp_decision one = seccomp_profile_decide(profile, first);
	enum seccomp_decision other = seccomp_profile_decide(profile, second);

	*ret_name = other > one ? second : first;
	return other > one ? other : one;
}

static int add_seccomp(const struct facts *facts, const char *call, enum seccomp_decision decision,
	struct findings *findings)
{
	bool blocked = decision == SECCOMP_DECISION_BLOCK;

	return findings_add_capped(findings, facts->config, FINDING_SECCOMP_BLOCKS_MOUNT,
		blocked ? SEVERITY_DENY : SEVERITY_WARN, "linux.seccomp",
		"let the provider's seccomp profile allow mount and umount2",
		"the seccomp profile of container %s %s the system call %s",
		facts->identity->container_name,
		blocked ? "forbids" : "allows only under conditions", call);
}

static int check_seccomp(const struct facts *facts, struct findings *findings)
{
	const struct spec_seccomp *profile = &facts->spec->seccomp;
	enum seccomp_decision decision;
	const char *call;

	if (!profile->present)
		return 0;
	decision = decide_worst(profile, "mount", "umount2", &call);
	if (decision != SECCOMP_DECISION_ALLOW)
		return add_seccomp(facts, call, decision, findings);
	if (decide_worst(profile, "fsopen", "move_mount", &call) != SECCOMP_DECISION_BLOCK)
		return 0;
	return findings_add_capped(findings, facts->config, FINDING_SECCOMP_BLOCKS_MOUNT,
		SEVERITY_WARN, "linux.seccomp",
		"let the provider's seccomp profile allow fsopen and move_mount too",
		"the seccomp profile of container %s allows mount, but forbids %s: a mount helper "
		"that uses the newer calls and finds them forbidden, not missing, will not fall "
		"back",
		facts->identity->container_name, call);
}

/* The kernel tells of a profile that it is loaded and in force, not what its rules are. Those of
 * the engines are known; an administrator's own may have a rule for mount or not. */
static int check_apparmor(const struct facts *facts, struct findings *findings)
{
	const char *profile = facts->spec->apparmor_profile;
	const char *name = facts->identity->container_name;

	if (facts->apparmor == KNOWN_NO || facts->apparmor_mode == APPARMOR_LETS ||
		lsm_apparmor_is_none(profile))
		return 0;
	if (lsm_apparmor_denies_mount(profile))
		return findings_add(findings, facts->config, FINDING_APPARMOR_BLOCKS_MOUNT,
			"process.apparmorProfile",
			"give the provider the AppArmor profile type Unconfined",
			"the AppArmor profile %s of container %s denies mount", profile, name);
	/* What is not loaded the runtime refuses, with a better message than ours. */
	if (facts->apparmor != KNOWN_YES || facts->apparmor_mode == APPARMOR_NOT_LOADED)
		return 0;
	return findings_add_capped(findings, facts->config, FINDING_APPARMOR_BLOCKS_MOUNT,
		SEVERITY_WARN, "process.apparmorProfile",
		"see that it allows mount and umount of FUSE, or give the provider the AppArmor "
		"profile type Unconfined",
		"the AppArmor profile %s of container %s may deny mount: the hook cannot read it",
		profile, name);
}

static int check_selinux(const struct facts *facts, struct findings *findings)
{
	const char *label = facts->spec->selinux_label;

	if (facts->selinux == KNOWN_NO || lsm_selinux_may_mount(label))
		return 0;
	return findings_add(findings, facts->config, FINDING_SELINUX_CONFINED,
		"process.selinuxLabel",
		"set securityContext.seLinuxOptions.type: spc_t on the provider",
		"container %s runs under the SELinux label %s, a type that may not mount",
		facts->identity->container_name, label);
}

int check_privilege(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	int r;

	if (targets_role(targets) != ROLE_PROVIDER)
		return 0;
	r = check_user_namespace(facts, findings);
	if (r == 0)
		r = check_capability(facts, findings);
	if (r == 0)
		r = check_seccomp(facts, findings);
	if (r == 0)
		r = check_apparmor(facts, findings);
	return r < 0 ? r : check_selinux(facts, findings);
}
