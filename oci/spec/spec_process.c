/* SPDX-License-Identifier: Apache-2.0 */
/* `process` (runtime-spec, config.md, "Process"). */
#include "oci/spec/spec_parts.h"

#include <stdint.h>

static int spec_check_id(const struct jsondoc_get *get, const char *key, int64_t id, uint32_t *ret,
	struct error *err)
{
	if (id < 0 || id >= UINT32_MAX)
		return jsondoc_error(get, key, "give an id below 4294967295", err,
			"%lld is not a user or group id", (long long)id);
	*ret = (uint32_t)id;
	return 0;
}

static int load_id(const struct jsondoc_get *get, const char *key, uint32_t *ret, struct error *err)
{
	int64_t id = 0;
	int r = jsondoc_int64(get, key, &id, NULL, err);

	return r < 0 ? r : spec_check_id(get, key, id, ret, err);
}

static int load_groups(const struct jsondoc_get *user, struct spec *spec, struct error *err)
{
	static const char key[] = "additionalGids";
	struct json_object *groups = NULL;
	size_t n;
	int r;

	r = jsondoc_array(user, key, &groups, err);
	if (r < 0 || !groups)
		return r;
	n = json_object_array_length(groups);
	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);

		if (!json_object_is_type(group, json_type_int))
			return jsondoc_error(user, key, "give an array of numbers", err,
				"element %zu is not a number", i);
		r = array_grow(&spec->additional_gids, spec->n_additional_gids, sizeof(gid_t));
		if (r < 0)
			return error_memory(err);
		r = spec_check_id(user, key, json_object_get_int64(group),
			&spec->additional_gids[spec->n_additional_gids], err);
		if (r < 0)
			return r;
		spec->n_additional_gids++;
	}
	return 0;
}

static int load_user(const struct jsondoc_get *process, struct spec *spec, struct error *err)
{
	struct jsondoc_scope user;
	int r = jsondoc_enter(process, "user", &user, err);

	if (r < 0)
		return r;
	r = load_id(&user.get, "uid", &spec->uid, err);
	if (r == 0)
		r = load_id(&user.get, "gid", &spec->gid, err);
	return r < 0 ? r : load_groups(&user.get, spec, err);
}

static int load_capabilities(
	const struct jsondoc_get *process, struct spec *spec, struct error *err)
{
	struct jsondoc_scope capabilities;
	int r = jsondoc_enter(process, "capabilities", &capabilities, err);

	if (r < 0)
		return r;
	spec->has_capabilities = capabilities.get.object != NULL;
	r = jsondoc_strv(&capabilities.get, "effective", &spec->cap_effective, err);
	if (r < 0)
		return r;
	r = jsondoc_strv(&capabilities.get, "bounding", &spec->cap_bounding, err);
	if (r < 0)
		return r;
	return jsondoc_strv(&capabilities.get, "ambient", &spec->cap_ambient, err);
}

static int load_labels(const struct jsondoc_get *process, struct spec *spec, struct error *err)
{
	int r = jsondoc_bool(process, "noNewPrivileges", &spec->no_new_privileges, NULL, err);

	if (r < 0)
		return r;
	r = jsondoc_string(process, "apparmorProfile", &spec->apparmor_profile, err);
	if (r < 0)
		return r;
	return jsondoc_string(process, "selinuxLabel", &spec->selinux_label, err);
}

int spec_load_process(const struct jsondoc_get *root, struct spec *spec, struct error *err)
{
	struct jsondoc_scope process;
	/* The specification lets a container be created without one, but none be started. */
	int r = spec_enter_required(root, "process", &process, err);

	if (r < 0)
		return r;
	r = jsondoc_strv(&process.get, "args", &spec->args, err);
	if (r < 0)
		return r;
	r = jsondoc_strv(&process.get, "env", &spec->env, err);
	if (r < 0)
		return r;
	r = load_user(&process.get, spec, err);
	if (r < 0)
		return r;
	r = load_capabilities(&process.get, spec, err);
	return r < 0 ? r : load_labels(&process.get, spec, err);
}
