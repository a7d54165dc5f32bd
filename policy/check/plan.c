/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of steps by role is the table at the end; what a step depends on is copied into it, so
 * that a plan outlives the facts and can be printed, compared and carried out as it stands.
 */
#include "policy/check/plan.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strv.h"
#include "policy/check/exposure.h"
#include "policy/check/fixable.h"
#include <string.h>

const char *plan_action_name(enum plan_action action)
{
	static const char *const names[] = {
		[PLAN_CREATE_DIRECTORY] = "create-directory",
		[PLAN_MAKE_SHARED] = "make-shared",
		[PLAN_BIND_SHARED] = "bind-shared",
		[PLAN_REPLACE_BIND] = "replace-bind",
		[PLAN_VERIFY_PROPAGATION] = "verify-propagation",
		[PLAN_DETACH_STALE] = "detach-stale",
		[PLAN_RECORD] = "record",
		[PLAN_EXPOSE] = "expose",
		[PLAN_WAIT] = "wait",
	};

	return names[action];
}

static void plan_clear_step(struct plan_step *step)
{
	free(step->path);
	free(step->provider);
	free(step->volume);
	free(step->host_path);
	free(step->container_path);
	*step = (struct plan_step){0};
}

#define cleanup_step __attribute__((cleanup(plan_clear_step)))

void plan_clear(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n; i++)
		plan_clear_step(&plan->steps[i]);
	free(plan->steps);
	*plan = (struct plan){0};
}

/* *text becomes a copy of itself, which the caller may not own. */
static int plan_own(char **text)
{
	if (!*text)
		return 0;
	*text = strdup(*text);
	return *text ? 0 : -ENOMEM;
}

/* Append a deep copy of `draft`. 0 or -ENOMEM. */
static int add_step(struct plan *plan, const struct plan_step *draft)
{
	cleanup_step struct plan_step step = *draft;
	char **texts[] = {
		&step.path, &step.provider, &step.volume, &step.host_path, &step.container_path};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (r < 0)
			*texts[i] = NULL; /* the draft's: not to be freed here */
		else
			r = plan_own(texts[i]);
	}
	if (r == 0)
		r = array_grow(&plan->steps, plan->n, sizeof(*plan->steps));
	if (r < 0)
		return r;
	plan->steps[plan->n++] = move_struct(step);
	return 0;
}

/* What the steps for one target have in common. */
static struct plan_step draft_for(const struct target *target, enum plan_action action)
{
	return (struct plan_step){
		.action = action,
		.path = target->request->path,
		.provider = target->request->provider,
		.volume = target->volume,
		.host_path = target->host_path,
	};
}

static int add_create_directory(
	const struct facts *facts, const struct target *target, struct plan *plan)
{
	const struct request *request = facts->request;
	struct plan_step draft = draft_for(target, PLAN_CREATE_DIRECTORY);

	draft.mode = request->dir_mode;
	draft.uid = request->has_owner ? request->owner_uid : facts->spec->uid;
	draft.gid = request->has_owner_gid ? request->owner_gid : facts->spec->gid;
	return add_step(plan, &draft);
}

static bool is_shared_by(const struct plan *plan, const char *anchor)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];

		if ((step->action == PLAN_MAKE_SHARED || step->action == PLAN_BIND_SHARED) &&
			strcmp(step->host_path, anchor) == 0)
			return true;
	}
	return false;
}

static int add_share(const struct facts *facts, const struct target *target, struct plan *plan)
{
	struct plan_step draft = draft_for(
		target, target->anchor_is_mountpoint ? PLAN_MAKE_SHARED : PLAN_BIND_SHARED);

	if (fixable_host(facts, target) != FIXABLE_SHARE || is_shared_by(plan, target->anchor))
		return 0;
	draft.volume = target->source;
	draft.host_path = target->anchor;
	return add_step(plan, &draft);
}

/* A recursive clone brings what is below it along. */
static bool is_replaced_by(const struct plan *plan, const char *container_path)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];
		const char *rest;

		if (step->action != PLAN_REPLACE_BIND)
			continue;
		rest = path_below(container_path, step->container_path);
		if (rest && (step->recursive || *rest == '\0'))
			return true;
	}
	return false;
}

static int add_replace(const struct facts *facts, const struct target *target, struct plan *plan)
{
	struct plan_step draft = draft_for(target, PLAN_REPLACE_BIND);
	cleanup_free char *container_path = NULL;
	bool replaces;
	int r;

	r = fixable_replaces(facts, target, &replaces);
	if (r < 0 || !replaces)
		return r;
	container_path =
		path_join(target->mount->destination, path_below(target->anchor, target->source));
	if (!container_path)
		return -ENOMEM;
	if (is_replaced_by(plan, container_path))
		return 0;
	draft.volume = target->source;
	draft.host_path = target->anchor;
	draft.container_path = container_path;
	draft.propagation = target->mount->propagation;
	draft.recursive = target->mount->recursive;
	draft.readonly = target->mount->readonly;
	return add_step(plan, &draft);
}

static int add_detach(const struct facts *facts, const struct target *target, struct plan *plan)
{
	struct plan_step draft = draft_for(target, PLAN_DETACH_STALE);

	(void)facts;
	return add_step(plan, &draft);
}

static int add_verify(const struct facts *facts, const struct target *target, struct plan *plan)
{
	struct plan_step draft = draft_for(target, PLAN_VERIFY_PROPAGATION);

	(void)facts;
	draft.container_path = target->seen_path;
	return add_step(plan, &draft);
}

static int add_wait(const struct facts *facts, const struct target *target, struct plan *plan)
{
	const struct config *config = facts->config;
	struct plan_step draft = draft_for(target, PLAN_WAIT);

	draft.container_path = target->seen_path;
	draft.timeout_usec =
		facts->request->has_wait ? facts->request->wait_usec : config->gate_default_usec;
	if (draft.timeout_usec > config->gate_max_usec)
		draft.timeout_usec = config->gate_max_usec;
	return add_step(plan, &draft);
}

typedef int add_fn(const struct facts *facts, const struct target *target, struct plan *plan);

/* An action of the plan and the targets that it is for: bits of target_relation. */
struct stage {
	unsigned int relations;
	add_fn *add;
};

#define PROVIDED (1U << TARGET_PROVIDES)
#define SEEN (1U << TARGET_SEES)
#define INSIDE (1U << TARGET_INSIDE)

/* The step for every such target whose place on the host is known. */
static int add_stage(const struct facts *facts, const struct targets *targets,
	const struct stage *stage, struct plan *plan)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->items[i];
		int r;

		if (!(stage->relations & (1U << target->relation)) || !target->host_path)
			continue;
		r = stage->add(facts, target, plan);
		if (r < 0)
			return r;
	}
	return 0;
}

static int plan_add_record(const struct facts *facts, enum role role, struct plan *plan)
{
	char exposed[] = PLAN_EXPOSE_PATH;
	const struct plan_step record = {.action = PLAN_RECORD};
	const struct plan_step expose = {.action = PLAN_EXPOSE, .container_path = exposed};
	int r = add_step(plan, &record);

	/* Whatever the policy makes of the finding: never where it would travel. */
	if (r < 0 || exposure_of(facts, role, NULL) != EXPOSURE_FREE)
		return r;
	return add_step(plan, &expose);
}

static int add_stages(const struct facts *facts, const struct targets *targets,
	const struct stage *stages, size_t n, struct plan *plan)
{
	for (size_t i = 0; i < n; i++) {
		int r = add_stage(facts, targets, &stages[i], plan);

		if (r < 0)
			return r;
	}
	return 0;
}

static int plan_provider(
	const struct facts *facts, const struct targets *targets, struct plan *plan)
{
	static const struct stage stages[] = {
		{PROVIDED, add_create_directory},
		{PROVIDED, add_share},
		{PROVIDED, add_replace},
		{PROVIDED, add_verify},
		{PROVIDED, add_detach},
	};
	int r = add_stages(facts, targets, stages, ARRAY_SIZE(stages), plan);

	return r < 0 ? r : plan_add_record(facts, ROLE_PROVIDER, plan);
}

static int plan_consumer(
	const struct facts *facts, const struct targets *targets, struct plan *plan)
{
	static const struct stage before[] = {
		{SEEN, add_share},
		{SEEN, add_replace},
		{SEEN, add_verify},
	};
	/* The record comes before the wait: `status` shows the container waiting, and the lock is
	 * not held meanwhile. */
	static const struct stage after[] = {
		{SEEN | INSIDE, add_wait},
	};
	int r = add_stages(facts, targets, before, ARRAY_SIZE(before), plan);

	if (r == 0)
		r = plan_add_record(facts, ROLE_CONSUMER, plan);
	return r < 0 ? r : add_stages(facts, targets, after, ARRAY_SIZE(after), plan);
}

int plan_build(
	const struct facts *facts, const struct targets *targets, enum role role, struct plan *ret)
{
	cleanup_plan struct plan plan = {0};
	int r = 0;

	switch (role) {
	case ROLE_INACTIVE:
		break;
	case ROLE_BYSTANDER:
		r = plan_add_record(facts, role, &plan);
		break;
	case ROLE_CONSUMER:
		r = plan_consumer(facts, targets, &plan);
		break;
	case ROLE_PROVIDER:
		r = plan_provider(facts, targets, &plan);
		break;
	}
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct plan){0};
	return 0;
}
