/* SPDX-License-Identifier: Apache-2.0 */
/* The members of what was parsed, in the order in which they are told. */
#include "oci/spec/parsed.h"

#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/path.h"
#include "oci/base/text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define MODE_MAX 01777

static bool is_any(const char *text)
{
	return text != NULL;
}

static bool is_filled(const char *text)
{
	return *text != '\0';
}

static bool is_state_id(const char *text)
{
	return *text && !strchr(text, '/') && !text_has_control(text);
}

static bool is_bundle(const char *text)
{
	return text[0] == '/' && strlen(text) < PATH_MAX && !text_has_control(text);
}

static bool is_provider(const char *text)
{
	return strcmp(text, PROVIDER_NODE) == 0 || ident_is_dns_label(text);
}

static bool is_fuse_path(const char *text)
{
	return path_is_normalized(text) && text[1] != '\0';
}

/* path_simplify() leaves it as it is. */
static bool is_destination(const char *text)
{
	cleanup_free char *simple = NULL;

	if (text[0] != '/' || strlen(text) >= PATH_MAX)
		return false;
	simple = path_simplify(text);
	return simple && strcmp(simple, text) == 0;
}

static void wire_identity(struct wire *wire, struct identity *identity)
{
	wire_word(wire, &identity->pod_name, ident_is_dns_subdomain);
	wire_word(wire, &identity->pod_namespace, ident_is_dns_label);
	wire_word(wire, &identity->pod_uid, ident_is_pod_uid);
	wire_optional(wire, &identity->sandbox_id, ident_is_container_id);
	wire_optional(wire, &identity->container_id, ident_is_container_id);
	wire_number(wire, identity->restart_count, 0, INT64_MAX);
	wire_bool(wire, &identity->is_sandbox);
	if (identity->is_sandbox)
		wire_optional(wire, &identity->container_name, ident_is_dns_label);
	else
		wire_word(wire, &identity->container_name, ident_is_dns_label);
}

static void wire_mount_request(struct wire *wire, void *item)
{
	struct mount_request *mount = item;

	wire_word(wire, &mount->provider, is_provider);
	wire_word(wire, &mount->path, is_fuse_path);
	if (wire->reading && mount->provider)
		mount->node = strcmp(mount->provider, PROVIDER_NODE) == 0;
}

/* No path twice, none below another: checks and plan take that for granted. */
static void refuse_overlaps(struct wire *wire, const struct request *request)
{
	for (size_t i = 0; i < request->n_mounts; i++) {
		for (size_t j = 0; j < i && wire->error == 0; j++) {
			const char *a = request->mounts[i].path, *b = request->mounts[j].path;

			if (path_below(a, b) || path_below(b, a))
				wire_refuse(wire);
		}
	}
}

static void wire_request(struct wire *wire, struct request *request)
{
	wire_each(wire, &request->mounts, &request->n_mounts, sizeof(*request->mounts),
		wire_mount_request);
	if (request->n_mounts > ANNOTATION_MAX_MOUNTS)
		wire_refuse(wire);
	wire_bool(wire, &request->has_wait);
	wire_uint64(wire, &request->wait_usec);
	wire_number(wire, request->dir_mode, 0, MODE_MAX);
	wire_bool(wire, &request->has_owner);
	wire_bool(wire, &request->has_owner_gid);
	wire_number(wire, request->owner_uid, 0, UINT32_MAX - 1);
	wire_number(wire, request->owner_gid, 0, UINT32_MAX - 1);
	wire_bool(wire, &request->expose);
	wire_bool(wire, &request->grant);
	if (wire->error == 0)
		refuse_overlaps(wire, request);
}

static void wire_pod(struct wire *wire, struct parsed_pod *pod)
{
	wire_bool(wire, &pod->active);
	if (!pod->active)
		return;
	wire_outcome(wire, &pod->identity_result, &pod->identity_error);
	if (pod->identity_result == 0)
		wire_identity(wire, &pod->identity);
	wire_outcome(wire, &pod->request_result, &pod->request_error);
	if (pod->request_result == 0)
		wire_request(wire, &pod->request);
}

void parsed_state_wire(struct wire *wire, struct parsed_state *parsed)
{
	struct state *state = &parsed->state;

	wire_word(wire, &state->oci_version, is_any);
	wire_word(wire, &state->id, is_state_id);
	wire_word(wire, &state->bundle, is_bundle);
	wire_text(wire, &state->status);
	wire_number(wire, state->pid, 0, INT_MAX);
	wire_pod(wire, &parsed->pod);
}

static void parsed_wire_mount(struct wire *wire, void *item)
{
	struct spec_mount *mount = item;

	wire_word(wire, &mount->destination, is_destination);
	wire_text(wire, &mount->source);
	wire_text(wire, &mount->type);
	wire_bool(wire, &mount->bind);
	wire_bool(wire, &mount->recursive);
	wire_bool(wire, &mount->readonly);
	wire_number(wire, mount->propagation, PROPAGATION_UNSET, PROPAGATION_UNBINDABLE);
	wire_bool(wire, &mount->propagation_recursive);
}

static void wire_kind(struct wire *wire, char *kind, const char *kinds)
{
	wire_number(wire, *kind, 1, SCHAR_MAX);
	if (wire->error == 0 && !strchr(kinds, *kind))
		wire_refuse(wire);
}

static void wire_device(struct wire *wire, void *item)
{
	struct spec_device *device = item;

	wire_word(wire, &device->path, is_any);
	wire_kind(wire, &device->type, "cbup");
	wire_int64(wire, &device->major, INT64_MIN, INT64_MAX);
	wire_int64(wire, &device->minor, INT64_MIN, INT64_MAX);
}

static void wire_device_rule(struct wire *wire, void *item)
{
	struct spec_device_rule *rule = item;

	wire_bool(wire, &rule->allow);
	wire_kind(wire, &rule->type, "abc");
	wire_int64(wire, &rule->major, INT64_MIN, INT64_MAX);
	wire_int64(wire, &rule->minor, INT64_MIN, INT64_MAX);
	wire_number(wire, rule->access, 0, DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD);
}

static void wire_seccomp_rule(struct wire *wire, void *item)
{
	struct spec_seccomp_rule *rule = item;

	wire_strv(wire, &rule->names);
	wire_word(wire, &rule->action, is_any);
	wire_int64(wire, &rule->errno_ret, INT64_MIN, INT64_MAX);
	wire_number(wire, rule->n_args, 0, INT_MAX);
}

static void wire_seccomp(struct wire *wire, struct spec_seccomp *seccomp)
{
	wire_bool(wire, &seccomp->present);
	wire_text(wire, &seccomp->default_action);
	wire_int64(wire, &seccomp->default_errno_ret, INT64_MIN, INT64_MAX);
	wire_strv(wire, &seccomp->architectures);
	wire_each(wire, &seccomp->rules, &seccomp->n_rules, sizeof(*seccomp->rules),
		wire_seccomp_rule);
	if (seccomp->present && !seccomp->default_action)
		wire_refuse(wire);
}

static void wire_gid(struct wire *wire, void *item)
{
	gid_t *gid = item;

	wire_number(wire, *gid, 0, UINT32_MAX - 1);
}

static void wire_process(struct wire *wire, struct spec *spec)
{
	wire_strv(wire, &spec->args);
	wire_strv(wire, &spec->env);
	wire_number(wire, spec->uid, 0, UINT32_MAX - 1);
	wire_number(wire, spec->gid, 0, UINT32_MAX - 1);
	wire_each(wire, &spec->additional_gids, &spec->n_additional_gids, sizeof(gid_t), wire_gid);
	wire_bool(wire, &spec->no_new_privileges);
	wire_strv(wire, &spec->cap_effective);
	wire_strv(wire, &spec->cap_bounding);
	wire_strv(wire, &spec->cap_ambient);
	wire_bool(wire, &spec->has_capabilities);
	wire_text(wire, &spec->apparmor_profile);
	wire_text(wire, &spec->selinux_label);
}

static void wire_resources(struct wire *wire, struct spec *spec)
{
	wire_each(wire, &spec->devices, &spec->n_devices, sizeof(*spec->devices), wire_device);
	wire_each(wire, &spec->device_rules, &spec->n_device_rules, sizeof(*spec->device_rules),
		wire_device_rule);
	wire_bool(wire, &spec->has_memory_limit);
	wire_int64(wire, &spec->memory_limit, INT64_MIN, INT64_MAX);
	wire_bool(wire, &spec->has_cpu_limit);
	wire_int64(wire, &spec->cpu_quota, INT64_MIN, INT64_MAX);
	wire_int64(wire, &spec->cpu_period, INT64_MIN, INT64_MAX);
}

void parsed_config_wire(struct wire *wire, struct parsed_config *parsed)
{
	struct spec *spec = &parsed->spec;

	wire_word(wire, &spec->root_path, is_filled);
	wire_bool(wire, &spec->root_readonly);
	wire_process(wire, spec);
	wire_each(wire, &spec->mounts, &spec->n_mounts, sizeof(*spec->mounts), parsed_wire_mount);
	wire_resources(wire, spec);
	wire_bool(wire, &spec->user_namespace);
	wire_bool(wire, &spec->mount_namespace);
	wire_number(wire, spec->rootfs_propagation, PROPAGATION_UNSET, PROPAGATION_UNBINDABLE);
	wire_seccomp(wire, &spec->seccomp);
	wire_pod(wire, &parsed->pod);
}
