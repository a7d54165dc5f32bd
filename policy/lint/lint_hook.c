/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook's own checks, on the containers as they would come to it. Providers first: what they
 * leave in the record tells consumers from bystanders wherever a volume is mounted, and the wrong
 * order is lint_order()'s.
 */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/checks.h"
#include "policy/check/topology_update.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define UNNAMED "(unnamed)"
#define NOW_USEC 1 /* of a record that nobody keeps */

typedef int check_fn(
	const struct facts *facts, const struct targets *targets, struct findings *findings);

/* What the hook would know of a container, less the node. */
struct scene {
	struct identity identity;
	struct config config; /* borrows */
	struct facts facts;
};

static char unnamed[] = UNNAMED;
static char no_uid[] = "00000000-0000-0000-0000-000000000000";
static char no_name[] = "pod";

static char *lint_hook_borrow(const char *text, char *otherwise)
{
	char *borrowed;

	if (!text || !*text)
		return otherwise;
	/* An identity owns its strings; this one is never cleared. */
	memcpy(&borrowed, &text, sizeof(borrowed));
	return borrowed;
}

static void set_scene(
	struct lint_pod *pod, const struct lint_container *container, struct scene *ret)
{
	const char *space = workload_namespace(pod->pod->workload);

	*ret = (struct scene){.config = *pod->input->config};
	ret->identity = (struct identity){
		.pod_name = lint_hook_borrow(workload_name(pod->pod->workload), no_name),
		.pod_namespace = lint_hook_borrow(space, no_name),
		.pod_uid = no_uid,
		.container_name = lint_hook_borrow(container->pod->name, unnamed),
	};
	/* Which namespace it will be in is not known: there is nothing to be said against it. */
	if (!space) {
		ret->config.namespace_allow = (struct strv){0};
		ret->config.namespace_deny = (struct strv){0};
	}
	ret->facts = (struct facts){
		.config = &ret->config,
		.identity = &ret->identity,
		.request = &pod->request,
		.spec = &container->spec,
		.topology = &pod->topology,
	};
}

/* In a part of a pod, what is not there may be elsewhere. */
static bool lint_hook_is_left_out(
	const struct lint_pod *pod, const struct lint_container *container, enum finding_code code)
{
	const struct manifest_node *node = container->pod->node;

	if (!pod->pod->workload->fragment)
		return false;
	if (code == FINDING_LIMITS_MISSING)
		return !manifest_get(node, "resources");
	if (code == FINDING_CAP_SYS_ADMIN_MISSING || code == FINDING_FUSE_DEVICE_MISSING ||
		code == FINDING_FUSE_DEVICE_DENIED)
		return !manifest_get(node, "securityContext");
	return code == FINDING_VOLUME_MISSING && !manifest_get(node, "volumeMounts");
}

static bool is_privilege(enum finding_code code)
{
	return code == FINDING_CAP_SYS_ADMIN_MISSING || code == FINDING_FUSE_DEVICE_MISSING ||
	       code == FINDING_FUSE_DEVICE_DENIED;
}

static bool has_code(const struct findings *findings, enum finding_code code)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].code == code)
			return true;
	return false;
}

/* One `privileged: true` fixes all three: the one that says most is enough. */
static bool is_implied(const struct findings *findings, enum finding_code code)
{
	if (!is_privilege(code) || code == FINDING_CAP_SYS_ADMIN_MISSING)
		return false;
	return has_code(findings, FINDING_CAP_SYS_ADMIN_MISSING) ||
	       (code == FINDING_FUSE_DEVICE_DENIED &&
		       has_code(findings, FINDING_FUSE_DEVICE_MISSING));
}

/* Where the path is not known, nothing can be said of it. */
static bool is_guesswork(const struct lint_container *container, enum finding_code code)
{
	return container->vague &&
	       (code == FINDING_VOLUME_MISSING || code == FINDING_MOUNTPOINT_CONFLICT ||
		       code == FINDING_MOUNTPOINT_IS_VOLUME_ROOT);
}

/* A daemon that the annotation leaves out is no consumer: that is what lint_unannotated() says. */
static bool is_forgotten(const struct lint_container *container, enum finding_code code)
{
	return container->mounts && !container->provides &&
	       (code == FINDING_CONSUMER_PRIVILEGED || code == FINDING_CONSUMER_BIDIRECTIONAL ||
		       code == FINDING_CONSUMER_NO_PROPAGATION);
}

static int lint_hook_report(
	struct lint_pod *pod, struct lint_container *container, const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct finding finding = findings->items[i];
		struct lint_finding *item;
		int r;

		if (lint_hook_is_left_out(pod, container, finding.code) ||
			is_implied(findings, finding.code) ||
			is_guesswork(container, finding.code) ||
			is_forgotten(container, finding.code))
			continue;
		if (finding.code == FINDING_PATH_OUTSIDE_ROOTS && pod->input->assumed &&
			finding.severity == SEVERITY_DENY)
			finding.severity = SEVERITY_WARN;
		r = lint_add_copy(pod, lint_place(pod, container, &finding), &finding, &item);
		if (r == 0)
			r = lint_fix_finding(pod, container, item);
		if (r < 0)
			return r;
	}
	return 0;
}

static int lint_hook_run_checks(const struct lint_pod *pod, const struct facts *facts,
	const struct targets *targets, struct findings *findings)
{
	static check_fn *const checks[] = {
		check_volumes,
		check_propagation,
		check_fuse_device,
		check_privilege,
		check_sidecar,
	};
	/* A pod that does not ask for the hook needs nobody's leave, and is shown nothing. */
	int r = pod->annotated ? check_authority(facts, targets, findings) : 0;

	if (r == 0 && pod->annotated)
		r = check_exposure(facts, targets, findings);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(checks); i++)
		r = checks[i](facts, targets, findings);
	return r;
}

static int lint_hook_note(
	struct lint_pod *pod, struct lint_container *container, const struct facts *facts)
{
	const struct findings nothing = {0};
	const struct container_note entry = {
		.role = targets_role(&container->targets),
		.status = CONTAINER_CREATED,
		.findings = &nothing,
		.now_usec = NOW_USEC,
	};

	return topology_note_container(&pod->topology, facts, &container->targets, &entry);
}

/* A port that one container is told to take is no advice for the next. */
static int note_port(struct lint_pod *pod, const struct lint_container *container)
{
	struct topology_container *noted;
	char address[sizeof(":65535")];

	if (container->new_port == 0)
		return 0;
	noted = topology_container(&pod->topology, container->pod->name);
	snprintf(address, sizeof(address), ":%u", container->new_port % 65536);
	return noted ? strv_add(&noted->rc_addresses, address) : 0;
}

static int lint_hook_judge(struct lint_pod *pod, struct lint_container *container)
{
	cleanup_findings struct findings findings = {0};
	struct scene scene;
	int r;

	set_scene(pod, container, &scene);
	r = targets_resolve(&scene.facts, &container->targets);
	/* An init container that comes too early is refused whatever it declares. */
	if (r == 0 && container->pod->stage != POD_INIT)
		r = lint_hook_run_checks(pod, &scene.facts, &container->targets, &findings);
	if (r == 0)
		r = lint_hook_report(pod, container, &findings);
	if (r == 0)
		r = lint_hook_note(pod, container, &scene.facts);
	return r < 0 ? r : note_port(pod, container);
}

int lint_hook(struct lint_pod *pod)
{
	int r = 0;

	if (pod->request.n_mounts == 0)
		return 0;
	for (int provides = 1; provides >= 0; provides--)
		for (size_t i = 0; r == 0 && i < pod->n; i++)
			if (pod->containers[i].provides == provides)
				r = lint_hook_judge(pod, &pod->containers[i]);
	return r;
}

/* The FUSE path that a directory of the node is or lies below; NULL without. */
static const struct target *find_around(const struct lint_pod *pod, const char *source)
{
	for (size_t i = 0; i < pod->n; i++) {
		const struct lint_container *container = &pod->containers[i];

		for (size_t j = 0; container->provides && j < container->targets.n; j++) {
			const struct target *target = &container->targets.items[j];

			if (target->relation == TARGET_PROVIDES && target->host_path &&
				path_below(source, target->host_path))
				return target;
		}
	}
	return NULL;
}

/* The checks have said it where the mount is all that the container has of the path. */
static bool is_reported(const struct lint_container *container, const char *destination)
{
	for (size_t i = 0; i < container->targets.n; i++) {
		const struct target *target = &container->targets.items[i];

		if (target->relation == TARGET_INSIDE && target->mount &&
			strcmp(target->mount->destination, destination) == 0)
			return true;
	}
	return false;
}

static int lint_hook_check_inside(
	struct lint_pod *pod, const struct lint_container *container, const struct pod_mount *mount)
{
	cleanup_free char *source = lint_source(pod->pod, mount);
	const struct manifest_node *sub_path = manifest_get(mount->node, "subPath");
	const struct target *target;

	if (!source)
		return -ENOMEM;
	target = find_around(pod, source);
	if (!target || is_reported(container, mount->path))
		return 0;
	return lint_add(pod,
		&(struct lint_site){sub_path ? sub_path : mount->node,
			FINDING_CONSUMER_NO_PROPAGATION, mount->path,
			"mount a directory above the FUSE path, with mountPropagation: "
			"HostToContainer"},
		LINT_ERROR, NULL,
		"the volume at %s of container %s is %s or below it, not a directory above it: a "
		"mount made there later never appears in it",
		mount->path, container->pod->name, target->request->path);
}

int lint_inside(struct lint_pod *pod)
{
	int r = 0;

	for (size_t i = 0; i < pod->n; i++) {
		const struct lint_container *container = &pod->containers[i];

		for (size_t j = 0; r == 0 && !container->provides && j < container->pod->n_mounts;
			j++)
			r = lint_hook_check_inside(pod, container, &container->pod->mounts[j]);
	}
	return r;
}
