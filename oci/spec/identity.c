/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything in it becomes part of a path, a lock or a journal field, so each has its grammar, and
 * the two sources of the container's id have to agree.
 */
#include "oci/spec/identity.h"

#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_POD_NAME "io.kubernetes.pod.name"
#define KEY_POD_NAMESPACE "io.kubernetes.pod.namespace"
#define KEY_POD_UID "io.kubernetes.pod.uid"
#define KEY_CONTAINER_NAME "io.kubernetes.container.name"
#define KEY_RESTART_COUNT "io.kubernetes.container.restartCount"
#define KEY_CONTAINER_ID "io.kubernetes.cri-o.ContainerID"
#define KEY_SANDBOX_ID "io.kubernetes.cri-o.SandboxID"
#define KEY_CONTAINER_TYPE "io.kubernetes.cri-o.ContainerType"

#define ID_EXPECTED "64 lower-case hexadecimal digits"

struct loader {
	const struct keyvals *annotations;
	enum finding_code code;
	struct error *err;
};

/* An annotation with a grammar. */
struct field {
	const char *key;
	bool (*valid)(const char *text);
	const char *expected;
};

static const struct field pod_name = {
	KEY_POD_NAME, ident_is_dns_subdomain, "a pod's name (RFC 1123 subdomain)"};
static const struct field pod_namespace = {
	KEY_POD_NAMESPACE, ident_is_dns_label, "a namespace (RFC 1123 label)"};
static const struct field pod_uid = {KEY_POD_UID, ident_is_pod_uid, "a UUID"};
static const struct field container_name = {
	KEY_CONTAINER_NAME, ident_is_dns_label, "a container's name (RFC 1123 label)"};
static const struct field container_id = {KEY_CONTAINER_ID, ident_is_container_id, ID_EXPECTED};
static const struct field sandbox_id = {KEY_SANDBOX_ID, ident_is_container_id, ID_EXPECTED};

/* CRI-O always sets these keys; podman's users have to. */
static int identity_refuse(
	const struct loader *loader, const struct field *field, const char *problem)
{
	cleanup_free char *fix = NULL;

	fix = strformat("set the annotation %s to %s (CRI-O does it; with podman use --annotation "
			"%s=VALUE)",
		field->key, field->expected, field->key);
	if (!fix)
		return error_memory(loader->err);
	return error_set(loader->err, -EINVAL, loader->code, field->key, fix,
		"the annotation %s %s: expected %s", field->key, problem, field->expected);
}

static int refuse_value(const struct loader *loader, const struct field *field, const char *value)
{
	cleanup_free char *problem = NULL;

	problem = strformat("has the value %s", text_quote(value));
	if (!problem)
		return error_memory(loader->err);
	return identity_refuse(loader, field, problem);
}

/* A copy of the value, NULL where it is absent. */
static int load_optional(const struct loader *loader, const struct field *field, char **ret)
{
	const char *value = keyvals_get(loader->annotations, field->key);

	if (!value)
		return 0;
	if (!field->valid(value))
		return refuse_value(loader, field, value);
	*ret = strdup(value);
	return *ret ? 0 : error_memory(loader->err);
}

static int load_required(const struct loader *loader, const struct field *field, char **ret)
{
	int r = load_optional(loader, field, ret);

	if (r < 0 || *ret)
		return r;
	return identity_refuse(loader, field, "is missing");
}

static int load_restart_count(const struct loader *loader, int64_t *ret)
{
	static const struct field field = {KEY_RESTART_COUNT, NULL, "a decimal number"};
	const char *value = keyvals_get(loader->annotations, KEY_RESTART_COUNT);
	size_t digits = value ? strspn(value, "0123456789") : 0;

	if (!value)
		return 0;
	/* 18 digits always fit. */
	if (digits == 0 || digits > 18 || value[digits] != '\0')
		return refuse_value(loader, &field, value);
	*ret = strtoll(value, NULL, 10);
	return 0;
}

/* The state's id is what the runtime knows the container by; the annotation must not say another.
 */
static int load_container_id(const struct loader *loader, const char *state_id, char **ret)
{
	cleanup_free char *annotated = NULL;
	int r = load_optional(loader, &container_id, &annotated);

	if (r < 0)
		return r;
	if (!state_id) {
		*ret = move_ptr(annotated);
		return 0;
	}
	if (!ident_is_container_id(state_id))
		return error_set(loader->err, -EINVAL, loader->code, "id",
			"give the container such an id (CRI-O and podman do)",
			"the container's id %s: expected " ID_EXPECTED, text_quote(state_id));
	if (annotated && strcmp(annotated, state_id) != 0)
		return error_set(loader->err, -EINVAL, loader->code, KEY_CONTAINER_ID,
			"take the annotation " KEY_CONTAINER_ID " out: CRI-O sets it itself",
			"the annotation " KEY_CONTAINER_ID
			" is %s, but the runtime calls the container %s",
			annotated, state_id);
	*ret = strdup(state_id);
	return *ret ? 0 : error_memory(loader->err);
}

static int load_pod(const struct loader *loader, struct identity *identity)
{
	int r = load_required(loader, &pod_name, &identity->pod_name);

	if (r < 0)
		return r;
	r = load_required(loader, &pod_namespace, &identity->pod_namespace);
	if (r < 0)
		return r;
	r = load_required(loader, &pod_uid, &identity->pod_uid);
	if (r < 0)
		return r;
	return load_optional(loader, &sandbox_id, &identity->sandbox_id);
}

/* A sandbox has no container's name: CRI-O calls it "POD", which is no label, or leaves it out. */
static int identity_load_container(
	const struct loader *loader, const char *state_id, struct identity *identity)
{
	const char *type = keyvals_get(loader->annotations, KEY_CONTAINER_TYPE);
	int r = load_container_id(loader, state_id, &identity->container_id);

	if (r < 0)
		return r;
	identity->is_sandbox = type && strcmp(type, "sandbox") == 0;
	if (identity->is_sandbox)
		return 0;
	r = load_required(loader, &container_name, &identity->container_name);
	return r < 0 ? r : load_restart_count(loader, &identity->restart_count);
}

int identity_load(const struct keyvals *annotations, const char *state_id, enum finding_code code,
	struct identity *ret, struct error *err)
{
	const struct loader loader = {annotations, code, err};
	cleanup_identity struct identity identity = {0};
	int r = load_pod(&loader, &identity);

	if (r < 0)
		return r;
	r = identity_load_container(&loader, state_id, &identity);
	if (r < 0)
		return r;
	*ret = move_struct(identity);
	return 0;
}

void identity_clear(struct identity *identity)
{
	if (!identity)
		return;
	free(identity->pod_name);
	free(identity->pod_namespace);
	free(identity->pod_uid);
	free(identity->sandbox_id);
	free(identity->container_name);
	free(identity->container_id);
	*identity = (struct identity){0};
}
