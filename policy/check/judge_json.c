/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judgement for programs (docs/check.schema.json): what the text of policy/report/report.c
 * says, with the members that only some actions have left out of the others.
 */
#include "policy/check/judge.h"

#include "oci/base/jsonpack.h"
#include <stdio.h>

static void pack_identity(struct jsonpack *pack, const struct identity *identity)
{
	struct json_object *pod;

	if (!identity) {
		jsonpack_null(pack, pack->root, "pod");
		jsonpack_null(pack, pack->root, "container");
		return;
	}
	pod = jsonpack_object(pack, pack->root, "pod");
	jsonpack_string(pack, pod, "name", identity->pod_name);
	jsonpack_string(pack, pod, "namespace", identity->pod_namespace);
	jsonpack_string(pack, pod, "uid", identity->pod_uid);
	/* A sandbox has no name of its own. */
	if (identity->container_name)
		jsonpack_string(pack, pack->root, "container", identity->container_name);
	else
		jsonpack_null(pack, pack->root, "container");
}

static void pack_findings(struct jsonpack *pack, const struct findings *findings)
{
	struct json_object *array = jsonpack_array(pack, pack->root, "findings");

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];
		struct json_object *object = jsonpack_object(pack, array, NULL);

		jsonpack_string(pack, object, "code", code_name(finding->code));
		jsonpack_string(pack, object, "severity", severity_name(finding->severity));
		jsonpack_string(pack, object, "subject", finding->subject);
		jsonpack_string(pack, object, "message", finding->message);
		jsonpack_string(pack, object, "fix", finding->fix);
	}
}

static void pack_directory(
	struct jsonpack *pack, struct json_object *object, const struct plan_step *step)
{
	char mode[sizeof("07777")];

	snprintf(mode, sizeof(mode), "%04o", (unsigned int)step->mode & 07777U);
	jsonpack_string(pack, object, "mode", mode);
	jsonpack_int(pack, object, "uid", step->uid);
	jsonpack_int(pack, object, "gid", step->gid);
}

static void pack_replacement(
	struct jsonpack *pack, struct json_object *object, const struct plan_step *step)
{
	jsonpack_string(pack, object, "propagation", propagation_name(step->propagation));
	jsonpack_bool(pack, object, "recursive", step->recursive);
	jsonpack_bool(pack, object, "readonly", step->readonly);
}

/* What only one action has. */
static void pack_details(
	struct jsonpack *pack, struct json_object *object, const struct plan_step *step)
{
	switch (step->action) {
	case PLAN_CREATE_DIRECTORY:
		pack_directory(pack, object, step);
		break;
	case PLAN_REPLACE_BIND:
		pack_replacement(pack, object, step);
		break;
	case PLAN_WAIT:
		jsonpack_int(pack, object, "timeoutUsec", (int64_t)step->timeout_usec);
		break;
	case PLAN_MAKE_SHARED:
	case PLAN_BIND_SHARED:
	case PLAN_DETACH_STALE:
	case PLAN_VERIFY_PROPAGATION:
	case PLAN_RECORD:
	case PLAN_EXPOSE:
		break;
	}
}

static void pack_plan(struct jsonpack *pack, const struct plan *plan)
{
	struct json_object *array = jsonpack_array(pack, pack->root, "plan");

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];
		struct json_object *object = jsonpack_object(pack, array, NULL);

		jsonpack_string(pack, object, "action", plan_action_name(step->action));
		jsonpack_optional(pack, object, "path", step->path);
		jsonpack_optional(pack, object, "provider", step->provider);
		jsonpack_optional(pack, object, "volume", step->volume);
		jsonpack_optional(pack, object, "hostPath", step->host_path);
		jsonpack_optional(pack, object, "containerPath", step->container_path);
		pack_details(pack, object, step);
	}
}

char *judgement_format(const struct judgement *judgement, const struct identity *identity)
{
	struct jsonpack pack;

	jsonpack_begin(&pack);
	jsonpack_string(&pack, pack.root, "schema", JUDGEMENT_SCHEMA);
	pack_identity(&pack, identity);
	jsonpack_string(&pack, pack.root, "role", role_name(judgement->role));
	jsonpack_string(&pack, pack.root, "verdict", verdict_name(judgement->verdict));
	jsonpack_int(&pack, pack.root, "exit", judgement->exit);
	pack_findings(&pack, &judgement->findings);
	pack_plan(&pack, &judgement->plan);
	return jsonpack_text(&pack);
}
