/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/judge.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include <string.h>

/* Each of these takes `value` over, also when it fails. 0 or -ENOMEM. */

static int put(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(object, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int append(struct json_object *array, struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int put_text(struct json_object *object, const char *key, const char *text)
{
	return put(object, key, json_object_new_string(text));
}

/* The member is left out where there is no text. */
static int put_optional(struct json_object *object, const char *key, const char *text)
{
	return text ? put_text(object, key, text) : 0;
}

/* json-c's null is a NULL pointer. */
static int put_null(struct json_object *object, const char *key)
{
	return json_object_object_add(object, key, NULL) < 0 ? -ENOMEM : 0;
}

static int put_identity(struct json_object *root, const struct identity *identity)
{
	struct json_object *pod;
	int r;

	if (!identity) {
		r = put_null(root, "pod");
		return r < 0 ? r : put_null(root, "container");
	}
	pod = json_object_new_object();
	r = put(root, "pod", pod);
	if (r == 0)
		r = put_text(pod, "name", identity->pod_name);
	if (r == 0)
		r = put_text(pod, "namespace", identity->pod_namespace);
	if (r == 0)
		r = put_text(pod, "uid", identity->pod_uid);
	if (r < 0)
		return r;
	/* A sandbox has no name of its own. */
	if (!identity->container_name)
		return put_null(root, "container");
	return put_text(root, "container", identity->container_name);
}

static int put_finding(struct json_object *array, const struct finding *finding)
{
	struct json_object *object = json_object_new_object();
	int r = append(array, object);

	if (r == 0)
		r = put_text(object, "code", code_name(finding->code));
	if (r == 0)
		r = put_text(object, "severity", severity_name(finding->severity));
	if (r == 0)
		r = put_text(object, "subject", finding->subject);
	if (r == 0)
		r = put_text(object, "message", finding->message);
	return r < 0 ? r : put_text(object, "fix", finding->fix);
}

static int put_findings(struct json_object *root, const struct findings *findings)
{
	struct json_object *array = json_object_new_array();
	int r = put(root, "findings", array);

	for (size_t i = 0; r == 0 && i < findings->n; i++)
		r = put_finding(array, &findings->items[i]);
	return r;
}

static int put_directory(struct json_object *object, const struct plan_step *step)
{
	char mode[sizeof("07777")];
	int r;

	snprintf(mode, sizeof(mode), "%04o", (unsigned int)step->mode & 07777U);
	r = put_text(object, "mode", mode);
	if (r == 0)
		r = put(object, "uid", json_object_new_int64(step->uid));
	return r < 0 ? r : put(object, "gid", json_object_new_int64(step->gid));
}

static int put_replacement(struct json_object *object, const struct plan_step *step)
{
	int r = put_text(object, "propagation", propagation_name(step->propagation));

	if (r == 0)
		r = put(object, "recursive", json_object_new_boolean(step->recursive));
	return r < 0 ? r : put(object, "readonly", json_object_new_boolean(step->readonly));
}

/* What only one action has. */
static int put_details(struct json_object *object, const struct plan_step *step)
{
	switch (step->action) {
	case PLAN_CREATE_DIRECTORY:
		return put_directory(object, step);
	case PLAN_REPLACE_BIND:
		return put_replacement(object, step);
	case PLAN_WAIT:
		return put(
			object, "timeoutUsec", json_object_new_int64((int64_t)step->timeout_usec));
	case PLAN_MAKE_SHARED:
	case PLAN_BIND_SHARED:
	case PLAN_DETACH_STALE:
	case PLAN_VERIFY_PROPAGATION:
	case PLAN_RECORD:
	case PLAN_EXPOSE:
		return 0;
	}
	return 0;
}

static int put_step(struct json_object *array, const struct plan_step *step)
{
	struct json_object *object = json_object_new_object();
	int r = append(array, object);

	if (r == 0)
		r = put_text(object, "action", plan_action_name(step->action));
	if (r == 0)
		r = put_optional(object, "path", step->path);
	if (r == 0)
		r = put_optional(object, "provider", step->provider);
	if (r == 0)
		r = put_optional(object, "volume", step->volume);
	if (r == 0)
		r = put_optional(object, "hostPath", step->host_path);
	if (r == 0)
		r = put_optional(object, "containerPath", step->container_path);
	return r < 0 ? r : put_details(object, step);
}

static int put_plan(struct json_object *root, const struct plan *plan)
{
	struct json_object *array = json_object_new_array();
	int r = put(root, "plan", array);

	for (size_t i = 0; r == 0 && i < plan->n; i++)
		r = put_step(array, &plan->steps[i]);
	return r;
}

static int put_judgement(struct json_object *root, const struct judgement *judgement,
	const struct identity *identity)
{
	int r = put_text(root, "schema", JUDGEMENT_SCHEMA);

	if (r == 0)
		r = put_identity(root, identity);
	if (r == 0)
		r = put_text(root, "role", role_name(judgement->role));
	if (r == 0)
		r = put_text(root, "verdict", verdict_name(judgement->verdict));
	if (r == 0)
		r = put(root, "exit", json_object_new_int64(judgement->exit));
	if (r == 0)
		r = put_findings(root, &judgement->findings);
	return r < 0 ? r : put_plan(root, &judgement->plan);
}

char *judgement_format(const struct judgement *judgement, const struct identity *identity)
{
	cleanup_json struct json_object *root = json_object_new_object();
	const char *text;
	char *line;

	if (!root || put_judgement(root, judgement, identity) < 0)
		return NULL;
	text = json_object_to_json_string_ext(root,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text || asprintf(&line, "%s\n", text) < 0)
		return NULL;
	return line;
}
